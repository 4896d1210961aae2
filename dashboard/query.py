"""What the app reads from the current edition. Caches are keyed by the edition's hash and by scalars, never by frames."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import streamlit as st

from dashboard import selection
from dashboard.assessed import Assessed
from indicators.editions.details import DETAILS
from indicators.editions.edition import POINTER, Edition, open_edition
from indicators.editions.results import TOTAL
from indicators.scenarios.stage import Tables, read


def current(root: Path) -> Edition:
    """The edition the pointer names now. Raises NoEdition or BrokenEdition with a sentence that says what to do."""
    try:
        pointer = json.loads((root / POINTER).read_text(encoding="utf-8"))
        identifier, seal = str(pointer["edition"]), str(pointer["manifest_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return open_edition(root)  # says what is wrong, in its own words
    return _opened(str(root), identifier, seal)


@st.cache_resource(max_entries=4, show_spinner=False)
def _opened(root: str, identifier: str, seal: str) -> Edition:
    """One open edition per content: verifying the seal reads the whole file, so it is done once."""
    return open_edition(Path(root), identifier)


@st.cache_data(max_entries=16, show_spinner=False)
def headline(_edition: Edition, sha256: str) -> pl.DataFrame:
    """Rows that are held against a target, and all totals."""
    return _edition.query(
        "SELECT * FROM results WHERE target IS NOT NULL OR breakdown = $total ORDER BY indicator, period", {"total": TOTAL}
    )


@st.cache_data(max_entries=256, show_spinner=False)
def path(_edition: Edition, sha256: str, indicator: str, breakdown: str, category: str) -> pl.DataFrame:
    """All periods of one indicator in one category, oldest first; one row per period."""
    return _edition.query(
        "SELECT * FROM results WHERE indicator = $indicator AND breakdown = $breakdown AND category = $category"
        " QUALIFY row_number() OVER (PARTITION BY period ORDER BY target NULLS LAST) = 1 ORDER BY period",
        {"indicator": indicator, "breakdown": breakdown, "category": category},
    )


@st.cache_data(max_entries=512, show_spinner=False)
def cut(_edition: Edition, sha256: str, indicator: str, breakdown: str, period: str) -> pl.DataFrame:
    """All categories of one breakdown in one period; one row per category."""
    return _edition.query(
        "SELECT * FROM results WHERE indicator = $indicator AND breakdown = $breakdown AND period = $period"
        " QUALIFY row_number() OVER (PARTITION BY category ORDER BY target NULLS LAST) = 1 ORDER BY category",
        {"indicator": indicator, "breakdown": breakdown, "period": period},
    )


@st.cache_data(max_entries=128, show_spinner=False)
def choices(_edition: Edition, sha256: str, indicator: str) -> pl.DataFrame:
    """Which breakdowns and periods were published for an indicator: columns breakdown, period."""
    return _edition.query(
        "SELECT DISTINCT breakdown, period FROM results WHERE indicator = $indicator ORDER BY ALL", {"indicator": indicator}
    )


@st.cache_data(max_entries=256, show_spinner=False)
def detail(_edition: Edition, sha256: str, table: str, indicator: str) -> pl.DataFrame:
    """The rows of one of the further tables about one indicator. Raises KeyError for a table that no edition has."""
    DETAILS[table]
    return _edition.query(f"SELECT * FROM {table} WHERE indicator = $indicator ORDER BY ALL", {"indicator": indicator})


@st.cache_data(max_entries=16, show_spinner=False)
def assessments(_edition: Edition, sha256: str) -> pl.DataFrame:
    """The assessments of the numbers that the law speaks of."""
    return _edition.query("SELECT * FROM assessments WHERE scope ORDER BY ALL")


@st.cache_data(max_entries=16, show_spinner=False)
def paces(_edition: Edition, sha256: str) -> pl.DataFrame:
    """The paces of the numbers that the law speaks of."""
    return _edition.query(
        "SELECT * FROM paces WHERE (indicator, period, breakdown, category, target) IN"
        " (SELECT (indicator, period, breakdown, category, target) FROM assessments WHERE scope) ORDER BY ALL"
    )


def assessed(edition: Edition) -> Assessed:
    """Both of these, to be found by key."""
    return Assessed.of(assessments(edition, edition.sha256), paces(edition, edition.sha256), through(edition))


@st.cache_data(max_entries=256, show_spinner=False)
def judged(_edition: Edition, sha256: str, table: str, indicator: str, target: str) -> pl.DataFrame:
    """The rows of a table of judgements about one target, of every year. Raises KeyError for a table without targets."""
    DETAILS[table]["target"]
    return _edition.query(
        f"SELECT * FROM {table} WHERE indicator = $indicator AND target = $target ORDER BY ALL",
        {"indicator": indicator, "target": target},
    )


@st.cache_data(max_entries=32, show_spinner=False)
def tables(_edition: Edition, sha256: str, target: str) -> Tables:
    """What scenarios about a target are played on. Raises ScenarioRefused for a target that the plan does not have."""
    return read(_edition, target)


@st.cache_data(max_entries=128, show_spinner=False)
def statement(_edition: Edition, sha256: str, indicator: str) -> tuple[str, ...]:
    """The SQL that was run for an indicator."""
    found = _edition.query("SELECT sql FROM statements WHERE indicator = $indicator", {"indicator": indicator})
    return tuple(found["sql"].to_list())


def through(edition: Edition) -> dict[str, str]:
    """The last period of every table that has one."""
    return selection.through(coverage(edition, edition.sha256))


@st.cache_data(max_entries=16, show_spinner=False)
def coverage(_edition: Edition, sha256: str) -> pl.DataFrame:
    """Rows, units, first and last period of every table behind the edition."""
    return _edition.query("SELECT * FROM coverage ORDER BY table_id")

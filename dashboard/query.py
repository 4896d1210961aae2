"""What the app reads from the current edition, cut to what the visitor may see.

Caches are keyed by the edition's hash, by the scope and by scalars, never by frames; whoever asks is not read in here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import streamlit as st

from dashboard.rows import selection
from dashboard.rows.assessed import Assessed
from dashboard.visitors.access import Scope
from dashboard.visitors.scoped import Shown, restricted
from indicators.editions.details import DETAILS
from indicators.editions.edition import POINTER, open_edition
from indicators.editions.results import TOTAL
from indicators.scenarios.stage import Tables, read


class OutOfScope(RuntimeError):
    """Rows of one scope were asked for under another: a mistake of the program, and nothing is answered."""


def current(root: Path, scope: Scope) -> Shown:
    """The edition the pointer names now, with the rows of the scope.

    Raises NoEdition or BrokenEdition with a sentence that says what to do.
    """
    try:
        pointer = json.loads((root / POINTER).read_text(encoding="utf-8"))
        identifier, seal = str(pointer["edition"]), str(pointer["manifest_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return restricted(open_edition(root), scope)  # says what is wrong, in its own words
    return _opened(str(root), identifier, seal, scope)


@st.cache_resource(max_entries=32, show_spinner=False)
def _opened(root: str, identifier: str, seal: str, scope: Scope) -> Shown:
    """One open edition per content and scope: verifying the seal reads the whole file, so it is done once."""
    return restricted(open_edition(Path(root), identifier), scope)


def _rows(edition: Shown, scope: Scope, sql: str, parameters: Mapping[str, object] | None = None) -> pl.DataFrame:
    """The rows of a statement. Raises OutOfScope where the edition was cut to another scope than the answer is kept under."""
    if edition.scope != scope:
        raise OutOfScope(f"{scope} is not the scope of edition {edition.id} as it was opened")
    return edition.query(sql, parameters)


@st.cache_data(max_entries=64, show_spinner=False)
def headline(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """Rows that are held against a target, and all totals."""
    sql = "SELECT * FROM results WHERE target IS NOT NULL OR breakdown = $total ORDER BY indicator, period"
    return _rows(_edition, scope, sql, {"total": TOTAL})


@st.cache_data(max_entries=512, show_spinner=False)
def path(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, category: str) -> pl.DataFrame:
    """All periods of one indicator in one category, oldest first; one row per period."""
    return _rows(
        _edition,
        scope,
        "SELECT * FROM results WHERE indicator = $indicator AND breakdown = $breakdown AND category = $category"
        " QUALIFY row_number() OVER (PARTITION BY period ORDER BY target NULLS LAST) = 1 ORDER BY period",
        {"indicator": indicator, "breakdown": breakdown, "category": category},
    )


@st.cache_data(max_entries=1024, show_spinner=False)
def cut(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, period: str) -> pl.DataFrame:
    """All categories of one breakdown in one period; one row per category."""
    return _rows(
        _edition,
        scope,
        "SELECT * FROM results WHERE indicator = $indicator AND breakdown = $breakdown AND period = $period"
        " QUALIFY row_number() OVER (PARTITION BY category ORDER BY target NULLS LAST) = 1 ORDER BY category",
        {"indicator": indicator, "breakdown": breakdown, "period": period},
    )


@st.cache_data(max_entries=256, show_spinner=False)
def choices(_edition: Shown, sha256: str, scope: Scope, indicator: str) -> pl.DataFrame:
    """Which breakdowns and periods were published for an indicator: columns breakdown, period."""
    sql = "SELECT DISTINCT breakdown, period FROM results WHERE indicator = $indicator ORDER BY ALL"
    return _rows(_edition, scope, sql, {"indicator": indicator})


@st.cache_data(max_entries=512, show_spinner=False)
def detail(_edition: Shown, sha256: str, scope: Scope, table: str, indicator: str) -> pl.DataFrame:
    """The rows of one of the further tables about one indicator. Raises KeyError for a table that no edition has."""
    DETAILS[table]
    return _rows(_edition, scope, f"SELECT * FROM {table} WHERE indicator = $indicator ORDER BY ALL", {"indicator": indicator})


@st.cache_data(max_entries=64, show_spinner=False)
def assessments(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """The assessments of the numbers that the law speaks of."""
    return _rows(_edition, scope, "SELECT * FROM assessments WHERE scope ORDER BY ALL")


@st.cache_data(max_entries=64, show_spinner=False)
def paces(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """The paces of the numbers that the law speaks of."""
    return _rows(
        _edition,
        scope,
        "SELECT * FROM paces WHERE (indicator, period, breakdown, category, target) IN"
        " (SELECT (indicator, period, breakdown, category, target) FROM assessments WHERE scope) ORDER BY ALL",
    )


@st.cache_data(max_entries=512, show_spinner=False)
def judged(_edition: Shown, sha256: str, scope: Scope, table: str, indicator: str, target: str) -> pl.DataFrame:
    """The rows of a table of judgements about one target, of every year. Raises KeyError for a table without targets."""
    DETAILS[table]["target"]
    return _rows(
        _edition,
        scope,
        f"SELECT * FROM {table} WHERE indicator = $indicator AND target = $target ORDER BY ALL",
        {"indicator": indicator, "target": target},
    )


@st.cache_data(max_entries=32, show_spinner=False)
def tables(_edition: Shown, sha256: str, scope: Scope, target: str) -> Tables:
    """What scenarios about a target are played on. Raises ScenarioRefused for a target that the plan does not have."""
    _rows(_edition, scope, "SELECT 1")
    return read(_edition, target)


@st.cache_data(max_entries=128, show_spinner=False)
def statement(_edition: Shown, sha256: str, scope: Scope, indicator: str) -> tuple[str, ...]:
    """The SQL that was run for an indicator."""
    sql = "SELECT sql FROM statements WHERE indicator = $indicator"
    return tuple(_rows(_edition, scope, sql, {"indicator": indicator})["sql"].to_list())


@st.cache_data(max_entries=64, show_spinner=False)
def coverage(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """Rows, units, first and last period of every table behind the edition."""
    return _rows(_edition, scope, "SELECT * FROM coverage ORDER BY table_id")


def through(edition: Shown) -> dict[str, str]:
    """The last period of every table that has one."""
    return selection.through(coverage(edition, edition.sha256, edition.scope))


def assessed(edition: Shown) -> Assessed:
    """Assessments and paces, to be found by key."""
    key = (edition, edition.sha256, edition.scope)
    return Assessed.of(assessments(*key), paces(*key), through(edition))

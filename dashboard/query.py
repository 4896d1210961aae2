"""What the app reads from the current edition, cut to what the visitor may see.

Caches are keyed by the edition's hash, by the scope and by scalars, never by frames; whoever asks is not read in here.
Frames are kept as they are, not as copies to be unpacked at every run: nobody changes a frame in place.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import TypeVar, cast

import polars as pl
import streamlit as st

from dashboard.rows import headline as headline_of
from dashboard.rows import selection
from dashboard.rows.headline import Tile
from dashboard.visitors.access import Scope
from dashboard.visitors.scoped import Shown, restricted
from indicators.alerts.alerts import told
from indicators.editions.details import DETAILS
from indicators.editions.edition import POINTER, SEAL, list_editions, open_edition
from indicators.editions.results import TOTAL
from indicators.scenarios.stage import Tables, read
from pipelines.yamlfile import Text

#: every table of an edition
TABLES = ("results", *DETAILS, "coverage", "statements")


Made = TypeVar("Made")
#: what a reader may have chosen
Choice = str | int | float | bool | None


_COUNT = count(1)
_SOON, _OFTEN = 8, 64  # things made before the first look at everything, and between two of the later ones


class OutOfScope(RuntimeError):
    """Rows of one scope were asked for under another: a mistake of the program, and nothing is answered."""


def current(root: Path, scope: Scope) -> Shown:
    """The edition the pointer names now, with the rows of the scope.

    Raises NoEdition or BrokenEdition with a sentence that says what to do.
    """
    pointer = _pointer(root)
    if pointer is None:
        return restricted(open_edition(root), scope)  # says what is wrong, in its own words
    return _opened(str(root), *pointer, scope)


def pointed(root: Path) -> str | None:
    """The hash of the edition the pointer names now; None where that cannot be read."""
    pointer = _pointer(root)
    return pointer[1] if pointer else None


def _pointer(root: Path) -> tuple[str, str] | None:
    """Id and hash of the current edition."""
    try:
        pointer = json.loads((root / POINTER).read_text(encoding="utf-8"))
        return str(pointer["edition"]), str(pointer["manifest_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def editions(root: Path) -> list[str]:
    """The ids of all complete editions, oldest first."""
    return list_editions(root)


def opened(root: Path, identifier: str, scope: Scope) -> Shown:
    """Any edition with the rows of the scope. Raises NoEdition or BrokenEdition as `current` does."""
    try:
        seal = (root / identifier / SEAL).read_text(encoding="ascii")
    except (OSError, ValueError):
        return restricted(open_edition(root, identifier), scope)
    return _opened(str(root), identifier, seal, scope)


@st.cache_resource(max_entries=32, show_spinner=False)
def _opened(root: str, identifier: str, seal: str, scope: Scope) -> Shown:
    """One open edition per content and scope: verifying the seal reads the whole file, so it is done once."""
    found = restricted(open_edition(Path(root), identifier), scope)
    _settle()
    return found


def _settle() -> None:
    """What is there now is left out of later searches for garbage, after one that looks at everything.

    NOTE: Streamlit searches the whole process after every run, which takes longer (60 ms) than any of our pages.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def _of(edition: Shown, scope: Scope) -> Shown:
    """The edition. Raises OutOfScope where it was cut to another scope than the answer is kept under."""
    if edition.scope != scope:
        raise OutOfScope(f"{scope} is not the scope of edition {edition.id} as it was opened")
    return edition


def _rows(edition: Shown, scope: Scope, sql: str, parameters: Mapping[str, object] | None = None) -> pl.DataFrame:
    """The rows of a statement. Raises OutOfScope as `_of` does."""
    return _of(edition, scope).query(sql, parameters)


@st.cache_resource(max_entries=64, show_spinner=False)
def headline(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """Rows that are held against a target, and all totals."""
    return selection.held(_of(_edition, scope))


@st.cache_resource(max_entries=512, show_spinner=False)
def path(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, category: str) -> pl.DataFrame:
    """All periods of one indicator in one category, oldest first; one row per period."""
    return selection.once(_of(_edition, scope), indicator, breakdown=breakdown, category=category)


@st.cache_resource(max_entries=1024, show_spinner=False)
def cut(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, period: str) -> pl.DataFrame:
    """All categories of one breakdown in one period; one row per category."""
    return selection.once(_of(_edition, scope), indicator, breakdown=breakdown, period=period)


@st.cache_resource(max_entries=256, show_spinner=False)
def history(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str) -> pl.DataFrame:
    """All categories of one breakdown in all periods; one row per category and period."""
    return selection.once(_of(_edition, scope), indicator, breakdown=breakdown)


@st.cache_resource(max_entries=512, show_spinner=False)
def between(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, one: str, other: str) -> pl.DataFrame:
    """What was published of the difference between two categories, whichever way round; one row per period."""
    return _rows(
        _edition,
        scope,
        "SELECT * FROM comparisons WHERE indicator = $indicator AND breakdown = $breakdown"
        " AND ((category = $one AND other = $other) OR (category = $other AND other = $one)) ORDER BY period",
        {"indicator": indicator, "breakdown": breakdown, "one": one, "other": other},
    )


@st.cache_resource(max_entries=512, show_spinner=False)
def since(_edition: Shown, sha256: str, scope: Scope, indicator: str, breakdown: str, period: str, former: str) -> pl.DataFrame:
    """The revisions of one breakdown in one period since the edition `former`; one row per category."""
    return _rows(
        _edition,
        scope,
        "SELECT * FROM revisions WHERE indicator = $indicator AND breakdown = $breakdown AND period = $period"
        " AND edition = $former ORDER BY category",
        {"indicator": indicator, "breakdown": breakdown, "period": period, "former": former},
    )


@st.cache_resource(max_entries=256, show_spinner=False)
def choices(_edition: Shown, sha256: str, scope: Scope, indicator: str) -> pl.DataFrame:
    """Which breakdowns and periods were published for an indicator: columns breakdown, period."""
    sql = "SELECT DISTINCT breakdown, period FROM results WHERE indicator = $indicator ORDER BY ALL"
    return _rows(_edition, scope, sql, {"indicator": indicator})


@st.cache_resource(max_entries=512, show_spinner=False)
def detail(_edition: Shown, sha256: str, scope: Scope, table: str, indicator: str) -> pl.DataFrame:
    """The rows of one of the further tables about one indicator. Raises KeyError for a table that no edition has."""
    DETAILS[table]
    return _rows(_edition, scope, f"SELECT * FROM {table} WHERE indicator = $indicator ORDER BY ALL", {"indicator": indicator})


@st.cache_resource(max_entries=512, show_spinner=False)
def judged(_edition: Shown, sha256: str, scope: Scope, table: str, indicator: str, target: str) -> pl.DataFrame:
    """The rows of a table of judgements about one target, of every year. Raises KeyError for a table without targets."""
    return selection.judgements(_of(_edition, scope), table, indicator, target)


@st.cache_resource(max_entries=32, show_spinner=False)
def tables(_edition: Shown, sha256: str, scope: Scope, target: str) -> Tables:
    """What scenarios about a target are played on. Raises ScenarioRefused for a target that the plan does not have."""
    return read(_of(_edition, scope), target)


@st.cache_resource(max_entries=128, show_spinner=False)
def statement(_edition: Shown, sha256: str, scope: Scope, indicator: str) -> tuple[str, ...]:
    """The SQL that was run for an indicator."""
    sql = "SELECT sql FROM statements WHERE indicator = $indicator"
    return tuple(_rows(_edition, scope, sql, {"indicator": indicator})["sql"].to_list())


@st.cache_resource(max_entries=64, show_spinner=False)
def coverage(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """Rows, units, first and last period of every table behind the edition."""
    return _rows(_edition, scope, "SELECT * FROM coverage ORDER BY table_id")


@st.cache_resource(max_entries=32, show_spinner=False)
def numbers(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """How many numbers there are, each counted once: breakdown, status, quality, review, numbers, edited, imputed.

    `edited`: of how many of these the share imputed is told; `imputed`: how many of these shares are above zero.
    """
    return _rows(
        _edition,
        scope,
        "SELECT breakdown, status, quality, review, count(*) AS numbers, count(imputed_share) AS edited,"
        " count(*) FILTER (imputed_share > 0) AS imputed"
        " FROM (SELECT DISTINCT indicator, period, breakdown, category, status, quality, review, imputed_share FROM results)"
        " GROUP BY ALL ORDER BY ALL",
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def whole(_edition: Shown, sha256: str, scope: Scope, table: str) -> pl.DataFrame:
    """Every row of one of the small further tables. Raises KeyError for a table that no edition has."""
    DETAILS[table]
    return _rows(_edition, scope, f"SELECT * FROM {table} ORDER BY ALL")


@st.cache_resource(max_entries=32, show_spinner=False)
def answers(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """Who was asked and who answered, of whole years and of all categories together."""
    sql = "SELECT * FROM response WHERE breakdown = $total AND length(period) = 4 ORDER BY ALL"
    return _rows(_edition, scope, sql, {"total": TOTAL})


@st.cache_resource(max_entries=32, show_spinner=False)
def revised(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """How many numbers changed, by indicator, former edition and reason: indicator, edition, reason, numbers, beyond."""
    return _rows(
        _edition,
        scope,
        "SELECT indicator, edition, reason, count(*) AS numbers, count(*) FILTER (beyond_error) AS beyond"
        " FROM revisions GROUP BY ALL ORDER BY ALL",
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def revised_totals(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """The revisions of totals of whole years."""
    sql = "SELECT * FROM revisions WHERE breakdown = $total AND length(period) = 4 ORDER BY ALL"
    return _rows(_edition, scope, sql, {"total": TOTAL})


@st.cache_resource(max_entries=32, show_spinner=False)
def alerts(_edition: Shown, sha256: str, scope: Scope) -> tuple[Text, ...]:
    """The alerts as they are told, the foremost first."""
    return tuple(told(_of(_edition, scope)))


@st.cache_resource(max_entries=32, show_spinner=False)
def sizes(_edition: Shown, sha256: str, scope: Scope) -> dict[str, int]:
    """How many rows each table holds, in the order in which they are told."""
    counted = " UNION ALL BY NAME ".join(f"SELECT '{name}' AS name, count(*) AS size FROM {name}" for name in TABLES)
    found = dict(_rows(_edition, scope, counted).iter_rows())
    return {name: found[name] for name in TABLES}


@st.cache_resource(max_entries=32, show_spinner=False)
def codes(_edition: Shown, sha256: str, scope: Scope) -> pl.DataFrame:
    """The categories of single breakdowns of which there are rows: columns breakdown, category."""
    sql = "SELECT DISTINCT breakdown, category FROM results WHERE NOT contains(breakdown, ',') ORDER BY ALL"
    return _rows(_edition, scope, sql)


def whole_table(edition: Shown, scope: Scope, table: str) -> pl.DataFrame:
    """Every row of a table, read anew: for a file that leaves the app. Raises KeyError for one that no edition has."""
    if table not in TABLES:
        raise KeyError(table)
    return _rows(edition, scope, f"SELECT * FROM {table} ORDER BY ALL")


def made(
    _edition: Shown, sha256: str, scope: Scope, language: str, what: tuple[Choice, ...], _make: Callable[[Shown], Made]
) -> Made:
    """What `_make` makes of the edition, made once for each `what`: the name of the thing, and every choice it depends on.

    It is shared by all visitors of a scope, so nobody may change it, and `_make` may not look at who asks.
    """
    return cast(Made, _made(_edition, sha256, scope, language, what, _make))


@st.cache_resource(max_entries=2048, show_spinner=False)
def _made(
    _edition: Shown, sha256: str, scope: Scope, language: str, what: tuple[Choice, ...], _make: Callable[[Shown], object]
) -> object:
    found = _make(_of(_edition, scope))
    number = next(_COUNT)
    if number == _SOON or number % _OFTEN == 0:
        _settle()
    return found


def through(edition: Shown) -> dict[str, str]:
    """The last period of every table that has one."""
    return selection.through(coverage(edition, edition.sha256, edition.scope))


@st.cache_resource(max_entries=32, show_spinner=False)
def tiles(_edition: Shown, sha256: str, scope: Scope) -> tuple[Tile, ...]:
    """Every target of the plan with its readings, without those of categories that are not within the scope."""
    found = selection.tiles(_of(_edition, scope))
    return found if scope.rows == "all" else headline_of.without_hidden(found)

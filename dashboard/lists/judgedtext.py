"""The tables of a judgement as lists for the terminal, one for each target: narrow enough for a hundred columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import polars as pl

from dashboard.lists.listing import Listing
from dashboard.rows.assessed import Assessment, Pace
from dashboard.wording import definition, doubt, phrases
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan, Target
from indicators.editions.results import TOTAL
from indicators.methods.rulings import METHODS

Row = dict[str, Any]
#: the keys of the headings and the cells of each row
Columns = dict[str, list[str]]
_NOTHING = "–"
_GROUPS = ("indicator", "target")


def listings(plan: Plan, name: str, rows: pl.DataFrame, words: Words) -> list[Listing]:
    """The lists of one of TABLES, indicators in the order of the plan; alerts are one list."""
    if name == "alerts":
        return [_alerts(plan, rows, words)]
    found = []
    for _, group in _ordered(plan, rows).group_by(*_GROUPS, maintain_order=True):
        found += [_listing(plan, name, *part, words) for part in _parts(plan, name, group, words)]
    return found


def _parts(plan: Plan, name: str, group: pl.DataFrame, words: Words) -> Iterator[tuple[str, pl.DataFrame]]:
    """A target whole; of assessments each breakdown, of splits each breakdown of each year; with its heading."""
    first = group.row(0, named=True)
    target, unit = _target(plan, first), format.unit_of(plan, first["indicator"])
    indicator = plan.indicators[first["indicator"]]
    bound = phrases.bound(target, unit, words, signed=indicator.kind == "change")
    title = f"{indicator.name.in_language(words.language)} · {first['target']}: {bound}"
    within = {"splits": ["period", "breakdown"], "assessments": ["breakdown"]}.get(name)
    for _, part in group.group_by(within, maintain_order=True) if within else [((), group)]:
        row = part.row(0, named=True)
        under = [periods.label(row["period"], words.language)] if name == "splits" else []
        if within and row["breakdown"] != TOTAL:
            under.append(words("behind.by", breakdown=definition.breakdown_name(plan, row["breakdown"], words)))
        yield "\n".join([title, *([words("mark.dot").join(under)] if under else [])]), part


def _listing(plan: Plan, name: str, title: str, rows: pl.DataFrame, words: Words) -> Listing:
    """Columns whose cells are all empty are left out."""
    cells = TABLES[name](plan, rows, words)
    kept = {key: column for key, column in cells.items() if any(cell not in ("", _NOTHING) for cell in column)}
    headings = [_heading(key, words) for key in kept]
    lines = [list(line) for line in zip(*kept.values(), strict=True)]
    return Listing(
        title=title, headings=headings, rows=lines, right=[_heading(key, words) for key in kept if key in _RIGHT or key.isdigit()]
    )


def _heading(key: str, words: Words) -> str:
    return key if key.isdigit() else words(f"details.column.{key}")


def _assessments(plan: Plan, rows: pl.DataFrame, words: Words) -> Columns:
    """The newest year first."""
    ordered = rows.sort("period", descending=True, maintain_order=True)
    found = [Assessment(**row) for row in ordered.iter_rows(named=True)]
    return {
        "period": [periods.label(row.period, words.language) for row in found],
        "category": [definition.category(plan, row.breakdown, row.category, words) for row in found],
        "value": [_NOTHING if _conventional(plan, row) else _number(plan, row.indicator, row.value, words) for row in found],
        "gap": [_NOTHING if _conventional(plan, row) else _gap(plan, row, words) for row in found],
        "path": [_number(plan, row.indicator, row.path, words) for row in found],
        "pace": [_NOTHING if row.pace is None else format.share(row.pace) for row in found],
        "outcome": [doubt.outcome(row, plan, words) for row in found],
    }


def _conventional(plan: Plan, row: Assessment) -> bool:
    """Whether it is the base of steps: nobody has risen from where all begin, which is a convention and no number."""
    return doubt.target_of(plan, row).basis == "step" and row.period == row.base_period


def _paths(plan: Plan, rows: pl.DataFrame, words: Words) -> Columns:
    """One line for each path, scenario and curve, a path once whatever year it is looked at from; a column for each year."""
    lines = ["breakdown", "category", "kind", "vintage", "period"]
    newest = pl.col("period").max().over("breakdown", "category", "kind", "vintage")
    rows = rows.filter((pl.col("kind") != "path") | (pl.col("period") == newest)).sort(lines, maintain_order=True)
    years = sorted({str(year) for year in rows["year"].to_list()})
    cells: Columns = {key: [] for key in ("category", "line", *years)}
    for _, line in rows.group_by(lines, maintain_order=True):
        row = line.row(0, named=True)
        cells["category"].append(definition.category(plan, row["breakdown"], row["category"], words))
        named = words(f"details.kind.{row['kind']}")
        since = row["vintage"] or ("" if row["kind"] == "path" else periods.label(row["period"], words.language))
        cells["line"].append(f"{named} ({since})" if since else named)
        by_year = {str(step["year"]): step for step in line.iter_rows(named=True)}
        for year in years:
            cells[year].append(_step(plan, by_year[year], words) if year in by_year else "")
    return cells if len(set(zip(rows["breakdown"], rows["category"], strict=True))) > 1 else _without(cells, "category")


def _paces(plan: Plan, rows: pl.DataFrame, words: Words) -> Columns:
    """Breakdowns of too few categories for a fastest fifth only where there is no other."""
    ordered = [Pace(**row) for row in rows.sort("period", descending=True, maintain_order=True).iter_rows(named=True)]
    named = {(row.period, row.breakdown, row.category) for row in ordered if row.fastest is not None}
    found = [row for row in ordered if row.fastest is not None or (row.period, row.breakdown, row.category) not in named]
    cells = {
        "period": [periods.label(row.period, words.language) for row in found],
        "category": [definition.category(plan, row.breakdown, row.category, words) for row in found],
        "achieved": [_speed(row, row.achieved, plan, words) for row in found],
        "required": [_speed(row, row.required, plan, words) for row in found],
        "among": [definition.breakdown_name(plan, row.among, words) if row.among else _NOTHING for row in found],
        "categories": [_NOTHING if row.categories is None else str(row.categories) for row in found],
        "fastest": [_speed(row, row.fastest, plan, words) for row in found],
        "reached": [_yes(row.reached, words) for row in found],
    }
    return cells if {row.breakdown for row in found} != {TOTAL} else _without(cells, "category")


def _methods(plan: Plan, rows: pl.DataFrame, words: Words) -> Columns:
    """A method that does not apply says why in the place of its verdict."""
    order = {name: place for place, name in enumerate(METHODS)}
    found = sorted(rows.iter_rows(named=True), key=lambda row: (-int(row["period"]), row["category"], order[row["method"]]))
    return {
        "period": [periods.label(row["period"], words.language) for row in found],
        "method": [words(f"methods.{row['method']}") for row in found],
        "figure": [_NOTHING if row["figure"] is None else f"{row['figure']:.2f}".replace("-", format.MINUS) for row in found],
        "verdict": [_ruling(row, words) for row in found],
        "direction": [words(f"methods.direction.{row['direction']}") if row["direction"] else _NOTHING for row in found],
        "agrees": [_yes(row["agrees"], words) for row in found],
    }


def _splits(plan: Plan, rows: pl.DataFrame, words: Words) -> Columns:
    """By rank, then what cannot be named, the shift of the mix, the whole; ● marks the fewest that hold 80 % of the gap."""
    order = {"category": 0, "rest": 1, "composition": 2, "total": 3}
    found = sorted(rows.iter_rows(named=True), key=lambda row: (order[row["part"]], row["rank"] or 0, row["category"]))

    def amounts(key: str, *, signed: bool = False) -> list[str]:
        unit = format.even((row[key] for row in found), format.unit_of(plan, found[0]["indicator"]))
        values = [row[key] for row in found]
        return [_NOTHING if one is None else format.difference(one, unit, words.language, signed=signed) for one in values]

    return {
        "rank": [f"{'● ' if row['essential'] else ''}{row['rank'] or ''}" for row in found],
        "category": [_part_name(plan, row, words) for row in found],
        "value": [_number(plan, row["indicator"], row["value"], words) for row in found],
        "contribution": amounts("contribution"),
        "share": [_share(row["share"]) for row in found],
        "cumulative": [_share(row["cumulative"]) for row in found],
        "missing": [_NOTHING if row["missing"] is None else f"{row['missing']:,.0f}" for row in found],
        "within": amounts("within", signed=True),
        "composition": amounts("composition", signed=True),
    }


def _alerts(plan: Plan, rows: pl.DataFrame, words: Words) -> Listing:
    cells = [
        [words(f"details.alert.{row['kind']}"), row["edition"] or _NOTHING, row[f"why_{words.language}"] or ""]
        for row in rows.iter_rows(named=True)
    ]
    headings = [words(f"details.column.{key}") for key in ("alert", "edition", "why")]
    return Listing(title=words("details.alerts"), headings=headings, rows=cells, right=[])


#: the tables that are read so, each with its columns
TABLES: dict[str, Callable[[Plan, pl.DataFrame, Words], Columns]] = {
    "assessments": _assessments,
    "paths": _paths,
    "paces": _paces,
    "methods": _methods,
    "splits": _splits,
    "alerts": lambda plan, rows, words: {},
}
_RIGHT = {
    *("value", "gap", "path", "pace", "achieved", "required", "categories", "fastest", "figure"),
    *("rank", "contribution", "share", "cumulative", "missing", "within", "composition"),
}


def _ordered(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    places = {name: place for place, name in enumerate(dict.fromkeys([*plan.identity.headline, *plan.indicators]))}
    at = pl.col("indicator").replace_strict(places, default=len(places), return_dtype=pl.Int64)
    return rows.sort(at, "target", pl.col("breakdown") != TOTAL, maintain_order=True)


def _target(plan: Plan, row: Row) -> Target:
    return doubt.target_of(
        plan, Assessment(**{key: row[key] for key in ("indicator", "period", "breakdown", "category", "target")})
    )


def _without(cells: Columns, key: str) -> Columns:
    return {name: column for name, column in cells.items() if name != key}


def _part_name(plan: Plan, row: Row, words: Words) -> str:
    if row["part"] != "category":
        return words(f"details.part.{row['part']}")
    return definition.category(plan, row["breakdown"], row["category"], words)


def _ruling(row: Row, words: Words) -> str:
    if row["verdict"] is None:
        return words("methods.inapplicable", reason=words(f"methods.reason.{row['reason']}"))
    return words(f"methods.verdict.{row['method']}.{row['verdict']}")


def _number(plan: Plan, indicator: str, value: float | None, words: Words) -> str:
    if value is None:
        return _NOTHING
    signed = plan.indicators[indicator].kind == "change"
    return format.number(value, format.unit_of(plan, indicator), words.language, signed=signed)


def _difference(plan: Plan, indicator: str, value: float | None, words: Words, *, signed: bool = False) -> str:
    return _NOTHING if value is None else format.difference(value, format.unit_of(plan, indicator), words.language, signed=signed)


def _gap(plan: Plan, row: Assessment, words: Words) -> str:
    """The gap, negative beyond the bound, with the error beside it."""
    if row.gap is None:
        return _NOTHING
    error = format.around(row.gap, row.gap_low, row.gap_high, format.unit_of(plan, row.indicator), words.language)
    told = _difference(plan, row.indicator, row.gap, words)
    return f"{told} {error}" if error else told


def _step(plan: Plan, row: Row, words: Words) -> str:
    told = _number(plan, row["indicator"], row["value"], words)
    if row["value"] is None or row["low"] is None or row["high"] is None:
        return told
    return (
        f"{told}\n{format.around(row['value'], row['low'], row['high'], format.unit_of(plan, row['indicator']), words.language)}"
    )


def _speed(of: Pace, value: float | None, plan: Plan, words: Words) -> str:
    return _NOTHING if value is None else doubt.speed(of, value, plan, words)


def _share(part: float | None) -> str:
    return _NOTHING if part is None else format.share(part)


def _yes(found: bool | None, words: Words) -> str:
    return _NOTHING if found is None else words("details.yes" if found else "details.no")

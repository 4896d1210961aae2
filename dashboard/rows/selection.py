"""Rows of an edition, chosen by indicator, breakdown and period; always with the columns of the results frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from dashboard.rows import headline
from dashboard.rows.assessed import Assessed, Key
from dashboard.rows.headline import Tile
from indicators.catalogue import periods
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition
from indicators.editions.results import RESULTS, TOTAL, as_results
from pipelines.yamlfile import suggest

ALL = "all"


class NotPublished(ValueError):
    """What was asked for is not in the edition; the message says what is."""


def tiles(edition: Edition) -> tuple[Tile, ...]:
    """Every target with its newest number, judged."""
    judged = Assessed.published(edition)
    return headline.tiles(edition.plan, held(edition), judged.through, judged)


def held(edition: Edition) -> pl.DataFrame:
    """Rows that are held against a target, and all totals."""
    sql = "SELECT * FROM results WHERE target IS NOT NULL OR breakdown = $total ORDER BY indicator, period"
    return edition.query(sql, {"total": TOTAL})


def once(edition: Edition, indicator: str, **where: str) -> pl.DataFrame:
    """One row for each category and period of an indicator, though it may be held against several targets.

    `where` gives columns the value that they must have. By breakdown, category and period.
    """
    asked = "".join(f" AND {name} = ${name}" for name in where)
    return edition.query(
        f"SELECT * FROM results WHERE indicator = $indicator{asked}"
        " QUALIFY row_number() OVER (PARTITION BY breakdown, category, period ORDER BY target NULLS LAST) = 1"
        " ORDER BY breakdown, category, period",
        {"indicator": indicator, **where},
    )


def judgements(edition: Edition, table: str, indicator: str, target: str) -> pl.DataFrame:
    """The rows of a table of judgements about one target, of every year. Raises KeyError for a table without targets."""
    DETAILS[table]["target"]
    sql = f"SELECT * FROM {table} WHERE indicator = $indicator AND target = $target ORDER BY ALL"
    return edition.query(sql, {"indicator": indicator, "target": target})


def latest(plan: Plan, through: Mapping[str, str]) -> str | None:
    """The last period of any table of confidential records; public lists are not what the plan is measured by."""
    ends = [last for name, last in through.items() if name in plan.dictionary.tables and not plan.dictionary.tables[name].public]
    months = [end for end in ends if periods.level(end) != "year"]
    return max(months or ends, key=periods.end, default=None)


def through(coverage: pl.DataFrame) -> dict[str, str]:
    """The last period of every table that has one, by the table coverage of an edition."""
    return {row["table_id"]: row["last_period"] for row in coverage.iter_rows(named=True) if row["last_period"]}


def headline_rows(edition: Edition) -> pl.DataFrame:
    """The newest number of every headline indicator on the row its target is held against, then the other readings of it.

    Of an indicator without a target it is the total. A reading without a number is left out.
    """
    places = {name: place for place, name in enumerate(edition.plan.identity.headline)}
    keys: list[tuple[int, Key]] = []
    for tile in tiles(edition):
        heads = [one for one in tile.readings if one.indicator.id in places]
        at = max((places[one.indicator.id] for one in heads), default=None)
        keys += [(places[one.indicator.id], one.now.key) for one in heads if one.now is not None and one.now.key is not None]
        keys += [(at, one.now.key) for one in tile.others if at is not None and one.now is not None and one.now.key is not None]
    order = {name: RESULTS[name] for name in _KEYS}
    wanted = pl.DataFrame(
        [(*key, place, number) for number, (place, key) in enumerate(keys)],
        schema={**order, "place": pl.Int64(), "number": pl.Int64()},
        orient="row",
    )
    rows, told = held(edition), {key[0] for _, key in keys}
    rest = newest(rows.filter(pl.col("indicator").is_in(set(places) - told), pl.col("breakdown") == TOTAL))
    others = rest.with_columns(
        place=pl.col("indicator").replace_strict(places, return_dtype=pl.Int64), number=pl.lit(0, pl.Int64)
    )
    found = pl.concat([rows.join(wanted, on=_KEYS, nulls_equal=True), others]).sort("place", "number", maintain_order=True)
    return found.select(list(RESULTS))


def select(edition: Edition, indicators: Sequence[str] = (), by: str | None = None, period: str | None = None) -> pl.DataFrame:
    """Results of `indicators` (none: those of the headline; `all`: every one) split `by` breakdowns in `period`.

    Without `by` the total, without `period` the newest; `all` lifts either. Raises NotPublished for a name that is not there.
    """
    if not indicators and by is None and period is None:
        return headline_rows(edition)
    names = _indicators(edition, indicators)
    rows = edition.query("SELECT * FROM results WHERE indicator IN (SELECT unnest($names))", {"names": names})
    rows = rows.filter(pl.col("breakdown").is_in(_breakdowns(rows, by, names)))
    found = as_results(_in_period(rows, period))
    if indicators:
        return found
    order = {name: place for place, name in enumerate(names)}
    return found.sort(pl.col("indicator").replace_strict(order, return_dtype=pl.Int64), maintain_order=True)


def newest(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the newest period of each indicator, whole years before quarters and months."""
    length = pl.col("period").str.len_chars()  # 2025, 2025-09, 2025-Q3: a year is the shortest
    coarsest = rows.filter(length == length.min().over("indicator"))
    return coarsest.filter(pl.col("period") == pl.col("period").max().over("indicator"))


_KEYS = ["indicator", "period", "breakdown", "category", "target"]


def _indicators(edition: Edition, wanted: Sequence[str]) -> list[str]:
    if not wanted:
        return list(edition.plan.identity.headline)
    if ALL in wanted:
        return list(edition.plan.indicators)
    return list(dict.fromkeys(known(edition.plan, name) for name in wanted))


def known(plan: Plan, indicator: str) -> str:
    """The name itself when the plan has such an indicator, or the one that the target of that id is held against.

    Raises NotPublished with the nearest one otherwise.
    """
    if indicator not in plan.indicators:
        held = [one.id for one in plan.indicators.values() for target in one.targets if target.id == indicator]
        if held:
            return held[0]
        near = suggest(indicator, plan.indicators) or f" Known here: {', '.join(sorted(plan.indicators))}."
        raise NotPublished(f"There is no indicator `{indicator}`.{near}")
    return indicator


def _breakdowns(rows: pl.DataFrame, by: str | None, names: Sequence[str]) -> list[str]:
    """The names under which `by` was published: size_class,segment is the same crossing as segment,size_class."""
    published = sorted(set(rows["breakdown"].to_list()))
    if by == ALL:
        return published
    if by is None:
        return [TOTAL]
    parts = [part.strip() for part in by.split(",")]
    wanted = set(parts)
    if len(parts) > len(wanted):
        twice = next(part for part in parts if parts.count(part) > 1)
        raise NotPublished(f"`{by}` names the breakdown `{twice}` more than once; name each one once.")
    found = [name for name in published if set(name.split(",")) == wanted]
    if not found:
        known = ", ".join(name for name in published if name != TOTAL) or "none"
        near = suggest(by, published) if "," not in by else ""
        near = near if "Did you mean" in near else ""
        raise NotPublished(f"`{by}` is not a published breakdown of {', '.join(names)}.{near} Published: {known}.")
    return found


def _in_period(rows: pl.DataFrame, period: str | None) -> pl.DataFrame:
    if period == ALL:
        return rows
    if period is None:
        return newest(rows)
    try:
        periods.parts(period)
    except ValueError as error:
        raise NotPublished(str(error)) from None
    found = rows.filter(pl.col("period") == period)
    if found.is_empty():
        there = sorted(set(rows["period"].to_list()))
        shown = ", ".join(there if len(there) <= 12 else [*there[:3], "…", *there[-3:]])
        raise NotPublished(f"Nothing was published for {period}. Periods here: {shown or 'none'}.")
    return found

"""Cells: the rows of a statement, unfolded into weighted sums and moments of every category, stratum by stratum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.statements.statement import cells_statement, columns, largest_sets, shared_statement

#: one row is one indicator × period × breakdown × category × stratum; y and x are weighted sums over the units of
#: the domain, yy, xx, xy sums of products of the weighted values (null where no error follows from them: without a design,
#: and xx and xy of totals); `answered` of `population` units answered in the stratum
CELLS = ("indicator", "period", "breakdown", "category", "stratum", "answered", "population", "n", "y", "x", "yy", "xx", "xy")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The answer to one question: the cells, the holding groups behind each category, and the statement that was run."""

    frame: pl.DataFrame  # columns CELLS
    groups: pl.DataFrame  # indicator, period, breakdown, category, groups
    sql: str


def answer(question: Question, engine: Engine) -> Cells:
    """Runs the statement of a question and unfolds its rows into cells, stratum by stratum."""
    rows = fetch(question, engine)
    layout = columns(question)
    sums = list(dict.fromkeys(name for own in layout for name in vars(own).values() if name))
    parts: list[list[pl.DataFrame]] = [[] for _ in layout]
    for names in question.sets:
        if question.design:
            keys = ["period", "stratum", *(f"b_{name}" for name in names)]
            held = next(largest for largest in largest_sets(question) if set(names) <= set(largest))
            grouped = pick(rows, question, held, blanks=True).group_by(keys, maintain_order=True)
            picked = grouped.agg(pl.col("answered", "population").first(), pl.col(sums).sum()).drop_nulls(keys[2:])
        else:
            one = pl.lit(1.0)
            picked = pick(rows, question, names).with_columns(stratum=pl.lit("all"), answered=one, population=one)
        keyed = picked.with_columns(pl.lit(",".join(names) or TOTAL).alias("breakdown"), category(names))
        keyed = keyed.with_columns(period_name(pl.col("period")).alias("period"))
        for part, own, indicator in zip(parts, layout, question.indicators, strict=True):
            found = [(pl.col(name) if name else pl.lit(None, pl.Float64)).alias(moment) for moment, name in vars(own).items()]
            head: list[pl.Expr | str] = [pl.lit(indicator.id).alias("indicator"), "period", "breakdown", "category", "stratum"]
            part.append(keyed.select(*head, "answered", "population", *found))
    frame = pl.concat([cells for part in parts for cells in part])
    return Cells(frame=frame, groups=count_groups(question, engine, frame), sql=cells_statement(question))


def fetch(question: Question, engine: Engine) -> pl.DataFrame:
    """The rows of the statement of a question, without those that have no date and so belong to no period."""
    rows = engine.query(cells_statement(question)).drop_nulls("period")
    splits = [f"{sort}_{name}" for name in question.breakdowns for sort in ("b", "over")]
    return ordered(rows, ["period", "stratum", *splits]) if question.design else rows


def ordered(rows: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Rows of an engine in the order of their keys: engines give them in any order, and frames add in the order of rows."""
    texts = [name for name in keys if rows.schema[name] == pl.String]
    # names are few and rows are many: a name is compared as its place in the alphabet
    places = [pl.col(name).cast(pl.Enum(rows[name].drop_nulls().unique().sort())).to_physical() for name in texts]
    numbers = [pl.col(name) for name in keys if name not in texts]
    return rows[rows.select(place=pl.arg_sort_by([*numbers, *places], nulls_last=True))["place"]]


def count_groups(question: Question, engine: Engine, counted: pl.DataFrame) -> pl.DataFrame:
    """Distinct holding groups behind each category: indicator, period, breakdown, category, groups.

    `counted` has these keys and n. Most groups are one unit, and counting units is cheap; so the units are counted, and
    only where several of one period share a group are the groups themselves counted.
    """
    keys = ["indicator", "period", "breakdown", "category"]
    units = counted.group_by(keys).agg(groups=pl.col("n").sum()).filter(pl.col("groups") > 0)
    if question.design is None:
        return units.with_columns(pl.col("groups").cast(pl.Int64))
    shared = engine.query(shared_statement(question)).drop_nulls("period")
    if shared.is_empty():
        return units.with_columns(pl.col("groups").cast(pl.Int64))
    shared = shared.with_columns(period_name(pl.col("period")).alias("period"), pl.col("holding").cast(pl.Categorical))
    surplus = []
    for names in question.sets:
        inside = shared.drop_nulls([f"b_{name}" for name in names]).with_columns(category(names))
        for one, own in zip(question.indicators, columns(question), strict=True):
            more = (
                inside.filter(pl.col(own.n) > 0)
                .group_by("period", "category")
                .agg(more=pl.col(own.n).sum() - pl.col("holding").n_unique())
            )
            breakdown = pl.lit(",".join(names) or TOTAL).alias("breakdown")
            surplus.append(more.select(pl.lit(one.id).alias("indicator"), "period", breakdown, "category", "more"))
    found = units.join(pl.concat(surplus), on=keys, how="left")
    return found.select(*keys, groups=pl.col("groups").cast(pl.Int64) - pl.col("more").fill_null(0).cast(pl.Int64))


def period_name(code: pl.Expr) -> pl.Expr:
    """2026, 2026-Q3 or 2026-09 from a period number."""
    year, quarter, month = code // 10000, code // 100 % 100, code % 100
    dated = year.cast(pl.String) + pl.lit("-") + month.cast(pl.String).str.zfill(2)
    quartered = year.cast(pl.String) + pl.lit("-Q") + quarter.cast(pl.String)
    return pl.when(month > 0).then(dated).when(quarter > 0).then(quartered).otherwise(year.cast(pl.String))


def pick(rows: pl.DataFrame, question: Question, names: tuple[str, ...], *, blanks: bool = False) -> pl.DataFrame:
    """Rows of one breakdown set; units that bear no category of it (a blank tier, say) belong to none."""
    wanted = [pl.col(f"over_{name}") == (0 if name in names else 1) for name in question.breakdowns]
    wanted += [] if blanks else [pl.col(f"b_{name}").is_not_null() for name in names]
    return rows.filter(*wanted) if wanted else rows


def category(names: tuple[str, ...]) -> pl.Expr:
    if not names:
        return pl.lit(TOTAL).alias("category")
    return pl.concat_str([f"b_{name}" for name in names], separator=",").alias("category")

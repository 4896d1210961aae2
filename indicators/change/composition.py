"""Composition: a change over all who were assessed is the change of those assessed both times, and who came and went.

Δ(all) = Δ(matched) + composition. Matched units keep the weight of the base period, so that neither new weights nor new
members enter their change. Source: Kitagawa (1955), Components of a difference between two rates, with the matched units as
the fixed population. The matched change is a diagnostic and never the level: those who stay are not those who are asked.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question
from indicators.editions.details import DETAILS
from indicators.editions.results import DIGITS, TOTAL
from indicators.engines import Engine
from indicators.statements.exact import added_few
from indicators.statements.source import listed
from indicators.statements.statement import weighted_answers
from pipelines.database import literal

METHOD = "composition"
_ENDS = ("then", "now")
#: values, each the ratio of two sums: of all by weight, of all without weight, of matched units by their weight then
_SUMS = {f"{kind}_{end}": (f"{kind}_y_{end}", f"{kind}_x_{end}") for kind in ("all", "raw", "matched") for end in _ENDS}
_BOTH = "weight0 IS NOT NULL AND weight1 IS NOT NULL"
#: of the units of one holding group: how many there were at either end and at both, how many came and went
_COUNTS = {
    "n_then": "weight0 IS NOT NULL",
    "n_now": "weight1 IS NOT NULL",
    "n": _BOTH,
    "n_came": "weight0 IS NULL",
    "n_went": "weight1 IS NULL",
}
#: columns of `pairs`: periods, category, units in the base period, in the other and in both, and the six values
PAIRS: dict[str, pl.DataType] = {
    **{name: pl.String() for name in ("base", "period", "breakdown", "category")},
    **{name: pl.Int64() for name in ("n_then", "n_now", "n")},
    **{name: pl.Float64() for name in _SUMS},
}


def answer(question: Question, engine: Engine, levels: pl.DataFrame, minimum_groups: int) -> pl.DataFrame:
    """Rows for the table `decomposition`: every change over assessed units, split; none over tables without `comparable`.

    The key is the change where the plan has one, otherwise the level, whose change on the base period of the plan is meant.
    """
    found = [pl.DataFrame(schema=DETAILS["decomposition"])]
    for number, indicator in enumerate(question.indicators):
        if not question.table.comparable or question.design is None or question.panel or indicator.kind != "ratio":
            continue
        periods = periods_of(levels, indicator.id)
        for key, base, relative in changes_of(question.plan, indicator.id):
            wanted = [(base, period) for period in periods if period != base and base in periods]
            found.append(_split(pairs(question, number, wanted, engine, minimum_groups), key, relative=relative))
    return pl.concat(found)


def periods_of(levels: pl.DataFrame, indicator: str) -> list[str]:
    """The years for which an indicator has a value, in order."""
    whole = levels.filter(pl.col("indicator") == indicator, pl.col("breakdown") == TOTAL, pl.col("value").is_not_null())
    return sorted(period for period in whole["period"].unique() if len(period) == 4)


def changes_of(plan: Plan, indicator: str) -> list[tuple[str, str, bool]]:
    """Id, base period and whether relative, of each change of an indicator; of the level itself where the plan has none."""
    changes = [change for change in plan.indicators.values() if change.change_of == indicator]
    if not changes:
        return [(indicator, plan.identity.base_period, False)] if plan.identity.base_period else []
    return [(change.id, str(change.base_period), change.change_as == "relative") for change in changes]


def pairs(
    question: Question, number: int, wanted: Sequence[tuple[str, str]], engine: Engine, minimum_groups: int
) -> pl.DataFrame:
    """What all and what matched units say in a base period and another, per category; columns PAIRS.

    A breakdown is left out where fewer than `minimum_groups` holding groups stayed in a category, or came to it, or went: the
    values of all and of those who stayed would tell theirs.
    """
    if not wanted:
        return pl.DataFrame(schema=PAIRS)
    rows = engine.query(pairs_statement(question, number, wanted))
    few = 1 if question.table.public else minimum_groups
    safe = pl.all_horizontal(~pl.col("stayed", "came", "went").is_between(1, few - 1))
    values = [(pl.col(y) / pl.when(pl.col(x) != 0).then(pl.col(x))).alias(name) for name, (y, x) in _SUMS.items()]
    named = [(pl.col(name) // 10000).cast(pl.String) for name in ("base", "period")]
    found = rows.filter(safe.all().over("base", "period", "breakdown"), pl.col("n") > 0).with_columns(*values, *named)
    return found.select(pl.col(name).cast(kind) for name, kind in PAIRS.items()).sort("breakdown", "category", "period", "base")


def pairs_statement(question: Question, number: int, wanted: Sequence[tuple[str, str]]) -> str:
    """Sums over the units of two years and over those in both, per pair of years and category.

    Summed first within holding groups, so that the groups that stayed, came and went can be counted. A unit that changed
    its category went from one and came to the other.
    """
    key = "base, period, breakdown, category"
    years = " UNION ALL ".join(f"SELECT {base}0000 AS base, {period}0000 AS period" for base, period in wanted)
    ends = [
        f"sum(CASE WHEN _seen.at = _pairs.{end} THEN {name} END) AS {name}{i}"
        for i, end in enumerate(("base", "period"))
        for name in ("weight", "y", "x")
    ]
    counts = [f"sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS {name}" for name, condition in _COUNTS.items()]
    sums = [f"{added_few(text)} AS {name}" for name, text in _summands().items()]
    last = [f"sum({name}) AS {name}" for name in ("n_then", "n_now", "n")]
    last += [f"{added_few(name)} AS {name}" for name in _summands()]
    groups = {"stayed": "n", "came": "n_came", "went": "n_went"}
    last += [f"sum(CASE WHEN {count} > 0 THEN 1 ELSE 0 END) AS {name}" for name, count in groups.items()]
    seen = "\n  UNION ALL\n  ".join(_seen(number, names) for names in question.sets if len(names) <= 1)
    joined = "_pairs JOIN _seen ON _seen.at = _pairs.base OR _seen.at = _pairs.period"
    return (
        f"{weighted_answers(question)},\n_pairs AS (\n  {years}\n),\n_seen AS (\n  {seen}\n),\n"
        f"_unit AS (\n  SELECT {key}, unit, max(holding) AS holding,\n    {listed(ends)}\n"
        f"  FROM {joined}\n  GROUP BY {key}, unit\n),\n"
        f"_holding AS (\n  SELECT {key}, holding,\n    {listed([*counts, *sums])}\n  FROM _unit\n  GROUP BY {key}, holding\n)\n"
        f"SELECT {key},\n  {listed(last, '  ')}\nFROM _holding\nGROUP BY {key}"
    )


def _summands() -> dict[str, str]:
    """What one unit adds to each sum."""
    found = {}
    for part in "yx":
        for i, end in enumerate(_ENDS):
            found[f"all_{part}_{end}"] = f"{part}{i}"
            found[f"raw_{part}_{end}"] = f"{part}{i} / NULLIF(weight{i}, 0)"
        found[f"matched_{part}_then"] = f"CASE WHEN {_BOTH} THEN {part}0 END"
        found[f"matched_{part}_now"] = f"CASE WHEN {_BOTH} THEN weight0 * ({part}1 / NULLIF(weight1, 0)) END"
    return found


def _seen(number: int, names: tuple[str, ...]) -> str:
    """Who has a value at a time, once for each breakdown set, under its category."""
    category = f"b_{names[0]}" if names else literal(TOTAL)
    known = [f"{name} IS NOT NULL" for name in (f"y_{number}", f"x_{number}", category)]
    breakdown = literal(",".join(names) or TOTAL)
    return (
        f"SELECT period AS at, {breakdown} AS breakdown, {category} AS category, unit, holding, weight, y_{number} AS y, "
        f"x_{number} AS x\n  FROM weighted\n  WHERE {' AND '.join(known)}"
    )


def _split(rows: pl.DataFrame, indicator: str, *, relative: bool) -> pl.DataFrame:
    """Three rows a category: matched + composition = total, in the unit of the indicator, exactly."""
    scale = pl.when(pl.col("all_then") > 0).then(pl.col("all_then")) if relative else pl.lit(1.0)
    total = ((pl.col("all_now") - pl.col("all_then")) / scale).round(DIGITS - 1)
    matched = ((pl.col("matched_now") - pl.col("matched_then")) / scale).round(DIGITS - 1)
    moved = pl.col("n_then") + pl.col("n_now") - 2 * pl.col("n")
    parts = {"matched": (matched, pl.col("n")), "composition": (total - matched, moved), "total": (total, pl.col("n_now"))}
    return pl.concat(
        decomposed(rows, indicator, METHOD, part, value.round(DIGITS - 1), units) for part, (value, units) in parts.items()
    )


def decomposed(
    rows: pl.DataFrame, indicator: str, method: str, part: str, value: pl.Expr, units: pl.Expr, base: pl.Expr | None = None
) -> pl.DataFrame:
    """Rows of the table `decomposition` from rows of `pairs`; `base` is their base period, that of the pair unless given."""
    given = {
        "indicator": pl.lit(indicator),
        "period": pl.col("period"),
        "base_period": pl.col("base") if base is None else base,
        "method": pl.lit(method),
        "breakdown": pl.col("breakdown"),
        "category": pl.col("category"),
        "part": pl.lit(part),
        "value": value,
        "se": pl.lit(None, pl.Float64),
        "n": units,
    }
    schema = DETAILS["decomposition"]
    return rows.select(given[name].cast(kind).alias(name) for name, kind in schema.items()).drop_nulls("value")

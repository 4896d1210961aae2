"""The weights of a question: what each answer stands for, how that came about, and whom no answer stands for.

Design weight N/n; after non-response N/r within the stratum, or divided by the response rate of a response group (Särndal,
Swensson and Wretman 1992, §15.6). A stratum asked whole in which somebody refused is no census: its weights exceed one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.details import DETAILS
from indicators.editions.results import DIGITS
from indicators.engines import Engine
from indicators.statements.cells import period_name
from indicators.statements.frame import chain, classed, frame_of, joins_strata
from indicators.statements.sample import asked_statement, classes_statement, scopes, strata_statement, weights_statement
from pipelines.weights import WEIGHTS, version_of
from pipelines.yamlfile import Text

#: rows of the table `weighting`, but for the version, which follows from the weights of all questions together
STEPS = {name: dtype for name, dtype in DETAILS["weighting"].items() if name != "version"}


#: digits of a kept weight: engines add in parallel, so the last ones are chance, and equal weights must have one version
KEPT = 11


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Weights of the whole years of a question (columns WEIGHTS), how they were made (STEPS), and what a reader should know."""

    weights: pl.DataFrame
    steps: pl.DataFrame
    notices: tuple[Text, ...] = ()
    fitted: pl.DataFrame | None = None  # calibrated ones, of every period: period (number), unit, weight; None: not calibrated


def weigh(question: Question, engine: Engine, factors: pl.DataFrame | None = None) -> Weighed:
    """The weights by design and answers; nothing for a question without a sample (no design, or a census).

    `factors` (period, unit, factor) are those of a calibration.
    """
    if question.design is None or question.design.census:
        return Weighed(weights=pl.DataFrame(schema=WEIGHTS), steps=pl.DataFrame(schema=STEPS))
    rows = engine.query(weights_statement(question)).drop_nulls("period").sort("period", "unit")
    final = rows.drop_nulls("weight").with_columns(final=pl.col("weight"))
    if factors is not None:
        final = final.join(factors, on=["period", "unit"], how="left").with_columns(final=pl.col("weight") * pl.col("factor"))
    weights = as_weights(question, final)
    notices = (*unrepresented(question, engine, rows), *unasked(question, rows))
    return Weighed(weights=weights, steps=steps(question, weights), notices=notices)


def weigh_units(question: Question, engine: Engine, answers: pl.DataFrame) -> Weighed:
    """The weights of a question of which `answers` (period, unit, stratum, weight) is known already, as of a duration.

    Where another table says who answered, the weights are those of its design.
    """
    if question.design and question.design.answered_in:
        question = replace(question, design=question.plan.dictionary.tables[question.design.answered_in].design)
    sql = asked_statement(question)
    asked = engine.query(sql) if sql else pl.DataFrame(schema={"year": pl.Int64, "unit": pl.String, "design_weight": pl.Float64})
    known = asked.select("unit", "design_weight", (pl.col("year").cast(pl.Int64) * 10000).alias("period"))
    rows = answers.with_columns(pl.col("period").cast(pl.Int64), final=pl.col("weight"), layer=pl.col("stratum"))
    weights = as_weights(question, rows.join(known, on=["period", "unit"], how="left"))
    notices = () if classed(question) else tuple(unrepresented(question, engine, rows))
    return Weighed(weights=weights, steps=steps(question, weights), notices=notices)


def versioned(weights: Sequence[pl.DataFrame], made: Sequence[pl.DataFrame]) -> tuple[pl.DataFrame | None, pl.DataFrame]:
    """All weights of a publication, None where there are none; and rows of the table `weighting` with their version."""
    every = pl.concat([pl.DataFrame(schema=WEIGHTS), *weights])
    version = version_of(every) if every.height else None
    told = pl.concat([pl.DataFrame(schema=STEPS), *made]).with_columns(pl.lit(version, pl.String).alias("version"))
    return every if every.height else None, told.select(list(DETAILS["weighting"]))


def called(question: Question) -> str:
    """The name of a question among the weights: its table and its indicators."""
    return f"{question.table.id}: {', '.join(indicator.id for indicator in question.indicators)}"


def as_weights(question: Question, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of whole years with period, unit, stratum, design_weight, weight (after non-response) and final, as WEIGHTS."""
    yearly = rows.filter(pl.col("period") % 10000 == 0).select(
        pl.lit(called(question)).alias("question"),
        period_name(pl.col("period")).alias("period"),
        pl.col("unit", "stratum").cast(pl.String),
        pl.col("design_weight").round_sig_figs(KEPT),
        pl.col("weight").round_sig_figs(KEPT).alias("response_weight"),
        pl.col("final").round_sig_figs(KEPT).alias("weight"),
    )
    return yearly.select(pl.col(name).cast(kind) for name, kind in WEIGHTS.items()).sort("period", "unit")


def steps(question: Question, weights: pl.DataFrame) -> pl.DataFrame:
    """One row per indicator and year: the factors by which non-response moved the design weights."""
    factor = pl.col("response_weight") / pl.col("design_weight")
    made = weights.group_by("period", maintain_order=True).agg(
        units=pl.len().cast(pl.Int64), smallest=factor.min().round_sig_figs(DIGITS), largest=factor.max().round_sig_figs(DIGITS)
    )
    return of_each(question, made.with_columns(method=pl.lit("response group" if classed(question) else "design")))


def of_each(question: Question, made: pl.DataFrame) -> pl.DataFrame:
    """Rows of a step that is the same for all indicators of a question, for each of them; what a step does not have is null."""
    lacking = [pl.lit(None, dtype).alias(name) for name, dtype in STEPS.items() if name not in made.columns]
    names = pl.DataFrame({"indicator": [indicator.id for indicator in question.indicators]}, schema={"indicator": pl.String})
    return names.join(made.with_columns(lacking).drop("indicator"), how="cross").select(
        pl.col(name).cast(dtype) for name, dtype in STEPS.items()
    )


def joins(question: Question, answered: set[str], stratum: str) -> str | None:
    """The stratum with which a stratum is weighted: itself where somebody answered, else the next along its chain."""
    if stratum in answered:
        return stratum
    ways = chain(question.design.collapse, stratum) if question.design and joins_strata(question) else []
    return next((target for target in ways if target in answered), None)


def unrepresented(question: Question, engine: Engine, rows: pl.DataFrame) -> list[Text]:
    """Notices for each year of strata in scope for whose enterprises no answer stands, and of those for whom a neighbour does.

    `rows` are those of `weights_statement`. What an indicator asks of a part of the register only, its table may ask of a part
    of that: there, strata from which nobody ever answered were not addressed.
    """
    chosen = bool(question.indicators) and all(indicator.opt_in for indicator in question.indicators)
    if frame_of(question) is None or chosen:  # of volunteers nobody said whom they stand for
        return []
    listed = engine.query(classes_statement(question) if classed(question) else strata_statement(question)).sort("stratum")
    ever = set(rows["layer"].drop_nulls()) if question.indicators and all(scopes(question)) else None
    found = []
    for (number,), part in rows.sort("period").group_by("period", maintain_order=True):
        answered, year = set(part["layer"].drop_nulls()), int(str(number)) // 10000
        silent, joined = dict[str, float](), dict[str, tuple[float, str]]()
        for row in listed.filter(pl.col("year") == year).iter_rows(named=True):
            stratum, target = str(row["stratum"]), joins(question, answered, row["stratum"])
            if target is not None and target != stratum:
                joined[stratum] = float(row["population"]), target
            elif target is None and row["in_scope"] and (ever is None or stratum in ever):
                silent[stratum] = float(row["in_scope"])
        found += [_joined(question, year, joined)] if joined else []
        found += [_unrepresented(question, year, silent)] if silent else []
    return found


def unasked(question: Question, rows: pl.DataFrame) -> list[Text]:
    """A notice for each year with answers of enterprises that the register marks as not asked, or does not mark."""
    if question.design is None or question.design.sampled is None:
        return []
    # who belongs to no stratum is told of elsewhere
    placed = rows.filter(pl.col("stratum").is_not_null(), pl.col("asked").is_null() | (pl.col("asked") == 0))
    odd = placed.group_by("period", pl.col("asked").is_null().alias("blank")).len().sort("period", "blank")
    causes = {
        False: ("在名录中不是调查样本", "that the register marks as not asked"),
        True: ("在名录中没有样本标记", "whose mark in the register is blank"),
    }
    zh, en = (
        ("不计入", "they do not count") if classed(question) else ("按所在层的答复计算", "they count as answers of their stratum")
    )
    table = question.table.name
    return [
        Text(
            zh=f"{table.zh}{number // 10000}年有 {count} 家答复的企业{causes[blank][0]}，{zh}；请核对名录的样本标记。",
            en=f"{table.en}, {number // 10000}: {count} enterprises answered {causes[blank][1]}; {en}. "
            "Check the mark in the register.",
        )
        for number, blank, count in odd.iter_rows()
    ]


def _joined(question: Question, year: int, joined: dict[str, tuple[float, str]]) -> Text:
    table = question.table.name
    zh = "、".join(f"{stratum} 的 {count:.0f} 家企业由 {target} 代表" for stratum, (count, target) in joined.items())
    en = "; ".join(f"{stratum}: {count:.0f} enterprises represented by {target}" for stratum, (count, target) in joined.items())
    return Text(
        zh=f"{table.zh}{year}年以下各层没有企业答复，按方案并入相邻层：{zh}。",
        en=f"{table.en}, {year}: strata in which nobody answered join the neighbour that the plan names. {en}.",
    )


def _why_alone(question: Question, silent: dict[str, float]) -> Text:
    """Why no neighbour stands for strata in which nobody answered."""
    design = question.design
    named = bool(design and any(design.collapse.get(name) for name in silent))
    if classed(question):
        return Text(zh="答复组之间不合并", en="response groups do not join each other")
    if not named:
        return Text(zh="也没有可并入的相邻层", en="no neighbour is named that could stand for them")
    if not joins_strata(question):
        return Text(zh="方案没有给出总体单位数，不能并入相邻层", en="without a stated population they join no neighbour")
    return Text(zh="可并入的相邻层也没有企业答复", en="nobody answered in the neighbours that could stand for them either")


def _unrepresented(question: Question, year: int, silent: dict[str, float]) -> Text:
    table, names = question.table.name, [indicator.name for indicator in question.indicators]
    lost = f"{sum(silent.values()):.0f}"
    zh, en = "、".join(silent), ", ".join(silent)
    why = _why_alone(question, silent)
    return Text(
        zh=f"{table.zh}{year}年以下各层没有企业答复，{why.zh}：{zh}；其中 {lost} 家企业未被代表："
        f"{'、'.join(name.zh for name in names)}。",
        en=f"{table.en}, {year}: nobody answered in {en}, and {why.en}; "
        f"{lost} enterprises are not represented in: {'; '.join(name.en for name in names)}.",
    )

"""Response rates: of those asked, the share that answered, by number, by design weight, and by design weight and size.

Asked is who the register marks as asked, in the scope of the indicator as far as the register decides it; a stratum from which
nobody answered counts. Definitions: AAPOR (2023), Standard Definitions, RR1, with weights as in Särndal, Swensson and Wretman
(1992), §15.2.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.details import DETAILS
from indicators.editions.results import DIGITS, TOTAL
from indicators.engines import Engine
from indicators.estimation.estimate import KEYS
from indicators.statements.cells import category, period_name
from indicators.statements.sample import asked_statement, response_statement, scopes

NO_RESPONSE = pl.DataFrame(schema=DETAILS["response"])
#: sums over those asked and over those of them that answered: the number, the design weight, and both with the size
_VALUES = {"": pl.lit(1.0), "weighted_": pl.col("design_weight"), "sized_": pl.col("design_weight") * pl.col("size")}


def rates(question: Question, engine: Engine, answers: pl.DataFrame | None = None) -> pl.DataFrame:
    """Rows of the table `response` for the indicators of a question, for every period and category of which anybody was asked.

    `answers` (period, unit) says who answered where the rows of the table alone do not. No rows where no register says who was
    asked, in a census, for a fixed panel, and for volunteers, of whom nobody was asked.
    """
    design = question.design
    if design is None or design.census or question.panel or any(indicator.opt_in for indicator in question.indicators):
        return NO_RESPONSE
    if answers is None or design.answered_in:
        sql = response_statement(question, _answering(question))
        return _told(question, engine.query(sql)) if sql else NO_RESPONSE
    sql = asked_statement(question)
    return _told(question, _counted(question, engine.query(sql), answers)) if sql else NO_RESPONSE


def beside(levels: pl.DataFrame, responses: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Estimates with `response_rate`, by design weight; null where it is not known and where there is no estimate."""
    known = pl.concat([NO_RESPONSE, *responses]).select(*KEYS, pl.col("rate_weighted").alias("response_rate"))
    joined = levels.join(known, on=KEYS, how="left", maintain_order="left")
    return joined.with_columns(pl.when(pl.col("value").is_not_null()).then("response_rate").alias("response_rate"))


def _answering(question: Question) -> Question:
    """The question whose rows say who answered."""
    design, plan = question.design, question.plan
    if design is None or design.answered_in is None or not question.indicators[0].duration:
        return question
    table = plan.dictionary.tables[design.answered_in]
    return Question(plan=plan, table=table, design=table.design, respondents=None, indicators=(), sets=question.sets)


def _counted(question: Question, asked: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """What the statement of response gives, from the units asked and those that answered."""
    replied = answers.select(pl.col("period").cast(pl.Int64), "unit").unique().with_columns(reply=1)
    heard = answers.select(pl.col("stratum")).unique().with_columns(ever=1)
    dated = asked.with_columns(period=pl.col("year").cast(pl.Int64) * 10000)
    known = dated.filter(pl.col("period").is_in(replied["period"].unique().implode())).join(heard, on="stratum", how="left")
    people = known.join(replied, on=["period", "unit"], how="left").sort("period", "unit")
    splits = [name for name in question.breakdowns if f"b_{name}" in asked.columns]
    sums = []
    for k, scope in enumerate(dict.fromkeys(scopes(question))):
        inside = (pl.col(f"in_{k}") == 1) & ((pl.col("ever") == 1) if scope else pl.lit(True))
        for prefix, value in _VALUES.items():
            sums.append(pl.when(inside).then(value).sum().alias(f"{prefix}asked_{k}"))
            sums.append(pl.when(inside & (pl.col("reply") == 1)).then(value).sum().alias(f"{prefix}answered_{k}"))
    parts = []
    for names in question.sets:
        if set(names) <= set(splits):
            flags = [pl.lit(0 if name in names else 1).alias(f"over_{name}") for name in splits]
            blank = [pl.lit(None, pl.String).alias(f"b_{name}") for name in splits if name not in names]
            parts.append(people.group_by("period", *(f"b_{name}" for name in names)).agg(sums).with_columns(*flags, *blank))
    return pl.concat(parts, how="diagonal")


def _told(question: Question, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `response` from sums over those asked and those that answered, in sets of breakdowns."""
    rows = rows.drop_nulls("period")
    known = [name for name in question.breakdowns if f"b_{name}" in rows.columns]
    scoped, parts = list(dict.fromkeys(scopes(question))), [NO_RESPONSE]
    for names in question.sets:
        if not set(names) <= set(known):
            continue
        wanted = [pl.col(f"over_{name}") == (0 if name in names else 1) for name in known]
        inside = rows.filter(pl.lit(True), *wanted).drop_nulls([f"b_{name}" for name in names])
        keyed = inside.with_columns(
            period_name(pl.col("period")).alias("period"), pl.lit(",".join(names) or TOTAL).alias("breakdown"), category(names)
        )
        for indicator, scope in zip(question.indicators, scopes(question), strict=True):
            ids = pl.lit(indicator.id).alias("indicator"), *KEYS[1:]
            parts.append(keyed.select(*ids, **_rates(scoped.index(scope))).filter(pl.col("asked") > 0))
    return pl.concat([part.select(pl.col(name).cast(kind) for name, kind in NO_RESPONSE.schema.items()) for part in parts])


def _rates(k: int) -> dict[str, pl.Expr]:
    def rate(prefix: str) -> pl.Expr:
        asked = pl.col(f"{prefix}asked_{k}").cast(pl.Float64)
        answered = pl.col(f"{prefix}answered_{k}").cast(pl.Float64).fill_null(0.0)
        return pl.when(asked > 0).then((answered / asked).round_sig_figs(DIGITS))

    counts = {name: pl.col(f"{name}_{k}").fill_null(0).cast(pl.Int64) for name in ("asked", "answered")}
    return {**counts, "rate": rate(""), "rate_weighted": rate("weighted_"), "rate_size": rate("sized_")}

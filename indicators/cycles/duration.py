"""How long things take: the age at which a share of the cases is finished, counting those that are not finished yet.

The naive mean or median of finished cases shows an improvement where there is none, because slow ones are still open: among
projects begun in 2026 and 2024 and finished by the end of 2027, −29.9 % without any real change. While cases are open or
given up, the quantile is that of the weighted Kaplan–Meier curve and its error comes from enterprises drawn again (modules
survival and resampling); where all cases of a cohort are finished it is the weighted quantile with Woodruff's interval (module
quantile). Greenwood's formula is not used: weights are not whole numbers, and the cases of one enterprise go together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from indicators.catalogue.plan import Duration
from indicators.catalogue.question import Question
from indicators.cycles import casenotes
from indicators.cycles.quantile import Strata, woodruff
from indicators.cycles.spells import spells
from indicators.cycles.survival import AT_RISK, Cases, Curve, curve, effective
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.estimation.estimate import CONFIDENCE, KEYS, Floats
from indicators.estimation.resampling import draw
from indicators.estimation.strata import layers
from indicators.statements.statement import rows_statement, weighted_answers
from pipelines.design import Design
from pipelines.yamlfile import Text

#: among the replicates, so many must reach the quantile before a standard error is shown
REACHED = 0.9

Key = tuple[str, str, str]  # period, breakdown, category
_ANSWER = ("period", "unit", "stratum", "weight", "answered", "population")
_FRAME = {
    **dict.fromkeys(KEYS, pl.String),
    **dict.fromkeys(("n", "df", "open_df", "groups"), pl.Int64),
    **dict.fromkeys(("value", "se", "low", "high", "exposed"), pl.Float64),
    "sampled": pl.Boolean,
}


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Estimates of one indicator, their replicates, the groups behind them, and what a reader should know.

    `frame` has the columns of `estimate` (df is null where there are no degrees of freedom) and `exposed`, the weighted
    number of cases. Where the quantile is not reached, value is null and low the last age at which that was still seen.
    """

    frame: pl.DataFrame
    replicates: dict[Key, Floats]  # one quantile per replicate; infinite where it was not reached
    groups: pl.DataFrame
    sql: str
    notices: tuple[Text, ...]
    answers: pl.DataFrame  # who answered, per period: period, unit, stratum, weight, answered, population
    cases: pl.DataFrame  # one row per case that counts: period (year × 10000), unit, holding, weight, b_<breakdown>


def answer(question: Question, engine: Engine) -> Durations:
    """Quantiles of the one indicator of a question, for every breakdown set and year."""
    indicator, design = question.indicators[0], question.design
    assert indicator.duration is not None and design is not None
    sql = rows_statement(question)
    found = spells(engine.query(sql), indicator.duration)
    answers = _answers(question, engine, found)
    draws = draw(answers, design)
    found = found.join(answers.select("period", "unit", "weight"), on=["period", "unit"], maintain_order="left")
    found = found.join(draws.numbers, on="unit", maintain_order="left")
    strata = _strata(answers.join(draws.numbers, on="unit"), design, draws.numbers.height)
    rows: list[dict[str, Any]] = []
    replicates: dict[Key, Floats] = {}
    notices: list[Text] = []
    for key, number, part in _categories(found, question.sets):
        cases = _cases(part)
        line = curve(cases, draws.of_period[number])
        estimate, replicates[key] = _estimate(cases, line, strata[number], indicator.duration)
        head = dict(zip(KEYS, (indicator.id, *key), strict=True))
        counts = {"n": part["unit"].n_unique(), "groups": part["holding"].n_unique(), "exposed": float(cases.weight.sum())}
        rows.append({**head, **counts, **estimate})
        if key[1] == TOTAL and counts["groups"] >= question.plan.disclosure.minimum_groups:
            notices += casenotes.of_year(question, key[0], cases, line, is_reached=estimate["value"] is not None)
    frame = pl.DataFrame(rows, schema=_FRAME)
    groups = frame.select(*KEYS, "groups")
    return Durations(
        frame=frame.drop("groups"),
        replicates=replicates,
        groups=groups,
        sql=sql,
        notices=tuple(notices),
        answers=answers,
        cases=found.select("period", "unit", "holding", "weight", *(f"b_{name}" for name in question.breakdowns)),
    )


def _categories(found: pl.DataFrame, sets: tuple[tuple[str, ...], ...]) -> Iterator[tuple[Key, int, pl.DataFrame]]:
    """The cases of every period and category: their key, the period as a number, the rows in their order."""
    for names in sets:
        columns = [f"b_{name}" for name in names]
        present = found.drop_nulls(columns) if columns else found
        for found_key, part in present.group_by(["period", *columns], maintain_order=True):
            number, category = int(str(found_key[0])), ",".join(str(value) for value in found_key[1:])
            yield (str(number // 10000), ",".join(names) or TOTAL, category or TOTAL), number, part


def _answers(question: Question, engine: Engine, found: pl.DataFrame) -> pl.DataFrame:
    """All who answered, per period, with weight, stratum, and how many of how many answered there; sorted."""
    design = question.design
    assert design is not None
    if design.answered_in:
        table = question.plan.dictionary.tables[design.answered_in]
        asked = Question(plan=question.plan, table=table, design=table.design, respondents=None, indicators=(), sets=((),))
        # who did not answer in a year stands for nobody in it, whatever records of his are known
        answers = engine.query(f"{weighted_answers(asked)}\nSELECT {', '.join(_ANSWER)}\nFROM weighted")
        return answers.sort("period", "unit")
    units = found.group_by("period", "unit").agg(pl.col("stratum", "stated", "stated_weight").first())
    answered = pl.len().over("period", "stratum").cast(pl.Float64)
    stated = pl.col("stated").max().over("period", "stratum")
    population = answered / stated if design.sampling_fraction and not design.population else stated
    strata = units.with_columns(answered=answered, population=pl.max_horizontal(pl.coalesce(population, answered), answered))
    weight = pl.coalesce("stated_weight", pl.col("population") / pl.col("answered"))
    return strata.with_columns(weight=weight).select(_ANSWER).sort("period", "unit")


def _strata(answers: pl.DataFrame, design: Design, units: int) -> dict[int, Strata]:
    """The strata of each period as the variance sees them, and in which of them each unit is."""
    joined = answers.join(layers(answers, design).select("period", "stratum", "joint"), on=["period", "stratum"])
    found = {}
    for (period,), part in joined.sort("period", "unit").group_by("period", maintain_order=True):
        sizes = part.unique("stratum").group_by("joint").agg(pl.col("answered", "population").sum()).sort("joint")
        place = part.join(sizes.select("joint").with_row_index("at"), on="joint")
        of_unit = np.full(units, -1, dtype=np.int64)
        of_unit[place["number"].to_numpy()] = place["at"].to_numpy()
        found[int(str(period))] = Strata(
            answered=sizes["answered"].to_numpy(), population=sizes["population"].to_numpy(), of_unit=of_unit
        )
    return found


def _cases(part: pl.DataFrame) -> Cases:
    columns = {"unit": "number", **{name: name for name in ("entry", "exit", "event", "stopped", "weight")}}
    return Cases(**{name: part[column].to_numpy() for name, column in columns.items()})


def _estimate(cases: Cases, line: Curve, strata: Strata, measured: Duration) -> tuple[dict[str, Any], Floats]:
    """Columns of one row of the frame, and the replicates."""
    known = measured.method == "cohort" and bool(cases.event.all()) and effective(cases.weight) >= AT_RISK
    found = line.quantile(measured.quantile, middle=not known)
    # of one enterprise alone nothing can be drawn that would differ
    several = np.unique(cases.unit).size > 1
    drawn = np.nan_to_num(found[1:], nan=np.inf) if several else np.full(found.size - 1, np.nan)
    if known:
        exact = asdict(woodruff(cases.exit, cases.weight, cases.unit, strata, measured.quantile))
        # without a degree of freedom, or with both ends beyond all values, the replicates still tell of an error
        return exact | (spread(drawn) if exact["se"] is None else {}), drawn
    if not np.isfinite(found[0]):
        return {"value": None, "low": line.watched, "sampled": True}, drawn
    return {"value": float(found[0]), **spread(drawn), "sampled": True}, drawn


def spread(replicates: Floats) -> dict[str, float | None]:
    """Standard error and percentile interval from replicates, of which some may be infinite, known to one side only.

    So may an end of the interval be, which is None then. Without enough finite ones there is no standard error.
    """
    finite, usable = replicates[np.isfinite(replicates)], replicates[~np.isnan(replicates)]
    if usable.size == 0:
        return dict.fromkeys(("se", "low", "high"))
    with np.errstate(invalid="ignore"):  # between two infinite ones
        ends = np.quantile(usable, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    low, high = (float(end) if np.isfinite(end) else None for end in ends)
    is_known = finite.size >= REACHED * replicates.size
    return {"se": float(finite.std(ddof=1)) if is_known else None, "low": low, "high": high}

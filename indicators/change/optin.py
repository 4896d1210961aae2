"""Opt-in data: what volunteers say raw, reweighted to the population, and matched with themselves, held against each other.

Nobody knows how those who assess themselves differ from the others, so no error of sampling is stated for them. The national
share of enterprises at level 4 or above went 5, 9, 4 % while the number of volunteers grew: a series of samples, not of the
industry. Source: Elliott and Valliant (2017), Inference for Nonprobability Samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Unit
from indicators.catalogue.question import Question
from indicators.change import composition
from indicators.editions.details import DETAILS
from indicators.editions.results import DIGITS, TOTAL
from indicators.engines import Engine
from pipelines.yamlfile import Text

METHOD = "opt_in"
#: the series, and the values of `composition.pairs` that they take
SERIES = {"raw": "raw", "reweighted": "all", "matched": "matched"}
#: changes as small as this have no sign: they are rounding
NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class OptIn:
    """Rows for the table `decomposition`, and a notice for each pair of periods in which the series disagree."""

    frame: pl.DataFrame
    notices: tuple[Text, ...]


def answer(question: Question, engine: Engine, levels: pl.DataFrame, minimum_groups: int) -> OptIn:
    """The three series of every opt-in indicator of a question: levels (no base period), changes on the former year and the base.

    The matched level of a year is that of the units that were assessed in the former year, too.
    """
    frames, notices = [pl.DataFrame(schema=DETAILS["decomposition"])], list[Text]()
    for number, indicator in enumerate(question.indicators):
        if not indicator.opt_in or question.design is None:
            continue
        periods = composition.periods_of(levels, indicator.id)
        former = dict(zip(periods[1:], periods, strict=False))
        bases = [base for _, base, _ in composition.changes_of(question.plan, indicator.id) if base in periods]
        held = dict.fromkeys([*((then, now) for now, then in former.items())])
        held |= dict.fromkeys((base, now) for base in bases for now in periods if now > base)
        wanted = [*((period, period) for period in periods), *held]
        rows = composition.pairs(question, number, wanted, engine, minimum_groups)
        frames.append(_series(rows, indicator.id, former))
        notices += _disagreements(rows, indicator, question.plan)
    return OptIn(frame=pl.concat(frames), notices=tuple(notices))


def unknown_errors(question: Question, found: pl.DataFrame) -> pl.DataFrame:
    """Estimates without the errors of those that rest on volunteers: their chance of being in the sample is not known."""
    chosen = pl.col("indicator").is_in([one.id for one in question.indicators if one.opt_in])
    return found.with_columns(pl.when(~chosen).then(pl.col(name)).alias(name) for name in ("se", "low", "high"))


def _series(rows: pl.DataFrame, indicator: str, former: dict[str, str]) -> pl.DataFrame:
    own = pl.col("base") == pl.col("period")
    previous = pl.col("base") == pl.col("period").replace_strict(former, default=None, return_dtype=pl.String)
    parts = []
    for part, kind in SERIES.items():
        level, change = pl.col(f"{kind}_now"), pl.col(f"{kind}_now") - pl.col(f"{kind}_then")
        levels = rows.filter(previous if part == "matched" else own)
        n = pl.col("n") if part == "matched" else pl.col("n_now")
        none = pl.lit(None, pl.String)
        parts.append(composition.decomposed(levels, indicator, METHOD, part, level.round(DIGITS - 1), n, none))
        parts.append(composition.decomposed(rows.filter(~own), indicator, METHOD, part, change.round(DIGITS - 1), n))
    return pl.concat(parts)


def _disagreements(rows: pl.DataFrame, indicator: Indicator, plan: Plan) -> list[Text]:
    unit, found = plan.unit(indicator.id), []
    whole = rows.filter(pl.col("breakdown") == TOTAL, pl.col("base") != pl.col("period")).sort("period", "base")
    for row in whole.iter_rows(named=True):
        if any(row[f"{kind}_{end}"] is None for kind in SERIES.values() for end in ("then", "now")):
            continue
        changes = {part: row[f"{kind}_now"] - row[f"{kind}_then"] for part, kind in SERIES.items()}
        if min(changes.values()) < -NOTHING and max(changes.values()) > NOTHING:
            found.append(_notice(indicator, unit, row["base"], row["period"], changes, (row["n_then"], row["n_now"], row["n"])))
    return found


def _notice(
    indicator: Indicator, unit: Unit, then: str, now: str, changes: dict[str, float], counts: tuple[int, int, int]
) -> Text:
    said = {part: f"{round(value * unit.factor, unit.decimals) + 0.0:+.{unit.decimals}f}" for part, value in changes.items()}
    called = unit.difference or unit.symbol
    before, after, both = counts
    zh = f"与{then}年相比的变化因算法而方向不一：直接汇总{said['raw']}，按总体加权{said['reweighted']}，"
    zh += f"两年都参加的企业{said['matched']}（{called.zh}）。"
    zh += f"参加企业由{before}家变为{after}家，其中{both}家相同；不能据此判断升降。"
    en = (
        f"the change on {then} differs in sign by the way it is taken: {said['raw']} as it stands, {said['reweighted']} weighted "
    )
    en += f"to the population, {said['matched']} among those in both years ({called.en}). "
    en += f"Enterprises went from {before} to {after}, {both} of them the same; whether it rose or fell cannot be said."
    name = indicator.name
    return Text(zh=f"{name.zh}（自愿参加）：{now}年{zh}", en=f"{name.en} (volunteers), {now}: {en}")

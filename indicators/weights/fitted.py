"""Fitted weights: how a calibration went, for the table `weighting`, and what a reader should know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.results import DIGITS
from indicators.engines import Engine
from indicators.statements.cells import period_name
from indicators.weights.fitting import Fit, GivenUp
from indicators.weights.totals import Known
from indicators.weights.weighting import STEPS, Weighed, of_each, weigh
from pipelines.yamlfile import Text


class FittedWave(Protocol):
    """The sample of one period with its calibration."""

    @property
    def number(self) -> int: ...
    @property
    def part(self) -> pl.DataFrame: ...
    @property
    def known(self) -> Known: ...
    @property
    def fit(self) -> Fit: ...


def weighed(question: Question, engine: Engine, waves: Sequence[FittedWave]) -> Weighed:
    """The weights of a calibrated question; a period in which every stratum was asked whole has no calibration to tell of."""
    factors = [wave.part.select("period", "unit", "weight", pl.Series("factor", wave.fit.factor)) for wave in waves]
    found = weigh(question, engine, pl.concat(factors).drop("weight") if factors else None)
    fitted = [wave for wave in waves if wave.known.strata]
    steps = [found.steps, *(of_each(question, _step(question, wave)) for wave in fitted)]
    yearly = [wave for wave in fitted if wave.number % 10000 == 0]
    notices = [notice for wave in yearly for notice in _notices(question, wave)]
    final = [one.select("period", "unit", weight=pl.col("weight") * pl.col("factor")) for one in factors]
    return replace(
        found,
        steps=pl.concat(steps),
        notices=(*found.notices, *_whole(question), *notices),
        fitted=pl.concat(final) if final else None,
    )


def _step(question: Question, wave: FittedWave) -> pl.DataFrame:
    assert question.design is not None and question.design.calibration is not None
    fit, factor = wave.fit, wave.fit.factor[wave.fit.moved]
    row = {
        "period": str(pl.select(period_name(pl.lit(wave.number))).item()),
        "method": question.design.calibration.method,
        "units": int(fit.moved.sum()),
        "totals": fit.met,
        "dropped": "; ".join(_called(lost) for lost in fit.given_up) or None,
        "smallest": float(factor.min()) if factor.size else None,
        "largest": float(factor.max()) if factor.size else None,
        "worst": fit.worst,
    }
    frame = pl.DataFrame([row], schema={name: kind for name, kind in STEPS.items() if name != "indicator"})
    return frame.with_columns(pl.col("smallest", "largest", "worst").round_sig_figs(DIGITS))


def _called(lost: GivenUp) -> str:
    """Totals in the words of the plan: `segment`, `employees by region`; `segment 3640+3650` where these were met together."""
    margin = lost.margin
    by = margin.rollup or margin.by
    name = " by ".join(filter(None, [margin.of, by])) if margin.of else by or "units"
    return " ".join(filter(None, [name, "+".join(lost.categories)]))


def _notices(question: Question, wave: FittedWave) -> list[Text]:
    table, year = question.table.name, wave.number // 10000
    names = [indicator.name for indicator in question.indicators]
    zh, en = "、".join(name.zh for name in names), "; ".join(name.en for name in names)
    if not wave.known.whole:
        return [
            Text(
                zh=f"{table.zh}{year}年：名录所列企业数与各层总体企业数不一致，权重没有按名录总数校准：{zh}。",
                en=f"{table.en}, {year}: the register does not list as many enterprises as its strata are said to have, so the "
                f"weights are not fitted to its totals: {en}.",
            )
        ]
    causes = {
        "impossible": Text(
            zh="在允许的调整范围内权重无法与以下名录总数一致，已合并或不再要求：",
            en="within the bounds no weights give these totals of the register, which were put together or given up: ",
        ),
        "unknown": Text(
            zh="名录缺少数值，权重未按以下总数校准：",
            en="the register lacks values, so the weights are not fitted to these totals: ",
        ),
        "empty": Text(
            zh="名录中以下各项合计为零，权重未按其校准：",
            en="the register adds up to zero, so the weights are not fitted to these totals: ",
        ),
    }
    reasons = [("empty" if one.empty else "unknown" if one.unknown else "impossible", one) for one in wave.fit.given_up]
    found = []
    for reason, cause in causes.items():
        lost = [_told(question, one) for why, one in reasons if why == reason]
        if lost:
            those = "、".join(one.zh for one in lost), "; ".join(one.en for one in lost)
            told = (
                f"{table.zh}{year}年：{cause.zh}{those[0]}；涉及：{zh}。",
                f"{table.en}, {year}: {cause.en}{those[1]}. It concerns: {en}.",
            )
            found.append(Text(zh=told[0], en=told[1]))
    return found


def _whole(question: Question) -> list[Text]:
    """That weights of strata asked whole were moved too, and why: no edition leaves that unsaid."""
    assert question.design is not None and question.design.calibration is not None
    reason, table = question.design.calibration.reason, question.table.name
    if not question.design.calibration.take_all or reason is None:
        return []
    return [
        Text(
            zh=f"{table.zh}：全数调查各层的权重也按名录总数作了调整，理由：{reason.zh}",
            en=f"{table.en}: weights of strata asked whole are fitted to totals of the register, too, because: {reason.en}",
        )
    ]


def _told(question: Question, lost: GivenUp) -> Text:
    dictionary, margin = question.plan.dictionary, lost.margin
    assert question.register is not None
    columns = dictionary.tables[question.register.table].columns
    what = columns[margin.of].name if margin.of else Text(zh="企业数", en="Enterprises")
    if margin.by is None:
        return what
    listed = margin.rollup or columns[margin.by].codes
    by = dictionary.codes[margin.rollup].name if margin.rollup else columns[margin.by].name
    codes = dictionary.codes[listed].codes if listed else {}
    names = [codes[code].name if code in codes else Text(zh=code, en=code) for code in lost.categories]
    joined = f"，{'、'.join(name.zh for name in names)}合并", f" ({', '.join(name.en for name in names)} together)"
    zh, en = joined if names else ("", "")
    return Text(zh=f"{what.zh}（按{by.zh}{zh}）", en=f"{what.en} by {by.en}{en}")

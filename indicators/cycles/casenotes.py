"""What a reader must know of the cases of a year: many given up, a quantile not reached, a curve that begins late."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from indicators.catalogue.question import Question
from indicators.cycles.survival import Cases, Curve, cumulative_incidence
from pipelines.yamlfile import Text

#: a larger share of cases given up is told, because they are neither finished nor merely slow
MUCH = 0.10


def of_year(question: Question, year: str, cases: Cases, line: Curve, *, is_reached: bool) -> Iterator[Text]:
    """Notices about all cases of a year; about its categories none are given."""
    yield from _given_up(question, year, cases)
    if not is_reached and line.watched is not None:
        yield _not_reached(question, year, line)
    if line.begins is not None:
        yield _conditional(question, year, line.begins)


def _given_up(question: Question, year: str, cases: Cases) -> Iterator[Text]:
    measured, name = question.indicators[0].duration, question.table.name
    assert measured is not None
    share = float(cases.weight[cases.stopped].sum() / cases.weight.sum())
    if share <= MUCH:
        return
    zh, en = ("在册", "open in the year") if measured.method == "period" else ("新开始", "begun in the year")
    told = {"share": f"{share:.1%}", "ever": f"{cumulative_incidence(cases):.1%}"}
    yield Text(
        zh=f"{name.zh}：{year}年{zh}的记录中，{told['share']}已终止或取消（加权），计算周期时按截尾处理，不视为完成；"
        f"终止或取消的累积发生率（Aalen–Johansen法）为{told['ever']}。",
        en=f"{name.en}, {year}: of those {en}, {told['share']} (weighted) were given up. They count as open until then and never "
        f"as finished; the cumulative incidence of being given up (Aalen–Johansen) is {told['ever']}.",
    )


def _not_reached(question: Question, year: str, line: Curve) -> Text:
    indicator = question.indicators[0]
    assert indicator.duration is not None and line.watched is not None
    share = f"{indicator.duration.quantile:.0%}"
    quarter = line.quantile(0.25)[0]
    zh, en = "四分之一完成所需的时间也未达到", "Nor is the time within which a quarter are"
    if np.isfinite(quarter):
        zh, en = f"四分之一在{quarter:g}天以内完成", f"A quarter are finished within {quarter:g} days"
    return Text(
        zh=f"{indicator.name.zh}{year}年：完成{share}所需的时间尚未达到，只知超过{line.watched:g}天；{zh}。",
        en=f"{indicator.name.en}, {year}: the time within which {share} are finished is not reached, only known to be more than "
        f"{line.watched:g} days. {en}.",
    )


def _conditional(question: Question, year: str, age: float) -> Text:
    name = question.indicators[0].name
    return Text(
        zh=f"{name.zh}{year}年：更早的天数上在册的不足5个（按权重折合），曲线从第{age:g}天起计算，只代表存续到该天的情形。",
        en=f"{name.en}, {year}: at earlier ages fewer than five cases (by weight) were at risk, so the curve begins at day "
        f"{age:g} and speaks only of those that lasted so long.",
    )

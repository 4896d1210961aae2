"""Unsplit: gaps that are not split by some breakdown, and the notices that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from indicators.catalogue.plan import Plan
from pipelines.yamlfile import Text

_UNMADE = Text(
    zh="以下指标与目标的差距不按分组分解，因为全体的分位数不是各组分位数的加权平均：{names}。",
    en="The gap to the target is not split by category where a quantile of all is not a weighted mean of those of the groups: "
    "{names}.",
)
_ODD = Text(
    zh="以下分组的各组合计与总体不符，与目标的差距不按其分解：{names}。",
    en="The gap to the target is not split by breakdowns whose categories do not add up to the whole: {names}.",
)
Pairs = dict[tuple[str, str], None]


@dataclass(kw_only=True)
class Unsplit:
    """What is not split, by indicator and breakdown; of each target only in its newest year, which is told first."""

    _made: dict[str, None] = field(default_factory=dict)
    _odd: Pairs = field(default_factory=dict)
    _newest: dict[str, str] = field(default_factory=dict)

    def unmade(self, indicator: str) -> None:
        """The number of all is not made of those of the categories."""
        self._made[indicator] = None

    def odd(self, row: Mapping[str, Any], breakdowns: Iterable[str]) -> None:
        """The categories do not add up to the whole."""
        if self._is_newest(row):
            self._odd |= dict.fromkeys((row["indicator"], breakdown) for breakdown in breakdowns)

    def notices(self, plan: Plan) -> tuple[Text, ...]:
        """One for each reason, with the names of the indicators, and of the breakdowns in brackets."""
        names = [plan.indicators[name].name for name in self._made]
        found = [(_UNMADE, names), (_ODD, _named(plan, self._odd))]
        return tuple(
            Text(
                zh=text.zh.format(names="；".join(one.zh for one in told)), en=text.en.format(names="; ".join(o.en for o in told))
            )
            for text, told in found
            if told
        )

    def _is_newest(self, row: Mapping[str, Any]) -> bool:
        return self._newest.setdefault(str(row["target"]), str(row["period"])) == str(row["period"])


def _filled(text: Text, names: Sequence[Text]) -> Text:
    zh, en = "；".join(one.zh for one in names), "; ".join(one.en for one in names)
    return Text(zh=text.zh.format(names=zh), en=text.en.format(names=en))


def _named(plan: Plan, pairs: Pairs) -> list[Text]:
    """Indicator (breakdown, breakdown), for each indicator."""
    found: dict[str, list[Text]] = {}
    for indicator, breakdown in pairs:
        parts = [plan.breakdowns[name].name for name in breakdown.split(",")]
        crossed = Text(zh=" × ".join(part.zh for part in parts), en=" × ".join(part.en for part in parts))
        found.setdefault(indicator, []).append(crossed)
    return [
        Text(
            zh=f"{plan.indicators[name].name.zh}（{'、'.join(one.zh for one in told)}）",
            en=f"{plan.indicators[name].name.en} ({', '.join(one.en for one in told)})",
        )
        for name, told in found.items()
    ]

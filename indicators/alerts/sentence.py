"""The sentences of alerts, in both languages: what was said, what is said now, and why the alert fired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from indicators.catalogue.format import bound, interval, number, percent, unit_of
from indicators.catalogue.periods import Language, label
from indicators.catalogue.plan import Plan
from indicators.editions.results import TOTAL
from pipelines.dictionary import Table
from pipelines.yamlfile import Text

Row = Mapping[str, Any]

#: the outcomes of a target with a number in words, those of a year before the target year as `so_far`
OUTCOME_NAMES: dict[str, Text] = {
    "met": Text(zh="已达到（95%把握）", en="Met (95% certain)"),
    "met_within_error": Text(zh="已达到，误差之内", en="Met, within error"),
    "so_far.met": Text(zh="目前已达到", en="Met so far"),
    "so_far.met_within_error": Text(zh="目前已达到，误差之内", en="Met so far, within error"),
    "not_met_within_error": Text(zh="未达到，误差之内", en="Not met, within error"),
    "not_met": Text(zh="未达到（95%把握）", en="Not met (95% certain)"),
    "on_track": Text(zh="符合进度", en="On track"),
    "acceleration": Text(zh="需加快", en="Acceleration needed"),
    "limited": Text(zh="进展有限", en="Limited progress"),
    "deterioration": Text(zh="倒退", en="Moving away"),
    "cannot_tell": Text(zh="难以判定", en="Cannot be told"),
    "met_at_base": Text(zh="基期已达到", en="Met at base"),
    "lost": Text(zh="基期达到，现未达到", en="Met at base, not any more"),
    "base_only": Text(zh="仅有基期", en="Base only"),
    "no_date": Text(zh="未定期限", en="No date"),
    "no_error": Text(zh="误差未知", en="Error unknown"),
    "depends": Text(zh="因方法而异", en="Depends on the method"),
}
_PHRASES: dict[str, Text] = {
    "comma": Text(zh="，", en=", "),
    "interval": Text(zh="（95%区间{ends}）", en=" (95% interval {ends})"),
    "verdict": Text(zh="{said}；{facts}；{why}。", en="{said}; {facts}; {why}."),
    "said": Text(
        zh="{name}：版次{edition}判为“{former}”，本版判为“{now}”",
        en="{name}: edition {edition} said “{former}”, this one says “{now}”",
    ),
    "said_newer": Text(
        zh="{name}：版次{edition}据{then}数据判为“{former}”，本版据{period}数据判为“{now}”",
        en="{name}: by {then} edition {edition} said “{former}”, by {period} this one says “{now}”",
    ),
    "value": Text(zh="数值为{value}{interval}", en="the number is {value}{interval}"),
    "value_moved": Text(zh="数值由{former}变为{value}{interval}", en="the number was {former} and is {value}{interval}"),
    "value_newer": Text(
        zh="{then}为{former}，{period}为{value}{interval}", en="it was {former} in {then} and is {value} in {period}{interval}"
    ),
    "base": Text(zh="基期值由{former}变为{now}", en="the base was {former} and is {now}"),
    "target": Text(zh="目标{now}", en="the target is {now}"),
    "target_moved": Text(zh="目标由{former}改为{now}", en="the target was {former} and is {now}"),
    "year": Text(zh="目标年份由{former}改为{now}", en="the target year was {former} and is {now}"),
    "certain": Text(
        zh="该数没有抽样误差，“{former}”已不成立", en="the number has no sampling error, and “{former}” holds no more"
    ),
    "improbable": Text(
        zh="按现有数值及其误差，“{former}”成立的概率为{probability}，低于5%",
        en="by the number and its error the probability of “{former}” is {probability}, below 5%",
    ),
    "revision": Text(
        zh="{name}：版次{edition}公布的{former}修订为{value}，超出原95%区间（{ends}）；{reason}。",
        en="{name}: {former} in edition {edition} was revised to {value}, outside its 95% interval ({ends}); {reason}.",
    ),
    "revision_exact": Text(
        zh="{name}：版次{edition}公布的{former}修订为{value}，该数没有抽样误差，任何修订均予提示；{reason}。",
        en="{name}: {former} in edition {edition} was revised to {value}; without sampling error any revision counts; {reason}.",
    ),
    "data": Text(zh="录入的数据有变化", en="the data differ"),
    "plan": Text(zh="方案有修改", en="the plan differs"),
    "both": Text(zh="数据和方案均有变化", en="the data and the plan differ"),
    "frozen": Text(zh="冻结的基期有变化", en="the frozen base differs"),
    "version": Text(zh="程序版本不同", en="the version of the program differs"),
    "revised": Text(
        zh="{name}：有{n}个数值的修订超出误差范围，其中最主要的是{place}，由{former}修订为{value}；{reason}。",
        en="{name}: {n} numbers were revised beyond their error, foremost {place}, from {former} to {value}; {reason}.",
    ),
    "late": Text(
        zh="{table}：{period}的数据最迟应于{due}报送；{former}已报送且本期仍应报送的单位中，截至{today}有{count}未报。",
        en="{table}: reports for {period} were due by {due}; of the units that reported for {former} and are still to report, "
        "{count} had not by {today}.",
    ),
    "units": Text(zh="{n}家", en="{n}"),
    "few": Text(zh="不足{n}家", en="fewer than {n}"),
}


def verdict_sentence(plan: Plan, then: Row, now: Row, probability: float) -> Text:
    """Why a verdict is an alert.

    `then` and `now` are rows of the table assessments with the operator and target_year of their plan, `then` also with its
    edition, `now` with low and high of its value; `probability` is that of the former outcome by the numbers of now.
    """
    return _both(lambda language: _verdict(plan, then, now, probability, language))


def revision_sentence(plan: Plan, row: Row) -> Text:
    """Why a revision is an alert; a row of the table revisions with low, high and exact of the former number."""

    def told(language: Language) -> str:
        unit, name = unit_of(plan, row["indicator"]), plan.indicators[row["indicator"]].name.in_language(language)
        former, value = _pair(plan, row, row["former"], row["value"], language)
        ends = interval(row["low"], row["high"], unit, language, signed=_signed(plan, row))
        place, key = _place(plan, row, language), "revision_exact" if row["exact"] else "revision"
        values = {"name": _say("comma", language).join([name, *place]), "edition": row["edition"], "ends": ends}
        return _say(key, language, former=former, value=value, reason=_say(row["reason"], language), **values)

    return _both(told)


def revised_sentence(plan: Plan, count: int, foremost: Row) -> Text:
    """Several revisions of one indicator in a line, and the foremost of them; a row of the table revisions."""

    def told(language: Language) -> str:
        former, value = _pair(plan, foremost, foremost["former"], foremost["value"], language)
        name = plan.indicators[foremost["indicator"]].name.in_language(language)
        place = _say("comma", language).join(_place(plan, foremost, language))
        values = {"name": name, "n": f"{count:,}", "place": place, "reason": _say(foremost["reason"], language)}
        return _say("revised", language, former=former, value=value, **values)

    return _both(told)


def late_sentence(table: Table, due: Row, today: date, count: str) -> Text:
    """Why late reporters are an alert; `due` is a row of LATE, `count` how many units are late, or `<3`."""

    def told(language: Language) -> str:
        few = count.startswith("<")
        values = {name: label(due[name], language) for name in ("period", "former")}
        days = {"due": label(due["due"].isoformat(), language), "today": label(today.isoformat(), language)}
        shown = _say("few" if few else "units", language, n=count.lstrip("<"))
        return _say("late", language, table=table.name.in_language(language), count=shown, **values, **days)

    return _both(told)


def _verdict(plan: Plan, then: Row, now: Row, probability: float, language: Language) -> str:
    former, newer = _outcome(then, language), then["period"] != now["period"]
    name = plan.indicators[now["indicator"]].name.in_language(language)
    place = _place(plan, now, language)[: -1 if newer else None]  # the periods are told apart in the words that follow
    said = {
        "name": _say("comma", language).join([name if now["target"] == now["indicator"] else f"{now['target']} {name}", *place]),
        "edition": then["edition"],
        "former": former,
        "now": _outcome(now, language),
        "then": label(then["period"], language),
        "period": label(now["period"], language),
    }
    why = _say(
        "certain" if probability == 0 and now["low"] is None else "improbable",
        language,
        former=former,
        probability=percent(probability),
    )
    facts = _say("comma", language).join(_facts(plan, then, now, language))
    return _say("verdict", language, said=_say("said_newer" if newer else "said", language, **said), facts=facts, why=why)


def _facts(plan: Plan, then: Row, now: Row, language: Language) -> list[str]:
    """The number, and what else the verdict rests on: the target, and of base and target year what is not as it was."""
    former, value = _pair(plan, now, then["value"], now["value"], language)
    unit, signed = unit_of(plan, now["indicator"]), _signed(plan, now)
    ends = interval(now["low"], now["high"], unit, language, signed=signed)
    years = {"then": label(then["period"], language), "period": label(now["period"], language)}
    shown = {"former": former, "value": value, "interval": _say("interval", language, ends=ends) if ends else ""}
    newer = "value_newer" if then["period"] != now["period"] else "value" if former == value else "value_moved"
    found = [_say(newer, language, **shown, **years)]
    old, new = (bound(row["operator"], row["threshold"], unit, language, signed=signed) for row in (then, now))
    found.append(_say("target" if old == new else "target_moved", language, former=old, now=new))
    moved = {}
    if None not in (then["base"], now["base"]):
        moved["base"] = _pair(plan, now, then["base"], now["base"], language)
    if None not in (then["target_year"], now["target_year"]):
        moved["year"] = (label(str(then["target_year"]), language), label(str(now["target_year"]), language))
    return [*found, *(_say(key, language, former=old, now=new) for key, (old, new) in moved.items() if old != new)]


def _outcome(row: Row, language: Language) -> str:
    early = row["target_year"] is not None and int(row["period"]) < row["target_year"]
    own = f"so_far.{row['outcome']}"
    return OUTCOME_NAMES[own if early and own in OUTCOME_NAMES else row["outcome"]].in_language(language)


def _place(plan: Plan, row: Row, language: Language) -> list[str]:
    """Category, if it is not the total, and period."""
    part = "" if row["breakdown"] == TOTAL else plan.named(row["breakdown"], row["category"]).in_language(language)
    return [*([part] if part else []), label(row["period"], language)]


def _pair(plan: Plan, row: Row, former: float, value: float, language: Language) -> tuple[str, str]:
    """Two numbers of one indicator with so many decimals that they look different, where they are."""
    unit, signed = unit_of(plan, row["indicator"]), _signed(plan, row)
    first = number(former, unit, language, signed=signed, beside=value)
    return first, number(value, unit, language, signed=signed, beside=former)


def _signed(plan: Plan, row: Row) -> bool:
    return plan.indicators[row["indicator"]].kind == "change"


def _say(key: str, language: Language, **values: object) -> str:
    return _PHRASES[key].in_language(language).format(**values)


def _both(told: Callable[[Language], str]) -> Text:
    return Text(zh=told("zh"), en=told("en"))

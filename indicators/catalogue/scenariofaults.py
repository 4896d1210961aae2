"""The faults of a scenario: a target, breakdowns, categories, levels or paces that the plan does not have."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.catalogue.question import breakdown_sets
from indicators.catalogue.scenario import ALL, Move, Scenario
from pipelines.yamlfile import Text

#: a best fifth is taken of at least so many categories
FIFTH_OF = 5
_LISTED = 12

Place = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is wrong in a scenario, in both languages, and at which place; `key` points at the key itself."""

    place: Place
    told: Text
    key: bool = False


def targets_of(plan: Plan) -> dict[str, tuple[Indicator, Target]]:
    """Every target of the plan by its id, with its indicator."""
    return {
        target.id or indicator.id: (indicator, target) for indicator in plan.indicators.values() for target in indicator.targets
    }


def scope_of(target: Target) -> dict[str, str]:
    """The category that a target asks, by breakdown; nothing for one that asks all."""
    return dict(target.scope) if isinstance(target.scope, dict) else {}


def named(move: Move, target: Target) -> dict[str, list[str]]:
    """The categories of each breakdown that a move names, with the one that the target itself asks."""
    codes = {name: [code] if isinstance(code, str) else list(code) for name, code in move.where.items()}
    return {**{name: [code] for name, code in scope_of(target).items()}, **codes}


def splittable(plan: Plan, indicator: Indicator, target: Target) -> list[tuple[str, ...]]:
    """Breakdowns and crossings over which the number of a target can be put together from its categories."""
    level, asked = plan.indicators[indicator.change_of or indicator.id], set(scope_of(target))
    if level.duration is not None:
        return [(indicator.mix,)] if indicator.mix and not asked else []
    return [names for names in breakdown_sets(plan, level) if asked < set(names)]


def scenario_faults(plan: Plan, scenario: Scenario) -> Iterator[Found]:
    """Everything in the scenario that the plan does not have or allow. The plan itself has no fault."""
    known = targets_of(plan)
    if scenario.target not in known:
        told = Text(zh=f"没有目标“{scenario.target}”。", en=f"the target `{scenario.target}` does not exist.")
        yield Found(place=("target",), told=joined(told, near(scenario.target, known)))
        return
    indicator, target = known[scenario.target]
    if target.value is None:
        told = Text(
            zh=f"目标“{scenario.target}”没有数值，无从计算差距。",
            en=f"the target `{scenario.target}` has no number, so there is no gap that could change.",
        )
        yield Found(place=("target",), told=told)
        return
    yield from _paces(plan, scenario, target)
    for i, move in enumerate(scenario.moves):
        for found in _move(plan, move, indicator, target):
            yield Found(place=("moves", i, *found.place), told=found.told, key=found.key)
        if any(_overlap(named(move, target), named(other, target)) for other in scenario.moves[:i]):
            told = Text(
                zh="前面的一步已调整了其中的类别，每个类别只调整一次。",
                en="a move above it moves some of these categories already; move each of them once.",
            )
            yield Found(place=("moves", i, "where"), told=told)


def near(word: str, known: Mapping[str, object] | Collection[str], names: Mapping[str, str] | None = None) -> Text | None:
    """The nearest known word, or the known ones when they are few; `names` lead from what a code is called to the code."""
    words = sorted(known)
    like = (names or {}).get(word.casefold()) or next(iter(difflib.get_close_matches(word, words, n=1, cutoff=0.6)), None)
    if like:
        return Text(zh=f"是否应为“{like}”？", en=f"Did you mean `{like}`?")
    return Text(zh=f"可用：{'、'.join(words)}。", en=f"Known here: {', '.join(words)}.") if 0 < len(words) <= _LISTED else None


def joined(told: Text, more: Text | None) -> Text:
    return told if more is None else Text(zh=told.zh + more.zh, en=f"{told.en} {more.en}")


def _overlap(one: dict[str, list[str]], other: dict[str, list[str]]) -> bool:
    """Whether two moves name a category in common; of different breakdowns they are refused already."""
    if set(one) != set(other):
        return False
    return all(ALL in one[name] or ALL in other[name] or set(one[name]) & set(other[name]) for name in one)


def _paces(plan: Plan, scenario: Scenario, target: Target) -> Iterator[Found]:
    """A pace needs a date up to which it is kept; the one that was had so far needs a base, too."""
    paces: list[tuple[Place, object]] = [(("moves", i, "pace"), move.pace) for i, move in enumerate(scenario.moves)]
    paces.append((("others",), scenario.others if scenario.others == "achieved" else None))
    for place, pace in paces:
        if pace is not None and target.year is None:
            told = Text(
                zh="该目标没有期限，不知速度保持到何时；请用to给出水平。",
                en="this target has no date up to which a pace could be kept; give a level with `to`.",
            )
            yield Found(place=place, told=told)
        elif pace == "achieved" and plan.base_of(target) is None:
            told = Text(zh="该目标没有基年，不知已有速度。", en="this target has no base year since which a pace was had.")
            yield Found(place=place, told=told)


def _move(plan: Plan, move: Move, indicator: Indicator, target: Target) -> Iterator[Found]:
    unknown = [name for name in move.where if name not in plan.breakdowns]
    for name in unknown:
        told = Text(zh=f"没有分组“{name}”。", en=f"the breakdown `{name}` does not exist.")
        yield Found(place=("where", name), told=joined(told, near(name, plan.breakdowns)), key=True)
    if move.among is not None and move.among not in plan.breakdowns:
        told = Text(zh=f"没有分组“{move.among}”。", en=f"the breakdown `{move.among}` does not exist.")
        yield Found(place=("among",), told=joined(told, near(move.among, plan.breakdowns)))
    elif not unknown:
        yield from _broken_down(plan, move, indicator, target)
        yield from _categories(plan, move, target)
        yield from _level(plan, move, indicator)
        yield from _fifth(plan, move, indicator, target) if move.of_a_fifth else ()


def _broken_down(plan: Plan, move: Move, indicator: Indicator, target: Target) -> Iterator[Found]:
    """Whether the number is put together from categories of these breakdowns."""
    allowed, asked = splittable(plan, indicator, target), scope_of(target)
    if set(named(move, target)) in [set(names) for names in allowed]:
        return
    offered = ["{" + ", ".join(name for name in names if name not in asked) + "}" for names in allowed]
    here = ", ".join(move.where)
    told = Text(
        zh=f"该目标的数值不能由{here}的类别合成；可用：{'、'.join(offered) or '无'}。",
        en=f"the number of this target is not made of categories of {here}; it is of {', '.join(offered) or 'none'}.",
    )
    yield Found(place=("where",), told=told)


def _categories(plan: Plan, move: Move, target: Target) -> Iterator[Found]:
    asked = scope_of(target)
    for name, codes in move.where.items():
        listed = plan.categories(name)
        names = {
            text.casefold(): code for code, entry in listed.items() for text in (*entry.aliases, entry.name.zh, entry.name.en)
        }
        for j, code in enumerate([codes] if isinstance(codes, str) else codes):
            place: Place = ("where", name) if isinstance(codes, str) else ("where", name, j)
            if name in asked and code != asked[name]:
                told = Text(
                    zh=f"该目标只要求“{asked[name]}”，不包括“{code}”。",
                    en=f"this target asks `{asked[name]}` alone, and `{code}` is no part of it.",
                )
                yield Found(place=place, told=told)
            elif listed and code not in listed and code != ALL:
                told = Text(zh=f"分组“{name}”没有类别“{code}”。", en=f"the breakdown `{name}` has no category `{code}`.")
                yield Found(place=place, told=joined(told, near(code, [*listed, ALL], names)))


def _level(plan: Plan, move: Move, indicator: Indicator) -> Iterator[Found]:
    """A share lies between 0 and 1; who writes 70 means 70 %."""
    level = move.to if isinstance(move.to, int | float) else None
    if level is not None and indicator.kind == "ratio" and plan.unit(indicator.id).bounded and not 0 <= level <= 1:
        told = Text(
            zh=f"比重应在0与1之间，这里是{level:g}；70%写作0.7。",
            en=f"a share lies between 0 and 1, found {level:g}; write 70 % as 0.7.",
        )
        yield Found(place=("to",), told=told)


def _fifth(plan: Plan, move: Move, indicator: Indicator, target: Target) -> Iterator[Found]:
    """A fifth is taken of levels or paces of at least five categories; those of a total differ by their size alone."""
    place: Place = ("to",) if move.to is not None else ("pace",)
    names = [move.among] if move.among else list(named(move, target))
    sizes = [len(plan.categories(name)) or math.inf for name in names if name not in scope_of(target)]
    told: Text | None = None
    if indicator.kind == "total":
        told = Text(
            zh="总量的各类别大小本就不同，无所谓前20%；请给出数值。",
            en="categories of a total differ by their size, so there is no best fifth of them; give a number.",
        )
    elif move.pace is not None and len(names) > 1:
        told = Text(
            zh="最快的前20%只按单个分组计算；请用among指明分组。",
            en="the fastest fifth is known of single breakdowns only; name one with `among`.",
        )
    elif math.prod(sizes) < FIFTH_OF:
        told = Text(
            zh=f"不足{FIFTH_OF}个类别，无所谓前20%；请用among指明分组，或给出数值。",
            en=f"of fewer than {FIFTH_OF} categories no fifth is taken; name a breakdown with `among`, or give a number.",
        )
    if told is not None:
        yield Found(place=place, told=told)

"""The faults of targets: directions, readings and paths that do not fit the indicator or each other."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from indicators.catalogue.plan import Indicator, Path, Plan, Target
from pipelines.yamlfile import suggest

Found = tuple[list[str | int], str]


def target_faults(plan: Plan, indicator: Indicator, target: Target, units: AbstractSet[str]) -> Iterator[Found]:
    """Places below the target and what is wrong there; `units` are those of plan.yaml that exist."""
    asked = {">": "more", "<": "less"}.get((target.operator or " ")[0])
    if asked and {"higher": "more", "lower": "less"}.get(indicator.better, asked) != asked:  # `better` may be missing: said there
        yield ["operator"], f"`{target.operator}` asks for {asked}, but `better` of this indicator is `{indicator.better}`"
    yield from _identity(plan, indicator, target)
    declared = [path.declared for path in target.paths]
    for i, path in enumerate(target.paths):
        if path.declared in declared[:i]:
            yield ["paths", i, "declared"], f"two paths are declared on {path.declared}; which one is in force cannot be told"
        known = indicator.unit in units
        share = known and indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded
        for place, message in _path(plan, target, path, bounded=not known or share):
            yield ["paths", i, *place], message


def _identity(plan: Plan, indicator: Indicator, target: Target) -> Iterator[Found]:
    """A target is named by its id everywhere, so the id stands once in a plan; another reading names its headline."""
    others = {one.id: one for held in plan.indicators.values() if held is not indicator for one in held.targets if one.id}
    if target.id in others:
        yield ["id"], f"another indicator has a target `{target.id}`, too; give each an id of its own"
    if target.reading_of is None:
        return
    own = {one.id: one for one in indicator.targets if one.id and one is not target}
    known = {str(name): one for name, one in (others | own).items()}
    if target.reading_of not in known:
        yield ["reading_of"], f"the target `{target.reading_of}` does not exist.{suggest(target.reading_of, known)}"
    elif known[target.reading_of].reading_of is not None:
        yield ["reading_of"], f"`{target.reading_of}` is itself another reading; name the headline target"


def _path(plan: Plan, target: Target, path: Path, *, bounded: bool) -> Iterator[Found]:
    base = plan.base_of(target)
    if target.value is None or target.year is None or base is None:
        yield [], "a path leads from a base year to a number in a year, and this target has not all three; leave `paths` out"
        return
    if path.shape == "logistic" and (not bounded or target.value >= path.ceiling):
        message = "a logistic path is for shares, and its ceiling lies above the value of the target"
        yield ["shape"], f"{message}; use `linear`, or `steps`"
    for year in path.milestones:
        if not int(base) < int(year) <= target.year:
            yield ["milestones", year], f"a milestone lies after the base {base} and not after the target year {target.year}"

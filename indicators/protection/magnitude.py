"""Which sums of an indicator are magnitudes, whose largest contributions may be told from the sum, and which only count."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.catalogue import formula
from indicators.catalogue.plan import Indicator, Plan


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What numerator (y) and denominator (x) of an indicator are to the rules.

    A magnitude is a quantity that one contributor may dominate. A count of those who do something, or of all, is none: there
    the number of contributors protects, and that they do not all do the same.
    """

    y: bool  # a magnitude
    x: bool
    told_x: bool  # a denominator is part of the number; a total has none
    share: bool  # 0 and 1 say the same of everybody
    sensitive: bool  # and that is harmful
    nothing: str | None  # the period in which every y is zero by definition, so that a zero tells nothing


def parts(plan: Plan, indicator: Indicator) -> Parts:
    """The parts of a ratio, a total or a duration; the cases behind a duration are a magnitude, for one may have most of them."""
    if indicator.duration:
        return Parts(y=False, x=True, told_x=True, share=False, sensitive=False, nothing=None)
    assert indicator.numerator is not None
    above, below = str(indicator.numerator), str(indicator.denominator)
    names = formula.parse(above).columns
    flag = formula.is_flag(above)
    ratio = indicator.kind == "ratio"
    constant = not ratio or not formula.parse(below).columns
    bounded = ratio and plan.unit(indicator.id).bounded
    return Parts(
        y=not (flag or not names or (bounded and constant)),
        x=not (constant or formula.is_flag(below)),
        told_x=ratio,
        share=bounded or bool(flag and names and constant),
        sensitive=any(_is_sensitive(plan, indicator, name) for name in names),
        nothing=_nothing(indicator),
    )


def _is_sensitive(plan: Plan, indicator: Indicator, name: str) -> bool:
    column = plan.reachable(indicator).get(name)
    return column is not None and column.sensitive


def _nothing(indicator: Indicator) -> str | None:
    """The base year of a panel whose numerator is a value less the same value of the base year."""
    names = formula.parse(str(indicator.numerator)).columns
    if indicator.panel is None or len(names) != 2 or names[1] != f"base_{names[0]}":
        return None
    is_difference = "".join(str(indicator.numerator).split()) == f"{names[0]}-{names[1]}"
    return str(indicator.panel.base_period) if is_difference else None

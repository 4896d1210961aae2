"""The method strip in words: what each method goes by, what it says, how many agree with our own assessment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.rows.assessed import Assessment
from dashboard.rows.reading import Reading
from dashboard.wording import definition, phrases
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.methods import rules
from indicators.methods.methods import own_direction
from indicators.methods.rulings import METHODS, curbed

Row = Mapping[str, Any]
_NOTHING = "–"
_DIRECTIONS = ("on_track", "behind", "away")


@dataclass(frozen=True, kw_only=True)
class Strip:
    """All rulings on one number held against one target, with the number itself."""

    plan: Plan
    indicator: Indicator
    target: Target
    period: str
    rulings: Sequence[Row]  # rows of the table `methods`
    value: float | None = None  # of the results
    base_period: str | None = None
    base: float | None = None  # the number of that year; none of a change
    assessment: Row | None = None  # of the table `assessments`; none for a target without a number

    @classmethod
    def of(cls, plan: Plan, reading: Reading, row: Assessment, rulings: Sequence[Row]) -> Strip:
        """The rulings on the number of a reading, which `row` assesses."""
        return cls(
            plan=plan,
            indicator=reading.indicator,
            target=reading.target,
            period=row.period,
            rulings=rulings,
            value=row.value,
            base_period=row.base_period,
            base=None if reading.signed else row.base,
            assessment=asdict(row) if reading.target.value is not None else None,
        )

    @property
    def own(self) -> str | None:
        """Our own direction; None where we give none."""
        if self.assessment is None:
            return None
        strict = self.target.reading == "strict"
        return own_direction(self.assessment["gap"], self.assessment["grade"], strict=strict)

    @property
    def sign(self) -> int:
        """1 where more is better, −1 where less is."""
        if self.target.operator is None:
            return 1 if self.indicator.better == "higher" else -1
        return 1 if self.target.operator.startswith(">") else -1

    @property
    def applying(self) -> list[Row]:
        return [row for row in self.rulings if row["verdict"] is not None]


def heading(strip: Strip, words: Words) -> list[str]:
    """The number with its base, and what the law demands."""
    unit, signed = format.unit_of(strip.plan, strip.indicator.id), strip.indicator.kind == "change"
    name = definition.target_name(strip.target, strip.target.id or strip.indicator.id, strip.plan, words)
    told = {"target": name, "period": periods.label(strip.period, words.language), "value": _NOTHING}
    if strip.value is not None:
        told["value"] = format.number(strip.value, unit, words.language, signed=signed, beside=strip.target.value)
    line = words("methods.heading", **told)
    if strip.base_period and strip.base is not None and strip.base_period < strip.period:
        begun, base = periods.label(strip.base_period, words.language), _NOTHING
        if strip.target.basis != "step":  # where all steps begin is a convention and no number
            base = format.number(strip.base, unit, words.language)
        line = words("methods.heading.since", **told, begun=begun, base=base)
    return [line, words("methods.heading.target", bound=phrases.bound(strip.target, unit, words, signed=signed))]


def headings(words: Words) -> list[str]:
    return [words(f"methods.column.{name}") for name in ("method", "figure", "verdict", "agrees")]


def lines(strip: Strip, words: Words) -> list[list[str]]:
    """Our own line, where we give a pace, then one a method, in the order of the strip."""
    found, own = [], strip.own
    if own is not None and strip.assessment is not None:
        pace = strip.assessment["pace"]
        figure = _NOTHING if pace is None else words("methods.figure.own", figure=_shown(pace, "own"))
        found.append([words("methods.own"), figure, _grade(strip.assessment, words), ""])
    by_method = {row["method"]: row for row in strip.rulings}
    for method in METHODS:
        if (row := by_method.get(method)) is not None:
            mark = "" if row["agrees"] is None else "✓" if row["agrees"] else "✗"
            found.append([words(f"methods.{method}"), _figure(strip, row, words), _verdict(row, words), mark])
    return found


def sentences(strip: Strip, words: Words) -> list[str]:
    """How many methods apply, how many of them agree with our own, and what the others say."""
    total, own = len(strip.applying), strip.own
    if not total:
        return [words("methods.inapplicable.all")]
    counts = Counter(row["direction"] for row in strip.applying)
    if own is None or strip.assessment is None:
        return [words("methods.no_own", total=total, parts=_parts(counts, words))]
    doubted = [words("methods.by_numbers")] if strip.assessment.get("outcome") == "cannot_tell" else []
    direction, agreeing = words(f"methods.direction.{own}"), counts.pop(own, 0)
    if agreeing:
        told = [words("methods.agree", n=agreeing, total=total, direction=direction)]
    else:
        told = [words("methods.disagree", total=total, direction=direction)]
    others = [words("methods.others", parts=_parts(counts, words))] if counts else []
    return [*told, *others, *doubted]


def _parts(counts: Mapping[str, int], words: Words) -> str:
    told = [
        words("methods.count", n=counts[name], direction=words(f"methods.direction.{name}"))
        for name in _DIRECTIONS
        if counts.get(name)
    ]
    return words("methods.separator").join(told)


def _grade(assessment: Row, words: Words) -> str:
    """Our own grade by the numbers, and the one beside it where error leaves both open."""
    grade, other = assessment["grade"] or "achieved", assessment["other"]
    told = words(f"methods.verdict.linear.{grade}")
    return told if other is None else words("methods.own.open", grade=told, other=words(f"methods.verdict.linear.{other}"))


def _verdict(row: Row, words: Words) -> str:
    if row["verdict"] is None:
        return words("methods.inapplicable", reason=words(f"methods.reason.{row['reason']}"))
    return words(f"methods.verdict.{row['method']}.{row['verdict']}")


def _figure(strip: Strip, row: Row, words: Words) -> str:
    """What the method goes by, and the score or index that some show beside it."""
    figure, method = row["figure"], row["method"]
    if figure is None:
        return _NOTHING
    told = words(f"methods.figure.{method}", figure=_shown(figure, method)) if strip.target.value is not None else None
    told = told or words("methods.figure.growth", figure=_growth(strip, method, figure, words))
    if (score := _score(strip, row)) is not None:
        told += words("methods.separator") + words("methods.figure.score", figure=_telling(score, 1, signed=True))
    found = strip.assessment
    if method == "escap" and found is not None and found["base"] is not None:
        status = rules.current_status(strip.sign, found["base"], found["value"], found["threshold"])
        told += words("methods.separator") + words("methods.figure.status", figure=_telling(status, 1))
    return told


def _score(strip: Strip, row: Row) -> float | None:
    """From −5 to 5, of the two methods that have one."""
    figure, method = row["figure"], row["method"]
    if method not in ("statcan", "eurostat"):
        return None
    if strip.target.value is not None:
        reached = strip.assessment is not None and strip.assessment["gap"] <= 0  # as they read it, at equality too
        return 5.0 if reached else rules.ratio_score(figure)
    if method == "eurostat":
        return rules.eurostat_growth_score(figure)
    share = strip.indicator.kind == "ratio" and strip.plan.unit(strip.indicator.id).bounded
    return rules.growth_score(figure, 1.0 if strip.base is None else curbed(strip.base, strip.sign, share=share))


def _growth(strip: Strip, method: str, figure: float, words: Words) -> str:
    """Of a target without a number: a rate, or for Germany a change, positive in the direction wanted."""
    if method == "germany":
        unit = format.unit_of(strip.plan, strip.indicator.id)
        return format.difference(figure, unit, words.language, signed=True)
    return _telling(100 * figure, 1, (-1, -0.1, 0, 0.1, 0.5, 1, 1.5, 2), signed=True) + "%"


def _shown(figure: float, method: str) -> str:
    """The figure as its method writes it, on the side of the bounds of its bands on which it lies."""
    if method == "escap":
        return _telling(100 * figure, 0, (10, 100)) + "%"
    if method == "germany":
        return _telling(100 * figure, 0, (5, 20)) + "%"
    if method == "digital_decade":
        return _telling(100 * figure, 0, (0, 60, 95)) + "%"
    if method == "undp":
        return _telling(figure, 0, (60, 80))
    return _telling(figure, 2, (0, 0.10, 0.60, 0.95))


def _telling(value: float, decimals: int, bounds: Sequence[float] = (), *, signed: bool = False) -> str:
    """The number with the fewest decimals from `decimals` on that leave it on its side of every bound: 0.9499, not 0.95."""
    shown = f"{value:{'+' if signed else ''}.{decimals}f}"
    for more in range(decimals, 7):
        shown = f"{value:{'+' if signed else ''}.{more}f}"
        if all((float(shown) > one, float(shown) < one) == (value > one, value < one) for one in bounds):
            break
    return shown.replace("-", format.MINUS)

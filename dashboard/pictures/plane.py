"""Where things lie: the axes of a figure with their ranges and ticks, and numbers turned into pixels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.pictures.ink import Line, lines
from dashboard.pictures.missing import CannotDraw, known, one_of

TICK = 13  # size of the words at the axes
_AWAY = 7  # pixels between an axis and its words
_DRAWN = (
    "range tickvals ticktext nticks ticksuffix tickprefix showticklabels showgrid gridcolor zeroline zerolinecolor zerolinewidth"
    " visible domain anchor side title tickfont showline linecolor linewidth rangemode autorange matches dtick tick0 type"
    " ticks tickmode tickangle gridwidth"
    " fixedrange automargin showspikes hoverformat uirevision"
)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis: from `low` at the pixel `start` to `high` at the pixel `end`; of heights `start` is the lower end."""

    name: str  # x, x2, y…
    told: Mapping[str, Any]
    low: float
    high: float
    start: float = 0.0
    end: float = 1.0

    @property
    def is_across(self) -> bool:
        return self.name.startswith("x")

    @property
    def visible(self) -> bool:
        return self.told.get("visible") is not False

    def at(self, value: float) -> float:
        """The pixel of a number."""
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    def holds(self, value: float) -> bool:
        slack = 1e-9 * abs(self.high - self.low)
        return min(self.low, self.high) - slack <= value <= max(self.low, self.high) + slack

    @property
    def ticks(self) -> list[tuple[float, Line]]:
        """Numbers within the range that bear a word, with it."""
        told = self.told
        if told.get("tickvals") is not None:
            values = [float(value) for value in told["tickvals"]]
            words = [str(word) for word in told.get("ticktext") or map(_written, values)]
        else:
            values = _round_numbers(self)
            places = max((len(f"{value:.10g}".partition(".")[2]) for value in values), default=0)
            words = [_written(value, places) for value in values]
        before, after = told.get("tickprefix") or "", told.get("ticksuffix") or ""
        if told.get("ticktext") is not None:
            before = after = ""
        named = zip(values, words, strict=True)
        return [(value, lines(f"{before}{word}{after}")[0]) for value, word in named if self.holds(value)]

    @property
    def words(self) -> list[tuple[float, Line]]:
        """The ticks of which the words are shown."""
        return self.ticks if self.visible and self.told.get("showticklabels") is not False else []

    @property
    def size(self) -> float:
        return float((self.told.get("tickfont") or {}).get("size") or TICK)

    @property
    def heading(self) -> Line | None:
        title = self.told.get("title") or {}
        text = title.get("text") if isinstance(title, Mapping) else title
        return lines(str(text))[0] if text and self.visible else None

    @property
    def room(self) -> float:
        """How many pixels its words and heading take beside the plot."""
        if not self.words:
            return 0.0
        wide = self.size * 1.3 if self.is_across else max(word.width(self.size) for _, word in self.words)
        return wide + _AWAY + (self.size * 1.7 if self.heading else 0.0)


@dataclass(frozen=True, kw_only=True)
class Plane:
    """All axes of a figure by name, and the pixels of its plot (left, top, right, bottom)."""

    axes: Mapping[str, Axis]
    box: tuple[float, float, float, float]

    def _place(self, ref: str, value: float) -> float:
        """The pixel of a place on an axis, or as a share of the domain of one."""
        name, _, domain = ref.partition(" ")
        if name not in self.axes:
            raise CannotDraw(f"pictures/ found a reference to the axis {name!r}, which the figure does not have")
        axis = self.axes[name]
        return axis.start + value * (axis.end - axis.start) if domain else axis.at(float(value))

    def across(self, ref: str, value: float) -> float:
        """From the left, in pixels: on an axis, along the domain of one, or as a share of the whole plot (paper)."""
        return self.box[0] + value * (self.box[2] - self.box[0]) if ref == "paper" else self._place(ref, value)

    def down(self, ref: str, value: float) -> float:
        """From above, as `across`."""
        return self.box[3] - value * (self.box[3] - self.box[1]) if ref == "paper" else self._place(ref, value)

    def moved(self, box: tuple[float, float, float, float]) -> Plane:
        """The same with another plot."""
        return Plane(axes={name: _laid(axis, box) for name, axis in self.axes.items()}, box=box)

    def partner(self, axis: Axis) -> Axis:
        """The axis across, at the end of which this one stands."""
        name = str(axis.told.get("anchor") or ("y" if axis.is_across else "x") + axis.name[1:])
        return self.axes.get(name) or self.axes["y" if axis.is_across else "x"]


def axes(layout: Mapping[str, Any], reach: Mapping[str, Sequence[float]], flat: Mapping[str, set[float]]) -> dict[str, Axis]:
    """The axes by name, each with its range: as the figure says, else from what lies on it.

    `reach` are all numbers on an axis; of `flat` ones a range found here does not go beyond: where bars begin.
    """
    told = {name: dict(layout.get(f"{name[0]}axis{name[1:]}") or {}) for name in {"x", "y", *reach, *_named(layout)}}
    found = {}
    for name, spec in sorted(told.items()):
        known(spec, _DRAWN, f"{name}axis")
        one_of(spec.get("type"), (None, "-", "linear"), f"{name}axis.type")
        one_of(spec.get("side"), (None, "bottom" if name[0] == "x" else "left"), f"{name}axis.side")
        one_of(spec.get("tickangle"), (None, 0), f"{name}axis.tickangle")
        one_of(spec.get("ticks"), (None, ""), f"{name}axis.ticks")
        together = [other for other in told if _root(other, told) == _root(name, told)]
        values = [value for one in together for value in reach.get(one, ())]
        low, high = _range(spec, values, {end for one in together for end in flat.get(one, ())})
        found[name] = Axis(name=name, told=spec, low=low, high=high)
    return found


def _named(layout: Mapping[str, Any]) -> Iterable[str]:
    return (key[0] + key[5:] for key in layout if key[:5] in ("xaxis", "yaxis"))


def _root(name: str, told: Mapping[str, Mapping[str, Any]]) -> str:
    """The axis whose range it shares."""
    return str(told[name].get("matches") or name)


def _range(spec: Mapping[str, Any], values: Sequence[float], flat: set[float]) -> tuple[float, float]:
    asked = spec.get("range")
    if asked is not None and all(end is not None for end in asked):
        return float(asked[0]), float(asked[1])
    low, high = min(values, default=0.0), max(values, default=1.0)
    if spec.get("rangemode") in ("tozero", "nonnegative"):
        low, high, flat = min(0.0, low), max(0.0, high), flat | {0.0}
    room = 0.06 * (high - low) or 0.5
    ends = (low if low in flat else low - room, high if high in flat else high + room)
    return ends[::-1] if spec.get("autorange") == "reversed" else ends


def _laid(axis: Axis, box: tuple[float, float, float, float]) -> Axis:
    left, top, right, bottom = box
    first, last = axis.told.get("domain") or (0.0, 1.0)
    if axis.is_across:
        return replace(axis, start=left + first * (right - left), end=left + last * (right - left))
    return replace(axis, start=bottom - first * (bottom - top), end=bottom - last * (bottom - top))


def _round_numbers(axis: Axis) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten, as many as have room."""
    low, high = sorted((axis.low, axis.high))
    if axis.told.get("dtick") is not None:
        step, origin = float(axis.told["dtick"]), float(axis.told.get("tick0") or 0.0)
    else:
        room = abs(axis.end - axis.start)
        most = axis.told.get("nticks") or min(max(room / (80 if axis.is_across else 40), 4), 9) + 1
        rough = (high - low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step, origin = next(part * power for part in (1, 2, 5, 10) if part * power >= rough * (1 - 1e-9)), 0.0
    first = math.ceil((low - origin) / step - 1e-9)
    return [origin + step * at + 0.0 for at in range(first, math.floor((high - origin) / step + 1e-9) + 1)]


def _written(value: float, places: int | None = None) -> str:
    text = f"{value:,.10g}" if places is None else f"{value:,.{places}f}"
    return text.replace("-", "−")

"""How the numbers of one figure are written: unit, language, sign."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dashboard.pieces.markup import escape
from dashboard.rows.reading import Result
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Target, Unit
from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How the numbers of a figure are written: unit, language, sign."""

    unit: Unit
    words: Words
    signed: bool = False

    @property
    def in_figures(self) -> Scale:
        """The same where texts may hold markup, as those of figures may: what the unit is called is none."""
        told = {
            name: Text(zh=escape(text.zh, quote=False), en=escape(text.en, quote=False))
            for name in ("symbol", "difference")
            if (text := getattr(self.unit, name)) is not None
        }
        return replace(self, unit=self.unit.model_copy(update=told))

    def number(self, value: float) -> str:
        return format.number(value, self.unit, self.words.language, signed=self.signed)

    def brief(self, value: float) -> str:
        """Without a long unit, which then stands once beside the figure."""
        return self.number(value) if self.is_brief else format.plain(value, self.unit, signed=self.signed)

    @property
    def is_brief(self) -> bool:
        return len(self.unit.symbol.in_language(self.words.language)) <= 2

    @property
    def spelled(self) -> str:
        """The unit in words, where the numbers of a figure do not bear it."""
        unit = self.unit.symbol.in_language(self.words.language)
        return "" if self.is_brief else self.words("key.unit", unit=unit)

    def interval(self, row: Result) -> str:
        return format.interval(row.low, row.high, self.unit, self.words.language, signed=self.signed) or self.words(
            "interval.none"
        )

    def bound(self, target: Target) -> str:
        assert target.operator is not None and target.value is not None
        return format.bound(target.operator, target.value, self.unit, self.words.language, signed=self.signed)

    def shown(self, value: float | None) -> float | None:
        """On the axis in the unit's own scale, unrounded so that points lie where they are."""
        return None if value is None else value * self.unit.factor

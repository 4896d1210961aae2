"""Two numbers of one category side by side, and what was published of the difference between them; nothing is computed here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from dashboard.rows.reading import Result

#: what is known of a difference: outside its error, inside, or its error is not known; or there is none, and why: the numbers
#: are the same, only the latter or only the former is there, neither is, or it was not published
Known = Literal["beyond", "within", "unknown", "same", "new", "gone", "suppressed", "absent", "none"]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """A difference as it was published; without a number where it was not."""

    known: Known
    value: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None  # of a revision: data, plan, both …

    @property
    def mark(self) -> str:
        """Its shape: up or down where it is beyond its error, about equal within it."""
        if self.known == "beyond":
            return "▲" if (self.value or 0.0) > 0 else "▼"
        return {"within": "≈", "unknown": "?", "same": "=", "suppressed": "×", "absent": "○"}.get(self.known, "–")


NONE = Shift(known="none")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One category before and after."""

    category: str
    before: Result | None
    after: Result | None
    shift: Shift


def shift_of(row: Result | None) -> Shift:
    """What a row of an indicator of change says."""
    if row is None:
        return NONE
    if row.value is None:
        return Shift(known="suppressed" if row.status == "suppressed" else "absent")
    known: Known = "unknown" if row.significant is None else "beyond" if row.significant else "within"
    return Shift(known=known, value=row.value, low=row.low, high=row.high)


def changed(before: Sequence[Result], after: Sequence[Result], changes: Mapping[str, Result]) -> list[Pair]:
    """Every category of either period or of the changes, with its change."""
    return _paired(before, after, {name: shift_of(row) for name, row in changes.items()})


def revised(before: Sequence[Result], after: Sequence[Result], revisions: Iterable[Mapping[str, Any]]) -> list[Pair]:
    """Every category of either edition, with its revision as the newer edition published it.

    A number that is the same in both was not revised; of one that differs without a revision no more is known.
    """
    shifts = {
        row["category"]: Shift(known=_beyond(row["beyond_error"]), value=row["revision"], reason=row["reason"])
        for row in revisions
    }
    pairs = _paired(before, after, shifts)
    return [pair if pair.shift is not NONE else replace(pair, shift=Shift(known=_unrevised(pair))) for pair in pairs]


def _unrevised(pair: Pair) -> Known:
    """Why a number has no revision."""
    was, now = (None if row is None else row.value for row in (pair.before, pair.after))
    if was is not None and now is not None:
        return "same" if was == now else "none"
    if was is None and now is None:
        return "suppressed" if "suppressed" in [row.status for row in (pair.before, pair.after) if row] else "absent"
    return "gone" if now is None else "new"


def _paired(before: Sequence[Result], after: Sequence[Result], shifts: Mapping[str, Shift]) -> list[Pair]:
    was, now = ({row.category: row for row in rows} for rows in (before, after))
    return [
        Pair(category=name, before=was.get(name), after=now.get(name), shift=shifts.get(name, NONE))
        for name in dict.fromkeys([*now, *was, *shifts])
    ]


def differences(rows: Iterable[Mapping[str, Any]], first: str) -> dict[str, Shift]:
    """By period, `first` less the other; rows that were published the other way round are turned."""
    found = {}
    for row in rows:
        turned = row["category"] != first
        value, low, high = row["difference"], row["low"], row["high"]
        if turned:
            value, low, high = _less(value), _less(high), _less(low)
        found[row["period"]] = Shift(known=_beyond(row["significant"]), value=value, low=low, high=high)
    return found


def _beyond(told: bool | None) -> Known:
    return "unknown" if told is None else "beyond" if told else "within"


def _less(value: float | None) -> float | None:
    return None if value is None else -value


def by_shift(names: Iterable[str], shifts: Mapping[str, Shift]) -> list[str]:
    """Categories by their change, the largest rise first; those without a number after them, in the order given."""

    def place(name: str) -> tuple[bool, float]:
        value = shifts.get(name, NONE).value
        return value is None, -(value or 0.0)

    return sorted(names, key=place)

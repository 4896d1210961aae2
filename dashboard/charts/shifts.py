"""A published difference in a few words: its shape, its amount, and whether it is beyond its error."""

from __future__ import annotations

from dashboard.charts.scale import Scale
from dashboard.rows.pairs import Shift


def shifted(shift: Shift, scale: Scale) -> str:
    """▲ +3.2 beyond error; × withheld. `scale` is that of the difference, with its texts as figures take them."""
    told = scale.words(f"explore.shift.{shift.known}")
    if shift.value is None:
        return f"{shift.mark} {told}"
    amount = scale.brief(shift.value)
    return f"{shift.mark} <b>{amount}</b> {told}" if shift.known == "beyond" else f"{shift.mark} {amount} {told}"

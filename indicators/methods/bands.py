"""The bands into which official methods put their figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

Direction = Literal["on_track", "behind", "away"]
#: least figure, verdict, and what it means in one of three words; the best first
Bands = Sequence[tuple[float, str, Direction]]
_ANY = -math.inf


def _more_than(bound: float) -> float:
    return math.nextafter(bound, math.inf)


STATCAN: Bands = (
    (0.95, "on_track", "on_track"),
    (0.60, "acceleration", "behind"),
    (0.0, "limited", "behind"),
    (_ANY, "deterioration", "away"),
)
EUROSTAT: Bands = (
    (_more_than(0.95), "significant", "on_track"),
    (_more_than(0.60), "moderate", "behind"),
    (0.0, "insufficient", "behind"),
    (_ANY, "away", "away"),
)
#: of growth, where the target has no number
EUROSTAT_GROWTH: Bands = (
    (_more_than(0.01), "significant", "on_track"),
    (_more_than(0.001), "moderate", "behind"),
    (-0.001, "none", "behind"),
    (-0.01, "moderate_away", "away"),
    (_ANY, "significant_away", "away"),
)
#: their lowest score is one of stagnation and of regression; only the latter moves away
UNSD: Bands = (
    (0.95, "on_track", "on_track"),
    (0.10, "fair", "behind"),
    (0.0, "stagnation", "behind"),
    (_ANY, "stagnation", "away"),
)
UNSD_GROWTH: Bands = (
    (0.02, "on_track", "on_track"),
    (0.005, "fair", "behind"),
    (0.0, "stagnation", "behind"),
    (_ANY, "stagnation", "away"),
)
UNDP: Bands = ((80.0, "green", "on_track"), (60.0, "yellow", "behind"), (_ANY, "red", "behind"))
#: no official bands are known of the ratio to the path; these are ours, those of our own grades
DIGITAL_DECADE: Bands = (
    (0.95, "on_path", "on_track"),
    (0.60, "near_path", "behind"),
    (0.0, "far_from_path", "behind"),
    (_ANY, "away", "away"),
)

"""The trend: a curve through all years of a number, carried on to the target year. It takes four years at least.

After the trajectories of the EU's Digital Decade: a share follows a logistic curve, fitted by least squares to all years and then
moved along the years so that it passes through the last; other numbers follow a straight line, moved in the same way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from indicators.estimation.estimate import KEYS

#: years from the last, and the value there
Points = Sequence[tuple[int, float]]

_FEWEST = 4
#: a share that goes from 0.01 to 0.99 within half a year has leapt, and how steeply cannot be told from yearly values
_STEEPEST = 20
_ROUNDS = 200


def trend(spoken: pl.DataFrame, numbers: pl.DataFrame) -> pl.DataFrame:
    """KEYS, target, year, value: from the first year to the target year, where that lies ahead of the number.

    `spoken`: rows of HELD; `numbers`: KEYS and value of all years. Nothing where there are fewer than four years up to the
    number, or where no curve fits them (a share that is none or all in the last year, or leaps from none to all).
    """
    ends = ["indicator", "breakdown", "category"]
    known: dict[tuple[str, ...], dict[int, float]] = {}
    yearly = numbers.filter(pl.col("value").is_not_null(), pl.col("period").str.len_chars() == 4)
    for *key, period, value in yearly.join(spoken, on=ends, how="semi").select(*ends, "period", "value").iter_rows():
        known.setdefault(tuple(key), {})[int(period)] = value
    rows = []
    for row in spoken.filter(pl.col("left") >= 1).sort(*KEYS, "target").iter_rows(named=True):
        last = int(row["period"])
        years = {year: value for year, value in known.get(tuple(row[end] for end in ends), {}).items() if year < last}
        if row["base"] is not None:
            years.setdefault(int(row["base_period"]), row["base"])  # of a change: nothing has changed yet
        points = sorted((year - last, value) for year, value in {**years, last: row["value"]}.items())
        if len(points) < _FEWEST:
            continue
        ahead = range(points[0][0], row["target_year"] - last + 1)
        values = logistic(points, ahead) if row["bounded"] else straight(points, ahead)
        own = [row[name] for name in (*KEYS, "target")]
        rows += [(*own, last + after, value) for after, value in zip(ahead, values, strict=False)]
    schema = {**dict.fromkeys((*KEYS, "target"), pl.String), "year": pl.Int64, "value": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def straight(points: Points, ahead: Sequence[int]) -> list[float]:
    """Values on the line of the least-squares slope through the last point."""
    middle = math.fsum(year for year, _ in points) / len(points)
    mean = math.fsum(value for _, value in points) / len(points)
    moved = math.fsum((year - middle) * (value - mean) for year, value in points)
    gradient = moved / math.fsum((year - middle) ** 2 for year, _ in points)
    return [points[-1][1] + gradient * year for year in ahead]


def logistic(points: Points, ahead: Sequence[int]) -> list[float]:
    """Values on the logistic curve between 0 and 1 of the least-squares steepness through the last point; empty without one."""
    last = points[-1][1]
    steep = steepness(points) if 0 < last < 1 else None
    if steep is None:
        return []
    odds = math.log(last) - math.log1p(-last)
    return [last if year == 0 else _share(odds + steep * year) for year in ahead]


def steepness(points: Points) -> float | None:
    """k of the curve 1 ÷ (1 + exp(−(a + k·year))) of least squares; None where it would be a leap.

    The best of several beginnings: the line through the log odds of the values held inside 0.01 to 0.99, and rising and falling
    curves, slow and fast, through its middle.
    """
    inner = [(year, min(max(value, 0.01), 0.99)) for year, value in points]
    line = straight([(year, math.log(value / (1 - value))) for year, value in inner], (0, 1))
    mean = math.fsum(year for year, _ in points) / len(points)
    middle = math.fsum(math.log(value / (1 - value)) for _, value in inner) / len(points)
    begun = [_descended(points, middle - k * mean, k) for k in (line[1] - line[0], 1.0, -1.0, 4.0, -4.0)]
    _, k = min(begun, key=lambda found: found[0])
    return k if abs(k) <= _STEEPEST else None


def _descended(points: Points, a: float, k: float) -> tuple[float, float]:
    """The sum of squares and k where Newton's descent from a and k ends, or has become a leap.

    Damped as by Levenberg (1944) and Marquardt (1963): a step that does not lessen the sum is tried again, shorter.
    """
    damping, error = 1e-3, _error(points, a, k)
    for _ in range(_ROUNDS):
        of_a, of_k = _step(points, a, k, damping)
        if abs(k) > _STEEPEST or max(abs(of_a), abs(of_k)) <= 1e-12 * (1 + abs(a) + abs(k)):
            break
        tried = _error(points, a + of_a, k + of_k)
        if tried <= error:
            a, k, error, damping = a + of_a, k + of_k, tried, damping / 10
        else:
            damping *= 10
    return error, k


def _step(points: Points, a: float, k: float, damping: float) -> tuple[float, float]:
    """How far to go in a and k; endlessly far where the sum of squares curves down, so that the step is damped more."""
    shares = [(year, value, _share(a + k * year)) for year, value in points]
    parts = [(year, share * (1 - share), value - share, 1 - 2 * share) for year, value, share in shares]
    flat = [math.fsum(slope**2 * year**power for year, slope, *_ in parts) for power in (0, 1, 2)]
    bent = [math.fsum(slope * bend * rest * year**power for year, slope, rest, bend in parts) for power in (0, 1, 2)]
    ra, rk = (math.fsum(slope * rest * year**power for year, slope, rest, _ in parts) for power in (0, 1))
    aa, ak, kk = flat[0] * (1 + damping) - bent[0], flat[1] - bent[1], flat[2] * (1 + damping) - bent[2]
    size = aa * kk - ak * ak
    return ((kk * ra - ak * rk) / size, (aa * rk - ak * ra) / size) if aa > 0 and size > 0 else (math.inf, math.inf)


def _error(points: Points, a: float, k: float) -> float:
    if not math.isfinite(a + k):
        return math.inf
    return math.fsum((value - _share(a + k * year)) ** 2 for year, value in points)


def _share(odds: float) -> float:
    """The share of given log odds, without overflow on either side."""
    return 1 / (1 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1 + math.exp(odds))

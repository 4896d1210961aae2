"""The invented industry: every enterprise of the population in every year, with what it would answer if asked."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_data.names import enterprise_names

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

YEARS = (2024, 2025, 2026)
#: the last month of production, and the day on which projects and orders were recorded
LAST_MONTH = (2026, 9)
AS_OF = np.datetime64("2026-09-30")

#: share of enterprises, median employees, spread of its logarithm, revenue per employee (万元), value added per output
SEGMENTS: dict[str, tuple[float, float, float, float, float]] = {
    "3611": (0.020, 850, 1.10, 300, 0.18),
    "3612": (0.030, 950, 1.15, 330, 0.17),
    "3620": (0.025, 220, 1.00, 150, 0.24),
    "3630": (0.045, 130, 0.90, 110, 0.20),
    "3640": (0.008, 80, 0.80, 80, 0.19),
    "3650": (0.007, 110, 0.80, 95, 0.20),
    "3660": (0.060, 110, 0.95, 95, 0.22),
    "3670": (0.805, 85, 1.05, 105, 0.25),
}
#: where the enterprises stand, in parts per thousand (first two digits of GB/T 2260)
PROVINCES: dict[str, int] = {
    "11": 15, "12": 25, "13": 36, "14": 5, "15": 3, "21": 30, "22": 42, "23": 5, "31": 56, "32": 144, "33": 134, "34": 66,
    "35": 16, "36": 18, "37": 88, "41": 36, "42": 78, "43": 26, "44": 84, "45": 20, "46": 1, "50": 60, "51": 26, "52": 5,
    "53": 4, "61": 16, "62": 2, "64": 1, "65": 2,
}  # fmt: skip
#: a benchmark vehicle maker is no small one
BENCHMARK_EMPLOYEES = 600
#: share of births and of deaths from one year to the next
BIRTHS, DEATHS = 0.035, 0.020
#: prices of output, 2025 = 1: vehicles fall faster than parts
PRICES: dict[str, tuple[float, float, float]] = {
    "3611": (1.0310, 1.0, 0.9780),
    "3612": (1.0480, 1.0, 0.9690),
    "3620": (1.0120, 1.0, 0.9910),
    "3630": (1.0090, 1.0, 0.9940),
    "3640": (1.0060, 1.0, 0.9970),
    "3650": (1.0080, 1.0, 0.9950),
    "3660": (1.0110, 1.0, 0.9930),
    "3670": (1.0170, 1.0, 0.9880),
}
#: labour productivity of the population at constant prices, 2025 = 1
PRODUCTIVITY = (1 / 1.046, 1.0, 1.053)


def stream(seed: int, topic: str) -> np.random.Generator:
    """A random stream of its own for each topic, so that a change to one leaves the others as they are."""
    return np.random.default_rng([seed, zlib.crc32(topic.encode())])


@dataclass(frozen=True, kw_only=True)
class Industry:
    """The population.

    `frame` has one row per enterprise and year in which it existed: `unit` (row of the enterprise), enterprise_id,
    year, name, holding_group, segment, segment_group, province, size_class, employees (人), revenue (万元),
    above_scale, parts_tier, benchmark_oem; `value_added_rate` and `size` (standardised logarithm of employees) are
    known to nobody but the generator.
    """

    seed: int
    enterprises: int
    language: str
    frame: pl.DataFrame

    def stream(self, topic: str) -> np.random.Generator:
        return stream(self.seed, topic)

    @property
    def units(self) -> int:
        """How many enterprises existed at any time."""
        return 1 + int(self.frame["unit"].max())  # type: ignore[arg-type]


def make_industry(enterprises: int, seed: int, language: str, groups: Mapping[str, str]) -> Industry:
    """A population with `enterprises` enterprises in 2025; `groups` says of each segment whether it makes vehicle or parts.

    Raises ValueError below 100 enterprises: the strata would be empty.
    """
    if enterprises < 100:
        raise ValueError(f"an industry needs at least 100 enterprises, found {enterprises}; ask for more")
    gone, came = round(DEATHS * enterprises), round(BIRTHS * enterprises)
    count = enterprises + gone + came  # those that left before 2025, and those that came after it
    segment = _segments(count, stream(seed, "segment"))
    drawn = _employees(segment, stream(seed, "employees"))
    benchmark = _benchmarks(segment, drawn, enterprises, stream(seed, "benchmark"))
    staff = drawn * np.where(benchmark, np.maximum(1, BENCHMARK_EMPLOYEES / drawn[1]), 1)
    first, last = _lives(count, gone, came, benchmark, stream(seed, "lives"))
    revenue = _revenue(segment, staff, benchmark, stream(seed, "revenue"))
    group = np.array([groups[code] for code in SEGMENTS])[np.searchsorted(list(SEGMENTS), segment)]
    rate = np.array([SEGMENTS[str(code)][4] for code in segment]) * np.exp(stream(seed, "rate").normal(0, 0.15, count))
    alive = np.array([(first <= year) & (last >= year) for year in YEARS])
    revenue *= _productivity_factors(revenue * rate, staff, segment, alive)[:, None]
    shares = np.array(list(PROVINCES.values())) / sum(PROVINCES.values())
    province = stream(seed, "province").choice([f"{code}0000" for code in PROVINCES], count, p=shares)
    units = pl.DataFrame(
        {
            "unit": np.arange(count),
            "enterprise_id": [f"E{i + 1:06d}" for i in range(count)],
            "name": enterprise_names(segment, language, stream(seed, "name")),
            "holding_group": _holdings(count, staff[1], first, enterprises, stream(seed, "holding")),
            "segment": segment,
            "segment_group": group,
            "province": province,
            "benchmark_oem": benchmark,
            "value_added_rate": rate,
            "excellence": stream(seed, "tier").random(count),
        }
    )
    frames = [_year(units, y, staff[y], revenue[y], alive[y]) for y in range(len(YEARS))]
    return Industry(seed=seed, enterprises=enterprises, language=language, frame=pl.concat(frames))


def size_class(employees: str = "employees", revenue: str = "revenue") -> pl.Expr:
    """Size class by employees (人) and revenue (万元): 国统字〔2017〕213号, industry; a class needs both."""
    x, y = pl.col(employees), pl.col(revenue)
    return (
        pl.when((x >= 1000) & (y >= 40_000))
        .then(pl.lit("large"))
        .when((x >= 300) & (y >= 2_000))
        .then(pl.lit("medium"))
        .when((x >= 20) & (y >= 300))
        .then(pl.lit("small"))
        .otherwise(pl.lit("micro"))
    )


def _year(units: pl.DataFrame, index: int, staff: Floats, revenue: Floats, alive: NDArray[np.bool_]) -> pl.DataFrame:
    frame = units.with_columns(
        year=pl.lit(YEARS[index], pl.Int64),
        employees=pl.Series(np.maximum(3, np.rint(staff)).astype(np.int64)),
        revenue=pl.Series(revenue).round(2),
    ).with_columns(size_class=size_class(), above_scale=pl.col("revenue") >= 2_000)
    log = pl.col("employees").cast(pl.Float64).log()
    return frame.filter(pl.Series(alive)).with_columns(parts_tier=_tier(), size=(log - log.mean()) / log.std()).drop("excellence")


def _tier() -> pl.Expr:
    """The four tiers of parts enterprises that the plan names (task 4); large ones and vehicle makers have none."""
    luck, medium = pl.col("excellence"), pl.col("size_class") == "medium"
    return (
        pl.when((pl.col("segment_group") != "parts") | (pl.col("size_class") == "large"))
        .then(pl.lit(None, pl.String))
        .when(~pl.col("above_scale") | (pl.col("size_class") == "micro"))
        .then(pl.lit("micro_small"))
        .when(luck < pl.when(medium).then(0.15).otherwise(0.04))
        .then(pl.lit("little_giant"))
        .when(luck < pl.when(medium).then(0.45).otherwise(0.22))
        .then(pl.lit("provincial"))
        .otherwise(pl.lit("above_scale"))
    )


def _segments(count: int, random: np.random.Generator) -> NDArray[np.str_]:
    shares = np.array([row[0] for row in SEGMENTS.values()])
    exact = shares / shares.sum() * count
    counts = np.maximum(1, np.floor(exact)).astype(np.int64)
    counts[-1] += count - counts.sum()
    return random.permutation(np.repeat(np.array(list(SEGMENTS)), counts))


def _employees(segment: NDArray[np.str_], random: np.random.Generator) -> Floats:
    """Employees per year and enterprise, lognormal, moving a little from year to year."""
    middle = np.log([SEGMENTS[str(code)][1] for code in segment])
    spread = np.array([SEGMENTS[str(code)][2] for code in segment])
    base = np.exp(middle + spread * np.clip(random.normal(size=len(segment)), -3, 3))
    change = random.normal(0.004, 0.06, (2, len(segment)))
    return np.stack([base * np.exp(-change[0]), base, base * np.exp(change[1])])


def _revenue(segment: NDArray[np.str_], staff: Floats, benchmark: NDArray[np.bool_], random: np.random.Generator) -> Floats:
    """Revenue at current prices (万元), before the growth of the whole population is set."""
    each = np.log([SEGMENTS[str(code)][3] for code in segment]) + 0.06 * np.log(staff[1] / 100)
    each += random.normal(0, 0.62, len(segment)) * np.where(benchmark, 0.3, 1)
    own = random.normal(0, 0.04, staff.shape)
    prices = np.array([[PRICES[str(code)][year] for code in segment] for year in range(len(YEARS))])
    return np.asarray(staff * np.exp(each + own) * prices)


def _productivity_factors(value_added: Floats, staff: Floats, segment: NDArray[np.str_], alive: NDArray[np.bool_]) -> Floats:
    """One factor per year that sets the productivity of the population at constant prices to PRODUCTIVITY."""
    prices = np.array([[PRICES[str(code)][year] for code in segment] for year in range(len(YEARS))])
    level = (value_added / prices * alive).sum(axis=1) / (staff * alive).sum(axis=1)
    return np.asarray(np.array(PRODUCTIVITY) * level[1] / level)


def _benchmarks(segment: NDArray[np.str_], staff: Floats, enterprises: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """A few dozen benchmark vehicle makers among the larger ones."""
    makers = np.flatnonzero(np.isin(segment, ["3611", "3612"]))
    count = min(max(24, round(0.024 * enterprises)), 60, int(0.6 * len(makers)))
    order = makers[np.argsort(-np.log(staff[1][makers]) + random.normal(0, 0.4, len(makers)), kind="stable")]
    return np.asarray(np.isin(np.arange(len(segment)), order[:count]))


def _lives(count: int, gone: int, came: int, benchmark: NDArray[np.bool_], random: np.random.Generator) -> tuple[Ints, Ints]:
    """First and last year in the population; benchmark vehicle makers live through all."""
    first, last = np.full(count, YEARS[0]), np.full(count, YEARS[-1])
    others = random.permutation(np.flatnonzero(~benchmark))
    last[others[:gone]] = 2024
    last[others[gone : 2 * gone]] = 2025
    first[others[2 * gone : 2 * gone + came]] = 2025
    first[others[2 * gone + came : 2 * gone + 2 * came]] = 2026
    return first, last


def _holdings(count: int, staff: Floats, first: Ints, enterprises: int, random: np.random.Generator) -> list[str | None]:
    """Holding group of each enterprise, blank for most; a few groups are large and spread over several provinces."""
    number = max(3, enterprises // 60)
    sizes = 2 + random.geometric(0.35, number)
    sizes[: max(1, number // 6)] += random.integers(4, 11, max(1, number // 6))
    order = np.argsort(-(np.log(staff) + random.gumbel(size=count)), kind="stable")  # the larger, the more often owned
    members = random.permutation(order[: int(sizes.sum())])
    found: list[str | None] = [None] * count
    for group, part in enumerate(np.split(members, np.cumsum(sizes)[:-1])):
        for member in part:
            found[member] = f"G{group + 1:04d}"
    return found

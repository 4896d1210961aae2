"""What enterprises answer: the survey, the declarations of data security, the assessments of maturity and digital level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_data.industry import YEARS, Floats, Industry, Ints

#: published national values stand in the middle of 2025; the years beside it are plausible steps, not published
TOOL_RATE = {2024: 0.790, 2025: 0.835, 2026: 0.880}
NC_RATE = {2024: 0.635, 2025: 0.662, 2026: 0.690}
#: enterprises without any key process
WITHOUT_PROCESSES = 0.03
#: share of items left blank
BLANK = {"uses_rd_design_tools": 0.015, "key_processes": 0.015, "nc_key_processes": 0.02, "submitted_on": 0.01}

#: share of all enterprises that assess their maturity themselves, of their own accord, and how far the able ones come first
VOLUNTEERS = {2024: (0.06, 0.4), 2025: (0.12, 1.6), 2026: (0.32, -0.2)}

DECLARED = {"important_data_filed": (0.62, 0.79), "tiered_protection": (0.55, 0.72), "risk_assessed": (0.48, 0.66)}


@dataclass(frozen=True, kw_only=True)
class Standard:
    """A standard of assessment, with the lower ends of its levels."""

    id: str
    edition: str
    bounds: tuple[float, ...]


MATURITY = Standard(id="gbt_39116", edition="2020", bounds=(0.8, 1.8, 2.8, 3.8, 4.8))
DIGITAL_LEVEL = Standard(id="miit_sme", edition="2024", bounds=(20.0, 40.0, 60.0, 80.0))


def with_survey(frame: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """The frame with what every enterprise would answer: uses_rd_design_tools, key_processes, nc_key_processes.

    The mean over the population of a year is TOOL_RATE, and over those with key processes NC_RATE, to within one enterprise.
    """
    units = industry.units
    random = industry.stream("survey")
    taste, skill, corner = random.logistic(size=units), random.normal(0, 0.9, units), random.random(units)
    none, extra = random.random(units) < WITHOUT_PROCESSES, random.poisson(1.5, units)
    parts = []
    for year in YEARS:
        wave = frame.filter(pl.col("year") == year)
        unit, size = wave["unit"].to_numpy(), wave["size"].to_numpy()
        liking = 0.9 * size + 0.9 * taste[unit] + random.normal(0, 0.25, units)[unit]
        uses = np.argsort(np.argsort(-liking, kind="stable"), kind="stable") < round(TOOL_RATE[year] * wave.height)
        staff = wave["employees"].to_numpy()
        count = np.where(none[unit], 0, 1 + extra[unit] + np.rint(5 * (staff / 100) ** 0.35).astype(np.int64))
        ability = 0.40 * size + skill[unit] + random.normal(0, 0.12, units)[unit]
        controlled = _controlled(ability, count, corner[unit], NC_RATE[year])
        parts.append(wave.with_columns(uses_rd_design_tools=uses, key_processes=count, nc_key_processes=controlled))
    return pl.concat(parts)


def survey(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Answers received, one row per enterprise and year, with some items left blank."""
    rows = sample.filter("answered")
    random = industry.stream("survey form")
    rows = rows.with_columns(day=pl.Series(random.integers(0, 100, rows.height)))
    rows = rows.with_columns(submitted_on=pl.date("year", 6, 1) + pl.duration(days="day"))
    return rows.select("enterprise_id", "year", *(_blank(name, share, rows.height, random) for name, share in BLANK.items()))


def with_declarations(frame: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """The frame with the three answers of data security in 2025 and 2026; what was done stays done."""
    random = industry.stream("declarations")
    over = ("year", "above_scale")
    effort = {f"{name}_effort": pl.Series(random.normal(size=industry.units)).gather(frame["unit"]) for name in DECLARED}
    columns = []
    for name, rates in DECLARED.items():
        rank = (pl.col(f"{name}_effort") + 0.5 * pl.col("size")).rank("ordinal", descending=True).over(over) / pl.len().over(over)
        rate = pl.col("year").replace_strict(dict(zip(YEARS[1:], rates, strict=True)), default=None, return_dtype=pl.Float64)
        columns.append((rank <= rate).alias(name))
    return frame.with_columns(**effort).with_columns(columns).drop(*effort)


def declarations(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Declarations of the sampled enterprises above designated size; two of them did not declare in 2026."""
    rows = sample.filter("answered", "above_scale", pl.col("year") >= 2025)
    random = industry.stream("declaration form")
    order = pl.Series(random.random(rows.height))
    silent = pl.when((pl.col("year") == 2026) & pl.col("stratum").str.contains("-S")).then(order).rank("ordinal") <= 2
    rows = rows.filter(~silent.fill_null(False))
    return rows.select("enterprise_id", "year", *(_blank(name, 0.01, rows.height, random) for name in DECLARED))


def with_scores(frame: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """The frame with sme_score, the digital level (0–100) that each enterprise would reach; large ones have one too."""
    random = industry.stream("score")
    own = pl.Series(random.normal(0, 12, industry.units)).gather(frame["unit"])
    year = pl.col("year").replace_strict(dict(zip(YEARS, (42.0, 47.0, 51.5), strict=True)), return_dtype=pl.Float64)
    noise = pl.Series(random.normal(0, 2, frame.height))
    return frame.with_columns(sme_score=(year + 8 * pl.col("size") + own + noise).clip(2, 98).round(1))


def assessments(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Maturity of every benchmark vehicle maker, digital level of some small and medium parts makers, maturity of volunteers."""
    return pl.concat([_maturity(sample, industry), _digital_level(sample, industry), _volunteers(sample, industry)])


def _maturity(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """GB/T 39116 (edition 2020), on site, each year; 45 % rise a level in 2026, one is at the top, one changed its method."""
    random = industry.stream("maturity")
    makers = sample.filter("benchmark_oem", pl.col("year") == 2025)["enterprise_id"].sort()
    count = len(makers)
    shares = np.array([0.08, 0.30, 0.38, 0.21])  # levels 1 to 4
    ends = np.rint(np.concatenate([[0], np.cumsum(shares)]) / shares.sum() * count).astype(np.int64)
    level = random.permutation(np.repeat(np.arange(1, 5), np.diff(ends)))
    level[0] = 5
    floor = level - 0.2
    base = floor + np.where(level == 5, random.uniform(0.05, 0.12, count), random.uniform(0.06, 0.90, count))
    rises = random.permutation(count) < round(0.45 * count)
    higher = np.minimum(floor + 1 + random.uniform(0.02, 0.40, count), 4.98)
    same = np.minimum(base + random.uniform(0.0, 0.12, count), floor + 0.97)
    then = np.where(rises & (level < 5), higher, np.where(level == 5, np.minimum(same, 4.99), same))
    close = int(np.flatnonzero((level == 2) & rises)[0]) if ((level == 2) & rises).any() else None
    if close is not None:  # across the bound of level 3 by two hundredths: a gain that says little
        base[close], then[close] = 2.79, 2.81
    before = np.maximum(base - random.uniform(0.03, 0.40, count), 0.3)
    changed = int(np.flatnonzero((level == 3) & ~rises)[0]) if ((level == 3) & ~rises).any() else count - 1
    parts = []
    for year, score in zip(YEARS, (before, base, then), strict=True):
        method = np.where((np.arange(count) == changed) & (year == 2026), "self", "on_site")
        parts.append(_assessed(MATURITY, makers, year, method, np.round(score, 2), random))
    return pl.concat(parts)


def _digital_level(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """MIIT's assessment of small and medium enterprises, edition 2024; a third is rated on site, the others rate themselves."""
    random = industry.stream("digital level")
    on_site = random.random(industry.units) < 0.35
    luck = pl.Series(random.random(industry.units)).gather(sample["unit"])
    inside = pl.col("answered") & (pl.col("segment_group") == "parts") & (pl.col("size_class") != "large")
    rows = sample.with_columns(luck=luck).filter(inside)
    over = ("year", "stratum")
    wanted = pl.max_horizontal((0.7 * pl.len()).over(over).round(), pl.lit(4))
    rows = rows.filter(pl.col("luck").rank("ordinal").over(over) <= wanted)
    parts = []
    for year in YEARS:
        wave = rows.filter(pl.col("year") == year)
        method = np.where(on_site[wave["unit"].to_numpy()], "on_site", "self")
        parts.append(_assessed(DIGITAL_LEVEL, wave["enterprise_id"], year, method, wave["sme_score"].to_numpy(), random))
    return pl.concat(parts)


def _volunteers(sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """GB/T 39116 by self-assessment: each gets better, and every year more take part, at first the able, then the many.

    Who took part once goes on. So the share at a high level rises and falls with those who join, whatever each one does.
    """
    random = industry.stream("volunteers")
    own, pull = random.normal(size=industry.units), random.normal(size=(len(YEARS), industry.units))
    taking = np.zeros(industry.units, dtype=bool)
    parts = []
    for number, (year, (share, keenness)) in enumerate(VOLUNTEERS.items()):
        wave = sample.filter(~pl.col("benchmark_oem"), pl.col("year") == year)
        unit, size = wave["unit"].to_numpy(), wave["size"].to_numpy()
        ability = own[unit] + 0.5 * size
        wish = np.where(taking[unit], np.inf, keenness * ability + pull[number][unit])
        taking[unit[np.argsort(-wish, kind="stable")[: round(share * wave.height)]]] = True
        score = np.clip(1.65 + 0.12 * number + 0.80 * ability, 0.05, 4.95)
        joined = taking[unit]
        ids = wave["enterprise_id"].filter(pl.Series(joined))
        method = np.full(len(ids), "self")
        parts.append(_assessed(MATURITY, ids, year, method, np.round(score[joined], 2), random))
    return pl.concat(parts)


def _assessed(
    standard: Standard, enterprise: pl.Series, year: int, method: NDArray[np.str_], score: Floats, random: np.random.Generator
) -> pl.DataFrame:
    # the 2024 edition of the SME assessment was issued on 2024-09-04; nothing was rated under it before
    first = np.datetime64(f"{year}-10-01" if (standard, year) == (DIGITAL_LEVEL, 2024) else f"{year}-03-01")
    days = random.integers(0, 90 if year == 2024 else 200, len(enterprise))
    return pl.DataFrame(
        {
            "enterprise_id": enterprise,
            "year": pl.Series([year] * len(enterprise), dtype=pl.Int64),
            "standard": [standard.id] * len(enterprise),
            "edition": [standard.edition] * len(enterprise),
            "method": method.tolist(),
            "score": score,
            "level": np.searchsorted(np.array(standard.bounds), score, side="right"),
            "assessed_on": pl.Series(first + days).cast(pl.Date),
        }
    )


def _controlled(ability: Floats, count: Ints, corner: Floats, wanted: float) -> Ints:
    """Numerically controlled processes of each enterprise, such that the mean of the enterprise rates is `wanted`."""
    inside = count > 0

    def processes(height: float) -> Ints:
        return np.asarray(np.minimum(count, np.floor(count / (1 + np.exp(-height - ability)) + corner)), dtype=np.int64)

    height = _solve(lambda h: float(np.mean(processes(h)[inside] / count[inside])) - wanted, -8.0, 8.0)
    return processes(height)


def _solve(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return high


def _blank(name: str, share: float, rows: int, random: np.random.Generator) -> pl.Expr:
    keep = pl.Series(random.random(rows) >= share)
    return pl.when(keep).then(name).alias(name)

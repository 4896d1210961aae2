"""The sample: strata of the population, permanent random numbers, waves that overlap, and who answered."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.special import ndtri

from sample_data.industry import YEARS, Industry

#: coarse regions in which small parts makers are sampled: coast, centre with the northeast, west
REGIONS = {
    "E": ("11", "12", "13", "31", "32", "33", "35", "37", "44", "46"),
    "C": ("14", "21", "22", "23", "34", "36", "41", "42", "43"),
    "W": ("15", "45", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65"),
}
#: sampling fraction and chance of an answer, by the part of the stratum behind the segment group
DESIGN: dict[str, tuple[float, float]] = {
    "X": (1.00, 0.970),  # benchmark vehicle makers: all
    "L": (1.00, 0.950),  # large: all
    "M": (0.60, 0.910),
    "S": (0.36, 0.880),
    "U": (0.30, 0.860),  # micro, but above 20 million yuan of revenue
    "B": (0.25, 0.850),  # below 20 million yuan of revenue
}
#: no stratum gives fewer, unless it holds fewer
SMALLEST_SAMPLE = 12
#: how far the start of the sample moves from wave to wave, as a part of the sampling fraction: the rotation
ROTATION = 0.20


def with_strata(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with stratum (V-L, P-S-E …) and stratum_population, the enterprises of the stratum in that year."""
    region = pl.coalesce(
        pl.when(pl.col("province").str.head(2).is_in(codes)).then(pl.lit(f"-{name}")) for name, codes in REGIONS.items()
    )
    vehicle = pl.col("segment_group") == "vehicle"
    part = (
        pl.when("benchmark_oem").then(pl.lit("X"))
        .when(~pl.col("above_scale")).then(pl.lit("B"))
        .when(pl.col("size_class") == "large").then(pl.lit("L"))
        .when(pl.col("size_class") == "medium").then(pl.lit("M"))
        .when((pl.col("size_class") == "small") | vehicle).then(pl.lit("S"))
        .otherwise(pl.lit("U"))
    )  # fmt: skip
    side = pl.when(vehicle).then(pl.lit("V-")).otherwise(pl.lit("P-"))
    regional = pl.when((part == "S") & ~vehicle).then(region).otherwise(pl.lit(""))
    named = frame.with_columns(stratum=side + part + regional)
    return named.with_columns(stratum_population=pl.len().over("year", "stratum").cast(pl.Int64))


def with_sample(industry: Industry) -> pl.DataFrame:
    """The frame with strata and the marks `sampled` and `answered` of each wave.

    Simple random sampling in each stratum by permanent random numbers: the sample is the first ones after a start
    that moves on a little every year, so that most enterprises stay and some are relieved.
    """
    units = industry.units
    number = industry.stream("number").random(units)
    willing = industry.stream("willing").normal(size=units)
    frame = with_strata(industry.frame)
    random = industry.stream("answers")
    moods = [{"unit": np.arange(units), "year": [year] * units, "mood": random.normal(size=units)} for year in YEARS]
    mood = pl.concat([pl.DataFrame(part) for part in moods])
    part = pl.col("stratum").str.slice(2, 1)
    fraction = part.replace_strict({key: value[0] for key, value in DESIGN.items()}, return_dtype=pl.Float64)
    chance = part.replace_strict({key: float(ndtri(value[1])) for key, value in DESIGN.items()}, return_dtype=pl.Float64)
    shift = ROTATION * fraction * (pl.col("year") - YEARS[0]) * (fraction < 1)
    place = (pl.Series("number", number).gather(frame["unit"]) - frame.select(shift).to_series()) % 1.0
    wanted = pl.max_horizontal((fraction * pl.col("stratum_population")).ceil(), pl.lit(SMALLEST_SAMPLE))
    own = pl.Series("willing", willing).gather(frame["unit"])
    over = ("year", "stratum")
    return (
        frame.with_columns(place=place, willing=own)
        .join(mood, on=["unit", "year"], how="left", maintain_order="left")
        .with_columns(sampled=pl.col("place").rank("ordinal").over(over) <= wanted)
        # most of the will to answer stays with the enterprise, the rest changes from wave to wave
        .with_columns(will=pl.when("sampled").then(0.8 * pl.col("willing") + 0.6 * pl.col("mood")))
        .with_columns(least=pl.col("will").rank("ordinal", descending=True).over(over) <= 2)
        .with_columns(answered=pl.col("sampled") & ((pl.col("will") > -chance) | pl.col("least")))
        .drop("place", "willing", "mood", "will", "least")
    )


def reporters(
    sample: pl.DataFrame, chances: dict[str, float], chance: np.random.Generator, *, of_other_waves: bool = False
) -> pl.Series:
    """Units of the 2025 wave that keep records of projects or orders: a part of each stratum, three of it at least.

    They exist in all three years, so that nothing they report lacks its entry in the register. `of_other_waves`: those who
    answered in another year and not in 2025, by the stratum that they were in then.
    """
    lasting = sample.group_by("unit").len().filter(pl.col("len") == len(YEARS))["unit"]
    answered = sample.filter(pl.col("answered"))
    heard = answered.filter(pl.col("year") == 2025)["unit"] if of_other_waves else answered.clear()["unit"]
    units = answered["unit"] if of_other_waves else answered.filter(pl.col("year") == 2025)["unit"]
    known = pl.col("unit").is_in(lasting.implode()) & pl.col("unit").is_in(units.implode())
    wave = sample.filter(pl.col("year") == 2025, known, ~pl.col("unit").is_in(heard.implode()))
    drawn = wave.with_columns(luck=pl.Series(chance.random(wave.height)))
    wanted = pl.col("stratum").str.slice(2, 1).replace_strict(chances, return_dtype=pl.Float64)
    count = pl.max_horizontal((wanted * pl.len()).over("stratum").round(), pl.lit(3))
    return drawn.filter(pl.col("luck").rank("ordinal").over("stratum") <= count)["unit"].sort()

"""What enterprises record: production by month, R&D projects, orders."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from sample_data.industry import AS_OF, LAST_MONTH, YEARS, Floats, Industry, Ints

Days = NDArray[np.datetime64]

#: output of a month against the mean month: the spring festival, the ends of quarters and the year
SEASON = np.array([0.98, 0.81, 1.07, 0.99, 1.00, 1.08, 0.965, 1.00, 1.06, 1.00, 1.02, 1.025])
#: share of enterprises whose last month had not come in
LATE = 0.03

#: median years from approval to series production, and days from acceptance to delivery in the middle of 2025
CYCLE_YEARS = {"3611": 2.25, "3612": 1.90, "3620": 1.70, "3630": 1.60, "3640": 1.50, "3650": 1.60, "3660": 1.25, "3670": 1.25}
DELIVERY_DAYS = {"3611": 27, "3612": 24, "3620": 38, "3630": 44, "3640": 30, "3650": 52, "3660": 34, "3670": 26}
#: by how much work on projects and orders becomes faster in a year (continuous rate, of the calendar and not of the start)
PROJECT_PACE, ORDER_PACE = 0.06, 0.06
FIRST_PROJECT, FIRST_ORDER = np.datetime64("2021-01-01"), np.datetime64("2024-01-01")

#: shares of the respondents that keep records of projects and of orders, by part of the stratum
PROJECT_REPORTERS = {"X": 1.0, "L": 1.0, "M": 0.9, "S": 0.8, "U": 0.6, "B": 0.5}
ORDER_REPORTERS = {"X": 0.9, "L": 0.7, "M": 0.6, "S": 0.45, "U": 0.4, "B": 0.3}


def production(frame: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Rows of every enterprise of `frame` and month up to LAST_MONTH, output and value added (万元) at current prices."""
    months = pl.DataFrame({"month_number": np.arange(1, 13), "season": SEASON / SEASON.mean()})
    rows = frame.sort("unit", "year").join(months, how="cross").sort("unit", "year", "month_number")
    last_year, last_month = LAST_MONTH
    rows = rows.filter((pl.col("year") < last_year) | (pl.col("month_number") <= last_month))
    # drawn for the whole population, so that the sample does not depend on who else was asked
    random = industry.stream("production")
    noise = random.normal(size=(3, industry.units, len(YEARS), 12))
    index = (rows["unit"].to_numpy(), rows["year"].to_numpy() - YEARS[0], rows["month_number"].to_numpy() - 1)
    output, rate, staff = (pl.Series(part[index]) for part in noise)
    revenue = pl.col("revenue") / 12 * pl.col("season")
    return rows.select(
        "unit",
        "enterprise_id",
        "segment",
        "year",
        month=pl.date("year", "month_number", 1),
        output_value=(revenue * (1.01 * (0.06 * output).exp())).round(2),
        value_added=(revenue * pl.col("value_added_rate") * (0.06 * output + 0.04 * rate).exp()).round(2),
        employees=(pl.col("employees") * (1 + 0.012 * staff)).round(1),
    )


def reported(rows: pl.DataFrame, sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """The production of those who answered; of a few the last month has not come in yet."""
    answered = sample.filter("answered").select("unit", "year")
    late = industry.stream("late").random(industry.units) < LATE
    last = pl.col("month") == pl.date(*LAST_MONTH, 1)
    missing = last & pl.Series(late).gather(rows["unit"])
    rows = rows.filter(~missing).join(answered, on=["unit", "year"], how="semi", maintain_order="left")
    return rows.drop("unit", "segment", "year")


def projects(units: pl.Series, others: pl.Series, sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Projects approved since 2021, with unfinished and abandoned ones, as of AS_OF; `others` answered in other waves only.

    Work gets faster with the calendar: a project needs a fixed amount of work, and the pace of work grows by PROJECT_PACE.
    """
    first = _projects(units, "R", sample, industry.stream("projects"))
    return pl.concat([first, _projects(others, "Q", sample, industry.stream("projects of other waves"))])


def _projects(units: pl.Series, letter: str, sample: pl.DataFrame, random: np.random.Generator) -> pl.DataFrame:
    makers = _makers(units, sample)
    span = (AS_OF - FIRST_PROJECT) / np.timedelta64(1, "D")
    yearly = np.where(makers["benchmark_oem"], 1.3, 0.70 * (makers["employees"] / 100) ** 0.15)
    owner, start = _starts(yearly, FIRST_PROJECT, span, random)
    middle = np.log([CYCLE_YEARS[code] for code in makers["segment"]])[owner] + 0.10 * random.normal(size=makers.height)[owner]
    work = np.exp(middle + 0.28 * random.normal(size=len(owner)))
    begun = _years_from_2025(start)
    end = np.log(np.exp(PROJECT_PACE * begun) + PROJECT_PACE * work) / PROJECT_PACE
    end_day = start + np.maximum(30, np.rint((end - begun) * 365.25)).astype("timedelta64[D]")
    given_up = start + np.rint(random.exponential(28.0, len(owner)) * 365.25).astype("timedelta64[D]")
    given_up = np.maximum(given_up, start + np.timedelta64(20, "D"))
    frame = pl.DataFrame({"owner": owner, "approved_on": start, "released_on": end_day, "abandoned_on": given_up})
    return _cut(frame, makers, "project_id", letter, "approved_on", "released_on", "abandoned_on")


def orders(units: pl.Series, sample: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """Orders accepted since 2024, with open and cancelled ones, as of AS_OF; delivery gets shorter with the day of acceptance."""
    makers = _makers(units, sample)
    random = industry.stream("orders")
    span = (AS_OF - FIRST_ORDER) / np.timedelta64(1, "D")
    owner, start = _starts(np.full(makers.height, 9.0), FIRST_ORDER, span, random)
    middle = np.log([DELIVERY_DAYS[code] for code in makers["segment"]])[owner] + 0.12 * random.normal(size=makers.height)[owner]
    days = np.exp(middle - ORDER_PACE * _years_from_2025(start) + 0.36 * random.normal(size=len(owner)))
    cancelled = np.where(random.random(len(owner)) < 0.03, days * random.uniform(0.1, 0.9, len(owner)), 1e5)
    value = makers["revenue"].to_numpy()[owner] / 400 * np.exp(0.8 * random.normal(size=len(owner)))
    frame = pl.DataFrame(
        {
            "owner": owner,
            "accepted_on": start,
            "delivered_on": start + np.maximum(1, np.rint(days)).astype("timedelta64[D]"),
            "cancelled_on": start + np.maximum(1, np.rint(cancelled)).astype("timedelta64[D]"),
            "order_value": np.round(np.maximum(value, 0.5), 2),
        }
    )
    return _cut(frame, makers, "order_id", "D", "accepted_on", "delivered_on", "cancelled_on")


def _makers(units: pl.Series, sample: pl.DataFrame) -> pl.DataFrame:
    return sample.filter(pl.col("year") == 2025, pl.col("unit").is_in(units.implode())).sort("unit")


def _starts(yearly: Floats, first: np.datetime64, span: float, random: np.random.Generator) -> tuple[Ints, Days]:
    """Which enterprise begins something, and on which day; at least one each, evenly over the span."""
    counts = np.maximum(1, random.poisson(yearly * span / 365.25))
    owner = np.repeat(np.arange(len(counts)), counts)
    return owner, first + np.floor(random.random(len(owner)) * span).astype("timedelta64[D]")


def _years_from_2025(days: Days) -> Floats:
    return np.asarray((days - np.datetime64("2025-07-01")) / np.timedelta64(1, "D") / 365.25)


def _cut(frame: pl.DataFrame, makers: pl.DataFrame, key: str, letter: str, start: str, end: str, stop: str) -> pl.DataFrame:
    """What was known on AS_OF: an end after it is open, a stop counts only before the end; by enterprise and day."""
    as_of = pl.lit(AS_OF).cast(pl.Date)
    dates = frame.with_columns(pl.col(start, end, stop).cast(pl.Date))
    stopped = (pl.col(stop) < pl.col(end)) & (pl.col(stop) <= as_of)
    done = ~stopped & (pl.col(end) <= as_of)
    known = dates.with_columns(pl.when(done).then(end).alias(end), pl.when(stopped).then(stop).alias(stop), as_of.alias("as_of"))
    known = known.with_columns(enterprise_id=makers["enterprise_id"].gather(known["owner"]))
    known = known.sort("owner", start, maintain_order=True)
    number = pl.int_range(1, pl.len() + 1).cast(pl.String).str.zfill(6)
    return known.select("enterprise_id", (pl.lit(letter) + number).alias(key), pl.exclude("enterprise_id", "owner"))

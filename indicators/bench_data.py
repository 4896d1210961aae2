"""Invented production rows of any number, written a month at a time so that memory does not grow with them."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from pipelines.database import Database

SEED = 20260101
YEARS = range(2021, 2026)
MONTHS = [date(year, month, 1) for year in YEARS for month in range(1, 13)]
VALUES = ("units", "value_added", "employees", "hours", "orders", "on_time", "lead_days", "defects", "capacity")
SPLITS = {"segment": 12, "size_class": 4, "province": 31, "tier": 5}

_SEGMENT_SHARES = (0.2, 0.15, 0.12, 0.1, 0.1, 0.08, 0.07, 0.06, 0.05, 0.03, 0.02, 0.02)
_LINES_PER_ENTERPRISE = 8  # on average: two plants of four lines


def make(folder: Path, rows: int) -> int:
    """Writes register and production (CSV and Parquet) and `base.duckdb` of about `rows` rows; returns how many.

    Rows are a multiple of 60 months. A folder that already holds the same rows is left as it is.
    """
    source = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    mark = folder / "made.json"
    if mark.is_file() and (known := json.loads(mark.read_text()))["asked"] == rows and known["source"] == source:
        return int(known["rows"])
    (folder / "production").mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("production/*.parquet"), folder / "base.duckdb", mark):
        old.unlink(missing_ok=True)
    random = np.random.default_rng(SEED)
    enterprises = max(rows // (len(MONTHS) * _LINES_PER_ENTERPRISE), 2)
    register = _register(random, enterprises)
    register.write_csv(folder / "register.csv")
    lines, sizes = _lines(random, enterprises, max(rows // len(MONTHS), 1))
    base = random.lognormal(5, 1, lines.height) * (1 + sizes)
    with (folder / "production.csv").open("wb") as file:
        for number, month in enumerate(MONTHS):
            frame = _month(lines, base, number, month)
            frame.write_csv(file, include_header=number == 0)
            frame.write_parquet(folder / "production" / f"{month:%Y-%m}.parquet")
    made = lines.height * len(MONTHS)
    _base(folder)
    mark.write_text(json.dumps({"asked": rows, "rows": made, "source": source}))
    return made


def _names(prefix: str, numbers: np.ndarray, digits: int = 2) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(digits).str.replace("^", prefix)


def _enterprise(numbers: np.ndarray) -> pl.Series:
    return _names("E", numbers, 7)


def _register(random: np.random.Generator, enterprises: int) -> pl.DataFrame:
    """One row per enterprise and year; strata segment × size × province, those of one enterprise joined over provinces."""
    provinces = random.dirichlet(np.ones(SPLITS["province"]) * 3)
    drawn = {
        "segment": random.choice(SPLITS["segment"], enterprises, p=_SEGMENT_SHARES),
        "size_class": _sizes(enterprises),
        "province": random.choice(SPLITS["province"], enterprises, p=provinces),
        "tier": random.choice(SPLITS["tier"], enterprises, p=[0.1, 0.2, 0.3, 0.25, 0.15]),
    }
    numbers = np.arange(enterprises)
    # one enterprise in five belongs to a holding of about four
    shared = random.integers(0, max(enterprises // 20, 1), enterprises)
    held = np.where(random.random(enterprises) < 0.2, shared, numbers + enterprises)
    prefixes = {"segment": "S", "size_class": "C", "province": "P", "tier": "T"}
    frame = pl.DataFrame({"enterprise_id": _enterprise(numbers), **{n: _names(prefixes[n], v) for n, v in drawn.items()}})
    alone = pl.len().over("segment", "size_class", "province") < 2
    parts = ["segment", "size_class", pl.when(alone).then(pl.lit("*")).otherwise("province")]
    frame = frame.with_columns(stratum=pl.concat_str(parts, separator="-"), holding_group=_names("H", held, 7))
    strata = frame.group_by("stratum", maintain_order=True).len("count")
    factor = pl.Series(random.uniform(1, 6, strata.height))
    strata = strata.with_columns(stratum_population=(pl.col("count") * factor).ceil().cast(pl.Int64)).drop("count")
    frame = frame.join(strata, on="stratum", maintain_order="left")
    years = pl.DataFrame({"year": list(YEARS)}, schema={"year": pl.Int32})
    columns = ("enterprise_id", "year", *SPLITS, "stratum", "stratum_population", "holding_group")
    return years.join(frame, how="cross").select(columns)


def _sizes(enterprises: int) -> np.ndarray:
    return np.random.default_rng(SEED + 1).choice(SPLITS["size_class"], enterprises, p=[0.35, 0.35, 0.2, 0.1])


def _lines(random: np.random.Generator, enterprises: int, wanted: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Plants and lines of every enterprise, `wanted` of them in all, and the size class of each."""
    share = random.dirichlet(np.full(enterprises, 4.0))
    counts = np.maximum(1, np.round(share * wanted)).astype(int)
    while (excess := counts.sum() - wanted) > 0 and (many := np.flatnonzero(counts > 1)).size:
        counts[many[:excess]] -= 1
    counts[: max(wanted - counts.sum(), 0)] += 1
    enterprise = np.repeat(np.arange(enterprises), counts)
    within = np.arange(enterprise.size) - np.repeat(np.cumsum(counts) - counts, counts)
    frame = pl.DataFrame({"enterprise_id": _enterprise(enterprise), "plant": within // 8, "line": _names("PL", within % 8)})
    return frame, _sizes(enterprises)[enterprise]


def _month(lines: pl.DataFrame, base: np.ndarray, number: int, month: date) -> pl.DataFrame:
    random = np.random.default_rng([SEED, number])
    size = base.size
    units = np.round(base * random.lognormal(0, 0.3, size) * (1 + 0.01 * number))
    employees = np.maximum(1, base / 20 * random.uniform(0.8, 1.2, size)).astype(np.int64)
    orders = np.maximum(1, units // 25).astype(np.int64)
    values = {
        "units": units,
        "value_added": np.round(units * random.lognormal(3, 0.4, size), 2),
        "employees": employees,
        "hours": np.round(employees * random.normal(165, 10, size), 1),
        "orders": orders,
        "on_time": random.binomial(orders, 0.9),
        "lead_days": np.round(orders * random.gamma(4, 5, size), 1),
        "defects": random.poisson(units * 0.01),
        "capacity": np.round(units / random.uniform(0.5, 0.98, size)),
    }
    return lines.with_columns(pl.lit(month).alias("month"), *(pl.Series(name, value) for name, value in values.items()))


def _base(folder: Path) -> None:
    """The native tables that cells and floors are measured on, typed as the dictionary types them."""
    with Database(folder / "base.duckdb", settings={"preserve_insertion_order": "true"}) as database:
        database.execute(f"CREATE TABLE production AS FROM read_parquet('{folder}/production/*.parquet')")
        types = "{'year': 'INTEGER', 'stratum_population': 'BIGINT'}"
        database.execute(f"CREATE TABLE register AS FROM read_csv('{folder}/register.csv', types = {types})")
        database.execute("CHECKPOINT")

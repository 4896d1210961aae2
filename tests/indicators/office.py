"""A small statistics office for tests: a plan folder, a store, files that come in one after the other, and editions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from indicators.catalogue.catalogue import load_plan
from indicators.editions.edition import Edition
from indicators.estimation.estimate import KEYS
from indicators.publish import publish
from pipelines.load import load

BRANCHES = ("cars", "parts", "bikes")
POPULATION = 20  # firms in each branch, which is a stratum; eight of them answer


def _text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def _columns(**kinds: str) -> dict[str, Any]:
    coded = {"branch": {"codes": "branch"}}
    return {name: {"type": kind, "name": _text(name), "tier": "general", **coded.get(name, {})} for name, kind in kinds.items()}


FIRMS = {"table": "firms", "on": {"firm": "firm", "year": "period"}}
DESIGN = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "holding"}
PLAN: dict[str, Any] = {
    "plan": {
        "id": "office",
        "name": _text("office"),
        "issuers": [_text("we")],
        "issued": "2025-01-01",
        "base_period": "2025",
        "units": {
            "number": {"name": _text("number"), "symbol": _text("1"), "decimals": 3},
            "share": {"name": _text("share"), "symbol": _text("%"), "factor": 100, "bounded": True},
        },
        "headline": ["rate_change"],
        "custody": {
            "owner": _text("we"),
            "use": _text("statistics"),
            "legal_basis": _text("law"),
            "retention": {"years": 5, "reason": _text("to check again")},
        },
    },
    "breakdowns": {"breakdowns": {"branch": {"name": _text("branch"), "column": "branch"}}},
    "codes/branch": {"name": _text("branch"), "codes": {name: {"name": _text(name)} for name in BRANCHES}},
    "tables/firms": {
        "name": _text("firms"),
        "key": ["firm", "year"],
        "period": "year",
        "columns": _columns(
            firm="identifier", year="year", branch="code", layer="identifier", layer_size="integer", holding="identifier"
        ),
    },
    "tables/answers": {
        "name": _text("answers"),
        "key": ["firm", "year"],
        "period": "year",
        "link": [FIRMS],
        "design": DESIGN,
        "columns": _columns(firm="identifier", year="year", x="number", y="number"),
    },
    "tables/jobs": {
        "name": _text("jobs"),
        "key": ["firm", "job"],
        "link": [FIRMS],
        "design": DESIGN,
        "columns": _columns(firm="identifier", job="identifier", begun="date", ended="date", seen="date"),
    },
    "tables/lines": {
        "name": _text("lines"),
        "key": ["firm", "month"],
        "period": "month",
        "link": [{"table": "firms", "on": {"firm": "firm", "year": "month"}}],
        "design": {"unit": "firm", "census": True, "group": "holding"},
        "columns": _columns(firm="identifier", month="month", made="number"),
    },
    "indicators/rate": {"unit": "number", "table": "answers", "numerator": "y", "denominator": "x"},
    "indicators/rate_change": {"unit": "number", "change_of": "rate", "base_period": "2025"},
    "indicators/wait": {
        "unit": "number",
        "table": "jobs",
        "duration": {"start": "begun", "end": "ended", "as_of": "seen", "method": "cohort"},
    },
    "indicators/wait_change": {"unit": "number", "change_of": "wait", "base_period": "2025"},
    "indicators/made": {"unit": "number", "table": "lines", "numerator": "made", "periods": ["year", "quarter"]},
    "indicators/made_change": {"unit": "number", "change_of": "made", "base_period": "2025"},
}


class Office:
    """Files are taken in by `load`, an edition is made by `publish`; the plan may be changed in between.

    A folder in which an office works already is opened as it is.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.store, self.files = folder / "plan", folder / "store", folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.editions = self.store / "editions"
        self.store.mkdir(exist_ok=True)
        # single firms are corrected here from edition to edition, and what is asked is what revisions say of it
        (self.store / "disclosure.yaml").write_text("percent: null\ndifferences: accept\n", encoding="utf-8")
        if not self.folder.is_dir():
            for name, content in PLAN.items():
                self.write(name, content)

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        """A file of the plan folder; JSON is YAML."""
        words = {"name": _text(name.split("/")[1]), "definition": _text("…"), "better": "higher"} if "indicators" in name else {}
        path = self.folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**words, **content}), encoding="utf-8")

    def load(self, **frames: pl.DataFrame) -> None:
        """Takes in a file of each table; rows replace those of the same key. Nothing may be set aside."""
        plan = load_plan(self.folder)
        for table, frame in frames.items():
            file = self.files / f"{table}_{len(list(self.files.iterdir()))}.csv"
            frame.write_csv(file)
            [report] = load([(table, file)], store=self.store, dictionary=plan.dictionary)
            assert (report.refused, report.set_aside) == (None, 0), report.refused or report.rejected

    def publish(self, final: Collection[str] = ()) -> Edition:
        return publish(store=self.store, plan=load_plan(self.folder), plan_folder=self.folder, final=final)


def firms(years: Collection[int], answering: int = 8) -> pl.DataFrame:
    """The register: eight firms of every branch, each a holding of its own."""
    rows = [
        {
            "firm": f"{branch}{i}",
            "year": year,
            "branch": branch,
            "layer": branch,
            "layer_size": POPULATION,
            "holding": f"{branch}{i}",
        }
        for year in years
        for branch in BRANCHES
        for i in range(answering)
    ]
    return pl.DataFrame(rows)


def answers(register: pl.DataFrame, seed: int = 7) -> pl.DataFrame:
    """What the firms say: x by firm, y about 0.4 x in 2025 and growing, and alike in both years."""
    chance = np.random.default_rng(seed)
    own = {firm: chance.uniform(0.8, 1.2) for firm in register["firm"].unique().sort()}
    rows = []
    for firm, year in register.select("firm", "year").iter_rows():
        x, level = round(10 + 5 * own[firm] + chance.uniform(0, 1), 3), chance.uniform(0.35, 0.45)
        rows.append({"firm": firm, "year": year, "x": x, "y": round(x * own[firm] * level * 1.05 ** (year - 2025), 3)})
    return pl.DataFrame(rows)


def jobs(register: pl.DataFrame, seen: date = date(2027, 12, 31)) -> pl.DataFrame:
    """Two jobs a firm and year, all finished; how long they take depends on the firm, and is less in later years."""
    rows = []
    for place, (firm, year) in enumerate(register.select("firm", "year").iter_rows()):
        for number in range(2):
            days, begun = 40 + 7 * (place % 8) + 3 * number - 5 * (year - 2025), date(year, 2, 1 + place % 20)
            done = {"begun": begun, "ended": begun + timedelta(days=days), "seen": seen}
            rows.append({"firm": firm, "job": f"{year}-{number}", **done})
    return pl.DataFrame(rows)


def lines(register: pl.DataFrame, months: Mapping[int, int]) -> pl.DataFrame:
    """What every firm made in the first `months` of each year."""
    rows = [
        {"firm": firm, "month": f"{year}-{month:02d}", "made": 100.0 + place + 2 * month + 10 * (year - 2025)}
        for place, (firm, year) in enumerate(register.sort("year", "firm").select("firm", "year").iter_rows())
        for month in range(1, months.get(year, 0) + 1)
    ]
    return pl.DataFrame(rows)


def row(edition: Edition, indicator: str, period: str, category: str = "total", table: str = "results") -> dict[str, Any]:
    """The one row with this key."""
    breakdown = "total" if category == "total" else "branch"
    key = dict(zip(KEYS, (indicator, period, breakdown, category), strict=True))
    where = " AND ".join(f"{name} = ${name}" for name in key)
    found = edition.query(f"SELECT * FROM {table} WHERE {where}", key)
    assert found.height == 1, f"{key}: {found.height} rows in {table}"
    return found.row(0, named=True)

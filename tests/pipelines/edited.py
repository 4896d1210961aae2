"""A store with a register and a survey of it, and a stand-in for the rules of editing, small enough to work out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipelines.dictionary import Dictionary, Table
from pipelines.edit.edit import Edited
from pipelines.edit.trail import REVIEWS, TRAIL, key_text
from pipelines.load import load
from tests.pipelines.forms import ENTERPRISE, SEGMENTS, column, write

REGISTER = {
    "id": "register",
    "name": {"zh": "企业名录", "en": "Register"},
    "key": ["enterprise_id", "year"],
    "columns": {
        "enterprise_id": ENTERPRISE,
        "year": column("year", "年份", "Year"),
        "segment": column("code", "行业小类", "Segment", codes="segment"),
        "stratum": column("text", "层", "Stratum"),
        "stratum_population": column("integer", "层内企业数", "Population"),
        "employees": column("integer", "从业人数", "Employees"),
        "sampled": column("boolean", "是否抽中", "Sampled"),
    },
}
SURVEY = {
    "id": "survey",
    "name": {"zh": "年度调查", "en": "Survey"},
    "key": ["enterprise_id", "year"],
    "period": "year",
    "link": [{"table": "register", "on": {"enterprise_id": "enterprise_id", "year": "period"}}],
    "design": {
        "unit": "enterprise_id",
        "stratum": "stratum",
        "population": "stratum_population",
        "sampled": "sampled",
        "size": "employees",
    },
    "columns": {
        "enterprise_id": ENTERPRISE,
        "year": column("year", "年份", "Year"),
        "output": column("number", "产值", "Output"),
        "staff": column("integer", "人数", "Staff"),
    },
    "editing": {"by": ["segment"]},
}


def dictionary(survey: dict[str, Any] = SURVEY, register: dict[str, Any] = REGISTER) -> Dictionary:
    codes = {"segment": {"id": "segment", "name": {"zh": "行业小类", "en": "segments"}, "codes": SEGMENTS}}
    return Dictionary.model_validate({"tables": {table["id"]: table for table in (register, survey)}, "codes": codes})


#: stratum L was asked whole: E1, E2, E3. Of the five of S two were asked, E4 and E5; E3 did not answer
LISTED = [
    f"{name},2026,{segment},{stratum},{size},{staff},{asked}"
    for name, segment, stratum, size, staff, asked in (
        ("E1", 3611, "L", 3, 900, "true"),
        ("E2", 3611, "L", 3, 800, "true"),
        ("E3", 3670, "L", 3, 700, "true"),
        ("E4", 3670, "S", 5, 30, "true"),
        ("E5", 3670, "S", 5, 20, "true"),
        ("E6", 3670, "S", 5, 20, "false"),
    )
]
ANSWERS = ["E1,2026,5000000,900", "E2,2026,700,800", "E4,2026,40,30", "E5,2026,,20"]


def filled(folder: Path, answers: list[str] = ANSWERS, known: Dictionary | None = None) -> Path:
    """A store with register and survey."""
    store, known = folder / "store", known or dictionary()
    files = [
        write(folder / "register.csv", "enterprise_id,year,segment,stratum,stratum_population,employees,sampled", LISTED),
        write(folder / "survey.csv", "enterprise_id,year,output,staff", answers),
    ]
    assert all(report.refused is None and not report.set_aside for report in load(files, store=store, dictionary=known))
    return store


def stand_in(table: Table, rows: pl.DataFrame, frame: pl.DataFrame | None) -> Edited:
    """Outputs above a million are a thousand times too large; a blank one is one per head; who was asked whole and is silent
    gets a row with one per head, too."""
    events: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    for row in rows.iter_rows(named=True):
        old = row["output"]
        if old is not None and old < 1e6:
            continue
        new, method = (old / 1000, "unit") if old is not None else (float(row["staff"]), "ratio")
        own = {name: row[name] for name in table.columns}
        kept.append({**own, "output": new, "_imputed": method == "ratio", "_added": False})
        events.append(_event(row["enterprise_id"], row["year"], "output", old, new, method))
    answered = set(rows["enterprise_id"])
    for unit in frame.iter_rows(named=True) if frame is not None else ():
        if unit["_stratum_whole"] and unit["unit"] not in answered:
            values = {"output": float(unit["_size"]), "staff": int(unit["_size"])}
            kept.append({"enterprise_id": unit["unit"], "year": unit["year"], **values, "_imputed": True, "_added": True})
            events += [_event(unit["unit"], unit["year"], name, None, value, "ratio") for name, value in values.items()]
    schema = {name: rows.schema[name] for name in table.columns} | {"_imputed": pl.Boolean, "_added": pl.Boolean}
    largest = rows.filter(pl.col("output") == pl.col("output").max())
    reviews = [
        {**_event(row["enterprise_id"], row["year"], "output", row["output"], None, "score"), "score": 0.9, "expected": 5000.0}
        for row in largest.iter_rows(named=True)
    ]
    return Edited(
        events=pl.DataFrame(events, schema=TRAIL),
        rows=pl.DataFrame(kept, schema=schema),
        reviews=pl.DataFrame(reviews, schema=REVIEWS),
    )


def _event(unit: str, year: int, name: str, old: Any, new: Any, method: str) -> dict[str, Any]:
    texts = {"old": None if old is None else str(old), "new": None if new is None else str(new)}
    return {
        "key": key_text([unit, year]),
        "unit": unit,
        "period": str(year),
        "column": name,
        **texts,
        "rule": f"{method}_{name}",
        "method": method,
        "reason_zh": "因为",
        "reason_en": "because",
        "donor": None,
    }

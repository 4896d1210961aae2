"""A small dictionary and files for the tests of loading: a register, a survey of it, monthly records, a form with units."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.dictionary import Dictionary


def column(kind: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": {"zh": zh, "en": en}, "tier": "general", **more}


def check(name: str, that: str, about: str, severity: str = "reject") -> dict[str, Any]:
    return {
        "id": name,
        "that": that,
        "column": about,
        "severity": severity,
        "message": {"zh": f"不满足{that}", "en": f"breaks {that}"},
    }


ENTERPRISE = column("identifier", "企业代码", "Enterprise", required=True)
SEGMENTS = {
    "3611": {"name": {"zh": "汽柴油车整车制造", "en": "Combustion vehicles"}, "aliases": ["燃油车"]},
    "3670": {"name": {"zh": "汽车零部件及配件制造", "en": "Parts"}},
}
REGISTER = {
    "id": "register",
    "name": {"zh": "企业名录", "en": "Register"},
    "key": ["enterprise_id", "year"],
    "columns": {
        "enterprise_id": ENTERPRISE,
        "year": column("year", "年份", "Year"),
        "segment": column("code", "行业小类", "Segment", codes="segment"),
    },
}
SURVEY = {
    "id": "survey",
    "name": {"zh": "年度调查", "en": "Survey"},
    "key": ["enterprise_id", "year"],
    "period": "year",
    "link": [{"table": "register", "on": {"enterprise_id": "enterprise_id", "year": "period"}}],
    "columns": {
        "enterprise_id": ENTERPRISE,
        "year": column("year", "年份", "Year"),
        "key_processes": column("integer", "关键工序总数", "Key processes", required=True, minimum=0, maximum=5000),
        "nc_key_processes": column("integer", "数控关键工序数", "NC key processes", minimum=0),
        "postcode": column("text", "邮政编码", "Postcode", pattern="[0-9]{6}"),
        "submitted_on": column("date", "填报日期", "Submitted on"),
    },
    "checks": [
        check("within_total", "nc_key_processes <= key_processes", "nc_key_processes"),
        check("some_processes", "key_processes > 0", "key_processes", "review"),
    ],
}
PRODUCTION = {
    "id": "production",
    "name": {"zh": "月度生产", "en": "Production"},
    "key": ["enterprise_id", "month"],
    "period": "month",
    "link": [
        {"table": "register", "on": {"enterprise_id": "enterprise_id", "year": "period"}},
        {"table": "price_index", "on": {"segment": "segment", "year": "period"}},
    ],
    "columns": {
        "enterprise_id": ENTERPRISE,
        "month": column("month", "月份", "Month"),
        "output_value": column("number", "总产值", "Output", unit="万元", minimum=0),
    },
}
PRICE_INDEX = {
    "id": "price_index",
    "name": {"zh": "价格指数", "en": "Price index"},
    "key": ["segment", "year"],
    "columns": {
        "segment": column("code", "行业小类", "Segment", codes="segment"),
        "year": column("year", "年份", "Year"),
        "price_index": column("number", "指数", "Index"),
    },
}
FORM = {
    "id": "form",
    "name": {"zh": "报表", "en": "Form"},
    "key": ["form_id"],
    "latest": "submitted_at",
    "columns": {
        "form_id": column("identifier", "表号", "Form"),
        "output_value": column("number", "产值", "Output value", unit="万元"),
        "staff": column("integer", "人数", "Staff", unit="人"),
        "unit": column("unit", "计量单位", "Unit of measure", of=["output_value"]),
        "staff_unit": column("unit", "人数单位", "Unit of staff", of=["staff"]),
        "submitted_at": column("timestamp", "提交时间", "Submitted at"),
        "remark": column("text", "备注", "Remark"),
    },
}
DICTIONARY = Dictionary.model_validate(
    {
        "tables": {table["id"]: table for table in (SURVEY, PRODUCTION, REGISTER, PRICE_INDEX, FORM)},
        "codes": {"segment": {"id": "segment", "name": {"zh": "行业小类", "en": "segments"}, "codes": SEGMENTS}},
        "missing": ["NA", "缺失"],
    }
)


def write(path: Path, header: str, rows: Sequence[str | Sequence[str]]) -> Path:
    """A CSV with this header; a row is a line, or its fields where they need quotes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(row.split(",") if isinstance(row, str) else row for row in rows)
    return path


def register(path: Path, enterprises: Sequence[str] = ("E1", "E2", "E3"), years: Sequence[int] = (2025, 2026)) -> Path:
    rows = [f"{enterprise},{year},3611" for enterprise in enterprises for year in years]
    return write(path, "enterprise_id,year,segment", rows)

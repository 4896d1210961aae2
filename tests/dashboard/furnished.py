"""Editions whose further tables are written by hand, so that what a page makes of them can be counted on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition, write_edition
from indicators.editions.results import RESULTS
from tests.dashboard.plausible import rows

_WHOLE = {"breakdown": "total", "category": "total"}


def empty(root: Path, plan: Plan) -> Edition:
    """An edition of which every table is empty."""
    coverage = {"table_id": pl.String(), "rows": pl.Int64(), "units": pl.Int64()}
    ends = {"first_period": pl.String(), "last_period": pl.String()}
    return write_edition(
        root,
        plan=plan,
        results=pl.DataFrame(schema=RESULTS),
        coverage=pl.DataFrame(schema={**coverage, **ends}),
        statements=pl.DataFrame(schema={"indicator": pl.String(), "sql": pl.String()}),
        provenance={},
    )


def furnished(root: Path, plan: Plan, *, provenance: Mapping[str, Any] | None = None) -> Edition:
    """Plausible numbers, and by hand: response, weights, edits, revisions of edition 0007, alerts."""
    coverage = [_loaded("assessments", 1200, 800, "2024"), _loaded("providers", 45, 20, "2024"), _loaded("survey", 0, 0, None)]
    return write_edition(
        root,
        plan=plan,
        results=pl.DataFrame(list(rows(plan)), infer_schema_length=None),
        coverage=pl.DataFrame(coverage, infer_schema_length=None),
        statements=pl.DataFrame({"indicator": ["nc_rate"], "sql": ["SELECT 1"]}),
        provenance={"former": "0007"} if provenance is None else provenance,
        details={name: _frame(name, listed) for name, listed in _details().items()},
    )


def _details() -> dict[str, list[dict[str, Any]]]:
    return {
        "response": [
            _response("nc_rate", "2025", 600, 540),
            _response("nc_rate", "2026", 600, 480),
            _response("nc_rate_pooled", "2025", 600, 540),
            _response("nc_rate_pooled", "2026", 600, 480),
            _response("rd_cycle", "2026", 500, 200),
            *(
                _response("rd_cycle", "2026", 50, n, "size_class", code)
                for code, n in (("large", 40), ("small", 10), ("micro", 15))
            ),
        ],
        "weighting": [
            _weighting("nc_rate", "design", 1.5, None),
            _weighting("nc_rate_pooled", "design", 1.5, None),
            _weighting("nc_rate", "logit", 2.25, "segment 3611+3612"),
            _weighting("nc_rate_pooled", "logit", 2.25, "segment 3611+3612"),
            _weighting("rd_cycle", "response group", 1.75, None),
        ],
        "edits": [
            _edit("value_added", "2025", "value_added_thousandfold", "unit", 7, 5),
            _edit("employees", "2026", "missing_units", "former", 30, 6),
            _edit(None, None, None, None, 4, 3),
        ],
        "revisions": [
            _revision("nc_rate", "2025", "0007", 0.60, 0.62, beyond=True),
            _revision("nc_rate", "2024", "0007", 0.50, 0.51, beyond=False),
            _revision("rd_tool_rate", "2025", "0007", 0.80, 0.79, beyond=False),
            _revision("nc_rate", "2025", "0001", 0.58, 0.62, beyond=True),
        ],
        "revision_summary": [_summary("nc_rate", 8, 3), _summary("rd_tool_rate", 10, 1), _summary("rd_cycle", 7, 0)],
        "alerts": [
            _alert("revision", "nc_rate", "2025", edition="0007", zh="数控化率修订了", en="The rate was revised"),
            _alert("late", None, "2026", zh="有17家未报", en="17 are late"),
        ],
    }


def _frame(name: str, listed: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame([dict.fromkeys(DETAILS[name]) | row for row in listed], schema=DETAILS[name])


def _loaded(table: str, rows: int, units: int, first: str | None) -> dict[str, Any]:
    return {"table_id": table, "rows": rows, "units": units, "first_period": first, "last_period": "2026" if first else None}


def _response(
    indicator: str, period: str, asked: int, answered: int, breakdown: str = "total", category: str = "total"
) -> dict[str, Any]:
    key = {"indicator": indicator, "period": period, "breakdown": breakdown, "category": category}
    return {**key, "asked": asked, "answered": answered, "rate": answered / asked}


def _weighting(indicator: str, method: str, largest: float, dropped: str | None) -> dict[str, Any]:
    told = {"indicator": indicator, "period": "2026", "version": "a1", "method": method, "units": 480}
    return {**told, "totals": None if method == "design" else 13, "dropped": dropped, "smallest": 0.5, "largest": largest}


def _edit(
    column: str | None, period: str | None, rule: str | None, method: str | None, values: int, units: int
) -> dict[str, Any]:
    told = {"table": "production", "column": column, "period": period, "rule": rule, "method": method}
    return {**told, "values": values, "units": units}


def _revision(indicator: str, period: str, edition: str, former: float, value: float, *, beyond: bool) -> dict[str, Any]:
    told = {"indicator": indicator, "period": period, **_WHOLE, "edition": edition, "reason": "data", "beyond_error": beyond}
    return {**told, "former": former, "value": value, "revision": value - former}


def _summary(indicator: str, compared: int, revised: int) -> dict[str, Any]:
    told = {"indicator": indicator, "stage": "latest", "rows": "all", "compared": compared, "revised": revised}
    return {**told, "mean": 0.01, "mean_absolute": 0.01, "relative": 0.02, "largest_revision": 0.02}


def _alert(kind: str, indicator: str | None, period: str, *, zh: str, en: str, edition: str | None = None) -> dict[str, Any]:
    where = _WHOLE if indicator else {"breakdown": "table", "category": "production"}
    return {"indicator": indicator, "period": period, **where, "kind": kind, "edition": edition, "why_zh": zh, "why_en": en}

"""Plausible judgements beside a plausible edition: assessments, paths, paces, methods and splits of its own numbers.

The arithmetic is the plain one for a straight path and a linear scale, written here a second time and on purpose short: what the
pages show is compared with these frames, not with the rules that the room of indicators keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from statistics import NormalDist
from typing import Any

import polars as pl

from indicators.catalogue.plan import Plan, Target
from indicators.editions.details import as_details

Row = dict[str, Any]
GRADES = (("on_track", 0.95), ("acceleration", 0.60), ("limited", 0.0), ("deterioration", float("-inf")))
#: method → what it says in its own words
METHODS = {
    "statcan": "acceleration",
    "eurostat": "moderate",
    "unsd": "on_track",
    "escap": "accelerate",
    "germany": None,
    "undp": "yellow",
    "digital_decade": "near_path",
    "linear": "acceleration",
}


def judgements(plan: Plan, rows: list[Row]) -> dict[str, pl.DataFrame]:
    """The tables by name. `rows` are those of the results frame."""
    values = {
        (row["indicator"], row["breakdown"], row["category"], row["period"]): row for row in rows if row["value"] is not None
    }
    assessed = list(_assessments(plan, values))
    newest = [row for row in assessed if row["scope"] and row["period"] == "2026"]
    tables = {
        "assessments": assessed,
        "paths": [step for row in newest for step in _steps(plan, row)],
        "paces": [pace for row in newest for pace in _paces(plan, row)],
        "methods": [method for row in newest for method in _methods(row)],
        "splits": [part for row in newest for part in _parts(plan, row, values)],
    }
    return {
        name: as_details(name, pl.DataFrame(found, infer_schema_length=None) if found else None) for name, found in tables.items()
    }


def target_of(plan: Plan, row: Mapping[str, Any]) -> Target:
    """The target that a row is held against."""
    return next(t for t in plan.indicators[row["indicator"]].targets if (t.id or row["indicator"]) == row["target"])


def _assessments(plan: Plan, values: Mapping[tuple[str, str, str, str], Row]) -> Iterator[Row]:
    for indicator in plan.indicators.values():
        for target in indicator.targets:
            base_period = plan.base_of(target)
            scope = target.scope if isinstance(target.scope, dict) else {}
            named = (",".join(scope) or "total", ",".join(scope.values()) or "total")
            for (name, breakdown, category, period), row in values.items():
                begun = "2025" if base_period is None else base_period
                if name == indicator.id and target.value is not None and len(period) == 4 and period >= begun:
                    base = values.get((name, breakdown, category, begun))
                    yield _assessed(target, row, base, begun) | {
                        "scope": (breakdown, category) == named,
                        "target": target.id or name,
                    }


def _assessed(target: Target, row: Row, base: Row | None, begun: str) -> Row:
    assert target.value is not None and target.operator is not None
    sign = 1 if target.operator.startswith(">") else -1
    value, se, since = row["value"], row["se"], int(row["period"]) - int(begun)
    gap, normal = sign * (target.value - value), NormalDist()
    found: Row = {name: row[name] for name in ("indicator", "period", "breakdown", "category", "value", "se")}
    found |= {"threshold": target.value, "base_period": begun, "gap": gap, "gap_low": None, "gap_high": None}
    found |= {"base": base and base["value"], "base_se": base and base["se"], "covariance": 0.0, "distance": None}
    found |= dict.fromkeys(
        ("path", "path_gap", "pace", "grade", "other", "probability", "p_met", *(f"p_{name}" for name, _ in GRADES)), None
    )
    if row["low"] is not None:
        found |= {"gap_low": gap - 1.96 * se, "gap_high": gap + 1.96 * se}
    if se:
        found["p_met"] = normal.cdf(-gap / se)
    if base is None or since < 1 or target.year is None:
        return found | {"outcome": "base_only" if since < 1 else "met" if gap < 0 else "no_date"}
    moved, whole = sign * (value - base["value"]), sign * (target.value - base["value"])
    span = target.year - int(begun)
    found["path"] = base["value"] + sign * whole * since / span
    found |= {"path_gap": sign * (found["path"] - value), "distance": moved / whole, "pace": (moved / since) / (whole / span)}
    grade = next(name for name, bound in GRADES if found["pace"] >= bound)
    if gap <= 0:
        return found | {"outcome": "met"}
    if not se:
        return found | {"grade": grade, "outcome": grade}
    above = [normal.cdf((moved / since - bound * whole / span) / se) if bound > float("-inf") else 1.0 for _, bound in GRADES]
    shares = [above[0], *(later - former for former, later in pairwise(above))]
    shares[0] = max(shares[0] - found["p_met"], 0.0)
    total = sum(shares) + found["p_met"]
    parts = dict(zip([name for name, _ in GRADES], (share / total for share in shares), strict=True))
    at = list(parts).index(grade)
    beside = max(list(parts)[max(at - 1, 0) : at] + list(parts)[at + 1 : at + 2], key=parts.__getitem__)
    told = parts[grade] >= 0.7
    return found | {f"p_{name}": share for name, share in parts.items()} | {
        "p_met": found["p_met"] / total,
        "grade": grade,
        "other": None if told else beside,
        "probability": parts[grade] if told else parts[grade] + parts[beside],
        "outcome": grade if told else "cannot_tell",
    }  # fmt: skip


def _keys(row: Row) -> Row:
    return {name: row[name] for name in ("indicator", "period", "breakdown", "category", "target")}


def _steps(plan: Plan, row: Row) -> Iterator[Row]:
    target = target_of(plan, row)
    if target.year is None or row["base"] is None:
        return
    begun, now = int(row["base_period"]), int(row["period"])
    for vintage, bend in (("2025-12-29", 0.0), ("2025-06-30", 0.4)):
        for year in range(begun, target.year + 1):
            part = (year - begun) / (target.year - begun)
            part += bend * part * (1 - part)
            value = row["base"] + (row["threshold"] - row["base"]) * part
            yield _keys(row) | {"kind": "path", "vintage": vintage, "year": year, "value": value, "low": None, "high": None}
    pace = (row["value"] - row["base"]) / (now - begun)
    for year in range(now, target.year + 1):
        ahead = year - now
        value, half = row["value"] + pace * ahead, 1.96 * (row["se"] or 0.0) * (1 + 1.5 * ahead)
        ends = {"low": value - half, "high": value + half} if half else {"low": None, "high": None}
        yield _keys(row) | {"kind": "same_pace", "vintage": None, "year": year, "value": value, **ends}


def _paces(plan: Plan, row: Row) -> Iterator[Row]:
    target = target_of(plan, row)
    if target.year is None or row["base"] is None or row["value"] == row["threshold"]:
        return
    required = (row["threshold"] - row["value"]) / max(target.year - int(row["period"]), 1)
    for among, categories, fastest in (("province", 31, 0.8 * required), ("segment", 7, 1.3 * required)):
        yield _keys(row) | {
            "scale": "linear",
            "achieved": (row["value"] - row["base"]) / (int(row["period"]) - int(row["base_period"])),
            "required": required,
            "among": among,
            "categories": categories,
            "fastest": fastest,
            "reached": abs(fastest) >= abs(required),
        }


def _methods(row: Row) -> Iterator[Row]:
    if row["pace"] is None:
        return
    for place, (method, verdict) in enumerate(METHODS.items()):
        direction = None if verdict is None else verdict if verdict == "on_track" else "behind"
        yield _keys(row) | {
            "method": method,
            "figure": None if direction is None else row["pace"] + place / 100,
            "verdict": verdict,
            "direction": direction,
            "agrees": None if direction is None else direction != "on_track",
            "reason": "few_years" if direction is None else None,
        }


def _parts(plan: Plan, row: Row, values: Mapping[tuple[str, str, str, str], Row]) -> Iterator[Row]:
    """Every breakdown with at least three published categories: equal weights, and what is missing is composition."""
    target = target_of(plan, row)
    sign = 1 if (target.operator or ">").startswith(">") else -1
    asked = target.scope if isinstance(target.scope, dict) else {}
    found: dict[str, list[Row]] = {}
    for (name, breakdown, category, period), cell in values.items():
        codes = dict(zip(breakdown.split(","), category.split(","), strict=True))
        inside = set(asked) < set(codes) and all(codes[one] == code for one, code in asked.items())
        if (
            name == row["indicator"]
            and period == row["period"]
            and breakdown != "total"
            and cell["status"] == "published"
            and inside
        ):
            found.setdefault(breakdown, []).append(cell)
    for breakdown, cells in found.items():
        if len(cells) < 3 or row["base"] is None:
            continue
        weight = 0.9 / len(cells)
        parts = [(cell, weight * sign * (row["threshold"] - cell["value"])) for cell in cells]
        parts.sort(key=lambda part: -part[1])
        so_far = 0.0
        for rank, (cell, contribution) in enumerate(parts, 1):
            essential = so_far < 0.8 * row["gap"] and contribution > 0
            so_far += contribution
            share = contribution / row["gap"] if row["gap"] > 0 else None
            counted = plan.indicators[row["indicator"]].counted is not None
            yield _part(row, breakdown, cell["category"], "category") | {
                "weight": weight,
                "value": cell["value"],
                "units": 1000.0 * weight,
                "missing": round(max(sign * (row["threshold"] - cell["value"]), 0.0) * 1000 * weight) if counted else None,
                "contribution": contribution,
                "se": weight * (cell["se"] or 0.0),
                "share": share,
                "rank": rank,
                "cumulative": so_far / row["gap"] if row["gap"] > 0 else None,
                "essential": essential,
                "within": weight * 0.02 * (rank % 5 - 1),
                "composition": weight * 0.004 * (rank % 3 - 1),
            }
        others = {"rest": 0.1 * row["gap"], "composition": 0.9 * row["gap"] - so_far, "total": row["gap"]}
        for part, contribution in others.items():
            share = contribution / row["gap"] if row["gap"] > 0 else None
            yield _part(row, breakdown, part, part) | {"contribution": contribution, "share": share}


def _part(row: Row, breakdown: str, category: str, part: str) -> Row:
    names = ("weight", "value", "units", "missing", "se", "rank", "cumulative", "essential", "within", "composition")
    return _keys(row) | {"breakdown": breakdown, "category": category, "part": part, "scale": "linear", **dict.fromkeys(names)}

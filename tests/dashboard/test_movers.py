"""Sentences on who must move, held against the rows that they are made from."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from dashboard.rows.assessed import Assessment
from dashboard.wording import movers
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.splits.pareto import places

EN, ZH = words("en"), words("zh")
PARTS = {"rest": 0.0, "composition": 0.0}


def row(indicator: str = "rd_tool_rate", target: str = "T3", gap: float = 0.1, half: float | None = 0.03) -> Assessment:
    ends = {"gap_low": None, "gap_high": None} if half is None else {"gap_low": gap - half, "gap_high": gap + half}
    key = {"indicator": indicator, "period": "2026", "breakdown": "total", "category": "total", "target": target}
    return Assessment(**key, threshold=0.95, value=0.95 - gap, base_period="2025", gap=gap, **ends)


def split(breakdown: str, own: dict[str, float], se: float | None = 0.01, **parts: float) -> pl.DataFrame:
    """A split with these contributions; two are missing for each hundredth of the gap, and what is not given is nothing."""
    others = {name: value for name, value in {**PARTS, **parts}.items() if name in PARTS and value}
    gap = math.fsum([*own.values(), *others.values()])
    told = zip(own, places(list(own), list(own.values()), gap), strict=True)
    rows: list[dict[str, Any]] = []
    for name, place in told:
        missing = 200 * own[name] if own[name] > 0 else None
        rows.append({"category": name, "part": "category", "contribution": own[name], "se": se, "missing": missing} | vars(place))
    rows += [
        {"category": name, "part": name, "contribution": value, "share": value / gap if gap > 0 else None}
        for name, value in others.items()
    ]
    moved = {"within": parts.get("within"), "composition": parts.get("between")}
    rows.append({"category": "total", "part": "total", "contribution": gap, "share": 1.0 if gap > 0 else None, **moved})
    schema = {
        "share": pl.Float64,
        "cumulative": pl.Float64,
        "essential": pl.Boolean,
        "within": pl.Float64,
        "composition": pl.Float64,
    }
    frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=schema)
    return frame.with_columns(breakdown=pl.lit(breakdown))


def test_what_is_counted_is_told_in_counts_with_its_error(plan: Plan) -> None:
    """0.03 + 0.01 + 0.005 are 45 % of 0.1, ± 1.96 · √3 · 0.01 / 0.1 = 34 points; 200 × 0.045 are 9."""
    found = split("province", {"320000": 0.03, "330000": 0.01, "440000": 0.005}, rest=0.055)
    assert movers.lead(row(), found, plan, EN) == (
        "9 more enterprises in Jiangsu, Zhejiang and Guangdong would close 45% of the gap (± 34 points)."
    )
    assert movers.lead(row(), found, plan, ZH) == "江苏省、浙江省、广东省再有9家企业达到要求，可消除差距的45%（±34个百分点）。"


def test_categories_of_a_crossing_say_once_what_they_have_in_common(plan: Plan) -> None:
    crossing = "province,segment_group,size_class"
    codes = ["320000,parts,small", "330000,parts,small"]
    assert movers.names(plan, crossing, codes, EN) == "Jiangsu and Zhejiang (Parts makers · Small)"
    assert movers.names(plan, crossing, codes, ZH) == "江苏省、浙江省（零部件 · 小型）"
    other = ["320000,parts,small", "330000,vehicle,small"]
    assert movers.names(plan, crossing, other, EN) == "Jiangsu · Parts makers · Small and Zhejiang · Vehicle makers · Small"
    assert movers.names(plan, crossing, codes[:1], EN) == "Jiangsu · Parts makers · Small"
    assert movers.names(plan, "province", ["320000", "330000", "440000"], ZH) == "江苏省、浙江省、广东省"


def test_what_is_not_counted_is_brought_to_the_threshold(plan: Plan) -> None:
    found = split("segment_group", {"parts": 0.07, "vehicle": 0.03})
    told = movers.lead(row("nc_rate", "T4"), found, plan, EN)
    assert told == "With Parts makers and Vehicle makers on the threshold, the whole gap would be closed."
    counts = split("provider_class", {"integration": 1.5, "operation": 0.2, "design": 0.3}, se=0.0)
    assert movers.lead(row("solution_providers", "T8", gap=2.0, half=None), counts, plan, EN).startswith("With Integration")
    assert "their part of the threshold" in movers.lead(row("solution_providers", "T8", gap=2.0, half=None), counts, plan, EN)


def test_nothing_is_to_go_where_the_gap_is_not_positive(plan: Plan) -> None:
    found = split("segment_group", {"parts": 0.01, "vehicle": -0.03}, rest=0.01)
    assert movers.sentences(row(gap=-0.01), found, plan, EN) == ["The target is reached, so nothing is to go."]
    assert movers.lead(row(gap=-0.01), found, plan, EN) == ""


def test_equal_is_not_reached_where_the_law_says_more_than(plan: Plan) -> None:
    found = split("segment_group", {"parts": 0.01, "vehicle": -0.01})
    [told] = movers.sentences(row(gap=0.0), found, plan, EN)
    assert told == "The number stands exactly on the threshold, which has to be exceeded."
    [reached] = movers.sentences(row("solution_providers", "T8", gap=0.0), found, plan, EN)
    assert reached.startswith("The target is reached")


def test_of_a_gap_within_error_nobody_holds_a_share_and_why_is_said(plan: Plan) -> None:
    known = split("province", {"320000": 0.08, "330000": 0.02}, rest=0.02)
    found = known.with_columns(pl.lit(None).cast(known.schema[name]).alias(name) for name in ("share", "cumulative", "essential"))
    why = "The 95% interval of the gap includes zero, so it may be chance, and no shares of it are told."
    assert movers.sentences(row(half=0.2), found, plan, EN) == [why]
    assert movers.lead(row(half=0.2), found, plan, EN) == ""
    beyond = movers.sentences(row(half=0.05), known, plan, EN)
    assert why not in beyond and "of the gap" in beyond[0]


def test_without_an_error_no_margin_is_told(plan: Plan) -> None:
    """An error of zero is one of all alike, and says nothing of the next sample."""
    for se in (None, 0.0):
        assert "±" not in movers.lead(row(), split("province", {"320000": 0.06, "330000": 0.04}, se=se), plan, EN)


def test_the_rest_and_the_shift_are_told_where_they_matter(plan: Plan) -> None:
    found = split("province", {"320000": 0.05, "330000": 0.02}, rest=0.012, composition=0.018)
    told = movers.sentences(row("labour_productivity_change", "T5"), found, plan, EN)
    assert "What is not shown singly (withheld, unclassified or folded in) holds 12% of the gap." in told
    assert "Shifts of the mix since 2025 hold 18% of the gap." in told
    off = movers.sentences(row(), split("province", {"320000": 0.1, "330000": 0.02}, rest=-0.02), plan, EN)
    assert "is beyond the threshold and takes 20% off the gap" in " ".join(off)
    little = movers.sentences(row(), split("province", {"320000": 0.09, "330000": 0.0095}, rest=0.0005), plan, EN)
    assert not any("singly" in one for one in little)


def test_how_many_hold_most_is_told_where_not_all_of_them_are_named(plan: Plan) -> None:
    names = ["110000", "120000", "130000", "320000", "330000", "440000"]
    even = split("province", dict.fromkeys(names, 0.02))
    assert "5 of 6 groups hold 80% of the gap." in movers.sentences(row(), even, plan, EN)
    dark = split("province", dict.fromkeys(names[:2], 0.02), rest=0.06)
    assert "The groups that can be named hold less than 80% of the gap." in movers.sentences(row(), dark, plan, EN)
    two = movers.sentences(row(), split("province", dict(zip(names, (0.06, 0.03, 0.01), strict=False))), plan, EN)
    assert not any("hold 80%" in one for one in two)


@pytest.mark.parametrize(("between", "said"), [(0.012, True), (0.004, False), (-0.02, True)])
def test_what_the_mix_did_since_the_base_is_told_above_a_tenth(plan: Plan, between: float, said: bool) -> None:
    found = split("province", {"320000": 0.06, "330000": 0.04}, within=0.06 - between, between=between)
    told = [one for one in movers.sentences(row(), found, plan, EN) if one.startswith("Of the change since 2025 (+6.0 pp)")]
    assert bool(told) is said


def test_no_sentence_has_a_blank_left_open(plan: Plan) -> None:
    found = split("province", {"320000": 0.05, "330000": 0.02}, rest=0.012, composition=0.018, within=0.03, between=0.03)
    for spoken in (EN, ZH):
        for one in (row(), replace(row(), gap_low=None, gap_high=None), row("nc_rate", "T4"), row("rd_cycle_change", "T6")):
            told = movers.told(one, found, plan, spoken)
            assert told
            assert "{" not in told
            assert "  " not in told

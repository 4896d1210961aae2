"""Splits of a gap: parts that add up, each by a second road from the units themselves."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.change.decomposition import bennet
from indicators.estimation.estimate import KEYS
from indicators.splits.split import splits
from indicators.targets.evidence import Evidence
from indicators.targets.held import hold
from indicators.targets.target import assess
from tests.indicators.conftest import MakePlan
from tests.indicators.splitting import Industry, a_plan, unit

TARGETS = {
    "ratio": {"id": "T", "operator": ">", "value": 0.9, "year": 2027},
    "lower": {"id": "T", "operator": "<=", "value": 0.2, "year": 2027},
    "relative": {"id": "T", "operator": ">=", "value": 0.1, "year": 2027, "basis": "change"},
    "relative_lower": {"id": "T", "operator": "<=", "value": -0.2, "year": 2027, "basis": "change"},
    "difference": {"id": "T", "operator": ">=", "value": 0.05, "year": 2027, "basis": "change"},
    "total": {"id": "T", "operator": ">=", "value": 100.0, "year": 2027, "basis": "count"},
    "growth": {"id": "T", "operator": ">=", "value": 0.3, "year": 2027, "basis": "change"},
}
INDICATORS: dict[str, dict[str, Any]] = {
    "ratio": {"unit": "share"},
    "lower": {"unit": "share"},
    "relative": {"change_of": "rate", "base_period": "2025"},
    "relative_lower": {"change_of": "rate", "base_period": "2025"},
    "difference": {"change_of": "rate", "base_period": "2025", "change_as": "difference"},
    "total": {"denominator": None},
    "growth": {"change_of": "rate", "base_period": "2025"},
}


def industry(make_plan: MakePlan, kind: str, units: pl.DataFrame, minimum: int = 1, **target: Any) -> Industry:
    plan = a_plan(make_plan, {**TARGETS[kind], **target}, INDICATORS[kind])
    if kind == "growth":
        level = plan.indicators["rate"].model_copy(update={"denominator": None})
        plan = plan.model_copy(update={"indicators": {**plan.indicators, "rate": level}})
    return Industry(plan=plan, units=units, minimum=minimum)


amounts = st.floats(min_value=0.5, max_value=40.0)
levels = st.floats(min_value=0.05, max_value=1.0)


@st.composite
def two_years(draw: st.DrawFn, fewest: int = 2) -> pl.DataFrame:
    """Units of two years in two to six categories, some of which come or go; their levels are shares."""
    rows = []
    for at in range(draw(st.integers(fewest, 6))):
        for period in ("2025", "2026"):
            if at > 1 and draw(st.integers(0, 5)) == 0:
                continue  # nobody of this category in this year
            for b in range(draw(st.integers(1, 3))):
                x = draw(amounts)
                rows.append(unit(period, f"a{at}", f"b{b}", x, x * draw(levels), f"g{at}-{b}"))
    return pl.DataFrame(rows)


@pytest.mark.parametrize("kind", list(TARGETS))
@settings(deadline=None, max_examples=25)
@given(units=two_years())
def test_parts_add_up_to_the_gap_and_to_the_change(make_plan: MakePlan, kind: str, units: pl.DataFrame) -> None:
    told = industry(make_plan, kind, units).splits()
    assert told.notices == ()
    assert not told.frame.is_empty()
    for _, split in told.frame.group_by("period", "breakdown"):
        whole = split.filter(pl.col("part") == "total").row(0, named=True)
        parts = split.filter(pl.col("part") != "total")
        size = parts["contribution"].abs().max()
        assert math.fsum(parts["contribution"]) == pytest.approx(whole["contribution"], rel=0, abs=1e-12 * max(1.0, size))  # type: ignore[type-var]
        assert parts.filter(pl.col("part") == "composition").height == (kind in ("relative", "relative_lower", "difference"))
        if whole["within"] is not None:
            moved = math.fsum([*parts["within"].drop_nulls(), *parts["composition"].drop_nulls()])
            base = told_base(kind, units)
            near = 1e-11 * max(1.0, abs(whole["value"]), abs(base))
            assert moved == pytest.approx(whole["value"] - base, abs=near)
            assert moved == pytest.approx(whole["within"] + whole["composition"], abs=near)
        assert (whole["within"] is None) == (whole["period"] == "2025")


def told_base(kind: str, units: pl.DataFrame) -> float:
    """The value of the base year, zero of a change."""
    then = units.filter(pl.col("period") == "2025")
    if kind == "total":
        return float(then["y"].sum())
    return float(then["y"].sum() / then["x"].sum()) if kind in ("ratio", "lower") else 0.0


def level(units: pl.DataFrame, period: str) -> float:
    own = units.filter(pl.col("period") == period)
    return float(own["y"].sum() / own["x"].sum())


def value(kind: str, units: pl.DataFrame) -> float:
    """The number that the law speaks of, straight from the units."""
    if kind in ("ratio", "lower"):
        return level(units, "2026")
    if kind == "difference":
        return level(units, "2026") - level(units, "2025")
    return level(units, "2026") / level(units, "2025") - 1


@pytest.mark.parametrize("kind", ["ratio", "lower", "relative", "relative_lower", "difference"])
@settings(deadline=None, max_examples=20)
@given(units=two_years(), at=st.integers(0, 5))
def test_a_category_on_the_threshold_takes_exactly_its_contribution_from_the_gap(
    make_plan: MakePlan, kind: str, units: pl.DataFrame, at: int
) -> None:
    target = TARGETS[kind]
    told = industry(make_plan, kind, units).split("a")
    rows = told.filter(pl.col("part") == "category").rows(named=True)
    row, whole = rows[at % len(rows)], told.row(-1, named=True)
    goal, own = float(target["value"]), pl.col("a") == row["category"]  # type: ignore[arg-type]
    before = level(units.filter(own), "2025") if kind not in ("ratio", "lower") else 0.0
    there = {"ratio": goal, "lower": goal, "difference": before + goal}.get(kind, before * (1 + goal))
    moved = units.with_columns(y=pl.when(own & (pl.col("period") == "2026")).then(pl.col("x") * there).otherwise("y"))
    direction = 1 if str(target["operator"]).startswith(">") else -1
    gap = direction * (goal - value(kind, moved))
    assert gap == pytest.approx(whole["contribution"] - row["contribution"], abs=1e-11)


@pytest.mark.parametrize("kind", ["ratio", "relative", "difference"])
@settings(deadline=None, max_examples=20)
@given(units=two_years())
def test_what_a_category_changed_is_bennet_by_the_other_road(make_plan: MakePlan, kind: str, units: pl.DataFrame) -> None:
    """Kitagawa's two parts of a rate are Bennet's within and between; the rest is one category of its own."""
    told = industry(make_plan, kind, units).split("a")
    named = told.filter(pl.col("part") == "category")["category"].to_list()
    of = units.with_columns(piece=pl.when(pl.col("a").is_in(named)).then("a").otherwise(pl.lit("rest")))
    ends = [
        of.filter(pl.col("period") == period).group_by("piece").agg(pl.col("x", "y").sum().name.suffix(str(end)))
        for end, period in enumerate(("2025", "2026"))
    ]
    pieces = bennet(ends[0].join(ends[1], on="piece", how="full", coalesce=True))
    per = level(units, "2025") if kind == "relative" else 1.0
    shifted = (pl.col("between") + pl.col("entry") + pl.col("exit")) / per
    expected = {row[0]: row[1:] for row in pieces.select("piece", pl.col("within") / per, shifted).iter_rows()}
    for row in told.filter(pl.col("part").is_in(["category", "rest"])).iter_rows(named=True):
        within, composition = expected[row["category"]]
        assert row["within"] == pytest.approx(within, abs=1e-11)
        assert row["composition"] == pytest.approx(composition, abs=1e-11)


@settings(deadline=None, max_examples=15)
@given(units=two_years(), seed=st.integers(0, 1000), kind=st.sampled_from(["ratio", "relative"]))
def test_the_order_of_rows_changes_no_bit(make_plan: MakePlan, units: pl.DataFrame, seed: int, kind: str) -> None:
    case = industry(make_plan, kind, units)
    told, known = case.results(), case.evidence()
    stirred = replace(known, levels=known.levels.sample(fraction=1, shuffle=True, seed=seed))
    mixed = told.sample(fraction=1, shuffle=True, seed=seed + 2)
    assert case.splits(told, known).frame.equals(case.splits(mixed, stirred).frame)


def three(period: str, *sizes: float, levels: tuple[float, ...]) -> list[dict[str, Any]]:
    """One unit in each of the categories a0, a1, a2 …"""
    return [unit(period, f"a{at}", "b0", x, x * own, f"g{at}") for at, (x, own) in enumerate(zip(sizes, levels, strict=True))]


def test_a_split_by_hand(make_plan: MakePlan) -> None:
    """Shares 0.5, 0.3, 0.2 and levels 0.6, 0.8, 1.0 make 0.74; to 0.9 are 0.16 to go: 0.15 + 0.03 − 0.02."""
    case = industry(make_plan, "ratio", pl.DataFrame(three("2026", 50.0, 30.0, 20.0, levels=(0.6, 0.8, 1.0))))
    told = case.split("a")
    assert told["category"].to_list() == ["a0", "a1", "a2", "total"]
    assert told["contribution"].to_list() == pytest.approx([0.15, 0.03, -0.02, 0.16])
    assert told["share"].to_list() == pytest.approx([0.9375, 0.1875, -0.125, 1.0])
    assert told["cumulative"].to_list()[:3] == pytest.approx([0.9375, 1.125, 1.0])
    assert told["essential"].to_list()[:3] == [True, False, False]
    assert told["weight"].to_list() == pytest.approx([0.5, 0.3, 0.2, 1.0])
    assert told["se"].to_list()[:3] == pytest.approx([0.5 * 0.011, 0.3 * 0.011, 0.2 * 0.011])
    assert told["within"].to_list() == [None] * 4  # there is no base year


def test_a_change_by_hand(make_plan: MakePlan) -> None:
    """Levels 2 and 4 grow by 10 % each, but labour moves to the first: 3.0 → 0.6 × 2.2 + 0.4 × 4.4 = 3.08, or 2.67 %."""
    units = three("2025", 50.0, 50.0, levels=(2.0, 4.0)) + three("2026", 60.0, 40.0, levels=(2.2, 4.4))
    told = industry(make_plan, "relative", pl.DataFrame(units)).split("a")
    by = {row["category"]: row for row in told.iter_rows(named=True)}
    assert by["a0"]["weight"] == pytest.approx(0.6 * 2 / 3)
    assert by["a1"]["weight"] == pytest.approx(0.4 * 4 / 3)
    assert by["total"]["contribution"] == pytest.approx(0.1 - 0.08 / 3)
    # both stand on the threshold, so all of the gap is the shift between them
    assert [by[name]["contribution"] for name in ("a0", "a1")] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert by["composition"]["contribution"] == pytest.approx(by["total"]["contribution"])
    assert by["total"]["within"] + by["total"]["composition"] == pytest.approx(0.08 / 3)


def test_of_a_count_each_category_has_its_share_of_the_threshold(make_plan: MakePlan) -> None:
    """Of 60 to become 100, a0 had 40 and a1 20, so they are asked for 66.7 and 33.3."""
    units = [unit("2025", "a0", "b0", 1.0, 40.0, "g"), unit("2025", "a1", "b0", 1.0, 20.0, "h")]
    units += [unit("2026", "a0", "b0", 1.0, 50.0, "g"), unit("2026", "a1", "b0", 1.0, 35.0, "h")]
    told = industry(make_plan, "total", pl.DataFrame(units)).splits().frame.filter(pl.col("breakdown") == "a")
    now = {row["category"]: row for row in told.filter(pl.col("period") == "2026").iter_rows(named=True)}
    assert now["a0"]["contribution"] == pytest.approx(200 / 3 - 50)
    assert now["a1"]["contribution"] == pytest.approx(100 / 3 - 35)
    assert now["total"]["contribution"] == pytest.approx(15.0)
    assert (now["a0"]["within"], now["a1"]["within"]) == (10.0, 15.0)
    then = {row["category"]: row for row in told.filter(pl.col("period") == "2025").iter_rows(named=True)}
    assert then["a0"]["contribution"] == pytest.approx(200 / 3 - 40)
    assert then["a0"]["within"] is None
    no_base = industry(make_plan, "total", pl.DataFrame(units), base_period=None)
    assert no_base.splits().frame.is_empty()


def test_a_target_that_asks_one_category_is_split_within_it(make_plan: MakePlan) -> None:
    rows = [("a0", "b0", 40.0, 0.5), ("a0", "b1", 60.0, 0.9), ("a1", "b0", 10.0, 0.1), ("a1", "b1", 30.0, 0.7)]
    units = pl.DataFrame([unit("2026", a, b, x, x * own, f"{a}{b}") for a, b, x, own in rows])
    told = industry(make_plan, "ratio", units, scope={"a": "a0"}).splits().frame
    assert told["breakdown"].unique().to_list() == ["a,b"]
    by = {row["category"]: row for row in told.iter_rows(named=True)}
    assert set(by) == {"a0,b0", "a0,b1", "total"}
    assert (by["a0,b0"]["weight"], by["a0,b1"]["weight"]) == pytest.approx((0.4, 0.6))
    assert by["total"]["contribution"] == pytest.approx(0.9 - 0.74)


def test_those_of_no_category_are_the_rest(make_plan: MakePlan) -> None:
    units = [*three("2026", 50.0, 30.0, levels=(0.6, 0.8)), unit("2026", None, "b0", 20.0, 20.0, "g9")]
    told = industry(make_plan, "ratio", pl.DataFrame(units)).split("a")
    by = {row["part"]: row for row in told.iter_rows(named=True)}
    assert by["rest"]["weight"] == pytest.approx(0.2)
    assert by["rest"]["contribution"] == pytest.approx(0.2 * (0.9 - 1.0))
    assert (by["rest"]["value"], by["rest"]["se"], by["rest"]["rank"]) == (None, None, None)


def test_categories_of_another_frame_are_not_split_and_it_is_said(make_plan: MakePlan) -> None:
    """Categories that hold more than the whole are no parts of it."""
    case = industry(make_plan, "ratio", pl.DataFrame(three("2026", 50.0, 30.0, levels=(0.6, 0.8))))
    known = case.evidence()
    more = known.levels.with_columns(x=pl.when(pl.col("category") == "a0").then(pl.col("x") * 1.1).otherwise("x"))
    told = case.splits(evidence=replace(known, levels=more))
    assert set(told.frame["breakdown"]) == {"up,b"} - {"up,b"} | set(told.frame["breakdown"]) - {"a"}
    assert "a" not in set(told.frame["breakdown"])
    [notice] = told.notices
    assert "do not add up" in notice.en
    assert "rate (a" in notice.en


def test_a_part_of_a_year_is_held_against_the_same_part_of_the_base(make_plan: MakePlan) -> None:
    """All of 2025 would say something else; the levels cut to common months are those that the change was made from."""
    cut = three("2025", 40.0, 60.0, levels=(2.0, 3.0)) + three("2026", 50.0, 50.0, levels=(2.1, 3.3))
    whole = three("2025", 90.0, 10.0, levels=(5.0, 1.0)) + three("2026", 50.0, 50.0, levels=(2.1, 3.3))
    case = industry(make_plan, "relative", pl.DataFrame(cut))
    other = replace(case, units=pl.DataFrame(whole), part_years={"moved": {"2026": case.levels()}})
    columns = [name for name in case.split("a").columns if name not in KEYS]
    assert other.split("a").select(columns).equals(case.split("a").select(columns))


def test_of_a_frozen_base_nothing_is_said_of_what_the_change_is_made_of(make_plan: MakePlan) -> None:
    """Its values are kept and its sums are not; the gap adds up all the same."""
    units = three("2025", 50.0, 30.0, 20.0, levels=(0.5, 0.6, 0.7)) + three("2026", 50.0, 30.0, 20.0, levels=(0.6, 0.8, 0.9))
    case = industry(make_plan, "ratio", pl.DataFrame(units))
    known = case.evidence()
    kept = pl.when(pl.col("period") == "2025").then(pl.col("value") * 1.01).otherwise("value")
    told = case.splits(evidence=replace(known, levels=known.levels.with_columns(value=kept))).frame
    now = told.filter(pl.col("breakdown") == "a", pl.col("period") == "2026")
    assert now["within"].is_null().all()
    parts = now.filter(pl.col("part") != "total")["contribution"]
    assert math.fsum(parts) == pytest.approx(now.filter(pl.col("part") == "total")["contribution"].item(), abs=1e-12)


@pytest.mark.parametrize(
    ("operator", "short", "expected"),
    [
        (">=", 12.0, 12),  # 0.12 of 100
        (">", 12.0, 13),  # reaching it is not enough
        (">=", 12.3, 13),
        (">", 12.3, 13),
    ],
)
def test_what_is_counted_is_rounded_up_to_whole_ones(make_plan: MakePlan, operator: str, short: float, expected: int) -> None:
    units = pl.DataFrame([unit("2026", "a0", "b0", 100.0, 90.0 - short, "g"), unit("2026", "a1", "b0", 100.0, 95.0, "h")])
    plan = a_plan(
        make_plan,
        {"id": "T", "operator": operator, "value": 0.9, "year": 2027},
        {"unit": "share", "denominator": 1, "counted": {"zh": "家企业", "en": "enterprises"}},
    )
    told = Industry(plan=plan, units=units).split("a")
    by = {row["category"]: row for row in told.iter_rows(named=True)}
    assert (by["a0"]["missing"], by["a1"]["missing"]) == (expected, None)
    assert (by["a0"]["units"], by["total"]["units"]) == (100.0, 200.0)
    of_all = 200 * 0.9 - (90 - short + 95)
    assert by["total"]["missing"] == (math.floor(of_all + 1e-9) + 1 if operator == ">" else math.ceil(of_all - 1e-9))


def test_units_are_told_only_where_the_denominator_counts_them(make_plan: MakePlan) -> None:
    told = industry(make_plan, "ratio", pl.DataFrame(three("2026", 50.0, 30.0, levels=(0.6, 0.8)))).split("a")
    assert told["units"].is_null().all()
    assert told["missing"].is_null().all()


def cycles(make_plan: MakePlan, mix: str | None) -> tuple[Any, pl.DataFrame, Evidence]:
    """A duration of two groups, 100 and 50 days in 2025, 90 and 48 in 2026; six of ten cases of 2025 are of the first."""
    plan = a_plan(
        make_plan,
        {"id": "T", "operator": "<=", "value": -0.2, "year": 2027},
        {"change_of": "rate", "base_period": "2025", "mix": mix},
    )
    days = {"start": "year", "end": "year", "as_of": "year", "method": "period"}
    level = {**plan.indicators["rate"].model_dump(), "numerator": None, "denominator": None, "duration": days}
    plan = plan.model_copy(
        update={"indicators": {**plan.indicators, "rate": type(plan.indicators["rate"]).model_validate(level)}}
    )
    rows = [("2025", "total", "total", 80.0, 10.0), ("2025", "a", "a0", 100.0, 6.0), ("2025", "a", "a1", 50.0, 4.0)]
    rows += [("2026", "total", "total", 70.0, 12.0), ("2026", "a", "a0", 90.0, 5.0), ("2026", "a", "a1", 48.0, 7.0)]
    named = [dict(zip(("period", "breakdown", "category", "value", "exposed"), row, strict=True)) for row in rows]
    levels = pl.DataFrame([{"indicator": "rate", **row, "n": 30, "se": 1.0} for row in named])
    log = 0.6 * math.log(0.9) + 0.4 * math.log(0.96)
    moved = {"total": math.expm1(log), "a0": -0.1, "a1": -0.04}
    told = levels.filter(pl.col("period") == "2026").with_columns(
        indicator=pl.lit("moved"), value=pl.col("category").replace_strict(moved, return_dtype=pl.Float64), se=0.03
    )
    frame = pl.concat([levels, told]).with_columns(
        status=pl.lit("published"), quality=pl.lit(None, pl.String), df=pl.lit(None, pl.Int64), low=None, high=None
    )
    results = assess(plan, frame.select(*KEYS, "value", "se", "low", "high", "n", "df", "quality", "status"))
    return plan, results, Evidence(levels=levels)


def test_a_duration_at_a_fixed_mix_is_split_on_its_logarithms(make_plan: MakePlan) -> None:
    plan, results, known = cycles(make_plan, "a")
    told = splits(plan, hold(plan, results, known.covariance), known, results)
    by = {row["category"]: row for row in told.frame.iter_rows(named=True)}
    assert set(by) == {"a0", "a1", "total"}
    assert {row["scale"] for row in by.values()} == {"log"}
    assert (by["a0"]["weight"], by["a1"]["weight"]) == pytest.approx((0.6, 0.4))
    log = 0.6 * math.log(0.9) + 0.4 * math.log(0.96)
    gap = math.expm1(log) + 0.2
    assert by["total"]["contribution"] == pytest.approx(gap)
    per = gap / (log - math.log(0.8))
    assert by["a0"]["contribution"] == pytest.approx(per * 0.6 * (math.log(0.9) - math.log(0.8)))
    assert by["a0"]["contribution"] + by["a1"]["contribution"] == pytest.approx(gap, abs=1e-12)
    assert by["a0"]["se"] == pytest.approx(per * 0.6 * 0.03 / 0.9)
    assert by["a0"]["within"] + by["a1"]["within"] == pytest.approx(math.expm1(log))
    assert by["a0"]["within"] / by["a1"]["within"] == pytest.approx(0.6 * math.log(0.9) / (0.4 * math.log(0.96)))


def test_a_duration_without_a_mix_is_not_split_and_it_is_said(make_plan: MakePlan) -> None:
    plan, results, known = cycles(make_plan, None)
    told = splits(plan, hold(plan, results, known.covariance), known, results)
    assert told.frame.is_empty()
    assert [notice.en.endswith(": moved.") for notice in told.notices] == [True]


def test_a_gap_that_is_closed_has_contributions_but_no_shares(make_plan: MakePlan) -> None:
    told = industry(make_plan, "ratio", pl.DataFrame(three("2026", 50.0, 50.0, levels=(0.85, 1.0)))).split("a")
    assert told["contribution"].to_list() == pytest.approx([0.025, -0.05, -0.025])
    for column in ("share", "cumulative", "essential"):
        assert told[column].is_null().all()
    assert told["rank"].to_list() == [1, 2, None]


@pytest.mark.parametrize(("level", "told_apart"), [(0.86, False), (0.84, True)])
def test_of_a_gap_within_error_nobody_holds_a_share(make_plan: MakePlan, level: float, told_apart: bool) -> None:
    """0.88 ± 0.0235 reaches 0.9, and 0.87 ± 0.0235 does not."""
    told = industry(make_plan, "ratio", pl.DataFrame(three("2026", 50.0, 50.0, levels=(level, 0.90)))).split("a")
    assert told["contribution"].to_list() == pytest.approx([(0.9 - level) / 2, 0.0, (0.9 - level) / 2])
    for column in ("share", "cumulative", "essential"):
        assert told.filter(pl.col("part") == "category")[column].is_not_null().all() == told_apart
    assert told["share"][-1] == (1.0 if told_apart else None)


def test_a_category_that_came_after_the_base_is_in_the_rest(make_plan: MakePlan) -> None:
    units = three("2025", 50.0, 30.0, 20.0, levels=(0.5, 0.6, 0.7)) + three(
        "2026", 50.0, 30.0, 20.0, 10.0, levels=(0.6, 0.8, 0.9, 0.4)
    )
    for kind in ("ratio", "relative"):
        told = industry(make_plan, kind, pl.DataFrame(units)).split("a")
        named = told.filter(pl.col("part") == "category")["category"].to_list()
        assert "a3" not in named
        assert len(named) == 3
        rest = told.filter(pl.col("part") == "rest").row(0, named=True)
        assert rest["weight"] == pytest.approx(10 / 110)  # held against the base level of all, as nobody knows its own
        assert rest["within"] == 0.0

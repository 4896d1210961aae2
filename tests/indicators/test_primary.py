"""Primary rules: by hand, against two published programs, and against plain Python over invented contributions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.disclosure import Disclosure, Dominance
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.protection.contributions import CONTRIBUTIONS, contributions
from indicators.protection.magnitude import Parts, parts
from indicators.protection.primary import REASONS, UNSAFE, judged, unsafe
from pipelines.yamlfile import Text

TOLD = Text(zh="测试", en="test")
MAGNITUDE = Parts(y=True, x=False, told_x=False, share=False, sensitive=False, nothing=None)
FLAG = "CASE WHEN safe THEN 1 ELSE 0 END"
RATIO = replace(MAGNITUDE, x=True, told_x=True)
SHARE = Parts(y=False, x=False, told_x=True, share=True, sensitive=False, nothing=None)
#: holding, y, own_y, and where they are not the rule x, own_x, units, take_all, period, codes
Row = dict[str, Any]


def of(holding: str, own: float, weight: float = 1.0, **more: Any) -> Row:
    """A contribution of one unit, with the denominator 1."""
    return {"holding": holding, "y": own * weight, "own_y": own, "x": weight, "own_x": 1.0, "take_all": weight == 1.0, **more}


def frame(rows: Iterable[Row], splits: Sequence[str] = ()) -> pl.DataFrame:
    filled = [{"indicator": "a", "period": "2026", "units": 1, **row} for row in rows]
    return pl.DataFrame(filled, schema={**CONTRIBUTIONS, **{f"b_{name}": pl.String for name in splits}})


def total(rows: Iterable[Row], rules: Disclosure, measured: Parts = MAGNITUDE) -> Row:
    found = judged(frame(rows), [()], {"a": measured}, rules)
    assert found.height == 1
    return found.row(0, named=True)


def rules(**more: Any) -> Disclosure:
    """The rules of a test, each switched off unless it is asked for."""
    return Disclosure(**{"minimum_groups": 1, "percent": None, "unanimity": "never", "reason": TOLD, **more})


@pytest.mark.parametrize(("holdings", "hidden"), [("HHH", True), ("HHK", True), ("HKL", False), ("HHKKL", False)])
def test_groups_are_counted_and_not_their_enterprises(holdings: str, hidden: bool) -> None:
    rows = [of(name, 5.0, b_tier=str(k)) for k, name in enumerate(holdings)]  # each in a category of its own
    found = judged(frame(rows, ["tier"]), [(), ("tier",)], {"a": MAGNITUDE}, rules(minimum_groups=3))
    cell = found.row(by_predicate=pl.col("breakdown") == "total", named=True)
    assert (cell["groups"], cell["unsafe"]) == (len(set(holdings)), hidden)
    assert (cell["reasons"], cell["upper_y"], cell["lower_y"]) == ((["frequency"], 0.0, 0.0) if hidden else ([], None, None))
    assert found.filter(pl.col("breakdown") == "tier")["unsafe"].all()


def test_who_reports_zero_is_a_contributor_and_who_was_imputed_is_none() -> None:
    rows = [of("a", 5.0), of("b", 4.0), of("c", 0.0)]
    assert not total(rows, rules(minimum_groups=3))["unsafe"]
    rows[2] = of("c", 0.0, y=3.0, units=0)
    assert (total(rows, rules(minimum_groups=3))["groups"], total(rows, rules(minimum_groups=3))["unsafe"]) == (2, True)
    alone = total([of("c", 0.0, y=3.0, units=0)], rules(minimum_groups=3))
    assert (alone["groups"], alone["unsafe"], alone["total_y"]) == (0, True, 3.0)


def test_who_bears_no_category_is_in_the_total_alone() -> None:
    rows = [of(name, 5.0, b_tier=tier) for name, tier in (("a", "x"), ("b", "x"), ("c", None))]
    found = judged(frame(rows, ["tier"]), [(), ("tier",)], {"a": MAGNITUDE}, rules(minimum_groups=3))
    assert found.select("breakdown", "category", "groups").rows() == [("tier", "x", 2), ("total", "total", 3)]


@pytest.mark.parametrize(
    ("own", "distance"),
    [
        ((100.0, 50.0, 10.0), None),  # the rest is just 10 % of the largest
        ((100.0, 50.0, 9.0), 1.0),
        ((100.0, 50.0), 10.0),
        ((100.0,), 10.0),
        ((100.0, 0.0, 0.0, 0.0), 10.0),  # zeros are contributors, and hide nobody
        ((-100.0, 50.0, -9.0), 1.0),  # by size, whatever the sign
        ((-100.0, 50.0, -10.0), None),
        ((0.1, 0.1, 0.01), None),  # rounding is no reason
    ],
)
def test_the_second_largest_must_not_place_the_largest(own: tuple[float, ...], distance: float | None) -> None:
    cell = total([of(str(k), value) for k, value in enumerate(own)], rules(percent=10))
    assert cell["unsafe"] == (distance is not None)
    assert cell["reasons"] == ([] if distance is None else ["percent"])
    assert cell["upper_y"] == (None if distance is None else pytest.approx(distance, rel=1e-12))
    assert cell["lower_y"] == cell["upper_y"]
    assert cell["total_y"] == pytest.approx(sum(own))


def test_units_of_one_holding_are_added_before_they_are_compared() -> None:
    """60 + 60 of one group are 120: the rest of 11 is less than 10 % of it; of 60 it would be more."""
    rows = [of("H", 60.0), of("K", 50.0), of("L", 11.0)]
    twice = [of("H", 60.0, b_tier="x"), *[{**row, "b_tier": "y"} for row in rows]]
    assert not total(rows, rules(percent=10))["unsafe"]
    found = judged(frame(twice, ["tier"]), [()], {"a": MAGNITUDE}, rules(percent=10))
    assert found["upper_y"].to_list() == [pytest.approx(12.0 - 11.0)]


def test_the_sample_form_compares_what_was_reported_with_the_weighted_sum() -> None:
    """100 and 50 stand for themselves, 2 for five: 160 − 150 = 10 is just enough, though 2 alone would not be."""
    rows = [of("a", 100.0), of("b", 50.0), of("c", 2.0, 5.0)]
    assert not total(rows, rules(percent=10))["unsafe"]
    rows[2] = of("c", 2.0, 4.5)
    cell = total(rows, rules(percent=10))
    assert (cell["upper_y"], cell["total_y"]) == (pytest.approx(1.0), 159.0)
    # two that stand for three each: 300 − 100 − 0 = 200 is left for the attacker to guess
    assert not total([of("a", 50.0, 3.0), of("b", 50.0, 3.0)], rules(percent=10))["unsafe"]


def test_no_distance_reaches_below_zero() -> None:
    """A weight below one, as calibration may give: the sum is 60 and its largest contribution 100."""
    cell = total([of("a", 100.0, 0.5), of("b", 20.0, 0.5)], rules(percent=50))
    assert (cell["upper_y"], cell["lower_y"], cell["total_y"]) == (110.0, 60.0, 60.0)


def test_a_few_must_not_hold_most_of_a_sum() -> None:
    most = rules(dominance=Dominance(largest=3, percent=80))
    rows = [of(str(k), value) for k, value in enumerate((40.0, 30.0, 10.0, 10.0, 10.0))]
    assert not total(rows, most)["unsafe"], "80 of 100 is not more than 80 %"
    cell = total([of("z", -11.0), *rows[:-1]], most)
    assert (cell["reasons"], cell["upper_y"]) == (["dominance"], pytest.approx(81 * 100 / 80 - 101))
    both = total(rows[:3], rules(percent=90, dominance=Dominance(largest=3, percent=80)))
    assert (both["reasons"], both["upper_y"]) == (["percent", "dominance"], pytest.approx(0.9 * 40 - 10)), "the larger distance"


def test_a_sum_of_nothing_says_nothing_of_everybody() -> None:
    zeros = [of(name, 0.0) for name in "abcdef"]
    cell = total(zeros, rules())
    assert (cell["reasons"], cell["upper_y"], cell["lower_y"]) == (["zero"], 0.0, 0.0)
    assert not total([of(name, 0.0, y=1.0) for name in "abcdef"], rules())["unsafe"], "imputed values are in the sum"
    assert not total([of("a", 5.0), of("b", -5.0), of("c", 7.0), of("d", -7.0)], rules())["unsafe"]
    assert not total(zeros, rules(), SHARE)["unsafe"], "of a count it may be said, where nothing else forbids it"
    assert not total(zeros, rules(), replace(MAGNITUDE, nothing="2026"))["unsafe"], "known before anybody reported"
    assert total(zeros, rules(), replace(MAGNITUDE, nothing="2025"))["unsafe"]


def test_a_ratio_is_unsafe_where_one_of_its_parts_is() -> None:
    rows = [{**of(name, 10.0), "x": x, "own_x": x} for name, x in zip("abcd", (100.0, 1.0, 1.0, 1.0), strict=True)]
    cell = total(rows, rules(percent=10), RATIO)
    assert (cell["reasons"], cell["upper_y"], cell["upper_x"]) == (["percent"], None, pytest.approx(8.0))
    assert not total(rows, rules(percent=10), replace(RATIO, x=False))["unsafe"]
    few = total(rows[:2], rules(minimum_groups=3), RATIO)
    assert (few["upper_y"], few["upper_x"]) == (0.0, 0.0)
    assert total(rows[:2], rules(minimum_groups=3))["upper_x"] is None, "a total has no denominator"


@pytest.mark.parametrize("share", [0.0, 1.0])
@pytest.mark.parametrize(
    ("unanimity", "sensitive", "weight", "hidden"),
    [
        ("sensitive", True, 1.0, True),
        ("sensitive", False, 1.0, False),
        ("always", False, 1.0, True),
        ("never", True, 1.0, False),
        ("always", True, 1.5, False),  # somebody did not answer, or was not asked
    ],
)
def test_what_all_do_or_none_does(share: float, unanimity: str, sensitive: bool, weight: float, hidden: bool) -> None:
    measured = replace(SHARE, sensitive=sensitive)
    rows = [*(of(name, share) for name in "abcde"), of("f", share, weight)]
    cell = total(rows, rules(unanimity=unanimity), measured)
    assert (cell["unsafe"], cell["reasons"]) == (hidden, ["unanimity"] if hidden else [])
    assert (cell["upper_y"], cell["upper_x"]) == ((0.0, None) if hidden else (None, None))
    mixed = [of("g", 1.0 - share), *rows]
    assert not total(mixed, rules(unanimity=unanimity), measured)["unsafe"], "not of one mind"


def test_the_schema_holds_without_a_row() -> None:
    found = judged(frame([]), [()], {"a": MAGNITUDE}, Disclosure())
    assert found.schema == UNSAFE and found.is_empty()


# -- which sums are magnitudes ----------------------------------------------------------------------------------------------

EXPECTED = {
    "nc_rate": (False, False, True),  # shares of enterprises, averaged over their number
    "nc_rate_pooled": (True, True, True),  # processes
    "rd_tool_rate": (False, False, True),
    "labour_productivity": (True, True, False),
    "labour_productivity_double": (True, True, False),
    "parts_digital_level": (True, False, False),
    "parts_digital_level_3plus": (False, False, True),
    "maturity_step": (False, False, True),
    "maturity_mean_step": (True, False, False),
    "tiered_protection_rate": (False, False, True),
    "rd_cycle": (False, True, False),  # the projects behind it
    "solution_providers": (False, False, False),
}


@pytest.fixture(scope="module")
def automotive() -> Plan:
    return load_plan(AUTOMOTIVE)


@pytest.mark.parametrize(("indicator", "expected"), EXPECTED.items())
def test_magnitudes_and_shares_of_the_plan(indicator: str, expected: tuple[bool, bool, bool], automotive: Plan) -> None:
    plan = automotive
    found = parts(plan, plan.indicators[indicator])
    assert (found.y, found.x, found.share) == expected
    assert found.sensitive == (indicator == "tiered_protection_rate")
    assert found.nothing == ("2025" if indicator == "maturity_mean_step" else None)
    assert found.told_x == (indicator != "solution_providers")


@pytest.mark.parametrize(
    ("numerator", "denominator", "unit", "expected"),
    [
        ("CASE WHEN sold > 3 THEN 1 ELSE 0 END", None, "number", (False, False, True)),  # how many sell
        ("COALESCE(CASE WHEN sold > 3 THEN 1 END, 0)", None, "number", (False, False, True)),
        ("CAST(CASE WHEN sold > 3 THEN 1.0 ELSE (0) END AS DOUBLE)", 1, "number", (False, False, True)),
        ("CASE WHEN sold > 3 THEN staff ELSE 0 END", None, "number", (True, False, False)),
        ("CASE WHEN sold > 3 THEN 2 ELSE 0 END", None, "number", (True, False, False)),
        ("CASE WHEN sold > 3 THEN 1 ELSE 0 END", "staff", "number", (False, True, False)),
        ("staff", "CASE WHEN sold > 3 THEN 1 ELSE 0 END", "number", (True, False, False)),
        ("1", None, "number", (False, False, False)),
        ("sold", "staff", "share", (True, True, True)),
        ("sold", "2.0", "share", (False, False, True)),
        ("sold", 1, "number", (True, False, False)),
    ],
)
def test_magnitudes_and_shares_of_formulas(
    numerator: str, denominator: Any, unit: str, expected: tuple[bool, bool, bool], make_plan: Any
) -> None:
    columns = {"firm": "identifier", "year": "year", "sold": {"type": "number", "sensitive": True}, "staff": "number"}
    sales = {"key": ["firm", "year"], "period": "year", "design": {"unit": "firm", "census": True}, "columns": columns}
    wanted = {"table": "sales", "numerator": numerator, "denominator": denominator, "unit": unit}
    plan = make_plan(tables={"sales": sales}, indicators={"a": wanted})
    found = parts(plan, plan.indicators["a"])
    assert (found.y, found.x, found.share) == expected
    assert (found.sensitive, found.told_x) == ("sold" in numerator, denominator is not None)


# -- from answers to unsafe cells --------------------------------------------------------------------------------------------


def test_from_the_answers_to_the_cells(make_plan: Any, warehouse: Any) -> None:
    """A full count in one area, where nobody protects its data; in the other two of four answered."""
    columns = {
        "firm": "identifier", "year": "year", "layer": "identifier", "size": "integer", "area": "identifier",
        "safe": {"type": "boolean", "sensitive": True},
    }  # fmt: skip
    design = {"unit": "firm", "stratum": "layer", "population": "size"}
    plan = make_plan(
        tables={"told": {"key": ["firm", "year"], "period": "year", "design": design, "columns": columns}},
        indicators={"rate": {"table": "told", "numerator": FLAG, "denominator": 1, "unit": "share"}},
        breakdowns={"area": "area"},
    )
    rows = [(f"n{k}", 2026, "N", 4, "north", False) for k in range(4)] + [
        (f"s{k}", 2026, "S", 8, "south", False) for k in range(4)
    ]
    frame = pl.DataFrame(rows, schema=["firm", "year", "layer", "size", "area", "safe"], orient="row")
    (question,) = questions(plan)
    found = unsafe(question, contributions(question, warehouse(plan, {"told": frame})), Disclosure())
    assert found.select("breakdown", "category", "unsafe", "total_x").rows() == [
        ("area", "north", True, 4.0), ("area", "south", False, 8.0), ("total", "total", False, 12.0),
    ]  # fmt: skip


# -- published programs ------------------------------------------------------------------------------------------------------


def _number(text: str) -> float:
    return float(text.replace(",", "."))


@pytest.fixture(scope="module")
def argus(shared_data: Path) -> list[dict[str, Any]]:
    """The test table of tau-ARGUS: size, region, value, frequency, the two largest, status."""
    names = ("size", "region", "value", "freq", "shadow", "cost", "top1", "top2", "status", "lower", "upper")
    lines = (shared_data / "suppression" / "tauargus_pp.tab").read_text(encoding="utf-8").splitlines()
    rows = [dict(zip(names, (part.strip('"').strip() for part in line.split(";")), strict=True)) for line in lines]
    found = [{**row, **{name: _number(row[name]) for name in ("value", "freq", "top1", "top2")}} for row in rows]
    assert (len(found), sum(row["status"] == "U" for row in found)) == (162, 9)
    return found


def argus_cells(argus: list[dict[str, Any]], percent: float) -> pl.DataFrame:
    """The cells by this program; what is not of the two largest is in the sum alone, for no single contribution is known."""
    rows = []
    for cell in argus:
        place = {"b_size": cell["size"], "b_region": cell["region"]}
        own = [cell["top1"], cell["top2"], *([0.0] * int(cell["freq"]))][: int(cell["freq"])]
        inside = [of(str(k), value, **place) for k, value in enumerate(own)]
        for row in inside[-1:]:
            row["y"] += cell["value"] - sum(own)
        rows += inside
    found = judged(frame(rows, ["size", "region"]), [("size", "region")], {"a": MAGNITUDE}, rules(percent=percent))
    assert found.height == sum(cell["freq"] > 0 for cell in argus)
    return found.with_columns(percent=pl.col("reasons").list.contains("percent"))


@pytest.mark.parametrize("percent", [25.0, 30.0])
def test_the_unsafe_cells_of_tau_argus(percent: float, argus: list[dict[str, Any]]) -> None:
    found = argus_cells(argus, percent)
    assert set(found.filter("percent")["category"]) == {f"{c['size']},{c['region']}" for c in argus if c["status"] == "U"}
    zero = {f"{c['size']},{c['region']}" for c in argus if c["value"] == 0 and c["freq"]}
    assert set(found.filter(pl.col("reasons").list.contains("zero"))["category"]) == zero


def test_a_protection_level_of_tau_argus(argus: list[dict[str, Any]]) -> None:
    """0.15 · 11401 − (11968 − 11401 − 145)."""
    cell = argus_cells(argus, 15.0).row(by_predicate=pl.col("category") == "9,4", named=True)
    assert (cell["upper_y"], cell["lower_y"]) == (pytest.approx(1288.15, abs=1e-9),) * 2


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (rules(minimum_groups=3), ["A,female"]),
        (rules(dominance=Dominance(largest=2, percent=75)), ["A,female", "D,male"]),
        (rules(percent=70), ["A,female", "D,male"]),
    ],
)
def test_the_unsafe_cells_of_sdctable(chosen: Disclosure, expected: list[str], shared_data: Path) -> None:
    """Of its table of 15 cells, 6 is (A, female) and 14 is (D, male)."""
    records = pl.read_csv(shared_data / "suppression" / "microdata1.csv")
    rows = [of(str(k), float(val), b_region=a, b_gender=b) for k, (a, b, val) in enumerate(records.iter_rows())]
    sets = [(), ("region",), ("gender",), ("region", "gender")]
    found = judged(frame(rows, ["region", "gender"]), sets, {"a": MAGNITUDE}, chosen)
    assert found.height == 15
    assert found.filter("unsafe")["category"].to_list() == expected


# -- plain Python ------------------------------------------------------------------------------------------------------------

VALUES = st.one_of(st.integers(-20, 60), st.just(0), st.integers(0, 5)).map(lambda value: value / 4)


@st.composite
def invented(draw: st.DrawFn) -> list[Row]:
    found = []
    for _ in range(draw(st.integers(1, 14))):
        weight = draw(st.sampled_from([1.0, 1.0, 1.0, 1.5, 4.0]))
        own, below, units = draw(VALUES), draw(VALUES), draw(st.sampled_from([1, 1, 1, 2, 0]))
        found.append(
            {
                "holding": draw(st.sampled_from("abcdef")), "b_p": draw(st.sampled_from(["x", "y", None])),
                "b_q": draw(st.sampled_from(["u", "v"])), "y": own * weight, "own_y": own if units else 0.0, "x": below * weight,
                "own_x": below if units else 0.0, "units": units, "take_all": weight == 1.0,
            }
        )  # fmt: skip
    return found


RULES = st.builds(
    rules,
    minimum_groups=st.integers(1, 4),
    percent=st.sampled_from([None, 5.0, 10.0, 50.0]),
    dominance=st.sampled_from([None, Dominance(largest=1, percent=75), Dominance(largest=3, percent=90)]),
    unanimity=st.sampled_from(["sensitive", "always", "never"]),
)
MEASURED = st.builds(
    Parts, y=st.booleans(), x=st.booleans(), told_x=st.just(True), share=st.booleans(), sensitive=st.booleans(),
    nothing=st.sampled_from([None, "2026"]),
)  # fmt: skip


def by_hand(rows: list[Row], names: tuple[str, ...], measured: Parts, chosen: Disclosure) -> dict[str, tuple[Any, ...]]:
    """The cells of a breakdown set: groups, reasons, and of y and x total, upper and lower."""
    members: dict[str, list[Row]] = {}
    for row in rows:
        codes = [row[f"b_{name}"] for name in names]
        if None not in codes:
            members.setdefault(",".join(codes) or "total", []).append(row)
    return {code: _cell(inside, measured, chosen) for code, inside in members.items()}


def _cell(rows: list[Row], measured: Parts, chosen: Disclosure) -> tuple[Any, ...]:
    holdings: dict[str, dict[str, float]] = {}
    for row in rows:
        own = holdings.setdefault(row["holding"], dict.fromkeys(("units", "y", "x", "own_y", "own_x"), 0))
        for name in own:
            own[name] += row[name]
    groups = sum(own["units"] > 0 for own in holdings.values())
    why, sums = set(), []
    few = groups < chosen.minimum_groups
    why |= {"frequency"} if few else set()
    y, x = (sum(own[part] for own in holdings.values()) for part in "yx")
    alike = abs(y) < 1e-9 or abs(y - x) < 1e-9
    asked = chosen.unanimity == "always" or (chosen.unanimity == "sensitive" and measured.sensitive)
    unanimous = measured.share and asked and alike and groups > 0 and all(row["take_all"] for row in rows)
    why |= {"unanimity"} if unanimous else set()
    for part, value, magnitude in (("y", y, measured.y), ("x", x, measured.x)):
        size = sum(abs(own[part]) for own in holdings.values())
        order = [*sorted((abs(own[f"own_{part}"]) for own in holdings.values()), reverse=True), 0.0, 0.0]
        far = [0.0] if few or (unanimous and part == "y") else []
        if magnitude:
            if chosen.percent and size - order[0] - order[1] < chosen.percent / 100 * order[0] - 1e-9:
                far.append(chosen.percent / 100 * order[0] - (size - order[0] - order[1]))
                why.add("percent")
            d = chosen.dominance
            if d and sum(order[: d.largest]) > d.percent / 100 * size + 1e-9:
                far.append(100 / d.percent * sum(order[: d.largest]) - size)
                why.add("dominance")
            if size == 0 and groups and not (part == "y" and measured.nothing == "2026"):
                far.append(0.0)
                why.add("zero")
        upper = max(far) if far else None
        sums += [value, upper, None if upper is None else min(upper, size)]
    return groups, [name for name in REASONS if name in why], *sums


@settings(max_examples=150, deadline=None, derandomize=True)
@given(rows=invented(), chosen=RULES, measured=MEASURED)
def test_the_rules_in_plain_python(rows: list[Row], chosen: Disclosure, measured: Parts) -> None:
    sets: list[tuple[str, ...]] = [(), ("p",), ("q",), ("p", "q")]
    found = judged(frame(rows, ["p", "q"]), sets, {"a": measured}, chosen)
    seen = 0
    for names in sets:
        own = found.filter(pl.col("breakdown") == (",".join(names) or "total"))
        expected = by_hand(rows, names, measured, chosen)
        seen += len(expected)
        assert set(own["category"]) == set(expected)
        for cell in own.iter_rows(named=True):
            groups, why, *sums = expected[cell["category"]]
            assert (cell["groups"], cell["reasons"], cell["unsafe"]) == (groups, why, bool(why))
            told = [cell[f"{name}_{part}"] for part in "yx" for name in ("total", "upper", "lower")]
            assert [one is None for one in told] == [one is None for one in sums]
            assert [one for one in told if one is not None] == pytest.approx([one for one in sums if one is not None], abs=1e-9)
    assert seen == found.height

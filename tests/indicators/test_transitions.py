"""Where the members of a panel went: matrices by hand and by brute force, bridges between editions, scores near a bound."""

from __future__ import annotations

from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indicators.catalogue import closeness, formula
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.change.transitions import LOST
from indicators.compute import Computed, compute
from indicators.estimation.disclosure import shield
from indicators.statements.source import source
from pipelines.database import Database
from pipelines.dictionary import Scale

COLUMNS = {"firm": "identifier", "year": "year", "edition": "text", "way": "text"}
VALUES = {"level": "integer", "score": "number"}
BRIDGE = {"table": "bridge", "edition": "edition", "before": "former", "after": "latter", "value": "level"}
BRIDGE |= {"value_before": "level_then", "value_after": "level_now"}
BOUNDS = [0.8, 1.8, 2.8, 3.8, 4.8]

Rows = list[tuple[Any, ...]]


def maturity(make_plan: Any, *, bridged: bool = True, ceiling: int = 5, group: str | None = None) -> Plan:
    marks = {
        "key": ["firm", "year", "edition", "way"],
        "period": "year",
        "link": [{"table": "firms", "on": {"firm": "firm", "year": "period"}, "required": False}],
        "design": {"unit": "firm", "census": True, **({"group": group} if group else {})},
        "comparable": ["edition", "way"],
        "scales": [{"column": "level", "score": "score", "bounds": BOUNDS, "margin": 0.05}],
        "columns": {**COLUMNS, **VALUES},
    }
    bridge_columns = {"former": "text", "latter": "text", "level_then": "integer", "level_now": "integer"}
    panel = {"base_period": 2025, "on": ["firm", "edition", "way"], **({"bridge": BRIDGE} if bridged else {})}
    rose = {
        "table": "marks",
        "respondents": "way = 'site' AND level IS NOT NULL",
        "where": f"base_level < {ceiling}",
        "numerator": "CASE WHEN level > base_level THEN 1 ELSE 0 END",
        "denominator": 1,
        "panel": panel,
        "transitions": "level",
    }
    mean = {**rose, "where": "base_level IS NOT NULL", "numerator": "level - base_level"}
    mean.pop("transitions")
    scored = {**mean, "where": "base_score IS NOT NULL", "numerator": "score - base_score"}
    return make_plan(
        tables={
            "marks": marks,
            "firms": {"key": ["firm", "year"], "columns": {"firm": "identifier", "year": "year", "kind": "identifier"}},
            "bridge": {"key": ["former", "latter", "level_then"], "public": True, "columns": bridge_columns},
        },
        indicators={"rose": rose, "mean": mean, "scored": scored},
        breakdowns={"kind": "kind"},
    )


def computed(plan: Plan, marks: Rows, bridge: Rows = (), **options: Any) -> Computed:  # type: ignore[assignment]
    """Marks are (firm, year, edition, level) or with score and way; the kind of a firm is its first letter."""
    kinds = {"year": pl.Int32, "level": pl.Int64, "score": pl.Float64}
    full = [
        {"firm": r[0], "year": r[1], "edition": r[2], "level": r[3], "score": r[4] if len(r) > 4 else None,
         "way": r[5] if len(r) > 5 else "site"} for r in marks
    ]  # fmt: skip
    schema = {name: kinds.get(name, pl.String) for name in (*COLUMNS, *VALUES)}
    whole = {"former": pl.String, "latter": pl.String, "level_then": pl.Int64, "level_now": pl.Int64}
    with Database() as database:
        database.insert("marks", pl.DataFrame(full, schema=schema))
        firms = [(firm, 2025, firm[0]) for firm in sorted({row[0] for row in marks})]
        database.insert(
            "firms", pl.DataFrame(firms, schema={"firm": pl.String, "year": pl.Int32, "kind": pl.String}, orient="row")
        )
        database.insert("bridge", pl.DataFrame(list(bridge), schema=whole, orient="row"))
        return compute(plan, database, **{"minimum_groups": 1, **options})


def matrix(
    found: Computed, period: str = "2027", breakdown: str = "total", category: str = "total"
) -> dict[tuple[str, str], int]:
    rows = found.details["transitions"].filter(indicator="rose", period=period, breakdown=breakdown, category=category)
    assert set(rows["base_period"]) <= {"2025"}
    return {(row["before"], row["after"]): row["units"] for row in rows.to_dicts()}


def value(found: Computed, indicator: str, period: str = "2027") -> tuple[float | None, int | None]:
    [row] = found.results.filter(indicator=indicator, period=period, breakdown="total").to_dicts()
    return row["value"], row["n"]


def test_a_matrix_by_hand_shows_who_rose_who_is_at_the_ceiling_and_who_is_lost(make_plan: Any) -> None:
    marks = [
        ("a1", 2025, "2020", 2), ("a1", 2027, "2020", 3),
        ("a2", 2025, "2020", 2), ("a2", 2027, "2020", 2),
        ("a3", 2025, "2020", 3), ("a3", 2027, "2020", 2),  # fell
        ("b1", 2025, "2020", 5), ("b1", 2027, "2020", 5),  # at the ceiling: not eligible, but seen
        ("b2", 2025, "2020", 3),  # gone
        ("b3", 2025, "2020", 1), ("b3", 2027, "2020", None),  # no level is not the level before
        ("b4", 2027, "2020", 4),  # no member
        ("b5", 2025, "2020", 2, None, "self"), ("b5", 2027, "2020", 4),  # no member either: nobody came on site in 2025
    ]  # fmt: skip
    found = computed(maturity(make_plan), marks)
    wanted = {("2", "3"): 1, ("2", "2"): 1, ("3", "2"): 1, ("5", "5"): 1, ("3", LOST): 1, ("1", LOST): 1}
    assert matrix(found) == wanted
    assert matrix(found, breakdown="kind", category="a") == {("2", "3"): 1, ("2", "2"): 1, ("3", "2"): 1}
    assert matrix(found, breakdown="kind", category="b") == {("5", "5"): 1, ("3", LOST): 1, ("1", LOST): 1}
    assert value(found, "rose") == (pytest.approx(1 / 3), 3)  # of those below level 5 of whom the level is known
    assert value(found, "mean") == (pytest.approx(0.0), 4)
    assert set(found.details["transitions"]["period"]) == {"2027"}, "the base period is held against nothing"


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_panel_adds_up_and_agrees_with_counting(data: st.DataObject, make_plan: Any) -> None:
    plan = maturity(make_plan)
    level = st.one_of(st.none(), st.integers(0, 5))
    firms = [f"{kind}{i}" for kind in "ab" for i in range(data.draw(st.integers(1, 6)))]
    known = {(firm, year): data.draw(level) for firm in firms for year in (2024, 2025, 2026, 2027) if data.draw(st.booleans())}
    marks = [(firm, year, "2020", mark) for (firm, year), mark in known.items()]
    bodies = [computed(plan, rows).details["transitions"] for rows in (marks, marks[::-1])]
    assert bodies[0].equals(bodies[1]), "the order of rows says nothing"
    members = {firm: mark for (firm, year), mark in known.items() if year == 2025 and mark is not None}
    for year in (2026, 2027):
        after = {firm: known.get((firm, year)) for firm in members}
        wanted: Counter[tuple[str, str]] = Counter()
        if any(mark is not None for mark in after.values()):
            wanted.update((str(members[f]), LOST if after[f] is None else str(after[f])) for f in members)
        rows = bodies[0].filter(period=str(year), breakdown="total")
        assert {(r["before"], r["after"]): r["units"] for r in rows.to_dicts()} == dict(wanted)
        assert rows["units"].sum() == (len(members) if wanted else 0)


def test_a_member_assessed_in_two_ways_counts_once_by_the_one_the_plan_names(make_plan: Any) -> None:
    marks = [
        ("a1", 2025, "2020", 2), ("a1", 2027, "2020", 2),
        ("a1", 2025, "2020", 2, None, "self"), ("a1", 2027, "2020", 4, None, "self"),
        ("a2", 2025, "2020", 2), ("a2", 2027, "2020", 3),
    ]  # fmt: skip
    found = computed(maturity(make_plan), marks)
    assert matrix(found) == {("2", "2"): 1, ("2", "3"): 1}
    assert value(found, "rose") == (0.5, 2)
    assert value(found, "mean") == (0.5, 2)


# --- editions and bridges ---------------------------------------------------------------------------------------------------

MARKS = [
    ("a1", 2025, "2020", 2), ("a1", 2027, "2020", 3),  # the same edition
    ("a2", 2025, "2020", 3), ("a2", 2027, "2026", 3),  # 3 of the old edition is 2 of the new: it rose
    ("a3", 2025, "2020", 4), ("a3", 2027, "2026", 5),  # no bridge leads from 4
    ("a4", 2025, "2020", 3), ("a4", 2027, "2020", 3), ("a4", 2027, "2026", 4),  # under both: the direct pair counts
    ("a5", 2025, "2020", 3), ("a5", 2025, "2026", 2), ("a5", 2027, "2026", 2),  # both in the base year: direct, too
    ("a6", 2025, "2020", 1),  # gone
]  # fmt: skip
LEADS = [("2020", "2026", 2, 1), ("2020", "2026", 3, 2), ("2015", "2026", 4, 5)]


def said(found: Computed, *words: str) -> list[str]:
    return [notice.en for notice in found.notices if all(word in notice.en for word in words)]


def test_across_editions_only_a_bridge_makes_a_pair(make_plan: Any) -> None:
    found = computed(maturity(make_plan), MARKS, LEADS)
    wanted = {("2", "3"): 2, ("4", LOST): 1, ("3", "3"): 1, ("2", "2"): 1, ("1", LOST): 1}
    assert matrix(found) == wanted  # a2 went from 2, which its 3 amounts to, to 3
    assert value(found, "rose") == (0.5, 4)
    assert value(found, "mean") == (pytest.approx((1 + 1 + 0 + 0) / 4), 4)
    [translated], [apart] = said(found, "bridge translates"), said(found, "not comparable")
    assert translated == (
        "rose, 2027: assessed under another edition than in 2025, so that the bridge translates the result of 2025 "
        "(break in series): 1 of the panel."
    )
    assert apart.endswith("(break in series; counted as lost): 1 of the panel.")


def test_without_a_bridge_nothing_is_compared_across_editions(make_plan: Any) -> None:
    for plan, leads in ((maturity(make_plan, bridged=False), LEADS), (maturity(make_plan), [])):
        found = computed(plan, [row for row in MARKS if row[0] != "a5"], leads)
        assert matrix(found) == {("2", "3"): 1, ("3", LOST): 1, ("4", LOST): 1, ("3", "3"): 1, ("1", LOST): 1}
        assert value(found, "rose") == (0.5, 2)
        assert said(found, "bridge translates") == []
        [apart] = said(found, "not comparable")
        assert apart.endswith(": 2 of the panel."), "a2 and a3 were assessed; a6 was not, and a4 is compared"


def test_when_everybody_changed_the_edition_all_are_lost_and_it_is_said(make_plan: Any) -> None:
    marks = [(f"a{i}", year, "2020" if year == 2025 else "2026", 3) for i in range(4) for year in (2025, 2027)]
    found = computed(maturity(make_plan), marks)
    assert matrix(found) == {("3", LOST): 4}
    assert found.results.filter(indicator="rose", period="2027", breakdown="total").is_empty(), "no pair, and so no number"
    assert said(found, "not comparable")[0].endswith(": 4 of the panel.")


def test_the_same_edition_under_a_bridge_is_the_same_number_as_without_one(make_plan: Any) -> None:
    marks = [(f"a{i}", year, "2020", 1 + (i * year) % 5) for i in range(9) for year in (2025, 2026, 2027)]
    [bridged, plain] = [computed(maturity(make_plan, bridged=way), marks, LEADS) for way in (True, False)]
    assert bridged.results.equals(plain.results)
    assert bridged.details["transitions"].equals(plain.details["transitions"])


def test_a_member_under_two_editions_in_both_years_counts_once_by_the_latest(make_plan: Any) -> None:
    marks = [(firm, year, edition, level) for firm in ("a1", "a2") for year, edition, level in (
        (2025, "2020", 2), (2025, "2026", 2), (2027, "2020", 2), (2027, "2026", 3))]  # fmt: skip
    found = computed(maturity(make_plan), marks, LEADS)
    assert matrix(found) == {("2", "3"): 2}
    assert value(found, "rose") == (1.0, 2)
    assert found.results.filter(indicator="mean", period="2027", breakdown="total")["value"].to_list() == [1.0]


def test_a_bridge_translates_its_value_and_nothing_else(make_plan: Any) -> None:
    """The score of the old edition is not that of the new one, so a pair by the bridge has none."""
    marks = [
        ("a1", 2025, "2020", 2, 2.0), ("a1", 2027, "2020", 3, 3.0),
        ("a2", 2025, "2020", 3, 3.0), ("a2", 2027, "2026", 3, 3.5),
    ]  # fmt: skip
    found = computed(maturity(make_plan), marks, LEADS)
    assert value(found, "mean") == (1.0, 2)
    assert value(found, "scored") == (1.0, 1)


def test_a_row_without_a_value_does_not_displace_one_that_has_it(make_plan: Any) -> None:
    marks = [("a1", 2025, "2020", 3), ("a1", 2027, "2020", None), ("a1", 2027, "2026", 3)]
    assert matrix(computed(maturity(make_plan), marks, LEADS)) == {("2", "3"): 1}


def test_the_statement_uses_no_word_of_one_engine_alone(make_plan: Any) -> None:
    [asked] = [one for one in questions(maturity(make_plan)) if one.indicators[0].id == "rose"]
    text = source(asked).upper()
    assert "ROW_NUMBER() OVER (PARTITION BY" in text
    for word in ("QUALIFY", "ASOF", "USING SAMPLE", "EXCLUDE", "DISTINCT ON", "FILTER ("):
        assert word not in text


# --- scores near a bound -----------------------------------------------------------------------------------------------------


def expected_closeness(before: float | None, after: float) -> tuple[int, int]:
    """(changed, same) from the definition: |S − bound| < 0.05 at a bound that was crossed, or at any where none was."""

    def level(score: float) -> int:
        return sum(score >= bound for bound in BOUNDS)

    def near(score: float, bound: float) -> bool:
        return abs(round(score * 1000) - round(bound * 1000)) < 50

    if before is None or level(before) == level(after):
        return 0, int(before is not None and any(near(after, bound) for bound in BOUNDS))
    crossed = BOUNDS[min(level(before), level(after)) : max(level(before), level(after))]
    return int(any(near(before, bound) or near(after, bound) for bound in crossed)), 0


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(pairs=st.lists(st.tuples(*(st.integers(0, 500).map(lambda cents: cents / 100) for _ in "ab")), min_size=1, max_size=25))
def test_closeness_agrees_with_its_definition(pairs: list[tuple[float, float]]) -> None:
    scale = Scale.model_validate({"column": "level", "score": "score", "bounds": BOUNDS, "margin": 0.05})
    changed, same = closeness.formulas(scale)
    frame = pl.DataFrame(pairs, schema=["base_score", "score"], orient="row")
    levels = {f"{mark}level": sum((pl.col(f"{mark}score") >= b).cast(pl.Int64) for b in BOUNDS) for mark in ("", "base_")}
    with Database() as database:
        database.insert("pairs", frame.with_columns(**levels))  # type: ignore[arg-type]
        found = database.query(f"SELECT {changed} AS changed, {same} AS same FROM pairs").rows()
    assert found == [expected_closeness(*pair) for pair in pairs]
    for text in (changed, same):
        assert formula.parse(text).columns, "a row formula like any other"


def test_two_hundredths_over_a_bound_are_a_level_and_a_notice(make_plan: Any) -> None:
    marks = [
        ("a1", 2025, "2020", 2, 2.79), ("a1", 2027, "2020", 3, 2.81),  # gains a level
        ("a2", 2025, "2020", 3, 3.75), ("a2", 2027, "2020", 3, 3.79),  # gains none, though it gained more
        ("a3", 2025, "2020", 2, 2.30), ("a3", 2027, "2020", 3, 2.84),  # rests on 0.04 at its later end
        ("a4", 2025, "2020", 2, 2.20), ("a4", 2027, "2020", 3, 3.30),  # rests on nothing small
        ("a5", 2025, "2020", 3, 3.10), ("a5", 2027, "2020", 3, 3.75),  # 0.05 from the bound is not nearer than 0.05
    ]  # fmt: skip
    found = computed(maturity(make_plan), marks)
    [notice] = said(found, "less than 0.05")
    assert "the change of level of 2 rests on a score" in notice
    assert "1 did not change though" in notice
    guarded = computed(maturity(make_plan), marks, minimum_groups=3)
    [hidden] = said(guarded, "less than 0.05")
    assert "change of level of a few rests" in hidden
    assert not any("3" in text.en.replace("2025", "") for text in guarded.notices), "the operator's rule is not told"
    quiet = [row for row in marks if row[0] == "a4"]
    assert said(computed(maturity(make_plan), quiet), "less than 0.05") == []


# --- protection --------------------------------------------------------------------------------------------------------------


def moved(*counts: tuple[str, int, int]) -> Rows:
    """So many firms of a kind that rose by so many levels from level 2."""
    firms = [(f"{kind}{rise}{i}", rise) for kind, many, rise in counts for i in range(many)]
    return [(firm, year, "2020", 2 + rise * (year == 2027)) for firm, rise in firms for year in (2025, 2027)]


def test_one_small_count_leaves_no_matrix_and_no_number_of_it(make_plan: Any) -> None:
    """Four of nine rose and one is known to be the rest: from the share and its n a blank could be solved."""
    marks = moved(("a", 4, 1), ("b", 4, 1), ("b", 1, 0))
    open_, guarded = computed(maturity(make_plan), marks), computed(maturity(make_plan), marks, minimum_groups=3)
    assert matrix(open_, breakdown="kind", category="b") == {("2", "3"): 4, ("2", "2"): 1}
    assert guarded.details["transitions"].is_empty()
    [notice] = said(guarded, "moves of the panel")
    assert notice == "rose, 2027: the moves of the panel are not shown, because some of them concern too few."
    assert said(open_, "moves of the panel") == []


def test_a_breakdown_with_a_small_count_has_no_matrix_beside_the_total(make_plan: Any) -> None:
    """From the total less the other category the small one could be had."""
    guarded = computed(maturity(make_plan), moved(("a", 3, 1), ("b", 2, 1), ("a", 4, 0), ("b", 5, 0)), minimum_groups=3)
    assert matrix(guarded) == {("2", "3"): 5, ("2", "2"): 9}
    assert set(guarded.details["transitions"]["breakdown"]) == {"total"}
    assert said(guarded, "moves of the panel by kind") != []
    plenty = computed(maturity(make_plan), moved(("a", 3, 1), ("b", 4, 1)), minimum_groups=3)
    assert matrix(plenty, breakdown="kind", category="b") == {("2", "3"): 4}
    assert said(plenty, "moves of the panel") == []


def test_a_period_without_a_small_count_keeps_its_matrix(make_plan: Any) -> None:
    marks = moved(("a", 4, 1), ("a", 1, 0))
    marks += [(firm, 2026, "2020", 3) for firm in dict.fromkeys(row[0] for row in marks)]
    guarded = computed(maturity(make_plan), marks, minimum_groups=3)
    assert matrix(guarded, "2026") == {("2", "3"): 5}
    assert matrix(guarded) == {}


def test_behind_a_move_holding_groups_are_counted_not_firms(make_plan: Any) -> None:
    """Five firms rose, all of one holding group; the two of the other stayed."""
    marks = moved(("a", 5, 1), ("b", 5, 0))
    assert matrix(computed(maturity(make_plan), marks, minimum_groups=2)) == {("2", "3"): 5, ("2", "2"): 5}
    assert matrix(computed(maturity(make_plan, group="kind"), marks, minimum_groups=2)) == {}


def test_what_is_suppressed_has_no_matrix_and_takes_its_breakdown_along() -> None:
    keys = {"indicator": "rose", "period": "2027"}
    rows = [{**keys, "breakdown": b, "category": c, "units": 5} for b, c in (("total", "total"), ("kind", "a"), ("kind", "b"))]

    def shown(suppressed: tuple[str, str]) -> list[str]:
        results = pl.DataFrame([{**keys, "breakdown": suppressed[0], "category": suppressed[1], "status": "suppressed"}])
        return shield({"transitions": pl.DataFrame(rows)}, results)["transitions"]["category"].to_list()

    assert shown(("kind", "a")) == ["total"]
    assert shown(("total", "total")) == []
    assert shown(("region", "east")) == ["total", "a", "b"]

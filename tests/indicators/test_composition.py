"""Change split into that of matched units and composition, and the three series of volunteers: by hand and by counting."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from pipelines.database import Database

COLUMNS = {
    "firm": "identifier", "year": "year", "edition": "text", "level": "integer", "size": "number",
    "layer": "identifier", "layer_size": "integer", "kind": "identifier", "owner": "identifier",
}  # fmt: skip
KINDS = {"year": pl.Int32, "level": pl.Int64, "size": pl.Float64, "layer_size": pl.Int64}
SAMPLE = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "owner"}


def assessed(make_plan: Any, *, design: dict[str, Any] | None = None, changes: Any = None, **of_mean: Any) -> Plan:
    mean = {"table": "marks", "respondents": "edition = 'old' AND level IS NOT NULL", "numerator": "level", "denominator": 1}
    plan = make_plan(
        tables={
            "marks": {
                "key": ["firm", "year"],
                "period": "year",
                "design": design or SAMPLE,
                "comparable": of_mean.pop("comparable", ["edition"]),
                "columns": COLUMNS,
            }
        },
        indicators={"mean": {**mean, **of_mean}, **(changes or {})},
        breakdowns={"kind": "kind"},
    )
    return plan.model_copy(update={"identity": plan.identity.model_copy(update={"base_period": "2025"})})


def computed(plan: Plan, rows: list[dict[str, Any]], minimum_groups: int = 1) -> Computed:
    filled = {"edition": "old", "layer": "all", "layer_size": 100, "kind": "a", "size": 1.0, "owner": None}
    frame = pl.DataFrame([{**filled, **row} for row in rows], schema={name: KINDS.get(name, pl.String) for name in COLUMNS})
    with Database() as database:
        database.insert("marks", frame)
        return compute(plan, database, minimum_groups=minimum_groups)


def parts(
    found: Computed, key: str = "mean", period: str = "2027", category: str = "total", method: str = "composition"
) -> dict[str, tuple[float, int]]:
    rows = found.details["decomposition"].filter(
        indicator=key, period=period, category=category, method=method, base_period="2025"
    )
    return {row["part"]: (row["value"], row["n"]) for row in rows.to_dicts()}


def firms(levels: dict[str, tuple[int | None, int | None]], **more: Any) -> list[dict[str, Any]]:
    """Rows of 2025 and 2027; None: not assessed in that year."""
    return [
        {"firm": firm, "year": year, "level": level, **more}
        for firm, pair in levels.items()
        for year, level in zip((2025, 2027), pair, strict=True)
        if level is not None
    ]


#: seven stayed and gained four levels together, one left from 3 and one came at 3: 0.5 = 0.571 − 0.071
EIGHT = {**{f"f{i}": (2, 3 if i < 4 else 2) for i in range(7)}, "gone": (3, None), "new": (None, 3)}
CENSUS = {"unit": "firm", "census": True, "group": "owner"}


def test_half_a_level_is_four_sevenths_matched_less_one_fourteenth_of_composition(make_plan: Any) -> None:
    found = parts(computed(assessed(make_plan, design=CENSUS), firms(EIGHT)))
    assert found["total"] == (0.5, 8)
    assert found["matched"] == (pytest.approx(4 / 7, abs=1e-12), 7)
    assert found["composition"] == (pytest.approx(-1 / 14, abs=1e-12), 2)


def test_the_total_is_the_change_that_is_published(make_plan: Any) -> None:
    changes = {
        "difference": {"change_of": "mean", "base_period": "2025", "change_as": "difference"},
        "relative": {"change_of": "mean", "base_period": "2025"},
    }
    found = computed(assessed(make_plan, design=CENSUS, changes=changes), firms(EIGHT))
    published = dict(found.results.filter(period="2027", breakdown="total").select("indicator", "value").rows())
    assert parts(found) == {}, "the change bears the split, where the plan has one"
    for key in changes:
        split = {part: value for part, (value, _) in parts(found, key).items()}
        assert split["total"] == pytest.approx(published[key], abs=1e-11)
        assert split["matched"] + split["composition"] == pytest.approx(split["total"], abs=1e-12)
    base = 17 / 8
    assert parts(found, "relative")["matched"][0] == pytest.approx(4 / 7 / base, abs=1e-12)


def wave(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Two strata of two waves; firms come, go, change their stratum and their kind, or leave the level blank."""
    rows = []
    for i in range(40):
        layer, kind, level = f"l{rng.integers(2)}", "ab"[int(rng.integers(2))], int(rng.integers(0, 4))
        for year in (2024, 2025, 2027):
            if rng.random() < 0.25:
                continue
            layer = f"l{rng.integers(2)}" if rng.random() < 0.1 else layer
            kind = "ab"[int(rng.integers(2))] if rng.random() < 0.2 else kind
            mark = None if rng.random() < 0.1 else min(5, level + int(rng.integers(0, 3)))
            size = float(rng.integers(1, 9))
            one = {"firm": f"f{i}", "year": year, "level": mark, "layer": layer, "kind": kind, "size": size}
            rows.append({**one, "layer_size": 60 if layer == "l0" else 90, "owner": f"g{i // 2}" if i < 10 else None})
    return rows


def counted(rows: list[dict[str, Any]], kind: str | None, base: int, year: int, y: Any, x: Any) -> dict[str, float]:
    """The three values straight from their definition."""
    known = [row for row in rows if row["level"] is not None]
    answered = {
        (row["year"], row["layer"]): sum((r["year"], r["layer"]) == (row["year"], row["layer"]) for r in known) for row in known
    }
    waves = {
        at: {row["firm"]: (row["layer_size"] / answered[at, row["layer"]], y(row), x(row)) for row in known
             if row["year"] == at and kind in (None, row["kind"])}
        for at in (base, year)
    }  # fmt: skip
    both = sorted(set(waves[base]) & set(waves[year]))

    def ratio(triples: list[tuple[float, float, float]]) -> float:
        return sum(w * top for w, top, _ in triples) / sum(w * below for w, _, below in triples)

    levels = {at: ratio(list(wave.values())) for at, wave in waves.items()}
    then = ratio([waves[base][firm] for firm in both])
    now = ratio([(waves[base][firm][0], *waves[year][firm][1:]) for firm in both])
    total, matched = levels[year] - levels[base], now - then
    raw = {at: ratio([(1.0, *own[1:]) for own in wave.values()]) for at, wave in waves.items()}
    return {"total": total, "matched": matched, "composition": total - matched, "raw": raw[year] - raw[base], "level": now}


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_with_movers_agrees_with_counting(seed: int, make_plan: Any) -> None:
    rows = wave(np.random.default_rng(seed))
    shapes = [({}, lambda row: row["level"], lambda _: 1.0)]
    shapes += [
        ({"numerator": "level * size", "denominator": "size"}, lambda row: row["level"] * row["size"], lambda row: row["size"])
    ]  # type: ignore[list-item]
    for more, y, x in shapes:
        plan = assessed(make_plan, opt_in=True, **more)
        found = computed(plan, rows)
        assert found.details["decomposition"].equals(computed(plan, rows[::-1]).details["decomposition"])
        for kind in (None, "a", "b"):
            for year in (2024, 2027):
                wanted = counted(rows, kind, 2025, year, y, x)
                split = parts(found, period=str(year), category=kind or "total")
                assert {part: value for part, (value, _) in split.items()} == {
                    part: pytest.approx(wanted[part], abs=1e-11) for part in ("matched", "composition", "total")
                }
            wanted = counted(rows, kind, 2025, 2027, y, x)
            series = parts(found, category=kind or "total", method="opt_in")
            for part, name in (("raw", "raw"), ("reweighted", "total"), ("matched", "matched")):
                assert series[part][0] == pytest.approx(wanted[name], abs=1e-11)


def test_only_changes_over_assessments_are_split(make_plan: Any) -> None:
    panel = {"panel": {"base_period": 2025, "on": ["firm", "edition"]}}
    for more, split in (({}, True), ({"comparable": []}, False), (panel, False)):
        assert bool(parts(computed(assessed(make_plan, **more), firms(EIGHT)))) is split, more


def test_who_came_alone_is_not_told_by_subtraction(make_plan: Any) -> None:
    levels = {f"f{i}": (2, 3) for i in range(6)}
    came = {f"n{i}": (None, 4) for i in range(3)}
    plan = assessed(make_plan, design=CENSUS, opt_in=True)

    def split(levels: dict[str, Any], **more: Any) -> dict[str, tuple[float, int]]:
        return parts(computed(plan, firms(levels, **more), minimum_groups=3))

    assert split(levels)["composition"] == (0.0, 0), "nobody came and nobody went"
    assert split(levels | came)["composition"][1] == 3
    assert split(levels | dict(list(came.items())[:2])) == {}, "two would be told"
    assert split({**levels, "gone": (5, None)}) == {}
    same = computed(plan, [*firms(levels), *firms(came, owner="g")], minimum_groups=3)
    assert parts(same) == {}, "three of one group are one"
    assert same.results.filter(indicator="mean", period="2027", breakdown="total")["status"].to_list() == ["published"]


# --- volunteers --------------------------------------------------------------------------------------------------------------


def volunteers() -> list[dict[str, Any]]:
    """The share at level 4 goes 2/4, 4/8, 5/20 while each volunteer stays or rises."""
    rows = []
    for year, high, low in ((2025, 2, 2), (2026, 4, 4), (2027, 5, 15)):
        rows += [{"firm": f"h{i}", "year": year, "level": 4} for i in range(high - (year == 2027))]
        rows += [
            {"firm": f"l{i}", "year": year, "level": 4 if i == 0 and year == 2027 else 1} for i in range(low + (year == 2027))
        ]
    return rows


def test_volunteers_who_all_rise_can_seem_to_fall(make_plan: Any) -> None:
    share = {"numerator": "CASE WHEN level >= 4 THEN 1 ELSE 0 END", "unit": "share", "opt_in": True}
    found = computed(assessed(make_plan, **share), volunteers())
    table = found.details["decomposition"].filter(indicator="mean", method="opt_in", breakdown="total")
    series = {(row["period"], row["base_period"], row["part"]): row["value"] for row in table.to_dicts()}
    assert {period: series[period, None, "raw"] for period in ("2025", "2026", "2027")} == {
        "2025": 0.5, "2026": 0.5, "2027": pytest.approx(0.25)
    }  # fmt: skip
    assert ("2025", None, "matched") not in series, "nobody was assessed before"
    assert series["2027", None, "matched"] == pytest.approx(5 / 8)
    assert series["2027", "2026", "matched"] == pytest.approx(1 / 8)
    assert series["2027", "2025", "matched"] == pytest.approx(1 / 4)
    assert series["2027", "2025", "raw"] == pytest.approx(-0.25)
    assert ("2027", "2024", "raw") not in series and ("2025", "2026", "raw") not in series
    told = [notice.en for notice in found.notices if "(volunteers)" in notice.en]
    assert len(told) == 2, "against the former year and against the base; 2026 is as 2025 was"
    assert "-25.0 as it stands" in told[0] and "+12.5 among those in both years" in told[1]
    assert "from 8 to 20, 8 of them the same" in told[1]


def test_no_error_of_sampling_is_stated_for_volunteers(make_plan: Any) -> None:
    rows = volunteers()
    chosen, drawn = (computed(assessed(make_plan, opt_in=way), rows).results.filter(indicator="mean") for way in (True, False))
    assert chosen["value"].equals(drawn["value"])
    assert chosen["se"].null_count() == chosen["low"].null_count() == chosen.height
    assert drawn["se"].null_count() == 0


def test_series_that_agree_give_no_notice(make_plan: Any) -> None:
    rows = [row for row in volunteers() if row["firm"] in ("h0", "h1", "l0", "l1")]
    found = computed(assessed(make_plan, opt_in=True), rows)
    assert [notice for notice in found.notices if "volunteers" in notice.en] == []
    assert parts(found, method="opt_in")["raw"][0] == parts(found, method="opt_in")["matched"][0] > 0

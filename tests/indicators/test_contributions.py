"""Contributions through the engine: worked examples, a sample against plain loops, and what the register and secrecy allow."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.change import contributions
from indicators.change.decomposition import BENNET
from indicators.compute import Computed, compute

KINDS = {"a": "made", "b": "made", "c": "bought"}
FACTS = {"firm": "identifier", "year": "year", "kind": {"type": "code", "codes": "kind"}, "real": "number", "paid": "number"}


def survey_plan(
    make_plan: Any, *, minimum_groups: int = 1, method: str = "bennet", measure: str = "relative", monthly: bool = False
) -> Plan:
    """Firms answer with value and staff; a register lists them by year with their kind and stratum."""
    register = {
        "key": ["firm", "year"],
        "period": "year",
        "columns": {
            "firm": "identifier",
            "year": "year",
            "kind": {"type": "code", "codes": "kind", "required": True},
            "layer": "identifier",
            "size": "integer",
            "group": "identifier",
        },
    }
    date = "month" if monthly else "year"
    answers = {
        "key": ["firm", date],
        "period": date,
        "link": [{"table": "register", "on": {"firm": "firm", "year": "period"}}],
        "design": {"unit": "firm", "stratum": "layer", "population": "size", "group": "group"},
        "columns": {"firm": "identifier", date: date, "real": "number", "paid": "number", "staff": "number"},
    }
    known = {"table": "answers", "respondents": "real IS NOT NULL AND staff IS NOT NULL", "denominator": "staff"}
    decomposition = {"by": "kind", "method": method, "current": "nominal"}
    return make_plan(  # type: ignore[no-any-return]
        tables={"register": register, "answers": answers},
        indicators={
            "level": {**known, "numerator": "real"},
            "nominal": {**known, "numerator": "paid"},
            "rise": {"change_of": "level", "base_period": "2025", "change_as": measure, "decomposition": decomposition},
        },
        breakdowns={"kind": "kind"},
        codes={"kind": dict.fromkeys(KINDS)},
        minimum_groups=minimum_groups,
    )


def invented(seed: int = 5, firms: int = 60) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A register in which firms come, leave and change their kind, and answers of a sample that rotates by a third."""
    rng = np.random.default_rng(seed)
    register, answers = [], []
    first, last = rng.choice([2024, 2024, 2024, 2025, 2026], firms), rng.choice([2026, 2026, 2026, 2026, 2025], firms)
    kind = rng.choice(list(KINDS), firms)
    for year in (2024, 2025, 2026):
        alive = [i for i in range(firms) if first[i] <= year <= last[i]]
        layer = {i: "big" if i % 5 == 0 else "small" for i in alive}
        size = {name: sum(one == name for one in layer.values()) for name in ("big", "small")}
        for i in alive:
            now = "c" if i % 11 == 0 and year == 2026 else str(kind[i])
            register.append((f"f{i}", year, now, layer[i], size[layer[i]], f"g{i // 2 if i < 8 else i}"))
            if layer[i] == "big" or (i + year) % 3:
                staff = float(rng.integers(3, 90))
                real = staff * float(rng.uniform(2, 9)) * {"a": 1, "b": 2, "c": 1.5}[now] * (1 + 0.05 * (year - 2025))
                answers.append((f"f{i}", year, real, real * {"a": 0.9, "b": 1.05, "c": 1.0}[now] ** (year - 2025), staff))
    return (
        pl.DataFrame(register, schema=["firm", "year", "kind", "layer", "size", "group"], orient="row"),
        pl.DataFrame(answers, schema=["firm", "year", "real", "paid", "staff"], orient="row"),
    )


def run(warehouse: Any, plan: Plan, register: pl.DataFrame, answers: pl.DataFrame, **options: Any) -> Computed:
    return compute(plan, warehouse(plan, {"register": register, "answers": answers}), **options)


def parts(found: Computed, period: str, method: str = "bennet") -> dict[tuple[str, str], dict[str, float]]:
    """(breakdown, category) → part → value."""
    told: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    rows = found.details["decomposition"].filter(pl.col("period") == period, pl.col("method") == method)
    for breakdown, category, part, value in rows.select("breakdown", "category", "part", "value").iter_rows():
        told[breakdown, category][part] = value
    return dict(told)


def published(found: Computed, period: str, indicator: str = "rise") -> float:
    rows = found.results.filter(
        pl.col("indicator") == indicator, pl.col("period") == period, pl.col("breakdown") == "total"
    ).unique("indicator")
    return float(rows["value"].item())


def adds_up(found: Computed, period: str, method: str = "bennet") -> None:
    told = parts(found, period, method)
    for of, values in told.items():
        assert sum(value for part, value in values.items() if part != "total") == pytest.approx(values["total"], abs=1e-11), of
    whole = told["total", "total"]["total"]
    assert whole == pytest.approx(published(found, period), abs=1e-11)
    categories = [values["total"] for (breakdown, _), values in told.items() if breakdown != "total"]
    if categories:
        assert sum(categories) == pytest.approx(whole, abs=1e-11)


def by_hand(register: pl.DataFrame, answers: pl.DataFrame, before: int, after: int) -> dict[tuple[str, str], dict[str, float]]:
    """The parts by plain loops: weights N/n by stratum, states by the register, Bennet as its formulas say."""
    listed = {(firm, year): (kind, layer, size) for firm, year, kind, layer, size, _ in register.iter_rows()}
    told = [row for row in answers.iter_rows() if row[1] in (before, after)]
    heard: dict[tuple[int, str], int] = defaultdict(int)
    for firm, year, *_ in told:
        heard[year, listed[firm, year][1]] += 1
    sums: dict[tuple[str, str, int], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for firm, year, real, _, staff in told:
        kind, layer, size = listed[firm, year]
        other = before if year == after else after
        state = "stays" if (firm, other) in listed else "came" if year == after else "left"
        weight = size / heard[year, layer]
        sums[kind, state, year][0] += weight * real
        sums[kind, state, year][1] += weight * staff
    totals = {year: [sum(value[i] for key, value in sums.items() if key[2] == year) for i in (0, 1)] for year in (before, after)}
    levels = {year: y / x for year, (y, x) in totals.items()}
    mean = sum(levels.values()) / 2
    found: dict[tuple[str, str], dict[str, float]] = {}
    for kind in KINDS:
        (y0, x0), (y1, x1) = (sums[kind, "stays", year] for year in (before, after))
        s0, s1 = x0 / totals[before][1], x1 / totals[after][1]
        own = {
            "within": (s0 + s1) / 2 * (y1 / x1 - y0 / x0),
            "between": ((y0 / x0 + y1 / x1) / 2 - mean) * (s1 - s0),
            "entry": sums[kind, "came", after][0] / totals[after][1] - mean * sums[kind, "came", after][1] / totals[after][1],
            "exit": -(
                sums[kind, "left", before][0] / totals[before][1] - mean * sums[kind, "left", before][1] / totals[before][1]
            ),
        }
        found["kind", kind] = {part: value / levels[before] for part, value in own.items()}
    found["total", "total"] = {part: sum(found["kind", kind][part] for kind in KINDS) for part in BENNET}
    return found


# --- worked examples --------------------------------------------------------------------------------------------------------


def census_plan(make_plan: Any, *, by: str = "kind", method: str = "bennet", measure: str = "relative") -> Plan:
    columns = {**FACTS, "staff": "number"}
    return make_plan(  # type: ignore[no-any-return]
        tables={
            "facts": {"key": ["firm", "year"], "period": "year", "design": {"unit": "firm", "census": True}, "columns": columns}
        },
        indicators={
            "level": {"table": "facts", "numerator": "real", "denominator": "staff"},
            "nominal": {"table": "facts", "numerator": "paid", "denominator": "staff"},
            "rise": {
                "change_of": "level",
                "base_period": "2025",
                "change_as": measure,
                "decomposition": {"by": by, "method": method, "current": "nominal"},
            },
        },
        breakdowns={"kind": "kind", "firm": "firm"},
        codes={"kind": dict.fromkeys(("OEM", "PL", "PS"))},
    )


@pytest.fixture(scope="module")
def known(shared_data: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared_data / "statistics" / "ref_j_productivity.json").read_text(encoding="utf-8"))
    return found


def facts(known: Mapping[str, Any]) -> pl.DataFrame:
    inputs = known["inputs"]
    rows = [
        (name, int(year), name, value / inputs["price"][year][name], value, inputs["labour"][year][name])
        for year, values in inputs["nominal"].items()
        for name, value in values.items()
    ]
    return pl.DataFrame(rows, schema=["firm", "year", "kind", "real", "paid", "staff"], orient="row")


def test_the_worked_example_of_three_segments(make_plan: Any, warehouse: Any, known: dict[str, Any]) -> None:
    plan = census_plan(make_plan)
    found = compute(plan, warehouse(plan, {"facts": facts(known)}))
    adds_up(found, "2027")
    told = parts(found, "2027")
    for name, values in known["bennet"]["by_segment"].items():
        assert {part: told["kind", name][part] for part in values} == pytest.approx(values, abs=1e-12)
        assert told["kind", name]["total"] == pytest.approx(known["bennet"]["contribution_by_segment"][name], abs=1e-12)
    assert {part: told["total", "total"][part] for part in ("within", "between")} == pytest.approx(
        known["bennet"]["sums"], abs=1e-12
    )
    assert told["total", "total"]["total"] == pytest.approx(known["growth_2025_2027"], abs=1e-12)
    for year in ("2026", "2027"):
        chain = parts(found, year, "chained")
        assert chain == {("total", "total"): {"total": pytest.approx(known["lp_index_chained"][year] - 1, abs=1e-12)}}


def test_gead_where_volumes_are_chained(make_plan: Any, warehouse: Any, known: dict[str, Any]) -> None:
    plan = census_plan(make_plan, method="gead")
    found = compute(plan, warehouse(plan, {"facts": facts(known)}))
    adds_up(found, "2027", "gead")
    told = parts(found, "2027", "gead")
    for name, values in known["gead_three_term"]["by_segment"].items():
        assert {part: told["kind", name][part] for part in values} == pytest.approx(values, abs=1e-12)
    assert {part: told["total", "total"][part] for part in known["gead_three_term"]["sums"]} == pytest.approx(
        known["gead_three_term"]["sums"], abs=1e-12
    )
    assert parts(found, "2027") == {}, "one method is declared"


def test_the_worked_example_of_enterprises_that_come_and_go(make_plan: Any, warehouse: Any, known: dict[str, Any]) -> None:
    micro = known["micro_bennet_entry_exit"]
    rows = [
        (name, year, "OEM", *values, values[0])
        for year, wave in ((2025, "A"), (2027, "B"))
        for name, values in micro[wave].items()
    ]
    frame = pl.DataFrame(rows, schema=["firm", "year", "kind", "real", "staff", "paid"], orient="row")
    plan = census_plan(make_plan, by="firm", measure="difference")
    found = compute(plan, warehouse(plan, {"facts": frame}))
    adds_up(found, "2027")
    told = parts(found, "2027")["total", "total"]
    assert told == pytest.approx({**{part: micro[part] for part in BENNET}, "total": micro["change"]}, abs=1e-12)
    assert parts(found, "2027", "chained") == {}, "2026 is missing"


# --- a sample ---------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(make_plan: Any, warehouse: Any) -> tuple[Computed, pl.DataFrame, pl.DataFrame]:
    """What is computed of an invented sample, its register and its answers."""
    register, answers = invented()
    return run(warehouse, survey_plan(make_plan), register, answers), register, answers


@pytest.mark.parametrize("year", [2024, 2026])
def test_the_parts_of_a_sample_are_those_of_plain_loops(whole: tuple[Computed, pl.DataFrame, pl.DataFrame], year: int) -> None:
    found, register, answers = whole
    adds_up(found, str(year))
    wanted, told = by_hand(register, answers, 2025, year), parts(found, str(year))
    assert set(told) == set(wanted)
    for of, values in wanted.items():
        assert {part: told[of][part] for part in BENNET} == pytest.approx(values, abs=2e-12), of
    assert wanted["total", "total"]["exit"] != 0, "firms of 2025 that are not there in the other year"
    assert (wanted["total", "total"]["entry"] != 0) == (year == 2026)


def test_the_units_behind_a_part_are_counted(whole: tuple[Computed, pl.DataFrame, pl.DataFrame]) -> None:
    found, register, answers = whole
    listed = set(register.select("firm", "year").rows())
    then, now = ({row[0] for row in answers.iter_rows() if row[1] == year} for year in (2025, 2026))
    counts = {
        "entry": sum((firm, 2025) not in listed for firm in now),
        "exit": sum((firm, 2026) not in listed for firm in then),
        "total": min(len(then), len(now)),
    }
    wanted = (pl.col("period") == "2026", pl.col("breakdown") == "total", pl.col("method") == "bennet")
    told = dict(found.details["decomposition"].filter(*wanted).select("part", "n").iter_rows())
    assert {part: told[part] for part in counts} == counts
    stay = [sum((firm, other) in listed for firm in wave) for wave, other in ((then, 2026), (now, 2025))]
    assert told["within"] == told["between"] == min(stay)


def test_the_statement_that_was_run_is_kept(whole: tuple[Computed, pl.DataFrame, pl.DataFrame]) -> None:
    kept = dict(whole[0].statements.rows())
    assert kept["rise"].startswith(kept["level"])
    assert "_known" in kept["rise"].removeprefix(kept["level"])


def test_drawn_anew_is_not_entered(make_plan: Any, warehouse: Any) -> None:
    """Every firm is in the register of both years; the sample changes wholly, and nobody came or left."""
    firms = [f"f{i}" for i in range(12)]
    register = [(firm, year, "abc"[i % 3], "one", 12, firm) for i, firm in enumerate(firms) for year in (2025, 2026)]
    answers = [(firm, 2025 + (i >= 6), 10.0 + i, 10.0 + i, 2.0 + i % 2) for i, firm in enumerate(firms)]
    found = run(
        warehouse,
        survey_plan(make_plan),
        pl.DataFrame(register, schema=["firm", "year", "kind", "layer", "size", "group"], orient="row"),
        pl.DataFrame(answers, schema=["firm", "year", "real", "paid", "staff"], orient="row"),
    )
    adds_up(found, "2026")
    told = parts(found, "2026")["total", "total"]
    assert told["entry"] == told["exit"] == 0.0
    assert told["within"] != 0.0


def test_a_register_of_the_sample_alone_tells_no_entry(make_plan: Any, warehouse: Any) -> None:
    register, answers = invented()
    listed = register.join(answers, on=["firm", "year"], how="semi")
    found = run(warehouse, survey_plan(make_plan), listed, answers)
    for period in ("2024", "2026"):
        adds_up(found, period)
        assert all(set(values) == {"within", "between", "total"} for values in parts(found, period).values())
        assert len(parts(found, period)) == 1 + len(KINDS)
    [notice] = [notice for notice in found.notices if notice.en.startswith("rise")]
    assert "2024, 2026: no register lists the whole population" in notice.en
    assert "2024、2026年" in notice.zh


def test_months_that_both_years_have(make_plan: Any, warehouse: Any) -> None:
    """2026 ends in March; the parts add up to the change on the same months of 2025, whatever autumn was like."""
    register, yearly = invented()
    rows = []
    for firm, year, real, paid, staff in yearly.iter_rows():
        for month in range(1, 4 if year == 2026 else 13):
            season = 0.8 if month < 4 else 3.0
            rows.append((firm, f"{year}-{month:02d}-01", real * season, paid * season, staff))
    answers = pl.DataFrame(rows, schema=["firm", "month", "real", "paid", "staff"], orient="row")
    answers = answers.with_columns(pl.col("month").str.to_date())
    found = run(warehouse, survey_plan(make_plan, monthly=True), register, answers)
    for year in (2024, 2026):
        adds_up(found, str(year))
        told, wanted = parts(found, str(year)), by_hand(register, yearly, 2025, year)
        for of, values in wanted.items():
            assert {part: told[of][part] for part in BENNET} == pytest.approx(values, abs=2e-11), of
    assert parts(found, "2026", "chained")["total", "total"]["total"] == pytest.approx(published(found, "2026"), abs=1e-11)


# --- secrecy ----------------------------------------------------------------------------------------------------------------


def few_came(came: Iterable[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Twelve firms of three kinds stay; of each kind in `came` one more comes in 2026."""
    register, answers = [], []
    for i in range(12):
        for year in (2025, 2026):
            register.append((f"f{i}", year, "abc"[i % 3], "one", 12 + (year == 2026) * len(list(came)), f"f{i}"))
            answers.append((f"f{i}", year, 20.0 + i * (year - 2020), 20.0 + i, 4.0 + i % 2 + (year == 2026) * (i % 3)))
    for kind in came:
        register.append((f"new{kind}", 2026, kind, "one", 12 + len(list(came)), f"new{kind}"))
        answers.append((f"new{kind}", 2026, 77.0, 77.0, 6.0))
    return (
        pl.DataFrame(register, schema=["firm", "year", "kind", "layer", "size", "group"], orient="row"),
        pl.DataFrame(answers, schema=["firm", "year", "real", "paid", "staff"], orient="row"),
    )


def test_one_that_came_is_told_apart_nowhere(make_plan: Any, warehouse: Any) -> None:
    register, answers = few_came("a")
    open_to_all = parts(run(warehouse, survey_plan(make_plan), register, answers), "2026")
    assert open_to_all["total", "total"]["entry"] != 0.0
    found = run(warehouse, survey_plan(make_plan, minimum_groups=3), register, answers)
    adds_up(found, "2026")
    told = parts(found, "2026")
    assert all("entry" not in values and "exit" not in values for values in told.values())
    assert told["kind", "a"]["total"] == pytest.approx(open_to_all["kind", "a"]["total"], abs=1e-11), "counted in its category"
    assert any("too few enterprises came" in notice.en for notice in found.notices)


def test_three_that_came_are_told_together_and_not_by_category(make_plan: Any, warehouse: Any) -> None:
    register, answers = few_came("abc")
    open_to_all = parts(run(warehouse, survey_plan(make_plan), register, answers), "2026")
    found = run(warehouse, survey_plan(make_plan, minimum_groups=3), register, answers)
    adds_up(found, "2026")
    told = parts(found, "2026")
    assert told["total", "total"] == pytest.approx(open_to_all["total", "total"], abs=1e-12)
    (notice,) = (one.en for one in found.notices if "too few" in one.en)
    assert notice.startswith("rise, 2026: in some category")
    assert "entry and exit are shown over all categories only" in notice
    for kind in KINDS:
        assert set(told["kind", kind]) == {"within", "between", "total"}
        assert told["kind", kind]["total"] == pytest.approx(open_to_all["kind", kind]["total"], abs=1e-11)


def test_of_a_hidden_category_no_category_is_told_and_the_totals_stay(make_plan: Any, warehouse: Any) -> None:
    register, answers = few_came("")
    kept = pl.col("firm").is_in([f"f{i}" for i in range(12) if i % 3 or i < 6])  # two firms of kind a
    found = run(
        warehouse,
        survey_plan(make_plan, minimum_groups=3),
        register.filter(kept).with_columns(size=pl.lit(10)),
        answers.filter(kept),
    )
    hidden = found.results.filter(pl.col("status") == "suppressed", pl.col("indicator") == "rise")
    assert set(hidden["category"]) == {"a", "c"}, "and one more, lest the first follow from the total"
    assert set(parts(found, "2026")) == {("total", "total")}
    adds_up(found, "2026")
    # nothing is said of parts by category that nobody can see
    told = [notice.en for notice in found.notices if notice.en.startswith("rise")]
    assert told == [
        "rise, 2026: of some category too few enterprises may be told, so the parts are shown over all categories only."
    ]


def test_a_change_that_is_not_published_is_not_taken_apart(make_plan: Any, warehouse: Any) -> None:
    register, answers = few_came("")
    found = run(warehouse, survey_plan(make_plan, minimum_groups=30), register, answers)
    assert parts(found, "2026") == {}


# --- another base -----------------------------------------------------------------------------------------------------------


def test_on_a_frozen_base_the_revision_is_a_part_of_its_own(make_plan: Any, warehouse: Any) -> None:
    register, answers = invented()
    plan = survey_plan(make_plan)
    engine = warehouse(plan, {"register": register, "answers": answers})
    options: dict[str, Any] = {"minimum_groups": 1}
    rise = plan.indicators["rise"]
    today = contributions.answer(plan, rise, engine, published={"2026": 0.5}, **options).frame
    whole = today.filter(pl.col("method") == "bennet", pl.col("breakdown") == "total")
    change = dict(whole.select("part", "value").iter_rows())["total"]
    frozen = contributions.answer(plan, rise, engine, published={"2026": change + 0.01}, frozen=True, **options).frame
    told = dict(frozen.filter(pl.col("method") == "bennet", pl.col("breakdown") == "total").select("part", "value").iter_rows())
    assert told["revision"] == pytest.approx(0.01, abs=1e-12)
    assert told["total"] == pytest.approx(change + 0.01, abs=1e-12)
    assert sum(value for part, value in told.items() if part != "total") == pytest.approx(told["total"], abs=1e-11)
    same = contributions.answer(plan, rise, engine, published={"2026": change}, frozen=True, **options).frame
    assert same.equals(today), "where today's base is the frozen one, nothing is revised"

"""Revisions: what later editions changed, found again by plain loops over what each edition published."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import DATABASE, Edition, open_edition
from indicators.editions.results import RESULTS, as_results
from indicators.estimation.estimate import KEYS
from indicators.publish import NoSuchYear
from indicators.revisions.frozen import freeze
from indicators.revisions.past import Past, remembered
from indicators.revisions.revisions import differ, revised_rows, revisions, summary
from tests.indicators.office import Office, answers, firms, lines, row

REGISTER = firms((2025, 2026))
PROVENANCE: dict[str, Any] = {"inputs": [{"table": "facts", "part_sha256": "a"}], "plan_sha256": "p", "frozen": None}
Number = dict[str, Any]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with the lines of two years, and its first edition."""
    folder = tmp_path_factory.mktemp("ready")
    made = Office(folder)
    made.load(firms=REGISTER)
    made.load(answers=answers(REGISTER), lines=lines(REGISTER, {2025: 12, 2026: 12}))
    made.publish().close()
    return folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    """A copy of it that a test may change."""
    return Office(Path(shutil.copytree(ready, tmp_path / "office")))


@pytest.fixture(scope="session")
def plan(make_plan: Callable[..., Plan]) -> Plan:
    return make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}},
        indicators={
            "level": {"table": "facts", "numerator": "y"},
            "level_change": {"change_of": "level", "base_period": "2025"},
            "other": {"table": "facts", "numerator": "y"},
        },
    )


def raised(by: float) -> pl.DataFrame:
    """The lines of December 2026, of which every firm made so much more."""
    made = lines(REGISTER, {2026: 12})
    return made.filter(pl.col("month") == "2026-12").with_columns(pl.col("made") + by)


def rows(edition: Edition, where: str = "true") -> list[tuple[Any, ...]]:
    columns = "indicator, period, category, edition, former, value, revision, beyond_error, reason"
    return edition.query(f"SELECT {columns} FROM revisions WHERE {where} ORDER BY ALL").rows()


# --- three editions by hand ------------------------------------------------------------------------------------------------


def test_publishing_the_same_again_revises_nothing(office: Office) -> None:
    for _ in range(2):
        with closing(office.publish()) as edition:
            assert edition.query("SELECT * FROM revisions").is_empty()


def test_a_number_is_held_against_the_last_and_the_first_edition_that_gave_it(office: Office) -> None:
    """24 firms made 45,648 in 2026; then each makes 10 more in December, then 4 more, and then what they made at first."""
    of_year = "indicator = 'made' AND period = '2026' AND category = 'total'"
    before = {"0001": 45648.0}
    for number, (by, expected) in enumerate(
        ((10, [("0001", 240.0)]), (4, [("0001", 96.0), ("0002", -144.0)]), (0, [("0003", -96.0)])), 2
    ):
        office.load(lines=raised(by))
        with closing(office.publish()) as edition:
            value = 45648.0 + 24 * by
            assert edition.id == f"{number:04d}"
            assert rows(edition, of_year) == [
                ("made", "2026", "total", former, before[former], value, moved, True, "data") for former, moved in expected
            ]
            quarters = {row[1] for row in rows(edition, "indicator = 'made'")}
            assert quarters == {"2026", "2026-Q4"}, "the other quarters are as they were"
            assert edition.manifest["provenance"]["former"] == f"{number - 1:04d}"
            before[edition.id] = value
    told, notices = revised_rows(office.editions, "office")
    assert notices == ()
    told = told.filter(pl.col("indicator") == "made", pl.col("period") == "2026", pl.col("category") == "total")
    assert told.select("published_in", "edition", "revision").rows() == [
        ("0002", "0001", 240.0),
        ("0003", "0001", 96.0),
        ("0003", "0002", -144.0),
        ("0004", "0003", -96.0),
    ]


def test_a_revision_within_the_former_interval_is_not_beyond_error(office: Office) -> None:
    said = answers(REGISTER)
    for factor, beyond in ((1.001, False), (1.5, True)):
        office.load(answers=said.filter(pl.col("year") == 2026).with_columns((pl.col("y") * factor).round(6)))
        with closing(office.publish()) as edition:
            former = open_edition(office.editions, "0001")
            then = row(former, "rate", "2026")
            former.close()
            [told] = rows(edition, "indicator = 'rate' AND category = 'total' AND edition = '0001'")
            assert told[5] == pytest.approx(then["value"] * factor, rel=1e-6)
            assert (not then["low"] <= told[5] <= then["high"]) is told[7] is beyond


def test_the_reason_is_what_differs_between_the_editions(office: Office) -> None:
    formula = {"unit": "number", "table": "lines", "periods": ["year", "quarter"]}
    office.write("indicators/made", {**formula, "numerator": "made + 1"})
    with closing(office.publish()) as edition:
        assert {told[-1] for told in rows(edition)} == {"plan"}
    office.load(lines=raised(3))
    with closing(office.publish()) as edition:
        assert {told[3:4] + told[-1:] for told in rows(edition, "period LIKE '2026%'")} == {("0001", "both"), ("0002", "data")}


def test_a_base_that_was_frozen_since_is_a_reason(office: Office) -> None:
    office.load(lines=lines(REGISTER, {2025: 12}).with_columns(pl.col("made") + 1))
    office.publish().close()
    with closing(open_edition(office.editions, "0001")) as first:
        freeze(office.editions, first)
    with closing(office.publish()) as edition:
        told = {(row[0], row[1], row[3], row[-1]) for row in rows(edition, "category = 'total'")}
    assert {("made", "2025", "0002", "frozen"), ("made_change", "2026", "0002", "frozen")} <= told
    assert {one[2] for one in told} == {"0002"}, "against the first edition nothing differs"


def test_editions_of_another_plan_and_broken_ones_are_left_out_with_a_notice(office: Office) -> None:
    identity = json.loads((office.folder / "plan.yaml").read_text(encoding="utf-8"))
    office.write("plan", {**identity, "id": "elsewhere"})
    office.load(lines=raised(5))
    with closing(office.publish()) as edition:
        assert rows(edition) == []
        assert edition.manifest["provenance"]["former"] is None
    office.write("plan", identity)
    damaged = office.editions / "0001" / DATABASE
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1])
    with closing(office.publish()) as edition:
        assert rows(edition) == []
        told = [notice for notice in edition.notices if "0001" in notice.en]
        assert ["cannot be opened" in one.en and "无法打开" in one.zh for one in told] == [True]


def test_no_row_tells_of_a_number_that_was_withheld_at_either_end(office: Office) -> None:
    """The makers of bikes become one holding, and are eight again; what they made changes every time."""
    one = pl.when(pl.col("branch") == "bikes").then(pl.lit("one")).otherwise("holding")
    again = REGISTER.reverse()  # the very same file again would change nothing
    for by, register in ((10, REGISTER.with_columns(holding=one)), (20, again)):
        office.load(lines=raised(by), firms=register)
        with closing(office.publish()) as edition:
            told = {(row[2], row[3]) for row in rows(edition, "indicator = 'made' AND period = '2026'")}
    assert ("cars", "0002") in told
    assert {edition for category, edition in told if category == "bikes"} == {"0001"}, "the second withheld it"


def test_years_are_declared_final_by_hand_until_that_is_taken_back(office: Office) -> None:
    expected = [([], "provisional", []), (["2026"], "final", ["2026"]), ([], "final", ["2026"]), (["none"], "provisional", [])]
    for declared, release, kept in expected:
        with closing(office.publish(final=declared)) as edition:
            found = edition.query("SELECT DISTINCT release FROM results WHERE period LIKE '2026%'")["release"].to_list()
            assert (found, edition.manifest["provenance"]["final"]) == ([release], kept)
            assert set(edition.query("SELECT release FROM results WHERE period LIKE '2025%'")["release"]) == {"final"}
    with pytest.raises(NoSuchYear, match=r"--final 2062: nothing is published of this year. Years with results: 2025, 2026"):
        office.publish(final=["2062"])


# --- many editions against plain loops -------------------------------------------------------------------------------------


def number(indicator: str, period: str, category: str, told: tuple[float | None, float, bool, str]) -> Number:
    value, width, exact, release = told
    shown = (
        {"value": value, "low": None if exact else value - width, "high": None if exact else value + width}
        if value is not None
        else {}
    )
    return {
        "indicator": indicator,
        "period": period,
        "breakdown": "total" if category == "total" else "kind",
        "category": category,
        **shown,
        "quality": "census" if exact and shown else None,
        "release": release,
        "status": "published" if shown else "suppressed",
    }


#: few values, so that the same one comes again; the last two are one number to a machine that adds in another order
VALUES = st.sampled_from([None, 0.0, 1.0, 1.5, -2.0, 3.0, 3.0 * (1 + 3e-13)])
TOLD = st.tuples(VALUES, st.sampled_from([0.1, 0.7, 5.0]), st.booleans(), st.sampled_from(["provisional", "final"]))
CATEGORIES = [("level", "2025", "total"), ("level", "2026", "total"), ("level", "2026", "a"), ("other", "2026", "total")]
EDITIONS = st.lists(st.tuples(*[TOLD] * len(CATEGORIES)), min_size=1, max_size=4)


def published(told: Sequence[tuple[Any, ...]]) -> list[Number]:
    return [number(*key, one) for key, one in zip(CATEGORIES, told, strict=True)]


def frame(numbers: Sequence[Number]) -> pl.DataFrame:
    names = numbers[0].keys() | {"value", "low", "high"}
    return as_results(pl.DataFrame(numbers, schema={name: RESULTS[name] for name in names}))


def same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1.5e-12, abs_tol=0)


def by_hand(history: Sequence[Sequence[Number]]) -> list[tuple[Any, ...]]:
    """Rows of the newest edition against the last and the first that gave each number, from the numbers as they were written."""
    found = []
    *before, newest = history
    for place, now in enumerate(newest):
        given = [(f"{i + 1:04d}", told[place]) for i, told in enumerate(before) if told[place].get("value") is not None]
        if now.get("value") is None or not given:
            continue
        for edition, then in {given[0][0]: given[0][1], given[-1][0]: given[-1][1]}.items():
            if not same(then["value"], now["value"]):
                beyond = then["low"] is None or not then["low"] <= now["value"] <= then["high"]
                key = tuple(now[name] for name in KEYS)
                found.append((*key, edition, then["value"], now["value"], now["value"] - then["value"], beyond, "version"))
    return sorted(found)


def summed_by_hand(history: Sequence[Sequence[Number]]) -> dict[tuple[str, str, str], dict[str, Any]]:
    """The summary from the same numbers: pairs (former, later, beyond) of each stage, then plain sums."""
    pairs: dict[tuple[str, str, str], list[tuple[Number, float]]] = {}
    for place, (indicator, _, category) in enumerate(CATEGORIES):
        given = [told[place] for told in history if told[place].get("value") is not None]
        final = next((one for one in given if one["release"] == "final"), None)
        for stage, later in (("latest", given[-1] if given else None), ("final", final)):
            if later is None or later is given[0] or (stage == "final" and given[0]["release"] != "provisional"):
                continue
            for kept in ("all", *(("total",) if category == "total" else ())):
                pairs.setdefault((indicator, stage, kept), []).append((given[0], later["value"]))
    found = {}
    for key, ends in pairs.items():
        moved = [0.0 if same(then["value"], value) else value - then["value"] for then, value in ends]
        beyond = [
            then["low"] is None or not then["low"] <= value <= then["high"]
            for (then, value), by in zip(ends, moved, strict=True)
            if by
        ]
        size = sum(abs(value) for _, value in ends)
        found[key] = {
            "compared": len(ends),
            "revised": len(beyond),
            "mean": sum(moved) / len(moved),
            "mean_absolute": sum(map(abs, moved)) / len(moved),
            "relative": sum(map(abs, moved)) / size if size else None,
            "share_beyond": sum(beyond) / len(beyond) if beyond else None,
            "largest_revision": max(map(abs, moved)),
        }
    return found


@settings(max_examples=60, deadline=None)
@given(history=EDITIONS)
def test_rows_and_summary_are_those_of_plain_loops(history: list[tuple[Any, ...]], plan: Plan) -> None:
    told = [published(one) for one in history]
    editions = [(f"{i + 1:04d}", frame(numbers), PROVENANCE) for i, numbers in enumerate(told)]
    for i, numbers in enumerate(told):
        table = revisions(plan, frame(numbers), remembered(editions[:i]), PROVENANCE)
        assert sorted(table.rows()) == by_hand(told[: i + 1])
    found = summary(plan, remembered(editions))
    assert list(found.columns) == list(DETAILS["revision_summary"])
    expected = summed_by_hand(told)
    assert {tuple(line[:3]) for line in found.rows()} == expected.keys()
    for line in found.iter_rows(named=True):
        hand = expected[line["indicator"], line["stage"], line["rows"]]
        line["largest_revision"] = abs(line["largest_revision"])
        for name, value in hand.items():
            assert line[name] == (value if value is None else pytest.approx(value, rel=1e-12)), name


def other_inputs(name: str) -> dict[str, Any]:
    return {"inputs": [{"table": "facts", "part_sha256": name}, {"table": "facts", "part_sha256": None}]}


@pytest.mark.parametrize(
    ("now", "reasons"),
    [
        ({}, {"version"}),
        (other_inputs("a"), {"version"}),
        (other_inputs("b"), {"data"}),
        ({"plan_sha256": "q"}, {"plan"}),
        ({**other_inputs("b"), "plan_sha256": "q"}, {"both"}),
        ({"frozen": {"period": "2025", "edition": "0001"}}, {"frozen"}),
        ({**other_inputs("b"), "frozen": {"period": "2025", "edition": "0001"}}, {"frozen", "data"}),
    ],
    ids=["nothing", "a file without a good row", "data", "plan", "both", "frozen base", "frozen base and data"],
)
def test_reasons_are_read_from_what_the_editions_were_made_of(now: dict[str, Any], reasons: set[str], plan: Plan) -> None:
    """Of the frozen year only the frozen base can be the reason."""
    then, later = (frame(published([(value, 0.1, False, "final")] * len(CATEGORIES))) for value in (1.0, 2.0))
    past = remembered([("0001", then, PROVENANCE)])
    provenance = {**PROVENANCE, **now}
    told = revisions(plan, later, past, provenance).select("period", "reason").unique().rows()
    assert {reason for _, reason in told} == reasons
    if len(reasons) > 1:
        assert set(told) == {("2025", "frozen"), ("2026", "data")}


def test_the_last_digits_of_a_change_near_zero_are_those_of_its_levels(plan: Plan) -> None:
    """A change of 0.001 that moves by 1e-12 moved by a billionth of itself, and yet only by what adding in another order does."""

    def apart(indicator: str, former: float, value: float, level: float) -> bool:
        key = {"indicator": [indicator], "period": ["2026"], "breakdown": ["total"], "category": ["total"]}
        both = pl.DataFrame({**key, "former": [former], "value": [value]})
        levels = pl.DataFrame({**key, "indicator": ["level"], "value": [level]})
        return bool(differ(plan, both, levels)["differs"].item())

    assert not apart("level_change", 0.001, 0.001 + 1e-12, 5.0)
    assert apart("level_change", 0.001, 0.001 + 1e-9, 5.0)
    assert not apart("level_change", 0.0, 1e-12, 5.0)
    assert not apart("level", 1.000000000000, 1.000000000001, 0.0), "one unit in the thirteenth digit"
    assert apart("level", 1.0, 1.000000000003, 0.0)
    assert apart("level", 0.0, 1e-9, 0.0)


def test_without_a_second_edition_there_is_nothing_to_sum_up(plan: Plan) -> None:
    assert summary(plan, Past()).is_empty()
    only = frame(published([(1.0, 0.1, False, "final")] * len(CATEGORIES)))
    assert summary(plan, remembered([("0001", only, PROVENANCE)])).is_empty()

"""Alerts: fired only where something really changed, found again by plain loops, and told in both languages."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.alerts.alerts import Former, alerts, probability, told
from indicators.alerts.late import LATE
from indicators.catalogue.catalogue import load_plan
from indicators.catalogue.plan import Plan, Target
from indicators.editions.details import DETAILS, as_details
from indicators.editions.edition import DATABASE, MANIFEST, POINTER, SEAL, Edition, open_edition, write_edition
from indicators.editions.results import GRADES, OUTCOMES, RESULTS, as_results
from indicators.estimation.estimate import KEYS
from indicators.publish import publish
from indicators.revisions.past import NUMBERS
from pipelines.database import Database
from pipelines.durable import sha256
from pipelines.yamlfile import Text
from tests.indicators.office import Office, answers, firms, lines

REGISTER = firms((2025, 2026))
TODAY = date(2028, 1, 1)
NOBODY = pl.DataFrame(schema=LATE)
LAW = {"id": "T1", "year": 2027, "operator": ">", "value": 0.44, "basis": "level", "source": "law", "reading": "strict"}
Row = dict[str, Any]


@pytest.fixture(scope="session")
def plan(make_plan: Callable[..., Plan]) -> Plan:
    other = {**LAW, "id": "T1b", "scope": {"kind": "a"}, "reading_of": "T1"}
    return make_plan(
        tables={
            "facts": {
                "key": ["year"],
                "period": "year",
                "public": True,
                "columns": {"year": "year", "y": "number", "kind": "text"},
            }
        },
        indicators={"level": {"table": "facts", "numerator": "y", "denominator": 1, "targets": [LAW, other]}},
        breakdowns={"kind": "kind"},
    )


# --- what was said, and how probable it is now ---------------------------------------------------------------------------------

NOW: Row = {
    "base": 0.4,
    "distance": 0.5,
    "p_met": 0.1,
    "p_on_track": 0.2,
    "p_acceleration": 0.3,
    "p_limited": 0.35,
    "p_deterioration": 0.05,
}


def claim(outcome: str) -> Row:
    return {"outcome": outcome, "grade": outcome if outcome in GRADES else None, "other": None}


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        *((name, 0.1) for name in ("met", "met_within_error", "met_at_base")),
        *((name, 0.9) for name in ("not_met", "not_met_within_error", "lost", "no_date")),
        ("on_track", 0.3),  # who reaches the threshold is on track, too
        ("acceleration", 0.3),
        ("limited", 0.35),
        ("deterioration", 0.05),
        *((name, None) for name in ("cannot_tell", "base_only", "no_error", "depends", "no_number")),
    ],
)
def test_every_outcome_says_something_or_nothing(outcome: str, expected: float | None) -> None:
    assert outcome in OUTCOMES
    assert probability(claim(outcome), NOW) == (None if expected is None else pytest.approx(expected))
    assert probability(claim(outcome), dict.fromkeys(NOW)) is None, "no error is known, so nothing is improbable"


@pytest.mark.parametrize("grade", GRADES)
def test_a_grade_also_says_that_the_target_is_not_reached(grade: str) -> None:
    surely = {**dict.fromkeys(NOW, 0.0), "p_met": 0.97, "p_on_track": 0.03}
    assert probability(claim(grade), surely) == pytest.approx(0.03 if grade == "on_track" else 0.0)
    of_full_count: Row = {**dict.fromkeys(NOW), "p_met": 1.0}
    assert probability(claim(grade), of_full_count) == 0.0


def test_cannot_tell_names_two_grades() -> None:
    between = {"outcome": "cannot_tell", "grade": "acceleration", "other": "on_track"}
    assert probability(between, NOW) == pytest.approx(0.3 + 0.2 + 0.1), "who reaches the threshold is on track, too"
    assert probability({**between, "other": "limited"}, NOW) == pytest.approx(0.3 + 0.35)
    assert probability({**between, "grade": None, "other": None}, NOW) is None, "it named none"


@pytest.mark.parametrize("grade", GRADES)
def test_a_base_that_has_reached_the_target_leaves_no_pace(grade: str) -> None:
    """With a base of 21 instead of 15, the count of 18 is no more on track to 20: it is lost."""
    said = claim(grade)
    lost = {**dict.fromkeys(NOW), "base": 21.0, "p_met": 0.0}
    assert probability(said, lost) == 0.0
    assert probability(said, {**lost, "base": None}) == 1.0, "without a base nothing is known of a pace"


# --- verdicts, by hand --------------------------------------------------------------------------------------------------------


def judged(period: str, outcome: str | None, value: float = 0.42, target: str = "T1", **more: Any) -> Row:
    category = "total" if target == "T1" else "a"
    own = {"breakdown": "total" if target == "T1" else "kind", "category": category, "scope": True, "threshold": 0.44}
    chances = {"p_met": 0.0, **{f"p_{grade}": float(grade == outcome) for grade in GRADES}}
    key = {"indicator": "level", "period": period, "target": target}
    grade = outcome if outcome in GRADES else None
    judgement = {"grade": grade, "other": None, "distance": 0.5, **chances, "outcome": outcome}
    return {**key, **own, "value": value, "se": 0.01, "base": 0.4, **judgement, **more}


def table(*rows: Row) -> pl.DataFrame:
    schema = DETAILS["assessments"]
    return as_details("assessments", pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema))


def results(*rows: Row, status: str = "published") -> pl.DataFrame:
    found = [
        {**{name: row[name] for name in (*KEYS, "value", "se")}, "low": row["value"] - 0.02, "high": row["value"] + 0.02}
        for row in rows
    ]
    schema = {name: kind for name, kind in RESULTS.items() if name in (*KEYS, "value", "se", "low", "high")}
    return as_results(pl.DataFrame(found, schema=schema).with_columns(status=pl.lit(status)))


def of_plan(plan: Plan) -> dict[tuple[str, str], Target]:
    return {("level", str(target.id)): target for target in plan.indicators["level"].targets}


def fired(
    plan: Plan, then: pl.DataFrame, now: pl.DataFrame, shown: pl.DataFrame, targets: Mapping[Any, Target] | None = None
) -> pl.DataFrame:
    former = Former(edition="0001", judged=then, numbers=pl.DataFrame(schema=NUMBERS), targets=targets or of_plan(plan))
    details = {"assessments": now, "revisions": as_details("revisions", None)}
    return alerts(plan, shown, details, former, NOBODY, TODAY).frame


def test_a_verdict_fires_where_what_was_said_is_improbable_now(plan: Plan) -> None:
    then, now = judged("2026", "on_track"), judged("2026", "limited", 0.405)
    found = fired(plan, table(then), table(now), results(now))
    [row] = found.rows(named=True)
    why = {name: row.pop(name) for name in ("why_zh", "why_en")}
    key = {"indicator": "level", "period": "2026", "breakdown": "total", "category": "total", "target": "T1"}
    assert row == {**key, "kind": "verdict", "edition": "0001", "former": "on_track", "now": "limited"}
    assert why["why_en"] == (
        "T1 level, 2026: edition 0001 said “On track”, this one says “Limited progress”; the number was 0.42 (1) and is 0.41 (1) "
        "(95% interval 0.4 to 0.4 (1)), the target is > 0.44 (1); by the number and its error the probability of “On track” is "
        "< 0.1%, below 5%."
    )
    assert "版次0001判为“符合进度”，本版判为“进展有限”" in why["why_zh"]
    assert "低于5%" in why["why_zh"]


@pytest.mark.parametrize(
    ("before", "after", "chances", "fires"),
    [
        ("on_track", "on_track", {"p_on_track": 0.01}, False),  # the same word
        ("on_track", "limited", {"p_on_track": 0.06, "p_limited": 0.94}, False),  # within error
        ("on_track", "limited", {"p_on_track": 0.05, "p_limited": 0.95}, False),  # 5 % is not below 5 %
        ("on_track", "limited", {"p_on_track": 0.0499, "p_limited": 0.95}, True),
        ("on_track", "met_within_error", {"p_met": 0.6, "p_on_track": 0.01}, False),
        ("on_track", "met", {"p_met": 0.96, "p_on_track": 0.04}, True),
        ("acceleration", "cannot_tell", {"p_acceleration": 0.04, "p_limited": 0.5, "p_on_track": 0.46}, True),
        ("met", "met_within_error", {"p_met": 0.6}, False),
        ("met", "not_met_within_error", {"p_met": 0.2}, False),
        ("met", "not_met", {"p_met": 0.02}, True),
        ("met_within_error", "limited", {"p_met": 0.01, "p_limited": 0.99}, True),
        ("not_met", "met", {"p_met": 0.99}, True),
        ("not_met_within_error", "met_within_error", {"p_met": 0.7}, False),
        ("met_at_base", "lost", {"p_met": 0.01}, True),
        ("met_at_base", "met", {"p_met": 0.99}, False),
        ("lost", "met_at_base", {"p_met": 0.99}, True),
        ("no_date", "met", {"p_met": 0.99}, True),
        ("cannot_tell", "met", {"p_met": 0.999}, False),
        ("base_only", "met", {"p_met": 0.999}, False),
        ("no_error", "met", {"p_met": 1.0}, False),
        ("depends", "not_met", {"p_met": 0.0}, False),
        ("met", "no_error", {"p_met": None}, False),
        ("met", "depends", {"p_met": 0.99}, False),
        ("met", None, {"p_met": 0.0}, False),
    ],
)
def test_when_a_verdict_fires(plan: Plan, before: str, after: str | None, chances: Row, fires: bool) -> None:
    now = judged("2026", after, **{**{f"p_{grade}": 0.0 for grade in GRADES}, **chances})
    assert fired(plan, table(judged("2026", before)), table(now), results(now)).height == fires


def test_the_newest_year_judged_is_held_against_the_same_year_and_a_newer_one(plan: Plan) -> None:
    then = table(judged("2025", "limited"), judged("2026", "on_track"))
    same, newer = judged("2026", "limited"), judged("2027", "not_met", p_on_track=0.0)
    rows = [judged("2025", "deterioration"), same, newer]
    assert fired(plan, then, table(*rows), results(*rows)).select("period", "former", "now").rows() == [
        ("2026", "on_track", "limited"),
        ("2027", "on_track", "not_met"),
    ], "of 2025 nothing is told: 2026 was the newest"
    stayed = [judged("2026", "on_track"), newer]
    [row] = fired(plan, then, table(*stayed), results(*stayed)).rows(named=True)
    assert "by 2026 edition 0001 said “On track”, by 2027 this one says “Not met (95% certain)”" in row["why_en"]
    assert "版次0001据2026年数据判为“符合进度”，本版据2027年数据判为“未达到（95%把握）”" in row["why_zh"]
    both = [judged("2027", "limited"), judged("2028", "deterioration")]
    assert fired(plan, then, table(*both), results(*both))["period"].to_list() == ["2028"], "of newer years the newest"
    older = [judged("2025", "limited")]
    assert fired(plan, then, table(*older), results(*older)).is_empty(), "an older year is not news"


def test_another_reading_fires_on_its_own(plan: Plan) -> None:
    then = table(judged("2026", "on_track"), judged("2026", "on_track", target="T1b"))
    rows = [judged("2026", "on_track"), judged("2026", "deterioration", target="T1b")]
    found = fired(plan, then, table(*rows), results(*rows))
    assert found.select("target", "breakdown", "category").rows() == [("T1b", "kind", "a")]
    assert found["why_en"][0].startswith("T1b level, a, 2026: ")


def test_numbers_outside_the_scope_of_a_target_do_not_fire(plan: Plan) -> None:
    then, now = judged("2026", "on_track", scope=False), judged("2026", "limited", scope=False)
    assert fired(plan, table(then), table(now), results(now)).is_empty()


def test_a_number_that_is_withheld_now_fires_nothing(plan: Plan) -> None:
    then, newer = judged("2026", "on_track"), judged("2027", "limited")
    shown = pl.concat([results(then, status="suppressed"), results(newer)])
    assert fired(plan, table(then), table(newer), shown).is_empty(), "the sentence would repeat what is withheld"
    assert fired(plan, table(then), table(newer), results(newer)).height == 1


def test_what_a_verdict_rests_on_is_told_where_it_moved(plan: Plan) -> None:
    law = {**LAW, "value": 0.5, "year": 2028}
    before = {**of_plan(plan), ("level", "T1"): Target.model_validate(law)}
    then = judged("2026", "limited", threshold=0.5, base=0.41)
    now = judged("2026", "on_track", 0.42, base=0.3)
    [row] = fired(plan, table(then), table(now), results(now), before).rows(named=True)
    for part in (
        "the target was > 0.5 (1) and is > 0.44 (1)",
        "the base was",
        "the target year was 2028 and is 2027",
        "the number is",
    ):
        assert part in row["why_en"], row["why_en"]
    for part in ("目标由> 0.5 (1)改为> 0.44 (1)", "基期值由", "目标年份由2028年改为2027年", "数值为"):
        assert part in row["why_zh"], row["why_zh"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_against_plain_loops_and_in_any_order(plan: Plan, data: st.DataObject) -> None:
    """Random editions of two targets over three years; the same rows in another order give the same table."""
    words = st.sampled_from([*OUTCOMES[:-1], None])
    part = st.floats(0, 1).map(lambda p: round(p, 3))

    def edition() -> list[Row]:
        rows = []
        for target in ("T1", "T1b"):
            for period in ("2025", "2026", "2027"):
                if data.draw(st.booleans()):
                    chances = {f"p_{name}": data.draw(st.one_of(st.none(), st.just(0.0), part)) for name in ("met", *GRADES)}
                    rows.append(judged(period, data.draw(words), target=target, **chances))
        return rows

    before, after = edition(), edition()
    found = fired(plan, table(*before), table(*after), results(*after))
    expected = set()
    for target in ("T1", "T1b"):
        said = [row for row in before if row["target"] == target and row["outcome"]]
        then = max(said, key=lambda row: row["period"], default=None)
        later = [row for row in after if row["target"] == target and row["outcome"]]
        for now in later if then else ():
            newest = now["period"] == max(row["period"] for row in later) and now["period"] > then["period"]
            if then["period"] != now["period"] and not newest:
                continue
            chance = probability(then, now)
            if chance is not None and chance < 0.05 and then["outcome"] != now["outcome"]:
                expected.add((target, now["period"], then["outcome"], now["outcome"]))
    assert set(found.select("target", "period", "former", "now").rows()) == expected
    shuffled = [random.Random(7).sample(rows, len(rows)) for rows in (before, after)]
    schema = DETAILS["assessments"]
    loose = [pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema) for rows in shuffled]
    assert fired(plan, loose[0], loose[1], results(*shuffled[1])).equals(found)


# --- editions one after the other ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office whose rate is held against a target; in its first edition it is on track."""
    folder = tmp_path_factory.mktemp("ready")
    office = Office(folder)
    law = {"unit": "number", "table": "answers", "numerator": "y", "denominator": "x", "targets": [LAW]}
    office.write("indicators/rate", law)
    office.load(firms=REGISTER)
    office.load(answers=answers(REGISTER), lines=lines(REGISTER, {2025: 12, 2026: 12}))
    issue(office).close()
    return folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    """A copy of it that a test may change."""
    return Office(Path(shutil.copytree(ready, tmp_path / "office")))


def issue(office: Office) -> Edition:
    return publish(store=office.store, plan=load_plan(office.folder), plan_folder=office.folder, today=TODAY)


def made(office: Office, factor: float) -> None:
    """A corrected file, by which everybody's answer of 2026 is so many times what it was at first."""
    rows = answers(REGISTER).filter(pl.col("year") == 2026)
    office.load(answers=rows.with_columns((pl.col("y") * factor).round(6)))


def fires(edition: Edition, kind: str) -> list[Row]:
    return edition.query("SELECT * FROM alerts WHERE kind = $kind ORDER BY ALL", {"kind": kind}).rows(named=True)


def of_scope(edition: Edition) -> Row:
    [row] = edition.query("SELECT * FROM assessments WHERE scope AND indicator = 'rate' AND period = '2026'").rows(named=True)
    return row


def test_the_first_edition_has_nothing_to_compare_with(office: Office) -> None:
    with closing(open_edition(office.editions, "0001")) as first:
        assert first.query("SELECT * FROM alerts").is_empty()
        assert of_scope(first)["outcome"] == "on_track"
        assert first.manifest["provenance"]["verdicts"] is None


def test_the_same_data_again_fire_nothing(office: Office) -> None:
    for before in ("0001", "0002"):
        with closing(issue(office)) as edition:
            assert edition.query("SELECT * FROM alerts").is_empty()
            assert told(edition) == []
            assert edition.manifest["provenance"]["verdicts"] == before


def test_a_correction_within_error_fires_nothing_and_one_beyond_it_fires_once(office: Office) -> None:
    made(office, 1.003)
    with closing(issue(office)) as edition:
        assert not edition.query("SELECT * FROM revisions WHERE indicator = 'rate'").is_empty()
        assert [row for row in fires(edition, "revision") if row["indicator"] == "rate"] == []
        assert fires(edition, "verdict") == []
    made(office, 0.8)
    with closing(issue(office)) as edition:
        now = of_scope(edition)
        [freedom] = edition.query("SELECT df FROM results WHERE target IS NOT NULL AND indicator = 'rate' AND period = '2026'")[
            "df"
        ]
        [fired] = fires(edition, "verdict")
        assert (fired["former"], fired["now"], fired["edition"]) == ("on_track", "deterioration", "0002")
        assert now["p_met"] == pytest.approx(stats.t.cdf((now["value"] - 0.44) / now["se"], freedom), abs=1e-12)
        reach = now["base"] + 0.95 * (0.44 - now["base"]) / 2  # where 95 % of the pace would have it after one year
        part = 1 - 0.95 / 2
        variance = now["se"] ** 2 + (part * now["base_se"]) ** 2 - 2 * part * now["covariance"]
        assert now["p_met"] + now["p_on_track"] == pytest.approx(
            stats.t.cdf((now["value"] - reach) / variance**0.5, freedom), abs=1e-9
        )
        assert now["p_met"] + now["p_on_track"] < 0.05
        assert f"{now['value']:.3f}" in fired["why_en"] and f"{now['value']:.3f}" in fired["why_zh"]
    with closing(issue(office)) as edition:
        assert edition.query("SELECT * FROM alerts").is_empty(), "told once"


def test_a_revision_fires_for_every_number_that_left_its_interval(office: Office) -> None:
    with closing(open_edition(office.editions, "0001")) as first:
        before = {
            row[:4]: row[4:] for row in first.query(f"SELECT {', '.join(KEYS)}, value, low, high, se FROM results").iter_rows()
        }
    made(office, 0.9)
    raised = lines(REGISTER, {2026: 12}).filter(pl.col("month") == "2026-12").with_columns(pl.col("made") + 10)
    office.load(lines=raised)
    with closing(issue(office)) as edition:
        expected = set()
        for *key, value in edition.query(f"SELECT {', '.join(KEYS)}, value FROM results").iter_rows():
            then, low, high, se = before[tuple(key)]
            if None in (then, value):
                continue
            if not low <= value <= high if low is not None else se == 0 and abs(value - then) > 1e-9:
                expected.add((*key, repr(then), repr(value)))
        found = fires(edition, "revision")
        assert {(*(row[name] for name in KEYS), row["former"], row["now"]) for row in found} == expected
        assert {row["indicator"] for row in found} >= {"rate", "made"}
        assert {(row["edition"], row["target"]) for row in found} == {("0001", None)}
        made_of = {row["category"]: row for row in found if row["indicator"] == "made" and row["period"] == "2026"}
        assert made_of["total"]["why_en"] == (
            "made, 2026: 45,648.000 (1) in edition 0001 was revised to 45,888.000 (1); "
            "without sampling error any revision counts; the data differ."
        )
        assert "没有抽样误差" in made_of["cars"]["why_zh"] and "cars，2026年" in made_of["cars"]["why_zh"]
        of_rate = next(row for row in found if row["indicator"] == "rate" and row["category"] == "total")
        assert "outside its 95% interval (" in of_rate["why_en"] and "超出原95%区间（" in of_rate["why_zh"]


def test_revisions_are_printed_in_a_line_for_each_indicator_the_headline_first(office: Office) -> None:
    made(office, 0.9)
    office.load(lines=lines(REGISTER, {2026: 12}).with_columns(pl.col("made") + 10))
    with closing(issue(office)) as edition:
        counts = dict(edition.query("SELECT indicator, count(*) AS n FROM alerts WHERE kind = 'revision' GROUP BY ALL").rows())
        said = [text.en for text in told(edition)]
        heads = [line.split(":")[0] for line in said]
        assert heads[:2] == ["T1 rate, 2026", "rate"], "the verdict, then the indicator that has a target"
        assert sorted(heads[1:]) == sorted(counts)
        assert f"made: {counts['made']} numbers were revised beyond their error, foremost 2026, from" in "\n".join(said)
        assert "修订超出误差范围，其中最主要的是2026年" in "\n".join(text.zh for text in told(edition))


def test_of_an_indicator_the_number_that_the_law_asks_is_foremost(plan: Plan, tmp_path: Path) -> None:
    """Revisions by hand: [period, breakdown, category, revision]; the largest counts only among equals."""
    unasked, elsewhere = (
        plan.indicators["level"].model_copy(update={"id": name, "name": Text(zh=name, en=name), "targets": []})
        for name in ("unasked", "elsewhere")
    )
    both = plan.model_copy(update={"indicators": {"elsewhere": elsewhere, "unasked": unasked, **plan.indicators}})
    moved: list[tuple[str, str, str, str, float]] = [
        ("elsewhere", "2026", "kind", "b", 9.0),
        ("elsewhere", "2025", "kind", "c", -9.5),
        ("unasked", "2026", "total", "total", 0.5),
        ("unasked", "2026-Q1", "total", "total", 7.0),
        ("level", "2026", "kind", "a", 8.0),
        ("level", "2025", "total", "total", 1.0),
        ("level", "2026", "total", "total", 2.0),
    ]
    columns = ["indicator", "period", "breakdown", "category", "revision"]
    changed = pl.DataFrame(moved, schema=columns, orient="row").with_columns(
        edition=pl.lit("0001"), former=10.0, value=10 + pl.col("revision"), beyond_error=pl.lit(True), reason=pl.lit("plan")
    )
    numbers = changed.select(*KEYS, "edition", value="former", low=pl.lit(9.9), high=pl.lit(10.1), exact=pl.lit(False))
    former = Former(edition="0001", judged=table(), numbers=numbers)
    details = {"assessments": table(), "revisions": as_details("revisions", changed)}
    found = alerts(both, results(), details, former, NOBODY, TODAY).frame
    none = pl.DataFrame({"table_id": pl.Series([], dtype=pl.String)})
    tables = {"coverage": none, "statements": none, "details": {"revisions": details["revisions"], "alerts": found}}
    with closing(write_edition(tmp_path, plan=both, results=results(), provenance={}, **tables)) as edition:
        assert [text.en for text in told(edition)] == [
            "level: 3 numbers were revised beyond their error, foremost 2026, from 10.0 (1) to 12.0 (1); the plan differs.",
            "unasked: 2 numbers were revised beyond their error, foremost 2026, from 10.0 (1) to 10.5 (1); the plan differs.",
            "elsewhere: 2 numbers were revised beyond their error, foremost c, 2025, from 10.0 (1) to 0.5 (1); the plan differs.",
        ]


def test_a_number_withheld_before_or_now_fires_nothing(office: Office) -> None:
    """The makers of bikes become one holding, then are eight again; what they made changes every time."""
    one = pl.when(pl.col("branch") == "bikes").then(pl.lit("one")).otherwise("holding")
    for by, register in ((10, REGISTER.with_columns(holding=one)), (20, REGISTER.reverse())):
        raised = lines(REGISTER, {2026: 12}).with_columns(pl.col("made") + by)
        office.load(lines=raised, firms=register)
        with closing(issue(office)) as edition:
            fired = {(row["indicator"], row["category"]) for row in fires(edition, "revision")}
            assert ("made", "cars") in fired
            assert ("made", "bikes") not in fired


def aged(office: Office, name: str) -> None:
    """Makes an edition what an earlier version would have left: without the tables and columns of judgements, properly sealed."""
    folder = office.editions / name
    for file in folder.iterdir():
        file.chmod(0o644)
    with Database(folder / DATABASE) as database:
        for table in ("assessments", "paths", "paces", "methods", "splits", "alerts"):
            database.execute(f"DROP TABLE {table}")
        for column in ("gap_low", "gap_high", "outcome"):
            database.execute(f"ALTER TABLE results DROP COLUMN {column}")
        database.execute("CHECKPOINT")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"] = {DATABASE: sha256(folder / DATABASE)}
    del manifest["provenance"]["verdicts"]
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (folder / SEAL).write_text(sha256(folder / MANIFEST), encoding="ascii")
    pointer = {"edition": name, "manifest_sha256": sha256(folder / MANIFEST)}
    (office.editions / POINTER).write_text(json.dumps(pointer), encoding="utf-8")


def test_a_former_edition_of_an_earlier_version_is_told(office: Office) -> None:
    aged(office, "0001")
    made(office, 0.8)
    with closing(issue(office)) as edition:
        assert fires(edition, "verdict") == []
        assert fires(edition, "revision") != []
        [notice] = [notice for notice in edition.notices if "judged nothing" in notice.en]
        assert "0001" in notice.en and "较早版本" in notice.zh
        assert edition.manifest["provenance"]["verdicts"] is None
    with closing(issue(office)) as edition:
        assert not any("judged nothing" in notice.en for notice in edition.notices)


def test_an_edition_that_had_nothing_to_judge_is_not_taken_for_an_earlier_one(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.load(firms=REGISTER, lines=lines(REGISTER, {2025: 12, 2026: 12}))
    for _ in range(2):
        with closing(issue(office)) as edition:
            assert not any("judged nothing" in notice.en for notice in edition.notices)


def test_an_edition_of_another_plan_is_no_former_edition(office: Office) -> None:
    identity = json.loads((office.folder / "plan.yaml").read_text(encoding="utf-8"))
    office.write("plan", {**identity, "id": "elsewhere"})
    made(office, 0.8)
    with closing(issue(office)) as edition:
        assert edition.query("SELECT * FROM alerts").is_empty()

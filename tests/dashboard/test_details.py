"""What stands behind the results, on the command line and on the page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from dashboard.lists import judgedtext
from dashboard.pieces import markup
from dashboard.terminal import details_tables
from dashboard.wording import definition
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition
from indicators.estimation.method import choices
from pipelines.edit.trail import METHODS, NAMES
from tests.dashboard.conftest import Run


def test_csv_and_json_hold_every_column(run: Run, store: Path) -> None:
    for name, columns in DETAILS.items():
        said = run("details", name, "--dir", store, "--format", "csv")
        assert said.code == 0
        assert said.out.splitlines()[0].split(",") == list(columns)
    items = json.loads(run("details", "response", "--dir", store, "--format", "json").out)
    assert items[0]["answered"] == 540


def test_people_read_names_and_units(run: Run, store: Path) -> None:
    said = run("details", "decomposition", "--dir", store, "--lang", "en")
    assert said.code == 0
    line = next(line for line in said.out.splitlines() if "Entered" in line)
    assert " pp" in line or "%" in line
    assert "84.4%" in run("details", "response", "--dir", store).out
    assert "答复情况" in run("details", "response", "--dir", store, "--lang", "zh").out


def test_rows_can_be_chosen(run: Run, store: Path) -> None:
    chosen = run("details", "decomposition", "--by", "segment", "--period", "2026", "--dir", store, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(chosen.out)))
    assert {row["breakdown"] for row in found} == {"segment"}
    none = run("details", "decomposition", "--by", "no_such", "--dir", store, "--lang", "en")
    assert (none.code, none.out) == (2, "")
    assert "has nothing of no_such. Breakdowns here: segment, segment_group, total; or all." in " ".join(none.err.split())


def test_all_lifts_the_period_and_an_unknown_one_is_refused_with_those_there_are(run: Run, store: Path) -> None:
    every = run("details", "assessments", "nc_rate", "--period", "all", "--dir", store, "--format", "csv")
    assert (every.code, every.out) == (0, run("details", "assessments", "nc_rate", "--dir", store, "--format", "csv").out)
    found = sorted({row["period"] for row in csv.DictReader(io.StringIO(every.out))})
    assert len(found) > 1
    unknown = run("details", "assessments", "nc_rate", "--period", "1999", "--dir", store)
    assert (unknown.code, unknown.out) == (2, "")
    assert f"has nothing of 1999. Periods here: {', '.join(found)}; or all." in " ".join(unknown.err.split())
    said = run("details", "decomposition", "--by", "all", "--dir", store, "--format", "csv")
    assert said.out.count("\n") > len(found)


def test_a_target_names_its_indicator(run: Run, store: Path) -> None:
    for command in (("details", "assessments"), ("explain",), ("show",)):
        by_target = run(*command, "T4", "--dir", store)
        assert by_target.code == 0
        assert by_target.out == run(*command, "nc_rate", "--dir", store).out


def test_where_steps_begin_is_no_number(edition: Edition) -> None:
    rows = edition.query("SELECT * FROM assessments WHERE target = 'T1' AND scope ORDER BY period")
    base = rows.head(1).with_columns(period=pl.lit("2025"), base_period=pl.lit("2025"), value=pl.lit(0.0), gap=pl.lit(1.0))
    [found] = judgedtext.listings(edition.plan, "assessments", pl.concat([rows.tail(1), base]), words("en"))
    at = [found.headings.index(words("en")(f"details.column.{name}")) for name in ("value", "gap")]
    assert all(found.rows[0][one] not in ("", "–") for one in at)
    assert [found.rows[-1][one] for one in at] == ["–", "–"]


def test_an_indicator_that_is_not_there_is_said(run: Run, store: Path) -> None:
    said = run("details", "response", "nc_rat", "--dir", store)
    assert (said.code, said.out) == (2, "")
    assert "nc_rate" in said.err


def test_every_indicator_names_estimator_and_error_in_both_languages(plan: Plan) -> None:
    for indicator in plan.indicators.values():
        topics = [choice.topic for choice in choices(plan, indicator)]
        assert {"estimator", "variance"} <= set(topics), indicator.id
        for language in ("zh", "en"):
            told = definition.method(plan, indicator, words(language))
            assert all(text and "{" not in text for _, text in told), indicator.id


def test_a_source_stands_beside_the_method_it_is_of(plan: Plan) -> None:
    told = dict(definition.method(plan, plan.indicators["nc_rate"], words("en")))
    assert told[words("en")("method.quality")].endswith("(NCHS 2017, Series 2 No. 175)")


def with_design(plan: Plan, indicator: str, **changed: Any) -> list[str]:
    """What is told of the weights of an indicator whose design is changed so."""
    table = plan.indicators[indicator].table
    design = plan.dictionary.tables[str(table)].design
    assert design is not None
    shown = plan.indicators[indicator].model_copy(update={"design": design.model_copy(update=changed)})
    return [f"{choice.topic}.{choice.name}" for choice in choices(plan, shown) if choice.topic == "weights"]


def test_weights_are_told_as_they_are_made(plan: Plan) -> None:
    stated = {"population": None, "weight": "employees", "sampling_fraction": "employees", "collapse": {}}
    assert with_design(plan, "nc_rate", **stated) == ["weights.stated_fraction"]
    grouped = {**stated, "response_group": "segment", "sampled": "sampled"}
    assert with_design(plan, "nc_rate", **grouped) == ["weights.stated_response_group"]
    assert with_design(plan, "nc_rate", response_group="segment") == ["weights.response_group"]
    assert with_design(plan, "nc_rate", collapse={"a": "b"}) == ["weights.stratum", "weights.joined"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_way_to_weight_and_to_price_has_words(language: str) -> None:
    said = words(language)
    assert "w" in said("method.weights.stated_fraction", weight="w", fraction="f")
    assert "g" in said("method.weights.stated_response_group", weight="w", group="g", stratum="s")
    assert "a → b" in said("method.weights.joined", pairs="a → b")
    assert "industry = 36" in said("method.prices.fallback", name="p", series="industry = 36")


def test_a_comma_in_the_text_of_a_category_joins_nothing(plan: Plan) -> None:
    told = words("en")
    single, crossed = next(iter(plan.breakdowns)), ",".join(list(plan.breakdowns)[:2])
    assert definition.category(plan, single, "Smith, Jones", told) == "Smith, Jones"
    assert definition.category(plan, crossed, "x,y", told) == "x · y"
    assert definition.category(plan, crossed, "x,y,z", told) == "x,y,z"
    assert definition.grouped(plan, crossed, ["x,y,z"], told) == {"x,y,z": ("x,y,z", "")}


def test_bars_go_to_either_side_and_escape_their_names() -> None:
    drawn = markup.bars([("a<b", 0.5, "+1"), ("c", -1.0, "−2")])
    assert "a&lt;b" in drawn
    assert 'pw-part-right" style="width:25.00%"' in drawn
    assert 'pw-part-left" style="width:50.00%"' in drawn


def printed(plan: Plan, name: str, rows: list[dict[str, Any]], language: str) -> str:
    """One of the further tables as it stands on a wide screen."""
    screen = Console(file=io.StringIO(), width=200)
    for table in details_tables(plan, name, pl.DataFrame(rows, schema=DETAILS[name]), words(language)):
        screen.print(table)
    return screen.file.getvalue()  # type: ignore[attr-defined, no-any-return]


JUDGED = ("assessments", "paths", "paces", "methods", "splits")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("table", JUDGED)
def test_a_judgement_fits_a_terminal_of_a_hundred_columns(edition: Edition, table: str, language: str) -> None:
    for indicator in ("nc_rate", "rd_cycle_change", "labour_productivity_change"):
        rows = edition.query(f"SELECT * FROM {table} WHERE indicator = $indicator ORDER BY ALL", {"indicator": indicator})
        screen = Console(file=io.StringIO(), width=100)
        for found in details_tables(edition.plan, table, rows, words(language)):
            assert found.columns and all(column.header for column in found.columns)
            screen.print(found)
        shown = screen.file.getvalue()  # type: ignore[attr-defined]
        assert "…" not in shown, "nothing is cut off"
        assert rows.is_empty() or edition.plan.indicators[indicator].name.in_language(language)[:8] in shown


def test_a_judgement_is_a_list_for_each_target_in_the_order_of_the_plan(run: Run, store: Path, plan: Plan) -> None:
    said = run("details", "assessments", "--by", "total", "--dir", store, "--lang", "en")
    assert said.code == 0
    headings = [line.split(":")[0].split(" · ")[1].strip() for line in said.out.splitlines() if " · T" in line]
    assert [name for name in headings if name[1:].isdigit()] == ["T1", "T3", "T4", "T5", "T6", "T7", "T8"]
    assert set(headings) >= {"T1", "T3", "T4", "T5", "T6", "T7", "T8", "T10a", "T10b", "T10c", "T4_pooled", "T5_double"}
    assert headings.index("T10c") < headings.index("T4_pooled"), "the headline comes first"
    assert "Base only" in said.out


def test_splits_are_ranked_and_mark_the_fewest_that_hold_most(plan: Plan) -> None:
    key = {"indicator": "nc_rate", "period": "2026", "breakdown": "segment_group", "target": "T4", "scale": "linear"}
    parts = [
        {"category": "vehicle", "part": "category", "contribution": 0.004, "share": 0.1, "rank": 2, "cumulative": 1.0,
         "essential": False, "value": 0.66, "missing": 12.0},
        {"category": "parts", "part": "category", "contribution": 0.036, "share": 0.9, "rank": 1, "cumulative": 0.9,
         "essential": True, "value": 0.61, "missing": 412.0, "within": 0.03, "composition": -0.001},
        {"category": "total", "part": "total", "contribution": 0.04, "share": 1.0, "missing": 424.0},
    ]  # fmt: skip
    shown = printed(plan, "splits", [{**key, **part} for part in parts], "en").splitlines()
    lines = [line for line in shown if "%" in line and "70%" not in line]
    assert [("Parts" in line, "Vehicle" in line, "Together" in line) for line in lines] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert "● 1" in lines[0] and "●" not in lines[1]
    for told in ("61.0%", "3.6 pp", "90%", "412", "+3.0 pp", "−0.1 pp"):
        assert told in lines[0]
    assert "By Class of enterprise" in "".join(shown) or "By " in "".join(shown)


def test_paths_stand_year_by_year_with_their_vintage(plan: Plan) -> None:
    key = {"indicator": "nc_rate", "period": "2026", "breakdown": "total", "category": "total", "target": "T4"}
    rows = [
        {**key, "kind": kind, "vintage": vintage, "year": year, "value": value, "low": low, "high": high}
        for kind, vintage, year, value, low, high in (
            ("path", "2025-12-29", 2026, 0.65, None, None),
            ("path", "2025-12-29", 2027, 0.70, None, None),
            ("same_pace", None, 2027, 0.68, 0.645, 0.716),
        )
    ]
    shown = printed(plan, "paths", rows, "en")
    assert any("Line" in line and "2026" in line and "2027" in line for line in shown.splitlines())
    assert "path (2025-12-29)" in shown
    assert "same pace (scenario) (2026)" in shown
    for told in ("65.0%", "70.0%", "68.0%", "± 3.6"):
        assert told in shown


def test_an_alert_says_why_in_the_language_of_the_reader(plan: Plan) -> None:
    row = {"indicator": "nc_rate", "period": "2026", "breakdown": "total", "category": "total", "kind": "verdict", "target": "T4"}
    more = {"edition": "0001", "former": "on_track", "now": "limited", "why_zh": "原来符合进度。", "why_en": "It was on track."}
    assert "原来符合进度。" in printed(plan, "alerts", [{**row, **more}], "zh")
    english = printed(plan, "alerts", [{**row, **more}], "en")
    assert "It was on track." in english and "verdict changed" in english


def test_edited_values_are_told_by_names(plan: Plan) -> None:
    one = {"table": "production", "column": "employees", "period": "2026", "rule": "employees_thousandfold"}
    row = {**one, "method": "neighbour", "values": 1200, "units": 7}
    chinese = printed(plan, "edits", [row], "zh")
    for told in ("月度生产与用工", "平均用工人数", "近邻", "1,200", "employees_thousandfold"):
        assert told in chinese
    assert "nearest neighbour" in printed(plan, "edits", [{**row, "column": None}], "en")


def test_moves_are_headed_by_their_levels_and_the_lost_are_not_known(plan: Plan) -> None:
    row = {"indicator": "maturity_step", "period": "2026", "base_period": "2025", "breakdown": "total", "category": "total"}
    chinese = printed(plan, "transitions", [{**row, "before": "2", "after": "lost", "units": 5}], "zh")
    for told in ("基期等级", "报告期等级", "不详"):
        assert told in chinese
    assert "lost" not in chinese


def test_methods_of_imputation_are_told_in_words(plan: Plan) -> None:
    level = plan.indicators["labour_productivity"]
    assert any("上期比率、近邻、单位比率" in told for _, told in definition.method(plan, level, words("zh")))
    english = "former value × ratio, nearest neighbour, ratio to size"
    assert any(english in told for _, told in definition.method(plan, level, words("en")))
    assert set(NAMES) == set(METHODS)


def test_one_term_for_one_thing() -> None:
    entries = words("zh").entries
    assert [key for key, text in entries.items() if "编辑" in text] == []
    # what a scenario works out is 推算 too, and what an attacker does; nothing imputed is
    others = ("target.page.", "whatif.", "carry.scenario", "explained.scenario", "audit.", "status.suppressed.")
    others += ("indicator.withheld", "explained.suppressed", "explore.notes.suppressed", "data.protection.", "data.rule.sums")
    others += ("report.data.protection.",)
    derived = [key for key, text in entries.items() if "推算" in text and not key.startswith(others)]
    assert derived == ["cited.derived"]  # from a published number
    edition = {key for key, text in entries.items() if "版本" in text}
    of_program = {"reason.version", "since.reason.version", "catalogue.column.version", "risk.head.version"} | {
        key for key in edition if key.startswith(("alerts.none.", "methods.none"))
    }
    assert edition == {"details.column.version", "method.panel.bridged", *of_program}  # of weights and of a standard


@pytest.mark.parametrize("table", list(DETAILS))
def test_an_edition_holds_every_table_with_its_columns(table: str, edition: Edition) -> None:
    found: Any = edition.query(f"SELECT * FROM {table}")
    assert found.columns == list(DETAILS[table])

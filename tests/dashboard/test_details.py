"""What stands behind the results, on the command line and on the page."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from dashboard import definition, markup
from dashboard.words import words
from indicators.details import DETAILS
from indicators.edition import Edition
from indicators.method import choices
from indicators.plan import Plan
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
    assert run("details", "decomposition", "--period", "1999", "--dir", store).out.startswith("This edition holds nothing")


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


def test_bars_go_to_either_side_and_escape_their_names() -> None:
    drawn = markup.bars([("a<b", 0.5, "+1"), ("c", -1.0, "−2")])
    assert "a&lt;b" in drawn
    assert 'pw-part-right" style="width:25.00%"' in drawn
    assert 'pw-part-left" style="width:50.00%"' in drawn


@pytest.mark.parametrize("table", list(DETAILS))
def test_an_edition_holds_every_table_with_its_columns(table: str, edition: Edition) -> None:
    found: Any = edition.query(f"SELECT * FROM {table}")
    assert found.columns == list(DETAILS[table])

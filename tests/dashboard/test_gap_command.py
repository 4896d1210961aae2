"""The command `gap`, on the plausible edition of the tests."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dashboard.commands import gap
from dashboard.rows.gaps import gap_of
from dashboard.rows.selection import NotPublished
from dashboard.words import words
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition
from indicators.splits.pareto import telling
from tests.dashboard.conftest import Run


def test_people_read_the_gap_who_holds_it_and_a_sentence(run: Run, store: Path, edition: Edition) -> None:
    said = run("gap", "rd_tool_rate", "--dir", store, "--lang", "en")
    assert (said.code, said.err) == (0, "")
    found = gap_of(edition, "rd_tool_rate")
    for told in ("T3  R&D design-tool rate", "Target: > 95% (strictly), by 2027", "Gap: ", "Outcome: ", "Path: ", "Pace: "):
        assert told in said.out
    assert "T3_parts" in said.out  # the other reading stands beside it
    assert "1 ▸" in said.out
    assert "would close" in said.out
    chosen = found.chosen(None)
    assert chosen == telling(found.own)
    others = [name for name in found.breakdowns if name != chosen]
    assert all(f"({name})" in said.out for name in others)


def test_the_same_in_chinese(run: Run, store: Path) -> None:
    said = run("gap", "rd_tool_rate", "--dir", store, "--lang", "zh")
    assert "差距构成，按" in said.out
    assert "达到要求，可消除" in said.out
    assert "目标：> 95%（超，严格大于），2027年" in said.out


def test_a_breakdown_may_be_named_in_any_order(run: Run, store: Path, edition: Edition) -> None:
    crossing = next(name for name in gap_of(edition, "nc_rate").breakdowns if "," in name)
    straight = run("gap", "nc_rate", "--by", crossing, "--dir", store, "--format", "csv")
    turned = run("gap", "nc_rate", "--by", ",".join(reversed(crossing.split(","))), "--dir", store, "--format", "csv")
    assert straight.code == 0
    assert straight.out == turned.out
    assert {row["breakdown"] for row in csv.DictReader(io.StringIO(straight.out))} == {crossing}


def test_csv_and_json_hold_every_column(run: Run, store: Path) -> None:
    said = run("gap", "nc_rate", "--dir", store, "--format", "csv")
    assert said.out.splitlines()[0].split(",") == list(DETAILS["splits"])
    told = json.loads(run("gap", "nc_rate", "--dir", store, "--format", "json").out)
    assert set(told) == {"assessments", "readings", "paces", "splits"}
    for name, table in (("assessments", "assessments"), ("readings", "assessments"), ("paces", "paces"), ("splits", "splits")):
        assert told[name], name
        assert list(told[name][0]) == list(DETAILS[table])
    assert {row["target"] for row in told["assessments"]} == {"T4", "T4_parts"}
    assert "T4_pooled" in {row["target"] for row in told["readings"]}


def test_rows_stand_by_rank_and_the_whole_last(run: Run, store: Path) -> None:
    said = run("gap", "rd_tool_rate", "--by", "province", "--dir", store, "--format", "json")
    rows = [row for row in json.loads(said.out)["splits"] if row["target"] == "T3"]
    ranks = [row["rank"] for row in rows if row["part"] == "category"]
    assert ranks == list(range(1, len(ranks) + 1))
    assert rows[-1]["part"] == "total"


def test_a_target_may_be_asked_for_by_its_id(run: Run, store: Path) -> None:
    said = run("gap", "T8", "--dir", store, "--lang", "en")
    assert said.out.startswith("T8  ")


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("nc_rat",), "Did you mean `nc_rate`?"),
        (("parts_digital_level",), "No target with a number is held against `parts_digital_level`"),
        (("nc_rate", "--period", "1999"), "Years here: 2025, 2026."),
        (("nc_rate", "--by", "provinc"), "Did you mean `province`?"),
        (("nc_rate", "--by", "colour"), "is not split by `colour`"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(run: Run, store: Path, asked: tuple[str, ...], told: str) -> None:
    said = run("gap", *asked, "--dir", store)
    assert (said.code, said.out) == (2, "")
    assert told in said.err


def test_a_gap_without_a_split_is_told_all_the_same(run: Run, store: Path) -> None:
    """In the base year the plausible edition splits nothing."""
    said = run("gap", "nc_rate", "--period", "2025", "--dir", store, "--lang", "en")
    assert said.code == 0
    assert "Gap: " in said.out
    assert words("en")("gap.unsplit") in said.out


def test_a_narrow_terminal_gets_fewer_columns(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from rich.console import Console

    from dashboard import terminal

    monkeypatch.setattr(terminal, "console", lambda: Console(width=80))
    said = run("gap", "rd_tool_rate", "--by", "province", "--dir", store, "--lang", "en")
    assert "Cumulative" not in said.out
    assert "±" not in said.out.split("▸ are")[0].split("Gap by")[1]
    assert max(map(len, said.out.split("Gap by")[1].split("▸ are")[0].splitlines())) <= 80


def test_of_a_gap_within_error_contributions_alone_are_told(edition: Edition) -> None:
    found = gap_of(edition, "rd_tool_rate")
    chosen = found.chosen(None)
    assert chosen is not None
    shares = {words("en")(f"gap.column.{name}") for name in ("share", "cumulative")}
    headings, rows = gap._table(found, chosen, words("en"), wide=True)
    assert shares <= set(headings)
    assert any("▸" in line[0] for line in rows)
    blank = [pl.lit(None).cast(found.splits.schema[name]).alias(name) for name in ("share", "cumulative", "essential")]
    doubted = replace(found, splits=found.splits.with_columns(blank))
    headings, rows = gap._table(doubted, chosen, words("en"), wide=True)
    assert not shares & set(headings)
    assert words("en")("gap.column.contribution") in headings
    assert not any("▸" in cell for line in rows for cell in line)


def test_counts_bear_one_number_of_decimals_and_no_weights(edition: Edition) -> None:
    """Of three classes 5/3, 2/3 and −1/3 are missing: 1.7, 0.7 and −0.3 beside 2.0, not 2, 1 and −0.3."""
    found = gap_of(edition, "nc_rate")
    one = (
        found.own.filter(pl.col("part") == "category")
        .head(3)
        .with_columns(
            pl.Series("contribution", [5 / 3, 2 / 3, -1 / 3]), weight=pl.lit(1.0), se=pl.lit(0.0), breakdown=pl.lit("province")
        )
    )
    whole = one.head(1).with_columns(part=pl.lit("total"), contribution=pl.lit(2.0), rank=pl.lit(None, one.schema["rank"]))
    row = replace(found.row, indicator="solution_providers", target="T8", gap=2.0, gap_low=None, gap_high=None)
    counts = replace(
        found, row=row, splits=pl.concat([one, whole]).with_columns(target=pl.lit("T8"), indicator=pl.lit("solution_providers"))
    )
    headings, rows = gap._table(counts, "province", words("zh"), wide=True)
    assert words("zh")("gap.column.weight") not in headings
    at = headings.index(words("zh")("gap.column.contribution"))
    assert {line[at] for line in rows} == {"1.7家", "0.7家", "−0.3家", "2.0家"}


def test_what_is_published_and_not_split_is_said_to_be(edition: Edition) -> None:
    found = gap_of(edition, "nc_rate")
    split = found.breakdowns[0]
    other = replace(found, splits=found.splits.filter(pl.col("breakdown") != split))
    assert split in other.published
    with pytest.raises(NotPublished, match="though its numbers are published: a withheld number could be worked out"):
        other.chosen(split)
    with pytest.raises(NotPublished) as caught:
        other.chosen("nonsense")
    assert "though" not in str(caught.value)

"""Counting, response, weights and revisions as rows and sentences, on frames that are small enough to count by hand."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from dashboard.pieces import grid
from dashboard.rows import answered, counted, revised, weighted
from dashboard.rows.counted import Counted
from dashboard.wording import answered as answered_told
from dashboard.wording import counted as counted_told
from dashboard.wording import dictionary
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS

_SCHEMA = {"breakdown": pl.String(), "status": pl.String(), "quality": pl.String(), "review": pl.String()}


def numbers(*rows: tuple[str, str, str | None, str | None, int, int, int]) -> pl.DataFrame:
    counts = {"numbers": pl.Int64(), "edited": pl.Int64(), "imputed": pl.Int64()}
    return pl.DataFrame(list(rows), schema={**_SCHEMA, **counts}, orient="row")


FOUND = numbers(
    ("total", "published", "census", None, 4, 0, 0),
    ("total", "published", "A", "few_degrees,imputed", 3, 3, 3),
    ("segment", "unreliable", "F", "few_degrees", 2, 1, 0),
    ("segment", "suppressed", None, None, 7, 0, 0),
    ("gone", "absent", None, None, 1, 0, 0),
    ("segment", "published", None, None, 5, 0, 0),
)


def test_statuses_add_up_over_the_breakdowns(plan: Plan) -> None:
    every, total, segment, gone = counted.statuses(plan, FOUND)
    assert every.counts == {"published": 12, "unreliable": 2, "suppressed": 7, "absent": 1}
    assert [one.breakdown for one in (total, segment, gone)] == ["total", "segment", "gone"], "what the plan has not is last"
    assert (total.whole, segment.whole, gone.whole) == (7, 14, 1)
    assert every.whole == sum(one.whole for one in (total, segment, gone))
    assert counted_told.name(gone, plan, words("en")) == "gone"


def test_quality_is_of_numbers_with_a_value_only(plan: Plan) -> None:
    every = counted.qualities(plan, FOUND)[0]
    assert {kind: n for kind, n in every.counts.items() if n} == {"census": 4, "A": 3, "F": 2, counted.UNRATED: 5}
    assert counted.reviews(FOUND) == (5, [("few_degrees", 5), ("imputed", 3)]), "one number may have two reasons"
    assert counted.imputed(FOUND) == counted.Imputed(edited=4, imputed=3, much=3)


@pytest.mark.parametrize(
    ("n", "whole", "told"), [(0, 0, "0%"), (0, 9, "0%"), (1, 9000, "< 0.1%"), (1, 8, "12.5%"), (9, 9, "100.0%")]
)
def test_a_share_that_is_there_is_never_nothing(n: int, whole: int, told: str) -> None:
    assert counted_told.share(n, whole) == told


def test_what_editing_did_not_touch_is_said() -> None:
    told = words("en")
    assert counted_told.imputed(counted.Imputed(edited=0, imputed=0, much=0), told) == told("data.imputed.none")
    some = counted.Imputed(edited=9, imputed=0, much=2)
    assert counted_told.imputed(some, told) == told("data.imputed", edited="9", n="0", much="2"), "a share may be withheld"


def response(*rows: tuple[str, str, str, str, int | None, int | None, float | None]) -> pl.DataFrame:
    names = ("indicator", "period", "breakdown", "category", "asked", "answered", "rate")
    made = [dict.fromkeys(DETAILS["response"]) | dict(zip(names, row, strict=True)) for row in rows]
    return pl.DataFrame(made, schema=DETAILS["response"])


def test_indicators_that_share_every_rate_are_one_series(plan: Plan) -> None:
    frame = response(
        ("nc_rate", "2025", "total", "total", 10, 5, 0.5),
        ("nc_rate_pooled", "2025", "total", "total", 10, 5, 0.5),
        ("rd_tool_rate", "2025", "total", "total", 10, 6, 0.6),
        ("rd_cycle", "2025", "total", "total", None, None, None),
        ("gone", "2025", "total", "total", 4, 4, 1.0),
    )
    found = answered.by_table(plan, frame)
    assert {(one.name, one.indicators) for one in found} == {
        ("survey", ("nc_rate", "nc_rate_pooled")),
        ("survey", ("rd_tool_rate",)),
        ("rd_projects", ("rd_cycle",)),
        ("gone", ("gone",)),
    }
    told = answered_told.lead(found, plan, words("en"))
    assert "50% (5 of 10)" in told
    assert "100% (4 of 4)" in told
    none = answered.by_table(plan, frame.filter(pl.col("indicator") == "rd_cycle"))
    assert answered_told.lead(none, plan, words("en")) == words("en")("data.response.none")


def test_the_lowest_groups_are_few_and_never_all(plan: Plan) -> None:
    rates = {"large": 0.9, "medium": 0.7, "small": 0.2, "micro": 0.4}
    frame = response(*(("nc_rate", "2026", "size_class", code, 100, int(100 * rate), rate) for code, rate in rates.items()))
    found = answered.by_category(plan, frame, "size_class")
    assert [one.name for one in found] == list(plan.categories("size_class")), "in the order of the code list"
    assert [one.name for one in answered.lowest(found, "2026")] == ["small", "micro", "medium"]
    assert [one.name for one in answered.lowest(found[:2], "2026")] == [min(("large", "medium"), key=rates.__getitem__)]
    alike = answered.by_category(plan, response(*(("a", "2026", "size_class", code, 2, 1, 0.5) for code in rates)), "size_class")
    assert answered.lowest(alike, "2026") == []
    assert answered.lowest(found, "1999") == []
    told = words("zh")("data.response.groups.alike", period="2026年")
    assert answered_told.groups(alike, "2026", "size_class", plan, words("zh")) == told


def test_steps_are_told_once_and_the_steepest_is_the_largest_factor(plan: Plan) -> None:
    row: dict[str, Any] = {
        "indicator": "nc_rate",
        "period": "2025",
        "version": "v",
        "method": "design",
        "units": 9,
        "totals": None,
    }
    row |= {"dropped": None, "smallest": 1.0, "largest": 1.5, "worst": None}
    more = [row, {**row, "indicator": "nc_rate_pooled"}, {**row, "period": "2026"}, {**row, "largest": None, "smallest": None}]
    found = weighted.steps(plan, pl.DataFrame(more, schema=DETAILS["weighting"]))
    assert [(one.period, len(one.indicators)) for one in found] == [("2026", 1), ("2025", 2), ("2025", 1)]
    steepest = weighted.steepest(found)
    assert steepest is not None
    assert steepest.largest == 1.5
    assert weighted.steepest(found[2:]) is None
    assert weighted.steps(plan, pl.DataFrame(schema=DETAILS["weighting"])) == []


def test_revisions_are_counted_against_one_edition(plan: Plan) -> None:
    schema = {
        "indicator": pl.String(),
        "edition": pl.String(),
        "reason": pl.String(),
        "numbers": pl.Int64(),
        "beyond": pl.Int64(),
    }
    frame = pl.DataFrame(
        [("nc_rate", "0009", "data", 4, 1), ("nc_rate", "0010", "data", 2, 0), ("nc_rate", "0010", "plan", 3, 1)],
        schema=schema,
        orient="row",
    )
    assert revised.newest(frame) == "0010", "by number, not by letters"
    [found] = revised.against(frame, pl.DataFrame(schema=DETAILS["revisions"]), "0010", plan)
    assert (found.numbers, found.beyond, found.reasons, found.total) == (5, 1, ("data", "plan"), None)
    assert revised.newest(frame.clear()) is None
    assert revised.since_first(pl.DataFrame(schema=DETAILS["revision_summary"])) == (0, 0)


def test_the_dictionary_as_a_table_has_a_row_for_each_indicator(plan: Plan) -> None:
    frame = dictionary.frame(plan, list(plan.indicators), words("en"))
    assert frame[words("en")("table.codes")].to_list() == list(plan.indicators)
    assert frame.null_count().sum_horizontal().item() == 0
    assert dictionary.numbers(plan.indicators["nc_rate"]) == "T4", "another reading of the same sentence is the same target"
    assert [one.id for one in dictionary.found(plan, ["nc_rate", "rd_cycle"], " NC_Rate ", words("en"))] == ["nc_rate"]


def test_pieces_hold_what_they_are_given_as_text_only() -> None:
    made = grid.table([grid.Head(told="<b>")], [[grid.stacked("<i>", {"published": 1, "absent": 3})]], label='"x')
    assert "&lt;b&gt;" in made
    assert "&lt;i&gt;" in made
    assert 'aria-label="&quot;x"' in made
    assert "width:25.00%" in made
    assert "width:75.00%" in made
    assert grid.count(None) == "–"
    assert "0</span>" in grid.count(0)
    assert grid.level(None, "x") == "–"
    assert Counted(breakdown=None, counts={"a": 1, "b": 2}).whole == 3

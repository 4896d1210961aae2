"""Words around a number: sentences, tiles, definition; everything from the plan is text, never markup."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dashboard.pieces import cards, markup
from dashboard.rows import headline
from dashboard.rows.assessed import POSITIONS, Assessed
from dashboard.rows.reading import Reading
from dashboard.wording import definition, phrases, readings
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.test_doubt import NC
from tests.dashboard.test_headline import ROWS, result

HOSTILE = '<img src=x onerror=alert(1)> ![](http://x/t.png) [a](javascript:b) $x$ "q"'


@pytest.fixture
def reading(plan: Plan) -> Reading:
    rows = [result(period="2025", value=0.63, low=0.61, high=0.65, gap=0.07), result()]
    return headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows]))[3].readings[0]


def test_a_target_reads_as_the_law_does(plan: Plan, reading: Reading) -> None:
    assert phrases.bound(reading.target, reading.unit, words("zh")) == "> 70%（超，严格大于），2027年"
    assert phrases.bound(reading.target, reading.unit, words("en")) == "> 70% (strictly), by 2027"
    cycle = plan.indicators["rd_cycle_change"]
    assert phrases.bound(cycle.targets[0], plan.unit(cycle.id), words("zh"), signed=True) == "≤ −20%（较 2025年，含本数），2027年"
    level = plan.indicators["parts_digital_level"]
    assert "显著提升" in phrases.bound(level.targets[0], plan.unit(level.id), words("zh"))


def test_the_gap_is_told_in_its_own_unit(reading: Reading) -> None:
    assert phrases.gap(reading, words("zh")) == "还差4.0个百分点"
    assert phrases.gap(replace(reading, now=result(gap=-0.012, verdict="met")), words("en")) == "1.2 pp beyond it"
    assert words("zh")("tile.within") in phrases.gap(replace(reading, now=result(high=0.71)), words("zh"))
    assert phrases.gap(replace(reading, now=None), words("zh")) == words("zh")("tile.no_result")


def test_since_when(reading: Reading) -> None:
    assert phrases.base(reading, words("zh")) == "2025年 63.0%"
    assert phrases.base(reading, words("en")) == "63.0% in 2025"
    assert phrases.base(replace(reading, base=None), words("zh")) == words("zh")("tile.since.none")


def test_the_first_sentences_name_the_counts_and_the_widest_gap_with_its_error(reading: Reading) -> None:
    told = cards.lead({"reached": 1, "behind": 7, "missed": 0, "nothing": 2}, reading, words("zh"))
    for part in (
        "10项目标",
        "1项已达到",
        "7项落后",
        "2项不作判定",
        "关键工序数控化率",
        "66.0%",
        "64.0%至68.0%",
        "4.0个百分点",
        "6%",
    ):
        assert part in told
    assert "到期未达到" not in told
    assert words("en")("lead.none") in cards.lead({"reached": 8, "nothing": 2}, None, words("en"))


def test_the_gap_that_matters_most_is_told_with_the_path_and_who_makes_it(reading: Reading) -> None:
    late = replace(reading, assessment=replace(NC, value=0.66, path=0.665, path_gap=0.005))
    told = cards.lead(
        {"reached": 0, "on_track": 0, "behind": 10}, late, words("en"), movers="Parts makers hold 82% <of> it.", marks="<ul></ul>"
    )
    for part in ("Furthest behind its path", "66.0% in 2026 (95% interval 64.0% to 68.0%)", "66.5% was due", "<b>0.5 pp</b>"):
        assert part in told
    assert "82% &lt;of&gt; it" in told
    assert "Furthest from its target" not in told
    assert "<ul></ul>" in told
    assert "0 reached" in told and "on track" not in told, "that none is reached is said, and no other nought"


def test_a_suppressed_number_is_told_and_not_shown(reading: Reading) -> None:
    hidden = result(value=None, low=None, high=None, se=None, status="suppressed")
    told = cards.value(hidden, reading.unit, words("zh"))
    assert words("zh")("status.suppressed.long") in told
    assert "<b>" not in told


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_tile_can_be_told_in_both_languages(plan: Plan, edition: Edition, language: str) -> None:
    rows = edition.query("SELECT * FROM results WHERE target IS NOT NULL OR breakdown = 'total' ORDER BY indicator, period")
    said = words(language)
    for tile in headline.tiles(plan, rows, judged=Assessed.published(edition)):
        told = cards.tile_head(tile, plan, said) + "".join(cards.tile_body(reading, plan, said) for reading in tile.readings)
        told += "".join(cards.tile_other(reading, tile, plan, said) for reading in tile.others)
        told += cards.tile_disagreement(tile, plan, said) + (cards.tile_goal(tile, said) if tile.goal else "")
        assert tile.id in told
        assert f"pw-{tile.position}" in told
        assert readings.badge(tile.worst, plan, said) in told if tile.worst else said("outcome.no_number") in told
        assert "None" not in told


def test_a_shape_stands_beside_every_word_and_every_shape_is_in_the_style_sheet(plan: Plan, edition: Edition) -> None:
    style = (Path(cards.__file__).parents[1] / "static" / "style.css").read_text(encoding="utf-8")
    for position in POSITIONS:
        assert f'class="pw-outcome pw-{position}"><i></i>' in cards.mark(position, "x")
        assert re.search(rf"\.pw-{position} i\b", style), position
        assert re.search(rf"\.pw-{position}[ ,{{]", style), position
    tiles = headline.tiles(plan, edition.query(ROWS), judged=Assessed.published(edition))
    drawn = cards.strip(tiles, plan, words("en"))
    assert drawn.count("<li") == drawn.count("<i></i>") == 10
    assert [drawn.index(f">{tile.id}<") for tile in tiles] == sorted(drawn.index(f">{tile.id}<") for tile in tiles)


def test_what_error_could_have_made_is_drawn_hollow(plan: Plan, reading: Reading) -> None:
    near = replace(reading, now=result(outcome="met_within_error", verdict="met"))
    assert "pw-reached pw-within" in cards.outcome(near, plan, words("en"))
    assert "pw-within" not in cards.outcome(replace(reading, now=result(outcome="met", verdict="met")), plan, words("en"))


def test_several_parts_are_told_by_their_worst(plan: Plan) -> None:
    rows = [
        result(
            indicator=name, target=target, target_year=None, threshold=1.0, operator=">=", gap=gap, value=1 - gap, outcome=told
        )
        for name, target, gap, told in (
            ("data_catalogue_rate", "T10a", 0.1, "no_date"),
            ("tiered_protection_rate", "T10b", 0.3, "no_date"),
            ("risk_assessment_rate", "T10c", 0.0, "met"),
        )
    ]
    tile = headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows], infer_schema_length=None))[9]
    assert "No date: 30.0 pp short" in cards.tile_head(tile, plan, words("en"))
    assert "the worst decides: Coverage of tiered data protection" in cards.tile_bound(tile, words("en"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_indicator_can_be_defined_in_both_languages(plan: Plan, edition: Edition, language: str) -> None:
    said, coverage = words(language), edition.query("SELECT * FROM coverage")
    for indicator in plan.indicators.values():
        facts = (
            definition.about(plan, indicator, said) + definition.formula(plan, indicator, said) + definition.code(indicator, said)
        )
        facts += (
            definition.panel(indicator, said)
            + definition.tables(plan, indicator, coverage, said)
            + definition.edition(edition, said)
        )
        for target in indicator.targets:
            facts += definition.law(plan, indicator, target, said)
        assert indicator.definition.in_language(language) in dict(facts).values()
        assert definition.formula(plan, indicator, said) or definition.code(indicator, said)
        assert definition.tables(plan, indicator, coverage, said)


def test_names_of_categories(plan: Plan) -> None:
    said = words("zh")
    assert definition.category(plan, "segment,size_class", "3670,small", said).count(" · ") == 1
    assert definition.category(plan, "total", "total", said) == said("table.total")
    assert definition.category(plan, "segment", "9999", said) == "9999"
    assert definition.breakdown_name(plan, "segment,size_class", said).count(" × ") == 1


def test_text_is_never_markup() -> None:
    for told in (
        markup.facts([(HOSTILE, HOSTILE)]), markup.line([HOSTILE]), markup.bold(HOSTILE), markup.text("x", HOSTILE),
        markup.key([("path", HOSTILE)], HOSTILE), markup.table([HOSTILE], [("published", [HOSTILE])]),
    ):  # fmt: skip
        assert "<img" not in told
        assert "onerror=alert(1)>" not in told
    escaped = markup.markdown(HOSTILE)
    assert "\\!\\[\\]\\(" in escaped
    assert "\\<img" in escaped
    assert "\\$x\\$" in escaped


def test_a_year_that_is_not_over_is_told_with_its_number(reading: Reading) -> None:
    assert "2026年（至9月）" in cards.value(result(), reading.unit, words("zh"), through="2026-09")
    assert "2026, to Sep" in cards.value(result(), reading.unit, words("en"), through="2026-09")
    assert "2026年<" in cards.value(result(), reading.unit, words("zh"), through="2026")


def test_a_full_count_says_so_where_others_have_an_error(reading: Reading) -> None:
    counted = result(se=0.0, low=None, high=None, quality="census")
    assert words("zh")("interval.census.short") in cards.value(counted, reading.unit, words("zh"))
    assert words("zh")("interval.census") == phrases.error(counted, reading.unit, words("zh"))

"""The headline: one tile per target of the plan, and the gap that matters most."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from dashboard.rows import headline
from dashboard.rows.assessed import Assessed, Assessment
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Result
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.test_doubt import NC

ROWS = "SELECT * FROM results WHERE target IS NOT NULL OR breakdown = 'total' ORDER BY indicator, period"


@pytest.fixture(scope="module")
def tiles(plan: Plan, edition: Edition) -> tuple[Tile, ...]:
    return headline.tiles(plan, edition.query(ROWS))


def result(**given: object) -> Result:
    return replace(
        Result(
            indicator="nc_rate", period="2026", breakdown="total", category="total",
            value=0.66, se=0.01, low=0.64, high=0.68, n=900, quality="A", status="published",
            target="T4", target_year=2027, operator=">", threshold=0.7, gap=0.04, verdict="not_yet",
        ),
        **given,  # type: ignore[arg-type]
    )  # fmt: skip


def test_the_ten_targets_stand_in_the_order_of_the_plan(tiles: tuple[Tile, ...]) -> None:
    assert [tile.id for tile in tiles] == [f"T{number}" for number in range(1, 11)]


def test_three_coverages_are_one_target(tiles: tuple[Tile, ...]) -> None:
    assert len(tiles[9].readings) == 3


def test_a_goal_without_a_number_is_not_judged(tiles: tuple[Tile, ...]) -> None:
    assert tiles[8].goal is not None
    assert tiles[8].verdict == tiles[1].verdict == "undecided"
    assert tiles[8].position == tiles[1].position == "nothing"


def test_a_second_reading_of_a_sentence_does_not_judge(tiles: tuple[Tile, ...]) -> None:
    nc_rate = tiles[3]
    assert [reading.target.id for reading in nc_rate.readings] == ["T4"]
    assert [reading.target.id for reading in nc_rate.others] == ["T4_parts", "T4_pooled"]
    assert nc_rate.others[0].now is not None
    assert nc_rate.others[0].now.category == "parts"


def test_the_newest_year_is_held_against_the_target_and_the_base_is_of_the_base_period(tiles: tuple[Tile, ...]) -> None:
    reading = tiles[3].readings[0]
    assert reading.now is not None
    assert reading.now.period == "2026"
    assert [row.period for row in reading.path] == ["2024", "2025", "2026"]
    assert reading.base is not None
    assert reading.base.period == "2025"


def test_the_base_of_a_change_is_the_level_it_is_a_change_of(tiles: tuple[Tile, ...]) -> None:
    reading = tiles[4].readings[0]
    assert reading.indicator.kind == "change"
    assert reading.base_of.id == reading.indicator.change_of
    assert reading.base is not None
    assert reading.base.indicator == reading.indicator.change_of


def test_counts_add_up(tiles: tuple[Tile, ...]) -> None:
    assert sum(headline.counts(tiles).values()) == 10


def test_a_tile_is_met_only_when_all_its_readings_are(plan: Plan) -> None:
    def tile(*verdicts: str) -> Tile:
        rows = [
            {**result(indicator=name, target=target, verdict=verdict).__dict__}
            for (name, target), verdict in zip(
                (("data_catalogue_rate", "T10a"), ("tiered_protection_rate", "T10b"), ("risk_assessment_rate", "T10c")),
                verdicts,
                strict=True,
            )
        ]
        return headline.tiles(plan, pl.DataFrame(rows))[9]

    assert tile("met", "met", "met").verdict == "met"
    assert tile("met", "not_yet", "met").verdict == "not_yet"
    assert tile("met", "undecided", "met").verdict == "undecided"
    assert tile("not_met", "not_yet", "undecided").verdict == "not_met"


def test_the_worst_part_speaks_for_a_target_and_nothing_is_averaged(plan: Plan) -> None:
    def tile(*outcomes: tuple[str, float]) -> Tile:
        names = (("data_catalogue_rate", "T10a"), ("tiered_protection_rate", "T10b"), ("risk_assessment_rate", "T10c"))
        rows = [
            result(indicator=name, target=target, outcome=outcome, gap=gap, threshold=1.0)
            for (name, target), (outcome, gap) in zip(names, outcomes, strict=True)
        ]
        return headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows]))[9]

    def worst(*outcomes: tuple[str, float]) -> tuple[str, str | None]:
        found = tile(*outcomes)
        return found.position, found.worst.target.id if found.worst else None

    assert worst(("met", -0.1), ("on_track", 0.1), ("limited", 0.1)) == ("behind", "T10c")
    assert worst(("met", -0.1), ("met_within_error", -0.01), ("met", -0.2)) == ("reached", "T10b")
    assert worst(("no_date", 0.1), ("no_date", 0.3), ("no_date", 0.2)) == ("undated", "T10b")
    assert worst(("cannot_tell", 0.1), ("on_track", 0.3), ("met", -0.1)) == ("cannot_tell", "T10a")
    assert worst(("deterioration", 0.1), ("limited", 0.3), ("lost", 0.2)) == ("away", "T10c")


def test_other_readings_stand_beside_the_headline_target_whatever_their_name(plan: Plan) -> None:
    pooled = plan.indicators["nc_rate_pooled"]
    named = pooled.model_copy(update={"targets": [pooled.targets[0].model_copy(update={"id": "P99"})]})
    other = plan.model_copy(update={"indicators": {**plan.indicators, "nc_rate_pooled": named}})
    rows = [result(outcome="on_track"), result(indicator="nc_rate_pooled", target="P99", outcome="limited")]
    tiles = headline.tiles(other, pl.DataFrame([row.__dict__ for row in rows]))
    assert "P99" not in [tile.id for tile in tiles]
    assert [one.target.id for one in tiles[3].others] == ["T4_parts", "P99"]
    assert tiles[3].position == "on_track", "another reading judges nothing"


def test_the_gap_that_matters_most_is_furthest_behind_its_path(plan: Plan) -> None:
    """In relation to the way from base to target: 2 of 10 points weigh more than 3 of 20. What is surely behind comes first."""
    rows = [result(), result(indicator="rd_cycle_change", target="T6", value=-0.07, threshold=-0.2, gap=0.13)]
    told = [replace(row, outcome="cannot_tell" if row.target == "T4" else "limited") for row in rows]
    near = replace(NC, base=0.60, threshold=0.70, path_gap=0.02)
    far = replace(NC, indicator="rd_cycle_change", target="T6", base=0.0, threshold=-0.2, path_gap=0.03)

    def furthest(*judged: Assessment, rows: list[Result] = rows) -> str:
        found = Assessed(rows={(one.indicator, one.period, one.breakdown, one.category, one.target): one for one in judged})
        tile = headline.furthest(headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows]), judged=found))
        assert tile is not None
        return tile.indicator.id

    assert furthest(near, far) == "nc_rate"
    assert furthest(near, far, rows=told) == "rd_cycle_change"
    assert furthest(replace(near, path_gap=-0.02), far) == "rd_cycle_change"
    assert furthest(replace(near, path_gap=-0.02), replace(far, path_gap=-0.01)) == "rd_cycle_change", "the widest in relation"
    assert furthest() == "rd_cycle_change"


def test_the_widest_gap_is_the_widest_in_relation_to_its_target(plan: Plan) -> None:
    rows = pl.DataFrame(
        [
            {**result().__dict__},  # 0.04 of 0.70
            {**result(indicator="rd_cycle_change", target="T6", value=-0.15, threshold=-0.2, gap=0.05).__dict__},  # 0.05 of 0.20
            {**result(indicator="solution_providers", target="T8", value=25.0, threshold=20.0, gap=-5.0, verdict="met").__dict__},
        ]
    )
    furthest = headline.widest(headline.tiles(plan, rows))
    assert furthest is not None
    assert furthest.indicator.id == "rd_cycle_change"
    assert furthest.relative_gap == pytest.approx(0.25)


def test_without_results_every_target_is_there_and_nothing_is_said(plan: Plan, edition: Edition) -> None:
    tiles = headline.tiles(plan, edition.query(ROWS).clear())
    assert len(tiles) == 10
    assert headline.counts(tiles)["nothing"] == 10
    assert headline.widest(tiles) is None
    assert headline.furthest(tiles) is None


def test_an_interval_over_the_bound_is_said(plan: Plan) -> None:
    near = headline.tiles(plan, pl.DataFrame([result(value=0.69, low=0.67, high=0.71, gap=0.01).__dict__]))[3].readings[0]
    far = headline.tiles(plan, pl.DataFrame([result().__dict__]))[3].readings[0]
    assert near.within_error
    assert not far.within_error


@pytest.mark.parametrize(
    ("day", "part"), [("2025-12-31", 0.0), ("2026-12-31", 0.5), ("2027-12-31", 1.0), ("2029-01-01", 1.0), ("2024-01-01", 0.0)]
)
def test_elapsed_time(plan: Plan, day: str, part: float) -> None:
    assert headline.elapsed(plan, day) == pytest.approx(part)

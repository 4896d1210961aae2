"""The table of results at any width of the terminal: every outcome stands whole, and every row names its target."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from dashboard.rows.assessed import Assessed
from dashboard.rows.selection import headline_rows, tiles
from dashboard.terminal import results_table
from dashboard.wording import doubt
from dashboard.words import words
from indicators.catalogue.periods import Language
from indicators.editions.edition import Edition

WIDTHS = (80, 100, 140)


def from_cell(line: str, start: int) -> str:
    """What stands in a line from a cell of the terminal on; a Chinese character takes two."""
    at = 0
    for place, character in enumerate(line):
        if at >= start:
            return line[place:]
        at += cell_len(character)
    return ""


def printed(edition: Edition, language: Language, width: int) -> list[str]:
    screen = Console(width=width, file=io.StringIO(), record=True)
    judged = Assessed.published(edition)
    rows = headline_rows(edition)
    screen.print(results_table(edition.plan, rows, words(language), narrow=width < 120, judged=judged))
    return screen.export_text().splitlines()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_outcome_is_cut(edition: Edition, language: Language, width: int) -> None:
    told, plan = words(language), edition.plan
    lines = printed(edition, language, width)
    assert max(map(cell_len, lines)) <= width
    heading = next(line for line in lines if told("gap.outcome") in line)
    start = cell_len(heading[: heading.index(told("gap.outcome"))])
    column = "".join("".join(from_cell(line, start).split()) for line in lines)
    found = [row.assessment for tile in tiles(edition) for row in (*tile.readings, *tile.others) if row.assessment]
    outcomes = [doubt.outcome(row, plan, told) for row in found if row.outcome and row.outcome not in ("met", "met_within_error")]
    assert len(outcomes) > 5
    for outcome in outcomes:
        assert "".join(outcome.split()) in column, f"{outcome} at {width}"


@pytest.mark.parametrize("width", WIDTHS)
def test_every_row_names_its_target(edition: Edition, width: int) -> None:
    said = "".join("".join(printed(edition, "en", width)).split())
    for name in headline_rows(edition)["target"].drop_nulls():
        assert name in said


def test_a_year_that_is_not_over_says_how_far_it_reaches(edition: Edition) -> None:
    rows = edition.query("SELECT * FROM results WHERE target = 'T5' AND period = '2026'")
    for until, told in (("2026-09", "2026, to Sep"), ("2026-12", "2026"), (None, "2026")):
        screen = Console(width=140, file=io.StringIO(), record=True)
        through = {"production": until} if until else {}
        screen.print(results_table(edition.plan, rows, words("en"), judged=Assessed.published(edition), through=through))
        text = screen.export_text()
        assert told in text and ("to Sep" in text) == (until == "2026-09"), until

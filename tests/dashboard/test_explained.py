"""One number in words: what, how and how sure, against the rows themselves; and the button that opens it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dashboard.pieces.popover import Why
from dashboard.rows.reading import Result
from dashboard.wording.explained import Number, brief, explained
from dashboard.words import words
from indicators.editions.edition import Edition
from tests.dashboard.test_app import run, written

LANGUAGES = pytest.mark.parametrize("language", ["zh", "en"])


def row(edition: Edition, **where: str) -> Result:
    told = edition.query("SELECT * FROM results WHERE indicator = 'nc_rate' ORDER BY ALL").filter(**where)
    return Result(**told.row(0, named=True))


def number(edition: Edition, found: Result, language: str, **more: object) -> Number:
    plan = edition.plan
    return Number(edition=edition, indicator=plan.indicators["nc_rate"], row=found, words=words(language), **more)  # type: ignore[arg-type]


def said(of: Number, part: str) -> str:
    return "\n".join(f"{term}: {told}" for term, told in getattr(explained(of), part))


@pytest.fixture
def total(edition: Edition) -> Result:
    return row(edition, breakdown="total", period="2025")


@LANGUAGES
def test_all_three_questions_are_answered(edition: Edition, total: Result, language: str) -> None:
    of, plan = number(edition, total, language), edition.plan
    indicator = plan.indicators["nc_rate"]
    assert indicator.name.in_language(language) in said(of, "what")  # type: ignore[arg-type]
    assert "2025" in said(of, "what")
    assert f"{total.n:,}" in said(of, "what")
    assert str(indicator.numerator) in said(of, "how"), "the text that the engine runs"
    assert edition.id in said(of, "how")
    sure = said(of, "sure")
    assert total.low is not None
    assert total.high is not None
    assert f"{100 * total.low:.1f}%" in sure
    assert f"{100 * total.high:.1f}%" in sure
    for told in (explained(of), brief(of)):
        assert all(text for _, facts in told.columns for _, text in facts)


@LANGUAGES
def test_a_part_of_a_year_is_said_to_be_one(edition: Edition, total: Result, language: str) -> None:
    whole, part = (said(number(edition, total, language, through=end), "what") for end in ("2025-12", "2025-09"))
    assert whole != part
    assert "9" in part or "Sep" in part


@LANGUAGES
@pytest.mark.parametrize("status", ["suppressed", "absent"])
def test_where_there_is_no_number_the_reason_is_told_and_nothing_else(
    edition: Edition, total: Result, language: str, status: str
) -> None:
    empty = replace(total, value=None, se=None, low=None, high=None, n=None, quality=None, df=None, status=status)
    told = explained(number(edition, empty, language))
    assert [text for _, text in told.sure] == [words(language)(f"status.{status}"), words(language)(f"explained.{status}")]
    assert str(total.n) not in said(number(edition, empty, language), "what").replace("2025", "")


@LANGUAGES
def test_the_error_of_a_full_count_of_none_and_of_a_sample_read_differently(
    edition: Edition, total: Result, language: str
) -> None:
    rows = (replace(total, quality="census", se=0.0), replace(total, se=None, low=None, high=None, quality=None), total)
    told = {explained(number(edition, one, language)).sure[0][1] for one in rows}
    assert len(told) == 3


@LANGUAGES
def test_a_revision_says_from_where_and_why(edition: Edition, total: Result, language: str) -> None:
    moved = {"edition": "0007", "former": 0.5, "revision": 0.012, "beyond_error": True, "reason": "data"}
    sure = said(number(edition, total, language, revision=moved), "sure")
    assert all(part in sure for part in ("0007", "50.0%", "+1.2", words(language)("explained.revised.beyond")))
    assert "0007" not in said(number(edition, total, language), "sure")


class Names(HTMLParser):
    """What the buttons of a page open, and the ids of its boxes."""

    def __init__(self, told: str) -> None:
        super().__init__()
        self.opens: list[str] = []
        self.boxes: list[str] = []
        self.links = 0
        self.feed(told)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = dict(attrs)
        if held.get("class") == "pw-asked":
            assert self.links == 0, "a button inside of a link"
            self.opens.append(held["popovertarget"] or "")
        if "popover" in held:
            self.boxes.append(held["id"] or "")
        self.links += tag == "a"

    def handle_endtag(self, tag: str) -> None:
        self.links -= tag == "a"


@LANGUAGES
@pytest.mark.parametrize("page", ["target", "who"])
def test_every_large_number_opens_a_box_of_its_own(
    store: Path, monkeypatch: pytest.MonkeyPatch, page: str, language: str
) -> None:
    found = Names(written(run(store, monkeypatch, page=page, indicator="nc_rate", lang=language)))
    assert found.opens
    assert sorted(found.opens) == sorted(found.boxes)
    assert len(set(found.boxes)) == len(found.boxes)


def test_what_is_told_is_escaped() -> None:
    told = Why(key='"x', asks="<a>", closes="&", columns=(("<h>", [("<t>", "<d>")]),)).around("<b>1</b>")
    assert re.findall(r"<(?:a|h|t|d)>", told) == []
    assert 'popovertarget="pw-asked-&quot;x"' in told

"""Data and methods: every part in both languages, its numbers counted a second time from the tables of the edition, its files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from html import escape, unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from dashboard.visitors.sessions import SESSIONS
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition, open_edition
from tests.dashboard.browsing import ready, until
from tests.dashboard.furnished import empty, furnished
from tests.dashboard.plausible import rows, write_plausible
from tests.dashboard.test_app import run, sound
from tests.dashboard.test_scopes import House, crossed, house, not_for, sent

PARTS = ("dictionary", "quality", "response", "revisions", "protection", "downloads")
LANGUAGES = ("zh", "en")
__all__ = ["house"]  # a fixture


def shown(store: Path, monkeypatch: pytest.MonkeyPatch, part: str, **choices: str) -> AppTest:
    monkeypatch.setenv("PLANWATCH_WHO", "steward")
    monkeypatch.setattr(SESSIONS, "active", lambda session: True)
    monkeypatch.setattr(SESSIONS, "_offers", {})
    monkeypatch.setattr(SESSIONS, "_tokens", {})
    return run(store, monkeypatch, **{"page": "data", "part": part, "lang": "en", **choices})


def table(body: str, label: str) -> dict[str, list[str]]:
    """The rows of a table by what names them, as texts without the small print in their heads."""
    found = re.search(rf'aria-label="{re.escape(escape(label))}"><table.*?</table>', body, re.DOTALL)
    assert found is not None, label
    listed = {}
    for line in re.findall(r"<tr>(.*?)</tr>", found.group().partition("<tbody>")[2]):
        head = re.search(r'<th scope="row">([^<]*)', line)
        assert head is not None
        cells = [unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", line)]
        listed[unescape(head.group(1)).strip()] = cells
    return listed


def files() -> Mapping[str, bytes]:
    return {offer.name: offer.make() for offer in SESSIONS._offers.values()}


@pytest.fixture
def made(tmp_path: Path, plan: Plan) -> Path:
    furnished(tmp_path / "editions", plan).close()
    return tmp_path


# the counts, worked out once more without the questions of the app


def numbers(edition: Edition) -> dict[tuple[str, ...], tuple[str, str | None, str | None]]:
    """Every number once: its key with status, quality and review."""
    found = edition.query("SELECT * FROM results").iter_rows(named=True)
    keys = ("indicator", "period", "breakdown", "category")
    return {tuple(row[key] for key in keys): (row["status"], row["quality"], row["review"]) for row in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_suppression_in_numbers_is_counted(
    store: Path, edition: Edition, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    told, found = words(language), numbers(edition)
    body = sound(shown(store, monkeypatch, "protection", lang=language))
    listed = table(body, told("data.protection.by"))
    statuses = ("published", "unreliable", "suppressed", "absent")
    every = Counter(status for status, _, _ in found.values())
    assert listed[told("data.every")] == [f"{every[status]:,}" for status in statuses]
    for breakdown in {key[2] for key in found}:
        parts = [plan.breakdowns[one].name.in_language(language) for one in breakdown.split(",") if one != "total"]
        own = Counter(status for key, (status, _, _) in found.items() if key[2] == breakdown)
        assert listed[" × ".join(parts) or told("table.total")] == [f"{own[status]:,}" for status in statuses]
    assert f"{len(found):,}" in body
    assert not re.search(r"primary|secondary|主要抑制|次级|一级抑制|二级抑制", body), "nobody is told which is which"


def test_a_number_that_is_held_against_two_targets_counts_once(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = [
        row for row in rows(plan) if row["indicator"] == "nc_rate" and row["breakdown"] == "total" and row["period"] == "2026"
    ]
    write_plausible(tmp_path / "editions", plan, numbers=total, more=[{**total[0], "target": "T4_other"}]).close()
    listed = table(sound(shown(tmp_path, monkeypatch, "protection")), words("en")("data.protection.by"))
    assert listed == {name: ["1", "0", "0", "0"] for name in (words("en")("data.every"), words("en")("table.total"))}


def test_quality_is_counted(store: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words("en")
    rated = Counter(quality for status, quality, _ in numbers(edition).values() if status in ("published", "unreliable"))
    body = sound(shown(store, monkeypatch, "quality"))
    drawn = dict(re.findall(r'<dt>([^<]*)</dt><dd><span><i class="pw-kind-q-[^"]*"[^>]*></i></span><b>([\d,]+) \(', body))
    assert drawn == {told(f"quality.{name}"): f"{n:,}" for name, n in rated.items() if name}
    assert sum(rated.values()) == sum(int(n.replace(",", "")) for n in drawn.values())


def test_response_by_table_and_the_lowest_groups(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words("en")
    body = sound(shown(made, monkeypatch, "response", indicator="rd_cycle", breakdown="size_class"))
    assert "In 2026 Product R&amp;D projects was answered least, 40% (200 of 500), and Annual survey" in body
    assert "80% (480 of 600)" in body
    listed = table(body, told("data.response.of"))
    assert listed == {"Product R&D projects": ["–", "40%"], "Annual survey of digital transformation": ["90%", "80%"]}
    groups = table(body, told("data.response.by"))
    assert groups == {"Large": ["80%"], "Small": ["▾20%"], "Micro": ["▾30%"]}
    assert "Small 20% (10 of 50); Micro 30% (15 of 50)" in body
    assert "17 are late" in body


def test_revisions_say_what_changed_against_the_former_edition_and_why(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words("en")
    body = sound(shown(made, monkeypatch, "revisions"))
    assert told("data.revisions.lead", id="0007", n="3", beyond="1", indicators=2) in body, "that of 0001 is not counted again"
    assert told("data.revisions.since", n="4", all="25", share="16.0%") in body
    listed = table(body, told("data.revisions.by"))
    assert listed["Numerical-control rate of key processes"] == ["2", "1", "data", "2025: 60.0% → 62.0%"]
    assert listed["R&D design-tool rate"] == ["1", "0", "data", "2025: 80.0% → 79.0%"]
    assert "17 are late" not in body, "that is told with the response"


def test_weights_and_edits_are_told_once_for_all_that_share_them(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = words("en")
    body = sound(shown(made, monkeypatch, "quality"))
    assert told("data.weighting.lead", n=3, fitted=2, dropped=1) in body, "five rows, of which two are those of another"
    assert told("data.weighting.largest", factor="2.25", table="Annual survey of digital transformation", period="2026") in body
    assert told("data.edits", n="41", names="Monthly production and employment") in body
    assert body.count(told("data.several")) >= 4


# the parts where there is little or nothing


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("part", PARTS)
def test_every_part_stands_in_every_edition(
    tmp_path: Path, store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, part: str, language: str
) -> None:
    app = shown(store, monkeypatch, part, lang=language)
    assert app.title[0].value == words(language)("nav.data")
    full = sound(app)
    empty(tmp_path / "editions", plan).close()
    bare = sound(shown(tmp_path, monkeypatch, part, lang=language))
    assert ('class="pw-empty"' in bare) == (part != "dictionary"), "what is not there is said in its place"
    assert ('class="pw-empty"' in full) == (part == "revisions"), "the edition of the tests is a first one"


def test_the_first_edition_and_one_that_changed_nothing_are_told_apart(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = words("en")
    write_plausible(tmp_path / "a" / "editions", plan).close()
    assert told("data.revisions.first", id="0001") in sound(shown(tmp_path / "a", monkeypatch, "revisions"))
    source = empty(tmp_path / "b" / "editions", plan)
    with_former = furnished(tmp_path / "c" / "editions", plan, provenance={"former": "0007"})
    for one in (source, with_former):
        one.close()
    assert told("data.revisions.same", id="0007") not in sound(shown(tmp_path / "c", monkeypatch, "revisions"))


def test_a_part_that_is_not_there_is_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(store, monkeypatch, "![x](http://x/t.png)")
    assert len(app.info) == 1
    assert "](http" not in app.info[0].value
    assert words("en")("data.dictionary.search") == app.text_input(key="dictionary_q").label


# the dictionary


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_indicator_is_in_the_dictionary_with_its_formula(
    store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    body = sound(shown(store, monkeypatch, "dictionary", lang=language))
    entries = {
        found.group(1): found.group() for found in re.finditer(r"<details.*?<code>(\w+)</code>.*?</details>", body, re.DOTALL)
    }
    assert set(plan.indicators) | set(plan.breakdowns) == set(entries)
    for indicator in plan.indicators.values():
        entry = entries[indicator.id]
        assert escape(indicator.name.in_language(language)) in entry
        assert escape(indicator.definition.in_language(language)) in entry
        assert indicator.limitations is None or escape(indicator.limitations.in_language(language)) in entry
        for formula in (indicator.numerator, indicator.denominator, indicator.where, indicator.respondents):
            assert formula is None or escape(str(formula)) in entry
        [address] = re.findall(r'href="([^"]*)"', entry)
        asked = parse_qs(urlsplit(unescape(address)).query)
        assert asked == {"lang": [language], "page": ["explore"], "indicator": [indicator.id]}
    for name in plan.breakdowns:
        assert [*plan.categories(name)] == re.findall(r"<dt>([^<]*)</dt>", entries[name])


def test_the_search_stands_in_the_address_and_stays_words(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(store, monkeypatch, "dictionary", q="nc_key_processes")
    body = sound(app).partition(words("en")("data.codes.title"))[0]
    formulas = {name: f"{one.numerator} {one.denominator} {one.definition.en}" for name, one in plan.indicators.items()}
    wanted = {name for name, text in formulas.items() if "nc_key_processes" in text}
    listed = set(re.findall(r"</b><code>(\w+)</code>", body)) & set(plan.indicators)
    assert listed == wanted
    assert body.count(" open>") == len(wanted), "few that were looked for are opened"
    app.text_input(key="dictionary_q").set_value("<img src=x>").run()
    assert app.query_params["q"] in ("<img src=x>", ["<img src=x>"])
    assert "<img" not in sound(app)
    assert words("en")("data.dictionary.nothing") in sound(app)


# files


def test_every_table_can_be_carried_away_whole(made: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    shown(made, monkeypatch, "downloads")
    found = files()
    edition = open_edition(made / "editions")
    held = edition.query("SELECT table_name FROM information_schema.tables")["table_name"].to_list()
    sizes = {name: edition.query(f'SELECT count(*) FROM "{name}"').item() for name in held}
    carried = {name for name, n in sizes.items() if n}
    assert {name.partition("_0001")[0] for name in found} == {*carried, "dictionary", "catalogue"}
    for name in carried:
        data = found[f"{name}_0001.csv"]
        assert data.startswith(b"\xef\xbb\xbf#"), "a byte order mark, then what it is"
        head = [line for line in data.decode("utf-8-sig").splitlines() if line.startswith("# ")]
        assert any(edition.sha256[:12] in line for line in head)
        body = data.decode("utf-8-sig").split("\r\n", len(head))[len(head)]
        read = list(csv.DictReader(io.StringIO(body)))
        assert len(read) == sizes[name]
        assert list(read[0]) == edition.query(f'SELECT * FROM "{name}" LIMIT 0').columns
    with zipfile.ZipFile(io.BytesIO(found["results_0001.xlsx"])) as book:
        assert book.read("xl/worksheets/sheet1.xml").count(b"<row ") == sizes["results"] + 1
    named = list(csv.reader(io.StringIO(found["dictionary_0001_en.csv"].decode("utf-8-sig"))))
    assert {row[0] for row in named} >= set(plan.indicators)
    edition.close()


def test_who_may_carry_nothing_away_is_told_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    text, carried = sent(house, "viewer", {"page": "data", "part": "downloads", "lang": "zh"}, monkeypatch)
    assert words("zh")("data.downloads.viewer") in text
    assert carried == {}
    _, of_association = sent(house, "parts", {"page": "data", "part": "downloads"}, monkeypatch)
    _, of_analyst = sent(house, "analyst", {"page": "data", "part": "downloads"}, monkeypatch)
    assert any(name.startswith("catalogue") for name in of_analyst)
    assert {name.partition("_")[0] for name in of_analyst} - {name.partition("_")[0] for name in of_association} >= {"catalogue"}
    assert len(of_association["results_0001.csv"]) < len(of_analyst["results_0001.csv"])


def test_the_seal_that_is_told_is_that_of_the_edition(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(made, monkeypatch, "downloads")
    seal = (made / "editions" / "0001" / "manifest.sha256").read_text(encoding="ascii")
    assert app.code[0].value.splitlines()[-1] == seal


# who sees what


def _texts(data: bytes) -> str:
    """What a file says: of a workbook the text of its sheets."""
    if not data.startswith(b"PK"):
        return data.decode()
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return " ".join(book.read(name).decode() for name in book.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("part", PARTS)
def test_an_association_is_shown_its_own_and_told_that_it_is_a_part(
    house: House, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    for visitor in ("analyst", "parts", "provinces", "vehicles", "viewer"):
        text, carried = sent(house, visitor, {"page": "data", "part": part, "lang": "zh"}, monkeypatch)
        assert not_for(text, visitor, house) == set()
        for data in carried.values():
            assert not_for(_texts(data), visitor, house) == set()
        cut = words("zh")("data.cut") in text or words("zh")("data.codes.cut") in text
        assert cut == (visitor not in ("analyst", "viewer"))


def test_what_is_kept_for_one_is_not_shown_to_another(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    views = tuple({"page": "data", "part": part} for part in PARTS if part != "downloads")
    assert crossed(house, monkeypatch, "analyst", views) == set()


# in a browser

VIEWS = [
    *((part, "zh", 1280, "light") for part in PARTS),
    *((part, "en", 390, "dark") for part in PARTS),
    ("response", "en", 768, "light"),
]


@pytest.mark.browser
@pytest.mark.parametrize(("part", "language", "width", "scheme"), VIEWS)
def test_the_page_in_a_browser(page: Page, app_url: str, part: str, language: str, width: int, scheme: str) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    ready(page, f"{app_url}/?lang={language}&page=data&part={part}")
    expect(page.get_by_role("heading", level=1)).to_have_text(words(language)("nav.data"))
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    for one in page.locator(".pw-scroll").all():
        assert one.get_attribute("tabindex") == "0", "what scrolls can be reached with the keyboard"
        assert one.get_attribute("aria-label")
    assert faults == []


@pytest.mark.browser
def test_parts_stand_in_the_address_and_entries_open_by_keyboard(page: Page, app_url: str) -> None:
    ready(page, f"{app_url}/?lang=en&page=data")
    entry = page.locator("details.pw-entry-of").first
    entry.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(entry.locator("dl").first).to_be_visible()
    page.get_by_role("radio", name=words("en")("data.part.protection")).click()
    until(page, "location.search.includes('part=protection')")
    expect(page.locator("table.pw-grid")).to_be_visible()
    ready(page, f"{app_url}/?lang=en&page=data&q=solution_providers")
    page.locator("a.pw-onward").first.click()
    until(page, "location.search.includes('page=explore') && location.search.includes('indicator=solution_providers')")
    expect(page.get_by_role("heading", level=1)).to_have_text("Smart-manufacturing solution providers")

"""Reports: composed once, alike in every format; the same bytes twice; nothing withheld or foreign in them; every glyph there."""

from __future__ import annotations

import html as htmllib
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageFont

from dashboard.pictures.setter import FONTS, NotSet
from dashboard.pieces import cards
from dashboard.reports import pdf as pdf_of
from dashboard.reports import sheet as sheets
from dashboard.reports.compose import KINDS, compose
from dashboard.reports.formats import FORMATS, file_name
from dashboard.reports.frame import _han
from dashboard.reports.html import html
from dashboard.reports.markdown import markdown
from dashboard.reports.matter import Matter
from dashboard.reports.pdf import pages, pdf
from dashboard.reports.report import (
    Callout,
    Figure,
    Figures,
    Kind,
    Mark,
    Picture,
    Report,
    Section,
    Table,
    paragraph,
    plain,
    points,
    runs,
    strong,
    texts,
    without_pictures,
)
from dashboard.rows import headline
from dashboard.rows.selection import NotPublished
from dashboard.visitors.access import Scope
from dashboard.visitors.scoped import restricted
from dashboard.wording import doubt, lead, phrases
from dashboard.words import Words, words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.plausible import rows, write_plausible

LANGUAGES = ("zh", "en")
OF = {"brief": None, "progress": None, "sheet": ("province", "320000")}
NUMBER = re.compile(r"[+−]?\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture(scope="module", params=LANGUAGES)
def matter(request: pytest.FixtureRequest, edition: Edition) -> Matter:
    return Matter(edition=edition, words=words(request.param))


@pytest.fixture(scope="module", params=KINDS)
def report(request: pytest.FixtureRequest, matter: Matter) -> Report:
    return compose(request.param, matter, OF[request.param])


def drawn(report: Report) -> Iterator[Figure]:
    for block in report.blocks:
        yield from block.figures if isinstance(block, Figures) else [block] if isinstance(block, Figure) else []


def tables(report: Report) -> Iterator[Table]:
    return (block for block in report.blocks if isinstance(block, Table))


def pictured(report: Report) -> str:
    """The words inside of the pictures."""
    svg = "".join(figure.svg for figure in drawn(report))
    return htmllib.unescape(" ".join(re.findall(r">([^<>]+)<", svg)))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


# what is in it


def test_a_report_says_what_its_edition_says(report: Report, matter: Matter) -> None:
    told = " ".join(texts(report))
    assert report.edition == matter.edition.id and report.edition in report.cite
    assert matter.edition.sha256[:12] in report.cite
    assert report.title and report.sections and report.warning == ""
    assert "\x02" not in told and "\x03" not in told and "None" not in told and "{" not in told
    for table in tables(report):
        assert {len(row) for row in table.rows} == {len(table.headings)}, table.caption
        assert max((*table.right, *table.wide), default=0) < len(table.headings)
    for figure in drawn(report):
        assert figure.alt and figure.caption and figure.numbers.rows
        assert figure.svg.startswith("<svg ") and "<title></title>" not in figure.svg


def test_the_first_sentences_are_those_of_the_overview(matter: Matter) -> None:
    tiles, said = matter.tiles, matter.words
    shown = cards.lead(headline.counts(tiles), headline.furthest(tiles), said)
    assert "<b>" in shown
    read = squeezed(htmllib.unescape(re.sub(r"<[^>]+>", "", shown)))
    written = "".join(lead.counts(headline.counts(tiles), said) + lead.gap(headline.furthest(tiles), said))
    assert squeezed(written) == read


def test_every_target_is_in_the_brief_with_the_numbers_of_its_tile(matter: Matter) -> None:
    report, said = compose("brief", matter), matter.words
    table = next(one for one in tables(report) if any(isinstance(cell, Picture) for row in one.rows for cell in row))
    by_number = {str(row[0]): row for row in table.rows}
    readings = [reading for tile in matter.tiles for reading in tile.readings]
    goals = [tile.id for tile in matter.tiles if tile.goal is not None]
    assert set(by_number) == {reading.target.id for reading in readings} | set(goals)
    for reading in readings:
        row, now = by_number[str(reading.target.id)], reading.now
        assert row[1] == reading.indicator.name.in_language(said.language)
        if now is None or now.value is None:
            continue
        value = format.number(now.value, reading.unit, said.language, signed=reading.signed, beside=reading.target.value)
        assert str(row[2]).startswith(value)
        outcome = next(cell for cell in row if isinstance(cell, Mark))
        assert outcome.position == reading.position
        if reading.target.value is not None and now.gap is not None and now.gap > 0:
            assert str(row[4]) in phrases.gap(reading, said), "a gap is written as on its tile"
    assert [one for one in by_number.values() if str(one[0]) in goals], "a goal without a number is there, too"


def test_the_progress_report_says_of_every_target_what_its_page_says(matter: Matter) -> None:
    report, said = compose("progress", matter), matter.words
    callouts = [plain(block.runs) for block in report.blocks if isinstance(block, Callout)]
    told = " ".join(texts(report))
    for tile in matter.tiles:
        for reading in tile.readings:
            row = reading.judged
            if row is not None:
                whole = doubt.sentence(row, matter.plan, said, reading.paces, through=reading.through)
                assert any(one.endswith(whole) for one in callouts), reading.target.id
            sentence = reading.target.sentence
            assert sentence is None or len(tile.readings) > 1 or sentence.in_language(said.language) in told
    for action in matter.plan.identity.actions:
        assert all(task.name.in_language(said.language) in told for task in action.tasks)
    for breakdown in ("segment_group", "region", "province"):
        assert all(entry.name.in_language(said.language) in told for entry in matter.plan.categories(breakdown).values())


def test_a_sheet_has_the_place_that_counting_gives(matter: Matter) -> None:
    edition, found = matter.edition, 0
    for line in sheets.lines_of(matter, ("province", "320000")):
        name, period = line.reading.indicator.id, line.own.period
        peers = edition.query(
            "SELECT DISTINCT category, value FROM results WHERE indicator = $name AND period = $period"
            " AND breakdown = 'province' AND status = 'published' AND value IS NOT NULL",
            {"name": name, "period": period},
        )
        own = peers.filter(category="320000")
        if own.is_empty() or peers.height < 3:
            assert line.place is None
            continue
        value, up = own["value"][0], line.reading.indicator.better == "higher"
        assert line.place == 1 + sum(one > value if up else one < value for one in peers["value"])
        assert len(line.peers) == peers.height
        found += 1
    assert found >= 3


def test_what_a_sheet_says_of_the_gap_is_the_share_of_the_split(matter: Matter) -> None:
    said, known = matter.words, sheets.categories(matter)
    splits = matter.edition.query("SELECT * FROM splits WHERE part = 'category' AND share > 0 ORDER BY share DESC")
    single = [row for row in splits.iter_rows(named=True) if row["category"] in known.get(row["breakdown"], ())]
    first = {(row["breakdown"], row["category"]): row for row in reversed(single)}  # of each category the largest
    told = 0
    for of, row in sorted(first.items())[:12]:
        lines = {line.reading.target.id: line.own for line in sheets.lines_of(matter, of)}
        if row["target"] in lines and lines[row["target"]].period == row["period"]:
            name = matter.plan.indicators[row["indicator"]].name.in_language(said.language)
            wanted = said("report.sheet.holds", name=name, share=format.share(row["share"])).rstrip("。.")
            assert any(text.startswith(wanted) for text in texts(compose("sheet", matter, of))), (of, wanted)
            told += 1
    assert told >= 5


def test_there_is_a_sheet_for_every_category_and_for_no_other(matter: Matter) -> None:
    known = sheets.categories(matter)
    assert set(known) <= set(matter.plan.breakdowns) and {"province", "segment", "region"} <= set(known)
    for breakdown, codes in known.items():
        for code in (codes[0], codes[-1]):
            made = compose("sheet", matter, (breakdown, code))
            assert made.pages == 1 and pages(pdf(made)) == 1, (breakdown, code)
    for of, told in ((("provinc", "1"), "Did you mean `province`"), (("province", "999999"), "Codes there: ")):
        with pytest.raises(NotPublished, match=told):
            compose("sheet", matter, of)
    for kind, place in (("sheet", None), ("brief", ("province", "320000"))):
        with pytest.raises(ValueError, match="a report of the kind"):
            compose(kind, matter, place)  # type: ignore[arg-type]


# formats


def test_the_same_report_gives_the_same_bytes(report: Report, matter: Matter) -> None:
    again = compose(report.kind, Matter(edition=matter.edition, words=matter.words), report.about)
    assert again == report
    for ending, one in FORMATS.items():
        made = one.make(report)
        assert made and made == one.make(again), ending


def test_a_report_is_in_its_pdf_to_the_last_number(report: Report) -> None:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not installed, so the PDF cannot be read by a second program")
    made = pdf(report)
    read = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made, capture_output=True, check=True).stdout.decode()
    shown = [text for section in report.sections for text in (section.title, *_shown(section))]
    wanted = [report.title, report.subtitle, *(text for fact in report.facts for text in fact), report.cite, *shown]
    numbers = {number for text in wanted for number in NUMBER.findall(text)}
    found = set(NUMBER.findall(read))
    assert len(numbers) > 20
    # a line may break after a sign or within brackets, so a number is looked for with and without what stands beside it
    missing = {number for number in numbers if squeezed(number) not in squeezed(read)}
    assert missing == set()
    printed = " ".join([*wanted, report.head, report.foot, pictured(report)])
    allowed = set(NUMBER.findall(printed)) | {str(page) for page in range(1, pages(made) + 1)}
    assert {one for one in found - allowed if squeezed(one) not in squeezed(printed)} == set(), "numbers that nobody wrote"


def _shown(section: Section) -> Iterator[str]:
    """What a PDF shows of a section: no numbers of figures, no words for pictures."""
    for block in section.blocks:
        figures = block.figures if isinstance(block, Figures) else [block] if isinstance(block, Figure) else []
        if figures:
            yield from (figure.caption for figure in figures)
            continue
        block = without_pictures(block) if isinstance(block, Table) else block
        yield from list(texts(_only(block)))[:-2]


def _only(block: Any) -> Report:
    kind: Kind = "brief"
    return Report(kind=kind, language="en", title="", subtitle="", edition="", day="2026-01-01", head="", foot="", facts=(),
                  warning="", cite="", sections=(Section(title="", blocks=(block,)),))  # fmt: skip


def test_the_brief_has_two_pages_and_is_tagged(matter: Matter) -> None:
    made = pdf(compose("brief", matter))
    assert pages(made) == 2
    assert b"pdfuaid" in made and b"/MarkInfo" in made
    assert made.count(b"/Type/Page/") + made.count(b"/Type/Page>") + made.count(b"/Type/Page\n") <= 2


def test_two_threads_can_make_a_pdf_at_once(matter: Matter) -> None:
    one = compose("sheet", matter, ("province", "320000"))
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(pdf, [one] * 8))) == 1


def test_what_the_typesetter_warns_of_is_an_error(matter: Matter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "report.typ"
    template = pdf_of.TEMPLATE.read_text(encoding="utf-8")
    assert '"Noto Sans SC"' in template
    broken.write_text(template.replace('"Noto Sans SC"', '("No Such Font", "Noto Sans SC")'), encoding="utf-8")
    monkeypatch.setattr(pdf_of, "TEMPLATE", broken)
    with pytest.raises(NotSet, match="no such font"):
        pdf(compose("sheet", matter, ("province", "320000")))


class Page(HTMLParser):
    """What a page would fetch or run, its headings, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.headings: list[int] = []
        self.text = ""
        self.skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.fetched += [f"{tag} {name}" for name, value in told.items() if name in ("src", "href", "srcset") or name[:2] == "on"]
        self.fetched += [tag] if tag in ("script", "link", "iframe", "object") else []
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        self.skipped += tag in ("style", "svg")

    def handle_endtag(self, tag: str) -> None:
        self.skipped -= tag in ("style", "svg")

    def handle_data(self, data: str) -> None:
        self.text += "" if self.skipped else data


def test_the_page_needs_nothing_else_and_says_all(report: Report) -> None:
    made = html(report).decode()
    page = Page()
    page.feed(made)
    assert page.fetched == []
    assert "url(" not in made and "@import" not in made
    assert "default-src 'none'" in made
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    read = squeezed(page.text)
    for section in report.sections:
        assert all(squeezed(text) in read for text in (section.title, *_shown(section)))


def test_the_markdown_says_all(report: Report) -> None:
    read = squeezed(re.sub(r"\\(.)", r"\1", markdown(report).decode()).replace("**", ""))
    for section in report.sections:
        assert all(squeezed(text).replace("**", "") in read for text in (section.title, *_shown(section)))
    for figure in drawn(report):
        assert squeezed(figure.alt) in read


def test_signs_of_a_plan_stay_signs_in_every_format(matter: Matter) -> None:
    evil = '<b>x</b> #set page() $x$ *a* _b_ `c` \\ @d [e](f) "q" | "#{'
    made = compose("sheet", matter, ("province", "320000"))
    rest = {name: value for name, value in vars(made).items() if name not in ("title", "sections")}
    blocks = (*paragraph(strong(evil)), *points([evil, evil]), Table(caption=evil, headings=(evil,), rows=((evil,),), note=evil))
    report = Report(**rest, title=evil, sections=(Section(title=evil, blocks=blocks),))
    assert "<b>x</b>" not in html(report).decode()
    assert pages(pdf(report)) == 1
    assert evil.split()[1] in markdown(report).decode().replace("\\", "")


def test_files_are_named_by_what_is_in_them() -> None:
    assert file_name("brief", "0012", "zh", "pdf") == "planwatch_brief_0012_zh.pdf"
    assert file_name("sheet", "0012", "en", "html", ("province", "320000")) == "planwatch_sheet_province-320000_0012_en.html"


# every glyph


@pytest.fixture(scope="module")
def faces() -> list[ImageFont.FreeTypeFont]:
    return [ImageFont.truetype(str(FONTS / f"NotoSansSC-{weight}.ttf"), 24) for weight in ("Regular", "Bold")]


def lacking(text: str, faces: list[ImageFont.FreeTypeFont]) -> set[str]:
    """Letters that a font draws as the sign for what it does not have."""
    found = set()
    for face in faces:
        nothing = bytes(face.getmask("\U0010fffd"))
        found |= {letter for letter in set(text) - {" ", "\n"} if bytes(face.getmask(letter)) == nothing}
    return found


def test_the_fonts_have_every_letter_of_a_report(report: Report, faces: list[ImageFont.FreeTypeFont]) -> None:
    assert lacking(" ".join(texts(report)) + pictured(report), faces) == set()


def test_the_fonts_have_every_letter_of_the_words_of_the_app(faces: list[ImageFont.FreeTypeFont]) -> None:
    said = "".join(text for language in LANGUAGES for key, text in words(language).entries.items() if key.startswith("report."))
    assert lacking(said, faces) == set()
    assert lacking("ᚠ\U0001f600", faces) == {"ᚠ", "\U0001f600"}, "a letter that is not there is seen"


# what must not be in it


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_association_reads_of_nobody_else(edition: Edition, plan: Plan, language: str, tmp_path: Path) -> None:
    scope = Scope(rows="within", within=(("province", ("320000",)),))
    with closing(restricted(write_plausible(tmp_path, plan), scope)) as cut:
        matter = Matter(edition=cut, words=words(language), whole=False)
        assert sheets.categories(matter) == {"province": ["320000"]}
        made = [compose("brief", matter), compose("progress", matter), compose("sheet", matter, ("province", "320000"))]
        others = [entry.name.in_language(language) for code, entry in plan.categories("province").items() if code != "320000"]
        told = " ".join(text for report in made for text in (*texts(report), pictured(report)))
        assert plan.categories("province")["320000"].name.in_language(language) in told
        assert [name for name in others if re.search(rf"\b{name}\b" if language == "en" else name, told)] == []
        heads = [heading for report in made for table in tables(report) for heading in table.headings]
        assert words(language)("report.sheet.rank") not in heads, "a place among those that are not there is none"
        assert all(pdf(report) for report in made)


def test_no_withheld_number_is_in_any_report(plan: Plan, tmp_path: Path) -> None:
    """Numbers that stand nowhere else are put into withheld rows, as a mistake upstream would; no report writes them."""
    planted = 0.123456
    numbers = [dict(row) for row in rows(plan)]
    for row in numbers:
        if row["status"] == "suppressed":
            row["gap"] = planted
            planted += 0.000001
    assert planted > 0.1235
    with closing(write_plausible(tmp_path, plan, numbers=numbers)) as written:
        matter = Matter(edition=written, words=words("en"))
        made = [compose("brief", matter), compose("progress", matter)]
        made += [compose("sheet", matter, ("province", code)) for code in sheets.categories(matter)["province"][:10]]
        told = " ".join(text for report in made for text in (*texts(report), pictured(report)))
        assert not re.search(r"\b12\.3[45]", told)
        assert "×" in told


# pieces


def test_what_stands_out_is_found_in_a_sentence() -> None:
    found = runs(f"a{strong('b')}c{strong('d')}")
    assert [(run.text, run.strong) for run in found] == [("a", False), ("b", True), ("c", False), ("d", True)]
    assert plain(found) == "abcd"
    assert runs("") == ()


def test_chinese_numbers_of_sections() -> None:
    assert [_han(n) for n in (1, 9, 10, 11, 20, 21, 35)] == ["一", "九", "十", "十一", "二十", "二十一", "三十五"]


def test_a_plan_without_anything_to_say_still_makes_a_report(edition: Edition) -> None:
    """An edition of which nobody may see a row: the reports are there and say that nothing is published."""
    said: Words = words("en")
    whole = Matter(edition=edition, words=said)
    assert whole.first is not None
    scope = Scope(rows="none")
    with closing(restricted(opened_again(edition), scope)) as empty:
        matter = Matter(edition=empty, words=said, whole=False)
        assert matter.first is None and sheets.categories(matter) == {}
        for kind in ("brief", "progress"):
            made = compose(kind, matter)  # type: ignore[arg-type]
            assert said("lead.none") in " ".join(texts(made)) and pages(pdf(made)) >= 1


def opened_again(edition: Edition) -> Edition:
    from indicators.editions.edition import open_edition

    return open_edition(edition.folder.parent, edition.id)

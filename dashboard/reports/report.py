"""A report as a frozen description: sections of findings, tables and figures in words. Nothing of any format is in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from dashboard.rows.assessed import Position
from indicators.catalogue.periods import Language

Kind = Literal["brief", "progress", "sheet"]
#: around what stands out in a sentence while it is put together; neither can be typed
_OPEN, _SHUT = "\x02", "\x03"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A piece of text; a strong one stands out."""

    text: str
    strong: bool = False


Runs = tuple[Run, ...]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """An outcome: shape and colour by its position, and its words; hollow where sampling error could have made it."""

    position: Position
    text: str
    within: bool = False


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A small picture in a cell, with what it shows in words."""

    svg: str
    alt: str


#: what a cell of a table holds
Cell = str | Mark | Picture


@dataclass(frozen=True, kw_only=True)
class Paragraph:
    runs: Runs


@dataclass(frozen=True, kw_only=True)
class Points:
    """Sentences that stand side by side, one below the other."""

    points: tuple[Runs, ...]


@dataclass(frozen=True, kw_only=True)
class Callout:
    """An outcome and the sentence that says why it is so."""

    mark: Mark
    runs: Runs


@dataclass(frozen=True, kw_only=True)
class Counts:
    """A few numbers to be seen first, each with its words and, where it counts outcomes, the position of those."""

    counts: tuple[tuple[Position | None, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Terms with their texts."""

    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells under headings; the columns at the places `right` hold numbers, those at `wide` share the room left over."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    right: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset({0})
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture with its finding in words, and the numbers that it is drawn from."""

    svg: str
    caption: str
    alt: str
    numbers: Table


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Figures that are seen side by side where there is room."""

    figures: tuple[Figure, ...]


@dataclass(frozen=True, kw_only=True)
class Note:
    """What should be known beside the findings, set small."""

    text: str


Block = Paragraph | Points | Callout | Counts | Facts | Table | Figure | Figures | Note


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it; a `deep` one belongs to the one before it. A `fresh` one begins a page."""

    title: str
    blocks: tuple[Block, ...]
    deep: bool = False
    fresh: bool = False


@dataclass(frozen=True, kw_only=True)
class Report:
    """One report in one language."""

    kind: Kind
    language: Language
    about: tuple[str, str] | None = None  # breakdown and code of a category; None: the whole
    title: str
    subtitle: str
    edition: str  # id of the edition
    day: str  # on which it was published, as 2026-11-23
    head: str  # what stands above every page but the first
    foot: str  # what stands below every page
    facts: tuple[tuple[str, str], ...]  # data through, edition, scope
    warning: str  # that the data were invented; empty where they were not
    cite: str
    sections: tuple[Section, ...] = field(default=())
    pages: int | None = None  # on how many it should fit where there are pages

    @property
    def blocks(self) -> Iterator[Block]:
        return (block for section in self.sections for block in section.blocks)


def strong(text: str) -> str:
    """A piece of a sentence that is to stand out, for `runs` to find."""
    return f"{_OPEN}{text}{_SHUT}"


def runs(text: str) -> Runs:
    """A sentence in which some pieces were made `strong`, as runs."""
    found: list[Run] = []
    for piece in text.split(_OPEN):
        inside, shut, after = piece.partition(_SHUT)
        found += [Run(text=inside, strong=True), Run(text=after)] if shut else [Run(text=piece)]
    return tuple(run for run in found if run.text)


def paragraph(*sentences: str) -> list[Block]:
    """One paragraph of what is there to be said; none where nothing is."""
    return [Paragraph(runs=runs(told)) for told in sentences if told]


def points(sentences: Iterable[str]) -> list[Block]:
    """The sentences as points; a single one as a paragraph."""
    told = [runs(sentence) for sentence in sentences if sentence]
    if len(told) < 2:
        return [Paragraph(runs=one) for one in told]
    return [Points(points=tuple(told))]


def plain(told: Runs) -> str:
    """The text of runs."""
    return "".join(run.text for run in told)


def cell_text(cell: Cell) -> str:
    """A cell in words."""
    return cell if isinstance(cell, str) else cell.text if isinstance(cell, Mark) else cell.alt


def without_pictures(table: Table) -> Table:
    """The table without its columns of small pictures, which say in drawing what stands in other columns."""
    kept = [at for at in range(len(table.headings)) if not any(isinstance(row[at], Picture) for row in table.rows)]
    return Table(
        caption=table.caption,
        headings=tuple(table.headings[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
        right=frozenset(kept.index(at) for at in table.right if at in kept),
        wide=frozenset(kept.index(at) for at in table.wide if at in kept),
        note=table.note,
    )


def texts(report: Report) -> Iterator[str]:
    """Every text of a report in reading order, without what is inside of pictures."""
    yield from (report.title, report.subtitle, report.warning, *(text for fact in report.facts for text in fact))
    for section in report.sections:
        yield section.title
        for block in section.blocks:
            yield from _of(block)
    yield from (report.cite, report.head, report.foot)


def _of(block: Block) -> Sequence[str]:
    match block:
        case Paragraph():
            return [plain(block.runs)]
        case Points():
            return [plain(point) for point in block.points]
        case Callout():
            return [block.mark.text, plain(block.runs)]
        case Counts():
            return [text for _, number, told in block.counts for text in (number, told)]
        case Facts():
            return [text for fact in block.facts for text in fact]
        case Table():
            cells = [cell_text(cell) for row in block.rows for cell in row]
            return [block.caption, *block.headings, *cells, block.note]
        case Figure():
            return [block.caption, block.alt, *_of(block.numbers)]
        case Figures():
            return [text for figure in block.figures for text in _of(figure)]
        case Note():
            return [block.text]

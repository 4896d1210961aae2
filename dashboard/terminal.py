"""Tables and texts for the terminal: results, load reports, editions, the card of an indicator."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING

import polars as pl
from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from dashboard.lists import detailtext
from dashboard.lists.listing import Listing
from dashboard.rows import headline
from dashboard.rows.assessed import Assessed, Position, position
from dashboard.rows.reading import Result
from dashboard.wording import definition, doubt, phrases
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan, codes_of
from indicators.editions.results import TOTAL

if TYPE_CHECKING:
    from indicators.bench import Figure
    from indicators.editions.edition import Edition
    from pipelines.load import LoadReport
    from pipelines.report import Note

#: headings of the results table that the app does not use
_HEADINGS = {"zh": ("95%区间", "企业数"), "en": ("95 % interval", "n")}
_POSITIONS: dict[Position, str] = {"reached": "green", "on_track": "green", "behind": "yellow", "away": "red", "missed": "red"}
_STATUSES = {"suppressed": "dim", "absent": "dim", "unreliable": "yellow"}


def console(*, error: bool = False) -> Console:
    """Where to print: as wide as the terminal, and wide enough for everything where there is none."""
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else 220
    return Console(file=stream, highlight=False, width=width, soft_wrap=False)


@contextmanager
def progress(label: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """A function to report (name, done, of) to; on a terminal it moves a bar, elsewhere there is none."""
    screen = console(error=True)
    if not screen.is_terminal:
        yield None
        return
    columns = (TextColumn(f"{label} {{task.description}}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda name, done, of: bar.update(task, description=name, completed=done, total=of or None)


def results_table(
    plan: Plan,
    rows: pl.DataFrame,
    words: Words,
    title: str | None = None,
    *,
    narrow: bool = False,
    judged: Assessed | None = None,
    through: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """Rows of the results frame as people read them: names, units, interval, target, gap and outcome in words.

    `judged` gives the outcomes their probability; `through` says by table how far its records reach into a year that is not over.
    A narrow one puts interval and n under the value, and the gap under the target. The name of a single indicator stands above,
    not in every row. Whatever the width, texts fold and none is cut.
    """
    alone = rows["indicator"].n_unique() == 1
    if alone:
        name = plan.indicators[rows["indicator"][0]].name.in_language(words.language)
        title = f"{title}\n{name}" if title else name
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    split, held = rows["breakdown"].ne(TOTAL).any(), rows["target"].is_not_null().any()
    interval, count = _HEADINGS[words.language]
    value = words("table.value", unit="").strip(" ()（）")
    left = [*([] if alone else [words("table.indicator")]), words("table.period"), *([words("table.category")] if split else [])]
    right = [value] if narrow else [value, interval, count]
    sure = [] if narrow else [words("sure.title")]
    goal = [words("tile.target"), words("tile.gap")] if held else []
    goal = ["\n".join(goal)] if narrow and held else goal
    for name in (*left, *right, *sure, *goal, words("gap.outcome") if held else ""):
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in _in_plan_order(plan, rows):
        until = through.get(headline.source(plan, plan.indicators[row.indicator]) or "")
        cells = _cells(plan, row, words, split=split, held=held, narrow=narrow, alone=alone, until=until)
        table.add_row(*cells, _remark(plan, row, judged or Assessed(), words))
    return table


def _in_plan_order(plan: Plan, rows: pl.DataFrame) -> list[Result]:
    """Indicators as they come; categories in the order of their code lists, not of their codes."""
    indicators = {name: place for place, name in enumerate(dict.fromkeys(rows["indicator"].to_list()))}
    lists = {name: {code: place for place, code in enumerate(plan.categories(name))} for name in plan.breakdowns}

    def place(row: Result) -> tuple[int, bool, str, list[int], str, str]:
        pairs = zip(row.breakdown.split(","), codes_of(row.breakdown, row.category), strict=False)
        order = [lists.get(name, {}).get(code, len(lists)) for name, code in pairs]
        return indicators[row.indicator], row.breakdown != TOTAL, row.breakdown, order, row.category, row.period

    return sorted((Result(**row) for row in rows.iter_rows(named=True)), key=place)


def _cells(
    plan: Plan, row: Result, words: Words, *, split: bool, held: bool, narrow: bool, alone: bool, until: str | None
) -> list[str]:
    """One row; the id of its target stands before the name, or where the name stands above, before what is demanded."""
    indicator, unit, language = plan.indicators[row.indicator], format.unit_of(plan, row.indicator), words.language
    signed = indicator.kind == "change"
    id = f"{row.target} " if row.target and row.target != row.indicator else ""
    cells: list[str] = [] if alone else [id + indicator.name.in_language(language)]
    cells.append(phrases.period(row.period, until, words))
    if split:
        cells.append(definition.category(plan, row.breakdown, row.category, words))
    value = format.beyond(row.value, row.low, unit, language)
    if row.value is not None:
        value = format.number(row.value, unit, language, signed=signed, beside=row.threshold)
    interval = format.interval(row.low, row.high, unit, language, signed=signed)
    count, sure = "" if row.n is None else f"{row.n:,}", phrases.assurance(row, words, short=True)
    if narrow:
        under = ", ".join(part for part in (count and f"n {count}", sure) if part)
        cells.append("\n".join(part for part in (value or "–", interval, under) if part))
    else:
        cells += [value or "–", interval or "", count, sure]
    if held:
        gap = "" if row.gap is None or row.gap <= 0 else format.difference(row.gap, unit, language)
        asked = row.operator is not None and row.threshold is not None
        bound = format.bound(row.operator or "", row.threshold or 0.0, unit, language, signed=signed) if asked else ""
        year = "" if row.target_year is None or not bound else f" ({row.target_year})"
        demanded = (id if alone else "") + bound + year
        cells += ["\n".join(part for part in (demanded, gap) if part)] if narrow else [demanded, gap]
    return cells


def _remark(plan: Plan, row: Result, judged: Assessed, words: Words) -> Text:
    """The outcome, or where there is none the verdict of the law; and the status where it is not plainly published."""
    parts = []
    if row.verdict:
        through = judged.through.get(headline.source(plan, plan.indicators[row.indicator]) or "")
        found = judged.row(row.key) or row.assessment
        told = doubt.outcome(found, plan, words, through=through) or words(f"verdict.{row.verdict}")
        parts.append((told, _POSITIONS.get(position(row.outcome, row.verdict, found), "")))
    if row.status != "published":
        parts.append((phrases.status(row, words), _STATUSES[row.status]))
    return Text(" · ").join(Text(text, style=style) for text, style in parts)


def details_tables(plan: Plan, name: str, rows: pl.DataFrame, words: Words) -> list[Table]:
    """One of the further tables of an edition as people read it: those of a judgement are one table for each target."""
    return [listing_table(found) for found in detailtext.listings(plan, name, rows, words)]


def listing_table(found: Listing) -> Table:
    return text_table(found.title, found.headings, found.rows, found.right)


def text_table(title: str | None, headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> Table:
    """Rows of texts under headings; those in `right` hold numbers."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right" if heading in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def load_table(reports: Sequence[LoadReport], words: Words) -> Table:
    """Per file what was read, accepted, set aside and replaced, and what was left out where anything was."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(words("load.file"), overflow="fold")
    table.add_column(words("load.table"))
    counts = ["read", "accepted", "set_aside", "replaced", *(["left_out"] if any(report.left_out for report in reports) else [])]
    for name in counts:
        table.add_column(words(f"load.{name}"), justify="right", no_wrap=True)
    table.add_column("")
    for report in reports:
        numbers = [f"{getattr(report, name):,}" for name in counts]
        refused = Text(words("load.refused"), style="red") if report.refused else ""
        table.add_row(report.file, report.table or "?", *numbers, words("load.unchanged") if report.unchanged else refused)
    return table


def load_remarks(report: LoadReport, words: Words, limit: int = 5) -> list[str]:
    """Sentences under the table: why a file was refused, the first faults of its rows, what was left out, what to look at."""
    file, language = report.file, words.language
    if report.refused:
        return [words("load.line", file=file, told=report.refused.in_language(language))]
    found = [] if report.unchanged else report.rejected[f"message_{language}"].head(limit).to_list()
    if found and report.rejected.height > limit:
        found.append(words("load.more_faults", file=file, n=f"{report.rejected.height - limit:,}"))
    left = [note.message.in_language(language) for note in report.notes if _is_of_rows(note)]
    found += [words("load.line", file=file, told=told) for told in left]
    notes = [note for note in report.notes if note.kind == "review"]
    for note in notes[:limit]:
        key, told = "load.look_row" if note.row else "load.look", note.message.in_language(language)
        found.append(words(key, file=file, row=note.row, told=told))
    if len(notes) > limit:
        found.append(words("load.more_notes", file=file, n=f"{len(notes) - limit:,}"))
    return found


def _is_of_rows(note: Note) -> bool:
    """Whether it tells of whole rows that are no records (totals, remarks); other normalisations name a column, or no row."""
    return note.kind == "normalised" and note.row is not None and note.column is None


def editions_table(editions: Sequence[tuple[str, Edition | str]], current: str | None) -> Table:
    """Every edition with its day, plan, number of results and how many the former had otherwise, or what is wrong with it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("edition", "created", "plan", "results", "revised", ""):
        table.add_column(name, justify="right" if name in ("results", "revised") else "left")
    for name, edition in editions:
        if isinstance(edition, str):
            table.add_row(name, "", "", "", "", Text(edition, style="red"))
            continue
        count = edition.query("SELECT count(*) AS n FROM results").item()
        told = (f"{count:,}", _revised(edition), "current" if name == current else "")
        table.add_row(name, edition.created, edition.plan.identity.id, *told)
    return table


def _revised(edition: Edition) -> str:
    """How many numbers of the former edition it gives otherwise; nothing for an edition that was held against none."""
    former = edition.manifest.get("provenance", {}).get("former")
    if former is None:
        return ""
    found = edition.query("SELECT count(*) AS n FROM revisions WHERE edition = $former", {"former": former})
    return f"{found.item():,}"


def bench_table(figures: Sequence[Figure]) -> Table:
    """Every figure with its time, its multiple of the floor measured in the same run, the goal for that, and its peak memory."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("", "rows out", "seconds", "CPU s", "× floor", "CPU ×", "goal", "peak MB", "floor"):
        table.add_column(name, justify="left" if name in ("", "floor") else "right", no_wrap=True)
    for figure in figures:
        ratios = (f"{figure.ratio:.1f}", f"{figure.cpu_ratio:.1f}") if figure.floor else ("", "")
        goal = "" if figure.goal is None else _goal(figure.ratio, figure.goal)
        times = (f"{figure.seconds:.3f}", f"{figure.cpu:.2f}")
        table.add_row(figure.name, f"{figure.rows:,}", *times, *ratios, goal, f"{figure.peak_mb:,.0f}", figure.floor)
    return table


def _goal(ratio: float, goal: float) -> Text:
    """Colour and a word: a missed goal must be seen in a log too."""
    return Text(f"≤ {goal:g}", style="green") if ratio <= goal else Text(f"≤ {goal:g} ✗ over", style="red")

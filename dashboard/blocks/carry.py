"""The row of small links under a figure or a table: the same as a picture, as text and as a workbook."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import polars as pl

from dashboard.blocks import export
from dashboard.blocks.export import File
from dashboard.blocks.view import View
from dashboard.charts.axes import Figure
from dashboard.lists import table
from dashboard.lists.workbook import workbook
from dashboard.pictures.png import png
from dashboard.pictures.svg import svg
from dashboard.wording import citation
from dashboard.wording.definition import Facts

_KINDS = {
    "png": "image/png",
    "svg": "image/svg+xml",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def chart(
    view: View,
    key: str,
    *,
    name: str,
    title: str,
    figure: Figure,
    frame: pl.DataFrame,
    facts: Facts,
    what: str,
    places: int,
    marks: Mapping[str, str] = MappingProxyType({}),
    width: int = 960,
) -> None:
    """PNG, SVG, CSV and XLSX of a figure and of the table behind it.

    `name` is what the files are called, without edition, language and ending, which are added; `title` stands over the
    picture; `facts` are what the table is (definition.metadata); `what` says in the log which view it is; `places` are the
    decimals of the numbers in `frame`; `marks` say in words what the traces of the figure are, by their names (see
    pictures/legend.py); `width` is that of the picture in pixels.
    """

    def drawn() -> str:
        told = citation.lines(view.edition, title, view.words)
        return svg(figure, title=title, note=_note(facts, view), lines=told, key=marks, width=width)

    pictures = {"png": lambda: png(drawn()), "svg": lambda: drawn().encode()}
    _row(view, key, name, title, what, {**pictures, **_tables(view, title, frame, facts, places)})


def frame(view: View, key: str, *, name: str, title: str, frame: pl.DataFrame, facts: Facts, what: str, places: int) -> None:
    """CSV and XLSX of a table; all else as in `chart`."""
    _row(view, key, name, title, what, _tables(view, title, frame, facts, places))


def _tables(view: View, title: str, frame: pl.DataFrame, facts: Facts, places: int) -> dict[str, Callable[[], bytes]]:
    edition, words = view.edition, view.words
    held = {term for term, _ in facts}
    told = [*facts, *(fact for fact in citation.facts(edition, title, words) if fact[0] not in held)]
    return {
        "csv": lambda: table.as_csv(frame, told, places),
        "xlsx": lambda: workbook(frame, title=title, facts=told, places=places, created=edition.created),
    }


def _note(facts: Facts, view: View) -> str:
    """Under the title of a picture: the unit of its numbers."""
    unit = view.words("table.unit")
    return next((view.words("mark.term", term=term, told=told) for term, told in facts if term == unit), "")


def _row(view: View, key: str, name: str, title: str, what: str, made: dict[str, Callable[[], bytes]]) -> None:
    words = view.words
    stem = f"{name}_{view.edition.id}_{words.language}"
    files = [
        File(
            label=form.upper(),
            told=words("carry.named", form=form.upper(), title=title),
            name=f"{stem}.{form}",
            kind=_KINDS[form],
            make=make,
        )
        for form, make in made.items()
    ]
    export.row(view, words("carry.label"), files, key=key, what=what)

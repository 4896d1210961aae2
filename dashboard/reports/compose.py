"""Which reports there are, and how each is composed of an edition."""

from __future__ import annotations

from typing import get_args

from dashboard.reports.brief import brief
from dashboard.reports.matter import Matter
from dashboard.reports.progress import progress
from dashboard.reports.report import Kind, Report
from dashboard.reports.sheet import sheet

KINDS: tuple[Kind, ...] = get_args(Kind)


def compose(kind: Kind, matter: Matter, of: tuple[str, str] | None = None) -> Report:
    """The report of a kind; a sheet is `of` a breakdown and the code of one of its categories, the others of the whole.

    Raises NotPublished for a category of which the edition has no number; ValueError for a sheet without one, or a category
    where none belongs.
    """
    if (kind == "sheet") != (of is not None):
        raise ValueError(f"a report of the kind {kind} about {of or 'the whole'}")
    if of is not None:
        return sheet(matter, of)
    return progress(matter) if kind == "progress" else brief(matter)

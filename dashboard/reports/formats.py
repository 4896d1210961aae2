"""The formats that a report can be had in; a new one is a file with a function from a report to bytes, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dashboard.reports.html import html
from dashboard.reports.markdown import markdown
from dashboard.reports.pdf import pdf
from dashboard.reports.report import Kind, Report
from indicators.catalogue.periods import Language


@dataclass(frozen=True, kw_only=True)
class Format:
    """How a report becomes a file, and of what kind it then is."""

    make: Callable[[Report], bytes]
    media: str


#: by the ending of the file, which is also what the address and the words call it
FORMATS: dict[str, Format] = {
    "pdf": Format(make=pdf, media="application/pdf"),
    "html": Format(make=html, media="text/html; charset=utf-8"),
    "md": Format(make=markdown, media="text/markdown; charset=utf-8"),
}


def file_name(kind: Kind, edition: str, language: Language, ending: str, about: tuple[str, str] | None = None) -> str:
    """planwatch_brief_0001_zh.pdf; of one category with its breakdown and code."""
    return f"planwatch_{kind}{'' if about is None else '_' + '-'.join(about)}_{edition}_{language}.{ending}"

"""What every report has around its sections: title, edition, how far the data reach, that they were invented, how to cite."""

from __future__ import annotations

from dashboard.reports.matter import Matter
from dashboard.reports.report import Kind, Report, Section
from dashboard.wording import definition
from dashboard.wording.citation import citation, is_synthetic
from indicators.catalogue import periods

_HAN = "一二三四五六七八九十"


def framed(
    kind: Kind,
    matter: Matter,
    sections: list[Section],
    *,
    of: tuple[str, str] | None = None,
    pages: int | None = None,
    numbered: bool = True,
) -> Report:
    """The report around its sections; `of` are the breakdown and the category that it is about."""
    words, edition, language = matter.words, matter.edition, matter.words.language
    plan, day = matter.plan.identity.name.in_language(language), periods.label(matter.day, language)
    name = definition.category(matter.plan, *of, words) if of else ""
    title = words(f"report.{kind}.title", name=name)
    about = {"plan": plan, "title": title, "id": edition.id, "day": day}
    facts = [(words("report.fact.edition"), words("report.fact.edition.of", id=edition.id, day=day))]
    if matter.through:
        facts.insert(0, (words("report.fact.through"), periods.label(matter.through, language)))
    if of:
        told = words("report.fact.scope.of", breakdown=definition.breakdown_name(matter.plan, of[0], words), name=name)
        facts.insert(0, (words("report.fact.scope"), told))
    return Report(
        kind=kind,
        language=language,
        about=of,
        title=title,
        subtitle=words("report.subtitle", plan=plan),
        edition=edition.id,
        day=matter.day,
        head=words("report.head", **about),
        foot=words("report.foot", **about),
        facts=tuple(facts),
        warning=words("edition.synthetic") if is_synthetic(edition) else "",
        cite=citation(edition, title, words),
        sections=tuple(_numbered(sections, language) if numbered else sections),
        pages=pages,
    )


def _numbered(sections: list[Section], language: str) -> list[Section]:
    """With numbers before the titles: 一、 and （一）, or 1 and 1.1."""
    found, high, low = [], 0, 0
    for section in sections:
        high, low = (high, low + 1) if section.deep else (high + 1, 0)
        if language == "zh":
            number = f"（{_han(low)}）" if section.deep else f"{_han(high)}、"
        else:
            number = f"{high}.{low}  " if section.deep else f"{high}  "
        found.append(Section(**{**vars(section), "title": number + section.title}))
    return found


def _han(number: int) -> str:
    """一 to 九十九."""
    tens, ones = divmod(number, 10)
    return ("" if tens == 0 else "十" if tens == 1 else f"{_HAN[tens - 1]}十") + (_HAN[ones - 1] if ones else "")

"""The brief for leaders, two pages: verdicts at a glance, the gap that matters most, who must move, what changed, how sure."""

from __future__ import annotations

from dashboard.reports import figures, findings
from dashboard.reports.frame import framed
from dashboard.reports.matter import Matter
from dashboard.reports.report import Block, Figures, Report, Section, paragraph, points
from dashboard.rows import headline

_CLOSING = 5  # of those behind, as many as have room on the second page


def brief(matter: Matter) -> Report:
    """Two pages of A4: the first says how the plan stands and who must move, the second the widest gap, change and doubt."""
    words = matter.words
    closing = findings.closing(matter)
    told = closing[:_CLOSING]
    if len(closing) > len(told):
        told.append(words("report.more", n=len(closing) - len(told)))
    sections = [
        Section(
            title=words("report.section.overall"),
            blocks=(findings.counts(matter), *points(findings.overall(matter))),
        ),
        Section(title=words("report.section.glance"), blocks=(findings.glance(matter),)),
    ]
    if told:
        sections.append(Section(title=words("report.section.closing"), blocks=tuple(points(told))))
    sections += [
        *_first(matter),
        Section(title=words("report.section.changes"), blocks=tuple(points(findings.changes(matter)))),
        Section(title=words("report.section.sure"), blocks=tuple(points(findings.sureness(matter)))),
    ]
    return framed("brief", matter, sections, pages=2)


def _first(matter: Matter) -> list[Section]:
    """The gap that matters most: why its outcome is so, the way to its target, and who holds the first gap that can be split."""
    reading, words = matter.first, matter.words
    if reading is None or reading.judged is None:
        return []
    name = reading.indicator.name.in_language(words.language)
    split = (figures.holders_of(late, matter, most=6, width=figures.HALF) for late in headline.late(matter.tiles))
    drawn = (figures.to_target(reading, matter, width=figures.HALF), next((one for one in split if one), None))
    found = tuple(one for one in drawn if one is not None)
    blocks: list[Block] = [findings.callout(reading, matter)]
    blocks += [Figures(figures=found)] if found else []
    blocks += paragraph(figures.scenario(reading, matter))
    return [Section(title=words("report.section.first", name=name), blocks=tuple(blocks), fresh=True)]

"""A report as Markdown, with the numbers of each figure as a table."""

from __future__ import annotations

from dashboard.lists.listing import Listing
from dashboard.papers.markdowntext import escaped
from dashboard.papers.markdowntext import table as listed
from dashboard.reports.report import (
    Block,
    Callout,
    Counts,
    Facts,
    Figure,
    Figures,
    Note,
    Paragraph,
    Points,
    Report,
    Runs,
    Table,
    cell_text,
    without_pictures,
)


def markdown(report: Report) -> bytes:
    """UTF-8; signs of texts stay signs."""
    blocks = [f"# {escaped(report.title)}", escaped(report.subtitle)]
    blocks += [f"**{escaped(report.warning)}**"] if report.warning else []
    blocks += ["\n".join(_fact(*fact) for fact in report.facts)]
    for section in report.sections:
        blocks.append(f"{'###' if section.deep else '##'} {escaped(section.title)}")
        blocks += [_block(block) for block in section.blocks]
    blocks += ["---", escaped(report.cite)]
    return ("\n\n".join(block for block in blocks if block) + "\n").encode()


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return _runs(block.runs)
        case Points():
            return "\n".join(f"- {_runs(point)}" for point in block.points)
        case Callout():
            return f"> **{escaped(block.mark.text)}**" + (f"\n>\n> {_runs(block.runs)}" if block.runs else "")
        case Counts():
            return "\n".join(f"- **{escaped(number)}** {escaped(told)}" for _, number, told in block.counts)
        case Facts():
            return "\n".join(_fact(*fact) for fact in block.facts)
        case Table():
            return _table(block)
        case Figure():
            return f"**{escaped(block.caption)}**\n\n{escaped(block.alt)}\n\n{_table(block.numbers)}"
        case Figures():
            return "\n\n".join(_block(figure) for figure in block.figures)
        case Note():
            return escaped(block.text)


def _fact(term: str, told: str) -> str:
    return f"- **{escaped(term)}** {escaped(told)}"


def _runs(told: Runs) -> str:
    """Blanks at the ends of what stands out are set outside of it, else it would not stand out."""
    found = []
    for run in told:
        text = escaped(run.text)
        before, after = run.text[:1].isspace(), run.text[-1:].isspace()
        found.append(f"{' ' if before else ''}{f'**{text}**' if run.strong else text}{' ' if after else ''}")
    return "".join(found)


def _table(table: Table) -> str:
    kept = without_pictures(table)
    rows = [[cell_text(cell) for cell in row] for row in kept.rows]
    right = [heading for at, heading in enumerate(kept.headings) if at in kept.right]
    made = listed(Listing(title=None, headings=list(kept.headings), rows=rows, right=right))
    return "\n\n".join(text for text in (f"**{escaped(table.caption)}**", made, escaped(table.note)) if text)

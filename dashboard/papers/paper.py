"""A paper: sections of paragraphs, points and tables, written as Markdown that reads as well printed as rendered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.lists.listing import Listing
from dashboard.papers.markdowntext import escaped, table

#: a paragraph, a list of points, or a table
Block = str | tuple[str, ...] | Listing


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands below it; a `deep` one belongs to the one before it. Without a title it has no heading."""

    title: str
    blocks: tuple[Block, ...]
    deep: bool = False


def markdown(title: str, sections: Iterable[Section]) -> str:
    """The paper under its title."""
    blocks = [f"# {escaped(title)}"]
    for section in sections:
        blocks += [f"{'###' if section.deep else '##'} {escaped(section.title)}"] if section.title else []
        blocks += [_block(block) for block in section.blocks]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Listing):
        return table(block, even=True)
    if isinstance(block, str):
        return escaped(block)
    return "\n".join(f"- {escaped(point)}" for point in block)

"""Pieces of the catalogue page as escaped HTML: the mark of a tier, the counts, a table with its columns to be unfolded."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.catalogue import catalogue
from dashboard.catalogue.catalogue import Catalogue, Fact
from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.words import Words
from indicators.editions.inventory import Entry, Holding
from pipelines.custody import Tier


def mark(tier: Tier, words: Words) -> str:
    """One, two or three filled bars, a word and a colour, any one of which is enough to tell a tier."""
    return markup.box(f"pw-tier pw-tier-{tier}", "<i></i>", escape(words(f"catalogue.tier.{tier}")), tag="span")


def counts(entries: Sequence[Entry], words: Words) -> str:
    """How many columns are of each tier, as a bar of which each column is a piece, and in numbers."""
    found = catalogue.tiers(entries)
    pieces = "".join(f'<i class="pw-tier-{tier}" style="flex-grow:{n}"></i>' for tier, n in found)
    named = (f"<li>{mark(tier, words)}<b>{n}</b></li>" for tier, n in found)
    return markup.box("pw-tiers", markup.box("pw-tiers-bar", pieces), f"<ul>{''.join(named)}</ul>")


def facts(rows: Sequence[Fact], words: Words, kind: str = "pw-kept") -> str:
    """Terms with their texts; what is proposed only is marked so."""
    flag = markup.text("pw-proposed", words("catalogue.proposed"), tag="span")
    listed = (f"<div><dt>{escape(row.term)}{flag if row.proposed else ''}</dt><dd>{escape(row.told)}</dd></div>" for row in rows)
    return markup.box(kind, *listed, tag="dl")


def holding(of: Catalogue, one: Holding, common: Sequence[Fact], words: Words, *, unfolded: bool) -> str:
    """One table: name, tier and a square for each column; unfolded what is said of it beyond the `common`, and its columns."""
    n = len(one.entries)
    count = words("catalogue.columns.one") if n == 1 else words("catalogue.columns", n=n)
    squares = "".join(f'<i class="pw-tier-{entry.tier}"></i>' for entry in one.entries)
    head = markup.box(
        "pw-shelved",
        f"<b>{escape(catalogue.name(one, words))}</b><code>{escape(one.id)}</code>",
        markup.box("pw-squares", squares, tag="span"),
        markup.text("pw-small", f"{catalogue.period(one.custody, words)} · {count}", tag="span"),
        mark(one.tier, words),
        tag="summary",
    )
    own = [fact for fact in catalogue.facts(of, one, words) if fact not in common]
    columns = (_column(of, one, entry, words) for entry in one.entries)
    body = (facts(own, words) if own else "") + markup.box("pw-columns", *columns, tag="ul")
    return f'<details class="pw-holding"{" open" if unfolded else ""}>{head}{body}</details>'


def _column(of: Catalogue, one: Holding, entry: Entry, words: Words) -> str:
    kind = [words(f"catalogue.kind.{entry.kind}")] if entry.kind else []
    typed = words(f"catalogue.type.{entry.type}") + (f" {entry.unit}" if entry.unit else "")
    personal = [markup.text("pw-personal", words("catalogue.personal"), tag="span")] if entry.personal else []
    return markup.box(
        "pw-entry",
        f"<div><b>{escape(catalogue.column(entry, words))}</b><code>{escape(entry.id)}</code></div>",
        markup.box("pw-graded", mark(entry.tier, words), *personal),
        markup.text("pw-small", " · ".join([*kind, typed])),
        markup.text("pw-why-tier", catalogue.why(of, one, entry, words)),
        tag="li",
    )

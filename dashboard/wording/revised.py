"""What an edition changed of a former one, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.rows import revised
from dashboard.rows.revised import Revised
from dashboard.wording import counted
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan


def lead(found: Sequence[Revised], edition: str, words: Words) -> str:
    """How many numbers of the former edition were changed, how many beyond their error, and why."""
    n, beyond = (sum(getattr(one, name) for one in found) for name in ("numbers", "beyond"))
    why = words("mark.names").join(words(f"reason.{reason}") for reason in revised.reasons(found))
    told = words("data.revisions.lead", id=edition, n=f"{n:,}", beyond=f"{beyond:,}", indicators=len(found))
    return told + words("data.sentence") + words("data.revisions.why", why=why)


def since(n: int, compared: int, words: Words) -> str:
    """Of all numbers published more than once, how many were ever revised."""
    return words("data.revisions.since", n=f"{n:,}", all=f"{compared:,}", share=counted.share(n, compared))


def total(found: Revised, plan: Plan, words: Words) -> str:
    """The total that moved most: from what to what, in which year; a stroke where none did."""
    row = found.total
    if row is None or row["former"] is None or row["value"] is None:
        return "–"
    unit, signed = format.unit_of(plan, found.indicator), plan.indicators[found.indicator].kind == "change"
    former, value = (format.number(row[name], unit, words.language, signed=signed) for name in ("former", "value"))
    period = periods.label(row["period"], words.language)
    return words("data.revisions.total", period=period, former=former, value=value)

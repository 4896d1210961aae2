"""What changed since the former edition, in sentences: numbers revised and why, verdicts moved, reports late."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard.words import Words
from indicators.editions.edition import Edition
from pipelines.yamlfile import Text

#: kinds of alerts, in the order in which they are told
KINDS = ("verdict", "revision", "late")
#: alerts that are told one by one; of more their number is told
_MOST = 8


def former(edition: Edition) -> str | None:
    """The id of the edition before, or None where this is the first, or was published before that was noted."""
    found = edition.manifest.get("provenance", {}).get("former")
    return str(found) if found else None


def sentence(former: str | None, alerts: pl.DataFrame, revised: pl.DataFrame, words: Words) -> str:
    """How many numbers were revised, how many verdicts moved, how many tables are late; empty where nothing is known.

    `alerts` are the rows of that table; `revised` counts revisions by indicator, edition and reason.
    """
    counts = {kind: alerts.filter(pl.col("kind") == kind).height for kind in KINDS}
    late = [words("since.late", n=counts["late"])] if counts["late"] else []
    if former is None:
        return words("since.first", told=words("mark.comma").join(late)) if late else ""
    numbers, beyond = (int(revised.filter(edition=former)[name].sum()) for name in ("numbers", "beyond"))
    told = [words("since.revised", n=f"{numbers:,}", beyond=f"{beyond:,}")] if numbers else [words("since.unrevised")]
    told += [words("since.verdicts", n=counts["verdict"])] if counts["verdict"] else []
    return words("since.sentence", former=former, told=words("mark.comma").join([*told, *late]))


def reasons(former: str | None, revised: pl.DataFrame, words: Words) -> list[str]:
    """How many numbers were revised for which reason; nothing without a former edition."""
    if former is None:
        return []
    since = revised.filter(edition=former).group_by("reason").agg(pl.col("numbers").sum())
    return [
        words("since.reason", n=f"{row['numbers']:,}", reason=words(f"since.reason.{row['reason']}"))
        for row in since.sort("numbers", "reason", descending=[True, False]).iter_rows(named=True)
    ]


def fired(alerts: Sequence[Text], words: Words) -> list[str]:
    """The alerts in their own words, the foremost first."""
    told = [one.in_language(words.language) for one in alerts]
    return told[:_MOST] + ([words("since.others", n=len(told) - _MOST)] if len(told) > _MOST else [])

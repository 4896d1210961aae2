"""What an edition changed of the numbers of former ones: counts by indicator and reason, and the totals one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from indicators.catalogue.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Revised:
    """The numbers of one indicator that an edition changed against a former one."""

    indicator: str
    numbers: int
    beyond: int
    reasons: tuple[str, ...]
    total: dict[str, Any] | None = None  # the row of the total that moved most, where one did


def against(revised: pl.DataFrame, totals: pl.DataFrame, edition: str, plan: Plan) -> list[Revised]:
    """What changed against one edition, the indicators with the most changes first.

    `revised` and `totals` as query.revised and query.revised_totals have them.
    """
    found = []
    known = revised.filter(pl.col("edition") == edition, pl.col("indicator").is_in(list(plan.indicators)))
    for (name,), rows in known.group_by("indicator", maintain_order=True):
        own = totals.filter(pl.col("edition") == edition, pl.col("indicator") == name)
        moved = own.sort(pl.col("revision").abs(), descending=True).head(1).to_dicts()
        reasons = tuple(sorted({str(one) for one in rows["reason"].to_list() if one}))
        counts = {"numbers": int(rows["numbers"].sum()), "beyond": int(rows["beyond"].sum())}
        found.append(Revised(indicator=str(name), reasons=reasons, total=moved[0] if moved else None, **counts))
    return sorted(found, key=lambda one: (-one.numbers, one.indicator))


def newest(revised: pl.DataFrame) -> str | None:
    """The last edition that numbers are held against."""
    names = [str(name) for name in revised["edition"].drop_nulls().to_list()]
    return max(names, key=lambda name: (len(name), name), default=None)


def since_first(summary: pl.DataFrame) -> tuple[int, int]:
    """Of how many numbers that were published more than once how many were revised since they were first."""
    rows = summary.filter(pl.col("stage") == "latest", pl.col("rows") == "all")
    return int(rows["revised"].sum()), int(rows["compared"].sum())


def reasons(found: Sequence[Revised]) -> list[str]:
    return sorted({reason for one in found for reason in one.reasons})

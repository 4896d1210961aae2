"""The frozen base: which edition's values of the base year hold from now on, as declared in a small sealed file.

A revision of the base year changes every change on it, so the base is frozen at a declared edition, and the change on the
revised base stands beside it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.editions.edition import BrokenEdition, Edition, NoEdition, open_edition, write_beside
from indicators.estimation.estimate import KEYS
from pipelines.yamlfile import Text

FILE = "frozen.json"


class FreezeRefused(ValueError):
    """The base cannot be frozen so; the message says why and what to do."""


class BaseUnreadable(ValueError):
    """A base was frozen, but its values cannot be read any more; nothing may be published on another one unnoticed."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """The values of `period` are those of `edition`, whose manifest has this hash."""

    plan: str
    period: str
    edition: str
    manifest_sha256: str
    declared: str


@dataclass(frozen=True, kw_only=True)
class FrozenBase:
    """The results of the frozen year, its quarters and months, for every indicator that is still measured as it was then."""

    declaration: Declaration
    rows: pl.DataFrame  # columns of the results frame, one row a number
    comparisons: pl.DataFrame  # of its categories with each other
    remeasured: frozenset[str]  # indicators that are measured otherwise now, so that their former values are no base

    @property
    def period(self) -> str:
        return self.declaration.period

    @property
    def covered(self) -> pl.DataFrame:
        """Indicator, period and breakdown of which the frozen edition says something."""
        return self.rows.select(KEYS[:3]).unique()

    @property
    def provenance(self) -> dict[str, str]:
        """What an edition that stands on this base says of it."""
        told = self.declaration
        return {"period": told.period, "edition": told.edition, "manifest_sha256": told.manifest_sha256}


def freeze(root: Path, edition: Edition, period: str | None = None, *, again: bool = False) -> Declaration:
    """Declares that the values of `period` (default: that of the edition's plan) are those of `edition` from now on.

    Raises FreezeRefused when another declaration stands and `again` is not given, when the edition publishes nothing of
    that year, or when the year is not over in it.
    """
    identity = edition.plan.identity
    year = period or identity.frozen_period or identity.base_period
    _refuse(edition, year)
    wanted = Declaration(
        plan=identity.id,
        period=str(year),
        edition=edition.id,
        manifest_sha256=edition.sha256,
        declared=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    kept = wanted

    def change(text: str | None) -> str | None:
        nonlocal kept
        standing, former = _standing(root / FILE, text, again=again)
        if standing is not None and _same(standing, wanted):
            kept = standing
            return None
        if standing is not None and not again:
            raise FreezeRefused(
                f"The values of {standing.period} have been those of edition {standing.edition} since {standing.declared}. "
                "To declare the base anew add --again; the former declaration is kept in the file."
            )
        return _sealed(wanted, [*former, *([asdict(standing)] if standing else [])])

    write_beside(root, FILE, change)
    return kept


def declaration(root: Path) -> Declaration | None:
    """What stands declared; None where nothing was. Raises BaseUnreadable when the file is not as it was written."""
    path = root / FILE
    return _read(path, path.read_bytes().decode(errors="replace"))[0] if path.exists() else None


def frozen_base(root: Path, plan: Plan) -> tuple[FrozenBase | None, tuple[Text, ...]]:
    """The frozen base of a plan with its values, and notices.

    Raises BaseUnreadable when the declared edition is gone, broken or another one than was declared.
    """
    told = declaration(root)
    if told is None:
        return None, ()
    if told.plan != plan.identity.id:
        return None, (_of_another_plan(told),)
    try:
        edition = open_edition(root, told.edition)
    except (BrokenEdition, NoEdition) as error:
        raise BaseUnreadable(_gone(told, str(error).removesuffix(" Publish again."))) from None
    with closing(edition):
        if edition.sha256 != told.manifest_sha256:
            raise BaseUnreadable(_gone(told, "It is not the edition that was declared."))
        levels = {name: one for name, one in plan.indicators.items() if one.kind != "change"}
        former = edition.plan.indicators
        remeasured = frozenset(name for name in levels.keys() & former.keys() if _measure(levels[name]) != _measure(former[name]))
        held = pl.col("indicator").is_in(sorted(levels.keys() - remeasured))
        rows, comparisons = (
            edition.query(f"SELECT * FROM {name} WHERE substr(period, 1, 4) = $period", {"period": told.period}).filter(held)
            for name in ("results", "comparisons")
        )
    unique = rows.unique(KEYS, maintain_order=True)  # a number with two targets stands there twice
    return FrozenBase(declaration=told, rows=unique, comparisons=comparisons, remeasured=remeasured), ()


def _refuse(edition: Edition, period: str | None) -> None:
    name = edition.plan.identity.id
    if period is None:
        raise FreezeRefused(f"The plan {name} states no base_period. Name the year, for example `planwatch freeze 2025`.")
    if not re.fullmatch(r"[0-9]{4}", period):
        raise FreezeRefused(f"`{period}` is no year; the base is a whole year such as 2025.")
    there = edition.query("SELECT DISTINCT substr(period, 1, 4) AS year FROM results WHERE value IS NOT NULL ORDER BY year")
    if period not in (years := there["year"].to_list()):
        known = ", ".join(years) or "none"
        raise FreezeRefused(f"Edition {edition.id} publishes nothing of {period}. Years in it: {known}.")
    months = edition.query("SELECT table_id, last_period FROM coverage WHERE last_period LIKE '____-__'")
    for table, last in months.iter_rows():
        if last.startswith(period) and last < f"{period}-12":
            raise FreezeRefused(
                f"In edition {edition.id} the year {period} is not over: {table} ends in {last}. "
                "Load the rest of the year and publish, then freeze."
            )


def _standing(path: Path, text: str | None, *, again: bool) -> tuple[Declaration | None, list[Any]]:
    """What is declared, and what was before; a file that cannot be read is kept as it is when declaring anew."""
    if text is None:
        return None, []
    try:
        return _read(path, text)
    except BaseUnreadable:
        if not again:
            raise
        return None, [{"unreadable": text}]


def _same(one: Declaration, other: Declaration) -> bool:
    return asdict(one) == {**asdict(other), "declared": one.declared}


def _sealed(declared: Declaration, former: list[Any]) -> str:
    content = {"declaration": asdict(declared), "former": former}
    return json.dumps({**content, "sha256": _digest(content)}, ensure_ascii=False, indent=1)


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _read(path: Path, text: str) -> tuple[Declaration, list[Any]]:
    try:
        content = json.loads(text)
        seal = content.pop("sha256")
        declared, former = Declaration(**content["declaration"]), list(content["former"])
    except (ValueError, KeyError, TypeError, AttributeError):
        seal, content = "", {}
    if seal != _digest(content):
        raise BaseUnreadable(
            f"{path} is not what `planwatch freeze` wrote. Restore it from a copy of the store, "
            "or declare the base anew with `planwatch freeze YEAR --edition ID --again`."
        )
    return declared, former


def _measure(indicator: Indicator) -> dict[str, Any]:
    """How an indicator is measured; texts, targets and breakdowns are no part of that, nor are blanks in a formula."""
    names = {"unit", "table", "respondents", "where", "numerator", "denominator", "duration", "panel"}
    told = indicator.model_dump(include=names)
    return {name: " ".join(text.split()) if isinstance(text, str) else text for name, text in told.items()}


def _gone(told: Declaration, reason: str) -> str:
    return (
        f"The values of {told.period} are frozen at edition {told.edition}, which cannot be read: {reason} Restore the folder "
        f"editions/{told.edition} from a copy, or declare another edition: "
        f"`planwatch freeze {told.period} --edition ID --again`."
    )


def _of_another_plan(told: Declaration) -> Text:
    return Text(
        zh=f"已冻结的{told.period}年基期属于方案 {told.plan}，未用于本方案。",
        en=f"The frozen base {told.period} belongs to the plan {told.plan} and is not used for this one.",
    )

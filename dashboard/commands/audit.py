"""The command `audit`: what an outsider can work out from an edition, and how much it withholds."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dashboard.options import DATA, EditionId, KeyFile, Lang, PlanFolder, Store, edition_of, folder_of, language_of, there

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboard.words import Words
    from indicators.attack.audit import Audit
    from indicators.attack.found import Narrowest, Recovered
    from indicators.catalogue.plan import Plan
    from indicators.inside import Inside

#: so many numbers that were recovered are named on the screen
_NAMED = 20


class Shape(StrEnum):
    table = "table"
    json = "json"


def audit(
    store: Store = DATA,
    edition: EditionId = None,
    from_inside: Annotated[
        bool,
        typer.Option("--inside", help="Also hold it against the warehouse, for the steward alone; as slow as publishing."),
    ] = False,
    plan_folder: PlanFolder = None,
    form: Annotated[Shape, typer.Option("--format", help="table for people; json holds all of it.")] = Shape.table,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Attack an edition as an outsider would, and say what could be worked out; exit code 1 where anything could.

    Totals less parts, filters less filters, means × n, ratios × denominators, indices × levels, years less quarters and editions
    less editions are solved together as linear equations; programmes then say between what values the other numbers lie.
    """
    from dashboard.terminal import progress
    from dashboard.words import words
    from indicators.attack.audit import as_json
    from indicators.attack.audit import audit as audited
    from pipelines import log

    spoken, opened = words(language_of(lang)), edition_of(there(store), edition)
    log.ready(store, "audit")  # what cannot be recorded is not found out
    with progress("audit") as report:
        told = audited(store / "editions", edition, report)
    seen = _inside(store, opened.id, folder_of(plan_folder)) if from_inside else None
    failed = bool(told.recovered or (seen and (seen.exposed or seen.narrow)))
    log.append(store, action="audit", objects={"edition": opened.id}, outcome="failed" if failed else "done")
    if form is Shape.json:
        found = as_json(told) | ({"inside": _as_json(seen)} if seen else {})
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(told, seen, opened.plan, spoken)
    opened.close()
    if failed:
        raise typer.Exit(1)


def _inside(store: Path, edition: str, folder: Path) -> Inside:
    """The edition looked at from the warehouse, with raw or edited values, as it was made."""
    from dashboard.terminal import progress
    from indicators.catalogue.disclosure import read_rules
    from indicators.inside import inside
    from indicators.publish import folder_sha256
    from pipelines.editrun import open_edited
    from pipelines.warehouse import open_warehouse

    opened = edition_of(store, edition)
    plan = opened.plan.model_copy(update={"disclosure": read_rules(store)})
    raw = opened.manifest.get("provenance", {}).get("editing", {}).get("raw", False)
    with progress("inside") as report:
        if raw:
            with open_warehouse(store, plan.dictionary) as warehouse:
                return inside(plan, warehouse, opened, {}, report)
        warehouse, runs = open_edited(store, plan.dictionary, plan_sha256=folder_sha256(folder), progress=report)
        with warehouse:
            return inside(plan, warehouse, opened, {name: run.imputed > 0 for name, run in runs.items()}, report)


def _as_json(seen: Inside) -> dict[str, Any]:
    return asdict(seen) | {"exposed": [list(key) for key in seen.exposed], "narrow": list(seen.narrow)}


def _print(told: Audit, seen: Inside | None, plan: Plan, words: Words) -> None:
    from dashboard.terminal import console, text_table

    screen = console()
    screen.print(words("audit.title", edition=told.edition), style="bold")
    if len(told.editions) > 1:
        screen.print(words("audit.editions", names=words("mark.comma").join(told.editions)))
    if told.unread:
        screen.print(words("audit.unread", names=words("mark.comma").join(told.unread)), style="yellow")
    shares = {"share": f"{told.share * 100:.1f}"}
    screen.print(words("audit.withheld", published=f"{told.published:,}", withheld=f"{told.withheld:,}", **shares))
    headings = [words(f"audit.column.{name}") for name in ("kind", "tried", "recovered", "narrowest")]
    rows = [
        [words(f"audit.kind.{one.kind.name}"), f"{one.tried:,}", f"{one.recovered:,}", _narrowest(one.narrowest, plan, words)]
        for one in told.kinds
    ]
    screen.print(text_table(None, headings, rows, headings[1:3]))
    screen.print(words("audit.unanimous", n=f"{told.unanimous:,}"))
    for line in (*_verdict(told, plan, words), *(_seen(seen, words) if seen else ())):
        screen.print(line)


def _verdict(told: Audit, plan: Plan, words: Words) -> Iterator[str]:
    """That nothing follows, or what does."""
    if not told.recovered:
        yield words("audit.passed")
        return
    yield words("audit.failed", n=f"{len(told.recovered):,}")
    yield from (f"  · {_named(one, plan, words)}" for one in told.recovered[:_NAMED])
    if len(told.recovered) > _NAMED:
        yield words("audit.more", n=f"{len(told.recovered) - _NAMED:,}")


def _named(one: Recovered, plan: Plan, words: Words) -> str:
    """Which number, and how; never the number itself."""
    what = words("audit.what.moves", move=one.what) if "→" in one.what else words(f"audit.what.{one.what}", beside=one.beside)
    return words("audit.recovered", what=what, where=_where(one, plan, words), kind=words(f"audit.kind.{one.kind.name}"))


def _narrowest(one: Narrowest | None, plan: Plan, words: Words) -> str:
    """The interval in the unit of the indicator, and whose it is."""
    from indicators.catalogue import format

    if one is None:
        return words("audit.none")
    unit = format.unit_of(plan, one.place[0].indicator)
    low, high = (format.number(end, unit, words.language) if abs(end) < float("inf") else "∞" for end in (one.low, one.high))
    return words("audit.interval", low=low, high=high, where=_where(one, plan, words))


def _where(one: Recovered | Narrowest, plan: Plan, words: Words) -> str:
    from dashboard.wording.definition import category

    series, (breakdown, code) = one.place
    name = plan.indicators[series.indicator].name.in_language(words.language)
    return words("audit.where", name=name, period=series.period, category=category(plan, breakdown, code, words))


def _seen(seen: Inside, words: Words) -> Iterator[str]:
    """What the steward alone may read."""
    counts = {name: f"{getattr(seen, name):,}" for name in ("systems", "cells", "primary", "secondary")}
    yield words("audit.inside", **counts, share=f"{seen.withheld * 100:.1f}")
    if seen.margin is not None:
        yield words("audit.margin", times=f"{seen.margin:.2f}")
    if seen.exposed or seen.narrow:
        yield words("audit.inside.failed", exposed=f"{len(seen.exposed):,}", narrow=f"{len(seen.narrow):,}")
    else:
        yield words("audit.inside.passed")

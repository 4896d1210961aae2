"""Splits: the gap to a target and the change since the base, category by category, in parts that add up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS, TOTAL
from indicators.splits.folding import folded
from indicators.splits.pareto import places
from indicators.splits.pieces import broken
from indicators.splits.shares import Part, Whole, adds_up, composition, evened, explained, kind_of, measured, missing
from indicators.splits.sources import Sources
from indicators.splits.unsplit import Unsplit
from indicators.targets.evidence import Evidence
from indicators.targets.held import numbered
from indicators.targets.target import scope_key
from pipelines.yamlfile import Text

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Splits:
    """Rows of the table `splits`, and what a reader should know of those that are not there."""

    frame: pl.DataFrame
    notices: tuple[Text, ...] = ()


def splits(plan: Plan, held: pl.DataFrame, evidence: Evidence, results: pl.DataFrame) -> Splits:
    """The split of every number of HELD that the law speaks of, by every breakdown of which it is the sum.

    `results` say what is published. Of durations only a change at a fixed mix is split, by the breakdown of the mix. A panel
    that counts steps is split as any share; in the base year each of its categories stands at zero. What may not be told by
    itself is one part `rest`; where fewer than two categories may be told, there is no split.
    """
    sources = Sources(evidence=evidence, results=results)
    unsplit = Unsplit()
    asked = {(indicator.id, target.id or indicator.id): (indicator, target) for indicator, target in numbered(plan)}
    found: list[Row] = []
    # newest first: what it tells of the base year stands before what older years tell
    for row in held.filter("scope").sort("period", "indicator", "target", descending=[True, False, False]).iter_rows(named=True):
        indicator, target = asked[row["indicator"], row["target"]]
        found += _of_number(plan, indicator, target, row, sources, unsplit)
    columns = DETAILS["splits"]
    rounded = [pl.col(name).round_sig_figs(DIGITS) for name, kind in columns.items() if kind == pl.Float64()]
    frame = pl.DataFrame(found, schema=columns).with_columns(rounded)
    return Splits(frame=as_details("splits", frame), notices=unsplit.notices(plan))


def _of_number(plan: Plan, indicator: Indicator, target: Target, row: Row, sources: Sources, unsplit: Unsplit) -> Iterator[Row]:
    level = plan.indicators[indicator.change_of or indicator.id]
    kind = kind_of(indicator, level)
    if kind is None:
        if level.kind == "duration":
            unsplit.unmade(indicator.id)
        return
    ends = sources.ends(indicator, level, row["period"], row["base_period"])
    parted = broken(sources, indicator, target, row, kind, ends)
    if parted is None:
        return
    unsplit.odd(row, parted.odd)
    told = sources.told(indicator, row["period"], ends)
    whole, parent = parted.whole, scope_key(target)
    for breakdown, pieces in parted.pieces.items():
        open_ = parent[0] == TOTAL or parent in told  # shares of a category tell its own share of the whole
        kept = folded(whole, breakdown, pieces, told) if open_ else None
        if kept is None:
            continue
        parts = [measured(whole, piece) for piece in kept]
        shift = composition(whole, parts)
        if adds_up(whole, parts, shift):
            yield from _rows(row, breakdown, whole, *evened(whole, parts, shift))
        else:
            unsplit.odd(row, [breakdown])


def _rows(row: Row, breakdown: str, whole: Whole, every: Sequence[Part], shift: float | None) -> Iterator[Row]:
    """Rows of the table `splits`: the categories with their places, the rest, the shift between them, and the whole."""
    parts = [part for part in every if part.piece.category is not None]
    rest = next((part for part in every if part.piece.category is None), None)
    moved = explained(whole, every)
    key = {name: row[name] for name in ("indicator", "period", "target")}
    key |= {"breakdown": breakdown, "scale": "log" if whole.kind == "mix" else "linear"}
    ranked = places([part.piece.category or "" for part in parts], [part.contribution for part in parts], _held(whole))
    for part, place in zip(parts, ranked, strict=True):
        facts = {"value": part.piece.value, "se": part.se, "missing": part.missing}
        yield key | facts | vars(place) | _facts(part, moved) | {"category": part.piece.category, "part": "category"}
    if rest:
        yield key | _facts(rest, moved) | _share(whole, rest.contribution) | {"category": "rest", "part": "rest"}
    if shift is not None:
        yield key | {"contribution": shift} | _share(whole, shift) | {"category": "composition", "part": "composition"}
    sums = {name: math.fsum(getattr(part, name) for part in every) if moved else None for name in ("within", "composition")}
    yield (
        key
        | sums
        | {
            "category": TOTAL,
            "part": "total",
            "weight": 1.0 if whole.kind == "total" else math.fsum(part.weight for part in every),
            "value": whole.value,
            "units": whole.units,
            "missing": missing(whole, whole.value, whole.units),
            "contribution": whole.gap,
            "se": whole.se,
            **_share(whole, whole.gap),
        }
    )


def _facts(part: Part, moved: bool) -> Row:
    """What is told of categories and rest alike; the parts of the change only where they are all of it."""
    found = {"weight": part.weight, "units": part.piece.units, "contribution": part.contribution}
    return found | {"within": part.within if moved else None, "composition": part.composition if moved else None}


def _share(whole: Whole, contribution: float) -> Row:
    return {"share": contribution / whole.gap if _held(whole) > 0 else None}


def _held(whole: Whole) -> float:
    """The gap of which shares are told; of one within error there are none."""
    return 0.0 if whole.doubted else whole.gap

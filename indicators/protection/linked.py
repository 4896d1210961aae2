"""Linked: the system of one family in one year, with the names of its cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import polars as pl

from indicators.editions.results import TOTAL
from indicators.estimation.estimate import Floats
from indicators.protection.family import Family
from indicators.protection.former import Former
from indicators.protection.magnitude import parts
from indicators.protection.system import Magnitude, System
from indicators.protection.versions import BLANK, Versions, of_level, versions
from indicators.statements.cells import category

#: period, breakdown, category
Name = tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class Before:
    """Cells that were unsafe in a former edition, and those whose difference to now tells of too few."""

    unsafe: frozenset[Name]
    moved: frozenset[Name]


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A system and what its cells are called, in the order of their numbers."""

    system: System
    names: tuple[Name, ...]
    atoms: pl.DataFrame  # as of Versions
    kept: frozenset[Name] = frozenset()  # withheld by an earlier edition of the same values, and told by none: so they stay


def years(family: Family) -> list[str]:
    """The years of which a family has contributions."""
    found: set[str] = set()
    for asked in family.asked:
        found |= set(asked.contributions["period"].str.slice(0, 4).unique())
    return sorted(found)


def linked(
    family: Family,
    year: str,
    formers: Sequence[Former] = (),
    before: Sequence[Before] = (),
    forced: Collection[str] = (),
) -> Linked:
    """All cells of a family in a year over the atoms of its finest period; `forced` indicators must publish their totals.

    `before`: of each former edition, what must not follow from it and the others together.
    """
    own = pl.col("period").str.starts_with(year)
    rows = pl.concat([one.contributions for one in family.asked], how="diagonal").filter(own)
    unsafe = pl.concat([one.unsafe for one in family.asked], how="diagonal").filter(own)
    finest = rows.filter(of_level(family.levels[-1]))
    dated = versions(family, year, formers, finest)
    now = _all_cells(family, year, dated.atoms)
    wanted = frozenset(_names(unsafe.filter("unsafe")))
    published = {",".join(names) or TOTAL for names in family.sets}
    told = {name for name in now if name[1] in published and BLANK not in name[2].split(",")}
    cells = {name: held for name, held in now.items() if name in wanted or name in told}
    names = tuple(cells)
    place = {name: at for at, name in enumerate(names)}
    primary = [place[name] for name in wanted if name in place]
    units = _units(rows, family, place)
    must = place.get((year, TOTAL, TOTAL))
    said = [[_said(family, year, former, kind) for former in formers] for kind in ("published", "withheld")]
    were = [frozenset(name for one in kind for name in one) for kind in said]
    changes = _before(family, year, dated, now, before)
    system = System(
        cells=(*cells.values(), *changes),
        atoms=dated.atoms.height,
        primary=frozenset(primary) | frozenset(range(len(names), len(names) + len(changes))),
        order=tuple(sorted((place[name] for name in told), key=_rank(family, names, units, *were))),
        costs=np.concatenate([np.log1p(units) + 1.0, np.ones(len(changes))]),
        magnitudes=tuple(_magnitudes(family, finest, unsafe.filter(_enclosed(published)), place, dated.atoms)),
        forced=frozenset({must} if must is not None and set(forced) & set(family.indicators) else ()),
        told=tuple(_told(family, year, dated, said[0])),
        alone=_alone(finest, dated.atoms),
        holders=_holders(rows, family, frozenset(names[at] for at in primary), place),
    )
    kept = {name for name in _unchanged(dated, now, said[1]) if name not in were[0]}
    return Linked(system=system, names=names, atoms=dated.atoms, kept=frozenset(kept))


def _all_cells(family: Family, year: str, atoms: pl.DataFrame) -> dict[Name, frozenset[int]]:
    found: dict[Name, frozenset[int]] = {}
    for level, names in product(family.levels, dict.fromkeys((*family.sets, family.finest))):
        found |= _cells(atoms, year, level, names)
    return found


def _said(family: Family, year: str, former: Former, kind: str) -> frozenset[Name]:
    """The cells of a family that an earlier edition published, or withheld, for any of its indicators."""
    own = pl.col("indicator").is_in(family.indicators) & pl.col("period").str.starts_with(year)
    return frozenset(_names(getattr(former, kind).filter(own)))


def _told(family: Family, year: str, dated: Versions, published: Sequence[Collection[Name]]) -> Iterator[frozenset[int]]:
    """The sums of atoms that earlier editions told, each once."""
    seen: set[frozenset[int]] = set()
    for version, names in zip(dated.numbers, published, strict=True):
        if not names:
            continue
        then = _all_cells(family, year, dated.atoms.filter(pl.col("since") <= version))
        for name, held in then.items():
            if name in names and held not in seen:
                seen.add(held)
                yield held


def _before(
    family: Family, year: str, dated: Versions, now: Mapping[Name, frozenset[int]], before: Sequence[Before]
) -> list[frozenset[int]]:
    """As atoms: each cell that was unsafe in a former edition, and what was added since to those to which few added."""
    since = dated.atoms.sort("atom")["since"].to_list()
    found = dict[frozenset[int], None]()
    for version, memory in zip(dated.numbers, before, strict=False):
        then = _all_cells(family, year, dated.atoms.filter(pl.col("since") <= version)) if memory.unsafe else {}
        for name in sorted(memory.unsafe):
            if name in then and then[name] != now.get(name):
                found[then[name]] = None
        for name in sorted(memory.moved):
            if added := frozenset(atom for atom in now.get(name, ()) if since[atom] > version):
                found[added] = None
    return list(found)


def _unchanged(dated: Versions, now: Mapping[Name, frozenset[int]], names: Sequence[Collection[Name]]) -> Iterator[Name]:
    """Those cells of each edition to which nothing was added since."""
    since = dated.atoms.sort("atom")["since"].to_list()
    for version, own in zip(dated.numbers, names, strict=True):
        yield from (name for name in sorted(own) if name in now and all(since[atom] <= version for atom in now[name]))


def _at(level: str, year: str) -> pl.Expr:
    """The period of a level in which an atom lies."""
    period = pl.col("period")
    if level == "year":
        return pl.lit(year)
    if level == "month":
        return period
    month = period.str.slice(5, 2).cast(pl.Int64, strict=False)
    quarter = pl.lit(f"{year}-Q") + ((month - 1) // 3 + 1).cast(pl.String)
    return pl.when(period.str.contains("-Q")).then(period).otherwise(quarter)


def _cells(atoms: pl.DataFrame, year: str, level: str, names: tuple[str, ...]) -> dict[Name, frozenset[int]]:
    """The categories of one breakdown set, each with its atoms; BLANK stands for those who bear none."""
    grouped = atoms.select("atom", _at(level, year).alias("at"), category(names)).group_by("at", "category", maintain_order=True)
    breakdown = ",".join(names) or TOTAL
    return {(at, breakdown, code): frozenset(held) for at, code, held in grouped.agg("atom").iter_rows()}


def _names(frame: pl.DataFrame) -> Iterator[Name]:
    yield from frame.select("period", "breakdown", "category").unique(maintain_order=True).iter_rows()


def _held(rows: pl.DataFrame, family: Family) -> Iterator[tuple[str, pl.DataFrame]]:
    """Of every breakdown set: its name, and period, category, indicator, holding, units of those who contribute."""
    inside = rows.filter(pl.col("units") > 0)
    for names in dict.fromkeys((*family.sets, family.finest)):
        yield ",".join(names) or TOTAL, inside.select("period", category(names), "indicator", "holding", "units")


def _units(rows: pl.DataFrame, family: Family, place: dict[Name, int]) -> Floats:
    """Units behind each cell, of the indicator that has most."""
    found = np.zeros(len(place))
    for breakdown, held in _held(rows, family):
        counted = held.group_by("period", "category", "indicator").agg(pl.col("units").sum())
        for period, code, units in counted.group_by("period", "category").agg(pl.col("units").max()).iter_rows():
            if (period, breakdown, code) in place:
                found[place[period, breakdown, code]] = units
    return found


def _holders(rows: pl.DataFrame, family: Family, wanted: frozenset[Name], place: dict[Name, int]) -> dict[int, frozenset[str]]:
    found: dict[int, frozenset[str]] = {}
    for breakdown, held in _held(rows, family):
        grouped = held.group_by("period", "category").agg(pl.col("holding").unique())
        for period, code, holdings in grouped.iter_rows():
            if (period, breakdown, code) in wanted:
                found[place[period, breakdown, code]] = frozenset(holdings)
    return found


def _alone(finest: pl.DataFrame, atoms: pl.DataFrame) -> dict[str, frozenset[int]]:
    """Contributors and the atoms that nobody else fills."""
    keys = ["period", *(name for name in atoms.columns if name.startswith("b_"))]
    inside = finest.filter(pl.col("units") > 0)
    owners = inside.group_by(keys).agg(pl.col("holding").unique()).filter(pl.col("holding").list.len() == 1)
    held = owners.join(atoms, on=keys).select(pl.col("holding").list.first(), "atom")
    return {holding: frozenset(own) for holding, own in held.group_by("holding").agg("atom").sort("holding").iter_rows()}


def _magnitudes(
    family: Family, finest: pl.DataFrame, unsafe: pl.DataFrame, place: dict[Name, int], atoms: pl.DataFrame
) -> Iterator[Magnitude]:
    """Each quantity of which a distance is asked; those that are the same for several indicators once.

    Of counts it is enough that they cannot be worked out, which elimination sees to: that all or none of those who are told
    together do something is told, unless it is unsafe itself.
    """
    keys = ["period", *(name for name in atoms.columns if name.startswith("b_"))]
    first = atoms.sort("atom").unique(keys, keep="first", maintain_order=True)
    seen: dict[bytes, Magnitude] = {}
    for indicator, part in _measured(family):
        own = unsafe.filter(pl.col("indicator") == indicator)
        sums = finest.filter(pl.col("indicator") == indicator).group_by(keys).agg(pl.col("y", "x").abs().sum())
        sums = sums.join(first, on=keys)
        asked = own.filter(pl.col(f"upper_{part}").is_not_null())
        if asked.is_empty():
            continue
        values = np.zeros(atoms.height)
        values[sums["atom"].to_numpy()] = sums[part].to_numpy()
        needs = [dict[int, float](), dict[int, float]()]
        for period, breakdown, code, up, down in asked.select(
            "period", "breakdown", "category", f"upper_{part}", f"lower_{part}"
        ).iter_rows():
            if (at := place.get((period, breakdown, code))) is not None:
                needs[0][at], needs[1][at] = up, down
        if not values.any():  # zero by definition, as a step is in its base year: nobody would learn anything
            continue
        mark = values.tobytes()
        if mark in seen:
            needs = [_larger(seen[mark].upper, needs[0]), _larger(seen[mark].lower, needs[1])]
        name = seen[mark].name if mark in seen else f"{indicator} {part}"
        seen[mark] = Magnitude(name=name, values=values, upper=needs[0], lower=needs[1])
    yield from seen.values()


def _enclosed(published: Collection[str]) -> pl.Expr:
    """Cells of which distances are asked. Of parts of a year in the finest crossing, of which nothing is published, it is asked
    that they cannot be worked out; how far they can be enclosed is asked of the whole year."""
    return pl.col("breakdown").is_in(list(published)) | (pl.col("period").str.len_chars() == 4)


def _measured(family: Family) -> Iterator[tuple[str, str]]:
    """Indicator and part (y, x) of every magnitude of a family."""
    for asked in family.asked:
        for indicator in asked.question.indicators:
            if indicator.id in family.indicators:
                found = parts(asked.question.plan, indicator)
                yield from ((indicator.id, part) for part, measures in (("y", found.y), ("x", found.x)) if measures)


def _larger(one: Mapping[int, float], other: Mapping[int, float]) -> dict[int, float]:
    return {at: max(one.get(at, 0.0), other.get(at, 0.0)) for at in {**one, **other}}


def _rank(
    family: Family, names: Sequence[Name], units: Floats, told: frozenset[Name], withheld: frozenset[Name]
) -> Callable[[int], tuple[Any, ...]]:
    """The most wanted first: what earlier editions published, then totals before breakdowns before crossings, large before small.

    What was withheld before comes last, so that the same stays withheld from edition to edition.
    """
    sets = {",".join(one) or TOTAL: at for at, one in enumerate(family.sets)}

    def rank(at: int) -> tuple[Any, ...]:
        period, breakdown, code = names[at]
        again = 2 if names[at] in withheld and names[at] not in told else 0 if names[at] in told else 1
        crossed = 0 if breakdown == TOTAL else breakdown.count(",") + 1
        return again, crossed, len(period) > 4, sets[breakdown], -units[at], period, code

    return rank

"""Strata as the variance sees them: who answered alone in a stratum joins, for the error only, the neighbour its design names.

Sources: Cochran (1977), §5A.12, for collapsed strata; Rust and Kalton (1987) for a pairing that is declared beforehand and
does not look at the values. Weights stay those of the strata that were drawn; n and N of the joined strata are added, and
the degrees of freedom count a joined stratum once, as R's survey does. A stratum of one answer without an entry is left to
the estimator ("adjust"): none is ever dropped.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from pipelines.design import Design

#: of every stratum and period: the stratum it is part of for the variance (mostly itself), its answers and its population,
#: and how many of the answers were heard and not imputed
LAYERS = ("period", "stratum", "joint", "answered", "population", "heard")


def layers(rows: pl.DataFrame, design: Design | None) -> pl.DataFrame:
    """One row per period and stratum of `rows` with the columns LAYERS; `rows` bear period, stratum, answered, population.

    A stratum with one answer out of several joins the neighbour that `design.collapse` names; of a neighbour in which nobody
    answered, the neighbour of that one. Neighbours that are themselves alone take their own with them.
    """
    if design is None:
        types = (rows.schema["period"], pl.String(), pl.String(), pl.Float64(), pl.Float64(), pl.Float64())
        return pl.DataFrame(schema=dict(zip(LAYERS, types, strict=True)))
    rows = rows if "heard" in rows.columns else rows.with_columns(heard=pl.col("answered"))
    found = rows.group_by("period", "stratum").agg(pl.col("answered", "population", "heard").first()).sort("period", "stratum")
    one_of_several = (pl.col("answered") == 1) & (pl.col("population") > 1)
    alone = found.filter(one_of_several, pl.col("stratum").is_in(list(design.collapse)))
    joints: dict[tuple[int, str], str] = {}
    for period, lonely in alone.group_by("period", maintain_order=True).agg("stratum").iter_rows():
        there = set(found.filter(pl.col("period") == period)["stratum"])
        joints |= {(period, name): joint for name, joint in _joints(lonely, there, design.collapse).items()}
    schema = dict(zip(LAYERS, (found.schema["period"], pl.String(), pl.String()), strict=False))
    named = pl.DataFrame([(*key, joint) for key, joint in joints.items()], schema=schema, orient="row")
    joined = found.join(named, on=["period", "stratum"], how="left", maintain_order="left")
    return joined.with_columns(pl.coalesce("joint", "stratum").alias("joint")).select(LAYERS)


def collapsed(rows: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The rows of a statement with the joined strata of `layers` in the place of their parts; all others as they are."""
    parts = found.filter(pl.len().over("period", "joint") > 1)
    if parts.is_empty():
        return rows
    counts = [name for name in ("answered", "population", "heard") if name in rows.columns]
    names = parts.select("period", "stratum", "joint")
    joined = rows.join(names, on=["period", "stratum"])
    sizes = joined.unique(["period", "stratum"]).sort("period", "stratum").group_by("period", "joint").agg(pl.col(counts).sum())
    touched = joined.drop("stratum", *counts)
    keys = ["period", "joint", *(name for name in touched.columns if name.startswith(("b_", "over_")))]
    summed = touched.group_by(keys, maintain_order=True).agg(pl.exclude(keys).sum())
    whole = summed.join(sizes, on=["period", "joint"], maintain_order="left").rename({"joint": "stratum"})
    rest = rows.join(names, on=["period", "stratum"], how="anti", maintain_order="left")
    return pl.concat([rest, whole.select(rows.columns)])


def _joints(lonely: list[str], there: set[str], collapse: Mapping[str, str]) -> dict[str, str]:
    """For every stratum that is joined with others, the first by name of all that are joined with it."""
    groups: dict[str, set[str]] = {}
    for name in sorted(lonely):
        neighbour = _neighbour(name, there, collapse)
        if neighbour is not None:
            united = groups.get(name, {name}) | groups.get(neighbour, {neighbour})
            groups |= dict.fromkeys(united, united)
    return {name: min(group) for name, group in groups.items()}


def _neighbour(name: str, there: set[str], collapse: Mapping[str, str]) -> str | None:
    """The next stratum along the chain in which somebody answered; None where the chain ends or turns back before."""
    passed = {name}
    while (name := collapse.get(name, "")) and name not in passed:
        if name in there:
            return name
        passed.add(name)
    return None

"""Revisions: published numbers that a later edition changed, one by one and in their size and direction.

Summary figures as recommended by McKenzie and Gamba (2008, OECD/Eurostat task force on revisions analysis): mean revision
(bias), mean absolute revision, relative mean absolute revision Σ|later − earlier| / Σ|later|, over all numbers that could
have been revised, those that were not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS, RELEASES, TOTAL
from indicators.estimation.estimate import KEYS
from indicators.revisions.past import SHOWN, Past, editions_of, unread
from pipelines.yamlfile import Text

#: half more than one unit in the last published digit: by so much a number differs when a machine adds in another order
SAME = 1.5 * 10 ** (1 - DIGITS)
#: a change is made of two such numbers and rounded once more
SAME_CHANGE = 4 * 10 ** (1 - DIGITS)


def revisions(plan: Plan, results: pl.DataFrame, past: Past, provenance: Mapping[str, Any]) -> pl.DataFrame:
    """The table `revisions` of a new edition: its numbers against their last and their first publication, where they differ.

    A number that was withheld at either end is not there, so no row tells of it.
    """
    earlier = past.first.join(past.last, on=[*KEYS, "edition"], how="anti")
    both = pl.concat([past.last, earlier]).rename({"value": "former"}).join(_published(results), on=KEYS)
    found = _revised(plan, both, results).filter("differs")
    pairs = [_reasons(edition, then, provenance) for edition, then in past.provenance.items()]
    schema = {"edition": pl.String(), "told": pl.String(), "frozen": pl.List(pl.String)}
    told = found.join(pl.DataFrame(pairs, schema=schema, orient="row"), on="edition", how="left")
    frozen = pl.col("frozen").list.contains(pl.col("period").str.slice(0, 4))
    reason = pl.when(frozen).then(pl.lit("frozen")).otherwise("told")
    return as_details("revisions", told.with_columns(reason=reason).select(*DETAILS["revisions"]))


def summary(plan: Plan, past: Past) -> pl.DataFrame:
    """The table `revision_summary`: size and direction of the revisions of all these editions, up to four rows an indicator."""
    provisional = past.first.filter(pl.col("release") == RELEASES[0])
    frames = []
    for stage, earlier, later in (("latest", past.first, past.last), ("final", provisional, past.settled)):
        values = later.select(*KEYS, "value", pl.col("edition").alias("later"))
        both = earlier.rename({"value": "former"}).join(values, on=KEYS).filter(pl.col("edition") != pl.col("later"))
        revised = _revised(plan, both, later)
        for rows, kept in (("total", revised.filter(pl.col("breakdown") == TOTAL)), ("all", revised)):
            frames.append(_summed(kept).with_columns(stage=pl.lit(stage), rows=pl.lit(rows)))
    return as_details("revision_summary", pl.concat(frames))


def revised_rows(root: Path, plan: str) -> tuple[pl.DataFrame, tuple[Text, ...]]:
    """The tables `revisions` of all editions of the plan with this id, and a notice of those that cannot be opened.

    `published_in` is the edition that holds the row.
    """
    found = [pl.DataFrame(schema={"published_in": pl.String(), **DETAILS["revisions"]})]
    broken: list[str] = []
    for edition in editions_of(root, plan, broken):
        rows = as_details("revisions", edition.query("SELECT * FROM revisions"))
        found.append(rows.select(pl.lit(edition.id).alias("published_in"), pl.all()))
    return pl.concat(found), unread(broken)


def _published(results: pl.DataFrame) -> pl.DataFrame:
    shown = results.filter(pl.col("status").is_in(SHOWN), pl.col("value").is_not_null())
    return shown.select(*KEYS, "value").unique(KEYS, maintain_order=True)


def differ(plan: Plan, both: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """The rows with `differs`: whether `former` and `value` are apart by more than rounding.

    `results` (KEYS, value) gives the levels that changes are made of: a change may lie near zero, yet its last digits are
    those of the levels.
    """
    changes = {one.id: one.change_of for one in plan.indicators.values() if one.change_of}
    levels = results.select(pl.col("indicator").alias("of"), *KEYS[1:], pl.col("value").abs().alias("level"))
    of = pl.col("indicator").replace_strict(changes, default=None, return_dtype=pl.String)
    both = both.with_columns(of=of).join(
        levels.unique(["of", *KEYS[1:]]), on=["of", *KEYS[1:]], how="left", maintain_order="left"
    )
    size = pl.max_horizontal(pl.col("former").abs(), pl.col("value").abs())
    made_of = pl.max_horizontal(1 + size, pl.col("level").fill_null(0.0))
    limit = pl.when(pl.col("of").is_null()).then(SAME * size).otherwise(SAME_CHANGE * made_of)
    return both.with_columns(differs=(pl.col("value") - pl.col("former")).abs() > limit).drop("of", "level")


def _revised(plan: Plan, both: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """`former` and `value` with `revision`, whether it `differs`, and `beyond_error` of the former."""
    outside = (pl.col("value") < pl.col("low")) | (pl.col("value") > pl.col("high"))
    return differ(plan, both, results).with_columns(
        revision=pl.col("value") - pl.col("former"),
        beyond_error=pl.when("exact").then(pl.lit(True)).otherwise(outside),
    )


def _summed(revised: pl.DataFrame) -> pl.DataFrame:
    moved = pl.when("differs").then("revision").otherwise(0.0)
    return revised.group_by("indicator").agg(
        compared=pl.len(),
        revised=pl.col("differs").sum(),
        mean=moved.mean(),
        mean_absolute=moved.abs().mean(),
        relative=pl.when(pl.col("value").abs().sum() > 0).then(moved.abs().sum() / pl.col("value").abs().sum()),
        share_beyond=pl.col("beyond_error").filter("differs").mean(),
        largest_revision=moved.sort_by(moved.abs()).last(),
    )


def _reasons(edition: str, then: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    """The edition, why its numbers differ from those of now, and the years whose values were fixed or freed since."""
    data = _parts(then) != _parts(now)
    plan = then.get("plan_sha256") != now.get("plan_sha256")
    bases = [base for base in (then.get("frozen"), now.get("frozen")) if base]
    frozen = [] if then.get("frozen") == now.get("frozen") else [str(base["period"]) for base in bases]
    other = "frozen" if frozen else "version"
    return edition, "both" if data and plan else "data" if data else "plan" if plan else other, frozen


def _parts(provenance: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the data were read from, in the order of loading; a file of which no row was accepted adds nothing."""
    return [(str(part["table"]), part["part_sha256"]) for part in provenance.get("inputs", []) if part["part_sha256"]]

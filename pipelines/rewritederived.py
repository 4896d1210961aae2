"""What was made from records, without those that are to be forgotten: the trail, the weights, the contributions."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipelines import parts, trail, weights
from pipelines.dictionary import Table
from pipelines.edit.trail import key_text
from pipelines.request import holding
from pipelines.rewrite import Rewrite
from pipelines.trail import FRAMES, Run


def trail_without(rewrite: Rewrite) -> int:
    """How many rows of the trail go. Its lines say so; a run keeps its number and gets another hash."""
    runs = trail.read_runs(rewrite.store)
    found = [_run(rewrite, run) for run in runs]
    if found != list(runs):
        rewrite.lines(trail.MANIFEST, [run.line for run in found])
    return sum(after.forgotten - before.forgotten for before, after in zip(runs, found, strict=True))


def weights_without(rewrite: Rewrite) -> int:
    """How many weights go; what is left of a version is another version."""
    count = 0
    for version in weights.kept_versions(rewrite.store):
        frame = weights.frame_of(rewrite.store, version)
        left = frame.filter(~_of_weights(rewrite, frame))
        if left.height == frame.height:
            continue
        count += frame.height - left.height
        if left.height:
            rewrite.frame(weights.part_name(weights.version_of(left)), left)
        rewrite.old.append(weights.part_name(version))
    return count


def contributions_without(rewrite: Rewrite) -> int:
    """How many rows behind editions go, or lose their name.

    NOTE: a number of an edition in circulation minus that of the next one is what a forgotten unit had added to it. Only who
    still knows that sum can withhold the next number, so the sum stays, under a name by chance.
    """
    count, meant = 0, rewrite.meant
    for path in sorted(rewrite.store.glob("contributions/*.parquet")):
        name = path.relative_to(rewrite.store).as_posix()
        frame = parts.frame_of(rewrite.store, name)
        early, named = meant.request.of_periods(frame["period"]), frame["holding"].is_in(list(meant.holders)).fill_null(False)
        if not (early | named).any():
            continue
        count += int((early | named).sum())
        rewrite.old.append(name)
        rewrite.frame(name, frame.filter(~early).with_columns(pl.col("holding").replace(dict(meant.holders))))
    return count


def _run(rewrite: Rewrite, run: Run) -> Run:
    table = rewrite.dictionary.tables[run.table]
    frames = {name: trail.frame_of(rewrite.store, run, name) for name in FRAMES}
    left = {name: (_rows if name == "rows" else _events)(rewrite, frames[name], table) for name in FRAMES}
    if all(left[name].equals(frames[name]) for name in FRAMES):
        return run
    count = run.forgotten + sum(frames[name].height - left[name].height for name in FRAMES)
    rewrite.old.extend(trail.part_name(run.sequence, run.table, name, run.forgotten) for name in FRAMES)
    digests = {name: rewrite.frame(trail.part_name(run.sequence, run.table, name, count), left[name]) for name in FRAMES}
    return replace(run, forgotten=count, sha256=digests)


def _rows(rewrite: Rewrite, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Edited rows that stay."""
    left, keys = frame.filter(~rewrite.meant.request.of_rows(table, frame.columns)), rewrite.meant.keys.get(table.id, frozenset())
    own = [key_text(values) in keys for values in left.select(table.key).rows()]
    groups = [name for name in holding(table) if name in left.columns]
    return left.filter(~pl.Series(own, dtype=pl.Boolean)).with_columns(pl.col(groups).replace(dict(rewrite.meant.holders)))


def _events(rewrite: Rewrite, frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Events that stay; values that a forgotten unit gave stay with who got them, and do not say where from."""
    request, terms = rewrite.meant.request, rewrite.meant.terms
    keys = list(rewrite.meant.keys.get(table.id, ()))
    goes = frame["key"].is_in(keys) | (frame["unit"].is_in([request.unit] if request.unit else []))
    left = frame.filter(~(goes.fill_null(False) | request.of_periods(frame["period"])))
    given = pl.when(~pl.col("donor").is_in(terms.words)).then("donor").alias("donor")
    return left.with_columns(given, *(terms.scrubbed(left[name]).alias(name) for name in ("reason_zh", "reason_en")))


def _of_weights(rewrite: Rewrite, frame: pl.DataFrame) -> pl.Series:
    """Which weights go: those of a time, and of units that no record is of any more."""
    return rewrite.meant.request.of_periods(frame["period"]) | frame["unit"].is_in(rewrite.meant.terms.words)

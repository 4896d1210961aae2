"""A run of editing: the raw rows of every table with rules go through them, and what comes out is kept and laid over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl

from pipelines import edit as rules_package
from pipelines import overlay, trail, vault, warehouse
from pipelines.database import Database
from pipelines.dictionary import Dictionary, Table
from pipelines.edit.edit import Edited, edit_table
from pipelines.edit.trail import IMPUTED, REVIEWS, TRAIL, key_text
from pipelines.editinputs import inputs
from pipelines.lock import StoreBusy, held
from pipelines.log import login, recorded
from pipelines.parts import manifest_lines, read_manifest
from pipelines.trail import Origin, Run

Progress = Callable[[str, int, int], None]
#: a load may come between editing and reading; so often it is tried again
_TRIES = 3

Rules = Callable[[Table, pl.DataFrame, pl.DataFrame | None], Edited]


def open_edited(
    store: Path, dictionary: Dictionary, *, plan_sha256: str, actor: str | None = None, progress: Progress | None = None
) -> tuple[Database, dict[str, Run]]:
    """The warehouse, read-only, with edited rows in the place of raw ones, and the run of each edited table.

    Edited anew where the raw rows, the rules or their code are not those of the last run. Raises what `edit` raises.
    """
    for _ in range(_TRIES):
        loaded = len(read_manifest(store))
        runs = standing(store, dictionary)
        if runs is None:
            runs = edit(store, dictionary, plan_sha256=plan_sha256, actor=actor, progress=progress)
        database = overlay.open_edited(store, dictionary, runs)
        if len(read_manifest(store)) == loaded:
            return database, runs
        database.close()  # something was loaded in between
    raise StoreBusy(f"{store} is being loaded into again and again. Wait until that has finished, then try again.")


def with_rules(dictionary: Dictionary) -> list[Table]:
    """The tables that are edited, each after those it is linked with, because their edited values count in it."""
    order: dict[str, Table] = {}

    def visit(table: Table, path: tuple[str, ...]) -> None:
        for link in table.link:
            if link.table in dictionary.tables and link.table not in (*path, table.id, *order):
                visit(dictionary.tables[link.table], (*path, table.id))
        order.setdefault(table.id, table)

    for table in dictionary.tables.values():
        visit(table, ())
    return [table for table in order.values() if table.editing]


def edit(
    store: Path,
    dictionary: Dictionary,
    *,
    plan_sha256: str,
    actor: str | None = None,
    rules: Rules = edit_table,
    progress: Progress | None = None,
) -> dict[str, Run]:
    """Table → the run that counts, after every table with rules was edited from its raw rows.

    The same raw rows and rules give the same run, of which the trail keeps one. Raises StoreBusy while another process
    has the store, StoreDamaged when it does not hold what its manifests say.
    """
    vault.key_of(store)
    runs: dict[str, Run] = {}
    with held(store, "planwatch edit"), recorded(store, action="edit") as told, warehouse.writable(store, dictionary) as database:
        tables = _loaded(store, dictionary)
        for done, table in enumerate(tables):
            if progress:
                progress(table.id, done, len(tables))
            overlay.lay(database, store, dictionary, runs)
            rows, frame = inputs(
                database, table, dictionary, {name: overlay.place(name) for name, run in runs.items() if run.replaced}
            )
            origin = origin_of(store, dictionary, table, plan_sha256=plan_sha256, actor=actor or login())
            runs[table.id] = trail.keep(store, table.id, frames_of(table, rules(table, rows, frame)), origin)
        overlay.lay(database, store, dictionary, runs)
        database.execute("CHECKPOINT")
        told |= {"rows": sum(run.replaced for run in runs.values()), "parts": len(read_manifest(store))}
    if progress:
        progress("", len(tables), len(tables))
    return runs


def standing(store: Path, dictionary: Dictionary) -> dict[str, Run] | None:
    """Table → its last run, when all of them were made from what is loaded now under the rules of now; else None."""
    last, tables = trail.latest(store), _loaded(store, dictionary)
    found = {table.id: last[table.id] for table in tables if table.id in last}
    if len(found) < len(tables):
        return None
    for name, run in found.items():
        of = run.origin
        if of != origin_of(store, dictionary, dictionary.tables[name], plan_sha256=of.plan_sha256, actor=of.actor):
            return None
    return found


def frames_of(table: Table, found: Edited) -> dict[str, pl.DataFrame]:
    """The frames of a run in a fixed order; the rows also with `_imputed_<column>` for every column that is not of the key."""
    events = found.events.select(pl.col(name).cast(kind) for name, kind in TRAIL.items())
    reviews = found.reviews.select(pl.col(name).cast(kind) for name, kind in REVIEWS.items())
    imputed = events.filter(pl.col("method").is_in(IMPUTED))
    rows = found.rows.select(*table.columns, "_imputed", "_added").sort(table.key)
    keys = pl.Series("key", [key_text(values) for values in rows.select(table.key).rows()], dtype=pl.String)
    flags = {
        overlay.flag(name): keys.is_in(imputed.filter(pl.col("column") == name)["key"].to_list())
        for name in table.columns
        if name not in table.key
    }
    return {
        "events": events.sort("period", "unit", "key", "column", nulls_last=True),
        "rows": rows.with_columns(**flags),
        "reviews": reviews.sort(-pl.col("score"), "period", "unit", "key", "column", "rule", nulls_last=True),
    }


def _loaded(store: Path, dictionary: Dictionary) -> list[Table]:
    """The tables with rules of which anything was loaded; of the others there is nothing to edit."""
    there = {part.table for part in read_manifest(store) if part.accepted}
    return [table for table in with_rules(dictionary) if table.id in there]


def origin_of(store: Path, dictionary: Dictionary, table: Table, *, plan_sha256: str, actor: str) -> Origin:
    """What a run over the table would be made from now."""
    read = [table, *(dictionary.tables[link.table] for link in table.link)]
    lines = manifest_lines(store)
    parts = [line for line, part in zip(lines, read_manifest(store), strict=False) if part.table in {one.id for one in read}]
    rules = "\n".join(one.model_dump_json() for one in read)
    return Origin(
        actor=actor,
        plan_sha256=plan_sha256,
        rules_sha256=hashlib.sha256(rules.encode()).hexdigest(),
        inputs_sha256=hashlib.sha256(b"".join(parts)).hexdigest(),
        program_sha256=_program(),
    )


@cache
def _program() -> str:
    """A hash of the modules of the rules: other code may change other values."""
    modules = sorted(Path(rules_package.__file__ or "").parent.glob("*.py"))
    return hashlib.sha256(b"\0".join(module.read_bytes() for module in modules)).hexdigest()

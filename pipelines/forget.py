"""Forgetting: records of a unit, a part or a time leave every file of the store, and nothing of them stays in its bytes.

DuckDB and Parquet keep what was deleted until the space is used again, so nothing is deleted from a file: new files without
the records take the place of the old ones, all of them together, and the warehouse is built anew. Editions hold no record and
stay as they are.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines import log, parts, pseudonym, sealing, vault
from pipelines.dictionary import Dictionary, Table
from pipelines.edit.trail import key_text
from pipelines.lock import held
from pipelines.parts import Part
from pipelines.renewal import Renewal
from pipelines.request import Request, holding, naming
from pipelines.rewrite import Meant, Rewrite
from pipelines.rewritederived import contributions_without, trail_without, weights_without
from pipelines.rewriteparts import parts_without
from pipelines.terms import INSTEAD, Terms


class ForgetRefused(ValueError):
    """The request cannot be carried out; the message says why and what to do. Nothing was changed."""


@dataclass(frozen=True, kw_only=True)
class Forgotten:
    """How many records are gone, from where."""

    rows: Mapping[str, int]  # table → accepted rows
    set_aside: int
    parts: int  # that are other files now, or none
    edits: int  # rows of the trail
    weights: int
    contributions: int  # rows behind editions: gone, or no longer with a name
    back: int  # rows that a forgotten part had replaced and that may stand again


def forget(store: Path, dictionary: Dictionary, request: Request) -> Forgotten:
    """Takes the records that the request means out of parts, set-aside rows, trail, weights, contributions and warehouse.

    Killed at any moment, everything is as before or the next writer finishes it. The log tells that it happened, of the unit
    only a mark that cannot be turned back. Raises ForgetRefused, StoreBusy, StoreDamaged, KeyNeeded and SealBroken.
    """
    vault.key_of(store)
    log.ready(store, "forget")
    told = _told(store, request)
    with held(store, "planwatch forget"):
        manifest = parts.read_manifest(store)
        _refuse(store, manifest, dictionary, request)
        sealing.unlisted(store)
        old = sealing.clear(store)
        meant = _meant(store, dictionary, request, manifest)
        with vault.workplace(store, "work-forget-") as work, Renewal(store) as renewal:
            rewrite = Rewrite(store=store, dictionary=dictionary, meant=meant, renewal=renewal, work=work)
            found = _found(rewrite, manifest, request)
            if rewrite.old:
                renewal.commit([*old, *rewrite.old, "warehouse.duckdb", "warehouse.duckdb.wal"])
        counts = {"rows": sum(found.rows.values()), "set_aside": found.set_aside, "parts": found.parts}
        log.append(
            store, action="forget", objects={**told, **counts, "manifest_sha256": parts.manifest_sha256(store, len(manifest))}
        )
    return found


def _found(rewrite: Rewrite, manifest: Sequence[Part], request: Request) -> Forgotten:
    now = parts_without(rewrite, manifest)
    changed = [(before, after) for before, after in zip(manifest, now, strict=True) if before != after]
    rows: dict[str, int] = {}
    for before, after in changed:
        rows[after.table] = rows.get(after.table, 0) + after.forgotten - before.forgotten
    return Forgotten(
        rows={table: count for table, count in rows.items() if count},
        set_aside=sum(after.forgotten_set_aside - before.forgotten_set_aside for before, after in changed),
        parts=len(changed),
        edits=trail_without(rewrite),
        weights=weights_without(rewrite),
        contributions=contributions_without(rewrite),
        back=sum(before.replaced for before, after in changed if after.sequence == request.part),
    )


def _told(store: Path, request: Request) -> dict[str, str | int | bool]:
    """What the log tells of the request: whose records went is known to who asks for this very unit again."""
    if request.unit is not None:
        return {"mark": pseudonym.mark_of(store, "unit", request.unit)}
    return {"part": request.part} if request.part is not None else {"before": str(request.before)}


def _refuse(store: Path, manifest: Sequence[Part], dictionary: Dictionary, request: Request) -> None:
    foreign = sorted({part.table for part in manifest} - set(dictionary.tables))
    if foreign:
        names = ", ".join(foreign)
        raise ForgetRefused(
            f"{store} holds {names}, of which this plan does not say whose records they are. Name the right one with --plan DIR."
        )
    if request.part is not None and not 1 <= request.part <= len(manifest):
        raise ForgetRefused(f"{store} has no part {request.part}; its parts are 1 to {len(manifest)}, `accepted/manifest.jsonl`.")


def _meant(store: Path, dictionary: Dictionary, request: Request, manifest: Sequence[Part]) -> Meant:
    """What the request means in this store: rows, and then the names that no other row bears."""
    gone: dict[int, pl.DataFrame] = {}
    words: set[str] = set()
    holders: set[str] = set()
    for part in manifest:
        table = dictionary.tables[part.table]
        rows = _rows(store, part, table, request)
        if not rows.is_empty():
            gone[part.sequence] = rows
            words |= _values(rows, naming(table))
            holders |= _values(rows, holding(table))
    for part in manifest if words else ():
        words -= _left(store, part, dictionary.tables[part.table], request, words)
    if request.unit is not None:  # also where it stands in other rows, as their holding group
        words, holders = words | {request.unit}, holders | {request.unit}
    names = {holder: f"{INSTEAD}-{secrets.token_hex(8)}" for holder in sorted(words & holders)}
    return Meant(request=request, gone=gone, keys=_keys(gone, manifest, dictionary, request), terms=Terms(words), holders=names)


def _keys(
    gone: Mapping[int, pl.DataFrame], manifest: Sequence[Part], dictionary: Dictionary, request: Request
) -> dict[str, frozenset[str]]:
    """The keys of the rows of a forgotten part; a unit and a time the trail knows by themselves."""
    if request.part is None or request.part not in gone:
        return {}
    table, rows = dictionary.tables[manifest[request.part - 1].table], gone[request.part]
    if not set(table.key) <= set(rows.columns):
        return {}
    return {table.id: frozenset(key_text(values) for values in rows.select(table.key).rows())}


def _rows(store: Path, part: Part, table: Table, request: Request) -> pl.DataFrame:
    """The rows of a part that go: their names, key and period."""
    if part.part is None:
        return pl.DataFrame()
    with parts.opened(store, part.part) as path:
        rows = pl.scan_parquet(path)
        there = rows.collect_schema().names()
        wanted = dict.fromkeys((*naming(table), *table.key, *([table.period] if table.period else [])))
        return (
            rows.filter(request.of_rows(table, there, part.sequence)).select(name for name in wanted if name in there).collect()
        )


def _left(store: Path, part: Part, table: Table, request: Request, words: set[str]) -> set[str]:
    """Those of the words that name somebody in a row of the part that stays."""
    if part.part is None:
        return set()
    with parts.opened(store, part.part) as path:
        rows = pl.scan_parquet(path)
        there = rows.collect_schema().names()
        stay = rows.filter(~request.of_rows(table, there, part.sequence))
        columns = [pl.col(name).cast(pl.String) for name in naming(table) if name in there]
        held = [stay.select(word=column).filter(pl.col("word").is_in(words)).unique() for column in columns]
        return set(pl.concat(held).collect()["word"]) if held else set()


def _values(rows: pl.DataFrame, columns: Iterable[str]) -> set[str]:
    return {str(value) for name in columns if name in rows.columns for value in rows[name].drop_nulls().unique()}

"""The accepted parts and the set-aside rows of a store without the records that are to be forgotten."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipelines import parts
from pipelines.parts import MANIFEST, Part
from pipelines.rewrite import Rewrite
from pipelines.terms import INSTEAD

_WITHOUT = "-without-"


def parts_without(rewrite: Rewrite, manifest: Sequence[Part]) -> list[Part]:
    """The lines of the manifest as they will be: of what something went they say how many rows, and no name of who is gone."""
    found = [_whole(rewrite, part) if rewrite.meant.request.part == part.sequence else _part(rewrite, part) for part in manifest]
    if found != list(manifest):
        lines = zip(parts.manifest_lines(rewrite.store), manifest, found, strict=False)
        rewrite.lines(MANIFEST, [line if before == after else parts.line_of(after) for line, before, after in lines])
    return found


def _whole(rewrite: Rewrite, part: Part) -> Part:
    """The line of a part of which nothing stays but what was counted."""
    rewrite.old.extend(name for name in (part.part, part.rejected) if name)
    invented = "SYNTHETIC-" if part.file.startswith("SYNTHETIC") else ""
    left = parts.frame_of(rewrite.store, part.rejected)["row"].n_unique() if part.rejected else 0
    return replace(
        part, file=f"{invented}{INSTEAD}", source=secrets.token_hex(8), sheet=None, notes=(), part=None, part_sha256=None,
        rejected=None, forgotten=part.accepted, forgotten_set_aside=part.forgotten_set_aside + left,
    )  # fmt: skip


def _part(rewrite: Rewrite, part: Part) -> Part:
    gone, terms = rewrite.meant.gone.get(part.sequence), rewrite.meant.terms
    file = terms.without(part.file)
    now = replace(
        part,
        file=file,
        source=part.source if file == part.file else secrets.token_hex(8),  # a hash of the path, which might be guessed
        sheet=terms.without(part.sheet) if part.sheet else part.sheet,
        notes=tuple(note for note in part.notes if not terms.holds(pl.Series([note.message.zh, note.message.en])).any()),
        forgotten=part.forgotten + (gone.height if gone is not None else 0),
    )
    return _set_aside(rewrite, part, _rows(rewrite, part, now))


def _rows(rewrite: Rewrite, part: Part, now: Part) -> Part:
    """The line with the file of the accepted rows that stay."""
    if part.part is None:
        return now
    table, holders = rewrite.dictionary.tables[part.table], rewrite.meant.holders
    with parts.opened(rewrite.store, part.part) as path:
        rows = pl.scan_parquet(path)
        there = rows.collect_schema().names()
        stays = rows.filter(~rewrite.meant.request.of_rows(table, there, part.sequence))
        group = table.design.group if table.design and table.design.group in there else None
        renamed = [pl.lit(now.file).alias("src_file")] if part.file != now.file and "src_file" in there else []
        if group is not None and stays.select(pl.col(group).is_in(list(holders)).any()).collect().item():
            renamed.append(pl.col(group).replace(dict(holders)))  # who is gone stood behind others, too
        if part.forgotten == now.forgotten and not renamed:
            return now
        rewrite.old.append(part.part)
        if part.accepted == now.forgotten:
            return replace(now, part=None, part_sha256=None)
        stays.with_columns(renamed).sink_parquet(rewrite.work / "rows.parquet", compression="lz4")
    name = _named(part.part, now.forgotten)
    return replace(now, part=name, part_sha256=rewrite.file(name, rewrite.work / "rows.parquet"))


def _set_aside(rewrite: Rewrite, part: Part, now: Part) -> Part:
    """The line with the file of the set-aside rows that stay.

    Such a row is known by its file and number alone: it goes when a value or message of it names who is forgotten, and with a
    time when no accepted row of its part is left, or, where there was none, when it was loaded in that time.
    """
    if part.rejected is None:
        return now
    frame = parts.frame_of(rewrite.store, part.rejected)
    texts = ("file", "message_zh", "message_en")
    renamed = frame.with_columns(pl.col(texts).str.replace_all(part.file, now.file, literal=True))
    named = renamed.filter(pl.Series(_any(rewrite, renamed, ("value", *texts[1:]))))
    stays = renamed.join(named.select("row").unique(), on="row", how="anti", nulls_equal=True, maintain_order="left")
    loaded = pl.Series([part.time[:10]])
    if rewrite.meant.request.before is not None and now.part is None:
        stays = stays.clear() if part.part or rewrite.meant.request.of_periods(loaded)[0] else stays
    if stays.equals(frame):
        return now
    rewrite.old.append(part.rejected)
    count = part.forgotten_set_aside + frame["row"].n_unique() - stays["row"].n_unique()
    if stays.is_empty():
        return replace(now, rejected=None, forgotten_set_aside=count)
    name = _named(part.rejected, count)
    rewrite.frame(name, stays)
    return replace(now, rejected=name, forgotten_set_aside=count)


def _any(rewrite: Rewrite, frame: pl.DataFrame, columns: Sequence[str]) -> list[bool]:
    found = [rewrite.meant.terms.holds(frame[name]).to_list() for name in columns]
    return [any(row) for row in zip(*found, strict=True)]


def _named(name: str, count: int) -> str:
    """The name of the file that takes the place of `name` when so many rows of it are forgotten."""
    path = Path(name)
    return path.with_name(f"{path.stem.split(_WITHOUT)[0]}{_WITHOUT}{count}.parquet").as_posix()

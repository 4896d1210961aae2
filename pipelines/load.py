"""Files into the store: read, checked, set aside with reasons, kept as parts, and put into the warehouse."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines import keys, log, parts, pseudonym, vault, warehouse
from pipelines.check import check
from pipelines.database import Database
from pipelines.dictionary import Dictionary, Table
from pipelines.durable import sha256 as file_digest
from pipelines.gate import admit
from pipelines.loadreport import LoadReport, RowsLost
from pipelines.lock import held
from pipelines.parts import Part
from pipelines.reader import of_sheet, read_sheets
from pipelines.report import REJECTED, FileRefused, Note, plural
from pipelines.request import unit_of
from pipelines.sheet import Sheet
from pipelines.sidecar import check_sidecar
from pipelines.typed import readings_of, typed, unit_notes
from pipelines.yamlfile import Text

__all__ = ["LoadReport", "RowsLost", "load"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One table found in one file; `asked` is the table it was said to hold, `turn` which of its `tables` this is."""

    path: Path
    table: Table
    sheet: Sheet
    sha256: str
    asked: str | None
    turn: int
    tables: int


@dataclass(frozen=True, kw_only=True)
class _Known:
    """One table of a file whose bytes were loaded before as `part`, so that the file need not be read again."""

    file: str
    table: Table
    part: Part


@dataclass(frozen=True, kw_only=True)
class _Store:
    """Where the load writes, under which dictionary."""

    folder: Path
    work: Path
    dictionary: Dictionary
    dictionary_sha256: str
    database: Database
    forgotten: frozenset[str]  # marks of the units that were forgotten


def load(
    files: Sequence[Path | tuple[str, Path]],
    *,
    store: Path,
    dictionary: Dictionary,
    dictionary_sha256: str = "",
    progress: Progress | None = None,
) -> list[LoadReport]:
    """One report per table found, in the order of the files; linked tables are loaded first, whatever that order is.

    A file is a path, or (table, path) to say which table it holds. Raises StoreUnusable when the folder cannot be written,
    StoreBusy when another load is running, StoreDamaged when the store is not what its manifest says, RowsLost on a mistake
    of this program.
    """
    sha256 = dictionary_sha256 or hashlib.sha256(dictionary.model_dump_json().encode()).hexdigest()
    with held(store, "planwatch load"):
        vault.key_of(store)
        log.ready(store, "load")
        manifest = parts.begin(store)
        parts.clean(store, manifest)
        reports: dict[tuple[int, int], LoadReport] = {}
        with log.recorded(store, action="load") as told, vault.workplace(store, "work-", 4 * _bytes(files)) as work:
            found = [_jobs(file, dictionary, sha256, manifest) for file in files]
            queue = [(place, turn, job) for place, some in enumerate(found) for turn, job in enumerate(some)]
            rank = {name: number for number, name in enumerate(_linked_first(dictionary))}
            queue.sort(key=lambda entry: rank[entry[2].table.id] if not isinstance(entry[2], FileRefused) else -1)
            with warehouse.writable(store, dictionary) as database:
                place = _Store(
                    folder=store, work=work, dictionary=dictionary, dictionary_sha256=sha256, database=database,
                    forgotten=pseudonym.forgotten(store),
                )  # fmt: skip
                for at, turn, job in queue:
                    reports[at, turn] = _report(job, place, progress)
                database.execute("CHECKPOINT")
            told |= _told(store, files, reports.values())
    return [reports[key] for key in sorted(reports)]


def _told(store: Path, files: Sequence[object], reports: Collection[LoadReport]) -> dict[str, str | int | bool]:
    """What the log tells of a load."""
    lines = parts.manifest_lines(store)
    return {
        "files": len(files),
        "refused": sum(report.refused is not None for report in reports),
        "rows": sum(report.accepted for report in reports if not report.unchanged),
        "set_aside": sum(report.set_aside for report in reports if not report.unchanged),
        "parts": len(lines),
        "manifest_sha256": hashlib.sha256(b"".join(lines)).hexdigest(),
    }


def _bytes(files: Sequence[Path | tuple[str, Path]]) -> int:
    paths = [file if isinstance(file, Path) else file[1] for file in files]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _jobs(
    file: Path | tuple[str, Path], dictionary: Dictionary, dictionary_sha256: str, manifest: Sequence[Part]
) -> Sequence[_Job | _Known | FileRefused]:
    asked, path = (None, file) if isinstance(file, Path) else file
    try:
        admit(path)
        sha256 = file_digest(path)
        if earlier := _loaded_before(sha256, dictionary_sha256, asked, manifest):
            check_sidecar(path, sum(part.read for part in earlier))
            return [_Known(file=_named(path, part), table=dictionary.tables[part.table], part=part) for part in earlier]
        sheets = read_sheets(path, dictionary, table=asked)
    except FileRefused as error:
        return [error]
    return [
        _Job(path=path, table=dictionary.tables[name], sheet=sheet, sha256=sha256, asked=asked, turn=turn, tables=len(sheets))
        for turn, (name, sheet) in enumerate(sheets)
    ]


def _loaded_before(sha256: str, dictionary_sha256: str, asked: str | None, manifest: Sequence[Part]) -> list[Part]:
    """The parts of an earlier load of the same bytes under the same dictionary, one per table of the file, in its order.

    Nothing when a table of it did not come through (a crash between two), or a row lacked its link: the file is read again.
    """
    wanted = (sha256, dictionary_sha256, asked)
    same = [part for part in manifest if (part.file_sha256, part.dictionary_sha256, part.asked) == wanted and part.tables]
    latest = {part.turn: part for part in same}
    if not same or len(latest) != same[-1].tables or any(part.unlinked for part in latest.values()):
        return []
    return [latest[turn] for turn in sorted(latest)]


def _named(path: Path, part: Part) -> str:
    """What the table is called now: the file may have got another name since."""
    return of_sheet(path.name, part.sheet) if part.sheet is not None and part.file.endswith("]") else path.name


def _linked_first(dictionary: Dictionary) -> list[str]:
    """Table ids so that a table comes after those it needs rows of."""
    order: list[str] = []

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in order or name in path or name not in dictionary.tables:
            return
        for link in dictionary.tables[name].link:
            visit(link.table, (*path, name))
        order.append(name)

    for name in dictionary.tables:
        visit(name, ())
    return order


def _report(job: _Job | _Known | FileRefused, place: _Store, progress: Progress | None) -> LoadReport:
    try:
        if isinstance(job, FileRefused):
            raise job
        file, read = (job.file, job.part.read) if isinstance(job, _Known) else (job.sheet.file, job.sheet.read)
        if progress:
            progress(file, 0, read)
        report = _as_before(job.part, file, place) if isinstance(job, _Known) else _unchanged(job, place) or _load(job, place)
        if progress:
            progress(file, read, read)
        return report
    except FileRefused as error:
        return LoadReport(
            file=error.file, table=job.table.id if isinstance(job, _Job) else None, read=0, accepted=0, set_aside=0, replaced=0,
            unchanged=False, rejected=pl.DataFrame(schema=REJECTED), notes=(), refused=error.refusal,
        )  # fmt: skip


def _unchanged(job: _Job, place: _Store) -> LoadReport | None:
    """The report of an earlier load of the same bytes as the same table by the same dictionary, when nothing can have changed.

    Rows that lacked a linked row are worth another try, so such a file is loaded again.
    """
    manifest = parts.read_manifest(place.folder)
    wanted = (job.sha256, place.dictionary_sha256, job.table.id, job.sheet.sheet)
    same = [part for part in manifest if (part.file_sha256, part.dictionary_sha256, part.table, part.sheet) == wanted]
    if not same or same[-1].unlinked:
        return None
    return _as_before(same[-1], job.sheet.file, place)


def _as_before(part: Part, file: str, place: _Store) -> LoadReport:
    """The report of a part that stands in the store already; a person is told when later files replaced rows of its table."""
    notes = part.notes
    manifest = parts.read_manifest(place.folder)
    if any(later.table == part.table and later.replaced for later in manifest[part.sequence :]):
        zh = f"本文件已作为第 {part.sequence} 号载入，其后载入的文件替换过该表的行；未重新载入。如需恢复，请另存后重报"
        en = (
            f"this file was loaded before as number {part.sequence}, and later files replaced rows of its table; "
            "it was not loaded again. To restore its values, save it anew and load that"
        )
        notes = (*notes, Note(kind="review", message=Text(zh=zh, en=en)))
    if part.forgotten:
        zh = f"本文件的 {part.forgotten} 行已按要求删除，不再载入"
        en = f"{plural(part.forgotten, 'row', 'rows')} of this file had to be forgotten, and stay so"
        notes = (*notes, Note(kind="review", message=Text(zh=zh, en=en)))
    rejected = parts.frame_of(place.folder, part.rejected) if part.rejected else pl.DataFrame(schema=REJECTED)
    return LoadReport(
        file=file, table=part.table, read=part.read, accepted=part.accepted, set_aside=part.set_aside, replaced=0,
        unchanged=True, rejected=rejected, notes=notes, refused=None, left_out=part.left_out,
    )  # fmt: skip


def _load(job: _Job, place: _Store) -> LoadReport:
    """Checks a sheet, writes its part and its rejected rows, then the line in the manifest, then the warehouse."""
    table, sheet = job.table, job.sheet
    readings = readings_of(sheet, table, place.dictionary)
    candidate, out = place.work / "candidate.parquet", place.work / "part.parquet"
    rows = typed(sheet.rows, sheet.columns, table, readings)
    checked = check(rows, table, readings, file=sheet.file, good=candidate, odd=place.work / "odd.parquet")
    out, later = _against_other_rows(checked.bad, candidate, out, job, place)
    faults = [sheet.faults.select(*REJECTED), checked.rejected, later]
    rejected = pl.concat(faults).sort("row", nulls_last=True, maintain_order=True)
    accepted = int(pl.scan_parquet(out).select(pl.len()).collect().item())
    set_aside = rejected["row"].n_unique()
    if accepted + set_aside != sheet.read:
        raise RowsLost(f"{sheet.file}: {sheet.read} rows were counted, but {accepted} accepted and {set_aside} set aside.")
    report = LoadReport(
        file=sheet.file, table=table.id, read=sheet.read, accepted=accepted, set_aside=set_aside,
        replaced=keys.replaced(place.database, out, table) if accepted else 0, unchanged=False, rejected=rejected, refused=None,
        notes=(*sheet.notes, *unit_notes(readings), *checked.notes, *_back(out, table, place)), left_out=sheet.left_out,
    )  # fmt: skip
    _keep(report, job, place, out)
    return report


def _back(out: Path, table: Table, place: _Store) -> tuple[Note, ...]:
    """How many accepted rows are of units that were forgotten: a file that was sent anew brings them back."""
    name = unit_of(table)
    if not place.forgotten or name is None:
        return ()
    units = pl.scan_parquet(out).select(pl.col(name).cast(pl.String)).collect()[name]
    try:
        found = pseudonym.back(place.folder, place.forgotten, units.drop_nulls().unique().to_list())
    except pseudonym.SecretUnusable as error:
        zh, en = f"无法核对是否含有已删除单位的记录：{error}", f"whether it holds rows of forgotten units cannot be told: {error}"
        return (Note(kind="review", message=Text(zh=zh, en=en)),)
    if not found:
        return ()
    count = int(units.is_in(found).sum())
    zh = f"含 {len(found)} 个已按要求删除的单位的 {count} 行，已重新载入；如不应保留，请再次运行 `planwatch forget`"
    en = (
        f"{plural(count, 'row is', 'rows are')} of {plural(len(found), 'unit', 'units')} that had to be forgotten, and came back "
        "with this file; where they may not be kept, run `planwatch forget` again"
    )
    return (Note(kind="review", message=Text(zh=zh, en=en)),)


def _against_other_rows(bad: pl.DataFrame, candidate: Path, out: Path, job: _Job, place: _Store) -> tuple[Path, pl.DataFrame]:
    """The file of the accepted rows, sorted by key, and the faults of links and doubled keys."""
    table, file = job.table, job.sheet.file
    faulty, barred = place.work / "faulty.parquet", place.work / "barred.parquet"
    bad.select(*table.columns, "src_row").write_parquet(faulty)
    links = keys.unlinked(place.database, candidate, table, place.dictionary, file=file)
    more = keys.unlinked(place.database, faulty, table, place.dictionary, file=file) if bad.height else links.clear()
    ordered = keys.in_order(candidate, table.key)
    doubled = links.clear()
    if not ordered:
        links.select(pl.col("row").alias("src_row")).unique().write_parquet(barred)
        doubled = keys.doubled(place.database, candidate, table, file=file, without=barred)
    if ordered and links.is_empty():
        return candidate, more
    pl.concat([links, doubled]).select(pl.col("row").alias("src_row")).unique().write_parquet(barred)
    keys.write_part(place.database, candidate, table, out=out, without=barred)
    return out, pl.concat([links, more, doubled])


def _keep(report: LoadReport, job: _Job, place: _Store, out: Path) -> None:
    """Part and rejected rows under their final names, then the line that makes them count, then the warehouse."""
    sequence = len(parts.read_manifest(place.folder)) + 1
    stem = f"{sequence:06d}-{job.sha256[:8]}.parquet"
    part, rejected = f"accepted/{job.table.id}/{stem}", f"rejected/{stem}"
    digest = file_digest(out) if report.accepted else None
    if report.accepted:
        parts.settle(place.folder, out, part)
    if report.rejected.height:
        unfinished = place.work / "rejected.parquet"
        report.rejected.write_parquet(unfinished)
        parts.settle(place.folder, unfinished, rejected)
    unlinked = report.rejected.filter(pl.col("rule").str.starts_with("link."))["row"].n_unique()
    line = Part(
        sequence=sequence,
        time=dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        file=report.file,
        source=parts.source_of(job.path),
        sheet=job.sheet.sheet,
        table=job.table.id,
        file_sha256=job.sha256,
        dictionary_sha256=place.dictionary_sha256,
        key=tuple(job.table.key),
        read=report.read,
        accepted=report.accepted,
        set_aside=report.set_aside,
        replaced=report.replaced,
        unlinked=unlinked,
        part=part if report.accepted else None,
        part_sha256=digest,
        rejected=rejected if report.rejected.height else None,
        notes=report.notes,
        left_out=report.left_out,
        asked=job.asked,
        turn=job.turn,
        tables=job.tables,
    )
    parts.append(place.folder, line)
    warehouse.catch_up(place.database, place.folder, place.dictionary)

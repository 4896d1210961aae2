"""The statement that may lie beside a file, `<file>.meta.json` with rows and sha256, against which the file is held."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.report import FileRefused, plural, refuse


@dataclass(frozen=True, kw_only=True)
class Sidecar:
    """What the sender says of a file; a part that is not stated is None."""

    rows: int | None = None
    sha256: str | None = None


def read_sidecar(path: Path) -> Sidecar:
    """The statement beside `path`, empty when there is none. Raises FileRefused when it is no such statement."""
    place = path.with_name(path.name + ".meta.json")
    if not place.is_file():
        return Sidecar()
    try:
        said = json.loads(place.read_text(encoding="utf-8")) if place.stat().st_size < 65_536 else None
    except (ValueError, OSError, RecursionError):
        said = None
    rows, sha256 = (said.get("rows"), said.get("sha256")) if isinstance(said, dict) else (None, None)
    rows_fit = rows is None or (isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0)
    hash_fits = sha256 is None or (isinstance(sha256, str) and len(sha256) == 64)
    if not isinstance(said, dict) or (rows is None and sha256 is None) or not (rows_fit and hash_fits):
        found = ("无法理解的随附说明 .meta.json", "an accompanying .meta.json that cannot be understood")
        expected = ('形如 {"rows": 5, "sha256": "…"}', 'such as {"rows": 5, "sha256": "…"}')
        raise refuse(path.name, found=found, expected=expected, todo=("请改正或删除该说明", "correct or remove it"))
    return Sidecar(rows=rows, sha256=sha256)


def check_sidecar(path: Path, read: int) -> None:
    """Raises FileRefused when the file, of which `read` rows are known, is not what the statement beside it says."""
    sidecar = read_sidecar(path)
    check_hash(path, sidecar)
    check_rows(path.name, read, sidecar)


def check_hash(path: Path, sidecar: Sidecar) -> None:
    """Raises FileRefused when the file is not the one that was described."""
    if sidecar.sha256 is None:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sidecar.sha256.lower():
        raise _differs(path.name, (f"SHA-256 {found[:12]}…", f"SHA-256 {found[:12]}…"), (f"{sidecar.sha256[:12]}…",) * 2)


def check_rows(file: str, read: int, sidecar: Sidecar) -> None:
    """Raises FileRefused when the file holds another number of rows than was described."""
    if sidecar.rows is not None and read != sidecar.rows:
        raise _differs(
            file,
            (f"{read} 行数据", plural(read, "row", "rows")),
            (f"{sidecar.rows} 行（随附说明）", f"{plural(sidecar.rows, 'row', 'rows')} (as stated beside it)"),
        )


def _differs(file: str, found: tuple[str, str], expected: tuple[str, str]) -> FileRefused:
    todo = ("文件在传输中被截断或改动，请重新传输", "the file was cut or changed on its way; transfer it again")
    return refuse(file, found=found, expected=expected, todo=todo)

"""The check of a workbook's ZIP container, made before any spreadsheet reader sees it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np

from pipelines.report import FileRefused, refuse

MAXIMUM_ENTRIES = 2_000
MAXIMUM_TOTAL = 1 << 30  # bytes after decompression, all entries together
MAXIMUM_RATIO = 150  # of an entry above 1 MB; sheets of repeated numbers reach about 40
_CHUNK = 1 << 20
_DEEPEST = 100  # elements open one in another; a sheet needs about ten

#: a cell or row number that no sheet can have (XFD1048576 is the last), or so close to it that only a bomb sits there
_FAR = re.compile(
    rb"""<(?:\w+:)?(?:c|row)\b[^<>]{0,200}?\sr\s*=\s*["'](?:(?=[A-Za-z]+\d)[A-Za-z]{4,}\d+|[A-Za-z]{0,3}\d{8,}|X[A-F][A-Z]\d+|[A-Za-z]{0,3}1048576|-\d+)["']"""
)
_DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def check_workbook(path: Path) -> None:
    """Nothing when the container is a plain workbook. Raises FileRefused for traversal, nesting, bombs, entities, far cells."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_entries(path, archive.infolist())
            total = 0
            for entry in archive.infolist():
                total += _check_entry(path, archive, entry, MAXIMUM_TOTAL - total)
    except FileRefused:
        raise
    except Exception as error:  # NOTE: hostile offsets raise BadZipFile, OSError, struct.error, zlib.error, RuntimeError and more
        raise _refused(
            path,
            (
                f"损坏或不完整的 ZIP 容器（{type(error).__name__}）",
                f"a damaged or cut-off ZIP container ({type(error).__name__})",
            ),
        ) from None


def _refused(path: Path, found: tuple[str, str], todo: tuple[str, str] | None = None) -> FileRefused:
    expected = ("普通的 XLSX 工作簿", "a plain XLSX workbook")
    return refuse(
        path.name,
        found=found,
        expected=expected,
        todo=todo
        or (
            "请在表格软件中打开并另存为新的 XLSX 后重新提交",
            "open it in a spreadsheet program, save it as a new XLSX and send it again",
        ),
    )


def _check_entries(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > MAXIMUM_ENTRIES:
        raise _refused(path, (f"容器内有 {len(names)} 个文件", f"{len(names)} files inside the container"))
    if len({name.casefold() for name in names}) != len(names):
        raise _refused(path, ("容器内有重名文件", "two files of the same name inside the container"))
    for entry in entries:
        place = PurePosixPath(entry.filename.replace("\\", "/"))
        if place.is_absolute() or ".." in place.parts or ":" in entry.filename or "\x00" in entry.orig_filename:
            raise _refused(path, ("容器内的文件名指向容器之外", "a file name inside the container that points outside it"))
        if entry.flag_bits & 0x1:
            raise _refused(
                path,
                ("加密的 ZIP 容器", "an encrypted ZIP container"),
                ("请去掉密码后重新提交", "remove the password and send it again"),
            )
        if entry.filename.casefold().endswith((".zip", ".xlsx", ".docx", ".pptx", ".jar")):
            raise _refused(path, ("容器内还有压缩包", "an archive inside the archive"))
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise _refused(path, ("一个 ZIP 压缩包，但不是 XLSX 工作簿", "a ZIP archive that is not an XLSX workbook"))
    if any(name.casefold().endswith("vbaproject.bin") for name in names):
        raise _refused(
            path, ("含宏的工作簿", "a workbook with macros"), ("请另存为不含宏的 XLSX", "save it as XLSX without macros")
        )


def _check_entry(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, allowance: int) -> int:
    """The size of the entry when it is really decompressed; the sizes an archive states about itself may lie."""
    size, tail, depth = 0, b"", 0
    markup = entry.filename.casefold().endswith((".xml", ".rels", ".vml"))
    sheet = markup and "/worksheets/" in entry.filename.casefold()
    with archive.open(entry) as file:
        while chunk := file.read(_CHUNK):
            if size == 0 and chunk.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                raise _refused(path, ("容器内还有压缩包", "an archive inside the archive"))
            if size == 0 and markup and (chunk.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in chunk[:64]):
                raise _refused(path, ("XML 部件不是 UTF-8 编码", "an XML part that is not in UTF-8"))
            size += len(chunk)
            if size > allowance or (size > _CHUNK and size > MAXIMUM_RATIO * max(entry.compress_size, 1)):
                raise _refused(
                    path,
                    (
                        f"解压后异常巨大的内容（疑似压缩炸弹）：{size >> 20} MB 以上",
                        f"content that unpacks to a size out of all proportion (over {size >> 20} MB; a ZIP bomb?)",
                    ),
                )
            window = tail + chunk
            if markup and _DECLARATION.search(window):
                raise _refused(path, ("XML 部件中有 DOCTYPE 或实体声明", "a DOCTYPE or entity declaration in an XML part"))
            if markup:
                depth, deepest = _depth(tail[-1:] + chunk, depth)
            if markup and deepest > _DEEPEST:
                raise _refused(path, ("XML 部件嵌套过深", "an XML part nested too deeply"))
            if sheet and _FAR.search(window):
                raise _refused(
                    path,
                    (
                        "位于工作表尽头或之外的单元格（例如 XFD1048576）",
                        "a cell at or beyond the end of the sheet (such as XFD1048576)",
                    ),
                    ("请删除远处的单元格后另存", "delete the far-off cells and save it again"),
                )
            tail = window[-512:]
    return size


def _depth(chunk: bytes, depth: int) -> tuple[int, int]:
    """How many elements are open at the end of a chunk, and at most within it; the first byte is the last of the chunk before."""
    data = np.frombuffer(chunk, dtype=np.uint8)
    opened = np.flatnonzero(data[:-1] == ord("<"))
    after = data[opened + 1]
    steps = np.where(after == ord("/"), -1, np.where((after == ord("?")) | (after == ord("!")), 0, 1))
    closed = np.flatnonzero((data[:-1] == ord("/")) & (data[1:] == ord(">")))
    levels = depth + np.cumsum(steps) - np.searchsorted(closed, opened)
    last = depth + int(steps.sum()) - closed.size
    return last, int(levels.max(initial=last))

"""The gate: decides from the first bytes what kind of file this is, before any reader may see it."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Literal

from pipelines.report import refuse

Kind = Literal["text", "workbook", "parquet"]

KINDS: dict[str, Kind] = {".csv": "text", ".tsv": "text", ".txt": "text", ".xlsx": "workbook", ".parquet": "parquet"}
LIMITS: dict[Kind, int] = {"text": 16 << 30, "workbook": 128 << 20, "parquet": 4 << 30}  # bytes on disk

_EXPECTED = ("CSV、XLSX 或 Parquet 文件", "a CSV, XLSX or Parquet file")
_SAVE_AS = (
    "请在表格软件中另存为 XLSX 或 CSV（UTF-8）后重新提交",
    "save it as XLSX or CSV (UTF-8) in a spreadsheet program and send it again",
)

#: first bytes, and what such a file is
_MAGIC: list[tuple[bytes, str, tuple[str, str]]] = [
    (b"PK\x03\x04", "zip", ("ZIP 压缩包", "a ZIP archive")),
    (b"PK\x05\x06", "zip", ("空的 ZIP 压缩包", "an empty ZIP archive")),
    (b"PK\x07\x08", "zip", ("分卷 ZIP 压缩包", "a split ZIP archive")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole", ("OLE 容器", "an OLE container")),
    (b"\x1f\x8b", "gzip", ("gzip 压缩文件", "a gzip file")),
    (b"BZh", "bzip2", ("bzip2 压缩文件", "a bzip2 file")),
    (b"\xfd7zXZ\x00", "xz", ("xz 压缩文件", "an xz file")),
    (b"\x28\xb5\x2f\xfd", "zstd", ("zstd 压缩文件", "a zstd file")),
    (b"7z\xbc\xaf\x27\x1c", "7z", ("7z 压缩文件", "a 7z archive")),
    (b"Rar!", "rar", ("RAR 压缩文件", "a RAR archive")),
    (b"PAR1", "parquet", ("Parquet 文件", "a Parquet file")),
    (b"PARE", "parquet", ("加密的 Parquet 文件", "an encrypted Parquet file")),
    (b"ARROW1", "arrow", ("Arrow 文件", "an Arrow file")),
    (b"SQLite format 3\x00", "sqlite", ("SQLite 数据库", "an SQLite database")),
    (b"%PDF-", "pdf", ("PDF 文件", "a PDF")),
    (b"\x89PNG", "picture", ("图片", "a picture")),
    (b"\xff\xd8\xff", "picture", ("图片", "a picture")),
    (b"GIF8", "picture", ("图片", "a picture")),
    (b"\x7fELF", "program", ("程序文件", "a program")),
    (b"{\\rtf", "rtf", ("RTF 文档", "an RTF document")),
]
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_PICKLES = tuple(b"\x80" + bytes([version]) for version in range(2, 6))
_MARKUP = (b"<!doctype html", b"<html", b"<table", b"<head", b"<body", b"<script", b"<meta", b"<div", b"<style")


def admit(path: Path) -> Kind:
    """The kind of table file at `path`. Raises FileRefused when extension, size or first bytes do not fit a kind we read."""
    size = _regular_file(path)
    extension = path.suffix.lower()
    if extension not in KINDS:
        raise _unknown_extension(path, extension)
    kind = KINDS[extension]
    if size == 0:
        raise refuse(
            path.name,
            found=("空文件（0 字节）", "an empty file (0 bytes)"),
            expected=_EXPECTED,
            todo=("请检查导出后重新提交", "check the export and send it again"),
        )
    if size > LIMITS[kind]:
        limit = LIMITS[kind] >> 20
        found = (f"文件大小 {size >> 20} MB", f"a file of {size >> 20} MB")
        todo = ("请拆分文件，或以 CSV 提交", "split the file, or send it as CSV")
        raise refuse(path.name, found=found, expected=(f"不超过 {limit} MB", f"at most {limit} MB"), todo=todo)
    with path.open("rb") as file:
        head = file.read(4096)
        if kind == "parquet":
            file.seek(max(size - 4, 0))
            head += b"" if file.read(4) == b"PAR1" and size >= 12 else b"\x00cut"
    _check_content(path, kind, head)
    return kind


def contents(head: bytes) -> tuple[str, tuple[str, str]]:
    """What the first bytes say a file is: a short word, and the same for people in zh and en; `text` when nothing else fits."""
    binary = _CONTROL.search(head) is not None
    for magic, word, names in _MAGIC:
        if head.startswith(magic) and (binary or not magic.isalnum()):  # NOTE: a header may begin with PARENT or BZh
            return word, names
    if head.startswith(_PICKLES):
        return "pickle", ("Python pickle 文件（可执行代码）", "a Python pickle (it can run code)")
    if head[8:12] == b"DUCK":
        return "duckdb", ("DuckDB 数据库", "a DuckDB database")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(_MARKUP):
        return "html", ("网页（HTML）", "a web page (HTML)")
    if start.startswith(b"<"):
        return "xml", ("XML 文件", "an XML file")
    return "text", ("文本", "text")


def _regular_file(path: Path) -> int:
    try:
        status = path.stat()
    except OSError as error:
        found = (f"无法打开（{error.strerror}）", f"it cannot be opened ({error.strerror})")
        raise refuse(
            path.name, found=found, expected=_EXPECTED, todo=("请检查路径和权限", "check the path and the permissions")
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise refuse(
            path.name,
            found=("不是普通文件", "not a regular file"),
            expected=_EXPECTED,
            todo=("请给出文件的路径", "give the path of a file"),
        )
    return status.st_size


def _unknown_extension(path: Path, extension: str) -> Exception:
    word = extension or "(none)"
    found = (f"扩展名 {extension or '（无）'}", f"the extension {word}")
    todo = _SAVE_AS
    if extension in (".xls", ".xlsm", ".xlsb", ".ods", ".et"):
        found = (f"{extension} 工作簿", f"an {extension} workbook")
        todo = ("请另存为不含宏的 XLSX，或 CSV（UTF-8）", "save it as XLSX without macros, or as CSV (UTF-8)")
    elif extension in (".zip", ".gz", ".7z", ".rar", ".bz2", ".xz", ".zst"):
        todo = ("请解压后逐个提交表格文件", "unpack it and send the tables one by one")
    return refuse(path.name, found=found, expected=_EXPECTED, todo=todo)


def _check_content(path: Path, kind: Kind, head: bytes) -> None:
    word, names = contents(head)
    if kind == "workbook" and word == "ole":
        encrypted = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        what = ("受密码保护（加密）的工作簿", "a password-protected (encrypted) workbook")
        old = ("旧版 .xls 或加密的工作簿（OLE 容器）", "an old .xls or a password-protected workbook (an OLE container)")
        todo = ("请去掉打开密码，另存为 XLSX 后重新提交", "remove the password, save it as XLSX and send it again")
        raise refuse(
            path.name,
            found=what if encrypted else old,
            expected=("未加密的 XLSX", "an XLSX workbook without a password"),
            todo=todo,
        )
    wanted = {"text": "text", "workbook": "zip", "parquet": "parquet"}[kind]
    if word != wanted:
        extension = path.suffix
        found = (f"扩展名是 {extension}，内容却是{names[0]}", f"the extension {extension}, but the content is {names[1]}")
        expected = {
            "text": ("文本表格", "a text table"),
            "workbook": ("XLSX 工作簿", "an XLSX workbook"),
            "parquet": ("Parquet 文件", "a Parquet file"),
        }[kind]
        raise refuse(path.name, found=found, expected=expected, todo=_SAVE_AS)
    if kind == "parquet" and (head.endswith(b"\x00cut") or head.startswith(b"PARE")):
        found = (
            "不完整或加密的 Parquet 文件（结尾标记缺失）",
            "a Parquet file that is cut off or encrypted (its end mark is missing)",
        )
        raise refuse(
            path.name,
            found=found,
            expected=("完整、未加密的 Parquet 文件", "a whole Parquet file without encryption"),
            todo=("请重新导出或重新传输", "export or transfer it again"),
        )

"""The encoding and line ends of a text file: decided strictly, brought to UTF-8 with plain line ends where needed."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipelines.report import Note, refuse, text
from pipelines.scratch import Scratch

CHUNK = 16 << 20
_SAMPLE = 1 << 20
_HAN = re.compile(r"[\u3400-\u9fff]")
_ODD = re.compile(r"[\u00a1-\u00ff\u0370-\u04ff\u2500-\u257f\u3040-\u30ff]")
_HIGH = re.compile(r"[^\x00-\x7f]+")
_HAN_IN_UTF8 = re.compile(rb"[\xe3-\xe9][\x80-\xbf][\x80-\xbf]")
_EXPECTED = (
    "UTF-8（可带 BOM）、带 BOM 的 UTF-16 或 GB18030/GBK 文本",
    "text in UTF-8 (with or without BOM), UTF-16 with BOM, or GB18030/GBK",
)
_SAVE = ("请重新从原系统导出并以 UTF-8 保存", "export it again from the source system and save it as UTF-8")


@dataclass(frozen=True, kw_only=True)
class TextFile:
    """A text file as UTF-8 whose lines end with LF or CRLF throughout; `path` is a copy when the original was otherwise."""

    path: Path
    start: int  # bytes of the byte-order mark
    lines: int  # physical lines, as an editor numbers them
    ended: bool  # the last line has its line end
    quotes: bool  # whether a double quote occurs anywhere
    notes: tuple[Note, ...]


@dataclass(frozen=True, kw_only=True)
class _Survey:
    """Counts over all bytes of a file, and where it stops being UTF-8."""

    feeds: int = 0
    returns: int = 0
    pairs: int = 0
    quotes: int = 0
    ended: bool = True  # the last line has its line end
    broken: tuple[int, str] | None = None  # line and reason of the first byte that is not UTF-8


def open_text(path: Path, scratch: Scratch, *, name: str | None = None) -> TextFile:
    """The text at `path`. Raises FileRefused for NUL bytes, broken or mixed encodings and garbled Chinese."""
    name = name or path.name
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _rewritten(path, scratch, name, "utf-16", "UTF-16")
    survey = _survey(path, name)
    if survey.broken:
        _refuse_unless_gb18030(path, name, survey.broken)
        return _rewritten(path, scratch, name, "gb18030", "GB18030")
    bom = head.startswith(codecs.BOM_UTF8)
    notes = (
        [_note("文件带 UTF-8 字节顺序标记（BOM），已略去", "the file began with a UTF-8 byte-order mark, which was left out")]
        if bom
        else []
    )
    if survey.returns and not survey.returns == survey.pairs == survey.feeds:
        rewritten = _rewritten(path, scratch, name, "utf-8-sig", None)
        return replace(rewritten, notes=(*notes, *rewritten.notes))
    _check_garbled(path, name)
    return TextFile(
        path=path, start=3 if bom else 0, lines=_lines(survey), ended=survey.ended, quotes=survey.quotes > 0, notes=tuple(notes)
    )


def _note(zh: str, en: str) -> Note:
    return Note(kind="normalised", message=text(zh, en))


def _lines(survey: _Survey) -> int:
    return survey.feeds + (not survey.ended)


def _survey(path: Path, name: str) -> _Survey:
    counts: Counter[str] = Counter()
    broken: tuple[int, str] | None = None
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    last = b"\n"
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if b"\x00" in chunk:
                line = counts["feeds"] + chunk[: chunk.index(b"\x00")].count(b"\n") + 1
                found = (f"第 {line} 行有空字符（NUL）", f"a NUL character in line {line}")
                raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE)
            if broken is None:
                broken = _broken(decoder, chunk, counts["feeds"])
            counts["feeds"] += chunk.count(b"\n")
            counts["returns"] += chunk.count(b"\r")
            counts["pairs"] += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            counts["quotes"] += chunk.count(b'"')
            last = chunk[-1:]
    if broken is None:
        broken = _broken(decoder, b"", counts["feeds"], final=True)
    return _Survey(**counts, ended=last == b"\n", broken=broken)


def _broken(decoder: codecs.IncrementalDecoder, chunk: bytes, feeds: int, *, final: bool = False) -> tuple[int, str] | None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line = feeds + error.object[: error.start].count(b"\n") + 1
        return line, "cut" if error.reason in ("unexpected end of data", "incomplete multibyte sequence") else "invalid"
    return None


def _as_gb18030(path: Path) -> tuple[tuple[int, str] | None, int, int]:
    """Where a file stops being GB18030, if it does, and how many of its lines are Chinese in UTF-8 and how many are not UTF-8."""
    decoder = codecs.getincrementaldecoder("gb18030")("strict")
    feeds = utf8_lines = other_lines = 0
    with path.open("rb") as file:
        while block := file.read(CHUNK) + file.readline():
            fault = _broken(decoder, block, feeds)
            for raw in block.split(b"\n"):
                if raw.isascii():
                    continue
                try:
                    raw.decode("utf-8")
                    utf8_lines += _HAN_IN_UTF8.search(raw) is not None
                except UnicodeDecodeError:
                    other_lines += 1
            if fault:
                break
            feeds += block.count(b"\n")
        else:
            fault = _broken(decoder, b"", feeds, final=True)
    return fault, utf8_lines, other_lines


def _refuse_unless_gb18030(path: Path, name: str, broken: tuple[int, str]) -> None:
    """Nothing when the whole file is GB18030; a UTF-8 file with one bad byte often is too, so its lines are looked at as well."""
    fault, utf8_lines, other_lines = _as_gb18030(path)
    line, reason = broken
    if reason == "cut" or (fault and fault[1] == "cut" and not utf8_lines):
        at = line if reason == "cut" else fault[0] if fault else line
        found = (
            f"文件在第 {at} 行的一个字符中间中断（传输不完整）",
            f"a file that ends in the middle of a character in line {at} (cut off)",
        )
        raise refuse(
            name,
            found=found,
            expected=("完整的文件", "the whole file"),
            todo=("请重新导出或重新传输", "export or transfer it again"),
        )
    if utf8_lines > other_lines / 10_000:  # chance makes one line of some hundred thousand short GBK lines look like UTF-8
        found = (
            f"第 {line} 行不是有效的 UTF-8，而其他行是（混合或损坏的编码）",
            f"line {line} is not valid UTF-8 while other lines are (mixed or damaged encoding)",
        )
        raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE)
    if fault:
        found = (
            f"既不是 UTF-8（第 {line} 行），也不是 GB18030（第 {fault[0]} 行）",
            f"text that is neither UTF-8 (line {line}) nor GB18030 (line {fault[0]})",
        )
        raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE)


def _rewritten(path: Path, scratch: Scratch, name: str, encoding: str, spoken: str | None) -> TextFile:
    """A copy in UTF-8 whose lines end with LF."""
    copy = scratch.path / "text.csv"
    counts: Counter[str] = Counter()
    last = "\n"
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("strict"), translate=True)
    piece: str
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            for chunk in _chunks(source):
                piece = decoder.decode(chunk, final=not chunk)
                if "\x00" in piece:
                    raise refuse(
                        name, found=("文本中有空字符（NUL）", "a NUL character in the text"), expected=_EXPECTED, todo=_SAVE
                    )
                counts["feeds"] += piece.count("\n")
                counts["quotes"] += piece.count('"')
                last = piece[-1:] or last
                target.write(piece.encode("utf-8"))
    except UnicodeError as error:
        cut = getattr(error, "reason", "") in ("truncated data", "unexpected end of data", "incomplete multibyte sequence")
        line = counts["feeds"] + 1
        found = (f"第 {line} 行之后不是有效的 {spoken}", f"invalid {spoken} after line {line}")
        if cut:
            found = ("文件在一个字符中间中断（传输不完整）", "a file that ends in the middle of a character (cut off)")
        raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE) from None
    _check_garbled(copy, name, legacy=encoding == "gb18030")
    notes = [_note(f"按 {spoken} 解码", f"decoded from {spoken}")] if spoken else []
    if decoder.newlines not in ("\n", "\r\n", None):
        notes.append(_note("换行符不是统一的 LF 或 CRLF，已统一", "line ends were CR or mixed, and were made uniform"))
    survey = _Survey(feeds=counts["feeds"], quotes=counts["quotes"], ended=last == "\n")
    return TextFile(path=copy, start=0, lines=_lines(survey), ended=survey.ended, quotes=survey.quotes > 0, notes=tuple(notes))


def _chunks(source: BinaryIO) -> Iterator[bytes]:
    """The chunks of a file and an empty one at its end."""
    while chunk := source.read(CHUNK):
        yield chunk
    yield b""


def _check_garbled(path: Path, name: str, *, legacy: bool = False) -> None:
    """Refuses text that was decoded wrongly before it came here: valid Unicode, but no longer the words that were written."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE).decode("utf-8", errors="ignore")  # NOTE: only the cut at the end of the sample is ignored
    lines = [line for line in sample.splitlines() if not line.isascii()]
    if not lines:
        return
    # an accent stands alone (Größe, Café), the halves of a Chinese character never do
    paired = [line for line in lines if all(len(run) >= 2 for run in _HIGH.findall(line))]
    latin = sum(_redecoded(line, "latin-1", "gb18030") or _redecoded(line, "cp1252", "gb18030") for line in paired)
    gbk = sum(_redecoded(line, "gb18030", "utf-8", least=2) for line in lines)
    if max(latin, gbk) * 2 > len(lines):
        found = (
            "乱码：中文曾以错误的编码读取后再保存",
            "garbled text (mojibake): Chinese was once read in a wrong encoding and saved again",
        )
        raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE)
    if legacy and _looks_like_big5(sample):
        found = ("疑似 Big5 编码的文本", "text that seems to be in Big5")
        raise refuse(name, found=found, expected=_EXPECTED, todo=_SAVE)


def _redecoded(line: str, wrong: str, right: str, *, least: int = 1) -> bool:
    """Whether undoing a wrong decoding turns the line into Chinese, apart from a few characters that were lost on the way."""
    try:
        found = line.encode(wrong).decode(right, errors="replace")
    except UnicodeError:
        return False
    return len(_HAN.findall(found)) >= max(least, 4 * found.count("\N{REPLACEMENT CHARACTER}"))


def _looks_like_big5(sample: str) -> bool:
    """Big5 read as GB18030: hanzi outside GB2312, as in traditional Chinese, but mixed with kana, Greek and box characters."""
    hanzi = Counter(_HAN.findall(sample))
    rare = sum(count for char, count in hanzi.items() if char.encode("gb18030")[1] < 0xA1)
    odd = len(_ODD.findall(sample))
    return hanzi.total() + odd >= 10 and rare > 0.2 * hanzi.total() and odd > 0.03 * hanzi.total()

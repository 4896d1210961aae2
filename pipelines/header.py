"""The header of a table file: found among the first rows, and matched with a table of the dictionary."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines import units
from pipelines.dictionary import Dictionary, Table
from pipelines.heading import Row, join_rows, plain, split_unit, stated_units, stated_year
from pipelines.report import FileRefused, refuse

MAXIMUM_COLUMNS = 2_000
_PARTS = re.compile(r"[\n/|]+")
SEARCHED = 30  # rows in which a header is looked for


@dataclass(frozen=True, kw_only=True)
class Match:
    """A header that fits a table: per file column its text, the dictionary column (None: ignored) and the unit it states."""

    table: str
    header: tuple[str, ...]
    columns: tuple[str | None, ...]
    units: tuple[str | None, ...]
    first: int  # position of the first header row among the rows given
    height: int  # header rows
    skipped: int  # rows with text above the header
    year: str | None = None  # the one year named above the header, e.g. in the title 2022年…统计表


@dataclass(frozen=True, kw_only=True)
class _Attempt:
    """How far a header fits a table."""

    match: Match
    known: int
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    doubled: tuple[str, ...]

    @property
    def fits(self) -> bool:
        return self.known > 0 and not (self.missing or self.unknown or self.doubled)

    @property
    def rank(self) -> tuple[bool, int, int, int]:
        return self.fits, self.known - len(self.unknown), -len(self.missing), -self.match.first


def recognise(rows: Sequence[Row], dictionary: Dictionary, *, file: str, table: str | None = None) -> Match:
    """The header among the first rows and the one table it fits. Raises FileRefused when none fits, or two fit equally well."""
    attempts = _attempts(rows, dictionary, file, table)
    fitting = [attempt for attempt in attempts if attempt.fits]
    if fitting:
        best = max(fitting, key=lambda attempt: attempt.rank)
        rivals = sorted(
            {other.match.table for other in fitting if other.known == best.known and other.match.first == best.match.first}
        )
        if len(rivals) > 1:
            names = ", ".join(rivals)
            found = (f"表头同样符合多张表：{names}", f"a header that fits several tables equally: {names}")
            todo = (f"请指明表名，例如 {rivals[0]}={file}", f"say which one, e.g. {rivals[0]}={file}")
            raise refuse(file, found=found, expected=("只符合一张表的表头", "a header that fits one table"), todo=todo)
        _check_above(rows, best.match, dictionary, file)
        return best.match
    raise _refusal(rows, attempts, dictionary, file, table)


def _check_above(rows: Sequence[Row], match: Match, dictionary: Dictionary, file: str) -> None:
    """Titles may stand above a header, records may not: they would be lost."""
    for place, row in enumerate(rows[: match.first], 1):
        filled = sum(bool(plain(cell)) for cell in row)
        if filled > max(4, len(match.header) // 2) or is_header(row, dictionary):
            at = f"{place} / {match.first + 1}"
            found = (
                f"表头之上还有另一个表头或数据（非空行序号 {at}）",
                f"another header or records above the header (rows in order: {at})",
            )
            expected = ("表头之上只有标题", "nothing but titles above the header")
            raise refuse(file, found=found, expected=expected, todo=("请将表分别保存为文件", "save the tables as separate files"))


def score(rows: Sequence[Row], dictionary: Dictionary, *, file: str, table: str | None = None) -> tuple[bool, int, int, int]:
    """How well the first rows fit their best table; used to choose a delimiter or a sheet."""
    return max((attempt.rank for attempt in _attempts(rows, dictionary, file, table)), default=(False, -10_000, 0, 0))


def is_header(row: Row, dictionary: Dictionary) -> str | None:
    """The table whose header a row further down looks like (at least two names, and more than half of its cells), or None."""
    words = [plain(cell) for cell in row if plain(cell)]
    for table in dictionary.tables.values():
        known = _names(dictionary, table.id)
        hits = {known[word] for word in (plain(split_unit(w)[0]) if w not in known else w for w in words) if word in known}
        if len(hits) >= 2 and 2 * len(hits) > len(words):
            return table.id
    return None


_NAMES: dict[tuple[int, str], tuple[Dictionary, dict[str, str]]] = {}


def _names(dictionary: Dictionary, table: str) -> dict[str, str]:
    """Plain header words of a table with the column each stands for; the dictionary is kept so that its id stays its own."""
    key = (id(dictionary), table)
    if key not in _NAMES or _NAMES[key][0] is not dictionary:
        found: dict[str, str] = {}
        for name, column in dictionary.tables[table].columns.items():
            for word in (name, column.name.zh, column.name.en, *column.aliases):
                found.setdefault(plain(word), name)
                base, unit = split_unit(word)
                if unit and column.unit:  # a name that carries its unit is also known without it
                    found.setdefault(plain(base), name)
        _NAMES[key] = (dictionary, found)
    return _NAMES[key][1]


def _attempts(rows: Sequence[Row], dictionary: Dictionary, file: str, table: str | None) -> list[_Attempt]:
    if table is not None and table not in dictionary.tables:
        known = ", ".join(sorted(dictionary.tables))
        found, expected = (f"计划中没有表 {table}", f"the plan has no table {table}"), (f"以下之一：{known}", f"one of {known}")
        raise refuse(file, found=found, expected=expected, todo=("请改正表名", "correct the name of the table"))
    tables = [dictionary.tables[table]] if table else list(dictionary.tables.values())
    found_attempts = []
    for first, row in enumerate(rows[:SEARCHED]):
        if not any(plain(cell) for cell in row):
            continue
        for candidate in tables:
            for height in sorted({1, candidate.header_rows}):
                if first + height <= len(rows) and (height > 1 or _promising(row, _names(dictionary, candidate.id))):
                    found_attempts.append(_attempt(rows, first, height, candidate, dictionary))
    return found_attempts


def _promising(row: Row, known: dict[str, str]) -> bool:
    """Whether a single row can be a header at all; most rows of a file are not, and need no closer look."""
    return any(
        plain(part) in known or plain(split_unit(part)[0]) in known
        for cell in row
        if cell
        for part in (cell, *_PARTS.split(cell))
    )


def _attempt(rows: Sequence[Row], first: int, height: int, table: Table, dictionary: Dictionary) -> _Attempt:
    header = join_rows(rows[first : first + height])
    known = _names(dictionary, table.id)
    ignored = {plain(word) for word in table.ignore}
    columns: list[str | None] = []
    found: list[str | None] = []
    unknown: list[str] = []
    for text in header:
        name, unit = _column(text, table, known)
        if not plain(text) and name in columns:
            name = None
        if name is None and plain(text) and plain(text) not in ignored:
            unknown.append(text)  # a blank header is no fault here: the reader sees to it that nothing stands below it
        columns.append(name)
        found.append(unit)
    taken = [name for name in columns if name]
    needed = dict.fromkeys([*table.key, *(name for name, column in table.columns.items() if column.required)])
    above = [cell for row in rows[:first] for cell in row if cell and cell.strip()]
    stated = stated_units(above)
    found = [unit or _stated_unit(stated, table, name) for unit, name in zip(found, columns, strict=True)]
    match = Match(
        table=table.id, header=header, columns=tuple(columns), units=tuple(found), first=first, height=height,
        skipped=sum(any(plain(cell) for cell in row) for row in rows[:first]), year=stated_year(above),
    )  # fmt: skip
    return _Attempt(
        match=match,
        known=len({name for name, word in zip(columns, header, strict=True) if name and plain(word)}),
        missing=tuple(name for name in needed if name not in taken),
        unknown=tuple(unknown),
        doubled=tuple(sorted({name for name in taken if taken.count(name) > 1})),
    )


def _column(text: str, table: Table, known: dict[str, str]) -> tuple[str | None, str | None]:
    """The dictionary column a header names, and the unit in its bracket when the column can have one.

    A template may name a column in both languages, each on its line; all lines must mean the same column.
    """
    whole, parts = split_unit(text), [split_unit(part) for part in _PARTS.split(text) if plain(part)]
    if plain(text) in known or plain(whole[0]) in known:
        parts = [whole]
    names = {known.get(plain(base)) for base, _ in parts}
    if plain(text) in known:
        names = {known[plain(text)]}
    stated = {unit for _, unit in parts if unit}
    name = names.pop() if len(names) == 1 and len(stated) <= 1 else None
    if name is None:
        return None, None
    column, unit = table.columns[name], stated.pop() if stated else None
    if unit and plain(text) in known and units.unit(unit) is None:
        unit = None  # a bracket that belongs to the name: 烧碱（折100%）
    if column.unit is None and column.type not in ("rate", "number", "integer"):
        return (name, None) if unit is None or plain(text) in known else (None, None)  # `企业名称（盖章）` may be another column
    if column.unit is None and column.type != "rate" and unit and (found := units.unit(unit)) and found.scale != 1:
        return None, None  # a count in 万个 would be taken for a count
    return name, unit


def _stated_unit(stated: Sequence[str], table: Table, name: str | None) -> str | None:
    """The unit above the header that belongs to a column: the one its own unit can be computed from."""
    if name is None:
        return None
    column = table.columns[name]
    wanted = column.unit or ("%" if column.type == "rate" else None)
    return next((unit for unit in stated if wanted and units.factor(unit, wanted) is not None), None)


def _refusal(
    rows: Sequence[Row], attempts: Sequence[_Attempt], dictionary: Dictionary, file: str, table: str | None
) -> FileRefused:
    tables = [table] if table else sorted(dictionary.tables)
    best = max(attempts, key=lambda attempt: attempt.rank, default=None)
    expected = (f"以下某张表的表头：{'、'.join(tables)}", f"the header of one of: {', '.join(tables)}")
    if best is None or best.known == 0:
        found = (f"前 {SEARCHED} 行中没有可识别的表头", f"no header that fits a table in the first {SEARCHED} rows")
        if any("\u0080" <= char <= "\u00ff" for row in rows[:3] for cell in row for char in cell or ""):
            found = (
                "无法识别的表头，像是编码错误产生的乱码",
                "a header that is not recognised and looks garbled by a wrong encoding (mojibake)",
            )
        todo = ("请使用填报模板的表头，并以 UTF-8 保存", "use the headers of the template and save as UTF-8")
        return refuse(file, found=found, expected=expected, todo=todo)
    target = dictionary.tables[best.match.table]
    zh, en = [], []
    if best.missing:
        names = [f"{target.columns[name].name.zh} ({name})" for name in best.missing]
        zh.append(f"缺少列 {'、'.join(names)}")
        en.append(f"missing columns {', '.join(best.missing)}")
    if best.unknown:
        words = [_shown(word, target) for word in best.unknown[:8]]
        more = len(best.unknown) - len(words)
        zh.append(f"未知的列 {'、'.join(w for w, _ in words)}" + (f" 等，共 {more + len(words)} 列" if more else ""))
        en.append(f"unknown columns {', '.join(w for _, w in words)}" + (f" and {more} more" if more else ""))
    if best.doubled:
        zh.append(f"重复的列 {'、'.join(best.doubled)}")
        en.append(f"columns that stand there twice: {', '.join(best.doubled)}")
    expected = (
        f"表 {target.id}（{target.name.zh}）的各列，每列一次",
        f"the columns of table {target.id} ({target.name.en}), each once",
    )
    todo = (
        "请按填报模板改正表头；无需载入的列可在计划的 ignore 中列出",
        "correct the header after the template; columns not to be loaded can be listed under `ignore` in the plan",
    )
    return refuse(file, found=("；".join(zh), "; ".join(en)), expected=expected, todo=todo)


def _shown(word: str, table: Table) -> tuple[str, str]:
    """An unknown header word for zh and en messages, with the nearest known one."""
    short = word.strip()[:30].replace("\n", " ")
    if not short:
        return "（空白表头）", "(blank header)"
    spellings = {name: name for name in table.columns}
    for name, column in table.columns.items():
        spellings |= {word: name for word in (column.name.zh, column.name.en, *column.aliases) if word}
    near = [
        found
        for text in (word, split_unit(word)[0])
        for found in difflib.get_close_matches(text, list(spellings), n=1, cutoff=0.6)
    ]
    return (
        (f"“{short}”（是否为“{near[0]}”？）", f"`{short}` (did you mean `{near[0]}`?)") if near else (f"“{short}”", f"`{short}`")
    )

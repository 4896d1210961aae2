"""Rows against other rows: links into other tables, and keys that stand twice in a file."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from pipelines.database import Database
from pipelines.dictionary import Dictionary, Link, Table
from pipelines.faults import messages
from pipelines.report import REJECTED
from pipelines.warehouse import matching, quoted
from pipelines.yamlfile import Text

REPEATED, SUPERSEDED, CONFLICT = "key.repeated", "key.superseded", "key.conflict"


def unlinked(database: Database, rows: Path, table: Table, dictionary: Dictionary, *, file: str) -> pl.DataFrame:
    """Rejected rows of the Parquet file `rows` whose linked row, where one is required, is not in the warehouse.

    A link is followed when all its columns stand in the table itself, or are its period.
    """
    parts = [pl.DataFrame(schema=REJECTED)]
    for link in table.link:
        ours = _ours(link, table, dictionary)
        if not link.required or ours is None:
            continue
        found = _orphans(database, rows, link, ours)
        target = dictionary.tables[link.table]
        column = next(name for name in link.on.values() if name in table.columns)
        zh = f"在表“{target.name.zh}”（{link.table}）中没有对应的行；请先载入该表，或改正此处"
        en = f"has no row in the table “{target.name.en}” ({link.table}); load that table first, or correct the value"
        name = table.columns[column].name
        parts.append(messages(found, file=file, column=column, name=name, rule=f"link.{link.table}", zh=zh, en=en))
    return pl.concat(parts)


def _orphans(database: Database, rows: Path, link: Link, ours: dict[str, pl.Expr]) -> pl.DataFrame:
    """`row` and `value` of the rows whose linked row does not exist; rows with a blank in the link are not judged.

    Neighbours mostly share their linked row, so keys are thinned before they are looked up.
    """
    names = list(ours)
    columns = ", ".join(f'"{name}"' for name in names)
    known = database.query(f'SELECT DISTINCT {columns} FROM "{link.table}"').lazy()
    keyed = pl.scan_parquet(rows).select(pl.col("src_row").alias("row"), **ours).drop_nulls(names)
    known = known.cast({name: kind for name, kind in keyed.collect_schema().items() if name in names})
    changes = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names)
    distinct = keyed.select(names).filter(changes).unique()
    lost = distinct.join(known, on=names, how="anti").collect(engine="streaming")
    if lost.is_empty():
        return pl.DataFrame(schema={"row": pl.Int64, "value": pl.String})
    value = pl.concat_str([pl.col(name).cast(pl.String) for name in names], separator=" / ")
    return keyed.join(lost.lazy(), on=names, how="semi").select("row", value=value).collect(engine="streaming").sort("row")


def in_order(rows: Path, key: list[str]) -> bool:
    """Whether the rows of a Parquet file stand in strictly rising order of their key: sorted, and no key twice."""
    later = pl.lit(False)
    for name in reversed(key):
        here, before = pl.col(name), pl.col(name).shift(1)
        later = (here > before) | ((here == before) & later)
    result = pl.scan_parquet(rows).select(later.fill_null(True).all()).collect(engine="streaming")
    return bool(result.item())


def doubled(database: Database, rows: Path, table: Table, *, file: str, without: Path | None = None) -> pl.DataFrame:
    """Rejected rows that share their key with another row of the same file.

    Identical rows: one is kept. Rows that differ: the highest `latest` wins; where it does not decide, none is kept.
    """
    key = ", ".join(f'"{name}"' for name in table.key)
    barred = f"WHERE src_row NOT IN (SELECT src_row FROM read_parquet({quoted(without)}))" if without else ""
    source = f"(SELECT * FROM read_parquet({quoted(rows)}) {barred})"
    twice = f"SELECT {key} FROM {source} GROUP BY ALL HAVING count(*) > 1"
    found = database.query(
        f"SELECT * EXCLUDE (src_file) FROM {source} AS one WHERE EXISTS "
        f"(SELECT 1 FROM ({twice}) AS two WHERE {matching(table, 'one', 'two')}) ORDER BY {key}, src_row"
    )
    if found.is_empty():
        return pl.DataFrame(schema=REJECTED)
    return _doubled(found, table, file)


def write_part(database: Database, rows: Path, table: Table, *, out: Path, without: Path | None = None) -> None:
    """The rows of `rows` without those listed in `without`, sorted by key, as the Parquet file `out`."""
    barred = f"WHERE src_row NOT IN (SELECT src_row FROM read_parquet({quoted(without)}))" if without else ""
    key = ", ".join(f'"{name}"' for name in table.key)
    database.execute(
        f"COPY (SELECT * FROM read_parquet({quoted(rows)}) {barred} ORDER BY {key}) TO {quoted(out)} "
        "(FORMAT parquet, COMPRESSION lz4_raw, ROW_GROUP_SIZE 100352)"
    )


def replaced(database: Database, part: Path, table: Table) -> int:
    """How many keys of the part stand in the warehouse already."""
    if database.query(f'SELECT count(*) FROM "{table.id}"').item() == 0:
        return 0
    there = f'SELECT 1 FROM "{table.id}" AS old WHERE {matching(table, "old", "new")}'
    return int(database.query(f"SELECT count(*) FROM read_parquet({quoted(part)}) AS new WHERE EXISTS ({there})").item())


def _ours(link: Link, table: Table, dictionary: Dictionary) -> dict[str, pl.Expr] | None:
    """Their columns with the expression of ours, or None when a column of ours stands in another table."""
    found = {}
    for theirs, ours in link.on.items():
        name = table.period if ours == "period" and "period" not in table.columns else ours
        if name is None or name not in table.columns:
            return None
        dated = table.columns[name].type in ("month", "date", "timestamp")
        yearly = dictionary.tables[link.table].columns[theirs].type == "year"
        found[theirs] = pl.col(name).dt.year() if yearly and dated else pl.col(name)
    return found if any(ours in table.columns for ours in link.on.values()) else None


def _doubled(found: pl.DataFrame, table: Table, file: str) -> pl.DataFrame:
    content = pl.struct(pl.exclude("src_row"))
    latest = pl.col(table.latest) if table.latest else pl.lit(0)
    judged = (
        found.with_columns(content=content, age=latest)
        .with_columns(newest=((pl.col("age") == pl.col("age").max()).fill_null(False)).over(table.key))
        .with_columns(newest=pl.when(pl.col("newest").any().over(table.key)).then("newest").otherwise(True))
        .with_columns(versions=pl.col("content").filter("newest").n_unique().over(table.key))
        .with_columns(kept=pl.col("src_row").filter("newest").min().over(table.key))
        .with_columns(kept_content=pl.col("content").filter(pl.col("src_row") == pl.col("kept")).first().over(table.key))
        .with_columns(rows=pl.col("src_row").cast(pl.String).sort_by("src_row").str.join(", ").over(table.key))
        .with_columns(value=pl.concat_str([pl.col(name).cast(pl.String) for name in table.key], separator=" / "), row="src_row")
    )
    clear = pl.col("versions") == 1
    same = pl.col("content") == pl.col("kept_content")
    names = [table.columns[column].name for column in table.key]
    name = Text(zh=" + ".join(one.zh for one in names), en=" + ".join(one.en for one in names))
    kept = pl.col("kept").cast(pl.String)
    tie = table.columns[table.latest].name if table.latest else None
    zh_tie, en_tie = (f"，且“{tie.zh}”不能分出先后", f", and “{tie.en}” does not tell which is the latest") if tie else ("", "")
    groups = [
        (REPEATED, clear & same & (pl.col("src_row") != pl.col("kept")),
         pl.format("与第{}行完全相同，只保留一行", kept), pl.format("repeats row {} exactly; one copy was kept", kept)),
        (SUPERSEDED, clear & ~same,
         pl.format("是旧版本，已保留第{}行", kept), pl.format("is an older version of row {}, which was kept", kept)),
        (CONFLICT, ~clear,
         pl.format("在第{}行重复出现而内容不同{}；请人工确认，各行均未载入", "rows", pl.lit(zh_tie)),
         pl.format("stands in rows {} with different values{}; a person must decide, none was loaded", "rows", pl.lit(en_tie))),
    ]  # fmt: skip
    column = "+".join(table.key)
    parts = [
        messages(judged.filter(condition), file=file, column=column, name=name, rule=rule, zh=zh, en=en)
        for rule, condition, zh, en in groups
    ]
    return pl.concat(parts).sort("row", maintain_order=True)

"""A store with a file of every kind, whose units can be looked for in its bytes; and a process that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import editrun, pseudonym, vault, warehouse, weights
from pipelines.database import Database
from pipelines.dictionary import Dictionary, Table
from pipelines.edit.edit import Edited
from pipelines.load import load
from tests.pipelines import edited
from tests.pipelines.forms import column, write

REPOSITORY = Path(__file__).parent.parent.parent
#: files of a store that hold no records
OPEN = {"lock", "log.jsonl", "seal.json"}
REGISTER = {
    **edited.REGISTER,
    "design": {"unit": "enterprise_id", "census": True, "group": "holding_group"},
    "columns": {
        **edited.REGISTER["columns"],  # type: ignore[dict-item]
        "name": {**column("text", "企业名称", "Name"), "kind": "identity"},
        "holding_group": column("identifier", "所属企业集团", "Holding group"),
    },
}
DICTIONARY = edited.dictionary(register=REGISTER)
#: unit → name, holding group; U3 belongs to nobody, and U2 is the group of U4
UNITS = {
    "U0001-A": ("岚原汽车电控有限公司", "G77-GROUP"),
    "U0002-B": ("Beta Körper GmbH", None),
    "U0003-C": ("澄坤车身有限公司", None),
    "U0004-D": ("Delta Works", "U0002-B"),
    "U0005-E": ("虹桥零部件厂", "G77-GROUP"),
}
_HEADER = "enterprise_id,year,segment,stratum,stratum_population,employees,sampled,name,holding_group"


def full(folder: Path, known: Dictionary = DICTIONARY) -> Path:
    """Parts of two tables and years, set-aside rows, a run of editing, weights, contributions, rules and a secret."""
    store = folder / "store"
    for year in (2025, 2026):
        listed = [
            f"{unit},{year},3670,L,5,{900 - i},true,{name},{group or ''}" for i, (unit, (name, group)) in enumerate(UNITS.items())
        ]
        answers = [
            f"{unit},{year},{value},{900 - i}"
            for i, (unit, value) in enumerate(zip(UNITS, (5000000, 700, 10, "", 40), strict=True))
        ]
        files = [
            write(folder / f"register_{year}.csv", _HEADER, listed),
            write(folder / f"survey_{year}.csv", "enterprise_id,year,output,staff", answers),
        ]
        load(files, store=store, dictionary=known)
    faulty = ["U0001-A,2026,x1,1", "U0003-C,2026,-,2", "U9999-X,2026,5,5"]
    load([write(folder / "U0001-A 2026.csv", "enterprise_id,year,output,staff", faulty)], store=store, dictionary=known)
    edit(store, known)
    warehouse.keep_weights(store, known, used())
    vault.put(store, "contributions/0001.parquet", _parquet(contributions()), mode=0o600)
    (store / "disclosure.yaml").write_text("minimum_groups: 5\n", encoding="utf-8")
    pseudonym.mark_of(store, "a secret is made")
    return store


def edit(store: Path, known: Dictionary = DICTIONARY) -> None:
    editrun.edit(store, known, plan_sha256="plan", actor="wang", rules=rules)


def rules(table: Table, rows: pl.DataFrame, frame: pl.DataFrame | None) -> Edited:
    """As the stand-in, but what is imputed was given by the first unit."""
    found = edited.stand_in(table, rows, frame)
    given, donor = pl.col("method") == "ratio", "U0001-A"
    told = pl.when(given).then(pl.lit(f"taken from {donor}, the nearest")).otherwise("reason_en").alias("reason_en")
    return replace(found, events=found.events.with_columns(told, donor=pl.when(given).then(pl.lit(donor))))


def used() -> pl.DataFrame:
    rows = [("survey: rate", year, unit, "L", 1.0, 1.25, 1.25) for year in ("2025", "2026") for unit in UNITS]
    return pl.DataFrame(rows, schema=weights.WEIGHTS, orient="row")


def contributions() -> pl.DataFrame:
    rows = [
        ("rate", year, group or unit, 1, float(i))
        for year in ("2025", "2026")
        for i, (unit, (_, group)) in enumerate(UNITS.items())
    ]
    return pl.DataFrame(rows, schema=["indicator", "period", "holding", "units", "y"], orient="row")


def _parquet(frame: pl.DataFrame) -> bytes:
    content = BytesIO()
    frame.write_parquet(content)
    return content.getvalue()


def names(store: Path) -> set[str]:
    """The names of all files of a store."""
    return {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}


def bytes_of(store: Path) -> dict[str, bytes]:
    """Every file with its bytes, and beside it what is compressed in it: the content of Parquet files and of the database."""
    found = {name: (store / name).read_bytes() for name in names(store)}
    for name in [name for name in found if name.endswith(".parquet") and found[name][:4] == b"PAR1"]:
        found[f"{name} inside"] = pl.read_parquet(BytesIO(found[name])).write_ndjson().encode()
    path = store / "warehouse.duckdb"
    if path.exists() and not found["warehouse.duckdb"].startswith(b"PWSEAL"):
        with Database(path, read_only=True) as database:
            tables = database.query("SELECT table_name FROM duckdb_tables()")["table_name"]
            texts = [database.query(f'SELECT * FROM main."{table}"').write_ndjson() for table in tables]
        found["warehouse.duckdb inside"] = "".join(texts).encode()
    return found


def hits(store: Path, words: Iterable[str]) -> dict[str, list[str]]:
    """Which of the words stand in which file, in the bytes as they are or in what is compressed in them."""
    found = bytes_of(store)
    told = {name: [word for word in words if word.encode() in content] for name, content in found.items()}
    return {name: some for name, some in told.items() if some}


def rows(store: Path, known: Dictionary = DICTIONARY) -> dict[str, list[tuple[Any, ...]]]:
    """What the warehouse holds."""
    with warehouse.open_warehouse(store, known) as database:
        return {table: database.query(f'SELECT * FROM "{table}"').sort("*").rows() for table in (*known.tables, weights.TABLE)}


#: counts what a program does to files below a folder, tells the number at its end, and kills it before the one asked for
_KILLER = """
import atexit, os, signal, sys
count = [0]
def watch(event, arguments):
    if event in ("open", "os.rename", "os.remove", "os.chmod", "os.mkdir", "os.rmdir", "os.truncate"):
        path = os.fsdecode(arguments[0]) if arguments and isinstance(arguments[0], (str, bytes, os.PathLike)) else ""
        if path.startswith(sys.argv[1]):
            count[0] += 1
            if count[0] == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
atexit.register(lambda: print(count[0]))
from pathlib import Path
store = Path(sys.argv[1])
"""


def killed(program: str, store: Path, at: int, environment: Mapping[str, str]) -> int | None:
    """Runs a program (`store` is the folder) until just before it does the `at`-th thing to files of the store.

    None when it was killed so; else it came to its end, and this is the number of things that it did.
    """
    imports = [line for line in program.splitlines() if line.startswith(("from ", "import "))]
    rest = [line for line in program.splitlines() if line not in imports]
    whole = "\n".join([_KILLER, *imports, "sys.addaudithook(watch)", *rest])
    variables = {**os.environ, "PYTHONPATH": str(REPOSITORY), **environment}
    ended = subprocess.run([sys.executable, "-c", whole, str(store), str(at)], check=False, env=variables, capture_output=True)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr.decode()
    return None if ended.returncode else int(ended.stdout.split()[-1])


def moments(number: int, spread: int = 5, near_the_end: int = 6) -> list[int]:
    """Moments spread over so many things that a program does, and more of them near its end, where files change places."""
    early = range(1, number + 1, max(1, number // spread))
    late = range(max(1, number - 5 * near_the_end), number + 1, 5)
    return sorted({*early, *late, number})

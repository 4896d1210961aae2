"""The benchmark: what load, cells and publish cost beside the least that the same rows could cost, in one run.

Every figure is taken in a process of its own, so that its peak memory is its own, and stands as a multiple of a floor
measured on the same data in the same run: bare DuckDB reading of the file, or one sum of every column of the table.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import polars as pl

from indicators.bench_data import VALUES, make
from indicators.catalogue.catalogue import load_plan
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question, questions
from indicators.compute import compute
from indicators.editions.edition import write_edition
from indicators.estimation.estimate import errors, estimate_rows
from indicators.estimation.moments import named, of_rows
from indicators.statements.cells import fetch
from pipelines.database import Database
from pipelines.dictionary import SQL_TYPES

PLAN = Path(__file__).parent / "plans" / "bench"
RUNS = 3  # the median is told
LARGE = 20_000_000  # rows above which one run must do
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the benchmark; `ratio` is wall time over that of the figure `floor` (1 for a floor itself)."""

    name: str
    seconds: float  # wall time, median of the runs
    cpu: float  # processor seconds, user and system, median of the runs
    floor: str  # the name of another figure; empty for a floor
    ratio: float
    cpu_ratio: float  # the same of processor seconds: steadier on a machine that does other work
    goal: float | None  # what `ratio` should not exceed
    peak_mb: float
    rows: int  # rows that came out
    runs: int


@dataclass(frozen=True, kw_only=True)
class Task:
    """Something to be measured: `run` gets the folder of the data and returns how many rows came out."""

    run: Callable[[Path], int]
    floor: str = ""
    goal: float | None = None


def run(rows: int, folder: Path | None = None, progress: Progress | None = None) -> list[Figure]:
    """Makes about `rows` production rows in `folder` (default: a temporary one) and measures every task on them.

    Median of RUNS, one run above LARGE rows. Raises RuntimeError with the words of a task that failed.
    """
    tell = progress or (lambda _name, _done, _all: None)
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="planwatch-bench-") as name:
            return run(rows, Path(name), progress)
    folder.mkdir(parents=True, exist_ok=True)
    tell("rows", 0, len(TASKS) + 1)
    made = make(folder, rows)
    figures: dict[str, Figure] = {}
    for done, (name, task) in enumerate(TASKS.items(), start=1):
        tell(name, done, len(TASKS) + 1)
        taken = [_measure(name, folder) for _ in range(1 if made > LARGE else RUNS)]
        seconds, cpu = (max(median(one[key] for one in taken), 1e-6) for key in ("seconds", "cpu"))
        floor = figures.get(task.floor)
        figures[name] = Figure(
            name=name,
            seconds=seconds,
            cpu=cpu,
            floor=task.floor,
            ratio=seconds / (floor.seconds if floor else seconds),
            cpu_ratio=cpu / (floor.cpu if floor else cpu),
            goal=task.goal,
            peak_mb=max(one["peak_mb"] for one in taken),
            rows=int(taken[0]["rows"]),
            runs=len(taken),
        )
    tell("", len(TASKS) + 1, len(TASKS) + 1)
    return list(figures.values())


def _measure(name: str, folder: Path) -> dict[str, float]:
    root = str(Path(__file__).parent.parent)
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "indicators.bench", name, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path})
    if ended.returncode:
        raise RuntimeError(f"bench: `{name}` failed:\n{ended.stderr.strip()}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def _used() -> tuple[float, float]:
    """Processor seconds and peak memory in MB so far, of this process and those it has started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages), max(u.ru_maxrss for u in usages) / 1024


def _main(name: str, folder: Path) -> None:
    cpu, _ = _used()
    start = time.perf_counter()
    rows = TASKS[name].run(folder)
    seconds = time.perf_counter() - start
    after, peak = _used()
    print(json.dumps({"seconds": seconds, "cpu": after - cpu, "peak_mb": peak, "rows": rows}))


def sampled() -> Plan:
    """The plan of the benchmark: a stratified sample, months, quarters and years."""
    return load_plan(PLAN)


def recorded() -> Plan:
    """The same when every row counts for itself and only totals and ratios are wanted, without standard errors."""
    plan = sampled()
    table = plan.dictionary.tables["production"].model_copy(update={"design": None})
    tables = {**plan.dictionary.tables, "production": table}
    return plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": tables})})


def yearly() -> Plan:
    """The sample with results of years only, as an edition of it would have."""
    plan = sampled()
    indicators = {name: one.model_copy(update={"periods": ["year"]}) for name, one in plan.indicators.items()}
    return plan.model_copy(update={"indicators": indicators})


def only_question(plan: Plan) -> Question:
    """The one question that all indicators of the plan share."""
    (question,) = questions(plan)
    return question


def _database(folder: Path) -> Database:
    return Database(folder / "base.duckdb", read_only=True)


def _scan(folder: Path) -> int:
    table = sampled().dictionary.tables["production"]
    texts = [name for name, column in table.columns.items() if SQL_TYPES[column.type] in ("VARCHAR", "DATE")]
    columns = ", ".join(f"max({name})" if name in texts else f"sum({name})" for name in table.columns)
    with Database() as database:
        return database.query(f"SELECT {columns} FROM read_csv('{folder}/production.csv', header = true)").height


def _sum(folder: Path) -> int:
    with _database(folder) as database:
        return database.query(f"SELECT {', '.join(f'sum({name})' for name in VALUES)} FROM production").height


def _load(folder: Path) -> int:
    from pipelines.load import load  # here, so that the other tasks do not carry the weight of the readers

    store = folder / "store"
    shutil.rmtree(store, ignore_errors=True)
    files = [("register", folder / "register.csv"), ("production", folder / "production.csv")]
    reports = load(files, store=store, dictionary=sampled().dictionary)
    return sum(report.accepted for report in reports)


def _cells(folder: Path) -> int:
    with _database(folder) as database:
        return fetch(only_question(recorded()), database).height


def _errors(folder: Path) -> int:
    question = only_question(sampled())
    with _database(folder) as database:
        sets = of_rows(question, fetch(question, database))
        return sum(_all_errors(question, frame) for _, frame in sets)


def _all_errors(question: Question, frame: pl.DataFrame) -> int:
    """Value and standard error of every indicator for the cells of one breakdown set; how many cells."""
    for number, indicator in enumerate(question.indicators):
        errors(frame.select(**named(question, number), total=pl.lit(indicator.kind == "total")))
    return frame.height


def _results(folder: Path, plan: Plan) -> int:
    """What _cells and _errors give, as a frame with one row per published number."""
    question = only_question(plan)
    kinds = [{"indicator": i.id, "total": i.kind == "total", "bounded": False} for i in question.indicators]
    with _database(folder) as database:
        return estimate_rows(question, fetch(question, database), pl.DataFrame(kinds)).height


def _publish(folder: Path) -> int:
    plan = yearly()
    with _database(folder) as database:
        computed = compute(plan, database)
    root = folder / "editions"
    shutil.rmtree(root, ignore_errors=True)
    coverage = pl.DataFrame({"table_id": ["production"]})
    results, statements = computed.results, computed.statements
    write_edition(root, plan=plan, results=results, coverage=coverage, statements=statements, provenance={}).close()
    return computed.results.height


TASKS: dict[str, Task] = {
    "scan": Task(run=_scan),
    "sum": Task(run=_sum),
    "load": Task(run=_load, floor="scan", goal=2.5),
    "cells": Task(run=_cells, floor="sum", goal=5),
    "cells as results": Task(run=lambda folder: _results(folder, recorded()), floor="sum"),
    "errors": Task(run=_errors, floor="cells", goal=2),
    "errors as results": Task(run=lambda folder: _results(folder, sampled()), floor="sum"),
    "publish yearly": Task(run=_publish, floor="sum"),
}
"""Each task by name: scan (bare DuckDB reading of the CSV), sum (of every column over the table), load (validated, from the
CSV), cells (totals and ratios of 16 breakdown sets by year, quarter and month), errors (the same with all standard errors),
both as one row per number, and an edition of the yearly results."""

if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]))

"""The program that parses a spreadsheet or Parquet file in a process of its own, with limits on memory, time and disk.

It is run by path: `python -I child.py workbook|parquet INPUT FOLDER`, and leaves `report.json` and one Parquet file of
texts per sheet in FOLDER. What it refuses stands in the report as a reason word with a place; the words for people are in
pipelines/workbook.py. Only the modules pipelines/child_*.py are imported here.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

MEMORY, SECONDS, DISK = 3 << 30, 60, 4 << 30


def main(kind: str, source: str, folder: str) -> int:
    """Zero when a report was written, be it a refusal; anything else means that the parser died."""
    limit()
    sys.path.append(str(Path(__file__).parent.parent))  # behind the libraries, so that nothing here can stand in for one
    report: dict[str, Any]
    try:
        report = importlib.import_module(f"pipelines.child_{kind}").convert(source, folder)
    except MemoryError:
        report = {"refused": "memory", "place": ""}
    except Exception as error:  # NOTE: a message may quote cells; only our own words and the kind of error leave this process
        own = type(error).__name__ == "Refused"
        report = dict(zip(("refused", "place"), error.args if own else ("damaged", type(error).__name__), strict=True))
    Path(folder, "report.json").write_text(json.dumps(report, ensure_ascii=False), encoding="utf-8")
    return 0


def limit() -> None:
    """Bounds this process, before anything of the file has been looked at."""
    try:
        import resource
    except ImportError:  # not on Windows: the parent's limit of time remains
        return
    limits = (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, DISK),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in limits:
        hard = resource.getrlimit(what)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (value, value))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))

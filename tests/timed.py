"""Streamlit with a clock: the command of the app, which also writes the milliseconds of every run of its script to a file."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.web.cli import main

_run = ScriptRunner._run_script


def _timed(self: ScriptRunner, *given: Any, **named: Any) -> Any:
    begun = time.perf_counter()
    try:
        return _run(self, *given, **named)
    finally:
        with Path(os.environ["PLANWATCH_TIMES"]).open("a") as told:
            told.write(f"{(time.perf_counter() - begun) * 1000:.3f}\n")


if __name__ == "__main__":
    ScriptRunner._run_script = _timed  # type: ignore[method-assign]
    sys.argv[0] = "streamlit"
    main()

"""The app as a process of its own, started by the very command that the command line uses; it must log no mistake."""

from __future__ import annotations

import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dashboard.serve import Service, command


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serving(service: Service, log: Path) -> Iterator[str]:
    """The address of the app while it runs."""
    with running(command(service), f"http://127.0.0.1:{service.port}/_stcore/health", log):
        yield f"http://127.0.0.1:{service.port}"
    said = log.read_text(encoding="utf-8")
    assert "Traceback" not in said, said[said.index("Traceback") :][:4000]


@contextmanager
def running(program: Sequence[str], answers: str, log: Path) -> Iterator[None]:
    """A program from the moment at which it answers under an address."""
    with log.open("w") as sink, subprocess.Popen(list(program), stdout=sink, stderr=subprocess.STDOUT) as server:
        try:
            _wait(server, answers, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:  # it may wait for visitors for ever; a suite must not
                server.kill()


def _wait(server: subprocess.Popen[bytes], answers: str, log: Path) -> None:
    for _ in range(150):
        if server.poll() is not None:
            pytest.fail(f"the app ended before it answered:\n{log.read_text(encoding='utf-8')}")
        try:
            with urllib.request.urlopen(answers, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the app did not answer within 30 seconds")

"""Starts the app as a process of its own, says when it answers, and ends it with this one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

_PATIENCE = 60.0
_LOOPBACK = "127.0.0.1"


class PortTaken(ValueError):
    """Another program listens on the port."""


def launch(
    command: Sequence[str], port: int, *, ready: Callable[[str], None], address: str = _LOOPBACK, origin: str | None = None
) -> int:
    """Runs the app until it ends or is interrupted, and gives its exit code; `ready` hears the address once it answers.

    `address` is where it listens, `origin` what visitors see, where that is another. Raises PortTaken when something else
    listens there.
    """
    near = _LOOPBACK if address in ("0.0.0.0", "::", "localhost") else address  # noqa: S104 — on all addresses, so on this one
    if _answers(near, port):
        raise PortTaken(f"Port {port} is taken by another program. End it, or choose another port: --port {port + 1}.")
    # its greeting names a second address, so we speak for it; what goes wrong comes on stderr
    quiet = {"STREAMLIT_LOGGER_LEVEL": "warning", **os.environ}
    with subprocess.Popen(list(command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=quiet) as child:
        former = signal.signal(signal.SIGTERM, _stop)
        try:
            if _wait_for(child, near, port):
                shown = origin or f"http://{'localhost' if near == _LOOPBACK else address}:{port}"
                ready(shown)
                _show_in_browser(shown)
            return child.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            signal.signal(signal.SIGTERM, former)
            _end(child)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ends the app; one that still waits for its visitors after ten seconds is not waited for."""
    child.terminate()
    try:
        child.wait(timeout=10)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()


def _answers(address: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


def _wait_for(child: subprocess.Popen[bytes], address: str, port: int) -> bool:
    end = time.monotonic() + _PATIENCE
    while child.poll() is None and time.monotonic() < end:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection(address, port, timeout=2)
            connection.request("GET", "/_stcore/health")
            if connection.getresponse().status == 200:
                return True
        time.sleep(0.2)
    return False


def _show_in_browser(address: str) -> None:
    """Opens the address where a person sits before a screen; on a server nothing could be shown."""
    screen = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if screen and sys.stdout.isatty():
        with suppress(webbrowser.Error):
            webbrowser.open(address)

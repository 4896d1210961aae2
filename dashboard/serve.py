"""The command that starts the app, with every setting that matters for safety and looks."""

from __future__ import annotations

import sys
from pathlib import Path

APP = Path(__file__).parent / "app.py"

SETTINGS = {
    "server.headless": "true",
    "server.address": "127.0.0.1",
    "server.fileWatcherType": "none",
    "server.enableStaticServing": "true",
    "server.disconnectedSessionTTL": "60",
    "browser.gatherUsageStats": "false",
    "runner.magicEnabled": "false",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "client.toolbarMode": "minimal",
}


def command(store: Path, port: int) -> list[str]:
    """Program and arguments. The theme lies in dashboard/.streamlit/config.toml, where Streamlit looks beside its script."""
    options = [f"--{name}={value}" for name, value in {**SETTINGS, "server.port": str(port)}.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *options, "--", "--dir", str(store)]

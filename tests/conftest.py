"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

REPOSITORY = Path(__file__).parent.parent
for name in ("PLANWATCH_KEY", "PLANWATCH_KEY_FILE", "PLANWATCH_LOG_KEY", "PLANWATCH_LOG_KEY_FILE"):
    os.environ.pop(name, None)  # whoever runs the tests may keep a sealed store of his own

settings.register_profile("unhurried", deadline=None)  # seconds are measured in benchmarks; here they tell of a busy machine
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real and reference inputs that lie beside the project; the test is skipped where it is absent."""
    folder = Path(os.environ.get("PLANWATCH_SHARED", REPOSITORY.parent / "shared")) / "data"
    if not folder.is_dir():
        pytest.skip(f"reference inputs are not here: {folder} (set PLANWATCH_SHARED)")
    return folder

"""A newer edition appears in a window that is open, and says so until it was seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard import query
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import POINTER
from tests.dashboard.plausible import write_plausible
from tests.dashboard.test_app import run, written


def test_a_newer_edition_is_shown_at_the_next_run_and_told(tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plausible(tmp_path / "editions", plan).close()
    app = run(tmp_path, monkeypatch, lang="en")
    told = words("en")("newer.told", id="0002", former="0001")
    assert told not in written(app)
    write_plausible(tmp_path / "editions", plan).close()
    app.run()
    assert told in written(app)
    assert words("en")("edition.line", id="0002", day="").split("·")[0].strip() in written(app)
    app.run()
    assert told in written(app), "it stays until it was seen"
    app.button(key="newer_seen").click().run()
    assert told not in written(app)
    assert not app.exception


def test_an_open_window_knows_when_the_pointer_names_another(tmp_path: Path, plan: Plan) -> None:
    editions = tmp_path / "editions"
    assert query.pointed(editions) is None
    with_first = write_plausible(editions, plan)
    assert query.pointed(editions) == with_first.sha256
    second = write_plausible(editions, plan)
    assert query.pointed(editions) == second.sha256 != with_first.sha256
    (editions / POINTER).write_text("torn", encoding="utf-8")
    assert query.pointed(editions) is None, "what cannot be read draws nothing anew"
    with_first.close()
    second.close()

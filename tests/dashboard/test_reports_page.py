"""The page of reports: choices in the address, how the report begins, a file made when asked for, roles and scopes."""

from __future__ import annotations

import time
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.blocks import export, reporting
from dashboard.reports.compose import KINDS, compose
from dashboard.reports.formats import FORMATS
from dashboard.reports.matter import Matter
from dashboard.reports.pdf import pages
from dashboard.visitors.access import FILE
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import open_edition
from tests.dashboard.test_app import run, written

ACCOUNTS = """
accounts:
  - {email: viewer@example.cn, role: viewer}
  - {email: jiangsu@example.cn, role: association, scope: {province: ["320000"]}}
"""


def press(app: AppTest) -> AppTest:
    app.button(key="make_report").click().run()
    assert not app.exception
    return app


def enter(name: str, store: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In `folder` a store with accounts, to which somebody is signed in."""
    (folder / "editions").symlink_to(store / "editions")
    (folder / FILE).write_text(ACCOUNTS, encoding="utf-8")
    claims = {"is_logged_in": True, "sub": "1", "iat": int(time.time()), "email": f"{name}@example.cn", "email_verified": True}
    monkeypatch.setattr(type(st.user), "to_dict", lambda self: claims)
    monkeypatch.setenv("PLANWATCH_WHO", "sign-in")


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was offered to carry away, as the page asked for it."""
    found: list[dict[str, Any]] = []
    real = export.link

    def link(view: Any, label: str, **told: Any) -> None:
        found.append({"label": label, **told})
        real(view, label, **told)

    monkeypatch.setattr(reporting.export, "link", link)
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_page_says_what_the_reader_will_get(store: Path, monkeypatch: pytest.MonkeyPatch, kind: str, language: str) -> None:
    app, said = run(store, monkeypatch, lang=language, page="reports", kind=kind), words(language)
    shown = unescape(written(app))
    assert said("edition.mistake") not in shown
    assert said(f"report.about.{kind}") in shown and said("report.format.pdf.about") in shown
    assert 'class="pw-preview"' in shown and shown.count("<h3>") == 1
    assert "<svg" not in shown, "Streamlit would take it out"
    assert app.button(key="make_report").label.replace("\\", "") == said("report.make", format="PDF")
    boxes = {box.key for box in app.selectbox}
    assert ("choice_scope" in boxes) == (kind == "sheet")


def test_the_address_holds_every_choice(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = {
        "lang": "zh",
        "kind": "sheet",
        "report_lang": "en",
        "scope": "province=330000",
        "format": "html",
    }
    app = run(store, monkeypatch, page="reports", **choices)
    shown = written(app)
    assert plan.categories("province")["330000"].name.en + ": progress on one page" in shown
    assert words("zh")("report.format.html.about") in shown
    assert app.selectbox(key="choice_scope").value == "province=330000"
    app.selectbox(key="choice_scope").set_value("segment=3670").run()
    assert app.query_params["scope"] == ["segment=3670"] or app.query_params["scope"] == "segment=3670"
    assert "Vehicle parts and accessories" in written(app)
    odd = run(store, monkeypatch, page="reports", **{**choices, "scope": "province=999999", "kind": "novel"})
    assert words("zh")("edition.mistake") not in written(odd) and odd.info


def test_the_file_is_made_when_asked_for_and_then_offered(
    store: Path, monkeypatch: pytest.MonkeyPatch, offered: list[dict[str, Any]]
) -> None:
    app, said = run(store, monkeypatch, lang="zh", page="reports", report_lang="en"), words("zh")
    assert offered == [] and said("report.done") not in [one.label for one in app.status]
    press(app)
    assert [one.label for one in app.status] == [said("report.done")] and app.status[0].state == "complete"
    (file,) = offered
    edition = open_edition(store / "editions")
    made = FORMATS["pdf"].make(compose("brief", Matter(edition=edition, words=words("en"))))
    edition.close()
    assert file["make"]() == made and pages(made) == 2
    assert file["name"] == "planwatch_brief_0001_en.pdf" and file["what"] == "report:brief:en"
    assert file["kind"] == "application/pdf"
    app.run()
    assert len(offered) == 2 and not app.status, "what was made stays, and is not made again"
    app.query_params["format"] = "md"
    app.run()
    assert len(offered) == 2 and app.button(key="make_report"), "another format is another file"


def test_who_may_carry_nothing_away_has_the_preview_alone(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter("viewer", store, tmp_path, monkeypatch)
    app = run(tmp_path, monkeypatch, lang="en", page="reports")
    assert words("en")("report.no_export") in written(app)
    assert "make_report" not in {button.key for button in app.button}
    assert 'class="pw-preview"' in written(app)


def test_an_association_is_offered_its_own_groups_alone(
    store: Path, plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter("jiangsu", store, tmp_path, monkeypatch)
    app = run(tmp_path, monkeypatch, lang="zh", page="reports", kind="sheet", scope="province=330000")
    shown = written(app)
    assert 'class="pw-preview"' in shown
    assert app.selectbox(key="choice_scope").options == [f"{plan.breakdowns['province'].name.zh} · 江苏省"]
    assert "浙江省" not in shown


def test_the_brief_is_one_link_for_other_pages(
    store: Path, monkeypatch: pytest.MonkeyPatch, offered: list[dict[str, Any]]
) -> None:
    from dashboard.views import reports

    monkeypatch.setattr(reports, "show", reporting.brief_link)
    run(store, monkeypatch, lang="en", page="reports")
    began = time.perf_counter()
    made = offered[0]["make"]()
    assert time.perf_counter() - began <= 2 and pages(made) == 2
    assert offered[0]["name"] == "planwatch_brief_0001_en.pdf" and offered[0]["label"] == "The brief as PDF"

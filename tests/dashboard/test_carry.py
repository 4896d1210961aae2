"""What can be carried away from under a figure or a table: fetched as a browser does, each with source and citation."""

from __future__ import annotations

import re
import urllib.parse
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from dashboard.words import words
from indicators.editions.edition import Edition
from tests.dashboard.test_app import run, written

LINK = re.compile(r'<a href="export/[^"]+" download="([^"]+)" aria-label="([^"]+)">([A-Z]+)</a>')


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("shown", ["target", "who"])
def test_every_figure_and_table_offers_its_files(store: Path, monkeypatch: pytest.MonkeyPatch, shown: str, language: str) -> None:
    found = LINK.findall(written(run(store, monkeypatch, page=shown, indicator="nc_rate", lang=language)))
    assert found
    for name, told, form in found:
        assert name.endswith(f"_{language}.{form.lower()}")
        assert form in told
        assert "_0001_" in name
    assert {form for *_, form in found} == {"PNG", "SVG", "CSV", "XLSX"}
    assert len({name for name, *_ in found}) == len(found)


def test_the_files_bear_source_edition_and_citation(page: Page, app_url: str, edition: Edition) -> None:
    said = words("zh")
    page.goto(f"{app_url}/?lang=zh&page=target&indicator=nc_rate")
    row = page.locator(".pw-carry").first
    expect(row.locator("a")).to_have_count(4)
    held = {}
    for link in row.locator("a").all():
        form = link.inner_text()
        address = urllib.parse.urljoin(f"{app_url}/", link.get_attribute("href") or "")
        answer = page.request.get(address)
        assert answer.ok
        held[form] = answer.body()
    plan = edition.plan.identity.name.zh
    picture, text = held["SVG"].decode(), held["CSV"].decode("utf-8-sig")
    about = openpyxl.load_workbook(BytesIO(held["XLSX"]))["about"]
    book = "\n".join(str(cell) for line in about.iter_rows(values_only=True) for cell in line)
    for told in (re.sub("<[^>]*>", "", picture), text, book):
        assert plan in told
        assert said("cite") in told
        assert "0001" in told
    assert held["CSV"][:3] == b"\xef\xbb\xbf"
    assert held["PNG"][:4] == b"\x89PNG"

"""The walks that the app is for, in a real browser: each short, each true, nothing on the console, nothing from outside."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.words import words
from indicators.editions.edition import Edition
from tests.dashboard.browsing import ready
from tests.dashboard.test_browser import choices, watched  # noqa: F401 — the fixture of a page without faults

pytestmark = pytest.mark.browser

ZH, EN = words("zh"), words("en")


def test_the_executive_has_five_taps_on_a_telephone(
    watched: Page,  # noqa: F811
    app_url: str,
    edition: Edition,
    tmp_path: Path,
) -> None:
    """How it stands, the gap that matters, who makes it, what would close it, and the brief to carry away."""
    watched.set_viewport_size({"width": 390, "height": 844})
    ready(watched, app_url)
    for told in (".pw-first", ".pw-strip", ".pw-who", ".pw-time"):
        expect(watched.locator(told)).to_be_in_viewport()
    watched.locator(".st-key-tile_T3").click(position={"x": 160, "y": 150})  # 1
    expect(watched.get_by_role("heading", level=1)).to_have_text("研发设计工具普及率")
    now = edition.query(
        "SELECT value FROM results WHERE indicator = 'rd_tool_rate' AND breakdown = 'total' AND period = '2026' LIMIT 1"
    ).item()
    expect(watched.locator(".pw-judged .pw-value").first).to_contain_text(f"{100 * now:.1f}")
    expect(watched.locator(".st-key-law")).to_contain_text("研发设计工具普及率超95%")
    watched.get_by_role("link", name=ZH("onward.who"), exact=True).last.click()  # 2
    expect(watched.get_by_role("heading", level=1)).to_have_text(ZH("who.title", name="研发设计工具普及率"))
    watched.locator(".st-key-pareto .js-plotly-plot .main-svg").first.wait_for()
    expect(watched.locator(".pw-told").first).to_contain_text("%")
    ruler = watched.locator(".pw-now-then")
    before = ruler.inner_text()
    watched.get_by_text("自定水平", exact=True).click()  # 3: what would close it
    slider = watched.get_by_role("slider")
    slider.wait_for()
    slider.focus()  # 4
    for _ in range(10):
        watched.keyboard.press("ArrowRight")
    expect(ruler).not_to_have_text(before, use_inner_text=True)
    with watched.expect_download() as download:
        watched.get_by_role("link", name=ZH("report.brief.link")).click()  # 5
    download.value.save_as(tmp_path / "brief.pdf")
    assert (tmp_path / "brief.pdf").read_bytes().startswith(b"%PDF-")
    shown = watched.locator("[data-testid=stMain]").inner_text()
    codes = {"rd_tool_rate", "size_class", "segment_group", "T3_parts"}
    assert not [code for code in codes if re.search(rf"\b{code}\b", shown)], "never a code"


def test_the_analyst_finds_what_changed_and_passes_the_view_on(
    watched: Page,  # noqa: F811
    app_url: str,
    tmp_path: Path,
) -> None:
    """Over time, by change, the other reading, a withheld number and why, the table with its metadata, the link."""
    base = f"{app_url}/?lang=zh&page=explore&indicator=nc_rate&breakdown=segment,size_class"
    ready(watched, f"{base}&view=time")
    watched.locator(".js-plotly-plot .main-svg").first.wait_for()
    ready(watched, f"{base}&view=change&sort=change")
    told = watched.locator("[data-testid=stMain]").inner_text()
    assert "误差" in told and ZH("status.suppressed") in told
    watched.get_by_role("link", name="关键工序数控化率（汇总比）", exact=True).first.click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("关键工序数控化率（汇总比）")
    assert choices(watched)["breakdown"] == "segment,size_class", "the other reading keeps the view"
    watched.go_back()
    expect(watched.get_by_role("heading", level=1)).to_have_text("关键工序数控化率")
    with watched.expect_download() as download:
        watched.locator("a[download$='.csv']").first.click()
    download.value.save_as(tmp_path / "table.csv")
    lines = (tmp_path / "table.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].startswith("# ") and any("0001" in line for line in lines if line.startswith("#"))
    kept = {name: value for name, value in choices(watched).items() if name != "lang"}
    ready(watched, f"{app_url}/?lang=en&" + "&".join(f"{name}={value}" for name, value in kept.items()))
    expect(watched.get_by_role("heading", level=1)).to_have_text("Numerical-control rate of key processes")
    assert {name: value for name, value in choices(watched).items() if name != "lang"} == kept


def test_the_association_makes_its_report(watched: Page, app_url: str, tmp_path: Path) -> None:  # noqa: F811
    ready(watched, f"{app_url}/?lang=zh&page=reports&kind=progress&format=html")
    watched.locator(".st-key-make_report button").click()
    link = watched.locator(".st-key-report_make a.pw-export")
    link.wait_for()
    with watched.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "T10" in page and 'lang="zh' in page
    assert not re.search(r"""(?:src|href)=["']?https?://(?!www\.w3\.org)""", re.sub(r"<a [^>]*>", "", page)), "nothing is fetched"


def test_the_steward_sees_what_is_important_and_for_whom(watched: Page, app_url: str) -> None:  # noqa: F811
    ready(watched, f"{app_url}/?lang=en&page=catalogue")
    expect(watched.locator(".pw-tiers")).to_be_visible()
    watched.get_by_role("link", name=EN("nav.data"), exact=True).click()
    expect(watched.get_by_role("heading", level=1)).to_have_text(EN("nav.data"))

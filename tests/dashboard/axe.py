"""What the rules of accessibility say of a page as it stands in the browser."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from playwright.sync_api import Page

#: levels A and AA of WCAG up to 2.2, and what is good practice beyond them
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
#: the frame that Streamlit draws around every app, which no app can change
NOT_OURS: tuple[str, ...] = ()


@cache
def _source() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """One line a rule that is broken: its name, how often, and the first element that breaks it."""
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_source())  # the app's policy forbids a script tag, and is to be in force here
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", list(RULES))
    return [
        f"{rule['id']} ({len(rule['nodes'])}): {rule['nodes'][0]['target']} {rule['nodes'][0]['html'][:160]} "
        f"— {rule['nodes'][0].get('failureSummary', '')[:300]}"
        for rule in found["violations"]
        if rule["id"] not in NOT_OURS
    ]

"""What tests in a browser have in common."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page

STANDING = "!document.querySelector('[data-testid=stSkeleton]') && document.fonts.status === 'loaded'"
STILL = "!document.querySelector('[data-testid=stApp][data-test-script-state=running]')"


def until(page: Page, true: str, *, seconds: float = 15) -> None:
    """Waits until an expression is true in the page.

    Playwright's own waiting hands the page a text to run, which the app's policy forbids, and the policy is to be in force here.
    """
    end = time.monotonic() + seconds
    while not page.evaluate(true):
        if time.monotonic() > end:
            pytest.fail(f"not so within {seconds} seconds: {true}")
        page.wait_for_timeout(50)


def ready(page: Page, address: str | None = None) -> None:
    """Waits until the page stands: heading, figures, own font."""
    if address:
        page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    until(page, STANDING)
    until(page, STILL)

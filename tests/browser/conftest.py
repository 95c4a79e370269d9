"""What the browser tests share: Chromium, one driver a module, every browser closed at the end of its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.support.browser import TABLET, Chromium, Device


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver. Not for the whole session: while it lives, its event loop is in the way of asynchronous tests."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def chromium(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Chromium]]:
    """Start a browser of its own: `chromium(PHONE)`; closed after the test."""
    started: list[Chromium] = []

    def start(device: Device = TABLET, *, locale: str = "en-GB") -> Chromium:
        browser = Chromium(playwright, tmp_path / f"profile{len(started)}", device, locale=locale)
        started.append(browser)
        browser.start()
        return browser

    yield start
    for browser in started:
        browser.close()

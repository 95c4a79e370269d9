"""What the browser tests share: Chromium, one driver a module, every browser closed at the end of its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.support.browser import TABLET, Chromium, Device
from tests.support.served import Served


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver. Not for the whole session: while it lives, its event loop is in the way of asynchronous tests."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def chromium(playwright: Playwright, tmp_path: Path) -> Iterator[Callable[..., Chromium]]:
    """Start a browser of its own: `chromium(PHONE, flags=["--more"])`; closed after the test."""
    started: list[Chromium] = []

    def start(device: Device = TABLET, *, locale: str = "en-GB", flags: Sequence[str] = ()) -> Chromium:
        folder = tmp_path / f"profile{len(started)}"
        browser = Chromium(playwright, folder, device, locale=locale, flags=flags)
        started.append(browser)
        browser.start()
        return browser

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def demo_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo country in it; copied, never opened, by the tests."""
    folder = tmp_path_factory.mktemp("demo")
    path = folder / "demo.sqlite"
    shutil.copyfile(sqlite_template, path)
    Served(f"sqlite:///{path}", folder / "data").command("demo")
    return path


@pytest.fixture
def demo_url(demo_template: Path, tmp_path: Path) -> str:
    """A fresh copy of the demo country."""
    path = tmp_path / "demo.sqlite"
    shutil.copyfile(demo_template, path)
    return f"sqlite:///{path}"

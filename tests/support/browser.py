"""A real Chromium with a profile of its own, that can be closed, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright
from playwright.sync_api import Error as PlaywrightError

FLAGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--no-first-run",
]
# What the browser itself says: of a cut network, and of a form that the app refused with an explanation.
EXPECTED = ("net::ERR_", "status of 422")


@dataclass(frozen=True)
class Device:
    """A kind of screen, in CSS pixels."""

    name: str
    width: int
    height: int


PHONE = Device("phone", 360, 740)
TABLET = Device("tablet", 800, 1280)


def chromium() -> str:
    """The browser to drive: BINCARD_CHROMIUM, else one of this machine's. LookupError with what to do if none."""
    named = os.environ.get("BINCARD_CHROMIUM")
    for name in (
        [named] if named else ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    ):
        found = shutil.which(name)
        if found:
            return found
    raise LookupError(
        "No Chromium to test with. Install one (Debian: apt-get install chromium), "
        "or say where it is: BINCARD_CHROMIUM=/path/to/chrome make test"
    )


class Chromium:
    """One person's browser: a folder that keeps what it stores, and at most one running process on it."""

    def __init__(
        self,
        playwright: Playwright,
        folder: Path,
        device: Device,
        *,
        locale: str = "en-GB",
        flags: Sequence[str] = (),
    ) -> None:
        self._playwright = playwright
        self._folder = folder
        self._context: BrowserContext | None = None
        self.device = device
        self.locale = locale
        self._flags = [*FLAGS, *flags]
        # What a person would see in red in the developer tools: of all pages and of the service worker.
        self.errors: list[str] = []

    @property
    def context(self) -> BrowserContext:
        """The running browser; AssertionError when it is closed."""
        assert self._context is not None
        return self._context

    def start(self) -> None:
        """Start it on its folder, with everything that was stored there."""
        assert self._context is None
        self._context = self._playwright.chromium.launch_persistent_context(
            self._folder,
            executable_path=chromium(),
            headless=True,
            args=self._flags,
            viewport={"width": self.device.width, "height": self.device.height},
            has_touch=True,
            locale=self.locale,
            timezone_id="UTC",
        )
        # Tests wait for what is on the screen; after a quarter of a minute it is a failure, not slowness.
        self._context.set_default_timeout(15_000)
        self._context.on("page", self._listen)
        self._context.on("serviceworker", lambda worker: worker.on("console", self._heard))
        for page in self._context.pages:
            self._listen(page)

    def page(self, url: str = "") -> Page:
        """A new tab, at `url` if given."""
        page = self.context.new_page()
        if url:
            page.goto(url)
        return page

    def close(self) -> None:
        """Close it as a person would. Nothing happens when it is not running."""
        if self._context is not None:
            context, self._context = self._context, None
            # When it was killed meanwhile there is nothing left to close.
            with suppress(PlaywrightError):
                context.close()

    def kill(self) -> None:
        """SIGKILL, as a flat battery would end it: every process of this browser, found by its folder."""
        argument = f"--user-data-dir={self._folder}"
        for process in psutil.process_iter(["pid", "cmdline"]):
            if argument in (process.info["cmdline"] or []):
                with suppress(ProcessLookupError):
                    os.kill(process.info["pid"], signal.SIGKILL)
        self.close()
        # The lock names the dead process; Chromium would ask a person what to do with it.
        for name in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self._folder / name).unlink(missing_ok=True)

    def _listen(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.location.get("url", "")
        # Axe tries inline styles, and the page's policy rightly refuses them. What the tests bring into a page has
        # no address; what the app does has one, be it in a document or in a script.
        by_the_tests = not where and "inline style" in message.text
        if message.type == "error" and not by_the_tests:
            self.errors.append(f"{where}: {message.text}")

    def own_errors(self) -> list[str]:
        """The errors that are the app's, without those of a cut network and of forms that the test filled wrongly."""
        return [error for error in self.errors if not any(words in error for words in EXPECTED)]


def serious(page: Page) -> list[str]:
    """What axe calls serious or critical on a page, a line each with the rule and the elements."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {violation['id']} ({violation['impact']}): {violation['help']}: "
        + "; ".join(
            " ".join(map(str, node["target"])) + " " + node["html"][:160] for node in violation["nodes"]
        )
        for violation in found
        if violation["impact"] in ("serious", "critical")
    ]

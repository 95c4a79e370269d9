"""Every screen, found by following the links as a person would: accessible, no error told, and installable.

`--pictures FOLDER` (make pictures) keeps a picture of each screen. A screen that no link leads to must be named here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.support import clinic, manager, nurse
from tests.support.browser import PHONE, TABLET, Chromium, Device, serious
from tests.support.served import Served

pytestmark = pytest.mark.browser

SCREENS_MAX = 120
NOT_SCREENS = re.compile(r"sign-out|\.(csv|json|xlsx|pdf)$")
# Each of these patterns must be among the screens found, so that a broken link cannot make the test pass.
APP = {"/app", "/app/count", "/app/count/:id", "/app/receive", "/app/issue", "/app/stock", "/app/operations"}
MANAGE = {"/manage", "/manage/facilities", "/manage/products", "/manage/exceptions", "/manage/devices"}

IDENTIFIER = re.compile(r"/([0-9a-f]{8}-[0-9a-f-]{27}|\d+|P\d{4}|F\d)(?=/|$)")


def pattern(url: str) -> str:
    """The route of an address: `/app/count/0192...` is `/app/count/:id`."""
    return IDENTIFIER.sub("/:id", urlsplit(url).path.rstrip("/"))


def name_of(route: str, device: Device) -> str:
    """The file name of a screen's picture."""
    return "-".join([*re.findall(r"[\w-]+", route.replace(":id", "one")), device.name]) + ".png"


class Tour:
    """Visits screens, each route once, and notes what is wrong with them."""

    def __init__(self, browser: Chromium, page: Page, pictures: Path | None) -> None:
        self.page = page
        self.device = browser.device
        self.pictures = pictures
        self.faults: list[str] = []
        self.seen: dict[str, str] = {}

    def follow(self, url: str, root: str) -> None:
        """Every screen below `root` that links lead to from `url`."""
        queue = [url]
        while queue and len(self.seen) < SCREENS_MAX:
            here = queue.pop(0)
            if pattern(here) in self.seen:
                continue
            self.page.goto(here)
            self.look()
            links = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href.split('#')[0])")
            # A redirect shows another route than the link named.
            self.seen.setdefault(pattern(here), here)
            for link in links:
                path = urlsplit(link).path
                inside = path == root or path.startswith(root + "/")
                same_site = link.startswith(url.split(root)[0])
                if inside and same_site and not NOT_SCREENS.search(path) and pattern(link) not in self.seen:
                    queue.append(link)

    def look(self) -> None:
        """Check the screen that is shown now."""
        expect(self.page.locator("main h1, header h1").first).to_be_visible()
        route = pattern(self.page.url)
        self.seen[route] = self.page.url
        self.faults += serious(self.page)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > self.device.width:
            self.faults.append(f"{self.page.url}: {width} px wide on a screen of {self.device.width}")
        self.faults += [f"{self.page.url}: target too small: {small}" for small in small_targets(self.page)]
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / name_of(route, self.device), caret="initial")


def small_targets(page: Page) -> list[str]:
    """Buttons and links that stand for themselves and are lower than 44 CSS px (EXPERIENCE.md asks for 48)."""
    found: list[str] = page.eval_on_selector_all(
        "button, .button, .tile, .row[href]",
        """all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 44 && e.tabIndex >= 0)
                  .map(e => e.outerHTML.slice(0, 120))""",
    )
    return found


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    return serve(clinic_url)


@pytest.mark.parametrize("device", [PHONE, TABLET], ids=lambda device: device.name)
def test_every_screen_of_the_app(
    device: Device, chromium: Callable[..., Chromium], served: Served, pictures: Path | None
) -> None:
    browser = chromium(device)
    page = browser.page()
    tour = Tour(browser, page, pictures)
    page.goto(f"{served.url}/app")
    expect(page.get_by_label("Password")).to_be_visible(timeout=30_000)
    tour.look()
    nurse.sign_in(page, served.url)
    nurse.begin_count(page)
    tour.look()
    nurse.count_items(page, [120, 7])
    nurse.wait_until_sent(page)
    tour.follow(f"{served.url}/app", "/app")
    assert set(tour.seen) >= APP, sorted(tour.seen)
    assert tour.faults == []
    assert browser.errors == []


@pytest.mark.parametrize("device", [PHONE, TABLET], ids=lambda device: device.name)
def test_every_managers_page(
    device: Device, chromium: Callable[..., Chromium], served: Served, pictures: Path | None
) -> None:
    tablet = chromium(TABLET)
    nursing = tablet.page()
    nurse.sign_in(nursing, served.url)
    nurse.begin_count(nursing)
    nurse.count_items(nursing, [120, 7, 0])
    nurse.wait_until_sent(nursing)
    browser = chromium(device)
    page = browser.page(f"{served.url}/manage")
    tour = Tour(browser, page, pictures)
    tour.look()
    manager.sign_in(page, served.url, user=clinic.ADMIN)
    tour.follow(f"{served.url}/manage", "/manage")
    assert set(tour.seen) >= MANAGE, sorted(tour.seen)
    assert tour.faults == []
    assert browser.errors == []


def test_it_can_be_installed(chromium: Callable[..., Chromium], served: Served) -> None:
    """What Chromium asks of an installable app, asked of Chromium itself and looked at one by one."""
    browser = chromium(PHONE)
    page = browser.page()
    nurse.sign_in(page, served.url)
    session = browser.context.new_cdp_session(page)
    assert session.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    manifest = session.send("Page.getAppManifest")
    assert manifest["errors"] == []
    told = json.loads(manifest["data"])
    assert told["display"] == "standalone"
    assert told["start_url"].startswith("/app")
    sizes = set()
    for icon in told["icons"]:
        answer = page.request.get(f"{served.url}{icon['src']}")
        assert answer.ok
        assert answer.headers["content-type"] == icon["type"]
        sizes.add((icon["sizes"], icon.get("purpose", "any")))
    assert {"192x192", "512x512"} <= {size for size, _ in sizes}
    assert "maskable" in {purpose for _, purpose in sizes}
    assert nurse.controlled(page)

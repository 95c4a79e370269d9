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

from tests.support import manager, nurse
from tests.support.browser import PHONE, TABLET, Chromium, Device, serious
from tests.support.served import Served

pytestmark = pytest.mark.browser

SCREENS_MAX = 120
NURSE = {"user": "nurse", "password": "demo-nurse", "facility": "HC01"}
NOT_SCREENS = re.compile(r"sign-out|carry/(file|answers)|\.(csv|json|xlsx|pdf)$")
# Each of these patterns must be among the screens found, so that a broken link cannot make the test pass.
APP = {
    "/app",
    "/app/count",
    "/app/count/:id",
    "/app/count/:id/summary",
    "/app/receive",
    "/app/issue",
    "/app/stock",
    "/app/operations",
    "/app/operations/:id",
    "/app/carry",
    "/app/problems",
    "/app/more",
    "/app/transfer",
    "/app/return",
    "/app/expiring",
    "/app/move",
    "/app/move/:id",
    "/app/unpack",
    "/app/unpack/:id",
    "/app/vvm",
    "/app/vvm/:id",
    "/app/locations",
    "/app/locations/new",
    "/app/locations/at/:id",
    "/app/recalls/:id",
    "/app/recalls/:id/lot",
    "/app/messages",
    "/app/messages/:id",
    "/app/reorder",
    "/app/reorder/sheet",
}
MANAGE = {
    "/manage",
    "/manage/facilities",
    "/manage/products",
    "/manage/exceptions",
    "/manage/devices",
    "/manage/recalls",
}

# An address is a code, a number or a name of something where a part of it has a digit or a capital, or is a user.
IDENTIFIER = re.compile(r"(?<=/)[^/]*[0-9A-Z][^/]*|(?<=/users/)(?!new)[^/]+")
# The screens that the documents show (make pictures).
PICTURED = {
    "/app": "home",
    "/app/count/:id": "count",
    "/app/count/:id/item/:id": "count-item",
    "/app/count/:id/summary": "count-summary",
    "/app/receive": "receive",
    "/app/issue": "issue",
    "/app/stock": "stock",
    "/app/stock/:id": "stock-card",
    "/app/problems": "problems",
    "/app/operations": "operations",
    "/app/operations/:id": "operation",
    "/app/more": "more",
    "/app/transfer": "transfer",
    "/app/return": "return",
    "/app/expiring": "expiring",
    "/app/move/:id": "move",
    "/app/unpack/:id": "unpack",
    "/app/vvm/:id": "vvm",
    "/app/locations": "locations",
    "/app/recalls/:id": "recall",
    "/app/reorder": "reorder",
    "/app/recalls/:id/lot": "recall-lot",
    "/manage": "manage",
    "/manage/facilities/:id": "manage-facility",
    "/manage/products/:id": "manage-product",
    "/manage/exceptions": "manage-problems",
    "/manage/recalls/:id": "manage-recall",
}


def pattern(url: str) -> str:
    """The route of an address: `/app/count/0192...` is `/app/count/:id`."""
    return IDENTIFIER.sub(":id", urlsplit(url).path.rstrip("/"))


class Tour:
    """Visits screens, each route once, and notes what is wrong with them."""

    def __init__(self, browser: Chromium, page: Page, pictures: Path | None) -> None:
        self.page = page
        self.device = browser.device
        self.pictures = pictures
        self.faults: list[str] = []
        self.seen: dict[str, str] = {}
        self.pictured: set[str] = set()

    def follow(self, url: str, root: str) -> None:
        """Every screen below `root` that links lead to from `url`."""
        # What was only looked at on the way here has links that nobody followed yet.
        queue, followed = [url], set[str]()
        while queue and len(followed) < SCREENS_MAX:
            here = queue.pop(0)
            if pattern(here) in followed:
                continue
            self.page.goto(here)
            self.look()
            followed |= {pattern(here), pattern(nurse.address(self.page))}
            links = self.page.eval_on_selector_all("a[href]", "all => all.map(a => a.href.split('#')[0])")
            # A redirect shows another route than the link named.
            self.seen.setdefault(pattern(here), here)
            for link in links:
                path = urlsplit(link).path
                inside = path == root or path.startswith(root + "/")
                same_site = link.startswith(url.split(root)[0])
                if inside and same_site and not NOT_SCREENS.search(path) and pattern(link) not in followed:
                    queue.append(link)

    def look(self) -> None:
        """Check the screen that is shown now."""
        expect(self.page.locator("main h1, header h1").first).to_be_visible()
        here = nurse.address(self.page)
        route = pattern(here)
        self.seen[route] = here
        self.faults += serious(self.page)
        width = self.page.evaluate("document.documentElement.scrollWidth")
        if width > self.device.width:
            self.faults.append(f"{here}: {width} px wide on a screen of {self.device.width}")
        self.faults += [f"{here}: target too small: {small}" for small in small_targets(self.page)]
        if route in PICTURED:
            self.picture(PICTURED[route])

    def picture(self, name: str) -> None:
        """Keep a picture of the screen that is shown now, if pictures are wanted."""
        if self.pictures is not None and name not in self.pictured:
            self.pictured.add(name)
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / f"{name}-{self.device.name}.png", caret="initial")


def small_targets(page: Page) -> list[str]:
    """Buttons and links that stand for themselves and are lower than 48 CSS px."""
    found: list[str] = page.eval_on_selector_all(
        "button, .button, .tile, .row[href]",
        """all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 48 && e.tabIndex >= 0)
                  .map(e => e.outerHTML.slice(0, 120))""",
    )
    return found


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


@pytest.fixture
def served(demo_url: str, serve: Callable[..., Served]) -> Served:
    return serve(demo_url)


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
    nurse.sign_in(page, served.url, **NURSE)
    nurse.begin_count(page)
    tour.look()
    page.get_by_role("button", name="Save and next").click()
    expect(page.locator("[aria-invalid=true]")).to_be_visible()
    tour.look()
    nurse.type_figure(page, 8)
    # The demo's stock depends on the day: its first product has one lot on some, several on others.
    lots = page.locator("[name=counted]").count()
    page.get_by_role("button", name="Save and next").click()
    if lots > 1:
        expect(page.get_by_role("alert")).to_contain_text("has no figure")
        tour.look()
        page.get_by_role("button", name="There is none: save 0").click()
    expect(page.locator("#main")).to_contain_text("than the book")
    tour.look()
    page.get_by_role("button", name="Save without a reason").click()
    expect(page.locator("#main")).to_contain_text("1 of ")
    nurse.count_items(page, [120])
    nurse.wait_until_sent(page)
    tour.follow(f"{served.url}/app", "/app")
    assert set(tour.seen) >= APP, sorted(tour.seen)
    assert [error for error in browser.errors if "net::ERR_" in error] == []

    # The same without a network, and with something waiting to be sent.
    served.stop()
    tour.seen.clear()
    page.goto(f"{served.url}/app")
    page.get_by_role("link", name=re.compile("^Go on counting")).click()
    page.get_by_role("link", name=re.compile("Count the next")).click()
    nurse.count_items(page, [31])
    nurse.wait_for_waiting(page, 1)
    page.locator("#sync-bar").click()
    expect(page).to_have_url(f"{served.url}/app/operations")
    tour.look()
    tour.picture("operations-offline")
    page.get_by_role("link", name="Without a network").click()
    expect(page.get_by_role("link", name="Save to a file")).to_be_visible()
    tour.look()
    tour.picture("carry")
    page.goto(f"{served.url}/app")
    tour.look()
    tour.picture("home-offline")
    assert tour.faults == []
    assert browser.own_errors() == []


@pytest.mark.parametrize("device", [PHONE, TABLET], ids=lambda device: device.name)
def test_every_managers_page(
    device: Device, chromium: Callable[..., Chromium], served: Served, pictures: Path | None
) -> None:
    tablet = chromium(TABLET)
    nursing = tablet.page()
    nurse.sign_in(nursing, served.url, **NURSE)
    nurse.begin_count(nursing)
    nurse.count_items(nursing, [120, 7, 0])
    nurse.wait_until_sent(nursing)
    browser = chromium(device)
    page = browser.page(f"{served.url}/manage")
    tour = Tour(browser, page, pictures)
    tour.look()
    manager.sign_in(page, served.url, user="admin", password="demo-admin")
    tour.follow(f"{served.url}/manage", "/manage")
    assert set(tour.seen) >= MANAGE, sorted(tour.seen)
    assert tour.faults == []
    assert browser.errors == []


def test_it_can_be_installed(chromium: Callable[..., Chromium], served: Served) -> None:
    """What Chromium asks of an installable app, asked of Chromium itself and looked at one by one."""
    browser = chromium(PHONE)
    page = browser.page()
    nurse.sign_in(page, served.url, **NURSE)
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

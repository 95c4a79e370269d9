"""What looks wrong, from the tablet that made it to who decides: a manager, or a nurse without a network."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support import clinic, manager, nurse
from tests.support.browser import PHONE, TABLET, Chromium, Device, serious
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.tablet import Tablet

pytestmark = pytest.mark.browser

SOON_MS = 15_000
AMOXICILLIN = clinic.code(0)
LOT = {"number": "N1", "expiry": "2030-04-30"}


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    return serve(clinic_url)


@pytest.fixture
def proxy(served: Served, proxy_to: Callable[[int], Proxy]) -> Proxy:
    return proxy_to(served.port)


@pytest.fixture
def wrong(served: Served) -> Tablet:
    """A tablet of F1 that gave out more than there was, told two expiry dates, and recorded what nobody knows."""
    tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    tablet.record("stock.count", [{"product": AMOXICILLIN, "lot": LOT, "counted": 5}])
    tablet.record("stock.dispense", [{"product": AMOXICILLIN, "lot": LOT, "quantity": 9}])
    other = {"number": "N1", "expiry": "2029-12-31"}
    tablet.record("stock.dispense", [{"product": AMOXICILLIN, "lot": other, "quantity": 1}])
    tablet.record("stock.dispense", [{"product": "NOBODY-KNOWS", "lot": None, "quantity": 2}])
    tablet.push(tablet.waiting)
    return tablet


def look(page: Page, browser: Chromium, pictures: Path | None, name: str) -> None:
    """Nothing wrong with the screen that is shown now."""
    expect(page.locator("main h1, header h1").first).to_be_visible()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= browser.device.width
    low = page.eval_on_selector_all(
        "button, .button, .tile, .row[href], select, .choice",
        """all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 48 && e.tabIndex >= 0)
                  .map(e => e.outerHTML.slice(0, 120))""",
    )
    assert low == []
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=pictures / f"{name}-{browser.device.name}.png", full_page=True)


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


@pytest.mark.parametrize("device", [PHONE, TABLET], ids=lambda device: device.name)
def test_a_nurse_decides_without_a_network_and_the_server_follows(
    device: Device,
    chromium: Callable[..., Chromium],
    proxy: Proxy,
    wrong: Tablet,
    pictures: Path | None,
) -> None:
    browser = chromium(device)
    page = browser.page()
    nurse.sign_in(page, proxy.url)
    expect(nurse.tile(page, "Problems")).to_contain_text("3 problems need a look")
    look(page, browser, pictures, "problems-home")
    proxy.cut()
    nurse.open_tile(page, "Problems")
    expect(page.locator("#problems")).to_contain_text("More left the shelf than the card had.")
    look(page, browser, pictures, "problems")
    page.get_by_role("link", name=re.compile("Two expiry dates")).click()
    expect(page.get_by_role("heading", name="Two expiry dates are known for this lot.")).to_be_visible()
    look(page, browser, pictures, "problem-expiry")
    page.get_by_role("button", name="Use this date").click()
    expect(page.locator(".field-error")).to_contain_text("Choose the date that is on the label.")
    page.get_by_label("30 Apr 2030").check()
    page.get_by_label("Why, in a few words").fill("read the label")
    page.get_by_role("button", name="Use this date").click()
    expect(page.locator("#main")).to_contain_text("The decision is saved on this device.")
    expect(page.locator("#problems")).to_contain_text("Decided, waits to be sent")
    look(page, browser, pictures, "problems-decided")
    # The card below zero is counted from here.
    page.get_by_role("link", name=re.compile("More left the shelf")).click()
    look(page, browser, pictures, "problem-negative")
    page.get_by_role("button", name="Count this product").click()
    nurse.count_items(page, [3])
    proxy.heal()
    # Opening a page is a hint to send; it shows by itself what came back.
    page.goto(f"{proxy.url}/app/problems")
    decided = page.get_by_role("link", name=re.compile("Two expiry dates"))
    expect(decided).to_contain_text("The date was chosen", timeout=30_000)
    expect(decided).to_contain_text(clinic.NURSE)
    expect(page.get_by_role("link", name=re.compile("More left the shelf"))).to_have_count(0)
    page.goto(f"{proxy.url}/app/stock/{AMOXICILLIN}")
    expect(page.locator("#main")).to_contain_text("30 Apr 2030")
    page.goto(f"{proxy.url}/app")
    expect(nurse.tile(page, "Problems")).to_contain_text("1 problem needs a look")
    assert browser.own_errors() == []


@pytest.mark.parametrize("device", [PHONE, TABLET], ids=lambda device: device.name)
def test_a_manager_decides_and_the_other_pages_follow(
    device: Device,
    chromium: Callable[..., Chromium],
    served: Served,
    wrong: Tablet,
    pictures: Path | None,
) -> None:
    browser = chromium(device)
    page = browser.page()
    manager.sign_in(page, served.url)
    home = browser.page(f"{served.url}/manage")
    expect(home.locator("[data-mark=problems]")).to_have_text("3")
    expect(home.locator("#live")).to_have_text("Live")
    page.goto(f"{served.url}/manage/exceptions")
    look(page, browser, pictures, "manage-problems")
    page.get_by_role("link", name=re.compile("A product is not in the catalogue")).click()
    expect(page.locator("main")).to_contain_text("NOBODY-KNOWS")
    look(page, browser, pictures, "manage-problem-held")
    page.locator("select[name=to]").select_option(clinic.NURSE)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("[data-mark=asked]")).to_have_text(clinic.NURSE)
    page.get_by_label("Why, in a few words").fill("ask the stores for its code")
    page.get_by_role("button", name="Enter it in the ledger").click()
    expect(page.get_by_role("alert")).to_contain_text("It names something that is not known here yet.")
    expect(page.get_by_label("Why, in a few words")).to_have_value("ask the stores for its code")
    look(page, browser, pictures, "manage-problem-refused")
    page.get_by_role("button", name="Keep it out of the ledger").click()
    expect(page.locator("[data-mark=decision]")).to_have_text("Kept out of the ledger")
    look(page, browser, pictures, "manage-problem-decided")
    expect(home.locator("[data-mark=problems]")).to_have_text("2", timeout=SOON_MS)
    page.goto(f"{served.url}/manage/exceptions?show=resolved")
    expect(page.locator("main")).to_contain_text("ask the stores for its code")
    look(page, browser, pictures, "manage-problems-decided")
    assert [error for error in browser.own_errors() if "status of 409" not in error] == []


def test_a_note_stays_while_the_page_is_brought_up_to_date(
    chromium: Callable[..., Chromium], served: Served, wrong: Tablet
) -> None:
    page = chromium(PHONE).page()
    manager.sign_in(page, served.url)
    page.goto(f"{served.url}/manage/exceptions")
    page.get_by_role("link", name=re.compile("More left the shelf")).click()
    expect(page.locator("#live")).to_have_text("Live")
    page.get_by_label("Why, in a few words").fill("half a sen")
    wrong.record("stock.count", [{"product": AMOXICILLIN, "lot": LOT, "counted": 3}])
    wrong.push(wrong.waiting)
    expect(page.locator("#fresh")).to_contain_text("Closed by itself", timeout=SOON_MS)
    expect(page.get_by_label("Why, in a few words")).to_have_value("half a sen")
    page.get_by_role("button", name="Seen: leave it as it is").click()
    expect(page.get_by_role("alert")).to_contain_text("It has closed by itself")

"""What a nurse does with her hands on the screens of /app, in the words that she reads there."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.support import clinic

SOON_MS = 15_000


def address(page: Page) -> str:
    """Where the page is. The driver's own `page.url` hears of a changed address a moment later."""
    return str(page.evaluate("location.href"))


def controlled(page: Page) -> bool:
    """Whether the service worker answers this page."""
    return bool(page.evaluate("navigator.serviceWorker.controller !== null"))


def sign_in(
    page: Page,
    url: str,
    *,
    user: str = clinic.NURSE,
    password: str = clinic.PASSWORD,
    facility: str = "F1",
    device: str = "Tablet of the ward",
    whole: bool = True,
) -> None:
    """First visit to a ready home: the app installs itself, the nurse signs in, catalogue and all of the app come."""
    page.goto(f"{url}/app")
    page.get_by_label("Name", exact=True).fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Facility code").fill(facility)
    page.get_by_label("Name of this device").fill(device)
    page.get_by_role("button", name="Sign in").click()
    expect(tile(page, "Count")).to_be_visible(timeout=30_000)
    assert controlled(page)
    if whole:
        wait_for_the_whole(page)


def wait_for_the_whole(page: Page) -> None:
    """Until the whole app answers this page, and not only its first half."""
    for _ in range(600):
        if page.evaluate("navigator.serviceWorker.controller.scriptURL.endsWith('/worker.js')"):
            return
        page.wait_for_timeout(50)
    raise AssertionError("the whole app did not come")


def tile(page: Page, name: str) -> Locator:
    """A big tile of home."""
    return page.get_by_role("navigation", name="Tasks").get_by_role("link", name=re.compile(f"^{name}"))


def open_tile(page: Page, name: str) -> None:
    """Tap a tile of home."""
    tile(page, name).click()


def begin_count(page: Page, scope: str = "Every product of the catalogue") -> None:
    """From home: begin a count of every product, or of another scope that the screen offers; open the first item."""
    open_tile(page, "Count")
    page.get_by_label(scope).check()
    page.get_by_role("button", name=re.compile("^Begin")).click()
    page.get_by_role("link", name=re.compile("Start counting")).click()


def type_figure(page: Page, quantity: int) -> None:
    """Tap a figure on the keypad."""
    keys = page.get_by_role("group", name="Keypad")
    for digit in str(quantity):
        keys.get_by_role("button", name=digit, exact=True).click()


def count_items(page: Page, quantities: list[int]) -> None:
    """Count so many items, one after the other, on the keypad; each is saved before the next is shown.

    An item with several lots on the book gets its figure for each of them.
    """
    # The list has no figures: what is counted before the first item shows would be counted on nothing.
    expect(page.locator("input[data-figure]").first).to_be_visible(timeout=SOON_MS)
    # The address follows the screen, a moment later.
    expect(page).to_have_url(re.compile("/item/"), timeout=SOON_MS)
    for quantity in quantities:
        before = address(page)
        for lot in range(page.locator("input[data-figure]").count()):
            if lot:
                page.get_by_role("button", name="Next lot").click()
            type_figure(page, quantity)
        page.get_by_role("button", name="Save and next").click()
        expect(page).not_to_have_url(before, timeout=SOON_MS)
        if address(page).endswith("/why"):
            # A figure far off the book: she does not know the reason.
            page.get_by_role("button", name="Save without a reason").click()
            expect(page).not_to_have_url(re.compile("/why$"), timeout=SOON_MS)


def wait_for_waiting(page: Page, number: int) -> None:
    """Until the bar says that so many operations wait."""
    expect(page.locator("#sync-bar")).to_contain_text(f"{number} waiting", timeout=SOON_MS)


def wait_until_sent(page: Page) -> None:
    """Until the bar says that all is sent."""
    expect(page.locator("#sync-bar")).to_contain_text("All sent", timeout=60_000)

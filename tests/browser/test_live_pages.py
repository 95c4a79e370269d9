"""A managers' page that stands open on a phone: it changes under the eye, and nothing jumps under the finger."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from backend.db import Database
from backend.services import people
from tests.support import clinic, manager
from tests.support.browser import PHONE, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.tablet import Tablet

pytestmark = [pytest.mark.browser, pytest.mark.alone]

SOON_MS = 2_000
AMOXICILLIN, VITAMIN = clinic.code(0), clinic.code(10)


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    return serve(clinic_url)


@pytest.fixture
def proxy(served: Served, proxy_to: Callable[[int], Proxy]) -> Proxy:
    return proxy_to(served.port)


@pytest.fixture
def tablet(served: Served) -> Tablet:
    """A tablet of F1 that has counted every product of the clinic."""
    device = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    for number in range(len(clinic.NAMES)):
        count(device, clinic.code(number), 100 + number)
    return device


def count(tablet: Tablet, product: str, figure: int) -> None:
    """Count a product and send it."""
    tablet.record("stock.count", [{"product": product, "lot": None, "counted": figure}])
    tablet.push(tablet.waiting)


def open_page(browser: Chromium, url: str, path: str) -> Page:
    """A page that listens."""
    page = browser.page()
    manager.sign_in(page, url)
    page.goto(f"{url}{path}")
    expect(page.locator("#live")).to_have_text("Live")
    return page


def test_a_figure_changes_and_nothing_moves(
    chromium: Callable[..., Chromium], served: Served, tablet: Tablet
) -> None:
    phone = chromium(PHONE)
    page = open_page(phone, served.url, "/manage/facilities/F1")
    row = page.locator(f"a[href$='/products/{VITAMIN}']")
    row.scroll_into_view_if_needed()
    row.focus()
    before = page.evaluate("({y: scrollY, top: document.activeElement.getBoundingClientRect().top})")
    assert before["y"] > 0
    count(tablet, AMOXICILLIN, 4321)
    count(tablet, VITAMIN, 1234)
    expect(row).to_contain_text("1,234", timeout=SOON_MS)
    expect(page.locator(f"a[href$='/products/{AMOXICILLIN}']")).to_contain_text("4,321", timeout=SOON_MS)
    # What changed is washed for a moment, and only that.
    expect(row).to_have_class(re.compile(r"\bchanged\b"))
    assert page.locator(".changed").count() <= 2
    after = page.evaluate("({y: scrollY, top: document.activeElement.getBoundingClientRect().top})")
    assert row.evaluate("row => row === document.activeElement")
    assert abs(after["y"] - before["y"]) <= 1
    assert abs(after["top"] - before["top"]) <= 1
    assert phone.errors == []


def test_a_search_that_is_being_typed_is_left_alone(
    chromium: Callable[..., Chromium], served: Served, tablet: Tablet
) -> None:
    page = open_page(chromium(PHONE), served.url, "/manage/products")
    page.get_by_label("Name, code or category").fill("vita")
    count(tablet, VITAMIN, 5000)
    expect(page.locator(f"a[href$='/products/{VITAMIN}']")).to_contain_text("5,000", timeout=SOON_MS)
    expect(page.get_by_label("Name, code or category")).to_have_value("vita")
    expect(page.get_by_label("Name, code or category")).to_be_focused()


def test_a_page_of_another_product_is_not_asked_for(
    chromium: Callable[..., Chromium], served: Served, tablet: Tablet
) -> None:
    page = open_page(chromium(PHONE), served.url, f"/manage/facilities/F1/products/{VITAMIN}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    count(tablet, AMOXICILLIN, 7)
    count(tablet, VITAMIN, 8)
    expect(page.locator("[data-mark=total]")).to_have_text("8", timeout=SOON_MS)
    assert len([url for url in asked if "/manage/" in url]) == 1


def test_a_cut_line_says_so_and_what_was_missed_comes(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, tablet: Tablet
) -> None:
    page = open_page(chromium(PHONE), proxy.url, "/manage/facilities/F1")
    proxy.cut()
    expect(page.locator("#live")).to_have_text("Line cut, trying again")
    count(tablet, AMOXICILLIN, 77)
    proxy.heal()
    expect(page.locator("#live")).to_have_text("Live", timeout=10_000)
    expect(page.locator(f"a[href$='/products/{AMOXICILLIN}'] .row-figure")).to_contain_text("77")


def test_a_page_seen_before_opens_without_a_network_and_comes_alive_again(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, tablet: Tablet
) -> None:
    phone = chromium(PHONE)
    page = open_page(phone, proxy.url, "/manage/facilities/F1")
    # The worker is put in place by the managers' page itself: this phone never opened /app.
    page.evaluate("navigator.serviceWorker.ready.then(() => 0)")
    expect(page.locator("#live")).to_have_text("Live")
    page.reload()
    expect(page.locator("#live")).to_have_text("Live")
    proxy.cut()
    page.reload()
    expect(page.locator(f"a[href$='/products/{AMOXICILLIN}'] .row-figure")).to_contain_text("100")
    expect(page.locator("body > .notice")).to_contain_text("No network")
    expect(page.locator("#live")).to_have_text("Line cut, trying again")
    count(tablet, AMOXICILLIN, 78)
    proxy.heal()
    expect(page.locator(f"a[href$='/products/{AMOXICILLIN}'] .row-figure")).to_contain_text(
        "78", timeout=10_000
    )
    expect(page.locator("body > .notice")).to_have_count(0)


def test_who_was_signed_out_meanwhile_is_told(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, clinic_url: str
) -> None:
    page = open_page(chromium(PHONE), proxy.url, "/manage")
    database = Database(clinic_url)
    try:
        with database.writing() as session:
            people.sign_out_everywhere(session, people.user_id_of(session, clinic.MANAGER))
    finally:
        database.close()
    proxy.cut()
    expect(page.locator("#live")).to_have_text("Line cut, trying again")
    proxy.heal()
    expect(page.locator("#live")).to_have_text("Signed out", timeout=10_000)

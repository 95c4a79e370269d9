"""A new version of the app: it waits, tells, and takes over with operations queued and two tabs open."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support import nurse
from tests.support.browser import PHONE, TABLET, Chromium, serious
from tests.support.proxy import Proxy
from tests.support.served import ROOT, Served

pytestmark = pytest.mark.browser

BEFORE, AFTER = "See what is on the shelf", "See what the second version says"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the program, for this test to change."""
    folder = tmp_path / "checkout"
    for room in ("backend", "sync", "pwa", "migrations"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_queued_operations_survive_an_update_with_two_tabs_open(
    chromium: Callable[..., Chromium],
    checkout: Path,
    serve: Callable[..., Served],
    proxy_to: Callable[[int], Proxy],
    clinic_url: str,
) -> None:
    served = serve(clinic_url, root=checkout)
    proxy = proxy_to(served.port)
    tablet = chromium(TABLET)
    counting = tablet.page()
    nurse.sign_in(counting, proxy.url)
    other = tablet.page(f"{proxy.url}/app")
    expect(other.locator("#main")).to_contain_text(BEFORE)

    proxy.refuse("POST /sync/push")
    nurse.begin_count(counting)
    nurse.count_items(counting, [11, 22])
    nurse.wait_for_waiting(counting, 2)

    # Only a module that the worker imports has changed: the version of the worker must change all the same.
    home = checkout / "pwa" / "worker" / "screens" / "home.js"
    text = home.read_text()
    assert BEFORE in text
    home.write_text(text.replace(BEFORE, AFTER))
    served.stop()
    served.start()

    other.reload()
    notice = other.locator("#update-notice")
    expect(notice).to_be_visible(timeout=30_000)
    # It waits: until the user takes it, both tabs go on with what they have.
    expect(other.locator("#main")).to_contain_text(BEFORE)
    nurse.count_items(counting, [33])
    notice.get_by_role("button").click()
    expect(other.locator("#main")).to_contain_text(AFTER, timeout=30_000)
    nurse.wait_for_waiting(other, 3)

    # The tab that did not ask goes on counting where it was.
    nurse.count_items(counting, [44])
    proxy.heal()
    other.reload()
    nurse.wait_until_sent(other)
    with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
        rows = connection.execute(
            "SELECT fact.quantity, operation.outcome FROM fact JOIN operation"
            " ON operation.id = fact.operation_id AND operation.facility_id = fact.facility_id"
            " ORDER BY fact.quantity"
        ).fetchall()
    assert rows == [(11, "applied"), (22, "applied"), (33, "applied"), (44, "applied")]
    assert tablet.own_errors() == []


def test_a_first_visit_works_before_the_whole_app_is_there(
    chromium: Callable[..., Chromium],
    serve: Callable[..., Served],
    proxy_to: Callable[[int], Proxy],
    clinic_url: str,
) -> None:
    proxy = proxy_to(serve(clinic_url).port)
    proxy.refuse("GET /worker.js")
    phone = chromium(PHONE)
    page = phone.page()
    nurse.sign_in(page, proxy.url, whole=False)
    nurse.begin_count(page)
    nurse.count_items(page, [11])
    nurse.wait_until_sent(page)
    page.goto(f"{proxy.url}/app/expiring")
    expect(page.locator("#main")).to_contain_text("comes after the first")
    assert serious(page) == []

    proxy.heal()
    # The next try is made with the next page; what it brings opens where one waits for it.
    page.reload()
    expect(page.get_by_role("heading", name="Expiry dates")).to_be_visible(timeout=30_000)
    assert page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/worker.js")
    expect(page.locator("#update-notice")).to_be_hidden()
    page.goto(f"{proxy.url}/app")
    expect(nurse.tile(page, "Count")).to_be_visible()
    assert page.evaluate("navigator.serviceWorker.controller.scriptURL").endswith("/worker.js")
    # What the browser says of a script that did not come is of the line that was cut here.
    assert [error for error in phone.own_errors() if "fetching the script" not in error] == []

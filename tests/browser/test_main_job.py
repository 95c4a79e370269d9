"""The main job: a count made without a network reaches the manager, once, over kills, cuts and lost answers."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support import clinic, manager, nurse
from tests.support.browser import PHONE, TABLET, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.browser

FIGURES = [120, 7, 64, 0, 31, 500, 18, 9, 1000, 42]
LIVE_MS = 2_000
# Notes in a page when a text first shows there, in milliseconds since 1970; until then it is not a number.
WATCH = """text => {
    window.shownAt = NaN
    new MutationObserver(() => {
        if (Number.isNaN(window.shownAt) && document.body.innerText.replace(/\\s+/g, " ").includes(text)) {
            window.shownAt = Date.now()
        }
    }).observe(document.body, {subtree: true, childList: true, characterData: true})
}"""


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    return serve(clinic_url)


@pytest.fixture
def proxy(served: Served, proxy_to: Callable[[int], Proxy]) -> Proxy:
    return proxy_to(served.port)


def ledger(clinic_url: str) -> list[tuple[str, str, int, int]]:
    """Every count in the ledger: product, outcome, quantity, and how often this operation is there."""
    with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
        return connection.execute(
            """
            SELECT product.code, operation.outcome, fact.quantity,
                   (SELECT count(*) FROM operation AS same WHERE same.id = operation.id)
            FROM operation
            JOIN fact ON fact.facility_id = operation.facility_id AND fact.operation_id = operation.id
            JOIN card ON card.facility_id = fact.facility_id AND card.number = fact.card
            JOIN product ON product.id = card.product_id
            WHERE operation.kind = 'stock.count' ORDER BY product.code
            """
        ).fetchall()


def committed_at(url: str) -> int:
    """When the server received the last operation, in milliseconds since 1970; a moment before it committed."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        moment: int = connection.execute("SELECT max(received_at) FROM operation").fetchone()[0]
        return moment


def counted_once(clinic_url: str, figures: list[int]) -> None:
    """The ledger holds exactly these figures, for the products in their order, each once."""
    expected = [(clinic.code(number), "applied", figure, 1) for number, figure in enumerate(figures)]
    assert ledger(clinic_url) == expected


@pytest.mark.alone
def test_a_count_made_offline_reaches_the_manager(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, clinic_url: str
) -> None:
    tablet, phone = chromium(TABLET), chromium(PHONE)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)

    watching = phone.page()
    manager.sign_in(watching, served.url)
    watching.goto(f"{served.url}/manage/facilities/F1")
    expect(watching.get_by_role("heading", name="Riverside Health Centre")).to_be_visible()
    watching.evaluate(WATCH, "1,000 tablet")

    proxy.cut()
    page.reload()
    nurse.begin_count(page)
    nurse.count_items(page, FIGURES)
    nurse.wait_for_waiting(page, len(FIGURES))
    assert ledger(clinic_url) == []

    # A flat battery, and then a start with no network.
    tablet.kill()
    tablet.start()
    page = tablet.page(f"{proxy.url}/app")
    nurse.wait_for_waiting(page, len(FIGURES))
    assert "Go on counting" in page.locator("#main").inner_text()
    assert ledger(clinic_url) == []

    proxy.heal()
    page.reload()
    nurse.wait_until_sent(page)
    row = watching.get_by_role("link").filter(has_text="Amoxicillin")
    expect(row).to_contain_text(re.compile(r"\b120\s*capsule"))
    # The page noted the moment by itself: had it been loaded anew, the note would be gone.
    shown_at = watching.evaluate("window.shownAt")
    assert 0 <= shown_at - committed_at(clinic_url) <= LIVE_MS
    counted_once(clinic_url, FIGURES)
    assert tablet.own_errors() == []
    assert phone.own_errors() == []


def test_an_answer_lost_after_the_commit_does_not_double(
    chromium: Callable[..., Chromium], proxy: Proxy, clinic_url: str
) -> None:
    tablet = chromium(TABLET)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    nurse.begin_count(page)
    dropped = proxy.drop_next_answer()
    nurse.count_items(page, FIGURES[:1])
    assert dropped.wait(20)
    assert len(ledger(clinic_url)) == 1
    nurse.wait_until_sent(page)
    counted_once(clinic_url, FIGURES[:1])


def test_it_starts_with_the_server_down(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, clinic_url: str
) -> None:
    tablet = chromium(PHONE)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    tablet.close()
    served.stop()

    tablet.start()
    page = tablet.page(f"{proxy.url}/app")
    nurse.begin_count(page)
    nurse.count_items(page, FIGURES[:3])
    nurse.wait_for_waiting(page, 3)
    tablet.close()
    tablet.start()
    page = tablet.page(f"{proxy.url}/app")
    nurse.wait_for_waiting(page, 3)

    served.start()
    page.reload()
    nurse.wait_until_sent(page)
    counted_once(clinic_url, FIGURES[:3])


def test_a_half_typed_figure_survives_a_closed_tab(chromium: Callable[..., Chromium], proxy: Proxy) -> None:
    tablet = chromium(PHONE)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    proxy.cut()
    nurse.begin_count(page)
    nurse.type_figure(page, 123)
    where = nurse.address(page)
    figure = page.locator("input[data-figure]")
    expect(figure).to_have_value("123")
    page.wait_for_timeout(1500)
    page.close()
    page = tablet.page(where)
    expect(page.locator("input[data-figure]")).to_have_value("123")


def test_operations_wait_through_a_withdrawn_device(
    chromium: Callable[..., Chromium], served: Served, proxy: Proxy, clinic_url: str
) -> None:
    """An administrator withdraws the tablet while it counts offline; the nurse signs in again and all is sent."""
    tablet = chromium(TABLET)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    proxy.cut()
    nurse.begin_count(page)
    nurse.count_items(page, FIGURES[:2])
    with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE device SET revoked_at = ?", (int(time.time() * 1000),))
    proxy.heal()
    page.goto(f"{proxy.url}/app")
    expect(page.locator("#sync-bar")).to_contain_text("sign in again", timeout=20_000)
    assert ledger(clinic_url) == []

    page.goto(f"{proxy.url}/app/sign-in")
    expect(page.locator("#main")).to_contain_text("2 operations wait on this device")
    page.get_by_label("Password").fill(clinic.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    nurse.wait_until_sent(page)
    counted_once(clinic_url, FIGURES[:2])


def storage(page: Page) -> list[dict[str, object]]:
    """The outbox as it is on the device."""
    records = page.evaluate(
        """() => new Promise((done, failed) => {
            const open = indexedDB.open("bincard")
            open.onerror = () => failed(open.error)
            open.onsuccess = () => {
                const reading = open.result.transaction("outbox").objectStore("outbox").getAll()
                reading.onsuccess = () => { open.result.close(); done(JSON.stringify(reading.result)) }
            }
        })"""
    )
    found: list[dict[str, object]] = json.loads(records)
    return found


def test_an_answered_operation_is_kept_with_what_became_of_it(
    chromium: Callable[..., Chromium], proxy: Proxy
) -> None:
    tablet = chromium(TABLET)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    nurse.begin_count(page)
    nurse.count_items(page, FIGURES[:1])
    nurse.wait_until_sent(page)
    kept = storage(page)
    assert [(record["state"], record["outcome"]) for record in kept] == [("answered", "applied")]

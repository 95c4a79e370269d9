"""Two nurses on one tablet: each under their own name, the lock, what was half typed, and erasing it from afar."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support import clinic, nurse
from tests.support.browser import PHONE, Chromium, serious
from tests.support.proxy import Proxy
from tests.support.served import Served

pytestmark = pytest.mark.browser

OTHER = "kofi"
PINS = {clinic.NURSE: "2580", OTHER: "1379"}
WRITTEN = "delivery for Efua Mensah"
STORED = """async () => {
    const cached = []
    for (const name of await caches.keys()) {
        const cache = await caches.open(name)
        for (const request of await cache.keys()) {
            const answer = await cache.match(request)
            const text = /json|html|plain/.test(answer.headers.get("Content-Type"))
            cached.push(request.url, text ? await answer.text() : "")
        }
    }
    return cached.join("\\n")
}"""


def set_meta(page: Page, change: str) -> None:
    """Change what the device remembers of itself: `change` is what becomes of the store `meta`."""
    # Written into the script: the page's policy lets nothing make one of a text.
    page.evaluate(
        """() => new Promise((done) => {
            const open = indexedDB.open("bincard")
            open.onsuccess = () => {
                const writing = open.result.transaction("meta", "readwrite")
                const meta = writing.objectStore("meta")
                CHANGE
                writing.oncomplete = () => { open.result.close(); done(true) }
            }
        })""".replace("CHANGE", change)
    )


class Screens:
    """Looks at each new screen: accessible, not too wide, and a picture where a folder is given."""

    def __init__(self, browser: Chromium, pictures: Path | None) -> None:
        self.width, self.name, self.pictures = browser.device.width, browser.device.name, pictures
        self.faults: list[str] = []
        self.addresses: list[str] = []

    def look(self, page: Page, name: str) -> None:
        """Check the screen that is shown now."""
        self.faults += serious(page)
        if page.evaluate("document.documentElement.scrollWidth") > self.width:
            self.faults.append(f"{name} is too wide")
        small = page.eval_on_selector_all(
            "[data-digit], .key-go",
            "all => all.filter(one => one.getBoundingClientRect().height < 56).length",
        )
        if small:
            self.faults.append(f"{name}: {small} keys below 56 px")
        self.addresses.append(nurse.address(page))
        if self.pictures:
            page.screenshot(path=self.pictures / f"{name}-{self.name}.png", full_page=True)


def choose_pin(page: Page, pin: str) -> None:
    """The two fields of a new PIN."""
    page.get_by_label("New PIN").fill(pin)
    page.get_by_label("The same PIN again").fill(pin)


def enter(page: Page, user: str) -> None:
    """From the lock screen: one's name, one's PIN on the keys."""
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    page.get_by_role("link", name=user).click()
    for digit in PINS[user]:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Unlock").click()


def authors(url: str) -> list[str]:
    """Who signed each operation in the server's ledger, in the order of saving."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return [author for (author,) in connection.execute("SELECT author FROM operation ORDER BY id")]


def test_two_people_share_a_tablet_until_it_is_erased(
    request: pytest.FixtureRequest,
    chromium: Callable[..., Chromium],
    clinic_url: str,
    serve: Callable[..., Served],
    proxy_to: Callable[[int], Proxy],
) -> None:
    folder = request.config.getoption("--pictures")
    served = serve(clinic_url)
    served.command("user", "add", OTHER, "--role", "nurse", "--facility", "F1", said=clinic.PASSWORD + "\n")
    proxy, browser = proxy_to(served.port), chromium(PHONE)
    screens = Screens(browser, Path(folder) if folder else None)
    page = browser.page()
    nurse.sign_in(page, proxy.url)
    proxy.cut()
    nurse.begin_count(page)
    nurse.count_items(page, [11])
    proxy.heal()

    # Ama chooses a PIN before Kofi may come.
    page.goto(f"{proxy.url}/app/people")
    screens.look(page, "people-alone")
    page.get_by_role("link", name="Someone else signs in").click()
    expect(page.get_by_label("New PIN")).to_be_visible()
    choose_pin(page, "1234")
    page.get_by_role("button", name="Save the PIN").click()
    expect(page.locator("#main")).to_contain_text("too easy to guess")
    choose_pin(page, PINS[clinic.NURSE])
    screens.look(page, "pin")
    page.get_by_role("button", name="Save the PIN").click()
    page.get_by_label("Name", exact=True).fill(OTHER)
    page.get_by_label("Password").fill(clinic.PASSWORD)
    choose_pin(page, PINS[OTHER])
    screens.look(page, "sign-in-here")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#main")).to_contain_text(f"Signed in: {OTHER}", timeout=30_000)
    screens.look(page, "home-with-lock")
    proxy.cut()
    page.get_by_role("link", name=re.compile("Go on counting")).click()
    page.get_by_role("link", name="Count the next").click()
    nurse.count_items(page, [22])

    # The browser stops an idle worker: nobody is asked for a PIN because of it.
    session = browser.context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    page.goto(f"{proxy.url}/app")
    expect(page.locator("#main")).to_contain_text(f"Signed in: {OTHER}")

    # On demand, and back in two taps and a PIN.
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="Locked")).to_be_visible()
    screens.look(page, "lock")
    page.get_by_role("link", name=clinic.NURSE).click()
    page.locator("[data-pin]").fill("9999")
    page.locator("[data-pin]").press("Enter")
    expect(page.locator("#main")).to_contain_text("This is not your PIN")
    screens.look(page, "lock-pin")
    page.goto(f"{proxy.url}/app/count")
    enter(page, clinic.NURSE)
    expect(page.locator("#main")).to_contain_text(f"Signed in: {clinic.NURSE}", timeout=30_000)

    # Half typed, then rested: it stands there again. The form is one that no draft is kept of.
    set_meta(page, "meta.put(4000, 'idle_ms')")
    page.goto(f"{proxy.url}/app/receive")
    page.get_by_label("Delivery note").fill(WRITTEN)
    expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=20_000)
    set_meta(page, "meta.put(300000, 'idle_ms')")
    enter(page, clinic.NURSE)
    expect(page.get_by_label("Delivery note")).to_have_value(WRITTEN, timeout=30_000)

    # Sent just as it locked, before the page knew of it: it goes on after the PIN.
    page.get_by_label("A supplier").check()
    page.get_by_label("Name of the supplier").fill("Central stores")
    set_meta(
        page,
        "meta.get('unlocked').onsuccess = ({target}) => meta.put({...target.result, active_at: 1}, 'unlocked')",
    )
    page.get_by_role("button", name="Next: the products").click()
    enter(page, clinic.NURSE)
    expect(page.locator("#main")).to_contain_text("Central stores", timeout=30_000)

    # Nothing personal where it does not belong.
    cached = page.evaluate(STORED)
    assert WRITTEN not in cached
    assert clinic.PASSWORD not in cached
    assert not [
        one for one in screens.addresses if re.search(f"{clinic.NURSE}|{OTHER}|Efua", one.split("/app")[1])
    ]

    # It is to be erased: first everything is sent, each under its author's name.
    with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
        connection.execute("UPDATE device SET wipe_asked_at = ?", (int(time.time() * 1000),))
    proxy.heal()
    page.goto(f"{proxy.url}/app")
    expect(page.locator("#main")).to_contain_text("This device was erased", timeout=60_000)
    screens.look(page, "erased")
    assert authors(clinic_url) == [clinic.NURSE, OTHER]
    left = page.evaluate(
        """async () => (await Promise.all((await indexedDB.databases()).map(({name}) => new Promise((done) => {
            const open = indexedDB.open(name)
            open.onsuccess = async () => {
                const stores = [...open.result.objectStoreNames]
                const reading = open.result.transaction(stores)
                const found = {}
                for (const store of stores) {
                    const asked = reading.objectStore(store).getAll()
                    asked.onsuccess = () => { if (asked.result.length) found[store] = asked.result }
                }
                reading.oncomplete = () => { open.result.close(); done(found) }
            }
        })))).map((one) => JSON.stringify(one)).join()"""
    )
    assert set(json.loads(left)) <= {"meta"}
    assert clinic.NURSE not in left
    deadline = time.monotonic() + 20
    told = None
    while told is None and time.monotonic() < deadline:
        with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
            (told,) = connection.execute("SELECT wiped_at FROM device").fetchone()
        time.sleep(0.2)
    assert told is not None
    assert screens.faults == []
    assert browser.own_errors() == []

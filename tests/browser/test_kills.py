"""The battery dies just after "Saved", again and again: whatever the page showed as saved is there, and is sent once.

Six times in `make test`; `make soak BROWSER_KILLS=500` is the long form. The browser is killed with all its
processes the moment the next item shows, on a profile that lives on, as a tablet's does.
"""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.support import clinic, nurse
from tests.support.browser import PHONE, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.sizes import SEED, note, size

pytestmark = pytest.mark.browser

KILLS = size("BROWSER_KILLS", 6)
SENT_EVERY = 50
"""After so many kills the line is there for a moment, and what waits is sent."""


@pytest.fixture
def served(sqlite_url: str, tmp_path: Path, serve: Callable[..., Served]) -> Served:
    """A server whose catalogue has an item for each kill."""
    clinic.furnish(Served(sqlite_url, tmp_path / "furnishing"), tmp_path / "furniture", products=KILLS + 2)
    return serve(sqlite_url)


def outbox(page: Page) -> list[tuple[str, str]]:
    """The state of each operation on the device, and its text."""
    records = page.evaluate(
        """() => new Promise((done, failed) => {
            const open = indexedDB.open("bincard")
            open.onerror = () => failed(open.error)
            open.onsuccess = () => {
                const reading = open.result.transaction("outbox").objectStore("outbox").getAll()
                reading.onsuccess = () => {
                    open.result.close()
                    done(JSON.stringify(reading.result.map(one => [one.state, one.text])))
                }
            }
        })"""
    )
    return [(state, text) for state, text in json.loads(records)]


def figures_of(page: Page) -> list[int]:
    """What was counted, of every operation that is on the device, in the order of saving."""
    return [line["counted"] for _, text in outbox(page) for line in json.loads(text)["body"]["lines"]]


def ledger(url: str) -> list[tuple[str, int]]:
    """(product, figure) of every fact in the server's ledger."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute(
            """
            SELECT product.code, fact.quantity FROM fact
            JOIN card ON card.facility_id = fact.facility_id AND card.number = fact.card
            JOIN product ON product.id = card.product_id
            """
        ).fetchall()


def test_what_was_shown_as_saved_survives_every_kill(
    chromium: Callable[..., Chromium], served: Served, proxy_to: Callable[[int], Proxy]
) -> None:
    print("seed", SEED)
    choose, proxy, tablet = random.Random(SEED), proxy_to(served.port), chromium(PHONE)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    proxy.cut()
    nurse.begin_count(page)
    saved: list[int] = []
    began = time.monotonic()
    for kill in range(1, KILLS + 1):
        figure = choose.randint(0, 999)
        nurse.count_items(page, [figure])
        saved.append(figure)
        here = nurse.address(page)
        tablet.kill()
        tablet.start()
        page = tablet.page(here)
        assert figures_of(page) == saved, f"after kill {kill}"
        if kill % SENT_EVERY == 0:
            proxy.heal()
            page.reload()
            nurse.wait_until_sent(page)
            proxy.cut()
    took = time.monotonic() - began
    proxy.heal()
    page.reload()
    nurse.wait_until_sent(page)
    assert [state for state, _ in outbox(page)] == ["answered"] * KILLS
    stored = ledger(served.database_url)
    assert len(stored) == len({product for product, _ in stored}) == KILLS
    assert sorted(figure for _, figure in stored) == sorted(saved)
    note(
        "SIGKILL of the browser just after Saved",
        kills=KILLS,
        lost=0,
        doubled=0,
        seconds_each=round(took / KILLS, 1),
    )

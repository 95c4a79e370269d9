"""A day of movements without a network, by hand on a phone; when it is back the ledger is right to the unit.

`--pictures FOLDER` keeps a picture of each screen on the way.
"""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.clock import to_iso
from backend.ids import uuid7
from tests.support import clinic, nurse
from tests.support.browser import PHONE, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.walk import Walk, balances

pytestmark = pytest.mark.browser

AMOX, MALARIA, KIT, RAPID_TEST = clinic.code(0), clinic.code(1), clinic.code(2), clinic.code(4)
SENT = [(AMOX, "B1", 100), (MALARIA, "C1", 40), (KIT, "K1", 5)]
EXPIRY = "2031-04-30"


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    clinic.make_neighbours(clinic_url)
    return serve(clinic_url)


@pytest.fixture
def proxy(served: Served, proxy_to: Callable[[int], Proxy]) -> Proxy:
    return proxy_to(served.port)


def ship(served: Served) -> None:
    """The other facility of the district sends SENT: what it never had in its book is sent all the same."""

    def post(path: str, body: object, token: str = "") -> Any:
        headers = {"Content-Type": "application/json"} | (
            {"Authorization": f"Bearer {token}"} if token else {}
        )
        request = urllib.request.Request(served.url + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    told = {"user": clinic.NURSE, "password": clinic.PASSWORD, "facility": "F2", "name": "Tablet of the hill"}
    enrolled = post("/sync/enrol", told)
    now = to_iso(served_now())
    lines = [
        {"product": product, "lot": {"number": lot, "expiry": EXPIRY}, "quantity": quantity}
        for product, lot, quantity in SENT
    ]
    operation = {
        "id": uuid7(served_now()),
        "kind": "stock.issue",
        "version": 1,
        "facility": "F2",
        "author": clinic.NURSE,
        "recorded_at": now,
        "occurred_at": now,
        "offset_ms": 0,
        "seen": None,
        "body": {"destination": {"facility": "F1"}, "reference": "DN 7", "lines": lines},
    }
    envelope = {
        "device": enrolled["device"],
        "epoch": enrolled["epoch"],
        "sent_at": now,
        "operations": [{"seq": 1, "operation": operation}],
    }
    post("/sync/push", envelope, enrolled["token"])


def served_now() -> int:
    """The clock of this machine, which is the server's too."""
    return int(time.time() * 1000)


def outcomes(url: str) -> list[tuple[str, str]]:
    """What F1 recorded, in its order, and what became of it."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute(
            """
            SELECT operation.kind, operation.outcome FROM operation
            JOIN facility ON facility.id = operation.facility_id
            WHERE facility.code = 'F1' ORDER BY operation.id
            """
        ).fetchall()


def receive(walk: Walk) -> None:
    """100 were sent: 90 came and 2 of them were broken. The rest came as it was sent."""
    walk.home("Receive")
    walk.see("DN 7", "receive-expected")
    walk.row("Hilltop")
    walk.see("All came as sent", "receive-shipment")
    walk.row("Amoxicillin")
    walk.see("Why not as many as were sent?")
    walk.figure("How many came?", 90)
    walk.figure("Of them damaged", 2)
    walk.see("This line did not come", "receive-difference")
    walk.tap("Take this line")
    walk.see("Choose why fewer came")
    walk.page.get_by_label("Why not as many as were sent?").select_option("lost")
    walk.tap("Take this line")
    walk.see("10 short")
    walk.see("2 damaged", "receive-checked")
    walk.tap("Save the receipt")
    walk.see("The receipt is saved", "receive-saved")


def send(walk: Walk, quantity: int, *, save: str) -> None:
    """From the first step of a way out: so many of amoxicillin, then save."""
    walk.tap("Next: the products")
    walk.tap("Add a product", role="link")
    walk.row("Amoxicillin")
    walk.see("Taken in this order")
    nurse.type_figure(walk.page, quantity)
    walk.tap("Add to the")
    walk.see("Lot B1")
    walk.tap(save)


def transfer(walk: Walk) -> None:
    walk.more("Transfer")
    walk.page.get_by_label("Which facility?").select_option("F2")
    walk.see("Number of the delivery note", "transfer")
    send(walk, 30, save="Save the transfer")
    walk.see("The transfer is saved", "transfer-saved")
    walk.tap("Delivery note", role="link")
    walk.see("Hilltop Health Centre (F2)", "delivery-note")


def give_back(walk: Walk) -> None:
    walk.more("Return to the supplier")
    walk.page.get_by_label("A supplier").check()
    walk.page.get_by_label("Name of the supplier").fill("Ernest Chemists")
    walk.see("Who gets it back?", "return")
    send(walk, 5, save="Save the return")
    walk.see("The return is saved")


def unpack(walk: Walk) -> None:
    walk.more("Unpack a kit")
    walk.row("Cotrimoxazole")
    walk.figure("How many are opened?", 2)
    walk.see("Lot K1", "unpack-kit")
    walk.tap("Next: what is in it")
    walk.see("What is in it?")
    walk.tap("Add a product", role="link")
    walk.page.get_by_role("searchbox").fill("rapid")
    walk.row("Malaria rapid test")
    walk.page.get_by_label("Lot number").fill("M1")
    walk.page.get_by_label("Expiry", exact=True).fill("04/31")
    walk.figure("How many in all?", 20)
    walk.tap("Add it")
    walk.see("2 kits opened", "unpack-contents")
    walk.tap("Save the unpacking")
    walk.see("The unpacking is saved")


def move(walk: Walk) -> None:
    walk.more("Move")
    walk.row("Artemether")
    walk.page.get_by_label("Or a place that is not on the list").fill("Fridge 2")
    walk.figure("How many?", 10)
    walk.see("Where to?", "move")
    walk.tap("Save the move")
    walk.see("Fridge 2", "move-saved")


def undo(walk: Walk) -> None:
    """An issue to the wrong ward, taken back from the screen that says it is saved: a tap, and a tap on why."""
    walk.home("Issue")
    walk.page.get_by_label("Which ward or service?").fill("Maternité")
    send(walk, 4, save="Save the issue")
    walk.see("The issue is saved")
    walk.tap("Undo", role="link")
    walk.see("The stock becomes:", "undo")
    walk.tap("Entered by mistake")
    walk.see("This was undone", "undone")


def test_a_day_of_movements_offline_is_right_to_the_unit(
    chromium: Callable[..., Chromium],
    served: Served,
    proxy: Proxy,
    clinic_url: str,
    request: pytest.FixtureRequest,
) -> None:
    ship(served)
    folder = request.config.getoption("--pictures")
    tablet = chromium(PHONE)
    page = tablet.page()
    nurse.sign_in(page, proxy.url)
    proxy.cut()
    walk = Walk(page, PHONE, Path(folder) if folder else None)
    receive(walk)
    transfer(walk)
    give_back(walk)
    unpack(walk)
    move(walk)
    undo(walk)
    walk.home("More tasks")
    walk.see("Expiry dates", "more")
    nurse.wait_for_waiting(page, 8)
    assert walk.faults == []

    proxy.heal()
    page.reload()
    nurse.wait_until_sent(page)
    assert outcomes(clinic_url) == [
        ("stock.receive", "applied"),
        ("stock.adjust", "applied"),
        ("stock.issue", "applied"),
        ("stock.issue", "applied"),
        ("stock.unpack", "applied"),
        ("stock.move", "applied"),
        ("stock.issue", "applied"),
        ("stock.reverse", "applied"),
    ]
    assert balances(clinic_url) == {
        (AMOX, "B1", ""): 90 - 2 - 30 - 5,
        (MALARIA, "C1", ""): 40 - 10,
        (MALARIA, "C1", "Fridge 2"): 10,
        (KIT, "K1", ""): 5 - 2,
        (RAPID_TEST, "M1", ""): 20,
    }
    assert tablet.own_errors() == []

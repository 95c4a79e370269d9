"""A whole day at a health centre without a network: at night it is sent, and the manager's page is right to the unit.

Three nurses, a tablet that two of them share, a phone. `--pictures FOLDER` keeps pictures of the screens on the way.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_movements import ship
from tests.support import clinic, manager, nurse
from tests.support.browser import PHONE, TABLET, Chromium
from tests.support.proxy import Proxy
from tests.support.served import Served
from tests.support.tablet import Tablet
from tests.support.walk import Walk, balances

pytestmark = pytest.mark.browser

KOFI, EFUA = "kofi", "efua"
PINS = {clinic.NURSE: "2580", KOFI: "1379"}
AMOX, MALARIA, KIT, METRO, OXYTOCIN, PARA = (clinic.code(number) for number in (0, 1, 2, 5, 7, 8))
SHELF = "Cupboard A"
LOT = "2029-06-30"


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    clinic.make_neighbours(clinic_url)
    served = serve(clinic_url)
    said = clinic.PASSWORD + "\n"
    for name in (KOFI, EFUA):
        served.command("user", "add", name, "--role", "nurse", "--facility", "F1", said=said)
    return served


@pytest.fixture
def lines(served: Served, proxy_to: Callable[[int], Proxy]) -> tuple[Proxy, Proxy]:
    """The network of the tablet and that of the phone."""
    return proxy_to(served.port), proxy_to(served.port)


def stock_up(served: Served) -> None:
    """What was there in the evening: two products in a cupboard, one without lots on the counter."""
    device = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    device.record(
        "stock.count",
        [
            {"product": METRO, "lot": {"number": "M5", "expiry": LOT}, "counted": 240, "location": SHELF},
            {"product": OXYTOCIN, "lot": {"number": "V1", "expiry": LOT}, "counted": 50, "location": SHELF},
            {"product": PARA, "lot": None, "counted": 900},
        ],
    )
    device.push(device.waiting)


def standing(url: str) -> list[tuple[str, str]]:
    """What is open at F1: its code, and the product that it is about."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return connection.execute(
            """
            SELECT exception.code, product.code FROM exception
            JOIN facility ON facility.id = exception.facility_id AND facility.code = 'F1'
            JOIN card ON card.facility_id = facility.id AND card.number = exception.card
            JOIN product ON product.id = card.product_id
            WHERE exception.closed_at IS NULL
            """
        ).fetchall()


def join(page: Page, url: str) -> None:
    """Ama chooses a PIN, then Kofi signs in on the same tablet with one of his own."""
    page.goto(f"{url}/app/people")
    page.get_by_role("link", name="Someone else signs in").click()
    for user in PINS:
        expect(page.get_by_label("New PIN")).to_be_visible()
        if user == KOFI:
            page.get_by_label("Name", exact=True).fill(KOFI)
            page.get_by_label("Password").fill(clinic.PASSWORD)
        page.get_by_label("New PIN").fill(PINS[user])
        page.get_by_label("The same PIN again").fill(PINS[user])
        page.get_by_role("button", name="Sign in" if user == KOFI else "Save the PIN").click()
    expect(page.locator("#main")).to_contain_text(f"Signed in: {KOFI}", timeout=30_000)


def unlock(page: Page, user: str) -> None:
    """From the lock: one's name, one's PIN."""
    expect(page.get_by_role("heading", name="Locked")).to_be_visible(timeout=30_000)
    page.get_by_role("link", name=user).click()
    for digit in PINS[user]:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Unlock").click()
    expect(page.locator("#main")).to_contain_text(f"Signed in: {user}", timeout=30_000)


def hand_over(page: Page, url: str, user: str) -> None:
    """The tablet goes to the other person."""
    page.goto(f"{url}/app")
    page.get_by_role("button", name="Lock").click()
    unlock(page, user)


def count_one(page: Page, figure: int) -> None:
    """The figure of an item with one lot."""
    expect(page.locator("input[data-figure]")).to_have_count(1)
    nurse.type_figure(page, figure)
    page.get_by_role("button", name="Save and next").click()


def out(walk: Walk, product: str, quantity: int, *, save: str) -> None:
    """From the first step of a way out: so many of a product, then save."""
    walk.tap("Next: the products")
    walk.tap("Add a product", role="link")
    walk.row(product)
    walk.see("Taken in this order")
    nurse.type_figure(walk.page, quantity)
    walk.tap("Add to the")
    walk.see(product)
    walk.tap(save)


def give_out(walk: Walk, ward: str, product: str, quantity: int) -> None:
    walk.home("Issue")
    walk.page.get_by_label("Which ward or service?").fill(ward)
    out(walk, product, quantity, save="Save the issue")
    walk.see("The issue is saved")


def receive_with_a_short_line(walk: Walk) -> None:
    walk.home("Receive")
    walk.row("Hilltop")
    walk.see("All came as sent")
    walk.row("Amoxicillin")
    walk.figure("How many came?", 90)
    walk.page.get_by_label("Why not as many as were sent?").select_option("lost")
    walk.tap("Take this line")
    walk.see("10 short", "day-delivery")
    walk.tap("Save the receipt")
    walk.see("The receipt is saved")


def spoil_a_vial(walk: Walk) -> None:
    walk.home("Adjust")
    walk.row("Oxytocin")
    walk.page.get_by_label("Why?").select_option("damaged")
    walk.figure("How many?", 1)
    walk.see("On the book: 50", "day-spoiled")
    walk.tap("Save the adjustment")
    walk.see("The adjustment is saved")


def transfer(walk: Walk) -> None:
    walk.more("Transfer")
    walk.page.get_by_label("Which facility?").select_option("F2")
    out(walk, "Amoxicillin", 30, save="Save the transfer")
    walk.see("The transfer is saved", "day-transfer")


def take_back(walk: Walk) -> None:
    """An issue to the wrong ward: undone from the screen that says that it is saved."""
    give_out(walk, "Maternity", "Artemether", 4)
    walk.tap("Undo", role="link")
    walk.see("The stock becomes:")
    walk.tap("Entered by mistake")
    walk.see("This was undone", "day-undone")


def test_a_whole_day_offline_is_right_to_the_unit_at_night(
    chromium: Callable[..., Chromium],
    served: Served,
    lines: tuple[Proxy, Proxy],
    clinic_url: str,
    request: pytest.FixtureRequest,
) -> None:
    stock_up(served)
    ship(served)
    folder = request.config.getoption("--pictures")
    pictures = Path(folder) if folder else None
    tablet, phone = chromium(TABLET), chromium(PHONE)
    page, third = tablet.page(), phone.page()
    nurse.sign_in(page, lines[0].url)
    join(page, lines[0].url)
    nurse.sign_in(third, lines[1].url, user=EFUA, device="Phone of the ward")
    for line in lines:
        line.cut()
    walk, other = Walk(page, TABLET, pictures), Walk(third, PHONE, pictures)

    # Morning: Kofi counts the cupboard, Efua gives out meanwhile, Ama counts second.
    walk.home("Count")
    page.get_by_label("One shelf").check()
    page.get_by_role("combobox", name="Shelf").select_option(SHELF)
    page.get_by_label("Two people").check()
    walk.tap("Begin")
    walk.tap("Start counting", role="link")
    count_one(page, 238)
    give_out(other, "Maternity", "Paracetamol", 20)
    count_one(page, 50)
    walk.see("2 products wait for a second person", "day-count")
    hand_over(page, lines[0].url, clinic.NURSE)
    walk.tap("Go on counting", role="link")
    walk.tap("Count the next", role="link")
    count_one(page, 238)
    walk.see("Two agree, saved: 238")
    count_one(page, 50)
    walk.see("of the cards within 10 % of the book")
    # After the count: what is given out now comes off what was found.
    give_out(other, "Outpatients", "Metronidazole", 8)

    receive_with_a_short_line(walk)
    spoil_a_vial(walk)

    # Noon: the battery is flat. The tablet starts locked, with all that was saved.
    tablet.kill()
    tablet.start()
    page = tablet.page(f"{lines[0].url}/app")
    unlock(page, KOFI)
    walk = Walk(page, TABLET, pictures)
    nurse.wait_for_waiting(page, 4)
    transfer(walk)
    take_back(walk)
    give_out(other, "Outpatients", "Paracetamol", 5)
    nurse.wait_for_waiting(page, 7)
    nurse.wait_for_waiting(third, 3)

    # Night: the network is there.
    for line in lines:
        line.heal()
    page.reload()
    third.reload()
    # Three minutes pass here as a day: of what Efua gave out right after the count, whoever sends second is asked.
    for one in (page, third):
        expect(one.locator("#sync-bar")).to_contain_text(
            re.compile("All sent|1 needs attention"), timeout=60_000
        )
    assert standing(clinic_url) == [("count_overlap", METRO)]
    expected = {
        (METRO, "M5", SHELF): 238 - 8,
        (OXYTOCIN, "V1", SHELF): 50 - 1,
        (PARA, "", ""): 900 - 20 - 5,
        (AMOX, "B1", ""): 90 - 30,
        (MALARIA, "C1", ""): 40,
        (KIT, "K1", ""): 5,
    }
    assert balances(clinic_url) == expected

    boss = chromium(PHONE).page()
    manager.sign_in(boss, served.url)
    for (product, lot, _), figure in expected.items():
        boss.goto(f"{served.url}/manage/facilities/F1/products/{product}")
        expect(boss.locator("[data-mark=total]")).to_have_text(str(figure))
        expect(boss.locator("#main, main").first).to_contain_text(
            f"Lot {lot}" if lot else "Without a lot number"
        )
    boss.goto(f"{served.url}/manage/exceptions?facility=F1")
    expect(boss.locator("main")).to_contain_text("Metronidazole")
    assert walk.faults + other.faults == []
    assert tablet.own_errors() + phone.own_errors() == []

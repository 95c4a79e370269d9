"""Counting as it is done: proposed, on paper, by two people, killed and taken up again; on both kinds of screen."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support import clinic, nurse
from tests.support.browser import PHONE, TABLET, Chromium, serious
from tests.support.served import Served
from tests.support.tablet import Tablet

pytestmark = pytest.mark.browser

KOFI = "kofi"
AMOXICILLIN, COTRIMOXAZOLE, PARACETAMOL, ZINC = (clinic.code(number) for number in (0, 2, 8, 11))
EARLY = {"number": "B-104", "expiry": "2027-01-31"}
LATE = {"number": "דגימה 7", "expiry": "2029-06-30"}
A4 = re.compile(rb"/MediaBox \[0 0 (59[456][0-9.]*) (84[123][0-9.]*)\]")


@pytest.fixture
def served(clinic_url: str, serve: Callable[..., Served]) -> Served:
    served = serve(clinic_url)
    served.command("user", "add", KOFI, "--role", "nurse", "--facility", "F1", said=clinic.PASSWORD + "\n")
    return served


@pytest.fixture
def other(served: Served) -> Tablet:
    """Another tablet of the facility, which has put four products on two shelves."""
    tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    tablet.record(
        "stock.count",
        [
            {"product": AMOXICILLIN, "lot": EARLY, "counted": 40, "location": "Cupboard A"},
            {"product": AMOXICILLIN, "lot": LATE, "counted": 200, "location": "Cupboard A"},
            {"product": COTRIMOXAZOLE, "lot": EARLY, "counted": 60, "location": "Cupboard A"},
            {"product": PARACETAMOL, "lot": None, "counted": 900},
            {"product": ZINC, "lot": None, "counted": 30},
        ],
    )
    tablet.record("stock.dispense", [{"product": ZINC, "lot": None, "quantity": 34}])
    tablet.push(tablet.waiting)
    return tablet


@pytest.fixture
def pictures(request: pytest.FixtureRequest) -> Path | None:
    folder = request.config.getoption("--pictures")
    return Path(folder) if folder else None


Look = Callable[[Page, str], None]


@pytest.fixture
def look(pictures: Path | None) -> Look:
    """Nothing is wrong with the screen that is shown now, on a phone and on a tablet."""

    def look(page: Page, name: str) -> None:
        for device in (PHONE, TABLET):
            page.set_viewport_size({"width": device.width, "height": device.height})
            assert serious(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= device.width, name
            low = page.eval_on_selector_all(
                "button, .button, .row[href], select, .choice",
                """all => all.filter(e => e.offsetParent && e.getBoundingClientRect().height < 48 && e.tabIndex >= 0)
                          .map(e => e.outerHTML.slice(0, 120))""",
            )
            assert low == [], name
            if pictures is not None:
                pictures.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=pictures / f"{name}-{device.name}.png")

    return look


def counts(clinic_url: str) -> list[tuple[str, str, list[int], list[dict[str, object]]]]:
    """What the tablets of the ward counted, as the ledger has it: author, product, figures, reasons."""
    with sqlite3.connect(clinic_url.removeprefix("sqlite:///")) as connection:
        bodies = connection.execute(
            "SELECT content FROM operation WHERE kind = 'stock.count' ORDER BY received_at, id"
        ).fetchall()
    found = []
    for (text,) in bodies:
        operation = json.loads(text)
        lines = operation["body"]["lines"]
        if "session" in operation["body"]:
            reasons = [reason for line in lines for reason in line.get("reasons", [])]
            figures = [line["counted"] for line in lines]
            found.append((operation["author"], lines[0]["product"], figures, reasons))
    return found


def take_over(page: Page, url: str, user: str) -> None:
    """Someone else takes the tablet."""
    page.goto(f"{url}/app/sign-in")
    page.get_by_label("Name", exact=True).fill(user)
    page.get_by_label("Password").fill(clinic.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(nurse.tile(page, "Count")).to_be_visible(timeout=30_000)


def enter(page: Page, *figures: int) -> None:
    """The figures of one item, lot by lot, on the keypad."""
    expect(page.locator("input[data-figure]")).to_have_count(len(figures))
    for at, figure in enumerate(figures):
        page.locator("input[data-figure]").nth(at).focus()
        nurse.type_figure(page, figure)
    page.get_by_role("button", name="Save and next").click()


def test_a_shelf_is_counted_by_two_people(
    chromium: Callable[..., Chromium], served: Served, other: Tablet, clinic_url: str, look: Look
) -> None:
    browser = chromium(TABLET)
    page = browser.page()
    main = page.locator("#main")
    nurse.sign_in(page, served.url)
    nurse.open_tile(page, "Count")
    page.get_by_label("One shelf").check()
    look(page, "count-begin")
    page.get_by_role("button", name=re.compile("^Begin")).click()
    expect(page.locator(".field-error")).to_contain_text("Choose the shelf to count.")
    page.get_by_role("combobox", name="Shelf").select_option("Cupboard A")
    page.get_by_label("Two people").check()
    page.get_by_role("button", name=re.compile("^Begin")).click()
    expect(main).to_contain_text("0 of 2 counted by two")
    page.get_by_role("link", name=re.compile("Start counting")).click()
    expect(main).to_contain_text("On the book: 200")
    enter(page, 38, 200)
    expect(main).to_contain_text("Kept for the second person: 238")
    # A flat battery in the middle of an item: what is typed is there again.
    nurse.type_figure(page, 4)
    page.wait_for_timeout(600)
    browser.kill()
    browser.start()
    page = browser.page(f"{served.url}/app")
    main = page.locator("#main")
    page.get_by_role("link", name=re.compile("^Go on counting")).click()
    page.get_by_role("link", name=re.compile("Count the next")).click()
    expect(page.locator("input[data-figure]")).to_have_value("4")
    nurse.type_figure(page, 5)
    page.get_by_role("button", name="Save and next").click()
    expect(main).to_contain_text("2 products wait for a second person")
    look(page, "count-two-first")
    assert counts(clinic_url) == []

    take_over(page, served.url, KOFI)
    page.get_by_role("link", name=re.compile("^Go on counting")).click()
    look(page, "count-two-second")
    expect(main).to_contain_text(f"Counted once, {clinic.NURSE}")
    expect(main).not_to_contain_text("238")
    page.get_by_role("link", name=re.compile("Count the next")).click()
    expect(main).to_contain_text(f"The second count, after {clinic.NURSE}")
    expect(main).not_to_contain_text("On the book")
    look(page, "count-two-item")
    enter(page, 39, 200)
    expect(main).to_contain_text("The two counts differ")
    look(page, "count-decide")
    page.get_by_role("button", name=f"{KOFI} is right: 239").click()
    expect(main).to_contain_text("Two agree, saved: 239")
    enter(page, 45)
    # Both saw 45 where the book has 60: that is asked before it is saved.
    expect(main).to_contain_text("That is 15 less than the book.")
    look(page, "count-why")
    page.get_by_label("Why?").select_option("expired")
    page.get_by_role("button", name="Save with the reason").click()
    expect(main).to_contain_text("of the cards within 10 % of the book")
    look(page, "count-two-summary")
    nurse.wait_until_sent(page)
    assert counts(clinic_url) == [
        (KOFI, AMOXICILLIN, [39, 200], []),
        (KOFI, COTRIMOXAZOLE, [45], [{"reason": "expired", "quantity": -15}]),
    ]
    assert browser.own_errors() == []


def test_what_is_proposed_is_counted_from_paper_without_a_network(
    chromium: Callable[..., Chromium], served: Served, other: Tablet, clinic_url: str, look: Look
) -> None:
    browser = chromium(PHONE)
    page = browser.page()
    main = page.locator("#main")
    nurse.sign_in(page, served.url)
    served.stop()
    nurse.open_tile(page, "Count")
    page.get_by_role("link", name=re.compile("What to count today")).click()
    expect(main).to_contain_text("The book shows less than none.")
    look(page, "count-today")
    page.get_by_label("Blind").check()
    page.get_by_role("button", name="Count these").click()
    expect(main).to_contain_text("Chosen products")
    page.get_by_role("link", name="A sheet to print").click()
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    look(page, "count-sheet")
    page.emulate_media(media="print")
    expect(page.locator("header.top")).to_be_hidden()
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    assert A4.search(page.pdf(prefer_css_page_size=True))
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Back").click()
    page.get_by_role("link", name=re.compile("Start counting")).click()
    enter(page, 500)
    expect(page.get_by_role("alert")).to_contain_text("500 is more than ten times the most")
    look(page, "count-absurd")
    page.get_by_role("button", name="It is right: save it").click()
    expect(main).to_contain_text("of the cards within 10 % of the book")
    nurse.wait_for_waiting(page, 1)

    page.goto(f"{served.url}/app/count")
    look(page, "count-start")
    served.start()
    page.reload()
    nurse.wait_until_sent(page)
    assert counts(clinic_url) == [(clinic.NURSE, ZINC, [500], [])]
    assert browser.own_errors() == []

"""A facility's and a product's pages, and the cards with their movements: the figures are the ledger's."""

from __future__ import annotations

from datetime import UTC, datetime

from backend.models import Facility, Product
from backend.services.card_history import MOVEMENTS_MAX
from tests.web.conftest import Bincard
from tests.web.manage.conftest import Shelves
from tests.web.manage.reading import doors, rows, text_of

CARDS = "/manage/facilities/A/products/AL"


def test_a_facility_s_row_says_how_a_product_stands(bincard: Bincard, shelves: Shelves) -> None:
    shelves.use("A", "AL", monthly=30, left=12)
    page = bincard.browser("bob").get("/manage/facilities/A").text
    (row,) = [row for row in rows(page, "line") if "Artemether" in row]
    # 12 of an AMC of 30 is below the minimum of a month and the emergency point of half a month; maximum 3.5 months.
    assert row == (
        "Artemether Understocked Emergency AMC 30 0.4 months of stock to order 100 "
        "1 card with stock Last count just now 12 unit"
    )


def test_a_product_s_page_sums_what_all_facilities_in_sight_have(bincard: Bincard, shelves: Shelves) -> None:
    shelves.use("A", "AL", monthly=30, left=12)
    shelves.use("C", "AL", monthly=30, left=5000)
    bob, ada = (bincard.browser(name).get("/manage/products/AL").text for name in ("bob", "ada"))
    assert "On hand at all facilities 52 unit" in text_of(bob)
    assert "On hand at all facilities 5,052 unit" in text_of(ada)
    south = bincard.cast.zones["South"]
    zone = bincard.browser("ada").get(f"/manage/products/AL?zone={south}").text
    assert "On hand at all facilities 5,000 unit" in text_of(zone)


def test_cards_stand_in_the_order_in_which_they_expire(bincard: Bincard, shelves: Shelves) -> None:
    year = datetime.now(UTC).year
    shelves.record("A", "AL", "received", 7, lot="LATER", expiry="2033-05-31")
    shelves.record("A", "AL", "received", 8, lot="PAST", expiry=f"{year - 1}-05-31")
    page = text_of(bincard.browser("bob").get(CARDS).text)
    first, second, third = (page.index(f"Lot {lot}") for lot in ("PAST", "LOT-OF-A", "LATER"))
    assert first < second < third
    assert f"Expired 31 May {year - 1}" in page


def test_a_count_shows_what_it_found_beside_the_book(bincard: Bincard, shelves: Shelves) -> None:
    first = shelves.record("A", "AL", "counted", 25, days_ago=3)
    shelves.record("A", "AL", "dispensed", -5, days_ago=2)
    second = shelves.record("A", "AL", "counted", 18, days_ago=1)
    page = bincard.browser("bob").get(CARDS).text
    told = set(rows(page, "move"))
    assert any("Count" in row and "Opening balance" in row and row.endswith("= 25") for row in told)
    assert any("Count" in row and "2 fewer than in the book" in row and row.endswith("= 18") for row in told)
    assert any("Dispensing" in row and "alice" in row and row.endswith("−5") for row in told)
    assert {f"/manage/operations/{first}", f"/manage/operations/{second}"} <= set(doors(page))


def test_a_late_entry_changes_what_the_count_found(bincard: Bincard, shelves: Shelves) -> None:
    shelves.record("A", "AL", "counted", 25, days_ago=3)
    shelves.record("A", "AL", "counted", 18, days_ago=1)
    shelves.record("A", "AL", "dispensed", -7, days_ago=2)
    page = bincard.browser("bob").get(CARDS).text
    assert any("As in the book" in row and row.endswith("= 18") for row in rows(page, "move"))


def test_what_was_undone_says_so(bincard: Bincard, shelves: Shelves) -> None:
    wrong = shelves.record("A", "AL", "received", 700, days_ago=2)
    shelves.record("A", "AL", "received", 1, days_ago=1, reverses=wrong)
    browser = bincard.browser("bob")
    page = browser.get(CARDS).text
    (row,) = [row for row in rows(page, "move") if row.endswith("+700")]
    assert "Undone" in row
    assert "On hand 41 unit" in text_of(page)
    assert "Undone" in text_of(browser.get(f"/manage/operations/{wrong}").text)


def test_movements_are_turned_over_like_pages(bincard: Bincard, shelves: Shelves) -> None:
    for number in range(MOVEMENTS_MAX + 5):
        shelves.record("A", "AL", "received", 1000 + number, days_ago=number + 1)
    browser = bincard.browser("bob")
    first = browser.get(CARDS).text
    (older,) = [door for door in doors(first) if "before=" in door]
    second = browser.get(older).text
    assert not [door for door in doors(second) if "before=" in door]
    seen = [row.rpartition("+")[2] for page in (first, second) for row in rows(page, "move")]
    # The cast's own receipt of an hour ago, then each once, newest first.
    assert seen == ["40", *(f"{1000 + number:,}" for number in range(MOVEMENTS_MAX + 5))]
    assert CARDS in doors(second)


def test_codes_with_every_kind_of_sign_are_found_again(bincard: Bincard, shelves: Shelves) -> None:
    code, product = "A/1 %2F?é~2F#", "P&<1>/%"
    with bincard.db.writing() as session:
        clinic = Facility(code=code, name="Odd <b>Clinic</b>", type_id=1, zone_id=bincard.cast.zones["North"])
        item = Product(code=product, name="Odd & product")
        session.add_all([clinic, item])
        session.flush()
        bincard.cast.facilities[code], bincard.cast.products[product] = clinic.id or 0, item.id or 0
    shelves.record(code, product, "received", 77)
    browser = bincard.browser("bob")
    found = browser.get("/manage/facilities?q=odd").text
    assert "Odd &lt;b&gt;Clinic" in found
    (door,) = [door for door in doors(found) if door.startswith("/manage/facilities/")]
    place = browser.get(door).text
    (cards,) = [door for door in doors(place) if "/products/P" in door and "PCM" not in door]
    page = browser.get(cards)
    assert page.status_code == 200
    assert "On hand 77 unit" in text_of(page.text)
    (all_facilities,) = [door for door in doors(page.text) if door.startswith("/manage/products/")]
    assert "Odd <b>Clinic</b>" in text_of(browser.get(all_facilities).text)


def test_a_page_is_as_new_as_the_ledger(bincard: Bincard, shelves: Shelves) -> None:
    browser = bincard.browser("bob")
    for quantity, total in ((5, "45"), (6, "51"), (7, "58")):
        shelves.record("A", "AL", "received", quantity)
        assert f"On hand {total} unit" in text_of(browser.get(CARDS).text)

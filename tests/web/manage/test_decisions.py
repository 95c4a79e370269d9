"""Deciding about problems on /manage/exceptions: who may, what it does, what is kept when it cannot be done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import col, select

from backend.clock import to_iso
from backend.ids import uuid7
from backend.models import Card, Decision, Operation, Program, StockException, User
from backend.services import people
from backend.services.exceptions import Flag
from tests.web.conftest import Bincard
from tests.web.manage.conftest import Shelves
from tests.web.manage.reading import doors, figures, rows, text_of

NOTE = "asked Alice: the box was <broken>"


def standing(bincard: Bincard, code: str, facility: str = "A") -> str:
    """The address of the page of the one exception with this code."""
    with bincard.db.reading() as session:
        here = StockException.facility_id == bincard.cast.facilities[facility]
        id_ = session.exec(select(StockException.id).where(here, StockException.code == code)).one()
    return f"/manage/exceptions/{facility}/{id_}"


def stored(bincard: Bincard, address: str) -> StockException:
    """The exception behind an address as it is stored."""
    with bincard.db.reading() as session:
        id_ = address.rpartition("/")[2]
        found = session.exec(select(StockException).where(StockException.id == id_)).one()
        session.expunge(found)
        return found


def decisions(bincard: Bincard) -> list[tuple[str, str, str]]:
    """(action, author, note) of all that was decided, in order."""
    with bincard.db.reading() as session:
        rows = session.exec(select(Decision).order_by(col(Decision.decided_at), col(Decision.id)))
        return [(row.action, row.author, row.note) for row in rows]


def hold(bincard: Bincard, code: str, product: str = "AL", facility: str = "A", **header: Any) -> str:
    """A dispensing of 6 that is held at facility A; the address of its problem."""
    now, operation_id = bincard.time.now, uuid7(bincard.time.now)
    text = {
        "id": operation_id,
        "kind": "stock.dispense",
        "version": 1,
        "facility": facility,
        "author": "alice",
        "recorded_at": to_iso(now),
        "occurred_at": to_iso(now),
        "offset_ms": 0,
        "seen": None,
        "body": {"lines": [{"product": product, "lot": {"number": "LOT-OF-A"}, "quantity": 6}]},
        **header,
    }
    with bincard.db.writing() as session:
        session.add(
            Operation(
                facility_id=bincard.cast.facilities["A"],
                id=operation_id,
                content_hash="1" * 64,
                content=json.dumps(text).encode(),
                kind=text["kind"],
                author="alice",
                device_id=bincard.cast.device,
                seq=9,
                recorded_at=now,
                effective_at=now,
                received_at=now,
                outcome="held",
            )
        )
        session.add(
            StockException(
                facility_id=bincard.cast.facilities["A"],
                id=Flag(code, operation_id).id_at("A"),
                code=code,
                operation_id=operation_id,
                opened_at=now,
            )
        )
    return standing(bincard, code)


def on_hand(bincard: Bincard, product: str = "AL", facility: str = "A") -> int:
    """What the book says of a product's cards."""
    with bincard.db.reading() as session:
        wanted = (
            Card.facility_id == bincard.cast.facilities[facility],
            Card.product_id == bincard.cast.products[product],
        )
        return sum(session.exec(select(Card.on_hand).where(*wanted)))


def test_what_was_seen_leaves_the_list_and_says_who_when_and_why(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), standing(bincard, "clock_skew")
    assert figures(browser.get("/manage").text)["open problems"][0] == 2
    answer = browser.post(address, data={"action": "accept", "note": NOTE, "seen": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert figures(browser.get("/manage").text)["open problems"][0] == 1
    assert address not in doors(browser.get("/manage/exceptions").text)
    page = browser.get(address).text
    assert "<broken>" not in page
    for words in ("Decided", "Seen, and left as it is", "bob", NOTE, "Decide otherwise"):
        assert words in text_of(page)
    (row,) = rows(browser.get("/manage/exceptions?show=resolved").text, "exception")
    assert "Seen, and left as it is bob just now" in row
    assert NOTE in row
    assert decisions(bincard) == [("accept", "bob", NOTE)]


def test_the_api_tells_what_was_decided(bincard: Bincard) -> None:
    bincard.browser("bob").post(standing(bincard, "clock_skew"), data={"action": "accept", "note": NOTE})
    program = bincard.program("bob")
    (one,) = program.get("/api/v1/exceptions?state=resolved").json()["items"]
    assert (one["facility"], one["state"], one["action"], one["note"]) == ("A", "resolved", "accept", NOTE)
    assert [item["facility"] for item in program.get("/api/v1/exceptions?state=open").json()["items"]] == [
        "B"
    ]
    assert program.get("/api/v1/exceptions?state=closed").json()["items"] == []


def test_a_held_operation_is_released_under_its_own_id(bincard: Bincard) -> None:
    address, browser = hold(bincard, "not_permitted"), bincard.browser("bob")
    before = on_hand(bincard)
    page = text_of(browser.get(address).text)
    for words in ("Held until a person decides", "Artemether Lot LOT-OF-A 6", "Enter it in the ledger"):
        assert words in page
    assert browser.post(address, data={"action": "release", "note": "it happened"}).status_code == 303
    assert on_hand(bincard) == before - 6
    after = text_of(browser.get(address).text)
    assert "Decided and closed" in after
    assert "Was held, and a person entered it in the ledger" in after
    operation = stored(bincard, address).operation_id
    assert "−6" in text_of(browser.get(f"/manage/operations/{operation}").text)
    assert address not in doors(browser.get("/manage/exceptions").text)


def test_a_held_operation_is_kept_out_and_can_still_be_entered_later(bincard: Bincard) -> None:
    address, browser = hold(bincard, "not_permitted"), bincard.browser("bob")
    before = on_hand(bincard)
    browser.post(address, data={"action": "refuse", "note": "never happened"})
    assert on_hand(bincard) == before
    assert stored(bincard, address).closed_at is None
    operation = browser.get(f"/manage/operations/{stored(bincard, address).operation_id}").text
    assert "Held until a person decides" not in text_of(operation)
    assert "Kept out of the ledger" in text_of(operation)
    seen = str(stored(bincard, address).resolved_at)
    bincard.time.pass_hours(1)
    assert browser.post(address, data={"action": "release", "seen": seen}).status_code == 303
    assert on_hand(bincard) == before - 6
    assert [action for action, _, _ in decisions(bincard)] == ["refuse", "release"]


def test_what_cannot_be_entered_yet_says_so_and_keeps_the_note(bincard: Bincard) -> None:
    address, browser = hold(bincard, "unknown_product", product="NEW-1"), bincard.browser("bob")
    answer = browser.post(address, data={"action": "release", "note": NOTE})
    assert answer.status_code == 409
    assert "It names something that is not known here yet." in text_of(answer.text)
    assert NOTE in text_of(answer.text)
    assert decisions(bincard) == []
    assert stored(bincard, address).resolved_at is None


def test_what_closed_meanwhile_says_so_and_keeps_the_note(bincard: Bincard, shelves: Shelves) -> None:
    shelves.record("A", "PCM", "dispensed", -5, lot="X1")
    browser, address = bincard.browser("bob"), standing(bincard, "negative_stock")
    assert "Seen: leave it as it is" in text_of(browser.get(address).text)
    shelves.record("A", "PCM", "counted", 3, lot="X1")
    answer = browser.post(address, data={"action": "accept", "note": NOTE})
    assert answer.status_code == 409
    assert "It has closed by itself" in text_of(answer.text)
    assert decisions(bincard) == []
    assert "Closed by itself" in text_of(browser.get(address).text)


def test_two_managers_at_once_do_not_overrule_each_other_unawares(bincard: Bincard) -> None:
    address = standing(bincard, "clock_skew")
    bincard.browser("ada").post(address, data={"action": "accept", "note": "set it myself", "seen": ""})
    bincard.time.pass_hours(1)
    answer = bincard.browser("bob").post(address, data={"action": "accept", "note": NOTE, "seen": ""})
    assert answer.status_code == 409
    page = text_of(answer.text)
    for words in ("Somebody decided about this meanwhile", "set it myself", NOTE):
        assert words in page
    assert [author for _, author, _ in decisions(bincard)] == ["ada"]
    again = {"action": "accept", "note": NOTE, "seen": str(stored(bincard, address).resolved_at)}
    assert bincard.browser("bob").post(address, data=again).status_code == 303
    assert stored(bincard, address).resolved_by == "bob"


def test_a_movement_is_moved_across_its_count(bincard: Bincard, shelves: Shelves) -> None:
    movement = shelves.record("A", "PCM", "dispensed", -5, lot="X1")
    count = shelves.record("A", "PCM", "counted", 10, lot="X1")
    with bincard.db.writing() as session:
        at = Card.facility_id == bincard.cast.facilities["A"]
        card = session.exec(select(Card.number).where(at, Card.lot == "X1")).one()
        id_ = uuid7(bincard.time.now)
        session.add(
            StockException(
                facility_id=bincard.cast.facilities["A"],
                id=id_,
                code="count_overlap",
                operation_id=movement,
                other_id=count,
                card=card,
                opened_at=bincard.time.now,
            )
        )
    browser, address = bincard.browser("bob"), f"/manage/exceptions/A/{id_}"
    page = text_of(browser.get(address).text)
    for words in ("Stock moved while it was counted", "Dispensing", "Count", "−5", "= 10"):
        assert words in page
    before = on_hand(bincard, "PCM")
    assert browser.post(address, data={"action": "move"}).status_code == 303
    assert on_hand(bincard, "PCM") == before - 5
    assert "Moved to the other side of a count" in text_of(browser.get(f"/manage/operations/{movement}").text)
    cards = browser.get("/manage/facilities/A/products/PCM").text
    assert "Moved to the other side of a count" in text_of(cards)


def test_nobody_decides_about_the_difference_of_their_own_count(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        one = session.exec(
            select(StockException).where(StockException.facility_id == bincard.cast.facilities["B"])
        ).one()
        one.code = "variance_changed"
        operation = session.get(Operation, (one.facility_id, one.operation_id, 0))
        assert operation is not None
        address = f"/manage/exceptions/B/{one.id}"
        one.detail = '{"found": 2, "variance": -3}'
    browser = bincard.browser("ada")
    assert "+2 at first, −3 now" in text_of(browser.get(address).text)
    assert browser.post(address, data={"action": "accept"}).status_code == 303
    # An operation's author is a name, and cannot be changed: the manager takes that name.
    with bincard.db.writing() as session:
        session.get_one(User, bincard.cast.users["bob"]).name = "was-bob"
        session.get_one(User, bincard.cast.users["alice"]).name = "was-alice"
        session.flush()
        session.get_one(User, bincard.cast.users["bob"]).name = "alice"
    page = bincard.browser("bob").get(address).text
    assert "Somebody else must look at the difference of your own count." in text_of(page)
    assert 'value="accept"' not in page
    seen = str(stored(bincard, address).resolved_at)
    answer = bincard.browser("bob").post(address, data={"action": "accept", "note": NOTE, "seen": seen})
    assert answer.status_code == 403
    assert "Somebody else must look" in text_of(answer.text)
    assert [author for _, author, _ in decisions(bincard)] == ["ada"]


def test_asking_somebody_to_look(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), standing(bincard, "clock_skew")
    page = browser.get(address).text
    # Who may decide there: its nurse, its manager, the administrator; nobody of the south, no data entry.
    for name, offered in (("alice", True), ("bob", True), ("ada", True), ("carol", False), ("dan", False)):
        assert (f'<option value="{name}"' in page) is offered
    assert browser.post(f"{address}/assign", data={"to": "bob"}).status_code == 303
    assert address in doors(browser.get("/manage/exceptions?show=mine").text)
    assert address not in doors(bincard.browser("ada").get("/manage/exceptions?show=mine").text)
    refused = browser.post(f"{address}/assign", data={"to": "carol"})
    assert refused.status_code == 422
    assert "Nobody of this name may decide here." in text_of(refused.text)
    assert stored(bincard, address).assigned_to == "bob"
    assert browser.post(f"{address}/assign", data={"to": ""}).status_code == 303
    assert "Nothing is asked of you" in text_of(browser.get("/manage/exceptions?show=mine").text)


@pytest.mark.parametrize("way", ["", "/assign"])
@pytest.mark.parametrize(("name", "status"), [("carol", 404), ("charlie", 403), ("dan", 403), ("alice", 403)])
def test_others_cannot(bincard: Bincard, name: str, status: int, way: str) -> None:
    address = standing(bincard, "clock_skew")
    form = {"action": "accept", "to": "alice"}
    assert bincard.browser(name).post(address + way, data=form).status_code == status
    cross = bincard.browser("bob")
    cross.headers["sec-fetch-site"] = "cross-site"
    assert cross.post(address + way, data=form).status_code == 403
    assert decisions(bincard) == []
    assert stored(bincard, address).assigned_to == ""


def test_who_is_narrowed_to_some_products_decides_about_those_cards_alone(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        malaria = session.exec(select(Program.id).where(Program.code == "malaria")).one()
        people.narrow(session, bincard.cast.users["bob"], [malaria or 0])
    browser, held = bincard.browser("bob"), hold(bincard, "not_permitted")
    assert browser.post(held, data={"action": "release"}).status_code == 403
    assert 'value="release"' not in browser.get(held).text
    assert browser.post(standing(bincard, "clock_skew"), data={"action": "accept"}).status_code == 303


def test_nothing_is_entered_where_the_manager_has_no_say(bincard: Bincard) -> None:
    # Held at A, whose device sent it, but it speaks of C in the south.
    address = hold(bincard, "not_permitted", facility="C")
    before = on_hand(bincard, facility="C")
    answer = bincard.browser("bob").post(address, data={"action": "release", "note": NOTE})
    assert answer.status_code == 403
    assert "You may not enter this at its facility." in text_of(answer.text)
    assert on_hand(bincard, facility="C") == before
    assert bincard.browser("ada").post(address, data={"action": "release"}).status_code == 303
    assert on_hand(bincard, facility="C") == before - 6


@pytest.mark.parametrize("action", ["", "refuse", "expiry", "nonsense"])
def test_an_action_that_is_no_answer_is_refused(bincard: Bincard, action: str) -> None:
    address = standing(bincard, "clock_skew")
    answer = bincard.browser("bob").post(address, data={"action": action, "note": NOTE})
    assert answer.status_code in (409, 422)
    assert NOTE in text_of(answer.text)
    assert decisions(bincard) == []


def test_filters(bincard: Bincard) -> None:
    hold(bincard, "not_permitted")
    browser = bincard.browser("ada")
    page = browser.get("/manage/exceptions?code=not_permitted").text
    assert len(rows(page, "exception")) == 1
    assert '<option value="clock_skew">' in page
    south = bincard.cast.zones["South"]
    assert len(rows(browser.get(f"/manage/exceptions?zone={south}").text, "exception")) == 1
    nothing = browser.get(f"/manage/exceptions?zone={south}&code=not_permitted").text
    assert "No such open problems" in text_of(nothing)
    assert browser.get("/manage/exceptions?facility=C&code=clock_skew").status_code == 200
    assert bincard.browser("bob").get("/manage/exceptions?facility=C").status_code == 404

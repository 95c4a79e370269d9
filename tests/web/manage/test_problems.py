"""Problems and the operations behind them, in plain words, and never a patient."""

from __future__ import annotations

import json

import pytest

from backend.models import Operation, StockException
from tests.web.conftest import Bincard
from tests.web.manage.conftest import Shelves
from tests.web.manage.reading import doors, rows, text_of

HELD = "0192f0c1-7c3e-7d2a-9a51-3f7c2b1d9e10"


def hold(bincard: Bincard, content: bytes, code: str = "unknown_product", detail: str = "{}") -> None:
    """Put a held operation at facility A."""
    facility, now = bincard.cast.facilities["A"], bincard.time.now
    with bincard.db.writing() as session:
        session.add(
            Operation(
                facility_id=facility,
                id=HELD,
                content_hash="1" * 64,
                content=content,
                kind="stock.dispense",
                author="alice",
                recorded_at=now,
                effective_at=now,
                received_at=now,
                outcome="held",
            )
        )
        session.add(
            StockException(
                facility_id=facility, id=HELD, code=code, operation_id=HELD, detail=detail, opened_at=now
            )
        )


def test_a_negative_card_asks_for_a_count_and_a_count_closes_it(bincard: Bincard, shelves: Shelves) -> None:
    operation = shelves.record("A", "PCM", "dispensed", -5, lot="X1")
    browser = bincard.browser("bob")
    page = browser.get("/manage/exceptions").text
    (row,) = [row for row in rows(page, "exception") if "X1" in row]
    assert row.startswith(
        "More left the shelf than the card had Paracetamol Lot X1 Dispensing alice just now"
    )
    assert "a count closes the problem" in row
    pages = [browser.get(door).text for door in doors(page) if door.startswith("/manage/exceptions/A/")]
    assert [f"/manage/operations/{operation}" in doors(one) for one in pages].count(True) == 1
    shelves.record("A", "PCM", "counted", 0, lot="X1")
    assert "X1" not in browser.get("/manage/exceptions").text


def test_problems_of_one_facility_and_of_one_zone(bincard: Bincard) -> None:
    browser = bincard.browser("ada")
    assert len(rows(browser.get("/manage/exceptions").text, "exception")) == 3
    one = browser.get("/manage/exceptions?facility=B").text
    assert len(rows(one, "exception")) == 1
    assert "Problems: Beta Hill Health Centre" in text_of(one)
    north = browser.get(f"/manage/exceptions?zone={bincard.cast.zones['North']}").text
    assert len(rows(north, "exception")) == 2


def test_a_held_operation_shows_its_lines_and_what_is_wrong_with_it(bincard: Bincard) -> None:
    body = {
        "patient": {"name": "Grace Banda"},
        "prescriber": "Dr Moyo",
        "lines": [
            {"product": "AL", "quantity": 6, "directions": "twice a day", "days": 3, "lot": {"number": "L9"}},
            {"product": "NEW-1", "quantity": 2},
            "no line at all",
        ],
    }
    hold(bincard, json.dumps({"id": HELD, "body": body}).encode(), detail='{"product": "NEW-1"}')
    browser = bincard.browser("bob")
    (row,) = [row for row in rows(browser.get("/manage/exceptions").text, "exception") if "Held" in row]
    assert "A product is not in the catalogue NEW-1" in row
    page = browser.get(f"/manage/operations/{HELD}").text
    words = text_of(page)
    assert "Held until a person decides" in words
    assert "Artemether Lot L9 6" in words
    assert "NEW-1 2" in words
    for secret in ("Grace", "Banda", "Moyo", "twice a day"):
        assert secret not in page


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\x00 no text",
        b"[" * 5000,
        b'{"body": [1, 2]}',
        b'{"body": {"lines": {"a": 1}, "source": 3, "reference": []}}',
        b'{"body": {"lines": [null, 7, []], "source": {"facility": null}}}',
    ],
)
def test_an_operation_that_cannot_be_read_has_a_page_all_the_same(bincard: Bincard, content: bytes) -> None:
    hold(bincard, content, code="invalid", detail='{"message": "not <JSON>"}')
    answer = bincard.browser("bob").get(f"/manage/operations/{HELD}")
    assert answer.status_code == 200
    assert "not <JSON>" in text_of(answer.text)
    assert "not <JSON>" not in answer.text
    assert "Nothing of what was sent can be shown as lines." in answer.text


def test_an_operation_tells_who_when_and_what(bincard: Bincard) -> None:
    page = text_of(bincard.browser("bob").get(f"/manage/operations/{bincard.cast.operations['A']}").text)
    for words in ("Receipt", "Recorded by alice", "Sent by tablet of the dispensary", "From or to CMS"):
        assert words in page
    assert "Reference R1" in page
    assert "Artemether Lot LOT-OF-A Expires 31 Jan 2031 +40" in page
    assert "nobody's" not in page


def test_who_sees_some_products_sees_those_lines_alone(bincard: Bincard) -> None:
    page = bincard.browser("dan").get(f"/manage/operations/{bincard.cast.operations['A']}").text
    assert "Artemether" in page
    assert "Paracetamol" not in page

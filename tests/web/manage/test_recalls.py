"""Recalls: opening one, where the lots are now, what facilities answered, closing it; not for outsiders."""

from __future__ import annotations

import json

import pytest
from sqlmodel import Session, select

from backend.ids import uuid7
from backend.models import Recall
from backend.services.changes import Numbers
from backend.services.registers import Told, tell
from sync.registers import ANSWER, key_of
from tests.web.conftest import Bincard
from tests.web.manage.conftest import Shelves
from tests.web.manage.reading import doors, rows, text_of

ZEROS = {"found": 0, "quarantined": 0, "returned": 0, "destroyed": 0, "witness": "", "note": ""}


def opened(bincard: Bincard) -> list[Recall]:
    """Recalls that were opened beside the cast's."""
    with bincard.db.reading() as session:
        rows = session.exec(select(Recall).where(Recall.id != bincard.cast.recall)).all()
        return [Recall(**row.model_dump()) for row in rows]


def form(bincard: Bincard, **changed: object) -> dict[str, object]:
    """The form as Bob fills it in."""
    zone = str(bincard.cast.zones["North"])
    return {"zone": zone, "which": "some", "lot": "LOT-OF-B", "reason": "Crumbles", **changed}


def answer(bincard: Bincard, facility: str, **said: object) -> None:
    """What a facility says of the cast's recall."""

    def work(session: Session) -> None:
        facility_id = bincard.cast.facilities[facility]
        numbers = Numbers(session.connection(), facility_id)
        key = key_of(bincard.cast.recall, "AL", f"LOT-OF-{facility}")
        value = json.dumps({**ZEROS, **said, "author": "alice"})
        told = Told(ANSWER, key, bincard.time.now, uuid7(bincard.time.now), value)
        tell(session.connection(), facility_id, numbers, [told], {})
        numbers.save()

    with bincard.db.writing() as session:
        work(session)


def test_a_recall_is_opened_for_lots_that_are_held_and_for_others(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    assert "/manage/recalls/new/AL" in doors(browser.get("/manage/recalls/new?q=artem").text)
    assert "/manage/recalls/new/AL" in doors(browser.get("/manage/products/AL").text)
    html = browser.get("/manage/recalls/new/AL").text
    assert "Lot LOT-OF-A" in text_of(html)
    assert "LOT-OF-C" not in html
    assert "Everywhere" not in html
    data = form(
        bincard, lot=["LOT-OF-A", "LOT-OF-B"], others=" X <1>\n\nLOT-OF-B", instruction="Set it\napart"
    )
    done = browser.post("/manage/recalls/new/AL", data=data)
    assert done.status_code == 303
    (row,) = opened(bincard)
    assert json.loads(row.lots) == ["LOT-OF-A", "LOT-OF-B", "X <1>"]
    assert (row.zone_id, row.reason, row.opened_by) == (bincard.cast.zones["North"], "Crumbles", "bob")
    assert row.change > 0
    page = browser.get(done.headers["location"]).text
    assert "X &lt;1&gt;" in page
    assert [text.split()[0] for text in rows(page, "holder")] == ["Alpha", "Beta"]
    assert "No answer yet" in rows(page, "holder")[0]


def test_all_lots_everywhere_is_for_who_looks_after_all(bincard: Bincard) -> None:
    data = form(bincard, zone="*", which="all", lot="LOT-OF-A")
    assert bincard.browser("bob").post("/manage/recalls/new/AL", data=data).status_code == 404
    assert bincard.browser("ada").post("/manage/recalls/new/AL", data=data).status_code == 303
    (row,) = opened(bincard)
    assert (row.lots, row.zone_id) == ("[]", None)
    assert "All lots" in text_of(bincard.browser("carol").get("/manage/recalls").text)
    # Those of a whole country are not for who looks after a part of it to close.
    assert "Close the recall" not in bincard.browser("carol").get(f"/manage/recalls/{row.id}").text
    assert bincard.browser("carol").post(f"/manage/recalls/{row.id}/close").status_code == 403


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"lot": "", "others": " \n"}, "Say which lots are called back"),
        ({"which": ""}, "Say which lots are called back"),
        ({"reason": " "}, "Say why it is called back"),
        ({"others": "x" * 65}, "at most 64 characters"),
        ({"lot": "LOT-OF-A"}, "called back there already"),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(
    bincard: Bincard, changed: dict[str, object], words: str
) -> None:
    data = form(bincard, instruction="Keep <this>", **changed)
    refused = bincard.browser("bob").post("/manage/recalls/new/AL", data=data)
    assert refused.status_code in (409, 422)
    assert words in text_of(refused.text)
    assert "Keep &lt;this&gt;" in refused.text
    assert opened(bincard) == []


def test_who_holds_it_now_and_who_answered_what(bincard: Bincard, shelves: Shelves) -> None:
    browser, address = bincard.browser("bob"), f"/manage/recalls/{bincard.cast.recall}"
    (line,) = rows(browser.get("/manage/recalls").text, "recall")
    assert "Still held 1 facility holds it 0 have answered" in line
    assert line.endswith("40 unit")
    (holder,) = rows(browser.get(address).text, "holder")
    assert "Lot LOT-OF-A 40 on hand" in holder
    answer(bincard, "A", found=40, quarantined=30, destroyed=10, witness="Kofi <K>", note="in the yard")
    shelves.record("A", "AL", "counted", 30, lot="LOT-OF-A")
    answer(bincard, "B")
    held, none = rows(browser.get(address).text, "holder")
    assert "LOT-OF-A: 40 found 30 quarantined 10 destroyed before Kofi <K> in the yard alice" in held
    assert held.endswith("30")
    assert "LOT-OF-B: none found" in none
    # Another zone's answer is not in sight.
    answer(bincard, "C", found=7)
    assert len(rows(browser.get(address).text, "holder")) == 2
    shelves.record("A", "AL", "counted", 0, lot="LOT-OF-A")
    assert "Held nowhere by the book" in text_of(browser.get("/manage/recalls").text)


def test_a_recall_is_closed_once(bincard: Bincard) -> None:
    browser, address = bincard.browser("bob"), f"/manage/recalls/{bincard.cast.recall}"
    assert "Close the recall" in browser.get(address).text
    closed_at = bincard.time.now
    for _twice in range(2):
        assert browser.post(f"{address}/close").status_code == 303
        bincard.time.pass_hours(1)
    with bincard.db.reading() as session:
        row = session.get_one(Recall, bincard.cast.recall)
        assert (row.closed_at, row.closed_by) == (closed_at, "bob")
    html = browser.get(address).text
    assert "Close the recall" not in html
    assert "Closed" in text_of(html)
    # The same lots may be called back again.
    again = form(bincard, lot="LOT-OF-A")
    assert browser.post("/manage/recalls/new/AL", data=again).status_code == 303


@pytest.mark.parametrize(("name", "status"), [("carol", 404), ("charlie", 403), ("alice", 403), ("dan", 403)])
def test_others_cannot(bincard: Bincard, name: str, status: int) -> None:
    browser, address = bincard.browser(name), f"/manage/recalls/{bincard.cast.recall}"
    assert browser.post(f"{address}/close").status_code == status
    assert browser.post("/manage/recalls/new/AL", data=form(bincard)).status_code == status
    if name != "dan":
        assert browser.get(address).status_code == status
        assert bincard.cast.recall not in browser.get("/manage/recalls").text
    else:
        assert "Close the recall" not in browser.get(address).text
        assert browser.get("/manage/recalls/new").status_code == 403
    with bincard.db.reading() as session:
        assert session.get_one(Recall, bincard.cast.recall).closed_at is None
    assert opened(bincard) == []

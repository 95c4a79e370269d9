"""Messages to a facility: writing one, what it is about, whether it was read; not for outsiders."""

from __future__ import annotations

import json

import pytest
from sqlmodel import select

from backend.ids import uuid7
from backend.models import Feedback
from backend.services.changes import Numbers
from backend.services.registers import Told, tell
from sync.registers import FEEDBACK, key_of
from tests.web.conftest import Bincard
from tests.web.manage.reading import doors, rows, text_of

ADDRESS = "/manage/facilities/A/messages"


def written(bincard: Bincard) -> list[tuple[str, str, int | None, int]]:
    """(text, author, product, change) of all messages."""
    with bincard.db.reading() as session:
        return [
            (row.text, row.author, row.product_id, row.change) for row in session.exec(select(Feedback)).all()
        ]


def test_a_message_goes_to_a_facility_and_shows_when_it_was_read(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    assert ADDRESS in doors(browser.get("/manage/facilities/A").text)
    assert "Nothing written yet" in browser.get(ADDRESS).text
    assert browser.post(ADDRESS, data={"text": " Count <it>\nagain "}).status_code == 303
    ((text, author, product, change),) = written(bincard)
    assert (text, author, product) == ("Count <it>\nagain", "bob", None)
    assert change > 0
    (row,) = rows(browser.get(ADDRESS).text, "message")
    assert "Count <it> again bob" in row
    assert "Not read yet" in row
    assert "1 not read yet" in text_of(browser.get("/manage/facilities/A").text)
    assert "not read yet" not in text_of(browser.get("/manage/facilities/B").text)
    with bincard.db.writing() as session:
        (message,) = session.exec(select(Feedback)).all()
        numbers = Numbers(session.connection(), bincard.cast.facilities["A"])
        value = json.dumps({"author": "alice"})
        told = Told(FEEDBACK, key_of(message.id), bincard.time.now, uuid7(bincard.time.now), value)
        tell(session.connection(), bincard.cast.facilities["A"], numbers, [told], {})
        numbers.save()
    assert "Read by alice" in rows(browser.get(ADDRESS).text, "message")[0]
    assert "not read yet" not in text_of(browser.get("/manage/facilities/A").text)


def test_a_message_is_about_the_product_it_was_written_from(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    door = f"{ADDRESS}?about=AL"
    assert door in doors(browser.get("/manage/facilities/A/products/AL").text)
    assert "Artemether" in browser.get(door).text
    assert browser.post(ADDRESS, data={"text": "Why so many?", "about": "AL"}).status_code == 303
    assert written(bincard)[0][2] == bincard.cast.products["AL"]
    assert "Artemether" in rows(browser.get(ADDRESS).text, "message")[0]
    # Who is narrowed to other products does not read it.
    browser.post(ADDRESS, data={"text": "And this?", "about": "PCM"})
    assert "And this?" not in bincard.browser("dan").get(ADDRESS).text
    assert browser.get(f"{ADDRESS}?about=nothing").status_code == 404
    assert browser.post(ADDRESS, data={"text": "x", "about": "nothing"}).status_code == 404


@pytest.mark.parametrize(
    ("text", "words"), [(" \n", "Write something first"), ("x" * 2001, "This text is too long")]
)
def test_what_cannot_be_sent_says_why(bincard: Bincard, text: str, words: str) -> None:
    refused = bincard.browser("bob").post(ADDRESS, data={"text": text})
    assert refused.status_code == 422
    assert words in text_of(refused.text)
    assert text.strip() in refused.text
    assert written(bincard) == []


@pytest.mark.parametrize(("name", "status"), [("carol", 404), ("charlie", 403), ("alice", 403), ("dan", 403)])
def test_others_cannot_write(bincard: Bincard, name: str, status: int) -> None:
    browser = bincard.browser(name)
    assert browser.post(ADDRESS, data={"text": "hello"}).status_code == status
    assert browser.get(ADDRESS).status_code == (200 if name == "dan" else status)
    assert "<textarea" not in browser.get(ADDRESS).text
    assert written(bincard) == []

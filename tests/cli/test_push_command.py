"""`bincard push`: bad files change nothing and are told in words; good ones are answered in a file beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from backend.ids import uuid7
from backend.models import Operation
from tests.cli.test_commands import FACILITIES, PASSWORD, Run, opened
from tests.support.carry import opened as unsealed
from tests.support.carry import part


@pytest.fixture
def tablet(made: Path, bincard: Run) -> dict[str, str]:
    """A facility, a product, a nurse and her device."""
    (made / "facilities.csv").write_text(FACILITIES)
    (made / "products.csv").write_text("code\nP1\n")
    bincard("import", "facilities", str(made / "facilities.csv"))
    bincard("import", "products", str(made / "products.csv"))
    bincard("user", "add", "ama", "--role", "nurse", "--facility", "F1", said=PASSWORD + "\n")
    enrolled = json.loads(bincard("device", "enrol", "--facility", "F1", "--user", "ama").out)
    assert enrolled["device"]
    return enrolled  # type: ignore[no-any-return]


def receipt(quantity: int) -> str:
    """An operation of today as a tablet writes it."""
    at = "2026-11-22T08:58:12.120Z"
    body: dict[str, Any] = {"source": {"supplier": "Central"}, "reference": "", "lines": []}
    body["lines"].append({"product": "P1", "lot": None, "quantity": quantity})
    return json.dumps(
        {
            "id": uuid7(1_790_000_000_000),
            "kind": "stock.receive",
            "version": 1,
            "facility": "F1",
            "author": "ama",
        }
        | {"recorded_at": at, "occurred_at": at, "offset_ms": 0, "seen": None, "body": body}
    )


def count() -> int:
    """How many operations the ledger has."""
    database = opened()
    try:
        with database.reading() as session:
            return len(session.exec(select(Operation.id)).all())
    finally:
        database.close()


def test_bad_files_change_nothing_and_say_why(tablet: dict[str, str], made: Path, bincard: Run) -> None:
    token, device = tablet["token"], tablet["device"]
    good = made / "good.bincard"
    good.write_text(part(token, device, [(1, receipt(5))]))
    two = [part(token, device, [(n, receipt(n))], number=n, of=2) for n in (1, 2)]
    for text, words in [
        ("", "is empty"),
        ("not json", "line 1: This is no file of a tablet"),
        (good.read_text().replace(": 5", ": 6"), "the file was changed on the way"),
        (good.read_text()[:-20], "or it is not whole"),
        (two[0], "not whole, or parts of several were mixed: it should have 2"),
        ("\n".join(reversed(two)), "not whole"),
        (f"{two[0]}\n{two[1][:-8]}", "line 2: This is no file"),
        (part(token, device, [], format=3), "only format 1 is known"),
    ]:
        bad = made / "bad.bincard"
        bad.write_text(text)
        # A good one before it is not taken in either.
        done = bincard("push", str(good), str(bad))
        assert done.status == 1, text
        assert words in done.err
        assert not list(made.glob("*.answers"))
    assert "No such file" in bincard("push", str(made / "none.bincard")).err
    assert bincard("push").status == 2
    assert bincard("push", str(good), str(good), "-o", str(made / "out")).status == 2
    assert bincard("push", str(good), "-o", str(good)).status == 2
    assert count() == 0


def test_a_file_is_taken_in_once_and_its_answers_are_written_beside_it(
    tablet: dict[str, str], made: Path, bincard: Run
) -> None:
    token, device = tablet["token"], tablet["device"]
    path, texts = made / "ward.bincard", [receipt(5), receipt(7), receipt(9)]
    lines = [part(token, device, [(n, texts[n - 1])], number=n, of=3) for n in (1, 2, 3)]
    # As it comes from a stick that another system wrote: with a byte order mark and its own line ends.
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode() + b"\r\n")
    done = bincard("push", str(path))
    assert (done.status, done.err) == (0, "")
    assert "3 operations (3 applied)" in done.out
    answers = [unsealed(token, line) for line in (made / "ward.bincard.answers").read_text().splitlines()]
    assert [(one["part"], one["expected_seq"], one["results"][0]["outcome"]) for one in answers] == [
        (1, 2, "applied"),
        (2, 3, "applied"),
        (3, 4, "applied"),
    ]
    again = bincard("push", str(path), "-o", str(made / "again"))
    assert "3 operations (3 known already)" in again.out
    assert len((made / "again").read_text().splitlines()) == 3
    assert count() == 3
    # Answers are not operations.
    assert "take it in on the tablet" in bincard("push", str(made / "again")).err
    unwritable = bincard("push", str(path), "-o", str(made / "nowhere" / "answers"))
    assert unwritable.status == 1
    assert "was taken in, but its answers could not be written" in unwritable.err


def test_a_gap_is_told_and_answered(tablet: dict[str, str], made: Path, bincard: Run) -> None:
    path = made / "late.bincard"
    path.write_text(part(tablet["token"], tablet["device"], [(4, receipt(5))]))
    done = bincard("push", str(path))
    assert done.status == 1
    assert "number 1 is due" in done.err
    answers = unsealed(tablet["token"], (made / "late.bincard.answers").read_text())
    assert (answers["gap"], answers["expected_seq"]) == (True, 1)
    assert count() == 0

"""Entering what was held: under its own id and time, once, and only by who may; a rebuild finds nothing afterwards."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import select

from backend.models import Assignment, Fact, Operation, Product
from backend.problems import Problem
from sync import operations
from sync.decisions import options, release_understood
from tests.sync.conftest import NOW, World, counted, line, received
from tests.sync.deciding import refused, resolve, row, with_managers

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def decided(world: World) -> World:
    """The world with Mary, who manages A, and Gus, who manages everything."""
    return with_managers(world)


def test_an_unknown_product_is_entered_once_it_is_known(decided: World) -> None:
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("NEW", 5), line("P1", 2))))
    assert decided.cards() == {}
    assert refused(decided, "unknown_product", "release").kind == "not_possible"
    with decided.db.writing() as session:
        session.add(Product(code="NEW", name="New product"))
    decided.now += HOUR
    after = resolve(decided, "unknown_product", "release", by="alice")
    assert decided.cards() == {("NEW", "L1"): 5, ("P1", "L1"): 2}
    assert after.closed_at == decided.now
    with decided.db.reading() as session:
        assert set(session.exec(select(Fact.effective_at))) == {NOW}
    assert decided.differences() == []
    assert refused(decided, "unknown_product", "release").kind == "not_possible"


def test_what_is_released_sorts_where_it_happened(decided: World) -> None:
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("NEW", 5))))
    with decided.db.writing() as session:
        session.add(Product(code="NEW", name="New product"))
    decided.now += HOUR
    other = decided.enrol()
    other.one(other.operation("stock.count", counted("NEW", 9)))
    resolve(decided, "unknown_product", "release")
    assert decided.cards() == {("NEW", "L1"): 9}
    assert decided.differences() == []


def test_a_held_count_that_is_dated_back_was_looked_at_by_who_entered_it(decided: World) -> None:
    tablet = decided.enrol()
    at = "2026-09-20T00:00:00.000Z"
    tablet.one(tablet.operation("stock.count", counted("NEW", 5), occurred_at=at))
    with decided.db.writing() as session:
        session.add(Product(code="NEW", name="New product"))
    resolve(decided, "unknown_product", "release")
    assert decided.standing() == set()
    assert decided.cards() == {("NEW", "L1"): 5}
    assert decided.differences() == []


@pytest.mark.parametrize("author", ["bob", "dora"])
def test_what_its_author_might_not_is_entered_by_who_may(decided: World, author: str) -> None:
    code = {"bob": "not_permitted", "dora": "author_disabled"}[author]
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), author=author))
    assert resolve(decided, code, "refuse").closed_at is None
    assert decided.cards() == {}
    decided.now += HOUR
    resolve(decided, code, "release")
    assert decided.cards() == {("P1", "L1"): 5}
    assert decided.differences() == []
    with decided.db.reading() as session:
        operation = session.exec(select(Operation)).one()
        assert (operation.author, operation.outcome) == (author, "held")


def test_who_might_not_record_it_cannot_release_it_either(decided: World) -> None:
    # A storekeeper may not dispense, and decides about the facility's own problems.
    with decided.db.writing() as session:
        session.exec(
            select(Assignment).where(Assignment.user_id == decided.users["alice"])
        ).one().role = "storekeeper"
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.dispense", {"lines": [line("P1", 5)]}))
    problem = refused(decided, "not_permitted", "release", by="alice")
    assert (problem.status, problem.kind) == (403, "not_permitted")
    about = row(decided, "not_permitted").id
    answer = tablet.one(
        tablet.operation("exception.resolve", {"exception": about, "action": "release", "note": ""})
    )
    assert [one["code"] for one in answer["exceptions"]] == ["decision_void"]
    assert decided.cards() == {}
    assert resolve(decided, "not_permitted", "refuse", by="alice").resolved_by == "alice"


def test_nothing_is_entered_at_a_facility_that_one_has_no_say_in(decided: World) -> None:
    # Kept at A, whose device sent it, but about B.
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), facility="B", author="bob"))
    assert decided.cards("B") == {}
    for by in ("alice", "mary"):
        assert refused(decided, "not_permitted", "release", by=by).status == 403
    resolve(decided, "not_permitted", "release", by="gus")
    assert decided.cards("B") == {("P1", "L1"): 5}
    assert decided.differences() == []


def test_another_content_under_a_used_id_is_entered_beside_the_first(decided: World) -> None:
    tablet = decided.enrol()
    text = tablet.operation("stock.receive", received(line("P1", 5)))
    tablet.one(text)
    tablet.one(tablet.operation("stock.receive", received(line("P1", 7)), id=json.loads(text)["id"]))
    assert decided.cards() == {("P1", "L1"): 5}
    resolve(decided, "id_reused", "release")
    assert decided.cards() == {("P1", "L1"): 12}
    assert decided.differences() == []
    decided.now += HOUR
    other = decided.enrol()
    other.one(other.operation("stock.count", counted("P1", 12)))
    early = "2026-09-21T14:00:00.000Z"
    other.one(other.operation("stock.receive", received(line("P1", 1)), occurred_at=early))
    assert decided.cards() == {("P1", "L1"): 12}
    assert decided.differences() == []


def test_what_cannot_be_read_is_never_entered(decided: World) -> None:
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", {"lines": []}))
    assert options("invalid") == ("refuse",)
    assert refused(decided, "invalid", "release").status == 409
    assert resolve(decided, "invalid", "refuse").resolved_by == "mary"
    assert decided.differences() == []


def unpacking() -> dict[str, Any]:
    """A kit of P1 that holds ten P2."""
    return {"consumed": [line("P1", 1)], "produced": [line("P2", 10)]}


def held_as_unknown(world: World, monkeypatch: pytest.MonkeyPatch, **header: Any) -> None:
    """Push an unpacking to a server that does not know that kind yet."""
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 3))))
    world.now += MINUTE
    with monkeypatch.context() as older:
        older.delitem(operations._DECODERS, ("stock.unpack", 1))
        tablet.one(tablet.operation("stock.unpack", unpacking(), **header))
    assert row(world, "unknown_operation").closed_at is None


def test_what_waited_for_a_newer_server_enters_by_itself(
    decided: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_as_unknown(decided, monkeypatch)
    assert decided.cards() == {("P1", "L1"): 3}
    with decided.db.writing() as session:
        assert release_understood(session, now=decided.now, time_zone="UTC") == 1
    assert decided.cards() == {("P1", "L1"): 2, ("P2", "L1"): 10}
    after = row(decided, "unknown_operation")
    assert (after.resolved_by, after.action) == ("bincard", "release")
    assert after.closed_at is not None
    assert decided.differences() == []
    with decided.db.writing() as session:
        assert release_understood(session, now=decided.now, time_zone="UTC") == 0
    assert decided.cards() == {("P1", "L1"): 2, ("P2", "L1"): 10}


@pytest.mark.parametrize(
    "header", [{"author": "bob"}, {"author": "dora"}, {"facility": "B", "author": "bob"}]
)
def test_what_its_author_might_not_goes_on_waiting_after_an_update(
    decided: World, monkeypatch: pytest.MonkeyPatch, header: dict[str, str]
) -> None:
    held_as_unknown(decided, monkeypatch, **header)
    with decided.db.writing() as session:
        assert release_understood(session, now=decided.now, time_zone="UTC") == 0
    assert decided.cards("B") == {}
    assert row(decided, "unknown_operation").closed_at is None


def test_two_who_release_one_operation_at_once_enter_it_once(decided: World) -> None:
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), author="bob"))

    def release(by: str) -> str:
        try:
            resolve(decided, "not_permitted", "release", by=by)
        except Problem as problem:
            return problem.kind
        return "released"

    with ThreadPoolExecutor(4) as people:
        came_of_it = sorted(people.map(release, ["mary", "gus", "mary", "gus"]))
    assert came_of_it == ["not_possible"] * 3 + ["released"]
    assert decided.cards() == {("P1", "L1"): 5}
    assert decided.differences() == []

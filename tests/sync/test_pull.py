"""The feed: the newest state of each changed row once, scoped to the device's facility, never skipping."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.clock import to_iso
from backend.ids import uuid7
from backend.models import Assignment, Meta, Product, Reason, Shipment, StockException
from backend.problems import Problem
from backend.services import reasons
from backend.services.changes import Numbers
from sync import cursor as cursors
from tests.support.follower import Follower
from tests.sync.conftest import NOW, World, counted, issued, line, received


def entities(changes: list[dict[str, object]]) -> dict[str, int]:
    """How many rows of each entity."""
    found: dict[str, int] = {}
    for change in changes:
        found[str(change["entity"])] = found.get(str(change["entity"]), 0) + 1
    return found


def test_a_new_device_gets_the_catalogue_its_people_and_its_cards(world: World) -> None:
    tablet = world.enrol()
    tablet.push(
        tablet.operation("stock.receive", received(line("P1", 5), line("P2", 6, "L2", None))),
        tablet.operation("stock.issue", issued(line("P3", 1, None))),
    )
    assert entities(tablet.pull()) == {
        "access": 1,
        "facility": 2,
        "product": 4,
        "reason": len(reasons.DEFAULTS),
        "user": 2,
        "lot": 2,
        "card": 3,
        "exception": 1,
    }
    assert tablet.covers == 2
    assert tablet.pull() == []


def test_a_card_row_bears_the_places_that_the_device_folds_on_from(world: World) -> None:
    tablet = world.enrol()
    count = tablet.operation("stock.count", counted("P1", 5))
    tablet.one(count)
    world.now += 1000
    last = tablet.one(tablet.operation("stock.issue", issued(line("P1", 2))))
    (card,) = [one["row"] for one in tablet.pull() if one["entity"] == "card"]
    first_id = world.read(
        lambda s: (
            s.connection().exec_driver_sql("SELECT id FROM operation ORDER BY recorded_at").scalars().first()
        )
    )
    assert card == {
        "facility": "A",
        "product": "P1",
        "lot": "L1",
        "location": "",
        "account": "",
        "on_hand": 3,
        "version": card["version"],
        "counted": [NOW, first_id],
        "last": [NOW + 1000, last["id"]],
        "vvm": None,
        "vvm_told": None,
    }


def test_only_what_changed_comes_and_each_row_once(world: World) -> None:
    tablet = world.enrol()
    tablet.pull()
    for quantity in (1, 2, 3):
        tablet.one(tablet.operation("stock.receive", received(line("P1", quantity))))
    with world.db.writing() as session:
        product = session.exec(select(Product).where(Product.code == "P2")).one()
        product.name = "Renamed"
        session.add(product)
    changes = tablet.pull()
    assert entities(changes) == {"product": 1, "lot": 1, "card": 1}
    assert [one["row"]["on_hand"] for one in changes if one["entity"] == "card"] == [6]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_any_size_bring_the_same_rows(world: World, limit: int) -> None:
    tablet = world.enrol()
    for product in ("P1", "P2", "P3"):
        tablet.one(tablet.operation("stock.receive", received(line(product, 5), line(product, 5, "L2"))))
    whole = world.enrol().pull()
    paged = world.enrol().pull(limit)
    key = lambda one: (one["entity"], one["key"])  # noqa: E731
    assert sorted(map(key, paged)) == sorted(map(key, whole))
    assert len(paged) == len(whole)


def test_another_facility_s_cards_and_people_do_not_come(world: World) -> None:
    at_a, at_b = world.enrol("A", "alice"), world.enrol("B", "bob")
    at_a.one(at_a.operation("stock.issue", issued(line("P1", 5))))
    changes = at_b.pull()
    expected = {"access": 1, "facility": 2, "product": 4, "reason": len(reasons.DEFAULTS), "user": 1}
    assert entities(changes) == expected
    assert [one["key"] for one in changes if one["entity"] == "user"] == ["bob"]


def test_a_right_that_changes_sends_the_person_again(world: World) -> None:
    tablet = world.enrol(user="dora")
    tablet.pull()
    with world.db.writing() as session:
        role = session.exec(select(Assignment).where(Assignment.user_id == world.users["alice"])).one()
        role.withdrawn_at = NOW - 1
        session.add(role)
    (change,) = tablet.pull()
    assert (change["key"], change["row"]["rights"]) == ("alice", [])


def test_a_closed_exception_comes_as_closed(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 5))))
    tablet.pull()
    world.now += 1000
    tablet.one(tablet.operation("stock.count", counted("P1", 5)))
    assert [one["row"]["state"] for one in tablet.pull() if one["entity"] == "exception"] == ["closed"]


def test_a_new_device_is_not_told_what_is_over_but_one_that_may_have_it_is(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 5), line("P2", 5))))
    half_way = Follower(world.db, world.enrol().device)
    while not [one for one in half_way.staged if one["entity"] == "exception"]:
        assert half_way.page(1, world.now)
    world.now += 1000
    tablet.one(tablet.operation("stock.count", counted("P1", 5)))
    tablet.one(tablet.operation("stock.count", counted("P2", 5)))
    assert "exception" not in entities(world.enrol().pull())
    half_way.pull(world.now, 1)
    assert not [name for name in half_way.rows if name[0] == "exception"]


def test_an_exception_says_who_decided_what(world: World) -> None:
    tablet = world.enrol()
    issue = tablet.one(tablet.operation("stock.issue", issued(line("P1", 5))))
    with world.db.writing() as session:
        row = session.exec(select(StockException)).one()
        numbers = Numbers(session.connection(), row.facility_id)
        row.other_id, row.assigned_to, row.note, row.action = "o", "bob", "seen", "accept"
        row.resolved_at, row.resolved_by, row.change = NOW, "alice", numbers.next()
        numbers.save()
    (change,) = [one for one in tablet.pull() if one["entity"] == "exception"]
    assert change["row"] == {
        "id": change["key"],
        "code": "negative_stock",
        "operation": issue["id"],
        "other": "o",
        "line": 0,
        "detail": change["row"]["detail"],
        "state": "resolved",
        "opened_at": to_iso(NOW),
        "assigned_to": "bob",
        "resolved_by": "alice",
        "resolved_at": to_iso(NOW),
        "action": "accept",
        "note": "seen",
    }


def test_a_shipment_comes_to_its_destination_while_expected_and_once_after(world: World) -> None:
    tablet, other = world.enrol(), world.enrol("B", "bob")
    tablet.pull()
    other.pull()
    with world.db.writing() as session:
        numbers = Numbers(session.connection(), world.facilities["A"])
        row = Shipment(
            facility_id=world.facilities["A"],
            id=uuid7(NOW),
            source_id=world.facilities["B"],
            reference="D1",
            effective_at=NOW,
            lines='[{"line": 0, "product": "P1", "lot": "L1", "expiry": null, "quantity": 5, "received": 0}]',
            state="expected",
            change=numbers.next(),
        )
        session.add(row)
        numbers.save()
    (change,) = tablet.pull()
    assert (change["entity"], change["row"]["state"]) == ("shipment", "expected")
    lines = [{"line": 0, "product": "P1", "lot": "L1", "expiry": None, "quantity": 5, "received": 0}]
    told = {"source": "B", "reference": "D1", "issued_at": to_iso(NOW), "lines": lines}
    assert {member: change["row"][member] for member in told} == told
    assert other.pull() == []
    with world.db.writing() as session:
        numbers = Numbers(session.connection(), world.facilities["A"])
        row = session.exec(select(Shipment)).one()
        row.state, row.change = "received", numbers.next()
        numbers.save()
    assert [one["row"]["state"] for one in tablet.pull()] == ["received"]
    assert "shipment" not in entities(world.enrol().pull())


def test_a_cursor_of_another_life_of_the_database_starts_anew(world: World) -> None:
    tablet = world.enrol()
    everything = tablet.pull()
    with world.db.writing() as session:
        epoch = session.exec(select(Meta).where(Meta.key == "epoch")).one()
        epoch.value = uuid7()
        session.add(epoch)
    assert len(tablet.pull()) == len(everything)


@pytest.mark.parametrize("text", ["x", "=====", "e30", "bm90IGpzb24", "\x00", "é"])
def test_a_cursor_that_was_never_given_out_is_refused(world: World, text: str) -> None:
    tablet = world.enrol()
    tablet.cursor = text
    with pytest.raises(Problem) as refused:
        tablet.pull()
    assert (refused.value.status, refused.value.kind) == (400, "bad_cursor")


def test_seen_tells_when_the_pull_was_answered_in_this_life_only() -> None:
    text = cursors.Cursor("e1", 5, {"1": 7}, 12345).encode()
    assert cursors.seen(text, "e1").answered_at == 12345
    assert cursors.seen(text, "e1").facilities == {"1": 7}
    for nothing in (cursors.seen(text, "e2"), cursors.seen("rubbish", "e2"), cursors.seen(None, "e2")):
        assert nothing == cursors.Cursor("e2")


def test_shared_rows_added_in_one_flush_all_get_numbers(world: World) -> None:
    tablet = world.enrol()
    tablet.pull()
    with world.db.writing() as session:
        session.add_all(Reason(code=f"r{n}", name="R", type="debit") for n in range(3))
    assert len({one["key"] for one in tablet.pull()}) == 3

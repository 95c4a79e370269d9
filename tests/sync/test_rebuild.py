"""What `bincard rebuild` mends: projections that were lost or spoilt come back, and can be decided about as before."""

from __future__ import annotations

import pytest

from backend.services import rebuild
from tests.sync.conftest import NOW, World, counted, issued, line, received
from tests.sync.saying import (
    HOUR,
    MINUTE,
    all_lots,
    back,
    came_from,
    codes,
    decide,
    feed,
    id_of,
    let_decide,
    reverse,
    sent_to,
)


def spoil(world: World, *statements: str) -> None:
    """Run statements on the tables."""
    with world.db.writing() as session:
        for statement in statements:
            session.connection().exec_driver_sql(statement)


def mend(world: World) -> list[str]:
    """What a rebuild found and mended."""
    with world.db.writing() as session:
        return rebuild.rebuild(session, check=False, now=world.now, time_zone="UTC")


@pytest.fixture
def busy(world: World) -> World:
    """Facilities where a bit of everything happened."""
    let_decide(world)
    sender, one, other = world.enrol("B", "bob"), world.enrol(), world.enrol()
    sent = sender.operation("stock.issue", sent_to("A", line("P1", 5)), **back(NOW - 3 * HOUR))
    sender.one(sent)
    for n, tablet in enumerate((one, other)):
        receipt = came_from("B", line("P1", 5), shipment=id_of(sent))
        tablet.one(tablet.operation("stock.receive", receipt, **back(NOW - (2 - n) * HOUR)))
    sender.one(sender.operation("stock.issue", sent_to("A", line("P3", 7, "T1")), **back(NOW - 2 * HOUR)))
    one.one(one.operation("stock.receive", came_from("B", line("P3", 7, "T1")), **back(NOW - HOUR)))
    one.push(
        one.operation("stock.receive", received(line("P2", 5, expiry="2029-01-31"))),
        one.operation("stock.receive", received(line("P2", 5, "L2"))),
    )
    other.one(other.operation("stock.count", all_lots("P2", 3)))
    decide(world, "lot_expiry", "accept")
    gone = one.operation("stock.issue", issued(line("P3", 5)))
    one.push(
        gone, reverse(one, gone), reverse(one, gone), one.operation("stock.issue", issued(line("P3", 1)))
    )
    assert "already_received" in codes(world)
    return world


STANDING = (
    "SELECT id, code, operation_id, line, detail FROM exception "
    "WHERE closed_at IS NULL AND code <> 'reversed_receipt' ORDER BY id"
)
KEPT = (
    STANDING,
    "SELECT number, on_hand, counted_at, counted_id, last_at, last_id, negative_id FROM card ORDER BY 1, 2",
    "SELECT * FROM count_result ORDER BY 1, 2, 3, 4",
    "SELECT facility_id, product_id, number, expiry FROM lot ORDER BY 1, 2, 3",
    "SELECT facility_id, card, operation_id FROM displacement ORDER BY 1, 2, 3",
    "SELECT facility_id, id, source_id, reference, effective_at, lines, state FROM shipment ORDER BY 1, 2",
    "SELECT * FROM receipt ORDER BY 1, 2",
)


def kept(world: World) -> list[list[tuple[object, ...]]]:
    return world.read(lambda s: [[tuple(row) for row in s.connection().exec_driver_sql(one)] for one in KEPT])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE card SET on_hand = 99, counted_at = NULL, counted_id = NULL, last_at = 5, negative_id = NULL",
        "DELETE FROM count_result",
        "UPDATE count_result SET variance = 77",
        "DELETE FROM exception WHERE code <> 'lot_expiry'",
        "UPDATE exception SET closed_at = 1 WHERE code <> 'lot_expiry'",
        "UPDATE lot SET expiry = '1999-01-31'",
        "DELETE FROM lot",
        "DELETE FROM displacement",
        "DELETE FROM shipment",
        "UPDATE shipment SET state = 'expected', lines = '[]', source_id = facility_id",
        "DELETE FROM receipt",
        "UPDATE receipt SET matched = '', shipment = 'x', lines = '[]'",
    ],
)
def test_what_was_spoilt_is_told_by_a_check_and_comes_back_as_it_was(busy: World, statement: str) -> None:
    before = kept(busy)
    spoil(busy, statement)
    assert busy.differences() != []
    assert mend(busy) != []
    assert busy.differences() == []
    assert kept(busy) == before
    assert mend(busy) == []


def test_what_should_not_stand_is_closed_and_goes_out_with_the_feed(busy: World) -> None:
    tablet = busy.enrol()
    tablet.pull()
    spoil(
        busy,
        "UPDATE exception SET closed_at = NULL WHERE code = 'already_reversed'",
        "DELETE FROM exception WHERE code = 'negative_stock'",
    )
    mend(busy)
    assert "negative_stock" in [row["code"] for row in feed(tablet).values()]


def test_a_mended_exception_can_be_decided_about(busy: World) -> None:
    spoil(busy, "DELETE FROM exception WHERE code = 'already_received'")
    mend(busy)
    assert busy.cards()["P1", "L1"] == 5
    decide(busy, "already_received", "count_in")
    assert busy.cards()["P1", "L1"] == 10
    assert "already_received" not in codes(busy)


def test_a_receipt_that_should_be_out_but_was_moved_is_mended(world: World) -> None:
    let_decide(world)
    sender, one, other = world.enrol("B", "bob"), world.enrol(), world.enrol()
    sent = sender.operation("stock.issue", sent_to("A", line("P1", 5)), **back(NOW - 3 * HOUR))
    sender.one(sent)
    other.one(other.operation("stock.count", counted("P1", 5)))
    receipt = came_from("B", line("P1", 5), shipment=id_of(sent))
    one.one(one.operation("stock.receive", receipt, **back(NOW - MINUTE)))
    other.one(other.operation("stock.receive", receipt, **back(NOW - HOUR)))
    spoil(world, f"UPDATE displacement SET at = {NOW}, place_id = 'elsewhere'")
    mend(world)
    assert "already_received" in codes(world)
    assert world.cards() == {("P1", "L1"): 5}


def test_a_rebuild_on_what_is_right_changes_nothing(busy: World) -> None:
    tablet = busy.enrol()
    tablet.pull()
    assert mend(busy) == []
    assert tablet.pull() == []

"""What was held and is released later: in its own time and place, known to nobody who only pulled it as held."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.models import Shipment
from tests.sync.conftest import NOW, World, counted, issued, line, received
from tests.sync.saying import (
    HOUR,
    MINUTE,
    all_lots,
    back,
    codes,
    dated,
    decide,
    id_of,
    let_decide,
    reverse,
    sent_to,
)


@pytest.fixture(autouse=True)
def _alice_decides(world: World) -> None:
    let_decide(world)


def test_a_released_count_does_not_know_what_its_device_recorded_while_it_waited(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.count", counted("P1", 5), author="nobody"))
    assert codes(world) == ["not_permitted"]
    world.now += HOUR
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 2))))
    decide(world, "not_permitted", "release")
    assert world.cards() == {("P1", "L1"): 3}
    assert codes(world) == []


def test_a_movement_that_was_held_was_not_seen_by_who_pulled_meanwhile(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 5)), **dated(NOW - 5 * HOUR)))
    one.one(one.operation("stock.issue", issued(line("P1", 2)), author="nobody"))
    world.now += MINUTE
    other.pull()
    other.one(other.operation("stock.count", counted("P1", 5), seen=other.cursor))
    decide(world, "not_permitted", "release")
    assert codes(world) == ["count_overlap", "variance_changed"]


def test_a_second_content_under_one_id_enters_under_an_id_of_its_own(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    first = one.operation("stock.receive", received(line("P1", 7)))
    one.one(first)
    other.one(other.operation("stock.count", counted("P2", 5)))
    world.now += MINUTE  # what enters under a derived id sorts anywhere among the facts of one moment
    one.one(one.operation("stock.issue", issued(line("P2", 1)), id=id_of(first)))
    assert codes(world) == ["id_reused"]
    decide(world, "id_reused", "release")
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 7, ("P2", "L1"): 4}


def test_a_full_count_under_a_reused_id_holds_up_no_later_push(world: World) -> None:
    tablet = world.enrol()
    first = tablet.operation("stock.receive", received(line("P1", 7)))
    tablet.one(first)
    world.now += MINUTE
    tablet.one(tablet.operation("stock.count", all_lots("P1", 3), id=id_of(first)))
    decide(world, "id_reused", "release")
    late = tablet.operation("stock.receive", received(line("P1", 4, "L2")), **back(NOW - HOUR))
    assert tablet.one(late)["outcome"] == "applied"
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 3, ("P1", "L2"): 0}


def test_a_held_operation_of_another_facility_enters_there(world: World) -> None:
    here, there = world.enrol(), world.enrol("B", "bob")
    there.one(there.operation("stock.count", counted("P1", 5)))
    here.one(here.operation("stock.issue", issued(line("P1", 1)), facility="B", author="nobody"))
    decide(world, "not_permitted", "release")
    assert world.cards("B") == {("P1", "L1"): 4}
    assert (codes(world), codes(world, "B")) == ([], [])


def test_an_issue_released_elsewhere_and_reversed_there_takes_its_shipment_back(world: World) -> None:
    here, there = world.enrol(), world.enrol("B", "bob")
    issue = here.operation("stock.issue", sent_to("A", line("P1", 1)), facility="B", author="nobody")
    here.one(issue)
    decide(world, "not_permitted", "release")
    there.one(reverse(there, issue))
    assert codes(world, "B") == []
    assert world.read(lambda session: session.exec(select(Shipment)).one().state) == "reversed"


@pytest.mark.parametrize("reversed_first", [True, False])
def test_what_is_reversed_while_it_waits_or_afterwards_is_out_of_the_fold(
    world: World, reversed_first: bool
) -> None:
    tablet = world.enrol()
    held = tablet.operation("stock.issue", issued(line("P1", 2)), author="nobody")
    tablet.one(held)
    if reversed_first:
        tablet.one(reverse(tablet, held))
        decide(world, "not_permitted", "release")
    else:
        decide(world, "not_permitted", "release")
        assert codes(world) == ["negative_stock"]
        tablet.one(reverse(tablet, held))
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 0}


def test_the_answer_that_was_given_stays_though_it_was_released(world: World) -> None:
    tablet = world.enrol()
    held = tablet.operation("stock.receive", received(line("P1", 2)), author="nobody")
    first = tablet.one(held)
    decide(world, "not_permitted", "release")
    assert tablet.push(held, seqs=[1])["results"] == [{**first, "replayed": True}]
    assert world.cards() == {("P1", "L1"): 2}


def test_a_count_is_not_behind_what_was_held_when_it_was_made(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), author="nobody"))
    world.now += MINUTE
    tablet.one(tablet.operation("stock.count", counted("P1", 3), **back(NOW - HOUR)))
    decide(world, "not_permitted", "release")
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 8}


@pytest.mark.parametrize("under_a_reused_id", [True, False])
def test_what_enters_under_another_id_or_elsewhere_was_seen_by_nobody(
    world: World, under_a_reused_id: bool
) -> None:
    tablet, there = world.enrol(), world.enrol("B", "bob")
    first = tablet.operation("stock.receive", received(line("P2", 7)))
    tablet.one(first)
    counter = tablet if under_a_reused_id else there
    counter.pull()
    counter.one(counter.operation("stock.count", counted("P1", 3), seen=counter.cursor))
    world.now += HOUR
    if under_a_reused_id:
        tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), id=id_of(first)))
        decide(world, "id_reused", "release")
    else:
        text = tablet.operation("stock.receive", received(line("P1", 5)), facility="B", author="nobody")
        tablet.one(text)
        decide(world, "not_permitted", "release")
    assert (codes(world), codes(world, "B")) == ([], [])

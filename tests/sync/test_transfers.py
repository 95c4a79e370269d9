"""Shipments between two facilities: matched, claimed twice, reversed; whichever end comes first."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from backend.models import Shipment
from tests.sync.conftest import NOW, Tablet, World, counted, line, received
from tests.sync.saying import (
    HOUR,
    MINUTE,
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


@pytest.fixture
def sender(world: World) -> Tablet:
    """A tablet at B, which sends to A."""
    return world.enrol("B", "bob")


def issue(sender: Tablet, *lines: Any, at: int = NOW - 3 * HOUR, reference: str = "") -> str:
    return sender.operation(
        "stock.issue", sent_to("A", *(lines or [line("P1", 5)]), reference=reference), **back(at)
    )


def states(world: World) -> list[str]:
    """Of every shipment, the oldest first."""
    return world.read(lambda s: list(s.exec(select(Shipment.state).order_by(Shipment.effective_at))))


@pytest.mark.parametrize("receipt_first", [True, False])
@pytest.mark.parametrize("named", [True, False])
def test_a_receipt_finds_its_shipment_whichever_comes_first(
    world: World, sender: Tablet, receipt_first: bool, named: bool
) -> None:
    tablet = world.enrol()
    sent = issue(sender)
    receipt = tablet.operation(
        "stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent).upper() if named else None)
    )
    if receipt_first:
        result = tablet.one(receipt)
        assert [one["code"] for one in result["exceptions"]] == ["unmatched_receipt"]
        assert codes(world) == ["unmatched_receipt"]
        sender.one(sent)
    else:
        sender.one(sent)
        assert (codes(world), states(world)) == ([], ["expected"])
        assert tablet.one(receipt)["outcome"] == "applied"
    assert (codes(world), states(world)) == ([], ["received"])
    assert (world.cards(), world.cards("B")) == ({("P1", "L1"): 5}, {("P1", "L1"): -5})


def test_an_unmatched_receipt_that_is_reversed_is_over(world: World) -> None:
    tablet = world.enrol()
    receipt = tablet.operation("stock.receive", came_from("B", line("P1", 5)))
    tablet.one(receipt)
    assert [row["state"] for row in feed(tablet).values()] == ["open"]
    tablet.one(reverse(tablet, receipt))
    assert codes(world) == []
    assert [row["state"] for row in feed(tablet).values()] == ["closed"]


def test_of_two_receipts_the_first_in_effective_order_stands_though_it_comes_second(
    world: World, sender: Tablet
) -> None:
    one, other = world.enrol(), world.enrol()
    sent = issue(sender, line("P1", 5), line("P2", 2))
    sender.one(sent)
    late = one.operation("stock.receive", came_from("B", line("P1", 5), line("P2", 2), shipment=id_of(sent)))
    early = other.operation(
        "stock.receive", came_from("B", line("P1", 4), shipment=id_of(sent)), **back(NOW - HOUR)
    )
    assert one.one(late)["outcome"] == "applied"
    assert other.one(early)["outcome"] == "applied"
    assert codes(world) == ["already_received"]
    assert world.standing() == {("already_received", id_of(late), 0)}
    assert world.cards() == {("P1", "L1"): 4, ("P2", "L1"): 2}
    one.one(reverse(one, early))
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 5, ("P2", "L1"): 2}


def test_a_second_receipt_is_told_so_and_counts_when_a_person_lets_it(world: World, sender: Tablet) -> None:
    let_decide(world)
    one, other = world.enrol(), world.enrol()
    sent = issue(sender)
    sender.one(sent)
    one.one(
        one.operation(
            "stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent)), **back(NOW - HOUR)
        )
    )
    second = other.one(other.operation("stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent))))
    (found,) = second["exceptions"]
    assert (found["code"], found["line"], found["detail"]["shipment"]) == ("already_received", 0, id_of(sent))
    assert world.cards() == {("P1", "L1"): 5}
    decide(world, "already_received", "count_in")
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 10}


def test_a_receipt_that_leaves_the_fold_takes_its_overlap_along(world: World, sender: Tablet) -> None:
    one, other = world.enrol(), world.enrol()
    sent = issue(sender)
    sender.one(sent)
    other.one(other.operation("stock.count", counted("P1", 5)))
    late = came_from("B", line("P1", 5), shipment=id_of(sent))
    one.one(one.operation("stock.receive", late, **back(NOW - MINUTE)))
    assert "count_overlap" in codes(world)
    other.one(other.operation("stock.receive", late, **back(NOW - HOUR)))
    assert "count_overlap" not in codes(world)


def test_a_receipt_that_was_moved_leaves_the_place_where_it_stands(world: World, sender: Tablet) -> None:
    let_decide(world)
    one, other = world.enrol(), world.enrol()
    sent = issue(sender)
    sender.one(sent)
    other.one(other.operation("stock.count", counted("P1", 5)))
    late = came_from("B", line("P1", 5), shipment=id_of(sent))
    one.one(one.operation("stock.receive", late, **back(NOW - MINUTE)))
    decide(world, "count_overlap", "move")
    assert world.cards() == {("P1", "L1"): 10}
    other.one(other.operation("stock.receive", late, **back(NOW - HOUR)))
    assert "already_received" in codes(world)
    assert world.cards() == {("P1", "L1"): 5}


def test_a_receipt_that_names_a_shipment_of_another_source_stays_second(world: World, sender: Tablet) -> None:
    tablet = world.enrol()
    sent = issue(sender)
    sender.one(sent)
    right = tablet.operation(
        "stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent)), **back(NOW - HOUR)
    )
    wrong = tablet.operation("stock.receive", came_from("A", line("P1", 5), shipment=id_of(sent)))
    tablet.push(right, wrong)
    assert (codes(world), world.cards()) == (["already_received"], {("P1", "L1"): 5})
    tablet.one(tablet.operation("stock.receive", came_from("A", line("P1", 7))))
    assert codes(world) == ["already_received", "unmatched_receipt"]
    assert world.cards() == {("P1", "L1"): 12}


@pytest.mark.parametrize("receipt_first", [True, False])
def test_a_received_issue_that_is_reversed_is_told_at_both_ends(
    world: World, sender: Tablet, receipt_first: bool
) -> None:
    tablet = world.enrol()
    sent = issue(sender)
    sender.one(sent)
    receipt = tablet.operation("stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent)))
    gone = reverse(sender, sent)
    for device, text in [(tablet, receipt), (sender, gone)][:: 1 if receipt_first else -1]:
        device.one(text)
    assert (codes(world), codes(world, "B"), states(world)) == (
        ["reversed_receipt"],
        ["reversed_receipt"],
        ["reversed"],
    )
    assert (world.cards(), world.cards("B")) == ({("P1", "L1"): 5}, {("P1", "L1"): 0})
    assert [row["code"] for row in feed(sender).values() if row["state"] == "open"] == ["reversed_receipt"]
    tablet.one(reverse(tablet, receipt))
    assert (codes(world), codes(world, "B")) == ([], [])


def test_issue_receipt_and_reversal_in_one_push(world: World) -> None:
    let_decide(world)
    tablet = world.enrol()
    sent = tablet.operation("stock.issue", sent_to("A", line("P1", 5)), facility="B")
    receipt = tablet.operation("stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent)))
    gone = tablet.operation("stock.reverse", {"operation": id_of(sent), "reason": ""}, facility="B")
    answers = tablet.push(gone, receipt, sent)["results"]
    assert [one["outcome"] for one in answers] == ["applied", "flagged", "flagged"]
    assert (codes(world), codes(world, "B"), states(world)) == (
        ["reversed_receipt"],
        ["reversed_receipt"],
        ["reversed"],
    )


def test_a_receipt_costs_no_more_statements_for_every_shipment_there_ever_was(
    world: World, sender: Tablet
) -> None:
    tablet = world.enrol()

    def statements_of_a_transfer() -> int:
        world.now += MINUTE
        sent = sender.operation("stock.issue", sent_to("A", line("P1", 5)))
        sender.one(sent)
        heard: list[str] = []

        def hear(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            heard.append(statement)

        event.listen(world.db._writing, "before_cursor_execute", hear)
        tablet.one(tablet.operation("stock.receive", came_from("B", line("P1", 5), shipment=id_of(sent))))
        event.remove(world.db._writing, "before_cursor_execute", hear)
        return len(heard)

    statements_of_a_transfer()
    few = statements_of_a_transfer()
    for _ in range(8):
        many = statements_of_a_transfer()
    assert many <= few


def test_what_a_shipment_is_called_has_any_letters(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.receive", came_from("B", line("P1", 5), shipment="İ" * 64)))
    assert result["outcome"] in ("flagged", "held")
    assert tablet.one(tablet.operation("stock.receive", received(line("P1", 5))))["outcome"] == "applied"

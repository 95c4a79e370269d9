"""Reversals: before and after what they speak of, twice, of what cannot be reversed, of another facility's."""

from __future__ import annotations

import pytest

from tests.sync.conftest import NOW, World, counted, issued, line, received
from tests.sync.saying import HOUR, back, codes, id_of, reverse


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("one_batch", [True, False])
def test_a_reversal_takes_its_operation_out_whichever_comes_first(
    world: World, order: tuple[int, int], one_batch: bool
) -> None:
    tablet, other = world.enrol(), world.enrol()
    movement = tablet.operation("stock.issue", issued(line("P1", 5)))
    texts = [movement, reverse(tablet, movement)]
    if one_batch:
        tablet.push(*(texts[n] for n in order))
    else:
        for n in order:
            (tablet, other)[n].one(texts[n])
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 0}


def test_a_reversed_count_asserts_nothing(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 5)), **back(NOW - HOUR)))
    count = tablet.operation("stock.count", counted("P1", 3))
    tablet.one(count)
    assert (codes(world), world.cards()) == ([], {("P1", "L1"): 3})
    tablet.one(reverse(tablet, count))
    assert (codes(world), world.cards()) == (["negative_stock"], {("P1", "L1"): -5})


def test_of_two_reversals_the_first_in_effective_order_stands_though_it_comes_second(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    movement = one.operation("stock.receive", received(line("P1", 5)))
    one.one(movement)
    late = other.operation("stock.reverse", {"operation": id_of(movement), "reason": ""}, **back(NOW - HOUR))
    early = one.operation("stock.reverse", {"operation": id_of(movement), "reason": ""})
    assert one.one(early)["outcome"] == "applied"
    assert codes(world) == []
    assert other.one(late)["outcome"] == "applied"
    assert codes(world) == ["already_reversed"]
    assert world.standing() == {("already_reversed", id_of(early), -1)}
    assert world.cards() == {("P1", "L1"): 0}


def test_a_second_reversal_is_told_so_in_its_answer_and_changes_nothing(world: World) -> None:
    tablet = world.enrol()
    movement = tablet.operation("stock.receive", received(line("P1", 5)))
    results = tablet.push(movement, reverse(tablet, movement), reverse(tablet, movement))["results"]
    assert [[found["code"] for found in one["exceptions"]] for one in results] == [
        [],
        [],
        ["already_reversed"],
    ]
    assert (codes(world), world.cards()) == (["already_reversed"], {("P1", "L1"): 0})


@pytest.mark.parametrize("kind", ["stock.reverse", "device.gap"])
@pytest.mark.parametrize("target_first", [True, False])
def test_what_cannot_be_reversed_is_flagged_on_every_reversal_in_any_order(
    world: World, kind: str, target_first: bool
) -> None:
    one, other = world.enrol(), world.enrol()
    movement = one.operation("stock.receive", received(line("P1", 5)))
    one.one(movement)
    target = reverse(one, movement) if kind == "stock.reverse" else one.operation(kind, {"from": 7, "to": 9})
    first, second = (reverse(other, target) for _ in range(2))
    if target_first:
        one.one(target)
        other.push(first, second)
    else:
        other.push(first, second)
        one.one(target)
    assert world.differences() == []
    on_reversals = {(code, id_) for code, id_, _ in world.standing() if id_ != id_of(target)}
    assert on_reversals == {
        ("not_reversible", id_of(first)),
        ("not_reversible", id_of(second)),
        ("already_reversed", id_of(second)),
    }
    assert world.cards() == {("P1", "L1"): 0 if kind == "stock.reverse" else 5}


def test_another_facilitys_operation_is_not_taken_out(world: World) -> None:
    here, there = world.enrol(), world.enrol("B", "bob")
    movement = there.operation("stock.receive", received(line("P1", 5)))
    there.one(movement)
    here.one(reverse(here, movement))
    assert (codes(world), codes(world, "B"), world.cards("B")) == ([], [], {("P1", "L1"): 5})


def test_an_id_in_capitals_is_the_same_id(world: World) -> None:
    tablet = world.enrol()
    movement = tablet.operation("stock.receive", received(line("P1", 5)))
    gone = tablet.operation("stock.reverse", {"operation": id_of(movement).upper(), "reason": ""})
    tablet.push(movement, gone)
    assert world.cards() == {("P1", "L1"): 0}
    itself = tablet.operation("stock.receive", received(line("P1", 5)), id=id_of(movement)[:-1] + "A")
    tablet.one(itself)
    own_id = id_of(movement)[:-1] + "b"
    result = tablet.one(tablet.operation("stock.reverse", {"operation": own_id.upper()}, id=own_id))
    assert [found["code"] for found in result["exceptions"]] == ["invalid"]


def test_a_lot_told_only_by_what_was_reversed_goes_back_to_what_others_told(world: World) -> None:
    tablet = world.enrol()
    wrong = tablet.operation("stock.receive", received(line("P1", 5, expiry="2026-01-31")))
    tablet.push(wrong, tablet.operation("stock.receive", received(line("P1", 5))))
    assert codes(world) == ["lot_expiry"]
    tablet.one(reverse(tablet, wrong))
    assert codes(world) == []
    lots = world.read(lambda s: list(s.connection().exec_driver_sql("SELECT number, expiry FROM lot")))
    assert [tuple(lot) for lot in lots] == [("L1", "2028-01-31")]

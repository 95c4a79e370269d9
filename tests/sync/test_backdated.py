"""Counts dated before what their authors had seen, over 12 hours back, and what dates of days mean."""

from __future__ import annotations

import pytest

from tests.sync.conftest import NOW, World, counted, issued, line, received
from tests.sync.saying import HOUR, back, codes, reverse


def test_a_count_dated_over_twelve_hours_back_is_flagged(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.count", counted("P1", 3), **back(NOW - 12 * HOUR - 1)))
    assert [one["code"] for one in result["exceptions"]] == ["count_backdated"]
    assert codes(world) == ["count_backdated"]


def test_a_count_dated_twelve_hours_back_is_not(world: World) -> None:
    tablet = world.enrol()
    assert (
        tablet.one(tablet.operation("stock.count", counted("P1", 3), **back(NOW - 12 * HOUR)))["outcome"]
        == "applied"
    )
    assert codes(world) == []


@pytest.mark.parametrize("one_batch", [True, False])
def test_a_count_dated_before_what_its_own_device_had_recorded_is_flagged_until_it_is_reversed(
    world: World, one_batch: bool
) -> None:
    tablet = world.enrol()
    movement = tablet.operation("stock.receive", received(line("P1", 5)))
    count = tablet.operation("stock.count", counted("P1", 3), **back(NOW - HOUR))
    if one_batch:
        result = tablet.push(movement, count)["results"][1]
    else:
        tablet.one(movement)
        result = tablet.one(count)
    assert [one["code"] for one in result["exceptions"]] == ["count_backdated"]
    assert codes(world) == ["count_backdated"]
    tablet.one(reverse(tablet, count))
    assert codes(world) == []


@pytest.mark.parametrize("batches", ["one", "two", "three"])
def test_what_the_author_had_seen_counts_though_it_was_reversed(world: World, batches: str) -> None:
    tablet = world.enrol()
    movement = tablet.operation("stock.receive", received(line("P1", 5)))
    gone = reverse(tablet, movement)
    count = tablet.operation("stock.count", counted("P1", 3), **back(NOW - HOUR))
    sent = {
        "one": [[movement, count, gone]],
        "two": [[movement, gone], [count]],
        "three": [[movement], [gone], [count]],
    }
    for batch in sent[batches]:
        tablet.push(*batch)
    assert codes(world) == ["count_backdated"]


def test_what_another_device_had_recorded_is_seen_once_it_was_pulled(world: World) -> None:
    one, other, third = world.enrol(), world.enrol(), world.enrol()
    one.one(one.operation("stock.issue", issued(line("P1", 1))))
    result = other.one(other.operation("stock.count", counted("P1", 3), **back(NOW - HOUR)))
    assert result["outcome"] == "applied"
    third.pull()
    count = third.operation("stock.count", counted("P1", 3), **back(NOW - 2 * HOUR), seen=third.cursor)
    assert [found["code"] for found in third.one(count)["exceptions"]] == ["count_backdated"]
    assert "count_backdated" in codes(world)

"""Exceptions through the real push: each opens, is answered and fed, closes by itself with the facts, and reopens."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from backend.clock import to_iso
from tests.sync.conftest import NOW, Tablet, World, counted, issued, line, received
from tests.sync.saying import (
    DAY,
    HOUR,
    MINUTE,
    all_lots,
    back,
    codes,
    dated,
    decide,
    feed,
    id_of,
    let_decide,
    reverse,
)


def told(result: dict[str, Any]) -> list[tuple[str, int]]:
    """(code, line) of an answer's exceptions."""
    return [(one["code"], one["line"]) for one in result["exceptions"]]


def fed(tablet: Tablet) -> list[tuple[str, str]]:
    """(code, state) of the exceptions in a pull, sorted."""
    return sorted((row["code"], row["state"]) for row in feed(tablet).values())


def test_negative_stock_opens_closes_with_a_late_fact_reopens_with_its_reversal_and_ends_with_a_count(
    world: World,
) -> None:
    tablet, watcher = world.enrol(), world.enrol()
    result = tablet.one(tablet.operation("stock.issue", issued(line("P2", 1), line("P1", 4))))
    assert sorted(told(result)) == [("negative_stock", 0), ("negative_stock", 1)]
    assert codes(world) == ["negative_stock"] * 2
    assert fed(watcher) == [("negative_stock", "open")] * 2
    late = tablet.operation("stock.receive", received(line("P1", 4)), **back(NOW - HOUR))
    assert tablet.one(late)["outcome"] == "applied"
    assert codes(world) == ["negative_stock"]
    assert fed(watcher) == [("negative_stock", "closed")]
    tablet.one(reverse(tablet, late))
    assert codes(world) == ["negative_stock"] * 2
    assert fed(watcher) == [("negative_stock", "open")]
    world.now += HOUR
    tablet.push(*(tablet.operation("stock.count", counted(product, 3)) for product in ("P1", "P2")))
    assert codes(world) == []
    assert fed(watcher) == [("negative_stock", "closed")] * 2


def test_negative_stock_moves_to_the_fact_that_took_it_there_first(world: World) -> None:
    tablet = world.enrol()
    later = tablet.operation("stock.issue", issued(line("P1", 4)))
    tablet.one(later)
    earlier = tablet.operation("stock.issue", issued(line("P1", 1)), **back(NOW - HOUR))
    assert told(tablet.one(earlier)) == [("negative_stock", 0)]
    assert codes(world) == ["negative_stock"]
    assert world.standing() == {("negative_stock", id_of(earlier), 0)}
    tablet.one(reverse(tablet, earlier))
    assert codes(world) == ["negative_stock"]
    assert world.standing() == {("negative_stock", id_of(later), 0)}


@pytest.mark.parametrize("count_first", [True, False])
def test_an_overlap_stands_between_two_devices_and_ends_with_the_reversal_of_either(
    world: World, count_first: bool
) -> None:
    one, other = world.enrol(), world.enrol()
    movement = one.operation("stock.receive", received(line("P1", 4)), **back(NOW - 5 * MINUTE))
    count = other.operation("stock.count", counted("P1", 9))
    sent = [(one, movement), (other, count)]
    for device, text in sent[::-1] if count_first else sent:
        result = device.one(text)
    assert ("count_overlap", 0) in told(result)
    assert ("count_overlap", id_of(movement), 0) in world.standing()
    assert "count_overlap" in codes(world)
    assert ("count_overlap", "open") in fed(one)
    one.one(reverse(one, movement) if count_first else reverse(one, count))
    assert "count_overlap" not in codes(world)
    assert ("count_overlap", "closed") in fed(one)


def test_five_minutes_and_a_millisecond_are_no_overlap(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 4)), **back(NOW - 5 * MINUTE - 1)))
    other.one(other.operation("stock.count", counted("P1", 9)))
    assert codes(world) == []


def test_who_had_pulled_the_movement_has_no_overlap_with_it(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 4))))
    other.pull()
    assert (
        other.one(other.operation("stock.count", counted("P1", 9), seen=other.cursor))["outcome"] == "applied"
    )
    assert codes(world) == []


def test_a_person_moves_a_movement_to_the_other_side_of_a_count_and_back(world: World) -> None:
    let_decide(world)
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 4)), **back(NOW - MINUTE)))
    other.one(other.operation("stock.count", counted("P1", 9)))
    assert world.cards() == {("P1", "L1"): 9}
    decide(world, "count_overlap", "move")
    assert world.cards() == {("P1", "L1"): 13}
    assert "count_overlap" in codes(world)
    decide(world, "count_overlap", "move")
    assert world.cards() == {("P1", "L1"): 9}
    assert "count_overlap" in codes(world)


@pytest.mark.parametrize(("day", "overlaps"), [(0, True), (-1, False), (1, False)])
def test_a_movement_dated_by_day_overlaps_the_counts_of_that_day(
    world: World, day: int, overlaps: bool
) -> None:
    one, other = world.enrol(), world.enrol()
    noon = NOW - NOW % DAY + 12 * HOUR
    world.now = noon + 3 * DAY
    other.one(other.operation("stock.count", counted("P1", 9), **dated(noon - 11 * HOUR)))
    told_day = to_iso(noon + day * DAY)[:10]
    movement = one.operation("stock.issue", issued(line("P1", 4)), occurred_at=told_day)
    assert (("count_overlap", 0) in told(one.one(movement))) is overlaps
    assert ("count_overlap" in codes(world)) is overlaps
    last = world.read(lambda s: s.connection().exec_driver_sql("SELECT last_at FROM card").scalar_one())
    assert last == max(noon + day * DAY, noon - 11 * HOUR)


def test_a_day_told_of_today_takes_effect_no_later_than_it_was_recorded(world: World) -> None:
    tablet = world.enrol()
    world.now = NOW - NOW % DAY + 8 * HOUR
    today = to_iso(world.now)[:10]
    assert (
        tablet.one(tablet.operation("stock.receive", received(line("P1", 4)), occurred_at=today))["outcome"]
        == "applied"
    )
    last = world.read(lambda s: s.connection().exec_driver_sql("SELECT last_at FROM card").scalar_one())
    assert last == world.now


def test_variance_changed_opens_with_a_late_fact_closes_when_it_is_reversed_and_reopens(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.count", counted("P1", 10), **dated(NOW - 3 * HOUR)))
    tablet.one(tablet.operation("stock.count", counted("P1", 8), **dated(NOW - HOUR)))
    assert codes(world) == []
    late = tablet.operation("stock.issue", issued(line("P1", 2)), **back(NOW - 2 * HOUR))
    tablet.one(late)
    assert codes(world) == ["variance_changed"]
    tablet.one(reverse(tablet, late))
    assert codes(world) == []
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 5)), **back(NOW - 2 * HOUR)))
    assert codes(world) == ["variance_changed"]
    rows = world.read(
        lambda s: list(s.connection().exec_driver_sql("SELECT delta FROM variance_change ORDER BY change"))
    )
    assert [row[0] for row in rows] == [2, -2, 5]
    found = "SELECT found FROM fact WHERE flow = 'counted' ORDER BY effective_at"
    assert [row[0] for row in world.read(lambda s: list(s.connection().exec_driver_sql(found)))] == [10, -2]


def test_a_lot_of_two_expiry_dates_has_the_earlier_until_a_person_says(world: World) -> None:
    let_decide(world)
    tablet = world.enrol()

    def expiry() -> str:
        statement = "SELECT expiry FROM lot WHERE number = 'L1'"
        return world.read(lambda s: s.connection().exec_driver_sql(statement).scalar_one())

    tablet.one(tablet.operation("stock.receive", received(line("P1", 5, expiry="2028-05-31"))))
    assert (codes(world), expiry()) == ([], "2028-05-31")
    wrong = tablet.operation("stock.receive", received(line("P1", 5, expiry="2028-01-31")))
    assert told(tablet.one(wrong)) == [("lot_expiry", -1)]
    assert (codes(world), expiry()) == (["lot_expiry"], "2028-01-31")
    decide(world, "lot_expiry", "expiry", expiry=date(2028, 3, 31))
    assert (codes(world), expiry()) == (["lot_expiry"], "2028-03-31")
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 1, expiry=None))))
    assert (codes(world), expiry()) == (["lot_expiry"], "2028-03-31")
    tablet.one(reverse(tablet, wrong))
    assert (codes(world), expiry()) == ([], "2028-05-31")
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5, expiry="2028-01-31"))))
    assert (codes(world), expiry()) == (["lot_expiry"], "2028-03-31")


def test_a_full_count_asserts_zero_on_cards_it_does_not_name_and_first_heard_of_later(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 5, "L2")), **dated(NOW - HOUR)))
    result = other.one(other.operation("stock.count", all_lots("P1", 7)))
    assert told(result) == [("count_overlap", 0)]
    assert world.cards() == {("P1", "L1"): 7, ("P1", "L2"): 0}
    late = one.operation("stock.receive", received(line("P1", 3, "L3")), **back(NOW - HOUR))
    assert told(one.one(late)) == [("count_overlap", 0)]
    assert codes(world) == ["count_overlap"] * 2
    assert world.cards() == {("P1", "L1"): 7, ("P1", "L2"): 0, ("P1", "L3"): 0}
    world.now += HOUR
    one.one(one.operation("stock.receive", received(line("P1", 3, "L4"), line("P2", 1))))
    assert world.cards()["P1", "L4"] == 3
    one.one(reverse(one, late))
    # The overlap is over with what it was about; that the count had found 3 too few there no longer holds.
    assert codes(world) == ["count_overlap", "variance_changed"]


def test_an_unpacking_takes_from_one_card_and_puts_on_others(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 2))))
    body = {
        "consumed": [line("P1", 1)],
        "produced": [line("P2", 10), line("P3", 20, None)],
        "reference": "kit",
    }
    text = tablet.operation("stock.unpack", body)
    assert tablet.one(text)["outcome"] == "applied"
    assert world.cards() == {("P1", "L1"): 1, ("P2", "L1"): 10, ("P3", ""): 20}
    again = tablet.operation(
        "stock.unpack", {**body, "produced": [line("P4", 1)], "consumed": [line("P1", 3)]}
    )
    assert sorted(told(tablet.one(again))) == [("inactive", 1), ("negative_stock", 0)]
    tablet.push(reverse(tablet, text), reverse(tablet, again))
    assert codes(world) == []
    assert world.cards() == {("P1", "L1"): 2, ("P2", "L1"): 0, ("P3", ""): 0, ("P4", "L1"): 0}


def test_an_unpacking_with_a_bad_line_is_held_whole(world: World) -> None:
    tablet = world.enrol()
    body = {"consumed": [line("P1", 1)], "produced": [line("P2", 1), line("P9", 1)]}
    assert told(tablet.one(tablet.operation("stock.unpack", body))) == [("unknown_product", 2)]
    many = {"consumed": [line("P1", 1)] * 100, "produced": [line("P2", 1)] * 101}
    assert told(tablet.one(tablet.operation("stock.unpack", many))) == [("invalid", -1)]
    assert world.cards() == {}


def test_a_gap_is_in_the_ledger_without_a_right_and_flagged(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("device.gap", {"from": 3, "to": 9}, author="dora"))
    assert (result["outcome"], told(result)) == ("flagged", [("device_gap", -1)])
    assert result["exceptions"][0]["detail"] == {"from": 3, "to": 9}
    assert codes(world) == ["device_gap"]
    assert told(tablet.one(tablet.operation("device.gap", {"from": 9, "to": 3}))) == [("invalid", -1)]


def test_what_a_person_resolved_stays_resolved_when_it_comes_again(world: World) -> None:
    let_decide(world)
    tablet = world.enrol()
    movement = tablet.operation("stock.issue", issued(line("P1", 4)))
    tablet.one(movement)
    decide(world, "negative_stock", "accept", note="counted tomorrow")
    assert fed(tablet) == [("negative_stock", "resolved")]
    late = tablet.operation("stock.receive", received(line("P1", 4)), **back(NOW - HOUR))
    tablet.push(late, reverse(tablet, late))
    assert codes(world) == ["negative_stock"]
    (row,) = (row for row in feed(world.enrol()).values() if row["code"] == "negative_stock")
    assert (row["state"], row["note"], row["resolved_by"]) == ("resolved", "counted tomorrow", "alice")


@pytest.mark.parametrize(
    ("kind", "body", "header", "code"),
    [
        ("stock.receive", received(line("P4", 1)), {}, "inactive"),
        ("stock.adjust", {"lines": [line("P1", 1, reason="damaged")]}, {}, "reason_type"),
        ("stock.receive", received(line("P1", 1)), {"offset_ms": -121_000}, "clock_skew"),
    ],
)
def test_what_says_nothing_of_a_card_is_answered_fed_and_closed_only_if_it_is_of_the_fact(
    world: World, kind: str, body: Any, header: dict[str, Any], code: str
) -> None:
    tablet = world.enrol()
    text = tablet.operation(kind, body, **header)
    assert code in [found for found, _ in told(tablet.one(text))]
    assert code in codes(world)
    assert (code, "open") in fed(tablet)
    tablet.one(reverse(tablet, text))
    assert codes(world) == (["clock_skew"] if code == "clock_skew" else [])


def test_ids_of_exceptions_follow_from_the_facts(world: World) -> None:
    one, other = world.enrol(), world.enrol()
    text = one.operation("stock.issue", issued(line("P1", 4)))
    (found,) = one.one(text)["exceptions"]
    assert list(feed(other)) == [found["id"]]
    assert json.loads(json.dumps(feed(world.enrol())))[found["id"]]["operation"] == id_of(text)

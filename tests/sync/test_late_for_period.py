"""Booking: what comes after its month was reported is counted once, in the next month that is not."""

from __future__ import annotations

from typing import Any

import pytest

from backend.models import PeriodReport
from tests.sync.conftest import NOW, World, counted, issued, line, received
from tests.sync.saying import DAY, HOUR, all_lots, back, codes, dated, id_of, reverse

AUGUST, SEPTEMBER, OCTOBER = 202608, 202609, 202610
IN_AUGUST = NOW - 30 * DAY
IN_JULY = NOW - 60 * DAY


def report(world: World, *periods: int, product_id: int = 1) -> None:
    """The months were reported for P1."""
    with world.db.writing() as session:
        for period in periods:
            numbers = {"opening": 0, "received": 0, "dispensed": 0, "adjustment": 0, "closing": 0}
            here = world.facilities["A"]
            session.add(
                PeriodReport(
                    facility_id=here, product_id=product_id, period=period, operation_id="paper", **numbers
                )
            )


def rows(world: World, statement: str) -> list[tuple[Any, ...]]:
    """What a statement finds."""
    return world.read(lambda s: [tuple(row) for row in s.connection().exec_driver_sql(statement)])


def booked(world: World) -> list[int]:
    """The months that facts are booked in, in effective order."""
    return [
        row[0] for row in rows(world, "SELECT booked_in FROM fact ORDER BY effective_at, operation_id, line")
    ]


@pytest.mark.parametrize(
    ("reported", "month"),
    [
        ((), AUGUST),
        ((202607,), AUGUST),
        ((AUGUST,), SEPTEMBER),
        ((AUGUST, SEPTEMBER), OCTOBER),
        ((AUGUST, OCTOBER), SEPTEMBER),
        ((SEPTEMBER,), AUGUST),
    ],
)
def test_a_late_fact_is_booked_in_the_first_month_from_its_own_on_that_is_not_reported(
    world: World, reported: tuple[int, ...], month: int
) -> None:
    report(world, *reported)
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), **dated(IN_AUGUST)))
    assert booked(world) == [month]
    late = [{"period": AUGUST, "booked_in": month}] if month != AUGUST else []
    assert [one["detail"] for one in result["exceptions"]] == late
    assert codes(world) == ["late_for_period"] * len(late)


def test_only_the_product_that_was_reported_is_late_and_said_so_on_its_line(world: World) -> None:
    report(world, AUGUST)
    tablet = world.enrol()
    body = received(line("P2", 1), line("P1", 5), line("P1", 5, "L2"))
    result = tablet.one(tablet.operation("stock.receive", body, **dated(IN_AUGUST)))
    assert booked(world) == [AUGUST, SEPTEMBER, SEPTEMBER]
    assert [(one["code"], one["line"]) for one in result["exceptions"]] == [
        ("late_for_period", 1),
        ("late_for_period", 2),
    ]


def test_a_month_that_is_reported_between_two_pushes_counts_for_the_second(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), **dated(IN_AUGUST)))
    report(world, AUGUST)
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 1)), **dated(IN_AUGUST + HOUR)))
    assert booked(world) == [AUGUST, SEPTEMBER]


def test_a_change_of_a_variance_is_booked_by_the_month_of_its_count(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.count", counted("P1", 10), **dated(IN_JULY)))
    tablet.one(tablet.operation("stock.count", counted("P1", 8), **dated(IN_AUGUST)))
    report(world, 202607, AUGUST)
    late = tablet.operation("stock.issue", issued(line("P1", 3)), **back(IN_AUGUST - HOUR))
    tablet.one(late)
    assert codes(world) == ["late_for_period", "variance_changed"]
    assert rows(world, "SELECT delta, booked_in FROM variance_change") == [(3, SEPTEMBER)]
    assert rows(world, "SELECT found FROM fact WHERE flow = 'counted' ORDER BY effective_at") == [
        (10,),
        (-2,),
    ]
    report(world, SEPTEMBER)
    world.now += 20 * DAY
    tablet.one(reverse(tablet, late))
    assert codes(world) == ["late_for_period"]
    assert rows(world, "SELECT delta, booked_in FROM variance_change ORDER BY change") == [
        (3, SEPTEMBER),
        (-3, OCTOBER),
    ]


def test_what_moved_and_what_was_found_add_up_to_the_balance_whatever_was_booked_where(world: World) -> None:
    tablet = world.enrol()
    tablet.push(
        tablet.operation("stock.receive", received(line("P1", 20)), **dated(IN_JULY)),
        tablet.operation("stock.count", counted("P1", 18), **dated(IN_AUGUST)),
    )
    report(world, 202607, AUGUST)
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 1)), **back(IN_JULY + HOUR)))
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 6))))
    movements = rows(
        world, "SELECT booked_in, SUM(quantity) FROM fact WHERE flow <> 'counted' GROUP BY booked_in"
    )
    found = rows(world, "SELECT booked_in, SUM(found) FROM fact WHERE flow = 'counted' GROUP BY booked_in")
    changed = rows(world, "SELECT booked_in, SUM(delta) FROM variance_change GROUP BY booked_in")
    assert (dict(movements), dict(found), dict(changed)) == (
        {202607: 20, SEPTEMBER: -7},
        {AUGUST: -2},
        {SEPTEMBER: 1},
    )
    total = sum(int(amount) for _, amount in (*movements, *found, *changed))
    assert world.cards() == {("P1", "L1"): total} == {("P1", "L1"): 12}


def test_a_count_of_zero_that_follows_from_a_full_count_is_booked_by_its_own_month(world: World) -> None:
    report(world, AUGUST)
    tablet = world.enrol()
    full = tablet.operation("stock.count", all_lots("P1", 4), **dated(IN_AUGUST))
    tablet.one(full)
    tablet.one(tablet.operation("stock.receive", received(line("P1", 2, "L2")), **back(IN_AUGUST - HOUR)))
    told = rows(world, "SELECT operation_id, booked_in, found FROM fact WHERE line = -1")
    assert told == [(id_of(full), SEPTEMBER, -2)]


def test_late_for_period_stays_though_the_fact_is_reversed(world: World) -> None:
    report(world, AUGUST)
    tablet = world.enrol()
    text = tablet.operation("stock.receive", received(line("P1", 5)), **dated(IN_AUGUST))
    tablet.push(text, reverse(tablet, text))
    assert codes(world) == ["late_for_period"]

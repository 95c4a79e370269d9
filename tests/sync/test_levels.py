"""Levels: computed from complete months and policies, told to devices once, anew only where something changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlmodel import select

from backend.clock import DAY_MS
from backend.jobs.level_keeping import keep_levels, refresh
from backend.models import Facility, Level, Policy
from backend.services import levels
from backend.services.stock import positions
from backend.settings import Settings
from tests.sync.conftest import NOW, Tablet, World, issued, line, received
from tests.sync.saying import dated, reverse

SETTINGS = Settings()


def keep(world: World) -> int:
    return asyncio.run(refresh(world.db, SETTINGS, lambda: world.now))


def told(tablet: Tablet) -> dict[str, Any]:
    return {change["key"]: change["row"] for change in tablet.pull() if change["entity"] == "level"}


@pytest.fixture
def tablet(world: World) -> Tablet:
    """A tablet whose facility used 30 and 60 in the two last complete months, under a policy of 1 to 3 months."""
    with world.db.writing() as session:
        kind = session.exec(select(Facility.type_id).where(Facility.code == "A")).one()
        session.add(
            Policy(
                facility_type_id=kind,
                minimum_month_hundredths=100,
                maximum_month_hundredths=300,
                emergency_month_hundredths=50,
            )
        )
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 500)), **dated(NOW - 80 * DAY_MS)))
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 30)), **dated(NOW - 65 * DAY_MS)))
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 60)), **dated(NOW - 35 * DAY_MS)))
    return tablet


def test_a_device_hears_of_amc_and_what_the_policy_makes_of_it(world: World, tablet: Tablet) -> None:
    assert keep(world) == 1
    assert told(tablet) == {
        "P1": {
            "product": "P1",
            "amc": 45,
            "months_reported": 2,
            "minimum": 45,
            "maximum": 135,
            "order_point": 23,
            "minimum_months": 100,
            "maximum_months": 300,
            "as_of": "2026-08",
        }
    }
    assert told(tablet) == {}


def test_nothing_is_written_or_sent_again_while_nothing_changed(world: World, tablet: Tablet) -> None:
    keep(world)
    told(tablet)
    assert world.read(lambda session: levels.stale(session, SETTINGS, world.now)) == []
    # What is used this month counts when it is over: computed again, and found the same.
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 7))))
    assert len(world.read(lambda session: levels.stale(session, SETTINGS, world.now))) == 1
    assert keep(world) == 0
    assert told(tablet) == {}
    assert world.read(lambda session: levels.stale(session, SETTINGS, world.now)) == []


def test_a_new_month_and_a_new_policy_are_told(world: World, tablet: Tablet) -> None:
    keep(world)
    told(tablet)
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 90))))
    assert keep(world) == 0
    world.now += 31 * DAY_MS
    assert keep(world) == 1
    row = told(tablet)["P1"]
    assert (row["amc"], row["months_reported"], row["as_of"]) == (60, 3, "2026-09")
    with world.db.writing() as session:
        session.exec(select(Policy)).one().maximum_month_hundredths = 400
    assert keep(world) == 1
    row = told(tablet)["P1"]
    assert (row["maximum"], row["maximum_months"]) == (240, 400)


def test_what_has_no_reported_month_any_more_is_not_known(world: World) -> None:
    tablet = world.enrol()
    receipt = tablet.operation("stock.receive", received(line("P1", 5)), **dated(NOW - 40 * DAY_MS))
    tablet.one(receipt)
    keep(world)
    row = told(tablet)["P1"]
    assert (row["amc"], row["months_reported"], row["minimum"]) == (0, 1, None)
    tablet.one(reverse(tablet, receipt))
    assert keep(world) == 1
    row = told(tablet)["P1"]
    assert (row["amc"], row["months_reported"]) == (None, 0)


def test_what_is_recorded_while_they_are_computed_is_not_missed(world: World, tablet: Tablet) -> None:
    (facility_id,) = world.read(lambda session: levels.stale(session, SETTINGS, world.now))
    computed = world.read(lambda session: levels.compute(session, SETTINGS, world.now, facility_id))
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 60)), **dated(NOW - 34 * DAY_MS)))
    with world.db.writing() as session:
        levels.store(session, computed)
    assert world.read(lambda session: levels.stale(session, SETTINGS, world.now)) == [facility_id]
    assert world.read(lambda session: session.exec(select(Level.amc)).one()) == 45
    assert keep(world) == 1
    assert world.read(lambda session: session.exec(select(Level.amc)).one()) == 75


def test_levels_agree_with_what_managers_see(world: World, tablet: Tablet) -> None:
    keep(world)
    row = told(tablet)["P1"]
    seen = [one for one in world.read(lambda s: positions(s, SETTINGS, world.now)) if one.amc is not None]
    assert [(one.amc, one.minimum, one.maximum, one.emergency) for one in seen] == [
        (row["amc"], row["minimum"], row["maximum"], row["order_point"])
    ]


def test_serve_keeps_them_and_a_failure_does_not_end_it(world: World, tablet: Tablet) -> None:
    made: list[int] = []

    def clock() -> int:
        made.append(1)
        if len(made) == 1:
            raise RuntimeError("the first time everything fails")
        return world.now

    async def until_known() -> None:
        often = Settings(levels_seconds=1)
        work = asyncio.create_task(keep_levels(world.db, often, clock))
        async with asyncio.timeout(20):
            while not world.read(lambda session: session.exec(select(Level.amc)).all()):
                await asyncio.sleep(0.05)
        assert not work.done()
        work.cancel()

    asyncio.run(until_known())
    asyncio.run(
        keep_levels(world.db, Settings(levels_seconds=0), clock)
    )  # ends at once: they are kept by nobody

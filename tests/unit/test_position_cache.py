"""The cache of positions: computed once, anew for what has changed, and never older than the ledger."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.clock import DAY_MS, HOUR_MS, system_clock
from backend.db import Database
from backend.ids import uuid7
from backend.models import Facility, FacilityType, Policy, Product, Zone
from backend.services import position_cache
from backend.services.ledger import Entry, Posting, post
from backend.services.position_cache import PositionCache
from backend.services.stock import Position, positions
from backend.settings import Settings

NOW = system_clock()


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The facilities of each computation that was made."""
    made: list[list[int]] = []

    def noting(*args: Any, facility_ids: Collection[int] | None = None, **more: Any) -> list[Position]:
        made.append(sorted(facility_ids or ()))
        return positions(*args, facility_ids=facility_ids, **more)

    monkeypatch.setattr(position_cache, "positions", noting)
    return made


@pytest.fixture
def country(database: Database) -> dict[str, int]:
    """Two clinics with a month of consumption each."""
    with database.writing() as session:
        kind, zone, product = (
            FacilityType(name="clinic"),
            Zone(name="Z", level=0),
            Product(code="P", name="P"),
        )
        session.add_all([kind, zone, product])
        session.flush()
        found = {"product": product.id or 0, "type": kind.id or 0}
        for code in ("F1", "F2"):
            facility = Facility(code=code, name=code, type_id=kind.id or 0, zone_id=zone.id or 0)
            session.add(facility)
            session.flush()
            found[code] = facility.id or 0
        session.add(
            Policy(
                facility_type_id=kind.id or 0,
                minimum_month_hundredths=100,
                maximum_month_hundredths=300,
                emergency_month_hundredths=50,
            )
        )
    for code in ("F1", "F2"):
        move(database, found, code, 100, NOW - 33 * DAY_MS)
        move(database, found, code, -40, NOW - 32 * DAY_MS)
    return found


def move(database: Database, country: dict[str, int], code: str, quantity: int, at: int) -> None:
    flow = "received" if quantity > 0 else "dispensed"
    entry = Entry(country["product"], "", None, "", "", at, flow, quantity, None, 0)
    with database.writing() as session:
        post(session, country[code], [Posting(uuid7(at), [entry])], now=at, time_zone="UTC")


def read(
    database: Database, cache: PositionCache, country: dict[str, int], now: int = NOW
) -> dict[str, tuple[int, str]]:
    """Stock on hand and status by facility code."""

    def reading(session: Session) -> dict[str, tuple[int, str]]:
        ids = {country[code]: code for code in ("F1", "F2")}
        found = cache.read(session, Settings(), now, list(ids))
        return {ids[id_]: (ones[0].on_hand, ones[0].status) for id_, ones in found.items()}

    with database.reading() as session:
        return reading(session)


def test_a_second_look_costs_nothing(
    database: Database, country: dict[str, int], computed: list[list[int]]
) -> None:
    cache = PositionCache()
    expected = {"F1": (60, "according_to_plan"), "F2": (60, "according_to_plan")}
    assert read(database, cache, country) == expected
    assert read(database, cache, country) == expected
    assert computed == [[country["F1"], country["F2"]]]


def test_a_commit_is_seen_and_costs_its_facility_alone(
    database: Database, country: dict[str, int], computed: list[list[int]]
) -> None:
    cache = PositionCache()
    read(database, cache, country)
    move(database, country, "F2", -60, NOW)
    assert read(database, cache, country) == {"F1": (60, "according_to_plan"), "F2": (0, "stocked_out")}
    assert computed[1:] == [[country["F2"]]]


def test_a_changed_policy_is_seen(database: Database, country: dict[str, int]) -> None:
    cache = PositionCache()
    read(database, cache, country)
    with database.writing() as session:
        session.exec(select(Policy)).one().minimum_month_hundredths = 200
    assert read(database, cache, country)["F1"] == (60, "understocked")


def test_a_facility_that_changed_its_type_is_seen(database: Database, country: dict[str, int]) -> None:
    cache = PositionCache()
    read(database, cache, country)
    with database.writing() as session:
        other = FacilityType(name="post")
        session.add(other)
        session.flush()
        session.get_one(Facility, country["F1"]).type_id = other.id or 0
    assert read(database, cache, country)["F1"] == (60, "unknown")


def test_a_month_that_ends_is_seen(
    database: Database, country: dict[str, int], computed: list[list[int]]
) -> None:
    cache = PositionCache()
    read(database, cache, country)
    read(database, cache, country, now=NOW + HOUR_MS)
    assert len(computed) == 2


def test_an_older_snapshot_does_not_put_the_cache_back(database: Database, country: dict[str, int]) -> None:
    cache = PositionCache()
    with database.reading() as old:
        # The snapshot begins with its first statement.
        old.exec(select(Facility)).all()
        move(database, country, "F1", -60, NOW)
        assert read(database, cache, country)["F1"] == (0, "stocked_out")
        cache.read(old, Settings(), NOW, [country["F1"], country["F2"]])
    assert read(database, cache, country)["F1"] == (0, "stocked_out")

"""Deciding in the tests of the sync: managers beside the nurses, and a decision about the one exception with a code."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, select

from backend.models import Assignment, Decision, StockException, User
from backend.problems import Problem
from sync import decisions
from sync.decisions import Choice
from tests.sync.conftest import NOW, World


def with_managers(world: World) -> World:
    """The world with Mary, who manages A, and Gus, who manages everything."""
    with world.db.writing() as session:
        for name, facility in (("mary", world.facilities["A"]), ("gus", None)):
            user = User(name=name, created_at=NOW - 10**9)
            session.add(user)
            session.flush()
            world.users[name] = user.id or 0
            role = Assignment(
                user_id=user.id or 0, role="manager", facility_id=facility, granted_at=NOW - 10**9
            )
            session.add(role)
    return world


def row(world: World, code: str, facility: str = "A") -> StockException:
    """The one exception with a code, as it is stored."""
    with world.db.reading() as session:
        here = StockException.facility_id == world.facilities[facility]
        found = session.exec(select(StockException).where(here, StockException.code == code)).one()
        session.expunge(found)
        return found


def resolve(world: World, code: str, action: str, by: str = "mary", **more: Any) -> StockException:
    """Decide about the one exception with a code; how it stands then."""
    facility = more.pop("facility", "A")
    before = row(world, code, facility)
    with world.db.writing() as session:
        choice = Choice(action, by, **more)
        decisions.resolve(
            session, world.facilities[facility], before.id, choice, now=world.now, time_zone="UTC"
        )
    return row(world, code, facility)


def written(world: World) -> list[tuple[str, str]]:
    """(action, author) of all that was decided, in order."""
    with world.db.reading() as session:
        rows = session.exec(select(Decision).order_by(col(Decision.decided_at), col(Decision.id)))
        return [(one.action, one.author) for one in rows]


def refused(world: World, code: str, action: str, by: str = "mary", **more: Any) -> Problem:
    """Why a decision is refused; it has written nothing."""
    before = written(world)
    with pytest.raises(Problem) as caught:
        resolve(world, code, action, by, **more)
    assert written(world) == before
    assert world.differences() == []
    return caught.value

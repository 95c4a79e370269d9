"""Upkeep: what is forgotten, what is kept, and that a failure does not end it."""

from __future__ import annotations

import asyncio

from sqlalchemy import text
from sqlmodel import select

from backend.clock import DAY_MS, HOUR_MS
from backend.db import Database
from backend.jobs.upkeep import keep_tidy, tidy
from backend.models import SignInFailure, WebSession
from backend.services import people, web_sessions
from backend.services.sign_in import WINDOW_MS

NOW = 1_790_000_000_000


def furnish(db: Database) -> None:
    with db.writing() as session:
        user_id = people.add_user(session, name="ama", password=None, now=NOW)
        web_sessions.begin(session, user_id=user_id, hours=1, now=NOW - HOUR_MS)
        web_sessions.begin(session, user_id=user_id, hours=1, now=NOW)
        web_sessions.begin(session, user_id=user_id, hours=24 * 31, now=NOW - 30 * DAY_MS)
        session.add(SignInFailure(name="ama", address="x", failed_at=NOW - WINDOW_MS))
        session.add(SignInFailure(name="ama", address="x", failed_at=NOW - WINDOW_MS + 1))


def left(db: Database) -> tuple[int, int]:
    with db.reading() as session:
        return len(session.exec(select(WebSession)).all()), len(session.exec(select(SignInFailure)).all())


def test_only_what_no_longer_counts_is_forgotten(database: Database) -> None:
    furnish(database)
    with database.writing() as session:
        assert tidy(session, NOW) == {"sessions": 2, "failures": 1}
    assert left(database) == (1, 1)


async def test_it_goes_on_after_a_failure(sqlite_database: Database) -> None:
    furnish(sqlite_database)
    with sqlite_database.writing() as session:
        session.connection().execute(text("ALTER TABLE sign_in_failure RENAME TO away"))
    work = asyncio.create_task(keep_tidy(sqlite_database, lambda: NOW, "UTC", every_s=0.01))
    await asyncio.sleep(0.1)
    with sqlite_database.writing() as session:
        session.connection().execute(text("ALTER TABLE away RENAME TO sign_in_failure"))
    async with asyncio.timeout(10):
        while left(sqlite_database) != (1, 1):
            await asyncio.sleep(0.01)
    assert not work.done()
    work.cancel()

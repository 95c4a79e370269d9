"""Two writers that wait for each other on PostgreSQL: the database ends one of them, and the push is tried again."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from sqlalchemy import text
from sqlmodel import Session

from backend.clock import to_iso
from backend.db import Database
from backend.services.changes import Numbers
from sync.push import push, read_envelope
from sync.routes import _push_once
from tests.sync.conftest import Tablet, World, line, received, world

__all__ = ["world"]


@pytest.fixture
def database_url(postgres_url: str) -> str:
    """Only PostgreSQL lets two write at once."""
    return postgres_url


def _touch(database: Database, world: World, code: str) -> None:
    with database.writing() as session:
        numbers = Numbers(session.connection(), world.facilities[code])
        numbers.next()
        numbers.save()


def test_a_push_that_the_database_ended_is_tried_again(world: World, database: Database) -> None:
    with database.writing() as session:
        session.connection().execute(text("UPDATE assignment SET facility_id = NULL WHERE role = 'nurse'"))
    for code in "AB":
        _touch(database, world, code)
    tablet: Tablet = world.enrol()
    at_both = [
        tablet.operation("stock.receive", received(line("P1", 5)), facility=code) for code in ("A", "B")
    ]
    operations = [{"seq": n, "operation": json.loads(one)} for n, one in enumerate(at_both, 1)]
    body = {"device": tablet.device, "sent_at": to_iso(world.now), "operations": operations}
    envelope, arrived = read_envelope(json.dumps(body).encode())

    def work(session: Session) -> dict[str, object]:
        return push(session, tablet.device, envelope, arrived, now=world.now, time_zone="UTC")

    def send() -> None:
        answers.append(asyncio.run(_push_once(database, work)))

    answers: list[dict[str, object]] = []
    pushing = threading.Thread(target=send)
    with database.writing() as other:
        connection = other.connection()
        # Whoever waits longest looks for the deadlock first; this one is patient, so it is the push that ends.
        connection.execute(text("SET LOCAL deadlock_timeout = '30s'"))
        Numbers(connection, world.facilities["B"])
        pushing.start()
        _until_waiting(database)
        Numbers(connection, world.facilities["A"])
    pushing.join(20)
    assert answers, "the push did not come through"
    results = answers[0]["results"]
    assert isinstance(results, list)
    assert [one["outcome"] for one in results] == ["applied", "applied"]
    assert (world.cards("A"), world.cards("B")) == ({("P1", "L1"): 5}, {("P1", "L1"): 5})
    assert world.differences() == []


def _until_waiting(database: Database) -> None:
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(200):
        with database.reading() as session:
            if session.connection().execute(waiting).scalar_one():
                return
        threading.Event().wait(0.02)
    raise AssertionError("the push never waited")

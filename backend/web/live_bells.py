"""Bells from other processes: PostgreSQL's NOTIFY, or the version of a SQLite file that others write to too.

A bell is a hint. Where one may have been missed (after a reconnect, or when all that is known is that
something was written) everything is looked at.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import structlog
from psycopg import sql

from backend.db import CHANNEL, Database

Ring = Callable[[Iterable[int] | None], None]
"""Told the ids of facilities that changed, or None for any that may have."""

POLL_S = 1.0
_PROBE_S = 20.0
_RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

log = structlog.get_logger(__name__)


async def listen(db: Database, ring: Ring) -> None:
    """Ring for what any process commits, until cancelled."""
    await (_poll_file(db, ring) if db.is_sqlite else _listen_to_server(db, ring))


async def _listen_to_server(db: Database, ring: Ring) -> None:
    address = db.url.set(drivername="postgresql").render_as_string(hide_password=False)
    failures = 0
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(address, autocommit=True, connect_timeout=5)
            async with connection:
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                failures = 0
                ring(None)
                while True:
                    async for notice in connection.notifies(timeout=_PROBE_S):
                        ring(facilities_in(notice.payload))
                    # Nothing heard for a while: a dead line is told from a quiet one by asking.
                    await asyncio.wait_for(connection.execute("SELECT 1"), 5)
        except (psycopg.Error, OSError, TimeoutError) as error:
            wait_s = _RETRY_S[min(failures, len(_RETRY_S) - 1)]
            failures += 1
            log.warning("live_listen_lost", error=type(error).__name__, retry_seconds=wait_s)
            await asyncio.sleep(wait_s)


def facilities_in(payload: str) -> list[int] | None:
    """Facility ids of a NOTIFY payload; None (look at everything) when it names none or is not readable."""
    try:
        return [int(part) for part in payload.split(",")] if payload else None
    except ValueError:
        return None


async def _poll_file(db: Database, ring: Ring) -> None:
    path = db.url.database
    if not path or path == ":memory:":
        return
    # A connection of its own: data_version tells only of commits by others than the connection that asks.
    connection = await asyncio.to_thread(sqlite3.connect, path, timeout=5, check_same_thread=False)
    # One thread for asking and for closing: a cancelled question is still being asked, and closing the
    # connection under it takes the whole process down.
    thread = ThreadPoolExecutor(1, "bincard-poll")
    try:
        seen: int | None = None
        while True:
            with suppress(sqlite3.OperationalError):
                version = await asyncio.get_running_loop().run_in_executor(thread, _data_version, connection)
                if version != seen:
                    seen = version
                    ring(None)
            await asyncio.sleep(POLL_S)
    finally:
        thread.submit(connection.close)
        thread.shutdown(wait=False)


def _data_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA data_version").fetchone()
    return int(version)

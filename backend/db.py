"""Engines, pragmas, and the two kinds of transaction: read() and write().

Services are plain functions of a session. The web calls them through `await db.read(fn, ...)` and
`await db.write(fn, ...)`, which run them in a thread: all writes of a process share one writer thread, so
that on SQLite writers queue in memory and never fight over the file's lock (docs/decisions/0002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

P = ParamSpec("P")
R = TypeVar("R")

CHANNEL = "bincard_changed"
TRIES = 3
_CHANGED = "changed_facilities"
_AFTERWARDS = "after_commit"


def announce(session: Session, facility_id: int) -> None:
    """Remember that a facility changed in this transaction; watchers are told after it commits."""
    session.info.setdefault(_CHANGED, set()).add(facility_id)


def after_commit(session: Session, work: Callable[[], None]) -> None:
    """Have this done as soon as the transaction stands, and not at all when it does not."""
    session.info.setdefault(_AFTERWARDS, []).append(work)


def write_rows(connection: Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run one statement of the fast path for many rows; `?` marks a value in either database's dialect."""
    if rows:
        marked = statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")
        connection.exec_driver_sql(marked, list(rows))


def read_rows(connection: Connection, statement: str, values: tuple[object, ...]) -> list[Any]:
    """The rows of a statement of the fast path as tuples; `?` marks a value in either database's dialect."""
    marked = statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")
    cursor = connection.exec_driver_sql(marked, values).cursor
    return [] if cursor is None else list(cursor.fetchall())


def insert_rows(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    """Insert tuples in the order of `columns`, without the ORM in between.

    Table and columns are names in our own code, never text from outside.
    """
    marks = ", ".join("?" * len(columns))
    statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608
    write_rows(connection, statement, rows)


class Database:
    """One database: its engines, its writer, and who wants to hear of commits."""

    def __init__(self, url: str, *, readers: int = 8) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            self._writing = _sqlite_engine(url, write=True)
            self._reading = _sqlite_engine(url, write=False)
        else:
            self._writing = create_engine(url, pool_pre_ping=True, hide_parameters=True)
            self._reading = create_engine(
                url,
                pool_pre_ping=True,
                hide_parameters=True,
                isolation_level="REPEATABLE READ",
                execution_options={"postgresql_readonly": True},
            )
        # On PostgreSQL too: a second would only take turns at the interpreter with the first, and with the pages of
        # people who wait (docs/reliability.md, Load). Whoever wants more pushes at once starts more processes.
        self._writers = ThreadPoolExecutor(1, "bincard-write")
        self._readers = ThreadPoolExecutor(readers, "bincard-read")
        self.listeners: list[Callable[[frozenset[int]], None]] = []

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session on one snapshot that cannot write."""
        with Session(self._reading) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session whose work is committed whole at the end, or not at all."""
        with Session(self._writing) as session:
            with session.begin():
                yield session
                changed = frozenset(session.info.get(_CHANGED, ()))
                if changed and not self.is_sqlite:
                    _notify(session.connection(), changed)
            for work in session.info.get(_AFTERWARDS, ()):
                work()
            if changed:
                for listener in self.listeners:
                    listener(changed)

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(session, ...)` on a snapshot, in a reader thread."""
        return await self._run(self._readers, self._in(self.reading, work, args, kwargs))

    async def write(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(session, ...)` in one transaction, in the writer thread.

        Of two transactions that wait for each other PostgreSQL ends one: nothing of it stands, and it is tried again.
        """
        once = self._in(self.writing, work, args, kwargs)

        def job() -> R:
            for left in reversed(range(TRIES)):
                try:
                    return once()
                except DBAPIError as error:
                    if not left or not is_deadlock(error):
                        raise
            raise AssertionError("unreachable")

        return await self._run(self._writers, job)

    @staticmethod
    def _in(transaction: Any, work: Callable[..., R], args: Any, kwargs: Any) -> Callable[[], R]:
        def job() -> R:
            with transaction() as session:
                return work(session, *args, **kwargs)

        return job

    @staticmethod
    async def _run(pool: ThreadPoolExecutor, job: Callable[[], R]) -> R:
        # A client that hangs up must not leave a transaction half watched: the job always runs to its end.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(pool, job))

    def close(self) -> None:
        """Finish what is running and let go of every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()


def is_deadlock(error: DBAPIError) -> bool:
    """Whether PostgreSQL ended a transaction because it and another waited for each other: it may be tried again."""
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


def _notify(connection: Connection, changed: frozenset[int]) -> None:
    # NOTIFY is a hint of at most 8,000 bytes; past that, an empty payload says "look at everything".
    payload = ",".join(map(str, sorted(changed))) if len(changed) <= 500 else ""
    connection.execute(text("SELECT pg_notify(:channel, :payload)"), {"channel": CHANNEL, "payload": payload})


def _sqlite_engine(url: str, *, write: bool) -> Engine:
    engine = create_engine(
        url, connect_args={"timeout": 30, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: Any) -> None:
        # Without this the driver opens no transaction before the first write and loses updates silently.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA cache_size=-20000")
        if write:
            # 16 MiB of log before it is copied into the file: a long queue is not held up at every fourth batch.
            connection.execute("PRAGMA wal_autocheckpoint=4000")
        else:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine

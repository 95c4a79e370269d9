"""The replay into PostgreSQL, a server of our own with its default durability; replay.py says the rest.

psycopg sends what `executemany` is given in pipeline mode and prepares repeated statements by itself. The database
took 2,000 operations before and was analysed: on tables that it has no statistics of, PostgreSQL looks a card up
by an index that leads to all cards of the facility, and both sides would spend their time on that.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from backend.db import Database
from tests.bench import house, replay
from tests.bench.figure import Figure
from tests.bench.wire import quiet
from tests.bench.written import Statement
from tests.support import postgres

TARGET = 0.35


class Databases:
    """Databases on one server. A copy is made by PostgreSQL itself from the one that was furnished."""

    mark = "%s"
    warm_up = 2_000

    def __init__(self, server_url: str) -> None:
        self._server = server_url

    @contextmanager
    def furnished(self) -> Iterator[Database]:
        """The database to copy from."""
        postgres.execute(self._server, "CREATE DATABASE origin")
        with house.furnished(postgres.psycopg_url(postgres.sibling(self._server, "origin"))) as database:
            yield database

    def warmed_up(self) -> None:
        """What autovacuum does within a minute of the first writes, and what both sides' updates need."""
        postgres.execute(postgres.sibling(self._server, "origin"), "VACUUM ANALYZE")

    def copy(self, name: str) -> str:
        """Nobody may be connected to the origin."""
        self.drop(name)
        postgres.execute(self._server, f"CREATE DATABASE {name} TEMPLATE origin")
        url = postgres.sibling(self._server, name)
        # What was just copied is not written to the disk while the clock runs.
        postgres.execute(url, "CHECKPOINT")
        return url

    def drop(self, name: str) -> None:
        """Gone, whoever is connected."""
        postgres.execute(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def connect(self, url: str) -> psycopg.Connection[Any]:
        """In autocommit: each look is a snapshot of its own."""
        return psycopg.connect(postgres.libpq_url(url), autocommit=True)

    def write(self, url: str, batches: list[list[Statement]]) -> float:
        """The loop itself."""
        with psycopg.connect(postgres.libpq_url(url)) as connection, quiet():
            cursor = connection.cursor()
            start = time.perf_counter()
            for batch in batches:
                for statement in batch:
                    cursor.executemany(statement.text.encode(), statement.rows)
                connection.commit()
            return time.perf_counter() - start


def measure(share: float) -> list[Figure]:
    """One figure."""
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name, postgres.server({}) as url:
        store = Databases(url)
        baseline = "a bare psycopg loop that writes the same rows in the same batches"
        return replay.measure("replay-postgres", store, Path(name), share, TARGET, baseline)

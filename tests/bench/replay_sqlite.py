"""The replay into SQLite: on both sides WAL, synchronous FULL and the same page cache; replay.py says the rest."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.db import Database
from tests.bench import house, replay
from tests.bench.figure import Figure
from tests.bench.wire import quiet
from tests.bench.written import Statement

TARGET = 0.45
PAGE_CACHE_KIB = 20_000


class Files:
    """SQLite files in a folder."""

    mark = "?"
    warm_up = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def furnished(self) -> Iterator[Database]:
        """The file to copy from."""
        with house.furnished(house.sqlite_url(self._folder, "origin")) as database:
            yield database

    def warmed_up(self) -> None:
        """Nothing to do."""

    def copy(self, name: str) -> str:
        """The origin was closed by its last connection, so its file is whole without a log beside it."""
        self.drop(name)
        shutil.copy(self._folder / "origin.sqlite", self._folder / f"{name}.sqlite")
        return house.sqlite_url(self._folder, name)

    def drop(self, name: str) -> None:
        """Delete it and its log."""
        for end in ("", "-wal", "-shm"):
            (self._folder / f"{name}.sqlite{end}").unlink(missing_ok=True)

    def connect(self, url: str) -> sqlite3.Connection:
        """In autocommit."""
        return sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)

    def write(self, url: str, batches: list[list[Statement]]) -> float:
        """The loop itself."""
        connection = self.connect(url)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA cache_size=-{PAGE_CACHE_KIB}")
        with quiet():
            start = time.perf_counter()
            for batch in batches:
                connection.execute("BEGIN IMMEDIATE")
                for statement in batch:
                    connection.executemany(statement.text, statement.rows)
                connection.execute("COMMIT")
            seconds = time.perf_counter() - start
        connection.close()
        return seconds


def measure(share: float) -> list[Figure]:
    """One figure."""
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        folder = Path(name)
        baseline = "a bare sqlite3 loop that writes the same rows in the same batches"
        return replay.measure("replay-sqlite", Files(folder), folder / "served", share, TARGET, baseline)

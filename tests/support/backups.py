"""Backups for tests: one of a filled database, and empty databases to restore into."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend import migrate
from backend.db import Database
from backend.services import backup
from tests.support import filler, postgres

NewDatabase = Callable[[str], str]

KINDS = ("sqlite", "postgres")
NOW = 1_790_000_000_000


def quiet(_done: int, _total: int) -> None:
    """No progress."""


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Make a database in which there is nothing at all: `empty_database("postgres")` is its address."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"bincard_empty_{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite"
        server = request.getfixturevalue("postgres_server")
        postgres.execute(server, f'CREATE DATABASE "{name}"')
        made.append(name)
        return postgres.psycopg_url(postgres.sibling(server, name))

    yield make
    for name in made:
        server = request.getfixturevalue("postgres_server")
        postgres.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def backed_up(database: Database, path: Path) -> Path:
    """A backup of a database."""
    with database.reading() as session:
        backup.back_up(session, path, now=NOW, progress=quiet)
    return path


def tables_at(url: str) -> set[str]:
    """The tables of a database that nothing of ours has opened."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return set()
    with migrate.transaction(url) as connection:
        return set(connection.dialect.get_table_names(connection))


@pytest.fixture(scope="module")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a filled SQLite database."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copyfile(sqlite_template, folder / "bincard.sqlite")
    database = Database(f"sqlite:///{folder / 'bincard.sqlite'}")
    with database.writing() as session:
        filler.fill(session)
    path = backed_up(database, folder / "backup")
    database.close()
    return path

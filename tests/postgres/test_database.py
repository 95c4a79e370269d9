"""Both databases: fresh for each test, migrated to the head, nothing left to migrate."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import migrate
from backend.db import Database
from backend.models import Zone, metadata


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_has_a_database_of_its_own(database: Database, turn: int) -> None:
    with database.writing() as session:
        before = session.connection().execute(text("SELECT count(*) FROM zone")).scalar_one()
        session.connection().execute(Zone.__table__.insert(), {"name": "South", "level": 1})  # type: ignore[attr-defined]
    assert before == 0


def test_the_models_and_the_migrations_say_the_same(database: Database) -> None:
    with database.writing() as session:
        connection = session.connection()
        assert migrate.current(connection) == migrate.head()
        assert (
            compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)
            == []
        )


def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as session:
        session.connection().execute(text("DELETE FROM zone"))


def test_migrating_again_changes_nothing(database: Database, database_url: str) -> None:
    with database.reading() as session:
        before = session.connection().execute(text("SELECT key, value FROM meta")).all()
    migrate.migrate(database_url)
    with database.reading() as session:
        assert session.connection().execute(text("SELECT key, value FROM meta")).all() == before
    assert "epoch" in [key for key, _value in before]

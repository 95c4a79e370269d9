"""Bring a database to the schema of this release, and know whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event, make_url, pool, select, text
from sqlmodel import Session

from backend.ids import uuid7
from backend.models import Meta
from backend.services.reasons import ensure_default_reasons

ROOT = Path(__file__).resolve().parent.parent
_LOCK = 0x62696E63


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def head() -> str:
    """The revision this release wants."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def knows(revision: str) -> bool:
    """Whether this release can bring a database on from that revision."""
    return any(
        script.revision == revision for script in ScriptDirectory.from_config(_config()).walk_revisions()
    )


def current(connection: Connection) -> str | None:
    """The revision a database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def migrate(url: str, to: str = "head") -> None:
    """Run all missing migrations in one transaction, give a new database its epoch and every one its reasons.

    Several processes may call this at once: they take turns.
    """
    with transaction(url) as connection:
        if to == "head":
            complete(connection)
        else:
            upgrade(connection, to)


@contextmanager
def transaction(url: str) -> Iterator[Connection]:
    """One transaction in which a schema may change, committed at the end; a SQLite file is made if need be."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=pool.NullPool)
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _explicit(connection, _record) -> None:  # type: ignore[no-untyped-def]
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode=WAL")

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            yield connection
    finally:
        engine.dispose()


def upgrade(connection: Connection, to: str) -> None:
    """Run the migrations up to a revision, and nothing else."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def complete(connection: Connection) -> None:
    """Bring the schema to this release, and in what every database has: the reasons, and an epoch of its own."""
    upgrade(connection, "head")
    ensure_default_reasons(Session(connection))
    if connection.execute(select(Meta).where(Meta.key == "epoch")).first() is None:  # type: ignore[arg-type]
        connection.execute(Meta.__table__.insert(), {"key": "epoch", "value": uuid7()})  # type: ignore[attr-defined]

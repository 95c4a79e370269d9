"""`bincard migrate`, and opening the database for every other command: only at the schema of this release."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, inspect, make_url, pool
from sqlalchemy.exc import DatabaseError

from backend import migrate
from backend.commands.failures import Failed
from backend.commands.terminal import say
from backend.db import Database
from backend.settings import Settings

HOW_TO_MIGRATE = "Run `bincard migrate`, or `bincard serve --migrate`."


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `migrate`."""
    parser = commands.add_parser("migrate", help="bring the database to the schema of this release")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Migrate, and say what was done."""
    before = _revision(settings.database_address)
    migrate_database(settings)
    at = migrate.head()
    say(f"The database is at revision {at}" + (" already." if before == at else ", as of now."))
    return 0


def migrate_database(settings: Settings) -> None:
    """Run the missing migrations. Raises Failed for a database of a later release."""
    _refuse_unknown(_revision(settings.database_address))
    migrate.migrate(settings.database_address)


def require_migrated(settings: Settings, *, make: bool = False) -> None:
    """Raise Failed unless the database is at this release's revision.

    With `make`, a database in which there is nothing at all is made ready instead: those commands that
    fill a new database may be the first that meet it.
    """
    revision = _revision(settings.database_address)
    if revision == migrate.head():
        return
    if make and is_current_or_empty(settings):
        migrate.migrate(settings.database_address)
        return
    _refuse_unknown(revision)
    where = shown(settings)
    if revision is None:
        raise Failed(f"There is no Bincard database at {where} yet. {HOW_TO_MIGRATE}")
    raise Failed(f"The database at {where} is of an earlier release ({revision}). {HOW_TO_MIGRATE}")


def is_current_or_empty(settings: Settings) -> bool:
    """Whether a command that fills a new database may open this one."""
    revision = _revision(settings.database_address)
    return revision == migrate.head() or (revision is None and _is_empty(settings.database_address))


@contextmanager
def opened(settings: Settings, *, make: bool = False) -> Iterator[Database]:
    """The database, open, for as long as the block lasts; `make` as in `require_migrated`."""
    require_migrated(settings, make=make)
    database = Database(settings.database_address)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def opened_as_it_is(settings: Settings) -> Iterator[Database]:
    """The database at whatever revision this program knows: a backup is wanted before migrating."""
    revision = _revision(settings.database_address)
    _refuse_unknown(revision)
    if revision is None:
        raise Failed(f"There is no Bincard database at {shown(settings)} yet.")
    database = Database(settings.database_address)
    try:
        yield database
    finally:
        database.close()


def shown(settings: Settings) -> str:
    """The database's address without its password."""
    return make_url(settings.database_address).render_as_string(hide_password=True)


def _absent(address: str) -> bool:
    url = make_url(address)
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


def _revision(address: str) -> str | None:
    # Looking must not make the file.
    if _absent(address):
        return None
    engine = create_engine(address, poolclass=pool.NullPool)
    try:
        with engine.connect() as connection:
            return migrate.current(connection)
    except DatabaseError as error:
        where = make_url(address).render_as_string(hide_password=True)
        raise Failed(f"The database at {where} cannot be opened: {error.orig}".strip()) from error
    finally:
        engine.dispose()


def _is_empty(address: str) -> bool:
    if _absent(address):
        return True
    engine = create_engine(address, poolclass=pool.NullPool)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()


def _refuse_unknown(revision: str | None) -> None:
    if revision is not None and not migrate.knows(revision):
        raise Failed(
            f"The database is of a later release than this program (revision {revision}). "
            "Install that release; this one will not touch it."
        )

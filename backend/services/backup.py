"""Backup and restore: every row of one snapshot into a file, and back into an empty database of either kind.

The tables are read off the database itself, so that one of an earlier release can be backed up as it is. A restore
is one transaction: the schema of the backup's release, its rows, the migrations since, and a new life (epoch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, inspect, select, text
from sqlmodel import Session

from backend import __version__, migrate
from backend.clock import to_iso
from backend.ids import uuid7
from backend.models import ChangeCounter, Meta, Reason, WebSession
from backend.problems import Problem
from backend.services import backup_file, backup_rows
from backend.services.backup_file import Header

Progress = Callable[[int, int], None]
"""Told (rows done, rows in all)."""

# What a migrated database has in it before anybody uses it.
_FILLED_BY_MIGRATING = {str(table.__tablename__) for table in (Meta, Reason, ChangeCounter)}


def begin_new_life(session: Session) -> str:
    """A new random epoch, returned: devices then send again what this database lacks.

    Browsers' sessions end: they may have been ended since the backup was taken.
    """
    epoch = uuid7()
    session.get_one(Meta, "epoch").value = epoch
    session.execute(delete(WebSession))
    session.flush()
    return epoch


def back_up(session: Session, path: Path, *, now: int, progress: Progress) -> tuple[Header, int]:
    """Write all rows of the session's snapshot: what was written, and the file's size in bytes.

    Raises OSError when the file cannot be written, FileExistsError for one that is there.
    """
    connection = session.connection()
    tables = backup_rows.tables_of(connection)
    header = Header(
        bincard_backup=backup_file.FORMAT,
        program=__version__,
        revision=migrate.current(connection) or "",
        database=connection.dialect.name,
        created_at=to_iso(now),
        tables=tuple(backup_rows.told(connection, table) for table in tables),
    )

    def lines() -> Iterator[bytes]:
        yield backup_file.header_line(header)
        yield from backup_rows.lines_of(connection, tables, _advance(progress, header.rows))

    return header, backup_file.write(path, lines())


def restore(url: str, path: Path, *, progress: Progress) -> Header:
    """Bring a file's rows into the empty database at `url`, and that to this release: what was brought in.

    Raises Problem, and nothing is changed, for a file that is not whole or is of a later release, and for a
    database that is not empty. Otherwise OSError or DatabaseError, and nothing is changed either.
    """
    with backup_file.opened(path) as file:
        header = file.header
        if not migrate.knows(header.revision):
            raise Problem(
                400,
                "later_backup",
                f"{path} is of a later release than this program (revision {header.revision}): "
                "restore it with that release.",
            )
        with migrate.transaction(url) as connection:
            _refuse_used(connection, header.revision)
            migrate.upgrade(connection, header.revision)
            backup_rows.load(connection, file, _advance(progress, header.rows))
            migrate.complete(connection)
            begin_new_life(Session(connection))
            if connection.dialect.name == "postgresql":
                # Without statistics the first queries of a large database would be planned as if it were empty.
                connection.execute(text("ANALYZE"))
    return header


def _advance(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        progress(done, total)

    return advance


def _refuse_used(connection: Connection, revision: str) -> None:
    """Raise Problem unless there is nothing in the database, or nothing but what migrating puts there."""
    if not inspect(connection).get_table_names():
        return
    at = migrate.current(connection)
    if at is None:
        raise Problem(409, "not_empty", "The database holds tables of something else than Bincard.")
    for table in backup_rows.tables_of(connection):
        if table.name not in _FILLED_BY_MIGRATING and connection.execute(select(table).limit(1)).first():
            raise Problem(
                409,
                "not_empty",
                "There are data in the database: a backup is restored into an empty one only.",
            )
    if at != revision:
        raise Problem(
            409,
            "not_empty",
            f"The database was made ready at revision {at}, but the backup is of {revision}: "
            "restore it into a database with no tables in it.",
        )

"""Rows of all tables from a database into a backup's file and back, the same from and to either kind of database."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator

import psycopg
from sqlalchemy import Connection, LargeBinary, MetaData, Table, func, select
from sqlalchemy.exc import DatabaseError

from backend.problems import Problem
from backend.services.backup_file import CHUNK_ROWS, BackupFile, Row, TableHeader, row_lines

Progress = Callable[[int, int], None]

# Alembic's own table: the header has the revision, and migrating writes it.
_NOT_OURS = "alembic_version"
_CACHE_KIB = 128 * 1024


def tables_of(connection: Connection) -> list[Table]:
    """All tables as the database has them, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != _NOT_OURS]


def told(connection: Connection, table: Table) -> TableHeader:
    """What the header tells of a table."""
    rows: int = connection.execute(select(func.count()).select_from(table)).scalar_one()
    # Reflected names are a kind of text of SQLAlchemy's own.
    return TableHeader(str(table.name), tuple(map(str, table.columns.keys())), rows)


def lines_of(
    connection: Connection, tables: Iterable[Table], advance: Callable[[int], None]
) -> Iterator[bytes]:
    """The rows of each table as lines; `advance` hears how many rows each piece has."""
    for table in tables:
        binary = _binary(table, table.columns.keys())
        found = connection.execute(select(table), execution_options={"yield_per": CHUNK_ROWS})
        for chunk in found.partitions():
            rows: list[Row] = [tuple(row) for row in chunk]
            yield row_lines(_changed(rows, binary, _as_text))
            advance(len(rows))


def load(connection: Connection, file: BackupFile, advance: Callable[[int], None]) -> None:
    """Put the rows of a file in place of all that is in a database at the file's revision.

    Raises Problem for a file whose tables or rows are not those of its revision.
    """
    there = {table.name: table for table in tables_of(connection)}
    expected = {name: set(table.columns.keys()) for name, table in there.items()}
    # Names go into statements: none is taken from the file that is not the schema's own.
    if {one.name: set(one.columns) for one in file.header.tables} != expected:
        revision = file.header.revision
        raise Problem(
            400, "not_a_backup", f"The tables of the backup are not those of its revision {revision}."
        )
    for table in reversed(there.values()):
        connection.execute(table.delete())
    insert = _insert_on_sqlite if connection.dialect.name == "sqlite" else _copy_on_postgresql
    for one in file.header.tables:
        insert(connection, there[one.name], one, _counted(file.rows(one), advance))
    if connection.dialect.name == "sqlite":
        _check_references(connection)
    else:
        _set_sequences(connection, there.values())


def _counted(chunks: Iterable[list[Row]], advance: Callable[[int], None]) -> Iterator[list[Row]]:
    for rows in chunks:
        yield rows
        advance(len(rows))


def _insert_on_sqlite(
    connection: Connection, table: Table, header: TableHeader, chunks: Iterable[list[Row]]
) -> None:
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    marks = ", ".join("?" * len(header.columns))
    statement = f"INSERT INTO {_quoted(header.name)} ({_names(header)}) VALUES ({marks})"  # noqa: S608
    binary = _binary(table, header.columns)
    for rows in chunks:
        connection.exec_driver_sql(statement, _changed(rows, binary, _as_bytes))


def _copy_on_postgresql(
    connection: Connection, table: Table, header: TableHeader, chunks: Iterable[list[Row]]
) -> None:
    statement = f"COPY {_quoted(header.name)} ({_names(header)}) FROM STDIN"
    binary = _binary(table, header.columns)
    try:
        # One COPY a table: a row that refers to another of its table may come before it.
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[attr-defined]
            for rows in chunks:
                for row in _changed(rows, binary, _as_bytes):
                    copy.write_row(row)
    except psycopg.Error as error:
        raise DatabaseError(statement, None, error) from error


def _check_references(connection: Connection) -> None:
    # Migrations and loads do not look at each reference as it is written, so all are looked at in the end.
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
    if broken is not None:
        raise Problem(
            400, "not_a_backup", f"A row of {broken[0]} refers to one of {broken[2]} that is not there."
        )


def _set_sequences(connection: Connection, tables: Iterable[Table]) -> None:
    for table in tables:
        for column in table.primary_key.columns:
            name = connection.exec_driver_sql(
                "SELECT pg_get_serial_sequence(%s, %s)", (_quoted(table.name), column.name)
            ).scalar_one()
            if name is not None:
                last = connection.execute(select(func.max(column))).scalar_one()
                connection.exec_driver_sql("SELECT setval(%s, %s, %s)", (name, last or 1, last is not None))


def _binary(table: Table, columns: Iterable[str]) -> list[int]:
    """Places of the columns of bytes in a row."""
    return [place for place, name in enumerate(columns) if isinstance(table.columns[name].type, LargeBinary)]


def _changed(rows: list[Row], places: list[int], change: Callable[[object], object]) -> list[Row]:
    for place in places:
        rows = [(*row[:place], change(row[place]), *row[place + 1 :]) for row in rows]
    return rows


def _as_text(content: object) -> object:
    """Bytes as the text that they nearly always are, else as `{"base64": ...}`."""
    if not isinstance(content, bytes):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": content}


def _as_bytes(content: object) -> object:
    if isinstance(content, str):
        return content.encode()
    return b64decode(content["base64"], validate=True) if isinstance(content, dict) else content


def _names(header: TableHeader) -> str:
    return ", ".join(map(_quoted, header.columns))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

"""What each batch of a replay writes, and statements that write it again.

Found by comparing all tables before and after each batch. This is what makes a bare loop a fair baseline: it writes
the same rows of every table in the same transactions, rows inserted first, then rows updated by their keys. An update
sets the columns in which any batch changed any row of that table, which are those of Bincard's own statement. It needs
no knowledge of Bincard's code, so a table or a column that is added is measured without a change here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import Table

from backend.models import metadata

Row = tuple[Any, ...]
Key = tuple[Any, ...]


class Driver(Protocol):
    """A connection of sqlite3 or of psycopg, as far as it is needed here."""

    def execute(self, statement: Any, /) -> Any:
        """Run one statement; the cursor with its rows."""


@dataclass(frozen=True)
class Statement:
    """One statement for many rows."""

    text: str
    rows: list[Row]


@dataclass
class _Seen:
    """One table: its columns in order and its rows by key, in the order of the table."""

    columns: list[str]
    rows: dict[Key, Row]


@dataclass
class _Change:
    """What one batch did to one table."""

    inserted: list[Row] = field(default_factory=list)
    updated: list[tuple[Row, Row]] = field(default_factory=list)
    deleted: list[Key] = field(default_factory=list)


class Watched:
    """A database whose tables are compared after each batch. Tables in the order of their foreign keys."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._tables: list[Table] = list(metadata.sorted_tables)
        self._batches: list[dict[str, _Change]] = []
        self.seen = self.look()

    def look(self) -> dict[str, _Seen]:
        """All rows of all tables as they are now."""
        found = {}
        for table in self._tables:
            cursor = self._driver.execute(f'SELECT * FROM "{table.name}"')
            columns = [column[0] for column in cursor.description]
            places = [columns.index(column.name) for column in table.primary_key]
            found[table.name] = _Seen(columns, {tuple(row[n] for n in places): tuple(row) for row in cursor})
        return found

    def after_batch(self) -> None:
        """Compare with the last look and remember what the batch in between did."""
        now, changes = self.look(), {}
        for name, seen in now.items():
            before = self.seen[name].rows
            change = _Change(deleted=[key for key in before if key not in seen.rows])
            for key, row in seen.rows.items():
                old = before.get(key)
                if old is None:
                    change.inserted.append(row)
                elif old != row:
                    change.updated.append((old, row))
            changes[name] = change
        self._batches.append(changes)
        self.seen = now

    def statements(self, mark: str) -> list[list[Statement]]:
        """By batch, what writes it again; `mark` is the driver's sign for a value."""
        set_: dict[str, set[int]] = defaultdict(set)
        for batch in self._batches:
            for name, change in batch.items():
                for old, new in change.updated:
                    set_[name] |= {n for n, value in enumerate(new) if value != old[n]}
        return [list(self._of_batch(batch, set_, mark)) for batch in self._batches]

    def _of_batch(
        self, batch: dict[str, _Change], set_: dict[str, set[int]], mark: str
    ) -> Iterable[Statement]:
        for table in reversed(self._tables):
            gone = batch[table.name].deleted
            if gone:
                yield Statement(f'DELETE FROM "{table.name}" WHERE {_where(table, mark)}', list(gone))
        for table in self._tables:
            rows = batch[table.name].inserted
            if rows:
                marks = ", ".join([mark] * len(rows[0]))
                yield Statement(f'INSERT INTO "{table.name}" VALUES ({marks})', rows)
        for table in self._tables:
            updated = batch[table.name].updated
            if updated:
                columns = self.seen[table.name].columns
                places = sorted(set_[table.name])
                keys = [columns.index(column.name) for column in table.primary_key]
                sets = ", ".join(f'"{columns[n]}" = {mark}' for n in places)
                yield Statement(
                    f'UPDATE "{table.name}" SET {sets} WHERE {_where(table, mark)}',
                    [tuple(row[n] for n in [*places, *keys]) for _, row in updated],
                )


def _where(table: Table, mark: str) -> str:
    return " AND ".join(f'"{column.name}" = {mark}' for column in table.primary_key)


def sizes(seen: dict[str, _Seen]) -> dict[str, int]:
    """How many rows each table has."""
    return {name: len(one.rows) for name, one in seen.items()}

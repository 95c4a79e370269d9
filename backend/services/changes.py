"""Change numbers of a facility: given out in commit order, because whoever takes one holds the row."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlmodel import Session, col

from backend.db import read_rows, write_rows
from backend.models import ChangeCounter

_COUNTER_SQLITE = (
    """SELECT value, (SELECT value FROM meta WHERE "key" = 'epoch') FROM change_counter WHERE scope = ?"""
)
_COUNTER = {"sqlite": _COUNTER_SQLITE, "postgresql": f"{_COUNTER_SQLITE} FOR UPDATE"}


class Numbers:
    """The facility's counter, locked until this transaction ends.

    Take it before reading what is to be changed: on PostgreSQL it is also the lock that makes writers
    of one facility take turns, so that what is read afterwards is what they left.
    """

    def __init__(self, connection: Connection, facility_id: int) -> None:
        self._connection = connection
        self._scope = facility_id
        statement = _COUNTER[connection.dialect.name]
        found = read_rows(connection, statement, (facility_id,))
        if not found:
            # Of two who write for a facility for the first time, one waits here for the other.
            write_rows(
                connection,
                "INSERT INTO change_counter (scope, value) VALUES (?, 0) ON CONFLICT DO NOTHING",
                [(facility_id,)],
            )
            found = read_rows(connection, statement, (facility_id,))
        first, epoch = found[0]
        self._first: int = first
        self._last: int = first
        self._epoch: str = epoch
        self._mark: int | None = None

    @property
    def stand(self) -> tuple[str, int]:
        """Where the counter stood at first or was saved last, in which life of the database."""
        return self._epoch, self._first

    @property
    def mark(self) -> int:
        """The number that this transaction's operations are stored under; the same one however often asked."""
        if self._mark is None:
            self._mark = self.next()
        return self._mark

    def next(self) -> int:
        """The next number; it counts only once `save` was called."""
        self._last += 1
        return self._last

    def save(self) -> None:
        """Store the last number given out."""
        if self._last != self._first:
            write_rows(
                self._connection,
                "UPDATE change_counter SET value = ? WHERE scope = ?",
                [(self._last, self._scope)],
            )
            self._first = self._last


def last_change(session: Session, scope: int) -> int:
    """The last number given out in a scope (0: shared data); 0 when none was."""
    statement = select(col(ChangeCounter.value)).where(col(ChangeCounter.scope) == scope)
    return session.execute(statement).scalar_one_or_none() or 0


def epoch(session: Session) -> str:
    """The random id of this life of the database; `bincard restore` changes it."""
    ((value,),) = read_rows(session.connection(), """SELECT value FROM meta WHERE "key" = ?""", ("epoch",))
    return str(value)

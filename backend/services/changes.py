"""Change numbers of a facility: given out in commit order, because whoever takes one holds the row."""

from __future__ import annotations

from sqlalchemy import Connection, select, update
from sqlmodel import Session, col

from backend.db import write_rows
from backend.models import ChangeCounter, Meta


class Numbers:
    """The facility's counter, locked until this transaction ends.

    Take it before reading what is to be changed: on PostgreSQL it is also the lock that makes writers
    of one facility take turns, so that what is read afterwards is what they left.
    """

    def __init__(self, connection: Connection, facility_id: int) -> None:
        self._connection = connection
        self._scope = facility_id
        statement = select(col(ChangeCounter.value)).where(col(ChangeCounter.scope) == facility_id)
        value = connection.execute(statement.with_for_update()).scalar_one_or_none()
        if value is None:
            # Of two who write for a facility for the first time, one waits here for the other.
            write_rows(
                connection,
                "INSERT INTO change_counter (scope, value) VALUES (?, 0) ON CONFLICT DO NOTHING",
                [(facility_id,)],
            )
            value = connection.execute(statement.with_for_update()).scalar_one()
        self._first = self._last = value
        self._mark: int | None = None

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
            where = col(ChangeCounter.scope) == self._scope
            self._connection.execute(update(ChangeCounter).where(where).values(value=self._last))
            self._first = self._last


def last_change(session: Session, scope: int) -> int:
    """The last number given out in a scope (0: shared data); 0 when none was."""
    statement = select(col(ChangeCounter.value)).where(col(ChangeCounter.scope) == scope)
    return session.execute(statement).scalar_one_or_none() or 0


def epoch(session: Session) -> str:
    """The random id of this life of the database; `bincard restore` changes it."""
    value: str = session.execute(select(col(Meta.value)).where(col(Meta.key) == "epoch")).scalar_one()
    return value

"""What every table shares: constraint names, wide integers, and change numbers for the feed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, MetaData, event, select
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

SQLModel.metadata.naming_convention = NAMING
metadata: MetaData = SQLModel.metadata

SHARED_SCOPE = 0
"""The counter of what every device sees; a facility's own counter bears the facility's id."""


def big(default: Any = ..., *, nullable: bool = False, index: bool = False) -> Any:
    """A 64 bit integer column: quantities, money in minor units, UTC milliseconds."""
    return Field(default=default, sa_type=BigInteger, nullable=nullable, index=index)


class Meta(SQLModel, table=True):
    """Facts about this database itself, such as its epoch."""

    key: str = Field(primary_key=True, max_length=50)
    value: str


class ChangeCounter(SQLModel, table=True):
    """The last change number given out in a scope.

    Sequence order is not commit order; the row lock on the counter makes it so: whoever takes a number
    holds the row until commit, so a number is never visible before a lower one.
    """

    __tablename__ = "change_counter"

    scope: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    value: int = big(0)


class Shared(SQLModel):
    """A row that devices pull as shared data: `change` is stamped whenever the row is written."""

    change: int = big(0, index=True)


class Tombstone(SQLModel, table=True):
    """A shared row that was deleted: devices that pulled it drop it."""

    entity: str = Field(primary_key=True, max_length=32)
    key: str = Field(primary_key=True, max_length=64)
    change: int = big(0, index=True)


class Part(SQLModel):
    """A row that is shown inside a shared row: when it changes, its owner is stamped."""

    def owner(self, session: Session) -> Shared | None:
        """The shared row that this one is part of."""
        raise NotImplementedError


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _context: Any, _instances: Any) -> None:
    touched = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    written: dict[int, Shared] = {}
    with session.no_autoflush:
        for row in touched:
            owner = row.owner(session) if isinstance(row, Part) else row
            if isinstance(owner, Shared) and owner not in session.deleted:
                written[id(owner)] = owner
    if not written:
        return
    statement = select(ChangeCounter).where(ChangeCounter.scope == SHARED_SCOPE).with_for_update()  # type: ignore[arg-type]
    with session.no_autoflush:
        counter = session.execute(statement).scalar_one_or_none()
        if counter is None:
            counter = ChangeCounter(scope=SHARED_SCOPE)
            session.add(counter)
    for row in written.values():
        counter.value += 1
        row.change = counter.value

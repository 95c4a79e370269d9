"""What every table shares: constraint names, wide integers, and change numbers for the feed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, MetaData, delete, event, inspect, select, tuple_
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
    """A row that devices pull as shared data: `change` is stamped whenever the row is written.

    Devices know it by its table's name and its code, a person by the name, a recall by its id. Deleting the row, or
    giving it another code, leaves a Tombstone under the old one.
    """

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


Name = tuple[str, str]
"""What devices know a shared row by: its entity and its key."""

NAMES_MAX = 500
"""Names in one statement."""


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _context: Any, _instances: Any) -> None:
    touched = [*session.new, *session.deleted, *(row for row in session.dirty if session.is_modified(row))]
    written: dict[int, Shared] = {}
    with session.no_autoflush:
        for row in touched:
            owner = row.owner(session) if isinstance(row, Part) else row
            if isinstance(owner, Shared) and owner not in session.deleted:
                written[id(owner)] = owner
        if not written and not any(isinstance(row, Shared) for row in session.deleted):
            return
        came, went = _names(session)
        counter = _shared_counter(session)
        for row in written.values():
            counter.value += 1
            row.change = counter.value
        if came or went:
            _unbury(session, sorted(came | went))
        for entity, key_text in sorted(went - came):
            counter.value += 1
            session.add(Tombstone(entity=entity, key=key_text, change=counter.value))


def _unbury(session: Session, names: list[Name]) -> None:
    for start in range(0, len(names), NAMES_MAX):
        key = tuple_(Tombstone.entity, Tombstone.key)
        session.execute(delete(Tombstone).where(key.in_(names[start : start + NAMES_MAX])))


def _shared_counter(session: Session) -> ChangeCounter:
    """The counter of shared data, locked until this transaction ends."""
    statement = select(ChangeCounter).where(ChangeCounter.scope == SHARED_SCOPE).with_for_update()  # type: ignore[arg-type]
    counter = session.execute(statement).scalar_one_or_none()
    if counter is None:
        counter = ChangeCounter(scope=SHARED_SCOPE)
        session.add(counter)
    return counter


def _names(session: Session) -> tuple[set[Name], set[Name]]:
    """Names that shared rows come to bear with this flush, and names that it takes away."""
    came: set[Name] = set()
    went: set[Name] = set()
    for row in session.new:
        if isinstance(row, Shared):
            came.add(_name(row))
    for row in session.deleted:
        if isinstance(row, Shared):
            went.update(_former(row) or {_name(row)})
    for row in session.dirty:
        if isinstance(row, Shared) and (former := _former(row)):
            came.add(_name(row))
            went |= former
    return came, went


def _key(row: Shared) -> str:
    return next(name for name in ("code", "name", "id") if name in type(row).model_fields)


def _name(row: Shared) -> Name:
    return str(row.__tablename__), str(getattr(row, _key(row)))


def _former(row: Shared) -> set[Name]:
    """The name that the row had until now, where it is another one."""
    history = inspect(row).attrs[_key(row)].history
    return {(str(row.__tablename__), str(old)) for old in history.deleted or ()}

"""Writing registers: sayings into the ledger, and beside it what stands, the latest whatever the order of arrival.

All of a facility, under its counter's lock (services.changes.Numbers), in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, delete, select
from sqlmodel import col

from backend.db import insert_rows, write_rows
from backend.models import Register, Saying
from backend.services.card_store import chunked
from backend.services.changes import Numbers
from sync.fold import SortKey
from sync.registers import VVM

SAYING_COLUMNS = ("facility_id", "name", "key", "operation_id", "effective_at", "value")
_UPSERT = (
    "INSERT INTO register (facility_id, name, key, effective_at, operation_id, value, change) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (facility_id, name, key) DO UPDATE SET "
    "effective_at = excluded.effective_at, operation_id = excluded.operation_id, value = excluded.value, "
    "change = excluded.change"
)
_TOUCH_CARD = (
    "UPDATE card SET change = ? "
    "WHERE facility_id = ? AND product_id = ? AND lot = ? AND location = ? AND account = ?"
)

Which = tuple[str, str]
"""(name, key) of a register."""


class Told(NamedTuple):
    """What one operation said of one register; `value` is JSON text."""

    name: str
    key: str
    effective_at: int
    operation_id: str
    value: str

    @property
    def which(self) -> Which:
        """The register."""
        return self.name, self.key

    @property
    def place(self) -> SortKey:
        """Its place among all that was said of the register."""
        return self.effective_at, self.operation_id


def tell(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    told: Sequence[Told],
    products: Mapping[str, int],
) -> None:
    """Write down what was said, and what stands after it. `products` are ids by code, for the cards' stages."""
    rows = [(facility_id, one.name, one.key, one.operation_id, one.effective_at, one.value) for one in told]
    insert_rows(connection, "saying", SAYING_COLUMNS, rows)
    latest = latest_of(told)
    standing = _standing(connection, facility_id, latest)
    newer = [one for which, one in latest.items() if which not in standing or one.place > standing[which]]
    _write(connection, facility_id, numbers, newer, products)


def latest_of(told: Iterable[Told]) -> dict[Which, Told]:
    """The latest of each register. Compared here: the databases sort texts each in their own way."""
    latest: dict[Which, Told] = {}
    for one in told:
        if one.which not in latest or one.place > latest[one.which].place:
            latest[one.which] = one
    return latest


def differences(connection: Connection, facility_id: int) -> tuple[list[Told], list[Which]]:
    """Registers that are not what the sayings say: as they should be, and those that nothing speaks of."""
    said = select(
        *(
            col(Saying.name),
            col(Saying.key),
            col(Saying.effective_at),
            col(Saying.operation_id),
            col(Saying.value),
        )
    ).where(col(Saying.facility_id) == facility_id)
    should = latest_of(Told._make(row) for row in connection.execute(said))
    stored = {one.which: one for one in _stored(connection, facility_id)}
    wrong = [one for which, one in sorted(should.items()) if stored.get(which) != one]
    return wrong, sorted(stored.keys() - should.keys())


def mend(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    wrong: Sequence[Told],
    strays: Iterable[Which],
    products: Mapping[str, int],
) -> None:
    """Bring the registers to what `differences` found."""
    _write(connection, facility_id, numbers, wrong, products)
    for name, key in strays:
        where = (
            col(Register.facility_id) == facility_id,
            col(Register.name) == name,
            col(Register.key) == key,
        )
        connection.execute(delete(Register).where(*where))
        _touch_cards(connection, facility_id, numbers, [(name, key)], products)


def stages(connection: Connection, facility_id: int) -> dict[str, tuple[int, SortKey]]:
    """The VVM stage of each card of a facility that one was seen on, and its place, by the register's key."""
    return {
        one.key: (msgspec.json.decode(one.value, type=int), one.place)
        for one in _stored(connection, facility_id, VVM)
    }


def _stored(connection: Connection, facility_id: int, name: str | None = None) -> list[Told]:
    columns = (Register.name, Register.key, Register.effective_at, Register.operation_id, Register.value)
    statement = select(*map(col, columns)).where(col(Register.facility_id) == facility_id)
    if name is not None:
        statement = statement.where(col(Register.name) == name)
    return [Told._make(row) for row in connection.execute(statement)]


def _standing(connection: Connection, facility_id: int, wanted: Iterable[Which]) -> dict[Which, SortKey]:
    by_name: dict[str, list[str]] = {}
    for name, key in wanted:
        by_name.setdefault(name, []).append(key)
    found: dict[Which, SortKey] = {}
    for name, keys in by_name.items():
        for part in chunked(keys):
            statement = select(
                col(Register.key), col(Register.effective_at), col(Register.operation_id)
            ).where(
                col(Register.facility_id) == facility_id,
                col(Register.name) == name,
                col(Register.key).in_(part),
            )
            for key, at, id_ in connection.execute(statement):
                found[name, key] = at, id_
    return found


def _write(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    told: Iterable[Told],
    products: Mapping[str, int],
) -> None:
    rows = [
        (facility_id, one.name, one.key, one.effective_at, one.operation_id, one.value, numbers.next())
        for one in told
    ]
    write_rows(connection, _UPSERT, rows)
    _touch_cards(connection, facility_id, numbers, [row[1:3] for row in rows], products)


def _touch_cards(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    changed: Iterable[Which],
    products: Mapping[str, int],
) -> None:
    """A card whose stage is another now is pulled again; one that is made later takes its stage with it."""
    rows = []
    for name, key in changed:
        if name == VVM:
            product, *place = msgspec.json.decode(key, type=tuple[str, str, str, str])
            if product in products:
                rows.append((numbers.next(), facility_id, products[product], *place))
    write_rows(connection, _TOUCH_CARD, rows)

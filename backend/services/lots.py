"""Lots as a facility knows them: the expiry to use, and whether what was told of it contradicts itself."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import Connection, and_, exists, select
from sqlmodel import col

from backend.db import write_rows
from backend.models import Card, Decision, Fact, Reversal
from backend.services.changes import Numbers
from backend.services.exceptions import SEPARATOR, Flag
from backend.services.postings import LotKey, Posting
from sync import conflicts

Told = dict[LotKey, dict[str | None, tuple[int, str]]]
"""Each expiry told for a lot, None for none, with the first fact that told it, as (effective_at, operation id)."""

_KNOWN_SQLITE = (
    "SELECT product_id, number, expiry FROM lot WHERE facility_id = ? AND (product_id, number) IN "
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)
_KNOWN_POSTGRES = (
    "SELECT product_id, number, expiry FROM lot WHERE facility_id = %s AND (product_id, number) IN "
    "(SELECT (pair->>0)::integer, pair->>1 FROM json_array_elements(%s::json) AS pair)"
)


def told_by(postings: Iterable[Posting]) -> dict[LotKey, set[str | None]]:
    """The expiry dates that operations tell of each lot they name."""
    told: dict[LotKey, set[str | None]] = {}
    for posting in postings:
        for entry in posting.entries:
            if entry.lot:
                key = entry.product_id, entry.lot
                if key in told:
                    told[key].add(entry.expiry)
                else:
                    told[key] = {entry.expiry}
    return told


def settle(
    connection: Connection,
    facility_id: int,
    facility: str,
    numbers: Numbers,
    told: Mapping[LotKey, set[str | None]],
    doubtful: Collection[LotKey],
    product_codes: Mapping[int, str],
    known: dict[LotKey, str | None],
) -> tuple[list[Flag], list[str]]:
    """Store lots heard of; look closely at those told otherwise than before and at the `doubtful` ones.

    The facts are in the ledger already. Returns exceptions to raise, and ids of those to close. `known` are expiries
    that are stored; what is read and written here is added.
    """
    missing = (told.keys() | set(doubtful)) - known.keys()
    if missing:
        known |= _stored(connection, facility_id, missing)
    rows: list[tuple[int, int, str, str | None, int]] = []
    close_look = set(doubtful)
    for lot, expiries in told.items():
        dates = expiries - {None}
        stored = known.get(lot)
        if lot not in known and len(dates) <= 1:
            rows.append((facility_id, *lot, next(iter(dates), None), numbers.next()))
        elif dates and dates != {stored}:
            close_look.add(lot)
    flags: list[Flag] = []
    closed: list[str] = []
    for lot in sorted(close_look):
        expiry, flag, stands = _looked_at(connection, facility_id, facility, lot, product_codes[lot[0]])
        if lot not in known or known[lot] != expiry:
            rows.append((facility_id, *lot, expiry, numbers.next()))
        if stands:
            flags.append(flag)
        else:
            closed.append(flag.id_at(facility))
    known |= {(product, number): expiry for _, product, number, expiry, _ in rows}
    write_rows(
        connection,
        "INSERT INTO lot (facility_id, product_id, number, expiry, change) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (facility_id, product_id, number) "
        "DO UPDATE SET expiry = excluded.expiry, change = excluded.change",
        rows,
    )
    return flags, closed


def expiries_told(connection: Connection, facility_id: int, lots: Collection[LotKey] | None = None) -> Told:
    """What the standing facts of a facility tell of these lots, or of all."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == facility_id, col(Reversal.operation_id) == col(Fact.operation_id)
    )
    statement = (
        select(
            col(Card.product_id),
            col(Card.lot),
            col(Fact.expiry),
            col(Fact.effective_at),
            col(Fact.operation_id),
        )
        .join(Fact, and_(col(Fact.facility_id) == col(Card.facility_id), col(Fact.card) == col(Card.number)))
        .where(col(Card.facility_id) == facility_id, col(Card.lot) != "", ~reversed_)
        .where(col(Fact.line) >= 0)
    )
    wanted = [None] if lots is None else sorted(lots)
    found: Told = defaultdict(dict)
    for lot in wanted:
        here = statement
        if lot is not None:
            here = statement.where(col(Card.product_id) == lot[0], col(Card.lot) == lot[1])
        for product, number, expiry, at, operation in connection.execute(here):
            before = found[product, number].get(expiry)
            found[product, number][expiry] = min(before or (at, operation), (at, operation))
    return found


def decided_expiry(connection: Connection, facility_id: int, exception_id: str) -> str | None:
    """The date that a person decided on last, None if nobody did."""
    statement = (
        select(col(Decision.detail))
        .where(
            col(Decision.facility_id) == facility_id,
            col(Decision.subject) == exception_id,
            col(Decision.action) == "expiry",
        )
        .order_by(col(Decision.decided_at).desc(), col(Decision.id).desc())
        .limit(1)
    )
    detail = connection.execute(statement).scalar_one_or_none()
    return None if detail is None else json.loads(detail)["expiry"]


def judged(
    lot: LotKey, told: Mapping[str | None, tuple[int, str]], product: str
) -> tuple[str | None, Flag, bool]:
    """(earliest expiry, its exception, whether that stands) by what facts told of a lot."""
    dates = {expiry: by for expiry, by in told.items() if expiry is not None}
    earliest, contradict = conflicts.lot_expiries(dates)
    first = min(dates.values(), default=(0, ""))
    others = [by for by in dates.values() if by != first]
    operation = min(others, default=first)[1]
    detail = {"product": product, "lot": lot[1], "expiries": sorted(dates)}
    flag = Flag(
        "lot_expiry",
        operation,
        -1,
        detail,
        SEPARATOR.join((product, lot[1])),
        other=first[1],
        of_subject=True,
    )
    return earliest, flag, contradict


def _looked_at(
    connection: Connection, facility_id: int, facility: str, lot: LotKey, product: str
) -> tuple[str | None, Flag, bool]:
    told = expiries_told(connection, facility_id, [lot]).get(lot, {})
    expiry, flag, stands = judged(lot, told, product)
    decided = decided_expiry(connection, facility_id, flag.id_at(facility)) if stands else None
    return decided or expiry, flag, stands


def _stored(connection: Connection, facility_id: int, lots: Iterable[LotKey]) -> dict[LotKey, str | None]:
    pairs = json.dumps(sorted(lots))
    statement = _KNOWN_SQLITE if connection.dialect.name == "sqlite" else _KNOWN_POSTGRES
    rows: Sequence[tuple[int, str, str | None]] = connection.exec_driver_sql(
        statement, (facility_id, pairs)
    ).cursor.fetchall()
    return {(product, number): expiry for product, number, expiry in rows}

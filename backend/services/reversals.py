"""Reversals: which operations are out of the fold, where they stood, and which reversals changed nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select
from sqlmodel import col

from backend.db import write_rows
from backend.models import Displacement, Fact
from backend.models import Reversal as Row
from backend.services import exceptions
from backend.services.changes import Numbers
from backend.services.exceptions import Flag
from backend.services.late import Desk
from backend.services.postings import Posting, Reversal
from sync import conflicts
from sync.fold import SortKey

_ANY = "SELECT 1 FROM reversal WHERE facility_id = {} LIMIT 1"
_BEFORE_SQLITE = (
    "SELECT DISTINCT operation_id FROM reversal WHERE facility_id = ? AND operation_id IN "
    "(SELECT value FROM json_each(?))"
)
_BEFORE_POSTGRES = (
    "SELECT DISTINCT operation_id FROM reversal WHERE facility_id = %s AND operation_id IN "
    "(SELECT json_array_elements_text(%s::json))"
)


@dataclass(slots=True)
class Reversed:
    """`operations` are reversed now, `before` are new ones that are reversed from the first.

    `places` are where the operations reversed now stood, by card.
    """

    operations: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    places: dict[int, list[SortKey]] = field(default_factory=dict)
    flags: list[Flag] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def reverse(
    desk: Desk, numbers: Numbers, postings: Sequence[Posting], reversals: Sequence[Reversal], now: int
) -> Reversed:
    """Write reversals down, find what they take out of the fold, and which of them come second."""
    done = Reversed()
    if postings:
        done.before = reversed_before(
            desk.connection, desk.facility_id, [one.operation_id for one in postings]
        )
    if not reversals:
        return done
    rows = [(desk.facility_id, one.operation_id, one.reversed_by, one.effective_at) for one in reversals]
    write_rows(
        desk.connection,
        "INSERT INTO reversal (facility_id, operation_id, reversed_by, effective_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        rows,
    )
    done.operations = {one.operation_id for one in reversals}
    done.before |= done.operations & {one.operation_id for one in postings}
    done.places = _places(desk.connection, desk.facility_id, done.operations)
    done.closed = exceptions.standing_of(
        desk.connection, desk.facility_id, done.operations, conflicts.OF_THE_FACT - {"negative_stock"}
    )
    flags = {flag.id_at(desk.facility): flag for flag in _second(desk, done.operations)}
    by = {one.reversed_by for one in reversals} | {flag.operation_id for flag in flags.values()}
    by |= {reverser for _, reverser, _ in _reversals(desk, done.operations)}
    standing = set(exceptions.standing_of(desk.connection, desk.facility_id, by, ("already_reversed",)))
    done.flags = [flag for id_, flag in flags.items() if id_ not in standing]
    done.closed += sorted(standing - flags.keys())
    return done


def reversed_before(connection: Connection, facility_id: int, operations: Collection[str]) -> set[str]:
    """Which of these operations are reversed already."""
    sqlite = connection.dialect.name == "sqlite"
    mark = "?" if sqlite else "%s"
    if connection.exec_driver_sql(_ANY.format(mark), (facility_id,)).first() is None:
        return set()
    statement = _BEFORE_SQLITE if sqlite else _BEFORE_POSTGRES
    found = connection.exec_driver_sql(statement, (facility_id, json.dumps(list(operations))))
    return {row[0] for row in found}


def _places(
    connection: Connection, facility_id: int, operations: Collection[str]
) -> dict[int, list[SortKey]]:
    """Where operations are on cards, by card: their own places, and those that people moved them to."""
    places: dict[int, list[SortKey]] = defaultdict(list)
    own = (
        select(col(Fact.card), col(Fact.effective_at), col(Fact.operation_id))
        .where(col(Fact.facility_id) == facility_id, col(Fact.operation_id).in_(list(operations)))
        .distinct()
    )
    for card, at, id_ in connection.execute(own):
        places[card].append((at, id_))
    moved = select(col(Displacement.card), col(Displacement.at), col(Displacement.place_id)).where(
        col(Displacement.facility_id) == facility_id,
        col(Displacement.operation_id).in_(list(operations)),
        col(Displacement.at).is_not(None),
    )
    for card, place, place_id in connection.execute(moved):
        places[card].append((place or 0, place_id or ""))
    return dict(places)


def _second(desk: Desk, operations: Collection[str]) -> list[Flag]:
    """An `already_reversed` for every reversal of these operations that is not the first in effective order."""
    by_target: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for target, by, at in _reversals(desk, operations):
        by_target[target].append((at, by))
    return [
        Flag("already_reversed", by, -1, {"operation": target})
        for target, ones in by_target.items()
        for by in conflicts.already_reversed(ones)
    ]


def _reversals(desk: Desk, operations: Collection[str]) -> list[tuple[str, str, int]]:
    """(operation, reversed by, effective_at of the reversal)."""
    statement = select(col(Row.operation_id), col(Row.reversed_by), col(Row.effective_at)).where(
        col(Row.facility_id) == desk.facility_id, col(Row.operation_id).in_(list(operations))
    )
    return [(target, by, at) for target, by, at in desk.connection.execute(statement)]


def reversers_of(
    connection: Connection, facility_id: int, operations: Collection[str]
) -> list[tuple[str, str]]:
    """(operation, reversed by) of these operations."""
    statement = select(col(Row.operation_id), col(Row.reversed_by)).where(
        col(Row.facility_id) == facility_id, col(Row.operation_id).in_(list(operations))
    )
    return [(target, by) for target, by in connection.execute(statement)]

"""Exceptions as a projection: raised with an operation, opened and closed with the facts."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_one

from backend.db import write_rows
from backend.ids import derived_id
from backend.models import Facility, StockException
from backend.services.changes import Numbers
from backend.services.postings import CardKey

SEPARATOR = "\x1f"
MANY = 500
"""More operations than these are not named one by one in a statement: databases take so many values only."""


class Flag(Struct, frozen=True, gc=False):
    """Something about an operation that looks wrong; `line` -1 speaks of the whole.

    `subject` is what the exception is keyed by beside the operation: its card, or by default its line.
    `other` is a second operation concerned. What is keyed by its subject alone (`of_subject`) stays the same
    exception whichever operation shows it.
    """

    code: str
    operation_id: str
    line: int = -1
    detail: Mapping[str, object] = {}
    subject: str = ""
    card: int | None = None
    other: str = ""
    of_subject: bool = False

    def id_at(self, facility: str) -> str:
        """The exception's id: the same for the same facts at a facility (its code), on any server."""
        operation = "" if self.of_subject else self.operation_id
        return derived_id(facility, self.code, operation, self.subject or str(self.line))


def as_answer(flags: Iterable[Flag], facility: str) -> list[dict[str, object]]:
    """The exceptions of an answer as they go on the wire; `facility` is the code of where they stand."""
    return [
        {"id": flag.id_at(facility), "code": flag.code, "line": flag.line, "detail": dict(flag.detail)}
        for flag in flags
    ]


def card_detail(key: CardKey, product: str) -> dict[str, object]:
    """A card as exceptions name it; `product` is the product's code."""
    _, lot, location, account = key
    return {"product": product, "lot": lot, "location": location, "account": account}


def card_subject(key: CardKey, product: str, *others: str) -> str:
    """The text that keys an exception of a card."""
    return SEPARATOR.join((product, *key[1:], *others))


def by_operation(flags: Iterable[Flag]) -> dict[str, list[Flag]]:
    """Flags under each operation that they concern."""
    standing: dict[str, list[Flag]] = defaultdict(list)
    for flag in flags:
        standing[flag.operation_id].append(flag)
        if flag.other and flag.other != flag.operation_id:
            standing[flag.other].append(flag)
    return standing


def facility_code(session: Session, facility_id: int) -> str:
    """The code that names a facility on every server."""
    return session.exec(select_one(Facility.code).where(Facility.id == facility_id)).one()


def raise_flags(
    connection: Connection,
    facility_id: int,
    facility: str,
    numbers: Numbers,
    flags: Sequence[Flag],
    now: int,
) -> None:
    """Open these exceptions, or open them again; one that a person resolved stays resolved."""
    write_rows(
        connection,
        "INSERT INTO exception (facility_id, id, code, operation_id, line, card, detail, opened_at, closed_at, "
        "other_id, assigned_to, resolved_by, action, note, change) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, '', '', '', '', ?) "
        "ON CONFLICT (facility_id, id) DO UPDATE SET closed_at = NULL, operation_id = excluded.operation_id, "
        "line = excluded.line, detail = excluded.detail, other_id = excluded.other_id, change = excluded.change",
        [
            (
                facility_id,
                flag.id_at(facility),
                flag.code,
                flag.operation_id,
                flag.line,
                flag.card,
                json.dumps(flag.detail, ensure_ascii=False),
                now,
                flag.other,
                numbers.next(),
            )
            for flag in flags
        ],
    )


def close(connection: Connection, facility_id: int, numbers: Numbers, ids: Collection[str], now: int) -> None:
    """Close exceptions by id; those that do not stand stay as they are."""
    write_rows(
        connection,
        "UPDATE exception SET closed_at = ?, change = ? WHERE facility_id = ? AND id = ? AND closed_at IS NULL",
        [(now, numbers.next(), facility_id, id_) for id_ in ids],
    )


def standing_of(
    connection: Connection,
    facility_id: int,
    operations: Collection[str],
    codes: Collection[str],
    card: int | None = None,
) -> list[str]:
    """Ids of exceptions with these codes that stand and concern one of these operations, on one card if given."""
    wanted = set(operations)
    operation, other = col(StockException.operation_id), col(StockException.other_id)
    statement = select(col(StockException.id), operation, other).where(
        col(StockException.facility_id) == facility_id,
        col(StockException.code).in_(list(codes)),
        col(StockException.closed_at).is_(None),
    )
    if len(wanted) <= MANY:
        statement = statement.where(or_(operation.in_(wanted), other.in_(wanted)))
    if card is not None:
        statement = statement.where(col(StockException.card) == card)
    return [id_ for id_, one, second in connection.execute(statement) if not wanted.isdisjoint((one, second))]


def overlapping(connection: Connection, facility_id: int, counts: Collection[str], card: int) -> list[str]:
    """Ids of the `count_overlap` that stand between these counts and something else on a card."""
    statement = select(col(StockException.id)).where(
        col(StockException.facility_id) == facility_id,
        col(StockException.other_id).in_(list(counts)),
        col(StockException.code) == "count_overlap",
        col(StockException.card) == card,
        col(StockException.closed_at).is_(None),
    )
    return list(connection.execute(statement).scalars())

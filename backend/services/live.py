"""What changed for people who watch: card and exception rows past the change numbers they know."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from backend.models import Card, ChangeCounter, Facility, Product, StockException
from backend.models.base import SHARED_SCOPE

CHANGES_MAX = 500
"""More changes than this at once are not told one by one: the watcher looks afresh."""
_CHUNK = 100


@dataclass(frozen=True, slots=True)
class Change:
    """One row that changed, small enough to be sent: `event` is `card` or `exception`."""

    facility_id: int
    number: int
    event: str
    product_id: int | None
    data: Mapping[str, object]


def change_numbers(session: Session, facility_ids: Collection[int] | None = None) -> dict[int, int]:
    """The last change number by facility id, of those facilities (None: of all) that ever changed."""
    statement = select(col(ChangeCounter.scope), col(ChangeCounter.value)).where(
        col(ChangeCounter.scope) != SHARED_SCOPE
    )
    if facility_ids is not None and len(facility_ids) <= CHANGES_MAX:
        statement = statement.where(col(ChangeCounter.scope).in_(facility_ids))
    return {
        facility: number
        for facility, number in session.execute(statement)
        if facility_ids is None or facility in facility_ids
    }


def changes_after(
    session: Session, known: Mapping[int, int], limit: int = CHANGES_MAX
) -> list[Change] | None:
    """Rows with a change number above the known one of each facility named, in the order of their numbers.

    None when there are more than `limit` of them.
    """
    found: list[Change] = []
    for part in _chunked(known.items()):
        found += _cards(session, part, limit + 1)
        found += _exceptions(session, part, limit + 1)
        if len(found) > limit:
            return None
    return sorted(found, key=lambda change: (change.facility_id, change.number))


def _cards(session: Session, known: list[tuple[int, int]], limit: int) -> Iterator[Change]:
    statement = (
        select(
            col(Card.facility_id),
            col(Card.change),
            col(Card.product_id),
            col(Facility.code),
            col(Product.code),
            col(Card.lot),
            col(Card.location),
            col(Card.account),
            col(Card.on_hand),
        )
        .join(Facility, col(Facility.id) == col(Card.facility_id))
        .join(Product, col(Product.id) == col(Card.product_id))
        .where(_past(col(Card.facility_id), col(Card.change), known))
        .limit(limit)
    )
    for facility_id, number, product_id, *told in session.execute(statement):
        names = ("facility", "product", "lot", "location", "account", "on_hand")
        yield Change(
            facility_id,
            number,
            "card",
            product_id,
            {**dict(zip(names, told, strict=True)), "version": number},
        )


def _exceptions(session: Session, known: list[tuple[int, int]], limit: int) -> Iterator[Change]:
    on_card = and_(
        col(Card.facility_id) == col(StockException.facility_id), col(Card.number) == col(StockException.card)
    )
    statement = (
        select(
            col(StockException.facility_id),
            col(StockException.change),
            col(Card.product_id),
            col(StockException.closed_at),
            col(StockException.resolved_at),
            col(Facility.code),
            col(StockException.id),
            col(StockException.code),
            col(StockException.operation_id),
            col(StockException.line),
        )
        .join(Facility, col(Facility.id) == col(StockException.facility_id))
        .join(Card, on_card, isouter=True)
        .where(_past(col(StockException.facility_id), col(StockException.change), known))
        .limit(limit)
    )
    for facility_id, number, product_id, closed_at, resolved_at, *told in session.execute(statement):
        names = ("facility", "id", "code", "operation", "line")
        state = "closed" if closed_at is not None else "open" if resolved_at is None else "resolved"
        data = {**dict(zip(names, told, strict=True)), "state": state}
        yield Change(facility_id, number, "exception", product_id, data)


def _past(
    facility: Mapped[int], change: Mapped[int], known: Iterable[tuple[int, int]]
) -> ColumnElement[bool]:
    # One range of the (facility, change) index for each facility.
    return or_(*(and_(facility == id_, change > number) for id_, number in known))


def _chunked(items: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    rest = iter(items)
    while part := list(islice(rest, _CHUNK)):
        yield part

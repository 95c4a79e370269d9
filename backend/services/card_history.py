"""One product at one facility: its cards, and what moved on them, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, select, tuple_
from sqlmodel import Session, col

from backend.models import Card, CountResult, Displacement, Fact, Lot, Operation, Reason, Reversal
from backend.problems import Problem
from backend.services.operation_view import released_copies
from backend.services.sight import Country, Item, Place, Sight
from backend.services.stock import Position

MOVEMENTS_MAX = 50


@dataclass(frozen=True, slots=True)
class CardLine:
    """A stock card; `counted_at` is the moment of its last standing count."""

    lot: str
    expiry: str | None
    location: str
    account: str
    on_hand: int
    counted_at: int | None


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of an operation on a card. `variance` is what a count found beside the book, None if it does not stand.

    `fold` is as of a line of an operation (operation_view): `moved`, `out` or empty.
    """

    operation_id: str
    kind: str
    author: str
    effective_at: int
    flow: str
    quantity: int
    lot: str
    reason: str | None
    variance: int | None
    opening: bool
    is_reversed: bool
    fold: str


@dataclass(frozen=True, slots=True)
class CardsPage:
    """The page; `older` is where the next, older movements begin, None when there are no more."""

    place: Place
    item: Item
    way: Sequence[tuple[int, str]]
    position: Position | None
    cards: Sequence[CardLine]
    movements: Sequence[Movement]
    older: str | None


def cards_page(
    session: Session, sight: Sight, *, facility: str, product: str, before: str | None
) -> CardsPage:
    """Cards and movements of a product at a facility, both by code.

    Raises Problem 404 out of sight and 400 for a `before` that is none of ours.
    """
    country = Country(session, sight)
    place, item = country.place(facility), country.item(product)
    positions = country.positions(frozenset({place.id}))
    position = next((one for one in positions if one.product_id == item.id), None)
    cards = _cards(session, place.id, item.id)
    movements, older = _movements(session, place.id, item.id, _place_of(before) if before else None)
    return CardsPage(place, item, country.way(place.zone_id), position, cards, movements, older)


def _cards(session: Session, facility_id: int, product_id: int) -> list[CardLine]:
    same_lot = and_(
        col(Lot.facility_id) == col(Card.facility_id),
        col(Lot.product_id) == col(Card.product_id),
        col(Lot.number) == col(Card.lot),
    )
    rows = session.execute(
        select(
            col(Card.lot),
            col(Lot.expiry),
            col(Card.location),
            col(Card.account),
            col(Card.on_hand),
            col(Card.counted_at),
        )
        .join(Lot, same_lot, isouter=True)
        .where(col(Card.facility_id) == facility_id, col(Card.product_id) == product_id)
    )
    # First what expires first; empty cards last.
    return sorted(
        (CardLine(*row) for row in rows),
        key=lambda card: (card.on_hand == 0, card.expiry or "9999", card.lot, card.location, card.account),
    )


def _movements(
    session: Session, facility_id: int, product_id: int, before: tuple[int, str, int, int] | None
) -> tuple[list[Movement], str | None]:
    place = (col(Fact.effective_at), col(Fact.operation_id), col(Fact.card), col(Fact.line))
    wanted: list[ColumnElement[bool]] = [
        col(Fact.facility_id) == facility_id,
        col(Card.product_id) == product_id,
    ]
    if before is not None:
        wanted.append(tuple_(*place) < tuple_(*before))
    same_fact = and_(
        col(CountResult.facility_id) == col(Fact.facility_id),
        col(CountResult.card) == col(Fact.card),
        col(CountResult.effective_at) == col(Fact.effective_at),
        col(CountResult.operation_id) == col(Fact.operation_id),
    )
    rows = session.execute(
        select(
            *place,
            col(Operation.kind),
            col(Operation.author),
            col(Fact.flow),
            col(Fact.quantity),
            col(Card.lot),
            col(Reason.name),
            col(CountResult.variance),
            col(CountResult.opening),
            _is_reversed(),
            col(Displacement.card).is_not(None),
            col(Displacement.at),
        )
        .join(Card, and_(col(Card.facility_id) == col(Fact.facility_id), col(Card.number) == col(Fact.card)))
        .join(
            Operation,
            and_(
                col(Operation.facility_id) == col(Fact.facility_id),
                col(Operation.id) == col(Fact.operation_id),
                col(Operation.copy_number) == 0,
            ),
            isouter=True,
        )
        .join(Reason, col(Reason.id) == col(Fact.reason_id), isouter=True)
        .join(CountResult, same_fact, isouter=True)
        .join(
            Displacement,
            and_(
                col(Displacement.facility_id) == col(Fact.facility_id),
                col(Displacement.card) == col(Fact.card),
                col(Displacement.operation_id) == col(Fact.operation_id),
            ),
            isouter=True,
        )
        .where(*wanted)
        .order_by(*(column.desc() for column in place))
        .limit(MOVEMENTS_MAX + 1)
    ).all()
    shown = rows[:MOVEMENTS_MAX]
    # What a person released from under another's id has no operation of that id: it says itself who recorded it.
    copies = released_copies(session) if any(row[4] is None for row in shown) else {}
    movements = [
        Movement(
            operation_id=row[1],
            kind=row[4] or (copies[row[1]].kind if row[1] in copies else ""),
            author=row[5] or (copies[row[1]].author if row[1] in copies else ""),
            effective_at=row[0],
            flow=row[6],
            quantity=row[7],
            lot=row[8],
            reason=row[9],
            variance=row[10],
            opening=bool(row[11]),
            is_reversed=bool(row[12]),
            fold="" if not row[13] else "out" if row[14] is None else "moved",
        )
        for row in shown
    ]
    older = ".".join(map(str, shown[-1][:4])) if len(rows) > len(shown) else None
    return movements, older


def _is_reversed() -> ColumnElement[bool]:
    return exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )


def _place_of(text: str) -> tuple[int, str, int, int]:
    parts = text.split(".")
    numbers = [parts[index] for index in (0, 2, 3)] if len(parts) == 4 else []
    if not numbers or not all(one.isascii() and one.isdigit() and len(one) < 19 for one in numbers):
        raise Problem(400, "bad_cursor", "This address is not complete.")
    return int(parts[0]), parts[1], int(parts[2]), int(parts[3])

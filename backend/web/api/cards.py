"""GET /api/v1/cards: stock cards with their stock on hand, of a facility, of a product, or of both."""

from __future__ import annotations

from typing import Any

from litestar import get
from msgspec import Struct
from sqlalchemy import and_
from sqlmodel import Session, col, select

from backend.clock import to_iso
from backend.db import Database
from backend.models import Card, Facility, Lot, Product
from backend.web.api.paging import LIMIT_DEFAULT, Code, Cursor, Limit, Page, after, paged, past
from backend.web.api.scoping import facility_id, product_id, scope_of, within
from backend.web.guards import requires
from backend.web.viewer import Viewer

_LIST = "cards"


class CardOut(Struct):
    """A stock card; an absent lot, location or account is "", an absent expiry null.

    `version` grows whenever the card changes. `last_counted_at` is the moment of the last standing count.
    """

    facility: str
    product: str
    lot: str
    expiry: str | None
    location: str
    account: str
    on_hand: int
    last_counted_at: str | None
    version: int


@get("/cards", guards=[requires("stock.view")], tags=["read"])
async def list_cards(
    db: Database,
    viewer: Viewer,
    facility: Code = None,
    product: Code = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[CardOut]:
    """Cards in a steady order; 404 for a facility or a product that is not there or not in sight."""
    return await db.read(_read, viewer, facility, product, after(cursor, _LIST, int, int), limit)


def _read(
    session: Session,
    viewer: Viewer,
    facility: str | None,
    product: str | None,
    key: tuple[str | int, ...] | None,
    limit: int,
) -> Page[CardOut]:
    scope = scope_of(session, viewer, "stock.view")
    wanted: list[Any] = [within(scope, col(Card.facility_id), col(Card.product_id))]
    if facility is not None:
        wanted.append(col(Card.facility_id) == facility_id(session, scope, facility))
    if product is not None:
        wanted.append(col(Card.product_id) == product_id(session, scope, product))
    place = [col(Card.facility_id), col(Card.number)]
    same_lot = and_(
        col(Lot.facility_id) == col(Card.facility_id),
        col(Lot.product_id) == col(Card.product_id),
        col(Lot.number) == col(Card.lot),
    )
    rows = session.exec(
        select(Card, Facility.code, Product.code, Lot.expiry)
        .join(Facility, col(Facility.id) == col(Card.facility_id))
        .join(Product, col(Product.id) == col(Card.product_id))
        .join(Lot, same_lot, isouter=True)
        .where(*wanted, past(place, key))
        .order_by(*place)
        .limit(limit + 1)
    ).all()
    return paged(rows, limit, _LIST, lambda one: (one[0].facility_id, one[0].number), _shown)


def _shown(one: tuple[Card, str, str, str | None]) -> CardOut:
    row, facility, product, expiry = one
    return CardOut(
        facility=facility,
        product=product,
        lot=row.lot,
        expiry=expiry,
        location=row.location,
        account=row.account,
        on_hand=row.on_hand,
        last_counted_at=None if row.counted_at is None else to_iso(row.counted_at),
        version=row.change,
    )


handlers = [list_cards]

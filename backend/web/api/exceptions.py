"""GET /api/v1/exceptions: what looks wrong in the ledger: open, decided about by a person, or closed."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from litestar import get
from litestar.params import QueryParameter
from msgspec import Struct
from sqlalchemy import and_
from sqlmodel import Session, col, select

from backend.clock import to_iso
from backend.db import Database
from backend.models import Card, Facility, Product, StockException
from backend.services.exception_lists import state_of
from backend.web.api.paging import LIMIT_DEFAULT, Code, Cursor, Limit, Page, after, paged, past
from backend.web.api.scoping import facility_id, scope_of, within
from backend.web.guards import requires
from backend.web.viewer import Viewer

_LIST = "exceptions"


class ExceptionOut(Struct):
    """An exception; `line` is null when it is about the whole operation, `product` and `lot` when about no card.

    `state` is `open`, `resolved` (a person decided, and it would stand otherwise) or `closed`. `other` is a second
    operation concerned; `action`, `note` and `resolved_*` are the decision that stands, null where there is none.
    """

    id: str
    facility: str
    code: str
    state: str
    operation: str
    other: str | None
    line: int | None
    product: str | None
    lot: str | None
    detail: dict[str, Any]
    opened_at: str
    closed_at: str | None
    assigned_to: str | None
    resolved_at: str | None
    resolved_by: str | None
    action: str | None
    note: str | None


@get("/exceptions", guards=[requires("exception.view")], tags=["read"])
async def list_exceptions(
    db: Database,
    viewer: Viewer,
    which: Annotated[Literal["open", "resolved", "closed"] | None, QueryParameter(name="state")] = None,
    facility: Code = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Page[ExceptionOut]:
    """Exceptions in a steady order; without `state` all of them."""
    return await db.read(_read, viewer, which, facility, after(cursor, _LIST, int, str), limit)


def _read(
    session: Session,
    viewer: Viewer,
    state: str | None,
    facility: str | None,
    key: tuple[str | int, ...] | None,
    limit: int,
) -> Page[ExceptionOut]:
    scope = scope_of(session, viewer, "exception.view")
    wanted: list[Any] = [within(scope, col(StockException.facility_id), col(Card.product_id))]
    if facility is not None:
        wanted.append(col(StockException.facility_id) == facility_id(session, scope, facility))
    closed, decided = col(StockException.closed_at), col(StockException.resolved_at)
    if state is not None:
        wanted.append(closed.is_not(None) if state == "closed" else closed.is_(None))
    if state in ("open", "resolved"):
        wanted.append(decided.is_(None) if state == "open" else decided.is_not(None))
    place = [col(StockException.facility_id), col(StockException.id)]
    on_card = and_(
        col(Card.facility_id) == col(StockException.facility_id), col(Card.number) == col(StockException.card)
    )
    rows = session.exec(
        select(StockException, Facility.code, Product.code, Card.lot)
        .join(Facility, col(Facility.id) == col(StockException.facility_id))
        .join(Card, on_card, isouter=True)
        .join(Product, col(Product.id) == col(Card.product_id), isouter=True)
        .where(*wanted, past(place, key))
        .order_by(*place)
        .limit(limit + 1)
    ).all()
    return paged(rows, limit, _LIST, lambda one: (one[0].facility_id, one[0].id), shown)


def shown(one: tuple[StockException, str, str | None, str | None]) -> ExceptionOut:
    """An exception with the codes of its facility and product, as the API gives it."""
    row, facility, product, lot = one
    return ExceptionOut(
        id=row.id,
        facility=facility,
        code=row.code,
        state=state_of(row),
        operation=row.operation_id,
        other=row.other_id or None,
        line=None if row.line < 0 else row.line,
        product=product,
        lot=lot,
        detail=json.loads(row.detail),
        opened_at=to_iso(row.opened_at),
        closed_at=None if row.closed_at is None else to_iso(row.closed_at),
        assigned_to=row.assigned_to or None,
        resolved_at=None if row.resolved_at is None else to_iso(row.resolved_at),
        resolved_by=row.resolved_by or None,
        action=row.action or None,
        note=row.note or None,
    )


handlers = [list_exceptions]

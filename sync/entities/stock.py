"""Rows of the facility itself: lots, cards, exceptions, shipments that are expected."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlmodel import col

from backend.clock import to_iso
from backend.models import Card, Facility, Lot, Product, Shipment, StockException
from backend.services.registers import stages
from sync.entities.viewpoint import Found, Viewpoint, upsert
from sync.packing import key_of
from sync.registers import key_of as register_key

EXPECTED = "expected"


def cards(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """The facility's cards; `counted` and `last` are sort keys (UTC milliseconds, operation id)."""
    statement = (
        select(Card, col(Product.code))
        .join(Product, col(Product.id) == col(Card.product_id))
        .where(col(Card.facility_id) == at.facility_id, col(Card.change) > after)
        .order_by(col(Card.change))
        .limit(limit)
    )
    found = at.session.execute(statement).all()
    seen_on = stages(at.session.connection(), at.facility_id) if found else {}
    for row, product in found:
        stage = seen_on.get(register_key(product, row.lot, row.location, row.account)) if seen_on else None
        seen = {
            "facility": at.facility_code,
            "product": product,
            "lot": row.lot,
            "location": row.location,
            "account": row.account,
            "on_hand": row.on_hand,
            "version": row.change,
            "counted": None if row.counted_at is None else [row.counted_at, row.counted_id],
            "last": None if row.last_at is None else [row.last_at, row.last_id],
            "vvm": None if stage is None else stage[0],
            "vvm_told": None if stage is None else stage[1],
        }
        yield row.change, upsert("card", f"{at.facility_code}/{row.number}", seen)


def lots(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Lots as the facility knows them."""
    statement = (
        select(Lot, col(Product.code))
        .join(Product, col(Product.id) == col(Lot.product_id))
        .where(col(Lot.facility_id) == at.facility_id, col(Lot.change) > after)
        .order_by(col(Lot.change))
        .limit(limit)
    )
    for row, product in at.session.execute(statement):
        seen: dict[str, object] = {
            "facility": at.facility_code,
            "product": product,
            "number": row.number,
            "expiry": row.expiry,
        }
        yield row.change, upsert("lot", key_of("lot", seen), seen)


def exceptions(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Exceptions of the facility; one that closed comes once more, to a device that may have it open."""
    statement = (
        select(StockException)
        .where(
            col(StockException.facility_id) == at.facility_id,
            col(StockException.change) > after,
            or_(col(StockException.closed_at).is_(None), col(StockException.change) > at.own_base),
        )
        .order_by(col(StockException.change))
        .limit(limit)
    )
    for row in at.session.scalars(statement):
        seen = {
            "id": row.id,
            "code": row.code,
            "operation": row.operation_id,
            "other": row.other_id,
            "line": row.line,
            "detail": json.loads(row.detail),
            "state": _state(row),
            "opened_at": to_iso(row.opened_at),
            "assigned_to": row.assigned_to,
            "resolved_by": row.resolved_by,
            "resolved_at": None if row.resolved_at is None else to_iso(row.resolved_at),
            "action": row.action,
            "note": row.note,
        }
        yield row.change, upsert("exception", row.id, seen)


def _state(row: StockException) -> str:
    if row.closed_at is not None:
        return "closed"
    return "open" if row.resolved_at is None else "resolved"


def shipments(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Issues of other facilities that are expected here; one that was received or reversed comes once more."""
    statement = (
        select(Shipment, col(Facility.code))
        .join(Facility, col(Facility.id) == col(Shipment.source_id))
        .where(
            col(Shipment.facility_id) == at.facility_id,
            col(Shipment.change) > after,
            or_(col(Shipment.state) == EXPECTED, col(Shipment.change) > at.own_base),
        )
        .order_by(col(Shipment.change))
        .limit(limit)
    )
    for row, source in at.session.execute(statement):
        seen = {
            "id": row.id,
            "source": source,
            "reference": row.reference,
            "issued_at": to_iso(row.effective_at),
            "lines": json.loads(row.lines),
            "state": row.state,
        }
        yield row.change, upsert("shipment", row.id, seen)

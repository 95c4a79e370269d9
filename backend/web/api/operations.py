"""GET /api/v1/operations/{id}: one operation as it was recorded, what became of it, and what stands against it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import PathParameter
from msgspec import Struct
from sqlmodel import Session, col, select

from backend.clock import to_iso
from backend.db import Database
from backend.models import Card, Facility, Operation, Product, StockException
from backend.problems import Problem
from backend.services.scope import Scope
from backend.web.api.exceptions import ExceptionOut, shown
from backend.web.api.scoping import scope_of
from backend.web.guards import requires
from backend.web.viewer import Viewer

# Deeper than any body of ours; an answer must not be deeper than what writes it can follow.
_DEPTH_MAX = 32

# Whom a medicine was given to is no part of stock; the patient's rights come with the patients.
_OF_PATIENTS = ("patient", "prescriber")
_OF_PATIENT_LINES = ("directions", "days")


class OperationOut(Struct):
    """An operation; `body` is null when what was sent could not be read, and never names a patient."""

    id: str
    facility: str
    kind: str
    author: str
    device: str | None
    seq: int | None
    recorded_at: str
    effective_at: str
    received_at: str
    outcome: str
    body: dict[str, Any] | None
    exceptions: list[ExceptionOut]


@get("/operations/{operation_id:str}", guards=[requires("stock.view")], tags=["read"])
async def get_operation(
    operation_id: Annotated[str, PathParameter(max_length=36)], db: Database, viewer: Viewer
) -> OperationOut:
    """One operation; 404 when it is not there or not in sight."""
    return await db.read(_read, viewer, operation_id)


def _read(session: Session, viewer: Viewer, operation_id: str) -> OperationOut:
    scope = scope_of(session, viewer, "stock.view")
    found = session.exec(
        select(Operation, Facility.code)
        .join(Facility, col(Facility.id) == col(Operation.facility_id))
        .where(Operation.id == operation_id)
        .order_by(col(Operation.copy_number))
    ).first()
    if found is None or not scope.has_facility(found[0].facility_id):
        raise _unknown()
    row, facility = found
    body = visible_body(row.content, _codes_in_view(session, scope))
    if scope.products is not None and not (body and body.get("lines")):
        raise _unknown()
    return OperationOut(
        id=row.id,
        facility=facility,
        kind=row.kind,
        author=row.author,
        device=row.device_id,
        seq=row.seq,
        recorded_at=to_iso(row.recorded_at),
        effective_at=to_iso(row.effective_at),
        received_at=to_iso(row.received_at),
        outcome=row.outcome,
        body=body,
        exceptions=_standing(session, scope, row, facility),
    )


def _unknown() -> Problem:
    return Problem(404, "unknown_operation", "There is no operation with this id.")


def _codes_in_view(session: Session, scope: Scope) -> frozenset[str] | None:
    if scope.products is None:
        return None
    return frozenset(session.exec(select(Product.code).where(col(Product.id).in_(scope.products))).all())


def visible_body(content: bytes, products: frozenset[str] | None) -> dict[str, Any] | None:
    """The body of an operation without patients, and without lines on products out of view (None: none is)."""
    try:
        body = json.loads(content)["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(body, dict) or not _can_be_told(body):
        return None
    seen = {name: value for name, value in body.items() if name not in _OF_PATIENTS}
    for name, lines in seen.items():
        if isinstance(lines, list):
            seen[name] = [_visible_line(line) for line in lines if _in_view(line, products)]
    return seen


def _can_be_told(body: dict[str, Any]) -> bool:
    """Whether JSON of ours can say it: what was held may hold numbers without bounds and depths without end."""
    level: list[Any] = [body]
    for _ in range(_DEPTH_MAX):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    if level:
        return False
    try:
        msgspec.json.encode(body)
    except (OverflowError, UnicodeEncodeError):
        return False
    return True


def _visible_line(line: Any) -> Any:
    if not isinstance(line, dict):
        return line
    return {name: value for name, value in line.items() if name not in _OF_PATIENT_LINES}


def _in_view(line: Any, products: frozenset[str] | None) -> bool:
    return products is None or not isinstance(line, dict) or line.get("product") in products


def _standing(session: Session, scope: Scope, row: Operation, facility: str) -> list[ExceptionOut]:
    found = session.exec(
        select(StockException, Product.code, Card.lot, Card.product_id)
        .join(
            Card,
            (col(Card.facility_id) == col(StockException.facility_id))
            & (col(Card.number) == col(StockException.card)),
            isouter=True,
        )
        .join(Product, col(Product.id) == col(Card.product_id), isouter=True)
        .where(
            StockException.facility_id == row.facility_id,
            StockException.operation_id == row.id,
            col(StockException.closed_at).is_(None),
        )
        .order_by(col(StockException.id))
    ).all()
    return [
        shown((one, facility, product, lot))
        for one, product, lot, product_id in found
        if product_id is None or scope.has_product(product_id)
    ]


handlers = [get_operation]

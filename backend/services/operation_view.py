"""One operation as a manager sees it: who, when, where, its lines, what became of it. Never a patient.

Lines of an operation in the ledger are read off its facts; those of a held one off what was sent, of which
only the members named here are looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlmodel import Session, col

from backend.models import Card, CountResult, Device, Fact, Operation, Reason, Reversal
from backend.problems import Problem
from backend.services.exception_lists import OpenException, of_operation
from backend.services.sight import Country, Place, Sight

TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class OperationLine:
    """A line. `quantity` is signed, or what was counted for flow `counted`; None if what was sent is unreadable."""

    number: int
    product: str
    product_code: str
    lot: str
    expiry: str | None
    flow: str
    quantity: int | None
    variance: int | None = None
    opening: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OperationPage:
    """The page. `party` is where goods came from or went to, `device` the name of the device that sent it."""

    id: str
    place: Place
    kind: str
    author: str
    device: str
    recorded_at: int
    effective_at: int
    received_at: int
    outcome: str
    party: str
    reference: str
    lines: Sequence[OperationLine]
    exceptions: Sequence[OpenException]
    reversed_by: str | None


def operation_page(session: Session, sight: Sight, operation_id: str) -> OperationPage:
    """The operation with this id. Raises Problem 404 where it, or all that it is about, is out of sight."""
    country = Country(session, sight)
    row = session.execute(
        select(Operation, col(Device.name))
        .join(Device, col(Device.id) == col(Operation.device_id), isouter=True)
        .where(col(Operation.id) == operation_id)
        .order_by(col(Operation.copy_number))
    ).first()
    place = country.places.get(row[0].facility_id) if row else None
    if row is None or place is None:
        raise Problem(404, "not_found", "There is nothing here.")
    operation: Operation = row[0]
    body = _body(operation.content)
    lines = _facts(session, country, operation) or _sent(country, body)
    if not lines and sight.stock.products is not None:
        raise Problem(404, "not_found", "There is nothing here.")
    return OperationPage(
        id=operation.id,
        place=place,
        kind=operation.kind,
        author=operation.author,
        device=row[1] or "",
        recorded_at=operation.recorded_at,
        effective_at=operation.effective_at,
        received_at=operation.received_at,
        outcome=operation.outcome,
        party=_party(body),
        reference=_text(body.get("reference")),
        lines=lines,
        exceptions=of_operation(session, sight.exceptions, place.id, operation.id),
        reversed_by=_reversed_by(session, place.id, operation.id),
    )


def _facts(session: Session, country: Country, operation: Operation) -> list[OperationLine]:
    on_card = and_(col(Card.facility_id) == col(Fact.facility_id), col(Card.number) == col(Fact.card))
    found = and_(
        col(CountResult.facility_id) == col(Fact.facility_id),
        col(CountResult.card) == col(Fact.card),
        col(CountResult.effective_at) == col(Fact.effective_at),
        col(CountResult.operation_id) == col(Fact.operation_id),
    )
    rows = session.execute(
        select(
            col(Fact.line),
            col(Card.product_id),
            col(Card.lot),
            col(Fact.expiry),
            col(Fact.flow),
            col(Fact.quantity),
            col(CountResult.variance),
            col(CountResult.opening),
            col(Reason.name),
        )
        .join(Card, on_card)
        .join(CountResult, found, isouter=True)
        .join(Reason, col(Reason.id) == col(Fact.reason_id), isouter=True)
        .where(col(Fact.facility_id) == operation.facility_id, col(Fact.operation_id) == operation.id)
        .order_by(col(Fact.effective_at), col(Fact.line))
    )
    return [
        OperationLine(
            number=line,
            product=country.items[product].name,
            product_code=country.items[product].code,
            lot=lot,
            expiry=expiry,
            flow=flow,
            quantity=quantity,
            variance=variance,
            opening=bool(opening),
            reason=reason or "",
        )
        for line, product, lot, expiry, flow, quantity, variance, opening, reason in rows
        if product in country.items
    ]


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sent(country: Country, body: dict[str, Any]) -> list[OperationLine]:
    lines = body.get("lines")
    by_code = {item.code: item for item in country.items.values()}
    narrowed = country.is_narrowed
    found = []
    for number, line in enumerate(lines if isinstance(lines, list) else []):
        if not isinstance(line, dict):
            continue
        code = _text(line.get("product"))
        if narrowed and code not in by_code:
            continue
        lot = line.get("lot")
        lot = lot if isinstance(lot, dict) else {}
        counted = "counted" in line
        quantity = line.get("counted" if counted else "quantity")
        found.append(
            OperationLine(
                number=number,
                product=by_code[code].name if code in by_code else code,
                product_code=code if code in by_code else "",
                lot=_text(lot.get("number")),
                expiry=None,
                flow="counted" if counted else "sent",
                quantity=quantity if type(quantity) is int else None,
                reason=_text(line.get("reason")),
            )
        )
    return found


def _party(body: dict[str, Any]) -> str:
    for side in ("source", "destination"):
        named = body.get(side)
        if isinstance(named, dict):
            return next((_text(value) for value in named.values() if isinstance(value, str)), "")
    return ""


def _text(value: object) -> str:
    return value[:TEXT_MAX] if isinstance(value, str) else ""


def _reversed_by(session: Session, facility_id: int, operation_id: str) -> str | None:
    return session.execute(
        select(col(Reversal.reversed_by)).where(
            col(Reversal.facility_id) == facility_id, col(Reversal.operation_id) == operation_id
        )
    ).scalar_one_or_none()

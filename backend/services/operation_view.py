"""One operation as a manager sees it: who, when, where, its lines, what became of it. Never a patient.

Lines of an operation in the ledger are read off its facts; those of a held one off what was sent, of which
only the members named here are looked at. What was held and then released has facts under its own id or,
where that was another's, under one that is made of its content (sync.decisions).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select, text
from sqlmodel import Session, col

from backend.ids import derived_id
from backend.models import (
    Card,
    CountResult,
    Device,
    Displacement,
    Fact,
    Operation,
    Reason,
    Reversal,
    StockException,
)
from backend.problems import Problem
from backend.services.exception_lists import ExceptionLine, of_operation
from backend.services.sight import Country, Item, Place, Sight

TEXT_MAX = 200
WORDS = {"stock.reverse": "reason", "exception.resolve": "note"}
"""Where an operation's body holds what its author wrote to people."""


@dataclass(frozen=True, slots=True)
class OperationLine:
    """A line. `quantity` is signed, or what was counted for flow `counted`; None if what was sent is unreadable.

    `fold` is `moved` for a line that a person moved across a count, `out` for one that does not count because
    another receipt had it, empty for one at its own place.
    """

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
    fold: str = ""


@dataclass(frozen=True, slots=True)
class OperationPage:
    """The page. `party` is where goods came from or went to, `device` the name of the device that sent it.

    `state` is `recorded`, `held`, `refused` (a person keeps it out) or `released` (a person entered it). `target` is
    the operation that an undoing names, `gap` the first and last delivery number of a lost stretch, `words` what its
    author wrote with an undoing or a decision.
    """

    id: str
    place: Place
    kind: str
    author: str
    device: str
    recorded_at: int
    effective_at: int
    received_at: int
    outcome: str
    state: str
    party: str
    reference: str
    lines: Sequence[OperationLine]
    exceptions: Sequence[ExceptionLine]
    reversed_by: str | None
    target: str
    gap: tuple[int, int] | None
    words: str


def operation_page(session: Session, sight: Sight, operation_id: str) -> OperationPage:
    """The operation with this id. Raises Problem 404 where it, or all that it is about, is out of sight."""
    country = Country(session, sight)
    operation = _found(session, country, operation_id)
    place = country.places.get(operation.facility_id) if operation else None
    if operation is None or place is None:
        raise Problem(404, "not_found", "There is nothing here.")
    exceptions = of_operation(session, sight.exceptions, place.id, operation.id)
    if operation_id != operation.id:
        exceptions = [*exceptions, *of_operation(session, sight.exceptions, place.id, operation_id)]
    page = described(session, country, operation, place, exceptions)
    if not page.lines and sight.stock.products is not None:
        raise Problem(404, "not_found", "There is nothing here.")
    return page


def described(
    session: Session,
    country: Country,
    operation: Operation,
    place: Place,
    exceptions: Sequence[ExceptionLine],
) -> OperationPage:
    """A stored operation in the words of a page; `exceptions` as given."""
    body = _body(operation.content)
    # Of several contents under one id all but the first are in the ledger, if at all, under ids of their own.
    id_ = ledger_id(operation)
    facts = _facts(session, country, operation.facility_id, id_)
    held = operation.outcome == "held"
    device = session.execute(select(col(Device.name)).where(col(Device.id) == operation.device_id)).scalar()
    return OperationPage(
        id=operation.id,
        place=place,
        kind=operation.kind,
        author=operation.author,
        device=device or "",
        recorded_at=operation.recorded_at,
        effective_at=operation.effective_at,
        received_at=operation.received_at,
        outcome=operation.outcome,
        state="released" if held and facts else _held_state(session, operation) if held else "recorded",
        party=_party(body),
        reference=_text(body.get("reference")),
        lines=facts or _sent(country, body),
        exceptions=exceptions,
        reversed_by=_reversed_by(session, place.id, id_),
        target=_text(body.get("operation")) if operation.kind == "stock.reverse" else "",
        gap=_gap(body) if operation.kind == "device.gap" else None,
        words=_text(body.get(WORDS.get(operation.kind, ""))),
    )


def _held_state(session: Session, operation: Operation) -> str:
    refused = select(col(StockException.id)).where(
        col(StockException.facility_id) == operation.facility_id,
        col(StockException.operation_id) == operation.id,
        col(StockException.action) == "refuse",
    )
    return "held" if session.execute(refused.limit(1)).first() is None else "refused"


def ledger_id(operation: Operation) -> str:
    """The id that an operation's facts bear."""
    if operation.copy_number == 0:
        return operation.id
    return derived_id(operation.id, operation.content_hash)


def released_copies(session: Session) -> dict[str, Operation]:
    """Contents that came under the id of another operation, by the id that they bear once released. There are few."""
    rows = session.execute(select(Operation).where(text("copy > 0"))).scalars()
    return {ledger_id(one): one for one in rows}


def _found(session: Session, country: Country, operation_id: str) -> Operation | None:
    """The first content under the id at a facility in sight, or the one whose facts bear it."""
    rows = session.execute(
        select(Operation).where(col(Operation.id) == operation_id).order_by(col(Operation.copy_number))
    ).scalars()
    found = next((one for one in rows if one.facility_id in country.places), None)
    return found or released_copies(session).get(operation_id)


def _facts(session: Session, country: Country, facility_id: int, operation_id: str) -> list[OperationLine]:
    on_card = and_(col(Card.facility_id) == col(Fact.facility_id), col(Card.number) == col(Fact.card))
    found = and_(
        col(CountResult.facility_id) == col(Fact.facility_id),
        col(CountResult.card) == col(Fact.card),
        col(CountResult.effective_at) == col(Fact.effective_at),
        col(CountResult.operation_id) == col(Fact.operation_id),
    )
    displaced = and_(
        col(Displacement.facility_id) == col(Fact.facility_id),
        col(Displacement.card) == col(Fact.card),
        col(Displacement.operation_id) == col(Fact.operation_id),
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
            col(Displacement.card).is_not(None),
            col(Displacement.at),
        )
        .join(Card, on_card)
        .join(CountResult, found, isouter=True)
        .join(Displacement, displaced, isouter=True)
        .join(Reason, col(Reason.id) == col(Fact.reason_id), isouter=True)
        .where(col(Fact.facility_id) == facility_id, col(Fact.operation_id) == operation_id)
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
            fold="" if not displaced_at else "out" if at is None else "moved",
        )
        for line, product, lot, expiry, flow, quantity, variance, opening, reason, displaced_at, at in rows
        if product in country.items
    ]


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)["body"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sent(country: Country, body: dict[str, Any]) -> list[OperationLine]:
    by_code = {item.code: item for item in country.items.values()}
    told = [line for name in ("lines", "consumed", "produced") for line in _listed(body.get(name), name)]
    return [
        _sent_line(by_code, number, line, flow)
        for number, (line, flow) in enumerate(told)
        if isinstance(line, dict) and not (country.is_narrowed and _text(line.get("product")) not in by_code)
    ]


def _listed(lines: object, name: str) -> list[tuple[object, str]]:
    return [(line, "sent" if name == "lines" else name) for line in lines] if isinstance(lines, list) else []


def _sent_line(by_code: dict[str, Item], number: int, line: dict[str, Any], flow: str) -> OperationLine:
    code = _text(line.get("product"))
    lot = line.get("lot")
    lot = lot if isinstance(lot, dict) else {}
    if "counted" in line:
        flow = "counted"
    quantity = line.get("counted" if flow == "counted" else "quantity")
    quantity = quantity if type(quantity) is int else None
    return OperationLine(
        number=number,
        product=by_code[code].name if code in by_code else code,
        product_code=code if code in by_code else "",
        lot=_text(lot.get("number")),
        expiry=None,
        flow=flow,
        quantity=-quantity if flow == "consumed" and quantity is not None else quantity,
        reason=_text(line.get("reason")),
    )


def _gap(body: dict[str, Any]) -> tuple[int, int] | None:
    first, last = body.get("from"), body.get("to")
    return (first, last) if type(first) is int and type(last) is int else None


def _party(body: dict[str, Any]) -> str:
    for side in ("source", "destination"):
        named = body.get(side)
        if isinstance(named, dict):
            return next((_text(value) for value in named.values() if isinstance(value, str)), "")
    return ""


def _text(value: object) -> str:
    return value[:TEXT_MAX] if isinstance(value, str) else ""


def _reversed_by(session: Session, facility_id: int, operation_id: str) -> str | None:
    """Of several undoings the one that stands: the first in effective order."""
    return session.execute(
        select(col(Reversal.reversed_by))
        .where(col(Reversal.facility_id) == facility_id, col(Reversal.operation_id) == operation_id)
        .order_by(col(Reversal.effective_at), col(Reversal.reversed_by))
        .limit(1)
    ).scalar()

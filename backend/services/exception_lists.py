"""Open exceptions for people who resolve them: what looks wrong, where, and the operation that is part of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlmodel import Session, col

from backend.models import Card, Facility, Operation, Product, StockException
from backend.problems import Problem
from backend.services.scope import Scope

EXCEPTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class OpenException:
    """One exception. `product` is a name, empty where none is concerned; `detail` as it was stored."""

    id: str
    code: str
    facility_code: str
    facility_name: str
    operation_id: str
    kind: str
    author: str
    outcome: str
    product: str
    product_code: str
    lot: str
    detail: Mapping[str, Any]
    opened_at: int


@dataclass(frozen=True, slots=True)
class ExceptionsPage:
    """Open exceptions by facility, newest first in each; `total` counts those past the limit too."""

    facilities: Sequence[tuple[str, str, Sequence[OpenException]]]
    total: int
    facility: tuple[str, str] | None


def exceptions_page(session: Session, scope: Scope, facility: str | None) -> ExceptionsPage:
    """Open exceptions in sight, of one facility (its code) or of all. Raises Problem 404 out of sight."""
    named = _facility(session, scope, facility) if facility else None
    wanted = _open(scope)
    if named is not None:
        wanted.append(col(StockException.facility_id) == named[0])
    total = session.execute(_joined(select(func.count())).where(*wanted)).scalar_one()
    groups: dict[tuple[str, str], list[OpenException]] = {}
    for one in _read(session, wanted):
        groups.setdefault((one.facility_name, one.facility_code), []).append(one)
    facilities = [(code, name, groups[name, code]) for name, code in sorted(groups)]
    return ExceptionsPage(facilities, total, named[1:] if named else None)


def of_operation(session: Session, scope: Scope, facility_id: int, operation_id: str) -> list[OpenException]:
    """Open exceptions in sight that an operation is part of."""
    here = (
        col(StockException.facility_id) == facility_id,
        col(StockException.operation_id) == operation_id,
    )
    return _read(session, [*_open(scope), *here])


def count_open(session: Session, scope: Scope, facility_ids: frozenset[int] | None = None) -> int:
    """How many exceptions stand in sight, at these facilities alone if given."""
    wanted = _open(scope)
    if facility_ids is not None:
        wanted.append(col(StockException.facility_id).in_(facility_ids))
    return int(session.execute(_joined(select(func.count())).where(*wanted)).scalar_one())


def _open(scope: Scope) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [col(StockException.closed_at).is_(None)]
    if scope.facilities is not None:
        wanted.append(col(StockException.facility_id).in_(scope.facilities))
    if scope.products is not None:
        # What is about no card is about the operation, whose page shows only lines in sight.
        wanted.append(or_(col(Card.product_id).is_(None), col(Card.product_id).in_(scope.products)))
    return wanted


def _joined(statement: Any) -> Any:
    on_card = and_(
        col(Card.facility_id) == col(StockException.facility_id), col(Card.number) == col(StockException.card)
    )
    return statement.select_from(StockException).join(Card, on_card, isouter=True)


def _read(session: Session, wanted: Sequence[ColumnElement[bool]]) -> list[OpenException]:
    same_operation = and_(
        col(Operation.facility_id) == col(StockException.facility_id),
        col(Operation.id) == col(StockException.operation_id),
        col(Operation.copy_number) == 0,
    )
    columns = select(
        col(StockException.id),
        col(StockException.code),
        col(Facility.code),
        col(Facility.name),
        col(StockException.operation_id),
        col(Operation.kind),
        col(Operation.author),
        col(Operation.outcome),
        col(Product.name),
        col(Product.code),
        col(Card.lot),
        col(StockException.detail),
        col(StockException.opened_at),
    )
    rows = session.execute(
        _joined(columns)
        .join(Facility, col(Facility.id) == col(StockException.facility_id))
        .join(Operation, same_operation, isouter=True)
        .join(Product, col(Product.id) == col(Card.product_id), isouter=True)
        .where(*wanted)
        .order_by(col(StockException.opened_at).desc(), col(StockException.id))
        .limit(EXCEPTIONS_MAX)
    ).all()
    return [_shown(row) for row in rows]


def _shown(row: Row[Any]) -> OpenException:
    (id_, code, facility_code, facility_name, operation_id, *told, detail, opened_at) = row
    kind, author, outcome, product, product_code, lot = (text or "" for text in told)
    return OpenException(
        id_,
        code,
        facility_code,
        facility_name,
        operation_id,
        kind,
        author,
        outcome,
        product,
        product_code,
        lot,
        json.loads(detail),
        opened_at,
    )


def _facility(session: Session, scope: Scope, code: str) -> tuple[int, str, str]:
    row = session.execute(
        select(col(Facility.id), col(Facility.code), col(Facility.name)).where(col(Facility.code) == code)
    ).first()
    if row is None or not scope.has_facility(row[0]):
        raise Problem(404, "not_found", "There is nothing here.")
    return row[0], row[1], row[2]

"""Open exceptions for people who resolve them: what looks wrong, where, and the operation that is part of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from backend.models import Card, Facility, Operation, Product, StockException
from backend.services.scope import Scope
from backend.services.sight import Country, Sight

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
    shown: int
    total: int
    place: str


def exceptions_page(
    session: Session, sight: Sight, *, facility: str | None = None, zone_id: int | None = None
) -> ExceptionsPage:
    """Open exceptions in sight, of one facility (its code), of a zone, or of all; `place` is the name of either.

    Raises Problem 404 out of sight.
    """
    name, inside = _where(session, sight, facility, zone_id)
    wanted = _open(sight.exceptions)
    if inside is not None:
        wanted.append(col(StockException.facility_id).in_(inside))
    total = session.execute(_joined(select(func.count())).where(*wanted)).scalar_one()
    groups: dict[tuple[str, str], list[OpenException]] = {}
    found = _read(session, wanted)
    for one in found:
        groups.setdefault((one.facility_name, one.facility_code), []).append(one)
    facilities = [(code, named, groups[named, code]) for named, code in sorted(groups)]
    return ExceptionsPage(facilities, len(found), total, name)


def _where(
    session: Session, sight: Sight, facility: str | None, zone_id: int | None
) -> tuple[str, frozenset[int] | None]:
    """The name of the facility or zone asked for and the facilities in it; None where all are asked for."""
    if facility is None and zone_id is None:
        return "", None
    country = Country(session, sight)
    if facility is not None:
        place = country.place(facility)
        return place.name, frozenset({place.id})
    assert zone_id is not None
    country.require_zone(zone_id)
    return country.tree.nodes[zone_id].name, country.below(zone_id)


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
    return [_shown(tuple(row)) for row in rows]


def _shown(row: tuple[Any, ...]) -> OpenException:
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

"""Exceptions for people who decide about them: what stands or was decided, where, and whose operations they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from backend.models import Card, Facility, Operation, Product, StockException
from backend.services.scope import Scope
from backend.services.sight import Country, Sight

EXCEPTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class Party:
    """An operation that an exception is about: `at` is when it took effect, None where it is not here."""

    id: str
    kind: str
    author: str
    at: int | None


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """One exception. `product` is a name, empty where no card is concerned; `detail` as it was stored.

    `state` is `open`, `resolved` (a person decided, and it would stand otherwise) or `closed`. `outcome` is that
    of `operation`; `other` the second operation concerned, if there is one.
    """

    id: str
    code: str
    state: str
    facility_id: int
    facility_code: str
    facility_name: str
    operation: Party
    outcome: str
    other: Party | None
    product_id: int | None
    product: str
    product_code: str
    lot: str
    line: int
    detail: Mapping[str, Any]
    opened_at: int
    assigned_to: str
    resolved_at: int | None
    resolved_by: str
    action: str
    note: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to list: those of a facility (its code), a zone, a code, asked of a person; `resolved`: decided ones."""

    facility: str = ""
    zone_id: int | None = None
    code: str = ""
    assigned_to: str = ""
    resolved: bool = False


@dataclass(frozen=True, slots=True)
class ExceptionsPage:
    """Exceptions by facility, newest first in each; `total` counts those past the limit too.

    `place` is the name of the facility or zone that was asked for; `codes` are those that stand anywhere in
    sight, `zones` (id, name with the zones above it) what the list can be narrowed to.
    """

    facilities: Sequence[tuple[str, str, Sequence[ExceptionLine]]]
    shown: int
    total: int
    place: str
    codes: Sequence[str]
    zones: Sequence[tuple[int, str]]


def exceptions_page(session: Session, sight: Sight, wanted: Wanted) -> ExceptionsPage:
    """Open exceptions in sight, or those that a person decided about. Raises Problem 404 out of sight."""
    country = Country(session, sight)
    name, inside = _where(country, wanted)
    conditions = _in_sight(sight.exceptions)
    decided = col(StockException.resolved_at).is_not(None)
    stand = _open()
    codes = session.execute(
        _joined(select(col(StockException.code)).distinct()).where(
            *conditions, decided if wanted.resolved else stand
        )
    ).scalars()
    conditions.append(decided if wanted.resolved else stand)
    if inside is not None:
        conditions.append(col(StockException.facility_id).in_(inside))
    if wanted.code:
        conditions.append(col(StockException.code) == wanted.code)
    if wanted.assigned_to:
        conditions.append(col(StockException.assigned_to) == wanted.assigned_to)
    total = session.execute(_joined(select(func.count())).where(*conditions)).scalar_one()
    newest = col(StockException.resolved_at) if wanted.resolved else col(StockException.opened_at)
    found = read_lines(session, conditions, newest)
    groups: dict[tuple[str, str], list[ExceptionLine]] = {}
    for one in found:
        groups.setdefault((one.facility_name, one.facility_code), []).append(one)
    facilities = [(code, named, groups[named, code]) for named, code in sorted(groups)]
    zones = [(id_, " / ".join(part for _, part in country.way(id_))) for id_ in country.zones]
    narrower = sorted(((id_, words) for id_, words in zones if words), key=lambda one: one[1])
    return ExceptionsPage(facilities, len(found), total, name, sorted(codes), narrower)


def _where(country: Country, wanted: Wanted) -> tuple[str, frozenset[int] | None]:
    """The name of the facility or zone asked for and the facilities in it; None where all are asked for."""
    if wanted.facility:
        place = country.place(wanted.facility)
        return place.name, frozenset({place.id})
    if wanted.zone_id is None:
        return "", None
    country.require_zone(wanted.zone_id)
    return country.tree.nodes[wanted.zone_id].name, country.below(wanted.zone_id)


def of_operation(session: Session, scope: Scope, facility_id: int, operation_id: str) -> list[ExceptionLine]:
    """Exceptions in sight that an operation is part of and that have not closed by themselves, newest first."""
    here = (
        col(StockException.facility_id) == facility_id,
        or_(
            col(StockException.operation_id) == operation_id,
            col(StockException.other_id) == operation_id,
        ),
        or_(col(StockException.closed_at).is_(None), col(StockException.resolved_at).is_not(None)),
    )
    return read_lines(session, [*_in_sight(scope), *here])


def one_exception(
    session: Session, scope: Scope, facility_id: int, exception_id: str
) -> ExceptionLine | None:
    """An exception in sight, whatever its state."""
    here = (col(StockException.facility_id) == facility_id, col(StockException.id) == exception_id)
    found = read_lines(session, [*_in_sight(scope), *here])
    return found[0] if found else None


def count_open(session: Session, scope: Scope, facility_ids: frozenset[int] | None = None) -> int:
    """How many exceptions in sight wait for a decision, at these facilities alone if given."""
    wanted = [*_in_sight(scope), _open()]
    if facility_ids is not None:
        wanted.append(col(StockException.facility_id).in_(facility_ids))
    return int(session.execute(_joined(select(func.count())).where(*wanted)).scalar_one())


def _open() -> ColumnElement[bool]:
    return and_(col(StockException.closed_at).is_(None), col(StockException.resolved_at).is_(None))


def _in_sight(scope: Scope) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
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


def read_lines(
    session: Session, wanted: Sequence[ColumnElement[bool]], newest: Any = None
) -> list[ExceptionLine]:
    """The newest exceptions of these conditions, by when they opened or by another column of moments."""
    one: Any = aliased(Operation)
    other: Any = aliased(Operation)
    columns = select(
        StockException,
        col(Facility.code),
        col(Facility.name),
        one.kind,
        one.author,
        one.effective_at,
        one.outcome,
        other.kind,
        other.author,
        other.effective_at,
        col(Product.id),
        col(Product.name),
        col(Product.code),
        col(Card.lot),
    )
    rows = session.execute(
        _joined(columns)
        .join(Facility, col(Facility.id) == col(StockException.facility_id))
        .join(one, _same(one, col(StockException.operation_id)), isouter=True)
        .join(other, _same(other, col(StockException.other_id)), isouter=True)
        .join(Product, col(Product.id) == col(Card.product_id), isouter=True)
        .where(*wanted)
        .order_by(
            (col(StockException.opened_at) if newest is None else newest).desc(), col(StockException.id)
        )
        .limit(EXCEPTIONS_MAX)
    ).all()
    names = _named(session, [json.loads(row[0].detail) for row in rows if row[12] is None])
    return [_shown(tuple(row), names) for row in rows]


def _named(session: Session, details: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Names of the products that exceptions of no card speak of, by code."""
    codes = {code for detail in details if isinstance(code := detail.get("product"), str)}
    rows = session.execute(select(col(Product.code), col(Product.name)).where(col(Product.code).in_(codes)))
    return {code: name for code, name in rows} if codes else {}  # noqa: C416


def _same(operation: Any, named: Any) -> ColumnElement[bool]:
    here = operation.facility_id == col(StockException.facility_id)
    found: ColumnElement[bool] = and_(here, operation.id == named, operation.copy_number == 0)
    return found


def _shown(row: tuple[Any, ...], names: Mapping[str, str]) -> ExceptionLine:
    stood, code, name, kind, author, at, outcome, other_kind, other_author, other_at, *card = row
    product_id, product, product_code, lot = card
    detail = json.loads(stood.detail)
    if product_id is None and (told := str(detail.get("product"))) in names:
        product, product_code, lot = names[told], told, detail.get("lot")
    return ExceptionLine(
        id=stood.id,
        code=stood.code,
        state=state_of(stood),
        facility_id=stood.facility_id,
        facility_code=code,
        facility_name=name,
        operation=Party(stood.operation_id, kind or "", author or "", at),
        outcome=outcome or "",
        other=Party(stood.other_id, other_kind or "", other_author or "", other_at)
        if stood.other_id
        else None,
        product_id=product_id,
        product=product or "",
        product_code=product_code or "",
        lot=lot if isinstance(lot, str) else "",
        line=stood.line,
        detail=detail,
        opened_at=stood.opened_at,
        assigned_to=stood.assigned_to,
        resolved_at=stood.resolved_at,
        resolved_by=stood.resolved_by,
        action=stood.action,
        note=stood.note,
    )


def state_of(row: StockException) -> str:
    """`open`, `resolved` by a person, or `closed`."""
    if row.closed_at is not None:
        return "closed"
    return "open" if row.resolved_at is None else "resolved"

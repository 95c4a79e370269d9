"""The pull entities: what of each table a device sees, row by row, under which key.

An entity is added by a function here and its text in PROTOCOL.md. Rows are built member by member:
what is not named here never leaves the server.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session, col, or_, select

from backend.clock import to_iso
from backend.models import (
    Approval,
    Card,
    Facility,
    FacilityType,
    Lot,
    Product,
    ProductIdentifier,
    Program,
    Reason,
    StockException,
    User,
)
from backend.services.access import access_of

Found = tuple[int, str, dict[str, object] | None]
"""(change number, key, row); row None where this facility does not see it."""


@dataclass(frozen=True)
class Viewpoint:
    """Who looks: the session of one snapshot, the device's facility, and when."""

    session: Session
    facility_id: int
    now: int

    @cached_property
    def facility(self) -> Facility:
        """The device's own facility."""
        return self.session.exec(select(Facility).where(Facility.id == self.facility_id)).one()

    @cached_property
    def product_codes(self) -> dict[int, str]:
        """Codes of all products by id."""
        return {id_ or 0: code for id_, code in self.session.exec(select(Product.id, Product.code))}


@dataclass(frozen=True)
class Feed:
    """One entity: its name on the wire, and its rows after a change number, in order, at most `limit`."""

    entity: str
    rows: Callable[[Viewpoint, int, int], Iterator[Found]]

    def __call__(self, viewpoint: Viewpoint, after: int, limit: int) -> Iterator[Found]:
        return self.rows(viewpoint, after, limit)


def facilities(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """The own facility, the one that supplies it, those it supplies, and its neighbours in the zone."""
    statement = (
        select(Facility, FacilityType.name)
        .join(FacilityType, col(FacilityType.id) == col(Facility.type_id))
        .where(col(Facility.change) > after)
        .order_by(col(Facility.change))
        .limit(limit)
    )
    rows = at.session.exec(statement).all()
    suppliers = {row.supplied_by_id for row, _ in rows if row.supplied_by_id is not None}
    codes = dict(
        at.session.exec(select(Facility.id, Facility.code).where(col(Facility.id).in_(suppliers))).all()
    )
    for row, type_name in rows:
        near = (
            row.id in (at.facility_id, at.facility.supplied_by_id)
            or row.supplied_by_id == at.facility_id
            or row.zone_id == at.facility.zone_id
        )
        supplier = codes.get(row.supplied_by_id)
        seen: dict[str, object] = {
            "code": row.code,
            "name": row.name,
            "type": type_name,
            "role": row.role,
            "supplied_by": supplier,
            "active": row.active,
        }
        yield row.change, row.code, seen if near else None


def programs(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All programs."""
    statement = select(Program).where(col(Program.change) > after).order_by(col(Program.change)).limit(limit)
    for row in at.session.exec(statement):
        yield row.change, row.code, {"code": row.code, "name": row.name, "active": row.active}


def products(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All products with their identifiers and the programs that approve them for this facility's type."""
    statement = select(Product).where(col(Product.change) > after).order_by(col(Product.change)).limit(limit)
    rows = at.session.exec(statement).all()
    ids = [row.id for row in rows]
    identifiers: dict[int, list[dict[str, str]]] = defaultdict(list)
    for one in at.session.exec(
        select(ProductIdentifier)
        .where(col(ProductIdentifier.product_id).in_(ids))
        .order_by(col(ProductIdentifier.system), col(ProductIdentifier.value))
    ):
        identifiers[one.product_id].append({"system": one.system, "value": one.value})
    approved: dict[int, set[str]] = defaultdict(set)
    type_ = col(Approval.facility_type_id)
    for product_id, program in at.session.exec(
        select(Approval.product_id, Program.code)
        .join(Program, col(Program.id) == col(Approval.program_id))
        .where(col(Approval.product_id).in_(ids), or_(type_.is_(None), type_ == at.facility.type_id))
    ):
        approved[product_id].add(program)
    for row in rows:
        seen = {
            "code": row.code,
            "name": row.name,
            "dispensing_unit": row.dispensing_unit,
            "pack_size": row.pack_size,
            "category": row.category,
            "indicator": row.indicator,
            "controlled": row.controlled,
            "cold_chain": row.cold_chain,
            "uses_vvm": row.uses_vvm,
            "programs": sorted(approved[row.id or 0]),
            "identifiers": identifiers[row.id or 0],
            "active": row.active,
        }
        yield row.change, row.code, seen


def reasons(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All reasons."""
    statement = select(Reason).where(col(Reason.change) > after).order_by(col(Reason.change)).limit(limit)
    for row in at.session.exec(statement):
        seen = {
            "code": row.code,
            "name": row.name,
            "type": row.type,
            "tags": row.tags.split(),
            "active": row.active,
        }
        yield row.change, row.code, seen


def people(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """People who work, or worked, at the facility, with what they may record there now."""
    statement = select(User).where(col(User.change) > after).order_by(col(User.change)).limit(limit)
    rows = at.session.exec(statement).all()
    accesses = access_of(at.session, [row.id for row in rows if row.id is not None])
    for row in rows:
        access = accesses[row.id or 0]
        here = any(one.facilities is None or at.facility_id in one.facilities for one in access.held)
        rights = [right for right in access.rights(at.now) if access.allows(right, at.facility_id, at.now)]
        seen = {
            "name": row.name,
            "roles": access.roles(at.now),
            "rights": sorted(rights),
            "active": not access.disabled(at.now),
        }
        yield row.change, row.name, seen if here else None


def cards(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """The facility's cards; `counted` and `last` are sort keys (UTC milliseconds, operation id)."""
    statement = (
        select(Card)
        .where(col(Card.facility_id) == at.facility_id, col(Card.change) > after)
        .order_by(col(Card.change))
        .limit(limit)
    )
    for row in at.session.exec(statement):
        seen = {
            "facility": at.facility.code,
            "product": at.product_codes[row.product_id],
            "lot": row.lot,
            "location": row.location,
            "account": row.account,
            "on_hand": row.on_hand,
            "version": row.change,
            "counted": None if row.counted_at is None else [row.counted_at, row.counted_id],
            "last": None if row.last_at is None else [row.last_at, row.last_id],
        }
        yield row.change, f"{at.facility.code}/{row.number}", seen


def lots(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Lots as the facility knows them."""
    statement = (
        select(Lot)
        .where(col(Lot.facility_id) == at.facility_id, col(Lot.change) > after)
        .order_by(col(Lot.change))
        .limit(limit)
    )
    for row in at.session.exec(statement):
        product = at.product_codes[row.product_id]
        seen: dict[str, object] = {
            "facility": at.facility.code,
            "product": product,
            "number": row.number,
            "expiry": row.expiry,
        }
        yield row.change, json.dumps([at.facility.code, product, row.number]), seen


def open_exceptions(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Exceptions of the facility, those that closed included so that a device can drop them."""
    statement = (
        select(StockException)
        .where(col(StockException.facility_id) == at.facility_id, col(StockException.change) > after)
        .order_by(col(StockException.change))
        .limit(limit)
    )
    for row in at.session.exec(statement):
        seen = {
            "id": row.id,
            "code": row.code,
            "operation": row.operation_id,
            "line": row.line,
            "detail": json.loads(row.detail),
            "state": "open" if row.closed_at is None else "closed",
            "opened_at": to_iso(row.opened_at),
        }
        yield row.change, row.id, seen


SHARED_FEEDS = (
    Feed("facility", facilities),
    Feed("program", programs),
    Feed("product", products),
    Feed("reason", reasons),
    Feed("user", people),
)
FACILITY_FEEDS = (Feed("lot", lots), Feed("card", cards), Feed("exception", open_exceptions))
"""`shipment` and `access` come with transfers and with devices of several facilities."""

"""Shared rows: facilities, programs, reasons, people, and what was deleted of all shared rows.

A row that changed and is not seen from here is sent as deleted: it may have been seen before. Not so where the
device cannot have it: up to `base` it has only what was seen from the views `was` (sync.cursor).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from backend.models import Assignment, Facility, FacilityType, Program, Reason, Tombstone, User
from backend.services.access import access_of
from backend.services.workplaces import by_zone, everywhere
from sync.cursor import View
from sync.entities.viewpoint import Found, Viewpoint, any_of, gone, upsert


def facilities(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """The own facility, the one that supplies it, those it supplies, and its neighbours in the zone."""
    near = _near(at.facility_id, at.view)
    held = [_near(at.facility_id, view) for view in at.was]
    supplier = Facility.__table__.alias("supplier")  # type: ignore[attr-defined]
    statement = (
        select(Facility, col(FacilityType.name), supplier.c.code, near)
        .join(FacilityType, col(FacilityType.id) == col(Facility.type_id))
        .outerjoin(supplier, supplier.c.id == col(Facility.supplied_by_id))
        .where(col(Facility.change) > after, or_(near, col(Facility.change) > at.base, any_of(held)))
        .order_by(col(Facility.change))
        .limit(limit)
    )
    for row, type_name, supplier_code, is_near in at.session.execute(statement):
        seen = {
            "code": row.code,
            "name": row.name,
            "type": type_name,
            "role": row.role,
            "supplied_by": supplier_code,
            "active": row.active,
        }
        yield row.change, upsert("facility", row.code, seen) if is_near else gone("facility", row.code)


def _near(facility_id: int, view: View) -> ColumnElement[bool]:
    return or_(
        col(Facility.id).in_((facility_id, view.supplier)),
        col(Facility.supplied_by_id) == facility_id,
        col(Facility.zone_id) == view.zone,
    )


def programs(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All programs."""
    statement = select(Program).where(col(Program.change) > after).order_by(col(Program.change)).limit(limit)
    for row in at.session.scalars(statement):
        seen = {"code": row.code, "name": row.name, "active": row.active}
        yield row.change, upsert("program", row.code, seen)


def reasons(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """All reasons."""
    statement = select(Reason).where(col(Reason.change) > after).order_by(col(Reason.change)).limit(limit)
    for row in at.session.scalars(statement):
        seen = {
            "code": row.code,
            "name": row.name,
            "type": row.type,
            "tags": row.tags.split(),
            "active": row.active,
        }
        yield row.change, upsert("reason", row.code, seen)


def people(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """People who work, or worked, at the facility, with what they may record there now.

    Assignments are closed and never deleted: people leave only with the facility, when it moves to another zone.
    The names of others are none of the device's business, not even as deleted.
    """
    here = _assigned(col(Assignment.facility_id) == at.facility_id, everywhere(), by_zone(at.view.zone))
    held = [_assigned(by_zone(view.zone)) for view in at.was]
    statement = (
        select(User, here)
        .where(col(User.change) > after, or_(here, any_of(held)))
        .order_by(col(User.change))
        .limit(limit)
    )
    found = at.session.execute(statement).all()
    accesses = access_of(at.session, [row.id for row, is_here in found if is_here and row.id is not None])
    for row, is_here in found:
        if not is_here:
            yield row.change, gone("user", row.name)
            continue
        access = accesses[row.id or 0]
        rights = [right for right in access.rights(at.now) if access.allows(right, at.facility_id, at.now)]
        seen: dict[str, object] = {
            "name": row.name,
            "roles": access.roles(at.now),
            "rights": sorted(rights),
            "active": not access.disabled(at.now),
        }
        yield row.change, upsert("user", row.name, seen)


def _assigned(*places: ColumnElement[bool]) -> ColumnElement[bool]:
    return col(User.id).in_(select(col(Assignment.user_id)).where(or_(*places)))


def deletions(at: Viewpoint, after: int, limit: int) -> Iterator[Found]:
    """Shared rows of any entity that are no more."""
    statement = (
        select(Tombstone)
        .where(col(Tombstone.change) > max(after, at.base))
        .order_by(col(Tombstone.change))
        .limit(limit)
    )
    for row in at.session.scalars(statement):
        yield row.change, gone(row.entity, row.key)

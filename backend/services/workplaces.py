"""Who belongs to a facility: by a role at it, at a zone above it, or everywhere. Asked in SQL, by the feed.

services.access answers the same for one person at any moment; here the question comes from the facility's side
and on every pull, so it must not read the country.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, literal, or_, select
from sqlmodel import Session, col

from backend.domain.roles import ROLES
from backend.models import Assignment, Facility, User, Zone


def zones_above(zone_id: ColumnElement[int]) -> Select[tuple[int]]:
    """Ids of a zone and of those above it, for an IN clause."""
    chain = select(col(Zone.id), col(Zone.parent_id)).where(col(Zone.id) == zone_id).cte(recursive=True)
    up = select(col(Zone.id), col(Zone.parent_id)).join(chain, col(Zone.id) == chain.c.parent_id)
    # UNION, not UNION ALL: a circle, which nothing should make, would otherwise never end.
    return select(chain.union(up).c.id)


def by_zone(zone_id: int) -> ColumnElement[bool]:
    """Whether an assignment is held at a zone or above it, now or at any time."""
    return col(Assignment.zone_id).in_(zones_above(literal(zone_id)))


def everywhere() -> ColumnElement[bool]:
    """Whether an assignment is bound to no place."""
    return and_(col(Assignment.facility_id).is_(None), col(Assignment.zone_id).is_(None))


_now: ColumnElement[int] = bindparam("now")
# What came with the account counts from the beginning (docs/decisions/0007).
_HELD = and_(
    col(Assignment.user_id) == bindparam("user"),
    col(Assignment.role).in_(ROLES),
    or_(col(Assignment.granted_at) <= _now, col(Assignment.granted_at) <= col(User.created_at)),
    or_(col(Assignment.withdrawn_at).is_(None), col(Assignment.withdrawn_at) > _now),
    or_(
        col(Assignment.facility_id) == bindparam("facility"),
        everywhere(),
        col(Assignment.zone_id).in_(
            zones_above(
                select(col(Facility.zone_id))
                .where(col(Facility.id) == bindparam("facility"))
                .scalar_subquery()
            )
        ),
    ),
)
_BELONGS = select(
    exists(select(col(Assignment.id)).join(User, col(User.id) == col(Assignment.user_id)).where(_HELD))
)


def belongs(session: Session, user_id: int, facility_id: int, now: int) -> bool:
    """Whether a person holds any role that covers the facility at a moment, disabled or not."""
    values = {"user": user_id, "facility": facility_id, "now": now}
    return bool(session.execute(_BELONGS, values).scalar_one())

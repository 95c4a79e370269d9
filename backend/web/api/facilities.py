"""GET /api/v1/facilities: the facilities in the reader's sight, by code."""

from __future__ import annotations

from litestar import get
from msgspec import Struct
from sqlmodel import Session, col, select

from backend.db import Database
from backend.models import Facility, FacilityType
from backend.services.access import zone_tree
from backend.web.api.paging import LIMIT_DEFAULT, Cursor, Limit, Page, after, paged, past
from backend.web.api.scoping import codes, scope_of, within
from backend.web.guards import requires
from backend.web.viewer import Viewer

_LIST = "facilities"
_MICRO = 1_000_000


class FacilityOut(Struct):
    """A facility; `zone` is its path from the top, latitude and longitude are degrees."""

    code: str
    name: str
    type: str
    zone: str
    role: str
    operator: str
    supplied_by: str | None
    address: str
    contact: str
    gln: str
    latitude: float | None
    longitude: float | None
    active: bool


@get("/facilities", guards=[requires("stock.view")], tags=["read"])
async def list_facilities(
    db: Database, viewer: Viewer, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[FacilityOut]:
    """Facilities, by code."""
    return await db.read(_read, viewer, after(cursor, _LIST, str), limit)


def _read(
    session: Session, viewer: Viewer, key: tuple[str | int, ...] | None, limit: int
) -> Page[FacilityOut]:
    scope = scope_of(session, viewer, "stock.view")
    rows = session.exec(
        select(Facility, FacilityType.name)
        .join(FacilityType, col(FacilityType.id) == col(Facility.type_id))
        .where(within(scope, facility=col(Facility.id)), past([col(Facility.code)], key))
        .order_by(col(Facility.code))
        .limit(limit + 1)
    ).all()
    tree = zone_tree(session)
    suppliers = codes(session, Facility, [row.supplied_by_id for row, _ in rows])

    def shown(one: tuple[Facility, str]) -> FacilityOut:
        row, type_name = one
        return FacilityOut(
            code=row.code,
            name=row.name,
            type=type_name,
            zone=tree.path(row.zone_id),
            role=row.role,
            operator=row.operator,
            supplied_by=suppliers.get(row.supplied_by_id or 0),
            address=row.address,
            contact=row.contact,
            gln=row.gln,
            latitude=_degrees(row.latitude_microdegrees),
            longitude=_degrees(row.longitude_microdegrees),
            active=row.active,
        )

    return paged(rows, limit, _LIST, lambda one: (one[0].code,), shown)


def _degrees(microdegrees: int | None) -> float | None:
    return None if microdegrees is None else microdegrees / _MICRO


handlers = [list_facilities]

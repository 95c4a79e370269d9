"""GET /api/v1/policies: inventory policies of facility types, in months of stock."""

from __future__ import annotations

from litestar import get
from msgspec import Struct
from sqlmodel import Session, col, select

from backend.db import Database
from backend.models import FacilityType, Policy, Program
from backend.web.api.paging import LIMIT_DEFAULT, Cursor, Limit, Page, after, paged, past
from backend.web.guards import requires

_LIST = "policies"


class PolicyOut(Struct):
    """A policy; `program` null is for all programs that have none of their own."""

    facility_type: str
    program: str | None
    minimum_months: float
    maximum_months: float
    emergency_months: float


@get("/policies", guards=[requires("stock.view")], tags=["read"])
async def list_policies(db: Database, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT) -> Page[PolicyOut]:
    """Policies in a steady order."""
    return await db.read(_read, after(cursor, _LIST, int), limit)


def _read(session: Session, key: tuple[str | int, ...] | None, limit: int) -> Page[PolicyOut]:
    rows = session.exec(
        select(Policy, FacilityType.name, Program.code)
        .join(FacilityType, col(FacilityType.id) == col(Policy.facility_type_id))
        .join(Program, col(Program.id) == col(Policy.program_id), isouter=True)
        .where(past([col(Policy.id)], key))
        .order_by(col(Policy.id))
        .limit(limit + 1)
    ).all()
    return paged(rows, limit, _LIST, lambda one: (one[0].id or 0,), _shown)


def _shown(one: tuple[Policy, str, str | None]) -> PolicyOut:
    row, facility_type, program = one
    return PolicyOut(
        facility_type=facility_type,
        program=program,
        minimum_months=row.minimum_month_hundredths / 100,
        maximum_months=row.maximum_month_hundredths / 100,
        emergency_months=row.emergency_month_hundredths / 100,
    )


handlers = [list_policies]

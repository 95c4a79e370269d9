"""In which local time a facility's periods are cut."""

from __future__ import annotations

from sqlmodel import Session, col, select

from backend.models import Facility, Zone
from backend.services.access import zone_tree


def time_zone_of(session: Session, facility_id: int, default: str) -> str:
    """IANA name: the nearest zone upwards from the facility that names one, else the default.

    The tree is read only where some zone names a time zone at all, which most countries never need.
    """
    if session.exec(select(Zone.id).where(col(Zone.time_zone).is_not(None)).limit(1)).first() is None:
        return default
    zone_id = session.exec(select(Facility.zone_id).where(Facility.id == facility_id)).one()
    return zone_tree(session).time_zone(zone_id, default)

"""Where a simulation happens: two facilities, the people who work there, and what stands on their shelves."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlmodel import Session

from backend.db import Database
from backend.migrate import migrate
from backend.models import Assignment, Facility, FacilityType, Product, User, Zone

TIME_ZONE = "Africa/Blantyre"
"""Of both facilities, of the server's default and of the tablets."""
START = 1_790_000_000_000
FACILITIES = ("A", "B")
PEOPLE = {"A": ("alice", "amina"), "B": ("bob", "ben")}
"""Who handles stock where. Zoe, who is at both, is in neither list."""
EVERYWHERE = "zoe"
PRODUCTS = ("P1", "P2", "P3")


def template(folder: Path) -> Path:
    """A migrated database with all of it, to be copied for each seed."""
    file = folder / "template.sqlite"
    url = f"sqlite:///{file}"
    migrate(url)
    database = Database(url)
    with database.writing() as session:
        _furnish(session)
    database.close()
    # What is in the write-ahead log must be in the file, which alone is copied.
    _checkpoint(file)
    return file


def _furnish(session: Session) -> None:
    zone = Zone(name="South", level=1)
    kind = FacilityType(name="Health centre")
    session.add_all([zone, kind])
    session.flush()
    ids: dict[str, int] = {}
    for code in FACILITIES:
        facility = Facility(code=code, name=f"Facility {code}", type_id=kind.id or 0, zone_id=zone.id or 0)
        session.add(facility)
        session.flush()
        ids[code] = facility.id or 0
    session.add_all(Product(code=code, name=f"Product {code}", active=True) for code in PRODUCTS)
    session.add(Product(code="GONE", name="Product that nobody uses any more", active=False))
    for code, names in PEOPLE.items():
        for name in names:
            _hire(session, name, facility_id=ids[code])
    _hire(session, EVERYWHERE, zone_id=zone.id)


def _hire(session: Session, name: str, **place: int | None) -> None:
    user = User(name=name, created_at=START - 10**9)
    session.add(user)
    session.flush()
    session.add(Assignment(user_id=user.id or 0, role="nurse", granted_at=START - 10**9, **place))


def _checkpoint(file: Path) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()

"""A small district made inside this process: for the benchmarks that measure without HTTP in between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlmodel import Session

from backend.clock import DAY_MS, system_clock
from backend.db import Database
from backend.ids import uuid7
from backend.migrate import migrate
from backend.models import Assignment, Facility, FacilityType, Product, User, Zone
from backend.services import devices
from backend.settings import Settings
from sync.push import push, read_envelope
from tests.bench.medicines import names
from tests.bench.workload import PRODUCTS
from tests.support import clinic
from tests.support.tablet import Tablet

YEAR_MS = 365 * DAY_MS
SECRET = "for the benchmarks only"


@contextmanager
def furnished(url: str, *, facilities: int = 1, products: int = PRODUCTS) -> Iterator[Database]:
    """A migrated database with facilities F1, F2, ..., products P0000, ... and a nurse of all facilities."""
    migrate(url)
    database = Database(url)
    try:
        with database.writing() as session:
            _furnish(session, facilities, products)
        yield database
    finally:
        database.close()


def sqlite_url(folder: Path, name: str = "bench") -> str:
    """The address of a SQLite file in a folder."""
    return f"sqlite:///{folder / name}.sqlite"


def with_driver(url: str) -> str:
    """The address as the program opens it, with the driver named."""
    return Settings(database_url=url).database_address


def _furnish(session: Session, facilities: int, products: int) -> None:
    zone = Zone(name="South", level=1)
    type_ = FacilityType(name="Health centre")
    user = User(name=clinic.NURSE, created_at=system_clock() - YEAR_MS)
    session.add_all([zone, type_, user])
    session.add_all(Product(code=clinic.code(n), name=name) for n, name in enumerate(names(products)))
    session.flush()
    for number in range(1, facilities + 1):
        code = f"F{number}"
        place = Facility(code=code, name=f"Facility {number}", type_id=type_.id or 0, zone_id=zone.id or 0)
        session.add(place)
        session.flush()
        role: dict[str, Any] = {"user_id": user.id, "role": "nurse", "facility_id": place.id}
        session.add(Assignment(**role, granted_at=system_clock() - YEAR_MS))


def enrol(database: Database, facility_id: int = 1) -> Tablet:
    """A new device of a facility; its token is good where SECRET is the server's key."""
    settings = Settings(secret_key=SECRET)
    now = system_clock()
    with database.writing() as session:
        device, token = devices.enrol(
            session, settings, user_id=1, facility_id=facility_id, name="tablet", now=now, ids=uuid7
        )
    return Tablet("", token, device, f"F{facility_id}", clinic.NURSE, None)


def pusher(database: Database, tablet: Tablet) -> Callable[[bytes], dict[str, Any]]:
    """What sends a push's body, not packed, without HTTP: the answer's body. In one transaction, committed."""

    def send(body: bytes) -> dict[str, Any]:
        envelope, arrived = read_envelope(body)
        with database.writing() as session:
            return push(session, tablet.device, envelope, arrived, now=system_clock(), time_zone="UTC")

    return send

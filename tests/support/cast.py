"""The cast of people and their country, as every test of rights knows them, made through the services.

Alice is a nurse at facility A in the North, Bob manages the North, Ada administers everything. Charlie is the
outsider: a nurse at facility C in the South. Carol is an outsider with more rights: she manages the South.
Dan enters data at A for the malaria program only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from sqlmodel import Session

from backend.clock import HOUR_MS, to_iso
from backend.ids import uuid7
from backend.models import (
    Approval,
    Facility,
    FacilityType,
    Operation,
    Policy,
    Product,
    Program,
    Recall,
    StockException,
    User,
    Zone,
)
from backend.services import devices, passwords, people, tokens, web_sessions
from backend.services.ledger import Entry, Posting, post
from backend.settings import Settings

NAMES = ("alice", "bob", "charlie", "carol", "dan", "ada")
PASSWORD = "an honest password"
# Hashing takes a tenth of a second on purpose; once is enough for all.
_HASH = passwords.hashed(PASSWORD)

SECRET_NAME = "Alpha Lakeside Dispensary"
SECRET_LOT = "LOT-OF-A"
SECRET_DEVICE = "tablet of the dispensary"
SECRETS = (SECRET_NAME, SECRET_LOT, SECRET_DEVICE)
"""What is seen of facility A, and must not be by an outsider."""


@dataclass
class Cast:
    """Ids of everything that was made, by name or code; `secrets` are cookies' and `bearers` tokens' texts."""

    now: int
    zones: dict[str, int] = field(default_factory=dict)
    facilities: dict[str, int] = field(default_factory=dict)
    products: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    assignments: dict[str, int] = field(default_factory=dict)
    operations: dict[str, str] = field(default_factory=dict)
    exceptions: dict[str, str] = field(default_factory=dict)
    recall: str = ""
    device: str = ""
    secrets: dict[str, str] = field(default_factory=dict)
    bearers: dict[str, str] = field(default_factory=dict)
    token_ids: dict[str, str] = field(default_factory=dict)


def assemble(session: Session, settings: Settings, now: int) -> Cast:
    """Make the country, its stock and its people in an empty database."""
    cast = Cast(now)
    _places(session, cast)
    _catalogue(session, cast)
    _people(session, settings, cast)
    cast.device, _token = devices.enrol(
        session,
        settings,
        user_id=cast.users["alice"],
        facility_id=cast.facilities["A"],
        name=SECRET_DEVICE,
        now=now - HOUR_MS,
        ids=lambda: uuid7(now - HOUR_MS),
    )
    session.flush()
    for code, lot in (("A", SECRET_LOT), ("B", "LOT-OF-B"), ("C", "LOT-OF-C")):
        _stock(session, cast, code, lot)
    session.flush()
    cast.recall = uuid7(now)
    recalled = Recall(
        id=cast.recall,
        product_id=cast.products["AL"],
        lots=json.dumps([SECRET_LOT]),
        reason="Broken seals",
        instruction="Set it apart",
        zone_id=cast.zones["North"],
        opened_at=now - HOUR_MS,
        opened_by="bob",
    )
    session.add(recalled)
    session.flush()
    return cast


def _places(session: Session, cast: Cast) -> None:
    kind = FacilityType(name="health centre")
    country = Zone(name="Country", level=0)
    session.add_all([kind, country])
    session.flush()
    for name in ("North", "South"):
        zone = Zone(name=name, level=1, parent_id=country.id)
        session.add(zone)
        session.flush()
        cast.zones[name] = zone.id or 0
    for code, name, zone_name in (
        ("A", SECRET_NAME, "North"),
        ("B", "Beta Hill Health Centre", "North"),
        ("C", "Gamma Coast Health Centre", "South"),
    ):
        facility = Facility(code=code, name=name, type_id=kind.id or 0, zone_id=cast.zones[zone_name])
        session.add(facility)
        session.flush()
        cast.facilities[code] = facility.id or 0
    session.add(
        Policy(
            facility_type_id=kind.id or 0,
            minimum_month_hundredths=100,
            maximum_month_hundredths=350,
            emergency_month_hundredths=50,
        )
    )


def _catalogue(session: Session, cast: Cast) -> None:
    for code, name, program in (("AL", "Artemether", "malaria"), ("PCM", "Paracetamol", "essential")):
        product, owner = Product(code=code, name=name, pack_size=10), Program(code=program, name=program)
        session.add_all([product, owner])
        session.flush()
        session.add(Approval(program_id=owner.id or 0, product_id=product.id or 0))
        cast.products[code] = product.id or 0
        if program == "malaria":
            cast.products["program malaria"] = owner.id or 0


def _people(session: Session, settings: Settings, cast: Cast) -> None:
    since = cast.now - 24 * HOUR_MS
    for name in NAMES:
        cast.users[name] = people.add_user(session, name=name, password=None, now=since)
        session.get_one(User, cast.users[name]).password_hash = _HASH
    a, c = cast.facilities["A"], cast.facilities["C"]
    for name, role, facility, zone in (
        ("alice", "nurse", a, None),
        ("bob", "manager", None, cast.zones["North"]),
        ("charlie", "nurse", c, None),
        ("carol", "manager", None, cast.zones["South"]),
        ("dan", "data_entry", a, None),
        ("ada", "admin", None, None),
    ):
        cast.assignments[name] = people.grant(
            session, cast.users[name], role, now=since, facility_id=facility, zone_id=zone
        )
    people.narrow(session, cast.users["dan"], [cast.products.pop("program malaria")])
    for name, user_id in cast.users.items():
        cast.secrets[name] = web_sessions.begin(session, user_id=user_id, hours=12, now=cast.now)
        cast.token_ids[name], cast.bearers[name] = tokens.create(
            session, settings, user_id=user_id, now=cast.now, ids=lambda: uuid7()
        )


def _stock(session: Session, cast: Cast, code: str, lot: str) -> None:
    """One receipt of both products, and an exception that stands against it."""
    at, operation_id = cast.now - HOUR_MS, uuid7(cast.now - HOUR_MS)
    cast.operations[code] = operation_id
    lines = [
        {"product": product, "lot": {"number": lot, "expiry": "2031-01-31"}, "quantity": 40}
        for product in ("AL", "PCM")
    ]
    text = json.dumps(
        {
            "id": operation_id,
            "kind": "stock.receive",
            "version": 1,
            "facility": code,
            "author": "alice",
            "recorded_at": to_iso(at),
            "occurred_at": to_iso(at),
            "body": {"source": {"supplier": "CMS"}, "reference": "R1", "patient": "nobody's", "lines": lines},
        }
    )
    session.add(
        Operation(
            facility_id=cast.facilities[code],
            id=operation_id,
            content_hash="0" * 64,
            content=text.encode(),
            kind="stock.receive",
            author="alice",
            device_id=cast.device if code == "A" else None,
            seq=1 if code == "A" else None,
            recorded_at=at,
            effective_at=at,
            received_at=at,
            outcome="flagged",
        )
    )
    entries = [
        Entry(cast.products[product], lot, "2031-01-31", "", "", at, "received", 40, None, line)
        for line, product in enumerate(("AL", "PCM"))
    ]
    post(
        session,
        cast.facilities[code],
        [Posting(operation_id, entries)],
        now=cast.now,
        time_zone="UTC",
    )
    cast.exceptions[code] = uuid7(at)
    session.add(
        StockException(
            facility_id=cast.facilities[code],
            id=cast.exceptions[code],
            code="clock_skew",
            operation_id=operation_id,
            line=0,
            card=1,
            opened_at=at,
        )
    )

"""A small world for the sync tests: two facilities, a few products, Alice, Bob and a device, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlmodel import Session, col, select

from backend.app import create_app
from backend.clock import to_iso
from backend.db import Database
from backend.ids import uuid7
from backend.models import (
    Assignment,
    Card,
    Facility,
    FacilityType,
    Product,
    StockException,
    User,
    Zone,
)
from backend.services import devices, passwords, rebuild
from backend.settings import Settings
from sync.pull import pull
from sync.push import push, read_envelope

NOW = 1_790_000_000_000
SETTINGS = Settings(secret_key="for the tests only")
PASSWORD = "correct horse battery"
# Hashing takes a tenth of a second on purpose; once is enough for all.
PASSWORD_HASH = passwords.hashed(PASSWORD)


_numbers = count(1)


def next_id() -> str:
    """Increasing ids, as a device makes them: of two facts at one moment the later made sorts behind."""
    return f"01a20000-0000-7000-8000-{next(_numbers):012d}"


@dataclass
class World:
    """The database, and a clock that the test moves."""

    db: Database
    now: int = NOW
    facilities: dict[str, int] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)

    def enrol(self, facility: str = "A", user: str = "alice") -> Tablet:
        """A new device of a facility."""
        with self.db.writing() as session:
            device, _ = devices.enrol(
                session,
                SETTINGS,
                user_id=self.users[user],
                facility_id=self.facilities[facility],
                name="tablet",
                now=self.now,
                ids=lambda: uuid7(self.now),
            )
        return Tablet(self, device, facility, user)

    def cards(self, facility: str = "A") -> dict[tuple[str, str], int]:
        """Stock on hand by (product, lot)."""
        with self.db.reading() as session:
            rows = session.exec(
                select(Product.code, Card.lot, Card.on_hand)
                .join(Product, col(Product.id) == col(Card.product_id))
                .where(Card.facility_id == self.facilities[facility])
            )
            return {(code, lot): on_hand for code, lot, on_hand in rows}

    def standing(self, facility: str = "A") -> set[tuple[str, str, int]]:
        """(code, operation, line) of the exceptions that stand."""
        with self.db.reading() as session:
            rows = session.exec(
                select(StockException.code, StockException.operation_id, StockException.line).where(
                    StockException.facility_id == self.facilities[facility],
                    col(StockException.closed_at).is_(None),
                )
            )
            return set(rows)

    def differences(self) -> list[str]:
        """What a rebuild would change; empty where every projection is right."""
        with self.db.reading() as session:
            return rebuild.rebuild(session, check=True, now=self.now, time_zone="UTC")

    def read(self, work: Callable[[Session], Any]) -> Any:
        """The result of a read."""
        with self.db.reading() as session:
            return work(session)


@dataclass
class Tablet:
    """A device as the wire sees it. `seq` is the last delivery number it gave out."""

    world: World
    device: str
    facility: str
    author: str
    seq: int = 0
    cursor: str | None = None

    def operation(self, kind: Any, body: Any, **header: Any) -> str:
        """The text of an operation, made once; header members can be overridden."""
        now = to_iso(self.world.now)
        members: dict[str, Any] = {
            "id": next_id(),
            "kind": kind,
            "version": 1,
            "facility": self.facility,
            "author": self.author,
            "recorded_at": now,
            "occurred_at": now,
            "offset_ms": 0,
            "seen": None,
            "body": body,
        }
        return json.dumps({**members, **header})

    def push(self, *texts: str, seqs: list[int] | None = None) -> dict[str, Any]:
        """Send operations under the next numbers, or under given ones."""
        numbers = seqs or list(range(self.seq + 1, self.seq + 1 + len(texts)))
        lines = ", ".join(
            f'{{"seq": {n}, "operation": {text}}}' for n, text in zip(numbers, texts, strict=True)
        )
        sent = to_iso(self.world.now)
        answer = self.send(
            f'{{"device": "{self.device}", "epoch": null, "sent_at": "{sent}", "operations": [{lines}]}}'
        )
        self.seq = max(self.seq, *numbers) if numbers else self.seq
        return answer

    def send(self, body: str | bytes) -> dict[str, Any]:
        """Send a push's body as it is."""
        envelope, arrived = read_envelope(body.encode() if isinstance(body, str) else body)
        with self.world.db.writing() as session:
            answer = push(session, self.device, envelope, arrived, now=self.world.now, time_zone="UTC")
        return json.loads(json.dumps(answer))

    def one(self, text: str) -> dict[str, Any]:
        """Send one operation; its result."""
        return self.push(text)["results"][0]

    def pull(self, limit: int = 1000) -> list[dict[str, Any]]:
        """All changes since the last pull, page by page."""
        found = []
        while True:
            with self.world.db.reading() as session:
                page = pull(session, self.device, self.cursor, limit=limit, now=self.world.now)
            found += page["changes"]
            self.cursor = page["cursor"]
            if not page["more"]:
                self.covers = page["covers"]
                return found


def line(
    product: str, quantity: int, lot: str | None = "L1", expiry: str | None = "2028-01-31", **more: Any
) -> Any:
    """A line of an operation."""
    return {
        "product": product,
        "lot": lot and {"number": lot, "expiry": expiry},
        "quantity": quantity,
        **more,
    }


def received(*lines: Any) -> dict[str, Any]:
    """The body of a receipt."""
    return {"source": {"supplier": "Central"}, "reference": "D1", "lines": list(lines)}


def issued(*lines: Any) -> dict[str, Any]:
    """The body of an issue to a ward."""
    return {"destination": {"ward": "OPD"}, "lines": list(lines)}


def counted(
    product: str, quantity: int, lot: str | None = "L1", expiry: str | None = "2028-01-31"
) -> dict[str, Any]:
    """The body of a count of one card."""
    return {
        "session": "s1",
        "lines": [
            {"product": product, "lot": lot and {"number": lot, "expiry": expiry}, "counted": quantity}
        ],
    }


@pytest.fixture
def world(database: Database) -> World:
    """Facilities A and B, products P1 to P4 (P4 inactive), Alice a nurse at A, Bob at B, Dora disabled."""
    world = World(database)
    with database.writing() as session:
        zone = Zone(name="South", level=1)
        type_ = FacilityType(name="Health centre")
        session.add_all([zone, type_])
        session.flush()
        for code in "AB":
            place = Facility(code=code, name=f"Facility {code}", type_id=type_.id, zone_id=zone.id)
            session.add(place)
            session.flush()
            world.facilities[code] = place.id
        session.add_all(Product(code=f"P{n}", name=f"Product {n}", active=n != 4) for n in range(1, 5))
        for name, facility in (("alice", "A"), ("bob", "B"), ("dora", "A")):
            disabled_at = NOW - 1000 if name == "dora" else None
            user = User(name=name, created_at=NOW - 10**9, disabled_at=disabled_at)
            session.add(user)
            session.flush()
            world.users[name] = user.id
            role = Assignment(
                user_id=user.id, role="nurse", facility_id=world.facilities[facility], granted_at=NOW - 10**9
            )
            session.add(role)
    return world


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Any]]:
    """The application over the world's database, its clock standing at NOW."""
    with world.db.writing() as session:
        for name in ("alice", "bob", "dora"):
            user = session.get(User, world.users[name])
            assert user is not None
            user.password_hash = PASSWORD_HASH
            session.add(user)
    url = world.db.url.render_as_string(hide_password=False)
    settings = Settings(database_url=url, secret_key="for the tests only, and long enough", levels_seconds=0)
    with TestClient(create_app(settings, clock=lambda: world.now)) as client:
        yield client


def enrol(client: TestClient[Any], user: str = "alice", facility: str = "A", password: str = PASSWORD) -> Any:
    """An answer to an enrolment."""
    body = {"user": user, "password": password, "facility": facility, "name": "tablet"}
    return client.post("/sync/enrol", json=body)


@pytest.fixture
def enrolled(client: TestClient[Any]) -> dict[str, str]:
    """Alice's device at facility A: the answer of its enrolment."""
    answer = enrol(client)
    assert answer.status_code == 201
    return answer.json()  # type: ignore[no-any-return]

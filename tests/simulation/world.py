"""One simulated world: its clock, its chance, its server, its network and its devices, all decided by a seed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlmodel import Session, col, select

from backend.ids import uuid7
from backend.models import Operation
from tests.simulation.device import Device
from tests.simulation.history import History
from tests.simulation.host import Host
from tests.simulation.network import Network
from tests.simulation.oracle import First, Oracle
from tests.simulation.place import EVERYWHERE, FACILITIES, PEOPLE, START
from tests.simulation.server import Answer, Request, Server, ServerCrashed, begin_new_life

TOLD_MAX = 400
LIMIT_MAX = 40
"""A save is some twenty tasks, a push with its answer some fifty."""
HOUR = 3_600_000
YEAR = 365 * 24 * HOUR
CODES = (
    *("negative_stock", "count_overlap", "variance_changed", "count_backdated", "clock_skew", "seq_reused"),
    *("inactive", "reason_type", "already_reversed", "not_reversible", "lot_expiry", "unmatched_receipt"),
    *("reversed_receipt", "already_received", "id_reused", "unknown_product", "not_permitted"),
    *("author_disabled", "device_gap", "late_for_period"),
)
"""Exceptions that a trace names."""
SKEWS = (0, 0, 0, 300, -700, 1_500, -4_000, 90_000, -3 * HOUR, 26 * HOUR, -2 * YEAR, 3 * YEAR)
"""How far a tablet's clock may be ahead, in ms."""


@dataclass(frozen=True)
class Backup:
    """A copy of the server's file, and what had been answered when it was taken."""

    file: Path
    answers: dict[tuple[str, str], First]
    delivered: dict[str, int]


@dataclass
class World:
    """`programs` are the names of scripts that devices may run and be updated to; the host knows them."""

    seed: int
    host: Host
    server: Server
    folder: Path
    programs: Sequence[str]
    now: int = START
    devices: list[Device] = field(default_factory=list)
    put_away: dict[str, Device] = field(default_factory=dict)
    backups: list[Backup] = field(default_factory=list)
    restored: bool = False

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)
        self.history = History(self.seed)
        self.oracle = Oracle()
        self.network = Network(self)
        self.host.ask("clear")
        self.server.begin(lambda: self.now, self.new_id, self.new_id())

    def new_id(self) -> str:
        """An id as the server makes them, of this seed's chance."""
        digits = uuid7(self.now)[:14] + f"{self.chance.getrandbits(76):019x}"
        return "-".join((digits[:8], digits[9:13], "7" + digits[14:17], "8" + digits[17:20], digits[20:32]))

    def add_device(self, facility: str) -> Device:
        """One more tablet, switched on and not enrolled."""
        name = f"tablet{len(self.devices) + 1}"
        skew = self.chance.choice(SKEWS)
        locks = self.chance.random() < 0.5
        program = self.chance.choice(self.programs)
        device = Device(self, name, facility, skew, locks, program)
        self.devices.append(device)
        device.boot()
        return device

    def sign_in(self, device: Device, limit: int | None = None) -> None:
        """Have somebody sign in on a device, mostly somebody of its facility."""
        people: tuple[str, ...] = (*PEOPLE[device.facility] * 4, EVERYWHERE)
        if self.chance.random() < 0.05:
            device.facility = self.chance.choice(FACILITIES)
            people = (EVERYWHERE,)
        entry = {
            "user": self.chance.choice(people),
            "password": "",
            "facility": device.facility,
            "name": device.name,
        }
        device.call("enrol", entry, limit=limit)

    def some_limit(self) -> int | None:
        """Mostly none; sometimes a number of tasks after which a device is stopped on its way."""
        return self.chance.randint(0, LIMIT_MAX) if self.chance.random() < 0.25 else None

    def serve(self, request: Request) -> Answer | None:
        """Have the server answer; None if it crashed on the way."""
        try:
            answer = self.server.handle(request)
        except ServerCrashed:
            self.history.say(f"{self.now} the server crashes in {request.path}")
            return None
        self.history.say(f"{self.now} the server answers {answer.status} {_told(answer)}")
        if request.path == "/sync/push" and answer.status == 200:
            self.oracle.is_answered(request.body, answer.body)
        return answer

    def ledger_ids(self) -> set[str]:
        """Every operation that the server keeps."""
        return set(self.server.read(_operation_ids))

    def disk_ids(self) -> set[str]:
        """Every operation on some tablet's disk."""
        return {id_ for device in self.devices for id_ in self.host.ask("texts", disk=device.name)}

    def excuse(self) -> None:
        """Something was put back to an earlier state: find what is nowhere any more."""
        gone = self.oracle.excuse(self.disk_ids(), self.ledger_ids())
        if gone:
            self.history.say(f"{self.now} nowhere any more: {' '.join(sorted(gone))}")

    def back_up(self) -> None:
        """`bincard backup`, as of now."""
        file = self.folder / f"backup{len(self.backups)}.sqlite"
        self.server.put_away(file)
        self.backups.append(Backup(file, dict(self.oracle.answers), dict(self.oracle.delivered)))
        self.history.say(f"{self.now} the server is backed up")

    def restore(self, backup: Backup) -> None:
        """`bincard restore`: the database as it was, in a new life."""
        self.history.say(f"{self.now} the server is restored from {backup.file.stem}")
        self.restored = True
        self.server.put_back(backup.file)
        self.server.write(begin_new_life, self.new_id())
        self.oracle.answers, self.oracle.delivered = dict(backup.answers), dict(backup.delivered)
        self.excuse()


def _operation_ids(session: Session) -> list[str]:
    return list(session.exec(select(col(Operation.id))))


def _told(answer: Answer) -> str:
    """The beginning of an answer, and of the rest which exceptions it speaks of and a hash."""
    if len(answer.body) < TOLD_MAX:
        return answer.body
    codes = [code for code in CODES if f'"{code}"' in answer.body]
    digest = hashlib.sha256(answer.body.encode()).hexdigest()
    return f"{answer.body[:TOLD_MAX]}... {len(answer.body)} {digest[:12]} {' '.join(codes)}"

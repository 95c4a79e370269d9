"""The server of a simulation: the real push and pull on a real SQLite file, which can crash and be put back."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import parse_qs, urlsplit

import msgspec
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from backend.db import Database
from backend.models import Facility, Meta, User
from backend.problems import Problem
from backend.services import backup, changes, devices
from backend.services.access import access_of
from backend.settings import Settings
from sync import reference
from sync.packing import pack
from sync.pull import pull
from sync.push import push, read_envelope
from sync.routes import BODY_BYTES_MAX
from tests.simulation.place import TIME_ZONE

P = ParamSpec("P")
R = TypeVar("R")
SETTINGS = Settings(secret_key="for the simulation only")
OURS = "urn:bincard:problem:"


class ServerCrashed(Exception):
    """The server process ended in the middle of a transaction; nothing catches this on the way."""


@dataclass(frozen=True)
class Request:
    """What a device sent."""

    method: str
    url: str
    headers: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        """The address without its query."""
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Answer:
    """What comes back; `headers` only those that mean something to a device."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def shuts_out(self) -> bool:
        """Whether a device that hears this has to stop until somebody signs in: in our server's own words."""
        refused = self.status in (401, 403) and f'"type":"{OURS}' in self.body.replace(" ", "")
        return refused or (self.status == 200 and '"seq_reused"' in self.body)


class Server:
    """One server for many seeds: its engine is kept, the file below it is exchanged.

    `now` tells UTC milliseconds, `new_id` and `new_epoch` come from the seed.
    """

    def __init__(self, folder: Path, template: Path) -> None:
        self.file = folder / "bincard.sqlite"
        self._template = template
        self.db = Database(f"sqlite:///{self.file}", readers=1)
        self.now: Callable[[], int] = lambda: 0
        self.new_id: Callable[[], str] = str
        self.crash_in: int | None = None
        self._serving = False
        # Before and after each statement, and before the commit: wherever an end can leave something half done.
        for moment in ("before_cursor_execute", "after_cursor_execute", "commit"):
            event.listen(self.db._writing, moment, self._step)

    def begin(self, now: Callable[[], int], new_id: Callable[[], str], epoch: str) -> None:
        """A fresh database for a new seed."""
        self.now, self.new_id, self.crash_in = now, new_id, None
        self.put_back(self._template)
        self.write(_set_epoch, epoch)

    def put_away(self, to: Path) -> None:
        """A backup, as of the last commit."""
        with sqlite3.connect(self.file) as source, sqlite3.connect(to) as target:
            source.backup(target)
        source.close()
        target.close()

    def put_back(self, file: Path) -> None:
        """The database as it was in a backup; the caller gives it its new epoch."""
        self.db._writing.dispose()
        self.db._reading.dispose()
        for left in self.file.parent.glob(self.file.name + "-*"):
            left.unlink()
        shutil.copyfile(file, self.file)
        # It is another process that serves a restored file, and it has read nothing yet.
        reference._KEPT.clear()

    def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a read on one snapshot."""
        with self.db.reading() as session:
            return work(session, *args, **kwargs)

    def write(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of a transaction."""
        with self.db.writing() as session:
            return work(session, *args, **kwargs)

    def handle(self, request: Request) -> Answer:
        """Answer a request as sync.routes does. Raises ServerCrashed where that was planned."""
        self._serving = True
        try:
            match request.path:
                case "/sync/enrol":
                    return _json(201, self.write(self._enrol, msgspec.json.decode(request.body)))
                case "/sync/push":
                    return _json(200, self._push(request))
                case "/sync/pull":
                    return _json(200, self._pull(request))
                case _:
                    raise Problem(404, "not_found", "There is nothing here.")
        except Problem as problem:
            return _json(problem.status, problem.body(), problem.headers)
        except IntegrityError as error:
            # A second try would break the same way here, where nobody else writes.
            detail: dict[str, object] = {
                "type": "about:blank",
                "title": "Internal Server Error",
                "detail": str(error.orig),
            }
            return _json(500, detail)
        finally:
            self._serving = False

    def _push(self, request: Request) -> dict[str, object]:
        device_id = self.read(devices.bearer_of, SETTINGS, _bearer(request)).id
        body = request.body.encode()
        if len(body) > BODY_BYTES_MAX:
            raise Problem(413, "too_large", "A push has at most 1 MiB unpacked; send half.")
        envelope, arrived = read_envelope(body)
        return self.write(push, device_id, envelope, arrived, now=self.now(), time_zone=TIME_ZONE)

    def _pull(self, request: Request) -> dict[str, object]:
        query = parse_qs(urlsplit(request.url).query)
        device_id = self.read(devices.bearer_of, SETTINGS, _bearer(request)).id
        cursor = query.get("cursor", [None])[0]
        answer = self.read(pull, device_id, cursor, limit=int(query["limit"][0]), now=self.now())
        if "packed" not in query:
            return dict(answer)
        return {name: value for name, value in answer.items() if name != "changes"} | {
            "tables": pack(answer["changes"])
        }

    def _enrol(self, session: Session, wanted: dict[str, str]) -> dict[str, object]:
        # The password is the one thing left out: hashing takes longer than everything else together.
        user_id = session.exec(select(User.id).where(User.name == wanted["user"])).one() or 0
        facility = session.exec(select(Facility).where(Facility.code == wanted["facility"])).one()
        access = access_of(session, [user_id])[user_id]
        if not access.allows("device.enrol", facility.id, self.now()):
            raise Problem(403, "not_permitted", "You have no right to enrol a device at this facility.")
        device_id, token = devices.enrol(
            session,
            SETTINGS,
            user_id=user_id,
            facility_id=facility.id or 0,
            name=wanted["name"],
            now=self.now(),
            ids=self.new_id,
        )
        epoch = changes.epoch(session)
        return {
            "device": device_id,
            "token": token,
            "user": access.name,
            "facility": facility.code,
            "epoch": epoch,
        }

    def _step(self, _connection: Any, _cursor: Any = None, statement: str = "", *_rest: Any) -> None:
        # Ending at BEGIN is ending before it, and would leave the pool with a transaction that nobody knows of.
        if self.crash_in is None or not self._serving or statement.startswith("BEGIN"):
            return
        self.crash_in -= 1
        if self.crash_in < 0:
            self.crash_in = None
            raise ServerCrashed

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()


def begin_new_life(session: Session, epoch: str) -> None:
    """What `bincard restore` does to a database that it put back, but with an epoch that the seed chose."""
    backup.begin_new_life(session)
    _set_epoch(session, epoch)


def _set_epoch(session: Session, epoch: str) -> None:
    row = session.exec(select(Meta).where(col(Meta.key) == "epoch")).one()
    row.value = epoch
    session.add(row)


def _bearer(request: Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ")


def _json(status: int, body: dict[str, object], headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, msgspec.json.encode(body).decode(), headers or {})

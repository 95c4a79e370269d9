"""The three doors of the wire: enrolment, push and pull. They read, authenticate and answer; the work is elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import Parameter
from msgspec import Struct
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, select

from backend.clock import MINUTE_MS, Clock
from backend.db import Database, is_deadlock
from backend.domain.device_status import HEADER, is_news, read_status
from backend.ids import Ids
from backend.models import Facility
from backend.problems import Problem
from backend.services import changes, devices
from backend.services.access import access_of
from backend.services.sign_in import check_password
from backend.settings import Settings
from backend.told import Pulled, Pushed, Told, told_of
from sync import people
from sync.bodies import Text
from sync.carried import deliver, read_part
from sync.packing import pack
from sync.people import bearer_token
from sync.pull import LIMIT_MAX, pull
from sync.push import push, read_envelope
from sync.tally import tally

BODY_BYTES_MAX = 1024 * 1024
ENROL_BYTES_MAX = 8 * 1024
COMPRESS_FROM = 600
PACKED_WELL, PACKED_FAST = 6, 1
CURSOR_LENGTH_MAX = 3000
"""One is some hundred characters long; longer addresses are refused before they come here."""
TRIES = 3
SEEN_EVERY_MS = MINUTE_MS
"""A device that only pulls is marked as seen this often: an empty pull should not cost a write."""

R = TypeVar("R")
AnyRequest = Request[Any, Any, State]


class Enrolment(Struct):
    """The body of an enrolment."""

    user: Text
    password: Text
    facility: Text
    name: Text = ""


@post("/sync/enrol", status_code=201, request_max_body_size=ENROL_BYTES_MAX)
async def enrol_device(
    request: AnyRequest,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
    ids: NamedDependency[Ids],
    client_address: NamedDependency[str],
) -> Response[bytes]:
    """Make this browser a device of a facility, for someone who may."""
    try:
        wanted = msgspec.json.decode(await request.body(), type=Enrolment)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "unreadable_enrolment", f"The enrolment cannot be read: {error}") from None
    now = clock()
    user_id = await check_password(
        db, settings, now, name=wanted.user, password=wanted.password, address=client_address
    )
    answer = await db.write(_enrol, settings, wanted, user_id, now, ids)
    told = told_of(request.scope)
    told.device, told.facility, told.user = str(answer["device"]), str(answer["facility"]), user_id
    return _json(request, answer, 201)


@post("/sync/push", status_code=200, request_max_body_size=BODY_BYTES_MAX)
async def push_operations(
    request: AnyRequest,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Apply a batch once and answer each operation; PROTOCOL.md, Push."""
    bearer = await db.read(devices.bearer_of, settings, bearer_token(request))
    told = _tell_who(request, bearer)
    body = await request.body()
    told.bytes_in = len(body)
    envelope, arrived = read_envelope(_inflated(request, body))
    started = time.perf_counter()
    loop = asyncio.get_running_loop()

    async def made(answer: dict[str, object]) -> tuple[Response[bytes], Pushed]:
        return _json(request, answer | bearer.told(), 200, PACKED_FAST), tally(
            [one.raw for one in arrived], answer
        )

    def work(session: Session) -> Future[tuple[Response[bytes], Pushed]]:
        answer = push(session, bearer.id, envelope, arrived, now=clock(), time_zone=settings.time_zone)
        # The answer is made on the loop while this thread waits for the disk; it is sent when all is on it.
        return asyncio.run_coroutine_threadsafe(made(answer), loop)

    response, pushed = await asyncio.wrap_future(await _push_once(db, work))
    told.pushed = replace(pushed, seconds=time.perf_counter() - started)
    # Of what waited when the device spoke this push has just been answered.
    response.background = BackgroundTask(_hear, db, request, bearer, clock(), answered=len(arrived))
    return response


@post("/sync/carried", status_code=200, request_max_body_size=BODY_BYTES_MAX)
async def take_carried(
    request: AnyRequest,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """Apply what another device recorded and this one brings, and seal the answers for it; PROTOCOL.md, Carrying."""
    bearer = await db.read(devices.bearer_of, settings, bearer_token(request))
    told = _tell_who(request, bearer)
    body = await request.body()
    told.bytes_in = len(body)
    carried = read_part(settings, _inflated(request, body).strip())
    started, now = time.perf_counter(), clock()
    answer, line = await _push_once(db, lambda session: deliver(session, settings, carried, now))
    if not answer.get("gap"):
        pushed = tally([one.raw for one in carried.arrived], answer)
        told.pushed = replace(pushed, seconds=time.perf_counter() - started)
    response = _sent(request, line, 200)
    response.background = BackgroundTask(_hear, db, request, bearer, now)
    return response


@get("/sync/pull")
async def pull_changes(
    request: AnyRequest,
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
    cursor: str | None = Parameter(default=None, max_length=CURSOR_LENGTH_MAX),
    limit: int = Parameter(default=1000, ge=1, le=LIMIT_MAX),
    packed: bool = Parameter(default=False),
) -> Response[bytes]:
    """What changed for a device since a cursor; PROTOCOL.md, Pull."""
    now = clock()
    bearer, response = await db.read(_pulled, request, settings, cursor, limit, packed, now)
    # Afterwards, for it is a write: whoever holds the database's one writer must not hold up a pull.
    response.background = BackgroundTask(_hear, db, request, bearer, now)
    return response


handlers = [enrol_device, push_operations, take_carried, pull_changes, *people.handlers]


def _pulled(
    session: Session,
    request: AnyRequest,
    settings: Settings,
    cursor: str | None,
    limit: int,
    packed: bool,
    now: int,
) -> tuple[devices.Bearer, Response[bytes]]:
    """Who asks, and the answer, in one snapshot and one thread: nearly every pull finds nothing and must cost little.

    Packing is done here too, where it holds up nobody else.
    """
    bearer = devices.bearer_of(session, settings, bearer_token(request))
    told = _tell_who(request, bearer)
    started = time.perf_counter()
    answer = pull(session, bearer.id, cursor, limit=limit, now=now)
    changes = answer["changes"]
    told.pulled = Pulled(len(changes), time.perf_counter() - started)
    if packed:
        body = {name: value for name, value in answer.items() if name != "changes"}
        return bearer, _json(request, body | bearer.told() | {"tables": pack(changes)}, 200)
    return bearer, _json(request, {**answer, **bearer.told()}, 200)


def _tell_who(request: AnyRequest, bearer: devices.Bearer) -> Told:
    told = told_of(request.scope)
    told.device, told.facility, told.user = bearer.id, bearer.facility_code, bearer.user_id
    return told


async def _hear(
    db: Database, request: AnyRequest, bearer: devices.Bearer, now: int, *, answered: int = 0
) -> None:
    """Store that the device was heard of and what it tells of itself, when that is news: most calls write nothing."""
    status = read_status(request.headers.get(HEADER), now)
    if status is not None:
        status = status.after_answers(answered)
        if not is_news(status, waiting=bearer.waiting, status_at=bearer.status_at, now=now):
            status = None
    # A push has marked the device as seen by itself.
    if status is not None or (not answered and now - (bearer.last_seen_at or 0) > SEEN_EVERY_MS):
        await db.write(devices.mark_seen, bearer.id, now, status)


async def _push_once(db: Database, work: Callable[[Session], R]) -> R:
    for left in reversed(range(TRIES)):
        try:
            return await db.write(work)
        except (IntegrityError, OperationalError) as error:
            # Two copies of one store sent the same id at once: the loser looks again and finds it answered.
            # Of two that wait for each other the database ends one, which then finds the way free.
            if not left or not (isinstance(error, IntegrityError) or is_deadlock(error)):
                raise
    raise AssertionError("unreachable")


def _enrol(
    session: Session, settings: Settings, wanted: Enrolment, user_id: int, now: int, ids: Ids
) -> dict[str, object]:
    facility = session.exec(select(Facility).where(Facility.code == wanted.facility.strip())).first()
    access = access_of(session, [user_id])[user_id]
    if facility is None or facility.id is None:
        if access.allows("device.enrol", None, now):
            raise Problem(404, "unknown_facility", "There is no facility with this code.")
        raise Problem(403, "not_permitted", "You have no right to enrol a device.")
    if not access.allows("device.enrol", facility.id, now):
        raise Problem(403, "not_permitted", "You have no right to enrol a device at this facility.")
    name = wanted.name.strip() or f"{access.name}'s device"
    device_id, token = devices.enrol(
        session,
        settings,
        user_id=user_id,
        facility_id=facility.id,
        name=name,
        now=now,
        ids=ids,
    )
    return {
        "device": device_id,
        "token": token,
        "user": access.name,
        "facility": facility.code,
        "epoch": changes.epoch(session),
    }


def _inflated(request: AnyRequest, body: bytes) -> bytes:
    """The body as it was before gzip, never unpacking more than is allowed."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Problem(415, "unknown_encoding", "Only gzip is understood as a content encoding.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        inflated = unpacker.decompress(body, BODY_BYTES_MAX + 1)
    except zlib.error as error:
        raise Problem(400, "unreadable_envelope", f"The gzip cannot be unpacked: {error}") from None
    if len(inflated) > BODY_BYTES_MAX:
        raise Problem(413, "too_large", f"A push has at most {BODY_BYTES_MAX} bytes unpacked; send half.")
    if not unpacker.eof:
        raise Problem(400, "unreadable_envelope", "The gzip ends too early.")
    if unpacker.unused_data:
        # Unpacking any number of members takes time without end; not looking at them would lose what they hold.
        raise Problem(400, "unreadable_envelope", "Something follows the gzip; send it as one member.")
    return inflated


def _json(
    request: AnyRequest, body: Mapping[str, object], status: int, level: int = PACKED_WELL
) -> Response[bytes]:
    return _sent(request, msgspec.json.encode(body), status, level)


def _sent(request: AnyRequest, content: bytes, status: int, level: int = PACKED_WELL) -> Response[bytes]:
    headers = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
    if len(content) >= COMPRESS_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, level, mtime=0)
        headers["Content-Encoding"] = "gzip"
    told_of(request.scope).bytes_out = len(content)
    return Response(content, status_code=status, headers=headers, media_type="application/json")

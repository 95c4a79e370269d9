"""The doors of the wire for the people of a device: signing in on one, and telling that it was erased."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from msgspec import Struct

from backend.clock import Clock
from backend.db import Database
from backend.problems import Problem
from backend.services import devices
from backend.services.device_people import add_person
from backend.services.device_wipe import note_wiped
from backend.services.sign_in import check_password
from backend.settings import Settings
from backend.told import told_of
from sync.bodies import Text

BODY_BYTES_MAX = 8 * 1024
_NOT_STORED = {"Cache-Control": "no-store"}


class SignIn(Struct):
    """The body of a person's sign-in on a device."""

    user: Text
    password: Text


@post("/sync/people", status_code=200, request_max_body_size=BODY_BYTES_MAX)
async def sign_in_on_device(
    request: Request[Any, Any, State],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
    client_address: NamedDependency[str],
) -> Response[dict[str, object]]:
    """Let a person use the device that asks; PROTOCOL.md, People of a device."""
    bearer = await db.read(devices.bearer_of, settings, bearer_token(request))
    _tell(request, bearer)
    try:
        wanted = msgspec.json.decode(await request.body(), type=SignIn)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "unreadable_sign_in", f"The sign-in cannot be read: {error}") from None
    now = clock()
    user_id = await check_password(
        db, settings, now, name=wanted.user, password=wanted.password, address=client_address
    )
    name = await db.write(add_person, bearer.id, user_id, now)
    people = sorted({*bearer.people, name})
    return Response({"user": name, **bearer.told(), "people": people}, headers=_NOT_STORED)


@post("/sync/wiped", status_code=200, request_max_body_size=BODY_BYTES_MAX)
async def tell_wiped(
    request: Request[Any, Any, State],
    db: NamedDependency[Database],
    settings: NamedDependency[Settings],
    clock: NamedDependency[Clock],
) -> Response[dict[str, object]]:
    """Take note that the device which asks has erased itself. Whoever is signed in there as a manager is so no more."""
    bearer = await db.read(devices.bearer_of, settings, bearer_token(request))
    _tell(request, bearer)
    await db.write(note_wiped, bearer.id, clock())
    return Response({}, headers={**_NOT_STORED, "Clear-Site-Data": '"cookies"'})


def _tell(request: Request[Any, Any, State], bearer: devices.Bearer) -> None:
    told = told_of(request.scope)
    told.device, told.facility, told.user = bearer.id, bearer.facility_code, bearer.user_id


def bearer_token(request: Request[Any, Any, State]) -> str:
    """The bearer token of a request, '' without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


handlers = [sign_in_on_device, tell_wiped]

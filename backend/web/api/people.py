"""GET /api/v1/users, /devices, /tokens: who may do what, what they enrolled, and their bearer tokens."""

from __future__ import annotations

from collections import defaultdict

from litestar import get
from msgspec import Struct
from sqlmodel import Session, col, select

from backend.clock import to_iso
from backend.db import Database
from backend.models import ApiToken, Assignment, Device, Facility, Program, User, UserProgram
from backend.services.access import zone_tree
from backend.web.api.paging import LIMIT_DEFAULT, Cursor, Limit, Page, after, paged, past
from backend.web.api.scoping import codes, scope_of, within
from backend.web.guards import requires, requires_everywhere
from backend.web.viewer import Viewer

Key = tuple[str | int, ...] | None


class RoleOut(Struct):
    """A role held now, at a facility, in a zone with all below it, or (both null) everywhere."""

    role: str
    facility: str | None
    zone: str | None
    since: str


class UserOut(Struct):
    """A person; `programs` empty means all. Nothing of the password leaves the server."""

    name: str
    email: str
    language: str
    roles: list[RoleOut]
    programs: list[str]
    created_at: str
    disabled_at: str | None


class DeviceOut(Struct):
    """An enrolled device; `expected_seq` is the next delivery number it owes.

    From `app_version` on: what it told of itself at `status_at`, null where it did not; storage in bytes.
    """

    id: str
    facility: str
    user: str
    name: str
    enrolled_at: str
    last_seen_at: str | None
    revoked_at: str | None
    expected_seq: int
    app_version: str | None
    waiting: int | None
    oldest_waiting_at: str | None
    storage_free: int | None
    storage_persisted: bool | None
    status_at: str | None


class TokenOut(Struct):
    """A bearer token; its text is shown once, when it is made."""

    id: str
    user: str
    created_at: str
    revoked_at: str | None


@get("/users", guards=[requires_everywhere("user.edit")], tags=["people"])
async def list_users(
    db: Database, viewer: Viewer, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[UserOut]:
    """Users, by name."""
    return await db.read(_users, after(cursor, "users", str), limit)


def _users(session: Session, key: Key, limit: int) -> Page[UserOut]:
    rows = session.exec(
        select(User).where(past([col(User.name)], key)).order_by(col(User.name)).limit(limit + 1)
    ).all()
    ids = [row.id for row in rows if row.id is not None]
    roles, programs = _roles(session, ids), _programs(session, ids)

    def shown(row: User) -> UserOut:
        return UserOut(
            name=row.name,
            email=row.email,
            language=row.language,
            roles=roles[row.id or 0],
            programs=programs[row.id or 0],
            created_at=to_iso(row.created_at),
            disabled_at=_iso(row.disabled_at),
        )

    return paged(rows, limit, "users", lambda row: (row.name,), shown)


def _roles(session: Session, user_ids: list[int]) -> dict[int, list[RoleOut]]:
    held = session.exec(
        select(Assignment)
        .where(col(Assignment.user_id).in_(user_ids), col(Assignment.withdrawn_at).is_(None))
        .order_by(col(Assignment.id))
    ).all()
    facilities, tree = codes(session, Facility, [one.facility_id for one in held]), zone_tree(session)
    found: dict[int, list[RoleOut]] = defaultdict(list)
    for one in held:
        zone = tree.path(one.zone_id) if one.zone_id is not None else None
        facility = facilities.get(one.facility_id or 0)
        found[one.user_id].append(RoleOut(one.role, facility, zone, to_iso(one.granted_at)))
    return found


def _programs(session: Session, user_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    for user_id, code in session.exec(
        select(UserProgram.user_id, Program.code)
        .join(Program, col(Program.id) == col(UserProgram.program_id))
        .where(col(UserProgram.user_id).in_(user_ids))
        .order_by(col(Program.code))
    ):
        found[user_id].append(code)
    return found


@get("/devices", guards=[requires("device.view")], tags=["people"])
async def list_devices(
    db: Database, viewer: Viewer, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[DeviceOut]:
    """Devices of the facilities in sight, by id, which is the order of enrolment."""
    return await db.read(_devices, viewer, after(cursor, "devices", str), limit)


def _devices(session: Session, viewer: Viewer, key: Key, limit: int) -> Page[DeviceOut]:
    scope = scope_of(session, viewer, "device.view")
    rows = session.exec(
        select(Device, Facility.code, User.name)
        .join(Facility, col(Facility.id) == col(Device.facility_id))
        .join(User, col(User.id) == col(Device.user_id))
        .where(within(scope, facility=col(Device.facility_id)), past([col(Device.id)], key))
        .order_by(col(Device.id))
        .limit(limit + 1)
    ).all()

    def shown(one: tuple[Device, str, str]) -> DeviceOut:
        row, facility, user = one
        return DeviceOut(
            id=row.id,
            facility=facility,
            user=user,
            name=row.name,
            enrolled_at=to_iso(row.enrolled_at),
            last_seen_at=_iso(row.last_seen_at),
            revoked_at=_iso(row.revoked_at),
            expected_seq=row.expected_seq,
            app_version=row.app_version or None,
            waiting=row.waiting,
            oldest_waiting_at=_iso(row.oldest_waiting_at),
            storage_free=row.storage_free,
            storage_persisted=row.storage_persisted,
            status_at=_iso(row.status_at),
        )

    return paged(rows, limit, "devices", lambda one: (one[0].id,), shown)


@get("/tokens", guards=[requires("api.read")], tags=["people"])
async def list_tokens(
    db: Database, viewer: Viewer, cursor: Cursor = None, limit: Limit = LIMIT_DEFAULT
) -> Page[TokenOut]:
    """The reader's own bearer tokens; everyone's for who may edit users."""
    return await db.read(_tokens, viewer, after(cursor, "tokens", str), limit)


def _tokens(session: Session, viewer: Viewer, key: Key, limit: int) -> Page[TokenOut]:
    statement = (
        select(ApiToken, User.name)
        .join(User, col(User.id) == col(ApiToken.user_id))
        .where(past([col(ApiToken.id)], key))
        .order_by(col(ApiToken.id))
        .limit(limit + 1)
    )
    if viewer.facilities("user.edit") is not None:
        statement = statement.where(ApiToken.user_id == viewer.user_id)

    def shown(one: tuple[ApiToken, str]) -> TokenOut:
        row, user = one
        return TokenOut(row.id, user, to_iso(row.created_at), _iso(row.revoked_at))

    return paged(session.exec(statement).all(), limit, "tokens", lambda one: (one[0].id,), shown)


def _iso(moment: int | None) -> str | None:
    return None if moment is None else to_iso(moment)


handlers = [list_users, list_devices, list_tokens]

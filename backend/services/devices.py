"""Enrolled devices: each enrolment is a new device with a token that ends only by revocation."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from backend.domain.device_status import DeviceStatus
from backend.ids import Ids
from backend.models import Device, DevicePerson, Facility, User
from backend.problems import Problem
from backend.services.signing import sign, signed_value
from backend.settings import Settings

NAME_LENGTH_MAX = 100
PURPOSE = "device-token"

# No name has a line break in it (services.people).
_PEOPLE = (
    select(func.aggregate_strings(col(User.name), "\n"))
    .join(DevicePerson, col(DevicePerson.user_id) == col(User.id))
    .where(
        col(DevicePerson.device_id) == col(Device.id),
        col(DevicePerson.taken_off_at).is_(None),
        col(User.disabled_at).is_(None),
    )
    .correlate(Device)
    .scalar_subquery()
    .label("people")
)
_BEARER = (
    select(
        col(Device.id),
        col(Facility.code),
        col(Device.user_id),
        col(Device.last_seen_at),
        col(Device.waiting),
        col(Device.status_at),
        _PEOPLE,
        col(Device.wipe_asked_at),
        col(Device.revoked_at),
    )
    .join(Facility, col(Facility.id) == col(Device.facility_id))
    .where(col(Device.id) == bindparam("id"))
)


def enrol(
    session: Session, settings: Settings, *, user_id: int, facility_id: int, name: str, now: int, ids: Ids
) -> tuple[str, str]:
    """A new device of a facility: its id and its token. The caller has checked the person's right to it."""
    device = Device(
        id=ids(),
        facility_id=facility_id,
        user_id=user_id,
        name=name.strip()[:NAME_LENGTH_MAX],
        enrolled_at=now,
    )
    session.add(device)
    session.flush()
    session.add(DevicePerson(device_id=device.id, user_id=user_id, added_at=now))
    return device.id, sign(settings, PURPOSE, device.id)


@dataclass(frozen=True, slots=True)
class Bearer:
    """The device that bears a token, at its check: where and whose it is, and what it last told (UTC milliseconds)."""

    id: str
    facility_code: str
    user_id: int
    last_seen_at: int | None
    waiting: int | None
    status_at: int | None
    people: tuple[str, ...]
    wipe_asked_at: int | None

    def told(self) -> dict[str, object]:
        """What the answers of push and pull tell of the device itself; PROTOCOL.md, People of a device."""
        wipe = {"wipe": True} if self.wipe_asked_at is not None else {}
        return {"people": list(self.people), **wipe}


def bearer_of(session: Session, settings: Settings, token: str) -> Bearer:
    """The device that bears a token.

    Raises Problem 401 `no_valid_token` for what was never given out here, 403 `revoked_device` afterwards.
    """
    device_id = signed_value(settings, PURPOSE, token)
    found = _bearer(session, device_id) if device_id is not None else None
    if found is None:
        raise Problem(
            401,
            "no_valid_token",
            "Sign in on this device again.",
            headers={"WWW-Authenticate": 'Bearer realm="Bincard"'},
        )
    bearer, revoked = found
    if revoked:
        raise _revoked()
    return bearer


def token_of(settings: Settings, device_id: str) -> str:
    """The token of a device, made once more: what is sealed by it can be verified, and nothing of it is stored here."""
    return sign(settings, PURPOSE, device_id)


def spoken_for(session: Session, device_id: str) -> Bearer:
    """The device whose operations somebody else brings; the caller has verified that they are its own.

    Raises Problem 422 `carried_revoked` for a revoked one, `carried_unknown` for one that is not here: it is not the
    one who asks that is refused, so neither is a 401 or 403.
    """
    found = _bearer(session, device_id)
    if found is None:
        raise Problem(422, "carried_unknown", "The device that made this file is not known here.")
    bearer, revoked = found
    if revoked:
        raise carried_revoked()
    return bearer


def carried_revoked() -> Problem:
    """What is said of the file of a revoked device."""
    return Problem(422, "carried_revoked", "The device that made this file was revoked: it is not taken in.")


def _bearer(session: Session, device_id: str) -> tuple[Bearer, bool] | None:
    """A device as it is now, and whether it was revoked."""
    row = session.execute(_BEARER, {"id": device_id}).first()
    if row is None:
        return None
    bearer = Bearer(
        id=row.id,
        facility_code=row.code,
        user_id=row.user_id,
        last_seen_at=row.last_seen_at,
        waiting=row.waiting,
        status_at=row.status_at,
        people=tuple(sorted(row.people.split("\n"))) if row.people else (),
        wipe_asked_at=row.wipe_asked_at,
    )
    return bearer, row.revoked_at is not None


def authenticate(session: Session, settings: Settings, token: str) -> tuple[str, int | None]:
    """The device that bears a token: its id and when it was last seen. Raises as `bearer_of` does."""
    bearer = bearer_of(session, settings, token)
    return bearer.id, bearer.last_seen_at


def refuse_revoked(revoked_at: int | None) -> None:
    """Raise Problem 403 `revoked_device` for a device whose token has ended."""
    if revoked_at is not None:
        raise _revoked()


def _revoked() -> Problem:
    return Problem(403, "revoked_device", "This device was revoked; ask your manager, then sign in again.")


def mark_seen(session: Session, device_id: str, now: int, status: DeviceStatus | None = None) -> None:
    """Remember that the device was heard of, and what it told of itself; what it did not tell stays as it was."""
    device = session.get(Device, device_id)
    if device is None:
        return
    device.last_seen_at = max(now, device.last_seen_at or 0)
    if status is not None:
        device.status_at = now
        device.app_version = status.app_version or device.app_version
        if status.waiting is not None:
            device.waiting, device.oldest_waiting_at = status.waiting, status.oldest_at
        if status.free is not None:
            device.storage_free = status.free
        if status.persisted is not None:
            device.storage_persisted = status.persisted
    session.add(device)


def revoke(session: Session, device_id: str, now: int) -> Device:
    """End a device's token for good; what waits on it can still be sent after a new enrolment.

    Revoking twice changes nothing. Raises Problem 404 `unknown_device`.
    """
    device = session.get(Device, device_id)
    if device is None:
        raise Problem(404, "unknown_device", "There is no such device.")
    if device.revoked_at is None:
        device.revoked_at = now
        session.add(device)
    return device

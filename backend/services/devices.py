"""Enrolled devices: each enrolment is a new device with a token that ends only by revocation."""

from __future__ import annotations

from sqlmodel import Session

from backend.ids import Ids
from backend.models import Device
from backend.problems import Problem
from backend.services.signing import sign, signed_value
from backend.settings import Settings

NAME_LENGTH_MAX = 100
PURPOSE = "device-token"


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
    return device.id, sign(settings, PURPOSE, device.id)


def authenticate(session: Session, settings: Settings, token: str) -> tuple[str, int | None]:
    """The device that bears a token: its id and when it was last seen.

    Raises Problem 401 `no_valid_token` for what was never given out here, 403 `revoked_device` afterwards.
    """
    device_id = signed_value(settings, PURPOSE, token)
    device = session.get(Device, device_id) if device_id is not None else None
    if device is None:
        raise Problem(
            401,
            "no_valid_token",
            "Sign in on this device again.",
            headers={"WWW-Authenticate": 'Bearer realm="Bincard"'},
        )
    refuse_revoked(device)
    return device.id, device.last_seen_at


def refuse_revoked(device: Device) -> None:
    """Raise Problem 403 `revoked_device` for a device whose token has ended."""
    if device.revoked_at is not None:
        raise Problem(403, "revoked_device", "This device was revoked; ask your manager, then sign in again.")


def mark_seen(session: Session, device_id: str, now: int) -> None:
    """Remember that the device was heard of."""
    device = session.get(Device, device_id)
    if device is not None:
        device.last_seen_at = max(now, device.last_seen_at or 0)
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

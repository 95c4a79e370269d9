"""Who may use a device besides the one who enrolled it: signing in on it, and being taken off it."""

from __future__ import annotations

from sqlmodel import Session, col, select

from backend.models import Device, DevicePerson, User
from backend.problems import Problem
from backend.services.access import access_of


def add_person(session: Session, device_id: str, user_id: int, now: int) -> str:
    """Let a person use a device whose password was checked; returns the name that they sign with.

    Again for someone who was taken off, and without effect for someone who is of it. Raises Problem 403
    `not_permitted` for who may not record at the device's facility.
    """
    device = session.get_one(Device, device_id)
    access = access_of(session, [user_id])[user_id]
    if not access.allows("device.enrol", device.facility_id, now):
        raise Problem(403, "not_permitted", "You have no right to use a device of this facility.")
    row = session.get(DevicePerson, (device_id, user_id))
    if row is None:
        session.add(DevicePerson(device_id=device_id, user_id=user_id, added_at=now))
    elif row.taken_off_at is not None:
        row.added_at, row.taken_off_at = now, None
    return access.name


def take_off(session: Session, device_id: str, user_id: int, now: int) -> None:
    """End a person's use of a device; what they recorded on it is sent all the same. Twice changes nothing.

    Raises Problem 404 `not_found` for someone who was never of it.
    """
    row = session.get(DevicePerson, (device_id, user_id))
    if row is None:
        raise Problem(404, "not_found", "There is nothing here.")
    if row.taken_off_at is None:
        row.taken_off_at = now


def people_of_devices(session: Session, device_ids: list[str]) -> dict[str, list[tuple[int, str]]]:
    """(user id, name) of those who may use each device, by name."""
    rows = session.exec(
        select(DevicePerson.device_id, User.id, User.name)
        .join(User, col(User.id) == col(DevicePerson.user_id))
        .where(col(DevicePerson.device_id).in_(device_ids), col(DevicePerson.taken_off_at).is_(None))
        .order_by(User.name)
    )
    people: dict[str, list[tuple[int, str]]] = {id_: [] for id_ in device_ids}
    for device_id, user_id, name in rows:
        people[device_id].append((user_id or 0, name))
    return people

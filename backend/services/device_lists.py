"""Enrolled devices for people who look after them: where, whose, since when, last heard of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from backend.clock import DAY_MS
from backend.domain.device_status import STORAGE_LOW_BYTES
from backend.models import Device, Facility, User
from backend.problems import Problem
from backend.services.scope import Scope

SILENT_AFTER_MS = 7 * DAY_MS
"""A tablet that works offline until Friday is no news; one that missed a whole week may be lost."""


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device; `last_seen_at` None when it never sent anything. Times in UTC milliseconds.

    From `waiting` on: what it last told of itself at `status_at`, None (a version empty) where it did not.
    """

    id: str
    name: str
    user: str
    facility_id: int
    facility_code: str
    facility_name: str
    enrolled_at: int
    last_seen_at: int | None
    revoked_at: int | None
    waiting: int | None
    oldest_waiting_at: int | None
    app_version: str
    storage_free: int | None
    storage_persisted: bool | None
    status_at: int | None
    wipe_asked_at: int | None
    wiped_at: int | None

    @property
    def is_short_of_storage(self) -> bool:
        """Whether it said that it may fill up before it comes back."""
        return self.storage_free is not None and self.storage_free < STORAGE_LOW_BYTES

    def is_silent(self, now: int) -> bool:
        """Whether it is in use but was not heard of for long."""
        heard_at = self.last_seen_at or self.enrolled_at
        return self.revoked_at is None and now - heard_at >= SILENT_AFTER_MS


def devices_in_sight(
    session: Session, scope: Scope, *, facility_ids: frozenset[int] | None = None
) -> list[DeviceLine]:
    """Devices in sight, at these facilities alone if given: those in use first, the longest silent at the top."""
    statement = _lines()
    if scope.facilities is not None:
        statement = statement.where(col(Device.facility_id).in_(scope.facilities))
    if facility_ids is not None:
        statement = statement.where(col(Device.facility_id).in_(facility_ids))
    lines = [DeviceLine(*row) for row in session.execute(statement)]
    return sorted(
        lines,
        key=lambda line: (line.revoked_at is not None, line.last_seen_at or line.enrolled_at, line.id),
    )


def device_in_sight(session: Session, scope: Scope, device_id: str) -> DeviceLine:
    """One device. Raises Problem 404 out of sight."""
    row = session.execute(_lines().where(col(Device.id) == device_id)).first()
    if row is None or not scope.has_facility(row[3]):
        raise Problem(404, "not_found", "There is nothing here.")
    return DeviceLine(*row)


def count_silent(session: Session, scope: Scope, now: int, facility_ids: frozenset[int] | None = None) -> int:
    """How many devices in use were not heard of for long, in sight, at these facilities alone if given."""
    heard_at = func.coalesce(col(Device.last_seen_at), col(Device.enrolled_at))
    statement = select(func.count()).where(
        col(Device.revoked_at).is_(None), heard_at <= now - SILENT_AFTER_MS
    )
    for places in (scope.facilities, facility_ids):
        if places is not None:
            statement = statement.where(col(Device.facility_id).in_(places))
    return int(session.execute(statement).scalar_one())


def _lines() -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Device.id),
            col(Device.name),
            col(User.name),
            col(Device.facility_id),
            col(Facility.code),
            col(Facility.name),
            col(Device.enrolled_at),
            col(Device.last_seen_at),
            col(Device.revoked_at),
            col(Device.waiting),
            col(Device.oldest_waiting_at),
            col(Device.app_version),
            col(Device.storage_free),
            col(Device.storage_persisted),
            col(Device.status_at),
            col(Device.wipe_asked_at),
            col(Device.wiped_at),
        )
        .join(User, col(User.id) == col(Device.user_id))
        .join(Facility, col(Facility.id) == col(Device.facility_id))
    )

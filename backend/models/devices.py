"""Tablets and phones that may push, each enrolment a new device, and the people who may use one."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from backend.models.base import big


class Device(SQLModel, table=True):
    """An enrolled device; `expected_seq` is the next delivery number it owes.

    From `app_version` on: what it last told of itself (header `Bincard-Status`), None where it did not.
    `storage_free` is in bytes. `wipe_asked_at`: since when it is to send what it has and erase itself; `wiped_at`:
    when it told that it did.
    """

    id: str = Field(primary_key=True, max_length=36)
    facility_id: int = Field(foreign_key="facility.id", index=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    name: str = Field(max_length=100)
    enrolled_at: int = big()
    revoked_at: int | None = big(None, nullable=True)
    last_seen_at: int | None = big(None, nullable=True)
    expected_seq: int = big(1)
    last_recorded_at: int = big(0)
    last_recorded_id: str = Field(default="", max_length=36)
    app_version: str = Field(default="", max_length=64)
    waiting: int | None = big(None, nullable=True)
    oldest_waiting_at: int | None = big(None, nullable=True)
    storage_free: int | None = big(None, nullable=True)
    storage_persisted: bool | None = None
    status_at: int | None = big(None, nullable=True)
    wipe_asked_at: int | None = big(None, nullable=True)
    wiped_at: int | None = big(None, nullable=True)


class DevicePerson(SQLModel, table=True):
    """A person who may use a device: who enrolled it, and who signed in on it since; `taken_off_at` ends it."""

    __tablename__ = "device_person"

    device_id: str = Field(foreign_key="device.id", primary_key=True, max_length=36)
    user_id: int = Field(foreign_key="user.id", primary_key=True, index=True)
    added_at: int = big()
    taken_off_at: int | None = big(None, nullable=True)

"""Tablets and phones that may push: each enrolment is a new device."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from backend.models.base import big


class Device(SQLModel, table=True):
    """An enrolled device; `expected_seq` is the next delivery number it owes."""

    id: str = Field(primary_key=True, max_length=36)
    facility_id: int = Field(foreign_key="facility.id", index=True)
    user_id: int = Field(foreign_key="user.id", index=True)
    name: str = Field(max_length=100)
    enrolled_at: int = big()
    revoked_at: int | None = big(None, nullable=True)
    last_seen_at: int | None = big(None, nullable=True)
    expected_seq: int = big(1)
    last_recorded_at: int = big(0)

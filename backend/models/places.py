"""Where stock is: zones, facility types, facilities."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.models.base import Shared


class Zone(SQLModel, table=True):
    """A node of the geographic tree; a path such as `South/Blantyre` is read off the tree (domain.zones)."""

    __table_args__ = (UniqueConstraint("parent_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    parent_id: int | None = Field(default=None, foreign_key="zone.id", index=True)
    name: str = Field(max_length=200)
    level: int
    time_zone: str | None = Field(default=None, max_length=64)


class FacilityType(SQLModel, table=True):
    """Health centre, hospital, warehouse ...: carries the inventory policies."""

    __tablename__ = "facility_type"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=200, unique=True)


class Facility(Shared, table=True):
    """A place that holds stock."""

    __table_args__ = (CheckConstraint("role IN ('warehouse', 'service_delivery_point')", name="role"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    type_id: int = Field(foreign_key="facility_type.id", index=True)
    zone_id: int = Field(foreign_key="zone.id", index=True)
    operator: str = Field(default="", max_length=200)
    supplied_by_id: int | None = Field(default=None, foreign_key="facility.id", index=True)
    role: str = Field(default="service_delivery_point", max_length=32)
    address: str = Field(default="", max_length=400)
    contact: str = Field(default="", max_length=200)
    gln: str = Field(default="", max_length=13)
    latitude_microdegrees: int | None = None
    longitude_microdegrees: int | None = None
    active: bool = True

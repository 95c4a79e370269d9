"""What managers tell facilities: recalls of lots, and feedback."""

from __future__ import annotations

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.models.base import Shared, big


class Recall(Shared, table=True):
    """A product, or lots of it, called back in a zone (None: everywhere). `lots` is a JSON list of numbers; empty: all.

    Times are UTC milliseconds. What each facility did is in its registers (sync.registers.ANSWER).
    """

    id: str = Field(primary_key=True, max_length=36)
    product_id: int = Field(foreign_key="product.id")
    lots: str = "[]"
    reason: str = Field(max_length=400)
    instruction: str = Field(default="", max_length=2000)
    zone_id: int | None = Field(default=None, foreign_key="zone.id")
    opened_at: int = big()
    opened_by: str = Field(max_length=64)
    closed_at: int | None = big(None, nullable=True)
    closed_by: str = Field(default="", max_length=64)


class Feedback(SQLModel, table=True):
    """What a manager wrote to a facility, perhaps about a product. Who read it, and when, is in a register."""

    __table_args__ = (Index(None, "facility_id", "change"),)

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    id: str = Field(primary_key=True, max_length=36)
    text: str = Field(max_length=2000)
    author: str = Field(max_length=64)
    at: int = big()
    product_id: int | None = Field(default=None, foreign_key="product.id")
    change: int = big(0)

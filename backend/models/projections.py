"""What follows from the ledger and is kept beside it: cards, what counts found, lots, shipments, exceptions,
registers, levels.

All of it can be thrown away and rebuilt from the ledger (`bincard rebuild`); card numbers and change
numbers are identities and are kept.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.models.base import big


class Lot(SQLModel, table=True):
    """A lot as this facility knows it; two expiry dates told for one lot leave the earlier."""

    __table_args__ = (Index(None, "facility_id", "change"),)

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    product_id: int = Field(foreign_key="product.id", primary_key=True)
    number: str = Field(primary_key=True, max_length=64)
    expiry: str | None = Field(default=None, max_length=10)
    change: int = big(0)


class Card(SQLModel, table=True):
    """A stock card and its balance: the fold of its facts. `number` names it within the facility.

    An absent lot, location or account is the empty string. `counted_*` and `last_*` are the sort keys of
    the last standing count and of the last fact; `negative_id` is the operation that first took the
    balance below 0 after that count. `watch_*` are hints, not projections: until `watch_until` a fact of
    another device than `watch_by` may be too near to a count.
    """

    __table_args__ = (
        UniqueConstraint("facility_id", "product_id", "lot", "location", "account"),
        Index(None, "facility_id", "change"),
        Index(None, "product_id"),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    number: int = Field(primary_key=True)
    product_id: int = Field(foreign_key="product.id")
    lot: str = Field(default="", max_length=64)
    location: str = Field(default="", max_length=64)
    account: str = Field(default="", max_length=64)
    on_hand: int = big(0)
    counted_at: int | None = big(None, nullable=True)
    counted_id: str | None = Field(default=None, max_length=36)
    last_at: int | None = big(None, nullable=True)
    last_id: str | None = Field(default=None, max_length=80)
    negative_id: str | None = Field(default=None, max_length=36)
    watch_by: str = Field(default="", max_length=36)
    watch_until: int = big(0)
    change: int = big(0)


class CountResult(SQLModel, table=True):
    """What a standing count found: counted minus the balance before it; `opening` marks a card's first.

    It is also where the counts before and after a late fact are looked up.
    """

    __tablename__ = "count_result"

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    card: int = Field(primary_key=True)
    effective_at: int = Field(primary_key=True, sa_type=BigInteger)
    operation_id: str = Field(primary_key=True, max_length=36)
    variance: int = big()
    opening: bool


class StockException(SQLModel, table=True):
    """Something that looks wrong: stands while its condition holds. `detail` is JSON, `line` -1 for the whole.

    `other_id` is the second operation concerned, if there is one. `resolved_*`, `action` and `note` are the
    decision that stands on it; `assigned_to` who was asked to look.
    """

    __tablename__ = "exception"
    __table_args__ = (
        Index(None, "facility_id", "change"),
        Index(None, "facility_id", "operation_id"),
        Index(
            "ix_exception_other",
            "facility_id",
            "other_id",
            sqlite_where=text("other_id <> ''"),
            postgresql_where=text("other_id <> ''"),
        ),
        Index(
            "ix_exception_open",
            "facility_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    id: str = Field(primary_key=True, max_length=36)
    code: str = Field(max_length=32)
    operation_id: str = Field(max_length=36)
    line: int = -1
    card: int | None = None
    detail: str = "{}"
    opened_at: int = big()
    closed_at: int | None = big(None, nullable=True)
    other_id: str = Field(default="", max_length=36)
    assigned_to: str = Field(default="", max_length=64)
    resolved_at: int | None = big(None, nullable=True)
    resolved_by: str = Field(default="", max_length=64)
    action: str = Field(default="", max_length=16)
    note: str = Field(default="", max_length=400)
    change: int = big(0)


class Displacement(SQLModel, table=True):
    """An operation on a card that is not at its own place in the fold: moved to (`at`, `place_id`), or out of it.

    A movement that a person moved across a count, or a receipt of what another receipt had received.
    """

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    card: int = Field(primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    at: int | None = big(None, nullable=True)
    place_id: str | None = Field(default=None, max_length=80)
    quantity: int = big(0)


class Shipment(SQLModel, table=True):
    """An issue of another facility that is expected here; `id` is that issue's. `lines` is JSON."""

    __table_args__ = (
        Index(None, "facility_id", "change"),
        Index(None, "facility_id", "source_id"),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    id: str = Field(primary_key=True, max_length=36)
    source_id: int = Field(foreign_key="facility.id")
    reference: str = Field(default="", max_length=400)
    effective_at: int = big()
    lines: str
    state: str = Field(max_length=8)
    change: int = big(0)


class Receipt(SQLModel, table=True):
    """A receipt that names a shipment, or comes from a facility. `shipment` is as told, `matched` as found.

    `lines` is JSON: [[product id, lot, line, card], ...].
    """

    __table_args__ = (
        Index(None, "facility_id", "shipment"),
        Index(None, "facility_id", "source_id"),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    source_id: int | None = Field(default=None, foreign_key="facility.id")
    shipment: str = Field(default="", max_length=64)
    matched: str = Field(default="", max_length=64)
    reference: str = Field(default="", max_length=400)
    effective_at: int = big()
    lines: str


class Register(SQLModel, table=True):
    """What stands of a register: the latest saying in (`effective_at`, `operation_id`) order."""

    __table_args__ = (Index(None, "facility_id", "change"), Index(None, "name", "key"))

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    name: str = Field(primary_key=True, max_length=16)
    key: str = Field(primary_key=True)
    effective_at: int = big()
    operation_id: str = Field(max_length=36)
    value: str
    change: int = big(0)


class Level(SQLModel, table=True):
    """What a facility should have of a product by its consumption and policy, as devices are told; units, months * 100.

    `as_of` is the last complete month (year * 100 + month) that it was computed for. None where not known.
    """

    __table_args__ = (Index(None, "facility_id", "change"),)

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    product_id: int = Field(foreign_key="product.id", primary_key=True)
    amc: int | None = big(None, nullable=True)
    months_reported: int
    minimum: int | None = big(None, nullable=True)
    maximum: int | None = big(None, nullable=True)
    order_point: int | None = big(None, nullable=True)
    minimum_months: int | None = None
    maximum_months: int | None = None
    as_of: int
    change: int = big(0)


class LevelMark(SQLModel, table=True):
    """What a facility's levels were computed from: while that is the same, so are they."""

    __tablename__ = "level_mark"

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    mark: str = Field(max_length=200)

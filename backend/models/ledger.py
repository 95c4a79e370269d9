"""The ledger (operations, facts, reversals: append-only) and its projections (cards, count results, exceptions).

Every key starts with the facility. Triggers made by the first migration refuse an update or a delete
of a ledger row. Projections can be thrown away and rebuilt (`bincard rebuild`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.models.base import big

FLOWS = ("received", "issued", "dispensed", "adjusted", "counted")


class Operation(SQLModel, table=True):
    """What a device or the server recorded, to the byte, and the answer that was given.

    `copy` is 0 for the owner of the id and counts up for later content that came under the same id.
    `content` is the text as it was saved; `answer` the exceptions of the answer as JSON, empty for none.
    """

    __table_args__ = (
        Index(
            "uq_operation_id",
            "id",
            unique=True,
            sqlite_where=text("copy = 0"),
            postgresql_where=text("copy = 0"),
        ),
        CheckConstraint("outcome IN ('applied', 'flagged', 'held')", name="outcome"),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    id: str = Field(primary_key=True, max_length=36)
    copy_number: int = Field(default=0, primary_key=True, sa_column_kwargs={"name": "copy"})
    content_hash: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    kind: str = Field(max_length=32)
    author: str = Field(max_length=64)
    device_id: str | None = Field(default=None, foreign_key="device.id")
    seq: int | None = big(None, nullable=True)
    recorded_at: int = big()
    effective_at: int = big()
    received_at: int = big()
    outcome: str = Field(max_length=8)
    answer: str = ""


class Fact(SQLModel, table=True):
    """One line of an applied operation on one card; the key's order is the fold's order.

    `quantity` is a signed movement, or for flow `counted` what stood on the shelf. `expiry` is the date
    told for the lot on this line, if any. `booked_in` is the period (year * 100 + month, facility time)
    that reports count it in.
    """

    __table_args__ = (
        CheckConstraint("flow IN ('received', 'issued', 'dispensed', 'adjusted', 'counted')", name="flow"),
        Index(None, "facility_id", "booked_in", "card"),
    )

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    card: int = Field(primary_key=True)
    effective_at: int = Field(primary_key=True, sa_type=BigInteger)
    operation_id: str = Field(primary_key=True, max_length=36)
    line: int = Field(primary_key=True)
    flow: str = Field(max_length=9)
    quantity: int = big()
    reason_id: int | None = Field(default=None, foreign_key="reason.id")
    expiry: str | None = Field(default=None, max_length=10)
    booked_in: int


class Reversal(SQLModel, table=True):
    """Takes an operation out of the fold at that operation's own place; at most one counts."""

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    reversed_by: str = Field(max_length=36)


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
    balance below 0 after that count.
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
    last_id: str | None = Field(default=None, max_length=36)
    negative_id: str | None = Field(default=None, max_length=36)
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
    """Something that looks wrong: stands while its condition holds. `detail` is JSON, `line` -1 for the whole."""

    __tablename__ = "exception"
    __table_args__ = (
        Index(None, "facility_id", "change"),
        Index(None, "facility_id", "operation_id"),
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
    change: int = big(0)

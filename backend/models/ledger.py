"""The ledger: operations, facts, reversals, decisions, changes of variances, sayings. Append-only.

Every key starts with the facility. Triggers made by the migrations refuse an update or a delete of a
ledger row. What follows from these rows is in models.projections and can be rebuilt (`bincard rebuild`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from backend.models.base import big

FLOWS = (
    *("received", "issued", "returned", "dispensed", "adjusted", "counted"),
    *("consumed", "produced", "moved"),
)
_FLOWS = ", ".join(f"'{flow}'" for flow in FLOWS)


class Operation(SQLModel, table=True):
    """What a device or the server recorded, to the byte, and the answer that was given.

    `copy` is 0 for the owner of the id and counts up for later content that came under the same id.
    `content` is the text as it was saved; `answer` the exceptions of the answer as JSON, empty for none.
    `change` is the facility's number when it was stored, `seen` the number that its author had pulled up to
    (0: nothing): of two operations one has seen the other when its `seen` is not below the other's `change`.
    `by_day` says that only the day of `occurred_at` was told.
    """

    __table_args__ = (
        Index(
            "uq_operation_id",
            "id",
            unique=True,
            sqlite_where=text("copy = 0"),
            postgresql_where=text("copy = 0"),
        ),
        Index(
            "ix_operation_copies",
            "id",
            sqlite_where=text("copy > 0"),
            postgresql_where=text("copy > 0"),
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
    change: int = big(0)
    seen: int = big(0)
    by_day: bool = False


class Fact(SQLModel, table=True):
    """One line of an applied operation on one card; the key's order is the fold's order.

    `quantity` is a signed movement, or for flow `counted` what stood on the shelf. `expiry` is the date
    told for the lot on this line, if any. `booked_in` is the period (year * 100 + month, facility time)
    that reports count it in. `found` is the variance that a count was first accepted with. Line -1 is a count
    of 0 that follows from `all_lots`.
    """

    __table_args__ = (
        CheckConstraint(f"flow IN ({_FLOWS})", name="flow"),
        Index(None, "facility_id", "booked_in", "card"),
        Index(None, "facility_id", "operation_id"),
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
    found: int | None = big(None, nullable=True)


class Reversal(SQLModel, table=True):
    """Takes an operation out of the fold at that operation's own place; the first in effective order stands."""

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    reversed_by: str = Field(primary_key=True, max_length=36)
    effective_at: int = big(0)


class Decision(SQLModel, table=True):
    """What a person decided about an exception or an operation; the latest on a subject stands.

    `subject` is what it is about (an exception's id, or `lot:...`); `detail` JSON.
    """

    __table_args__ = (Index(None, "facility_id", "subject"),)

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    id: str = Field(primary_key=True, max_length=36)
    subject: str = Field(max_length=200)
    action: str = Field(max_length=16)
    author: str = Field(max_length=64)
    decided_at: int = big()
    note: str = Field(default="", max_length=400)
    detail: str = "{}"


class VarianceChange(SQLModel, table=True):
    """A count's variance became another than it was; reports sum `delta` in the period `booked_in`."""

    __tablename__ = "variance_change"

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    card: int = Field(primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    change: int = Field(primary_key=True, sa_type=BigInteger)
    delta: int = big()
    booked_in: int


class FullCount(SQLModel, table=True):
    """A count with `all_lots`: it asserts 0 on the cards of its shelf that it does not name."""

    __tablename__ = "full_count"

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    product_id: int = Field(foreign_key="product.id", primary_key=True)
    location: str = Field(primary_key=True, max_length=64)
    account: str = Field(primary_key=True, max_length=64)
    operation_id: str = Field(primary_key=True, max_length=36)
    effective_at: int = big()


class Saying(SQLModel, table=True):
    """What an operation said of a register (sync.registers); the latest of one register stands.

    `key` is JSON text of a list, `value` JSON text, `effective_at` UTC milliseconds.
    """

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    name: str = Field(primary_key=True, max_length=16)
    key: str = Field(primary_key=True)
    operation_id: str = Field(primary_key=True, max_length=36)
    effective_at: int = big()
    value: str

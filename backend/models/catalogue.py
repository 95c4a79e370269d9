"""What is stocked: programs, products with identifiers, approvals, inventory policies, reasons."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Session
from sqlmodel import Field, SQLModel

from backend.models.base import Part, Shared


class Program(Shared, table=True):
    """A vertical: family planning, HIV, EPI, essential medicines."""

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    active: bool = True


class Product(Shared, table=True):
    """A thing stocked; every quantity is kept in its dispensing unit."""

    __table_args__ = (
        CheckConstraint("pack_size > 0", name="pack_size"),
        CheckConstraint("ven IN ('', 'V', 'E', 'N')", name="ven"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=400)
    dispensing_unit: str = Field(default="unit", max_length=64)
    pack_size: int = Field(default=1, sa_type=BigInteger)
    category: str = Field(default="", max_length=200)
    indicator: bool = False
    controlled: bool = False
    cold_chain: bool = False
    uses_vvm: bool = False
    ven: str = Field(default="", max_length=1)
    pack_price_minor: int | None = Field(default=None, sa_type=BigInteger)
    pack_price_currency: str | None = Field(default=None, max_length=3)
    active: bool = True


class ProductIdentifier(Part, table=True):
    """A name others know the product by: GTIN, ATC, UNSPSC, a national code. May repeat per system."""

    __tablename__ = "product_identifier"
    __table_args__ = (UniqueConstraint("product_id", "system", "value"), Index(None, "system", "value"))

    id: int | None = Field(default=None, primary_key=True)
    product_id: int = Field(foreign_key="product.id")
    system: str = Field(max_length=32)
    value: str = Field(max_length=128)

    def owner(self, session: Session) -> Shared | None:
        """The product it names."""
        return session.get(Product, self.product_id)


class Approval(Part, table=True):
    """A program's approved product, for one facility type or (type empty) for all."""

    __table_args__ = (
        UniqueConstraint("program_id", "product_id", "facility_type_id"),
        Index(
            "uq_approval_every_type",
            "program_id",
            "product_id",
            unique=True,
            sqlite_where=text("facility_type_id IS NULL"),
            postgresql_where=text("facility_type_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    program_id: int = Field(foreign_key="program.id")
    product_id: int = Field(foreign_key="product.id", index=True)
    facility_type_id: int | None = Field(default=None, foreign_key="facility_type.id")

    def owner(self, session: Session) -> Shared | None:
        """The product that is approved."""
        return session.get(Product, self.product_id)


class Policy(SQLModel, table=True):
    """Inventory policy of a facility type, for one program or (program empty) for all; hundredths of months."""

    __table_args__ = (
        UniqueConstraint("facility_type_id", "program_id"),
        CheckConstraint("maximum_month_hundredths >= minimum_month_hundredths", name="order"),
        Index(
            "uq_policy_every_program",
            "facility_type_id",
            unique=True,
            sqlite_where=text("program_id IS NULL"),
            postgresql_where=text("program_id IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    facility_type_id: int = Field(foreign_key="facility_type.id")
    program_id: int | None = Field(default=None, foreign_key="program.id")
    minimum_month_hundredths: int
    maximum_month_hundredths: int
    emergency_month_hundredths: int


class Reason(Shared, table=True):
    """Why stock changed outside receipt, issue and dispensing; tags are space separated."""

    __table_args__ = (CheckConstraint("type IN ('credit', 'debit')", name="type"),)

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    type: str = Field(max_length=6)
    tags: str = Field(default="", max_length=200)
    active: bool = True

"""Papers that people submit: for now the lines of period reports."""

from __future__ import annotations

from sqlmodel import Field, SQLModel

from backend.models.base import big


class PeriodReport(SQLModel, table=True):
    """A facility's report on one product for one month, as it stands; `period` is year * 100 + month.

    The ledger operation behind it is `operation_id`; a changed report is reversed and posted anew.
    """

    __tablename__ = "period_report"

    facility_id: int = Field(foreign_key="facility.id", primary_key=True)
    product_id: int = Field(foreign_key="product.id", primary_key=True)
    period: int = Field(primary_key=True)
    opening: int = big()
    received: int = big()
    dispensed: int = big()
    adjustment: int = big()
    closing: int = big()
    stockout_days: int = 0
    operation_id: str = Field(max_length=36)

"""Consumption of facilities by product and month, read off the ledger set-wise.

A month is reported where a period report stands for it or where the ledger has any fact on the product's
cards. Consumption is what was dispensed or issued (the bin card's column for what left), booked in the month;
stockout days come from period reports, which are the only ones that tell them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, select
from sqlmodel import Session, col

from backend.domain.indicators import adjusted_consumption, average_monthly_consumption
from backend.models import Card, Fact, PeriodReport, Reversal
from backend.settings import Settings

Pair = tuple[int, int]
"""(facility id, product id)"""


@dataclass(frozen=True, slots=True)
class ReportedMonth:
    """One reported month of a facility and product; quantities in dispensing units."""

    period: int
    consumed: int
    stockout_days: int


def reported_months(
    session: Session,
    *,
    facility_ids: Collection[int] | None = None,
    product_ids: Collection[int] | None = None,
    until: int | None = None,
) -> dict[Pair, list[ReportedMonth]]:
    """Reported months by facility and product, oldest first, up to the period `until` included."""
    consumed = _consumed(session, facility_ids, product_ids, until)
    statement = select(
        col(PeriodReport.facility_id),
        col(PeriodReport.product_id),
        col(PeriodReport.period),
        col(PeriodReport.dispensed),
        col(PeriodReport.stockout_days),
    )
    statement = statement.where(*_scope(PeriodReport.facility_id, facility_ids))
    statement = statement.where(*_scope(PeriodReport.product_id, product_ids))
    if until is not None:
        statement = statement.where(col(PeriodReport.period) <= until)
    stockout_days: dict[tuple[int, int, int], int] = {}
    for facility, product, period, dispensed, days in session.execute(statement):
        stockout_days[facility, product, period] = days
        consumed.setdefault((facility, product, period), dispensed)
    months: dict[Pair, list[ReportedMonth]] = defaultdict(list)
    for key in sorted(consumed):
        facility, product, period = key
        months[facility, product].append(ReportedMonth(period, consumed[key], stockout_days.get(key, 0)))
    return months


def amc_of(months: Collection[ReportedMonth], settings: Settings) -> int | None:
    """AMC by the settings' n and D of reported months given oldest first; None without any."""
    adjusted = [
        adjusted_consumption(one.consumed, one.stockout_days, settings.days_in_month) for one in months
    ]
    return average_monthly_consumption(adjusted, settings.amc_months)


def average_consumption(
    session: Session,
    settings: Settings,
    *,
    until: Mapping[int, int],
    product_ids: Collection[int] | None = None,
) -> dict[Pair, int]:
    """AMC by facility and product; `until` gives each facility's last period that counts.

    Live screens pass the last complete local month, a report its own month.
    """
    if not until:
        return {}
    latest = max(until.values())
    found = reported_months(session, facility_ids=until.keys(), product_ids=product_ids, until=latest)
    averages: dict[Pair, int] = {}
    for (facility, product), months in found.items():
        amc = amc_of([one for one in months if one.period <= until[facility]], settings)
        if amc is not None:
            averages[facility, product] = amc
    return averages


def _consumed(
    session: Session,
    facility_ids: Collection[int] | None,
    product_ids: Collection[int] | None,
    until: int | None,
) -> dict[tuple[int, int, int], int]:
    left = case((col(Fact.flow).in_(("dispensed", "issued")), -col(Fact.quantity)), else_=0)
    reversed_too = exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )
    on_card = and_(col(Card.facility_id) == col(Fact.facility_id), col(Card.number) == col(Fact.card))
    keys = (col(Fact.facility_id), col(Card.product_id), col(Fact.booked_in))
    statement = select(*keys, func.sum(left)).select_from(Fact).join(Card, on_card).where(~reversed_too)
    statement = statement.where(*_scope(Fact.facility_id, facility_ids))
    statement = statement.where(*_scope(Card.product_id, product_ids))
    if until is not None:
        statement = statement.where(col(Fact.booked_in) <= until)
    return {
        (facility, product, period): int(total)
        for facility, product, period, total in session.execute(statement.group_by(*keys))
    }


def _scope(column: int, ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if ids is None else [col(column).in_(ids)]

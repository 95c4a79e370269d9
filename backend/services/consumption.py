"""Consumption of facilities by product and month, read off the ledger set-wise.

A month is reported where a period report stands for it or where the ledger has any fact on the product's
cards. Consumption is what was dispensed or issued (the bin card's column for what left), booked in the month;
stockout days come from period reports, which are the only ones that tell them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, literal, select, union_all
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
    months = _months(facility_ids, product_ids, until)
    rows = session.execute(select(months).order_by(months.c.period))
    return _by_pair(rows)


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
    facilities: dict[int, list[int]] = defaultdict(list)
    for facility, period in until.items():
        facilities[period].append(facility)
    averages: dict[Pair, int] = {}
    # One query where all clocks agree on the month; at its turn, one for each side of the date line.
    for period, facility_ids in facilities.items():
        months = _months(facility_ids, product_ids, period)
        newest_first = func.row_number().over(
            partition_by=(months.c.facility_id, months.c.product_id), order_by=months.c.period.desc()
        )
        ranked = select(months, newest_first.label("place")).subquery()
        latest = (
            select(*(column for column in ranked.c if column.name != "place"))
            .where(ranked.c.place <= settings.amc_months)
            .order_by(ranked.c.period)
        )
        for pair, last in _by_pair(session.execute(latest)).items():
            amc = amc_of(last, settings)
            if amc is not None:
                averages[pair] = amc
    return averages


def _by_pair(rows: Iterable[Sequence[int]]) -> dict[Pair, list[ReportedMonth]]:
    found: dict[Pair, list[ReportedMonth]] = defaultdict(list)
    for facility, product, period, consumed, stockout_days in rows:
        found[facility, product].append(ReportedMonth(period, int(consumed), stockout_days))
    return found


def _months(
    facility_ids: Collection[int] | None, product_ids: Collection[int] | None, until: int | None
) -> Subquery:
    """facility_id, product_id, period, consumed, stockout_days of every reported month."""
    left = case((col(Fact.flow).in_(("dispensed", "issued")), -col(Fact.quantity)), else_=0)
    reversed_too = exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )
    on_card = and_(col(Card.facility_id) == col(Fact.facility_id), col(Card.number) == col(Fact.card))
    facts = (
        select(
            col(Fact.facility_id).label("facility_id"),
            col(Card.product_id).label("product_id"),
            col(Fact.booked_in).label("period"),
            left.label("consumed"),
            literal(0).label("stockout_days"),
        )
        .join(Card, on_card)
        .where(~reversed_too, *_scope(Fact.facility_id, facility_ids), *_scope(Card.product_id, product_ids))
    )
    # A report of a month in which nothing moved has no facts, and is a reported month all the same.
    reports = select(
        col(PeriodReport.facility_id),
        col(PeriodReport.product_id),
        col(PeriodReport.period),
        literal(0),
        col(PeriodReport.stockout_days),
    ).where(*_scope(PeriodReport.facility_id, facility_ids), *_scope(PeriodReport.product_id, product_ids))
    if until is not None:
        facts = facts.where(col(Fact.booked_in) <= until)
        reports = reports.where(col(PeriodReport.period) <= until)
    told = union_all(facts, reports).subquery()
    keys = (told.c.facility_id, told.c.product_id, told.c.period)
    return (
        select(
            *keys,
            func.sum(told.c.consumed).label("consumed"),
            func.max(told.c.stockout_days).label("stockout_days"),
        )
        .group_by(*keys)
        .subquery()
    )


def _scope(column: int, ids: Collection[int] | None) -> list[ColumnElement[bool]]:
    return [] if ids is None else [col(column).in_(ids)]

"""Enter period reports of a facility into the ledger: one operation a report, changed ones reversed and posted anew.

The id of an operation follows from the report, its content, and the operation it takes the place of, so the
same history of imports gives the same ids on every server, and a figure that goes back to an earlier
value still gets an operation of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, col, exists, select

from backend.clock import local_moment
from backend.db import write_rows
from backend.domain.period_reports import (
    OPENING,
    Figures,
    ReportFact,
    closing_before,
    computer_generated,
    facts_of,
    periods_to_post,
)
from backend.domain.periods import first_day, last_day, period_of
from backend.ids import derived_id
from backend.models import Card, Fact, Operation, PeriodReport
from backend.models import Reversal as ReversalRow
from backend.services import ledger
from backend.services.exceptions import as_answer
from backend.services.postings import Entry, Posting, Reversal
from backend.services.reasons import COMPUTER_GENERATED, REPORTED

KIND = "report.period"

Place = tuple[int, int]
"""(product id, period)"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where reports are entered: one facility, its time, its products' codes, the reasons' ids, and who enters."""

    facility_id: int
    facility: str
    time_zone: str
    products: Mapping[int, str]
    reasons: Mapping[str, int]
    author: str
    now: int


@dataclass(slots=True)
class Entered:
    """What came of entering reports."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    neighbours: int = 0
    computer_generated: int = 0


@dataclass(slots=True)
class _Batch:
    postings: list[Posting] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    operations: list[tuple[str, bytes, int]] = field(default_factory=list)
    reports: list[tuple[object, ...]] = field(default_factory=list)


def stored_reports(session: Session, facility_id: int) -> dict[Place, tuple[Figures, str]]:
    """A facility's reports as they stand, each with the operation behind it."""
    rows = session.exec(select(PeriodReport).where(PeriodReport.facility_id == facility_id)).all()
    return {
        (row.product_id, row.period): (
            Figures(row.opening, row.received, row.dispensed, row.adjustment, row.closing, row.stockout_days),
            row.operation_id,
        )
        for row in rows
    }


def recorded_by_devices(
    session: Session, facility_id: int, products: Sequence[int], time_zone: str
) -> set[Place]:
    """Products and months in which devices recorded facts that stand; no report may speak of those."""
    statement = (
        select(Card.product_id, Fact.effective_at)
        .join(Card, (col(Card.facility_id) == col(Fact.facility_id)) & (col(Card.number) == col(Fact.card)))
        .join(
            Operation,
            (col(Operation.facility_id) == col(Fact.facility_id))
            & (col(Operation.id) == col(Fact.operation_id)),
        )
        .where(
            col(Fact.facility_id) == facility_id,
            col(Operation.copy_number) == 0,
            col(Operation.device_id).is_not(None),
            col(Card.product_id).in_(products),
            ~exists().where(
                col(ReversalRow.facility_id) == col(Fact.facility_id),
                col(ReversalRow.operation_id) == col(Fact.operation_id),
            ),
        )
        .distinct()
    )
    return {(product, period_of(moment, time_zone)) for product, moment in session.exec(statement).all()}


def enter(
    session: Session,
    desk: Desk,
    incoming: Mapping[Place, Figures],
    stored: Mapping[Place, tuple[Figures, str]],
) -> Entered:
    """Enter reports that are new or changed, and post anew the neighbours whose opening they decide.

    The caller has refused what may not be entered. `stored` is what `stored_reports` said.
    """
    entered, batch = Entered(), _Batch()
    for product_id in sorted({product for product, _period in incoming}):
        before = {period: one for (product, period), (one, _id) in stored.items() if product == product_id}
        fresh = {period: one for (product, period), one in incoming.items() if product == product_id}
        for period, figures in fresh.items():
            entered.added += period not in before
            entered.changed += period in before and before[period] != figures
            entered.unchanged += before.get(period) == figures
        merged = {**before, **fresh}
        for period in periods_to_post(before, fresh):
            entered.neighbours += before.get(period) == merged[period]
            facts = facts_of(merged[period], closing_before(merged, period))
            entered.computer_generated += computer_generated(facts)
            replaced = stored[product_id, period][1] if period in before else ""
            _add(batch, desk, product_id, period, merged[period], facts, replaced)
    if batch.postings:
        _write(session, desk, batch)
    return entered


def _add(
    batch: _Batch,
    desk: Desk,
    product_id: int,
    period: int,
    figures: Figures,
    facts: Sequence[ReportFact],
    replaced: str,
) -> None:
    content = _content(desk.facility, desk.products[product_id], period, figures)
    digest = hashlib.sha256(content).hexdigest()
    operation_id = derived_id(KIND, desk.facility, desk.products[product_id], str(period), digest, replaced)
    start = local_moment(first_day(period), desk.time_zone)
    end = local_moment(last_day(period), desk.time_zone, 23, 59, 59)
    if replaced:
        batch.reversals.append(Reversal(replaced, operation_id, end))
    entries = [_entry(desk, product_id, fact, start, end) for fact in facts]
    batch.postings.append(Posting(operation_id, entries))
    batch.operations.append((operation_id, content, end))
    batch.reports.append((desk.facility_id, product_id, period, *figures, operation_id))


def _content(facility: str, product: str, period: int, figures: Figures) -> bytes:
    """The report as the bytes that are kept: JSON with sorted keys and no blanks."""
    report = {"facility": facility, "product": product, "year": period // 100, "month": period % 100}
    report |= figures._asdict()
    return json.dumps(report, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _entry(desk: Desk, product_id: int, fact: ReportFact, start: int, end: int) -> Entry:
    reason_id = None
    if fact.cause:
        codes = COMPUTER_GENERATED if fact.cause == "computer_generated" else REPORTED
        reason_id = desk.reasons[codes[1 if fact.quantity > 0 else -1]]
    return Entry(
        product_id=product_id,
        lot="",
        expiry=None,
        location="",
        account="",
        effective_at=start if fact.line == OPENING else end + fact.line - 1,
        flow=fact.flow,
        quantity=fact.quantity,
        reason_id=reason_id,
        line=fact.line,
    )


def _write(session: Session, desk: Desk, batch: _Batch) -> None:
    standing = ledger.post(
        session,
        desk.facility_id,
        batch.postings,
        reversals=batch.reversals,
        now=desk.now,
        time_zone=desk.time_zone,
        of_reports=True,
    ).standing
    rows: list[tuple[object, ...]] = []
    for operation_id, content, effective_at in batch.operations:
        answer = as_answer(standing.get(operation_id, ()), desk.facility)
        rows.append(
            (
                desk.facility_id,
                operation_id,
                0,
                hashlib.sha256(content).hexdigest(),
                content,
                KIND,
                desk.author,
                None,
                None,
                desk.now,
                effective_at,
                desk.now,
                "flagged" if answer else "applied",
                json.dumps(answer, ensure_ascii=False) if answer else "",
                *(0, 0, False),
            )
        )
    ledger.record(session, rows)
    write_rows(
        session.connection(),
        "INSERT INTO period_report (facility_id, product_id, period, opening, received, dispensed, adjustment, "
        "closing, stockout_days, operation_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (facility_id, product_id, period) DO UPDATE SET opening = excluded.opening, "
        "received = excluded.received, dispensed = excluded.dispensed, adjustment = excluded.adjustment, "
        "closing = excluded.closing, stockout_days = excluded.stockout_days, operation_id = excluded.operation_id",
        batch.reports,
    )

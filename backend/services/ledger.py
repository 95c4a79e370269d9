"""The one writer of the ledger: push, imports and decisions all post their facts here.

`post` takes what operations do to cards, reads those cards set-wise, folds (sync.fold), and writes
facts, cards, count results, lots and exceptions with a few statements for many rows. An append reads
no more than its card; a late fact reads from the standing count before it to the next one after it.
The caller owns the transaction, so an operation is in the ledger whole or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlmodel import Session

from backend.db import announce, insert_rows, write_rows
from backend.domain.periods import period_of
from backend.services import card_store, exceptions
from backend.services.card_store import CardKey, OpenCard
from backend.services.changes import Numbers
from backend.services.exceptions import Flag
from sync.fold import CardFact, CardState, CountOutcome, SortKey, fold

OPERATION_COLUMNS = (
    "facility_id",
    "id",
    "copy",
    "content_hash",
    "content",
    "kind",
    "author",
    "device_id",
    "seq",
    "recorded_at",
    "effective_at",
    "received_at",
    "outcome",
    "answer",
)
FACT_COLUMNS = (
    "facility_id",
    "card",
    "effective_at",
    "operation_id",
    "line",
    "flow",
    "quantity",
    "reason_id",
    "expiry",
    "booked_in",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an operation on one card; `quantity` as in models.Fact, `effective_at` UTC milliseconds.

    An absent lot, location or account is the empty string.
    """

    product_id: int
    lot: str
    expiry: str | None
    location: str
    account: str
    effective_at: int
    flow: str
    quantity: int
    reason_id: int | None
    line: int

    @property
    def card_key(self) -> CardKey:
        """The card that the line is on."""
        return self.product_id, self.lot, self.location, self.account


@dataclass(frozen=True, slots=True)
class Posting:
    """What one operation puts into the ledger."""

    operation_id: str
    entries: Sequence[Entry]


@dataclass(slots=True)
class _Plan:
    """A card with what is new on it, and later its fold."""

    card: OpenCard
    fresh: list[CardFact] = field(default_factory=list)
    removed: list[SortKey] = field(default_factory=list)
    state: CardState = field(default_factory=CardState)
    counts: dict[SortKey, CountOutcome] = field(default_factory=dict)


def record(session: Session, rows: Sequence[tuple[object, ...]]) -> None:
    """Store operations with their outcomes, values in the order of OPERATION_COLUMNS."""
    insert_rows(session.connection(), "operation", OPERATION_COLUMNS, rows)


def post(
    session: Session,
    facility_id: int,
    postings: Sequence[Posting],
    *,
    reversals: Sequence[tuple[str, str]] = (),
    flags: Sequence[Flag] = (),
    now: int,
    time_zone: str,
) -> dict[str, list[Flag]]:
    """Post facts, reverse (operation id, reversed by) pairs, raise flags, and fold the cards concerned.

    An operation id is posted once in its life: a second posting breaks the fact's key and the whole
    transaction. A reversed operation must be in the ledger already or among the postings; reversing
    twice changes nothing. `time_zone` is the facility's, for the periods that facts are booked in.
    Returns by operation id the exceptions keyed by these operations that stand afterwards.
    """
    connection = session.connection()
    numbers = Numbers(connection, facility_id)
    plans = _open(connection, facility_id, numbers, postings)
    _write_facts(connection, facility_id, plans, postings, time_zone)
    _reverse(connection, facility_id, plans, reversals)
    for plan in plans.values():
        _fold(connection, facility_id, plan)
    by_number = {plan.card.number: plan for plan in plans.values()}
    card_store.write_cards(
        connection, facility_id, numbers, [(plan.card, plan.state) for plan in plans.values()]
    )
    card_store.write_counts(
        connection, facility_id, [(n, plan.counts, plan.removed) for n, plan in by_number.items()]
    )
    card_store.write_lots(connection, facility_id, numbers, _expiries(postings))
    turned = [
        exceptions.Turn(plan.card.number, plan.card.key, plan.card.state.negative, plan.state.negative)
        for plan in plans.values()
        if plan.card.state.negative != plan.state.negative
    ]
    raised = exceptions.settle(session, facility_id, numbers, flags, turned, _lines(postings), now)
    numbers.save()
    announce(session, facility_id)
    return raised


def _open(
    connection: Connection, facility_id: int, numbers: Numbers, postings: Sequence[Posting]
) -> dict[CardKey, _Plan]:
    wanted = {entry.card_key for posting in postings for entry in posting.entries}
    cards = card_store.open_cards(connection, facility_id, numbers, wanted)
    plans = {key: _Plan(card) for key, card in cards.items()}
    sums: dict[tuple[CardKey, int, str, bool], int] = defaultdict(int)
    for posting in postings:
        for entry in posting.entries:
            counted = entry.flow == "counted"
            sums[entry.card_key, entry.effective_at, posting.operation_id, counted] += entry.quantity
    for (key, effective_at, operation_id, counted), quantity in sums.items():
        plans[key].fresh.append(CardFact(effective_at, operation_id, counted, quantity))
    return plans


def _write_facts(
    connection: Connection,
    facility_id: int,
    plans: dict[CardKey, _Plan],
    postings: Sequence[Posting],
    time_zone: str,
) -> None:
    periods: dict[int, int] = {}
    rows: list[tuple[object, ...]] = []
    for posting in postings:
        for entry in posting.entries:
            at = entry.effective_at
            if at not in periods:
                periods[at] = period_of(at, time_zone)
            rows.append(
                (
                    facility_id,
                    plans[entry.card_key].card.number,
                    at,
                    posting.operation_id,
                    entry.line,
                    entry.flow,
                    entry.quantity,
                    entry.reason_id,
                    entry.expiry,
                    periods[at],
                )
            )
    insert_rows(connection, "fact", FACT_COLUMNS, rows)


def _reverse(
    connection: Connection,
    facility_id: int,
    plans: dict[CardKey, _Plan],
    reversals: Sequence[tuple[str, str]],
) -> None:
    if not reversals:
        return
    rows = [(facility_id, operation_id, by) for operation_id, by in reversals]
    write_rows(
        connection,
        "INSERT INTO reversal (facility_id, operation_id, reversed_by) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        rows,
    )
    gone = {operation_id for operation_id, _ in reversals}
    for card, keys in card_store.places_of(connection, facility_id, gone):
        plans.setdefault(card.key, _Plan(card)).removed += keys
    for plan in plans.values():
        plan.fresh = [fact for fact in plan.fresh if fact.id not in gone]


def _fold(connection: Connection, facility_id: int, plan: _Plan) -> None:
    stored = plan.card.state
    changed = [fact.key for fact in plan.fresh] + plan.removed
    if not changed:
        plan.state = stored
    elif stored.last is None or min(changed) > stored.last:
        plan.state, plan.counts = fold(plan.fresh, stored)
    else:
        # The segment is read after the new facts were written, so it holds them already.
        start, segment, reaches_end = card_store.segment(
            connection, facility_id, plan.card.number, min(changed), max(changed)
        )
        plan.state, plan.counts = fold(segment, start)
        if not reaches_end:
            plan.state = stored


def _expiries(postings: Sequence[Posting]) -> dict[tuple[int, str], str | None]:
    """Each named lot heard of, with the earliest expiry told for it here."""
    told: dict[tuple[int, str], str | None] = {}
    for posting in postings:
        for entry in posting.entries:
            if entry.lot:
                lot = entry.product_id, entry.lot
                before = told.get(lot)
                told[lot] = min(before, entry.expiry) if before and entry.expiry else before or entry.expiry
    return told


def _lines(postings: Sequence[Posting]) -> dict[tuple[str, CardKey], int]:
    """The first line of each operation on each card, to point at."""
    lines: dict[tuple[str, CardKey], int] = {}
    for posting in postings:
        for entry in posting.entries:
            place = posting.operation_id, entry.card_key
            lines[place] = min(lines.get(place, entry.line), entry.line)
    return lines

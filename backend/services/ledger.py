"""The one writer of the ledger: push, imports and decisions all post their facts here.

`post` takes what operations do to cards, reads those cards set-wise, folds (sync.fold), and writes facts,
cards, count results, lots and exceptions with a few statements for many rows. An append reads no more than
its card; what is late, reversed, moved or too near to a count goes through services.late. The caller owns
the transaction, so an operation is in the ledger whole or not at all.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from backend.db import announce, insert_rows
from backend.services import card_store, exceptions, kept_cards, late, lots, transfers
from backend.services.booking import Periods
from backend.services.catalogue_codes import ProductCodes
from backend.services.changes import Numbers
from backend.services.close_look import Work, imply, look_closely
from backend.services.exceptions import Flag
from backend.services.kept_cards import Kept
from backend.services.late import Desk
from backend.services.postings import CardKey, Entry, Expected, LotKey, Move, Posting, Reversal
from backend.services.reversals import Reversed, reverse
from backend.services.shelf import Days
from sync import conflicts
from sync.conflicts import OVERLAP_MS
from sync.fold import CardFact, CardState, CountOutcome

__all__ = ["Entry", "Posted", "Posting", "post", "record"]

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
    "change",
    "seen",
    "by_day",
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
    "found",
)


@dataclass(slots=True)
class Posted:
    """What came of a posting: the exceptions that stand, by operation, and what senders of shipments must hear."""

    standing: dict[str, list[Flag]]
    senders: list[tuple[int, str, bool]] = field(default_factory=list)


def record(session: Session, rows: Sequence[tuple[object, ...]]) -> None:
    """Store operations with their outcomes, values in the order of OPERATION_COLUMNS."""
    insert_rows(session.connection(), "operation", OPERATION_COLUMNS, rows)


def post(
    session: Session,
    facility_id: int,
    postings: Sequence[Posting],
    *,
    reversals: Sequence[Reversal] = (),
    expected: Sequence[Expected] = (),
    rechecked: Collection[str] = (),
    moves: Sequence[Move] = (),
    flags: Sequence[Flag] = (),
    numbers: Numbers | None = None,
    facility: str | None = None,
    product_codes: Mapping[int, str] | None = None,
    now: int,
    time_zone: str,
    of_reports: bool = False,
) -> Posted:
    """Post facts of one device (or of the server), reverse, move, raise flags, and fold the cards concerned.

    An operation id is posted once in its life: a second posting breaks the fact's key and the whole
    transaction. `expected` are issues of other facilities to this one, `rechecked` receipts and shipments
    about which something was decided or changed elsewhere. `time_zone` is the facility's, for periods and
    days. `facility` and `product_codes` spare reading what the caller knows. Facts `of_reports` are booked in
    their own month whether or not it is reported: they are the report.
    """
    connection = session.connection()
    numbers = numbers or Numbers(connection, facility_id)
    facility = facility or exceptions.facility_code(session, facility_id)
    codes = product_codes or ProductCodes(connection)
    desk = Desk(connection, facility_id, facility, codes, Days(time_zone))
    kept = kept_cards.take(session, facility_id, numbers)
    work = _open(desk, numbers, kept, postings)
    gone = reverse(desk, numbers, postings, reversals, now)
    work.flags += [*flags, *gone.flags]
    work.closed += gone.closed
    imply(work, postings)
    claims = _settle_receipts(work, postings, expected, {*rechecked, *gone.operations})
    look_closely(work, postings, gone, claims, moves)
    device = postings[0].device if postings else ""
    _fold(work, device)
    periods = Periods(connection, facility_id, time_zone, of_reports)
    _write(work, postings, periods, device)
    _settle_lots(work, gone)
    _turn(work, postings)
    flags = [flag for flag in work.flags if not _taken_back(flag, gone)]
    exceptions.raise_flags(connection, facility_id, facility, numbers, flags, now)
    exceptions.close(connection, facility_id, numbers, work.closed, now)
    numbers.save()
    kept_cards.keep(session, facility_id, numbers, kept)
    announce(session, facility_id)
    return Posted(exceptions.by_operation(flags), claims.senders)


def _open(desk: Desk, numbers: Numbers, kept: Kept, postings: Sequence[Posting]) -> Work:
    """The cards of the entries, and on each what is new: lines of one operation on one card act as one sum."""
    fresh: dict[CardKey, list[CardFact]] = {}
    told: dict[LotKey, set[str | None]] = {}
    keys: list[CardKey] = []
    for posting in postings:
        operation = posting.operation_id
        for entry in posting.entries:
            product, lot = entry.product_id, entry.lot
            key = product, lot, entry.location, entry.account
            keys.append(key)
            fact = CardFact(entry.effective_at, operation, entry.flow == "counted", entry.quantity)
            facts = fresh.get(key)
            if facts is None:
                fresh[key] = [fact]
            elif facts[-1].id == operation and facts[-1][:3] == fact[:3]:
                facts[-1] = fact._replace(quantity=facts[-1].quantity + fact.quantity)
            else:
                facts.append(fact)
            if lot:
                expiries = told.get((product, lot))
                if expiries is None:
                    told[product, lot] = {entry.expiry}
                else:
                    expiries.add(entry.expiry)
    cards = card_store.open_cards(desk.connection, desk.facility_id, numbers, fresh.keys(), kept.cards)
    return Work(desk, numbers, kept, cards, fresh, told, keys)


def _settle_receipts(
    work: Work, postings: Sequence[Posting], expected: Sequence[Expected], changed: Collection[str]
) -> transfers.Claims:
    received: list[tuple[Posting, transfers.Lines]] = []
    for posting in postings:
        if posting.receipt is not None:
            lines = [
                (entry.product_id, entry.lot, entry.line, work.cards[entry.card_key].number)
                for entry in posting.entries
            ]
            received.append((posting, lines))
    desk = transfers.Desk(
        work.desk.connection, work.desk.facility_id, work.desk.facility, work.desk.product_codes
    )
    claims = transfers.settle(desk, work.numbers, received, expected, changed)
    work.flags += claims.flags
    work.closed += claims.closed
    return claims


def _fold(work: Work, device: str) -> None:
    for key, change in work.close_look.items():
        done = late.refold(work.desk, change)
        work.refolded[key] = done
        work.states[key] = done.state
        work.counts[change.card.number] = done.counts
        work.flags += done.flags
        work.closed += done.closed
    for key, facts in work.fresh.items():
        if key not in work.close_look:
            card = work.cards[key]
            on_hand, counted, _, negative = card.state
            for at, id_, is_count, quantity in facts:
                if is_count:
                    counts = work.counts.setdefault(card.number, {})
                    counts[at, id_] = CountOutcome(quantity - on_hand, counted is None)
                    on_hand, counted, negative = quantity, (at, id_), None
                else:
                    on_hand += quantity
                    if on_hand < 0 and negative is None:
                        negative = id_
            work.states[key] = CardState(on_hand, counted, (at, id_), negative)


def _write(work: Work, postings: Sequence[Posting], periods: Periods, device: str) -> None:
    desk = work.desk
    rows: list[tuple[object, ...]] = []
    numbers = {key: card.number for key, card in work.cards.items()}
    keys = iter(work.keys)
    for posting in postings:
        id_ = posting.operation_id
        for entry in posting.entries:
            number, at = numbers[next(keys)], entry.effective_at
            found = None
            if entry.flow == "counted":
                outcome = work.counts.get(number, {}).get((at, id_))
                found = None if outcome is None else outcome.variance
            own, booked_in = periods.book(at, entry.product_id)
            if conflicts.late_for_period(own, booked_in):
                detail: dict[str, object] = {"period": own, "booked_in": booked_in}
                work.flags.append(Flag("late_for_period", id_, entry.line, detail))
            rows.append(
                (
                    desk.facility_id,
                    number,
                    at,
                    id_,
                    entry.line,
                    entry.flow,
                    entry.quantity,
                    entry.reason_id,
                    entry.expiry,
                    booked_in,
                    found,
                )
            )
    for key, place, id_ in work.implied:
        outcome = work.counts.get(numbers[key], {}).get(place)
        found = None if outcome is None else outcome.variance
        booked_in = periods.book(place[0], key[0])[1]
        rows.append(
            (desk.facility_id, numbers[key], place[0], id_, -1, "counted", 0, None, None, booked_in, found)
        )
    insert_rows(desk.connection, "fact", FACT_COLUMNS, rows)
    by_day = any(posting.by_day for posting in postings)
    cards = [
        (work.cards[key], state, _watch(work, key, device, by_day)) for key, state in work.states.items()
    ]
    for card in card_store.write_cards(desk.connection, desk.facility_id, work.numbers, cards):
        work.kept.cards[card.key] = card
    removed = {change.card.number: change.places for change in work.close_look.values()}
    card_store.write_counts(desk.connection, desk.facility_id, work.counts, removed)
    deltas = [
        (
            desk.facility_id,
            numbers[key],
            place[1],
            work.numbers.next(),
            delta,
            periods.book(place[0], key[0])[1],
        )
        for key, done in work.refolded.items()
        for place, delta in done.deltas
    ]
    columns = ("facility_id", "card", "operation_id", "change", "delta", "booked_in")
    insert_rows(desk.connection, "variance_change", columns, deltas)


def _watch(work: Work, key: CardKey, device: str, by_day: bool) -> tuple[str, int]:
    """Until when a fact of which other device may be too near to a count on this card; see models.Card."""
    card = work.cards[key]
    by, until = card.watch_by, card.watch_until
    if work.watch:
        until = max([until, *work.watch.get(key, ())])
    if not device or key not in work.fresh:
        return by, until
    if by == device and not by_day:
        return by, until
    if by not in ("", device) and card.state.last is not None:
        until = max(until, card.state.last[0] + OVERLAP_MS)
    if by_day:
        until = max(until, *(work.desk.days.of(fact.effective_at)[2] for fact in work.fresh[key]))
    return device, until


def _settle_lots(work: Work, gone: Reversed) -> None:
    doubtful = {
        (key[0], key[1])
        for key, change in work.close_look.items()
        if key[1] and (change.card.number in gone.places or any(one.place is None for one in change.fresh))
    }
    desk = work.desk
    flags, closed = lots.settle(
        desk.connection,
        desk.facility_id,
        desk.facility,
        work.numbers,
        work.told,
        doubtful,
        desk.product_codes,
        work.kept.lots,
    )
    work.flags += flags
    work.closed += closed


def _turn(work: Work, postings: Sequence[Posting]) -> None:
    """Open and close `negative_stock` where another fact than before, or none, took a card below 0."""
    lines: dict[tuple[str, CardKey], int] | None = None
    for key, state in work.states.items():
        card = work.cards[key]
        before, after = card.state.negative, state.negative
        if before == after:
            continue
        product = work.desk.product_codes[key[0]]
        detail, subject = exceptions.card_detail(key, product), exceptions.card_subject(key, product)
        if before is not None:
            work.closed.append(Flag("negative_stock", before, -1, detail, subject).id_at(work.desk.facility))
        if after is not None:
            if lines is None:
                lines = {
                    (posting.operation_id, entry.card_key): entry.line
                    for posting in postings
                    for entry in reversed(posting.entries)
                }
            line = lines.get((after, key))
            if line is None:
                line = card_store.first_line(work.desk.connection, work.desk.facility_id, card.number, after)
            work.flags.append(Flag("negative_stock", after, line, detail, subject, card.number))


def _taken_back(flag: Flag, gone: Reversed) -> bool:
    """Whether what a flag says was taken back by a reversal that came before its operation."""
    concerned = {flag.operation_id, flag.other}
    return flag.code in conflicts.OF_THE_FACT and not concerned.isdisjoint(gone.before | gone.operations)

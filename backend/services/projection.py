"""What a facility's projections should be, told from its facts alone: the measure that `rebuild` compares with.

It folds every card whole and looks at every pair. Nothing of the incremental way (services.ledger, .late) is
used but the pure rules of sync, so that an error there shows as a difference.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, exists, select
from sqlmodel import col

from backend.models import Displacement, Fact, Operation, Reversal
from backend.services import late, lots, transfers
from backend.services.card_store import OpenCard
from backend.services.exceptions import Flag, card_detail, card_subject
from backend.services.late import Desk
from backend.services.postings import LotKey
from backend.services.shelf import NOBODY, Knowledge, Placed
from sync import conflicts, receipts
from sync.conflicts import OVERLAP_MS, Witness
from sync.fold import CardState, CountOutcome, SortKey, fold

CODES = frozenset(
    {
        "negative_stock",
        "count_overlap",
        "count_backdated",
        "variance_changed",
        "lot_expiry",
        "already_received",
        "unmatched_receipt",
        "already_reversed",
    }
)
"""Exceptions that follow from the facts of a facility alone, and so can be told again."""


@dataclass(slots=True)
class Projection:
    """Everything that should be stored: cards and counts by card number, exceptions by id, lots, who is out."""

    cards: dict[int, CardState] = field(default_factory=dict)
    counts: dict[int, dict[SortKey, CountOutcome]] = field(default_factory=dict)
    exceptions: dict[str, Flag] = field(default_factory=dict)
    lots: dict[LotKey, str | None] = field(default_factory=dict)
    out: set[tuple[int, str]] = field(default_factory=set)


def project(desk: Desk, cards: Mapping[int, OpenCard]) -> Projection:
    """Tell the projections of the desk's facility anew. Writes nothing."""
    told = Projection()
    _claims(desk, told)
    moved = _moved(desk)
    for number, facts in _by_card(desk):
        if number in cards:
            _card(desk, cards[number], facts, moved.get(number, {}), told)
    _lots(desk, told)
    _reversals(desk, told)
    return told


def _add(desk: Desk, told: Projection, flags: Iterable[Flag]) -> None:
    told.exceptions.update({flag.id_at(desk.facility): flag for flag in flags})


def _claims(desk: Desk, told: Projection) -> None:
    """Receipts: which shipment each is of, and whose lines another had received before."""
    here = transfers.Desk(desk.connection, desk.facility_id, desk.facility, desk.product_codes)
    rows = transfers.receipt_rows(here)
    standing = [transfers.receipt_told(row) for row in rows if not row.reversed]
    sent = [transfers.shipment_told(row) for row in transfers.shipment_rows(here)]
    shipment_of = receipts.matches(standing, sent) | {
        one.id: one.shipment for one in standing if one.shipment
    }
    second = receipts.second_claims(
        standing, shipment_of, transfers.let_in(here, [one.id for one in standing])
    )
    for row in rows:
        for product, lot, line, card in json.loads(row.lines):
            if (product, lot) in second.get(row.operation_id, ()):
                told.out.add((card, row.operation_id))
                shipment = shipment_of[row.operation_id]
                _add(desk, told, [transfers.claimed_twice(here, row, line, (product, lot), shipment)])
    without = receipts.unmatched(standing, shipment_of, {one.id for one in sent})
    _add(desk, told, [Flag("unmatched_receipt", id_) for id_ in without])


def _moved(desk: Desk) -> dict[int, dict[str, SortKey]]:
    """Where people moved movements to, by card and operation."""
    statement = select(
        col(Displacement.card),
        col(Displacement.operation_id),
        col(Displacement.at),
        col(Displacement.place_id),
    ).where(col(Displacement.facility_id) == desk.facility_id, col(Displacement.at).is_not(None))
    found: dict[int, dict[str, SortKey]] = defaultdict(dict)
    for card, operation, at, place_id in desk.connection.execute(statement):
        found[card][operation] = (at or 0, place_id or "")
    return found


def _by_card(desk: Desk) -> Iterator[tuple[int, list[Placed]]]:
    """Every operation on every card; `place` is its own, None where it is reversed."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == desk.facility_id, col(Reversal.operation_id) == col(Fact.operation_id)
    )
    statement = (
        select(
            *(
                col(Fact.card),
                col(Fact.effective_at),
                col(Fact.operation_id),
                col(Fact.flow),
                col(Fact.quantity),
            ),
            *(col(Fact.line), col(Fact.found), reversed_.label("reversed")),
        )
        .where(col(Fact.facility_id) == desk.facility_id)
        .order_by(col(Fact.card), col(Fact.effective_at), col(Fact.operation_id), col(Fact.line))
    )
    operations = _operations(desk.connection, desk.facility_id)
    for card, rows in groupby(desk.connection.execute(statement), key=itemgetter(0)):
        placed: list[Placed] = []
        for _, at, id_, flow, quantity, line, found, gone in rows:
            counted = flow == "counted"
            last = placed[-1].witness if placed else None
            if last is not None and (last.at, last.id, last.counted) == (at, id_, counted):
                placed[-1].quantity += quantity
                continue
            known = operations.get(id_, NOBODY)
            day = desk.days.of(at)[0]
            witness = Witness(id_, at, counted, *known[:4], day, line < 0, known[4])
            placed.append(Placed(witness, None if gone else (at, id_), quantity, line, found))
        yield card, placed


def _operations(connection: Connection, facility_id: int) -> dict[str, Knowledge]:
    statement = select(
        col(Operation.id),
        col(Operation.device_id),
        col(Operation.change),
        col(Operation.seen),
        col(Operation.by_day),
        col(Operation.outcome) == "held",
    ).where(col(Operation.facility_id) == facility_id, col(Operation.copy_number) == 0)
    return {
        id_: (device or "", change, seen, bool(by_day), bool(held))
        for id_, device, change, seen, by_day, held in connection.execute(statement)
    }


def _card(
    desk: Desk, card: OpenCard, facts: Sequence[Placed], moved: Mapping[str, SortKey], told: Projection
) -> None:
    standing = [
        one for one in facts if one.place is not None and (card.number, one.witness.id) not in told.out
    ]
    for one in standing:
        one.place = moved.get(one.witness.id, one.place)
    standing.sort(key=lambda one: one.place or (0, ""))
    state, counts = fold([one.fact for one in standing])
    told.cards[card.number], told.counts[card.number] = state, counts
    product = desk.product_codes[card.key[0]]
    detail, subject = card_detail(card.key, product), card_subject(card.key, product)
    if state.negative is not None:
        line = next(one.line for one in standing if one.witness.id == state.negative)
        _add(desk, told, [Flag("negative_stock", state.negative, line, detail, subject, card.number)])
    for one in standing:
        if one.witness.counted and one.place is not None:
            outcome = counts[one.place]
            if conflicts.variance_changed(one.found, outcome.variance):
                more = {**detail, "found": one.found, "variance": outcome.variance}
                flag = Flag("variance_changed", one.witness.id, -1, more, subject, card.number)
                _add(desk, told, [flag])
    # Of a pair that is both, it is told that they are near.
    _add(desk, told, _zeroed(desk, card, standing, counts))
    _add(desk, told, _overlaps(desk, card, standing))
    _add(desk, told, _backdated(facts))


def _overlaps(desk: Desk, card: OpenCard, standing: Sequence[Placed]) -> Iterator[Flag]:
    movements = sorted((one for one in standing if not one.witness.counted), key=lambda one: one.witness.at)
    moments = [one.witness.at for one in movements]
    by_day: dict[int, list[Placed]] = defaultdict(list)
    for one in movements:
        if one.witness.by_day:
            by_day[one.witness.day].append(one)
    for count in standing:
        if not count.witness.counted:
            continue
        first = bisect_left(moments, count.witness.at - OVERLAP_MS)
        last = bisect_right(moments, count.witness.at + OVERLAP_MS)
        for movement in [*movements[first:last], *by_day[count.witness.day]]:
            if conflicts.count_overlap(count.witness, movement.witness):
                yield late.overlap_flag(desk, card, count.witness, movement)


def _zeroed(
    desk: Desk, card: OpenCard, standing: Sequence[Placed], counts: Mapping[SortKey, CountOutcome]
) -> Iterator[Flag]:
    since: list[Placed] = []
    for one in standing:
        if one.witness.counted and one.place is not None:
            if one.witness.implied:
                witnesses = [fact.witness for fact in since]
                for unseen in conflicts.zeroed_unseen(one.witness, witnesses, counts[one.place].variance):
                    other = next(fact for fact in since if fact.witness is unseen)
                    yield late.overlap_flag(desk, card, one.witness, other, zeroed=True)
            since = []
        since.append(one)


def _backdated(facts: Sequence[Placed]) -> Iterator[Flag]:
    """Counts dated before a fact of this card that their authors had seen, reversed ones too."""
    for n, one in enumerate(facts):
        count = one.witness
        if count.counted and count.device and not count.implied and one.place is not None:
            later = (
                fact.witness
                for fact in facts[n + 1 :]
                if (fact.witness.at, fact.witness.id) > (count.at, count.id)
            )
            if conflicts.counted_behind(count, later):
                yield Flag("count_backdated", count.id)


def _lots(desk: Desk, told: Projection) -> None:
    for lot, expiries in lots.expiries_told(desk.connection, desk.facility_id).items():
        earliest, flag, stands = lots.judged(lot, expiries, desk.product_codes[lot[0]])
        decided = (
            lots.decided_expiry(desk.connection, desk.facility_id, flag.id_at(desk.facility))
            if stands
            else None
        )
        told.lots[lot] = decided or earliest
        if stands:
            _add(desk, told, [flag])


def _reversals(desk: Desk, told: Projection) -> None:
    statement = select(
        col(Reversal.operation_id), col(Reversal.reversed_by), col(Reversal.effective_at)
    ).where(col(Reversal.facility_id) == desk.facility_id)
    by_target: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for target, by, at in desk.connection.execute(statement):
        by_target[target].append((at, by))
    for target, ones in by_target.items():
        for by in conflicts.already_reversed(ones):
            _add(desk, told, [Flag("already_reversed", by, -1, {"operation": target})])


def count_dated_back(desk: Desk) -> list[str]:
    """Standing counts of devices that are dated over 12 hours before they were recorded."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == desk.facility_id, col(Reversal.operation_id) == col(Operation.id)
    )
    statement = select(col(Operation.id), col(Operation.effective_at), col(Operation.recorded_at)).where(
        col(Operation.facility_id) == desk.facility_id,
        col(Operation.copy_number) == 0,
        col(Operation.kind) == "stock.count",
        col(Operation.outcome) != "held",
        ~reversed_,
    )
    return [
        id_
        for id_, effective_at, recorded_at in desk.connection.execute(statement)
        if conflicts.count_backdated(effective_at, recorded_at)
    ]

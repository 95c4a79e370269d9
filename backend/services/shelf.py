"""Reading one card's facts with what their authors knew: what a late fact, a reversal or a move needs.

A plain append reads none of this. What is read is bounded: from the standing count before what changed to
the next one after it, and the facts of the same day, among which counts and movements may overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, exists, or_, select, tuple_
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from backend.clock import DAY_MS, local_date, local_moment
from backend.models import CountResult, Displacement, Fact, Operation, Reversal
from sync.conflicts import OVERLAP_MS, Witness, has_seen
from sync.fold import CardFact, SortKey

BEGINNING = -(1 << 62)
END = 1 << 62


@dataclass(slots=True)
class Placed:
    """One operation on a card: its own witness, its place in the fold (None: out of it), and its sum."""

    witness: Witness
    place: SortKey | None
    quantity: int
    line: int = -1
    found: int | None = None

    @property
    def fact(self) -> CardFact:
        """The same as the fold takes it; only of what has a place."""
        assert self.place is not None
        return CardFact(*self.place, self.witness.counted, self.quantity)


@dataclass(frozen=True, slots=True)
class Span:
    """Places between which a card is folded again: from the standing count `base` to `shield`, None for no count."""

    base: SortKey | None
    shield: SortKey | None

    def holds(self, place: SortKey) -> bool:
        """Whether a place is in it; both counts are."""
        return (self.base is None or place >= self.base) and (self.shield is None or place <= self.shield)


@dataclass(slots=True)
class Days:
    """The facility's local days: which one a moment falls on, and when it begins and ends."""

    time_zone: str
    _known: list[tuple[int, int, int]] = field(default_factory=list)

    def of(self, moment: int) -> tuple[int, int, int]:
        """(the day's ordinal, its first millisecond, the first after it)."""
        for day in self._known:
            if day[1] <= moment < day[2]:
                return day
        date = local_date(moment, self.time_zone)
        start = local_moment(date, self.time_zone)
        end = local_moment(type(date).fromordinal(date.toordinal() + 1), self.time_zone)
        self._known.insert(0, (date.toordinal(), start, max(end, start + DAY_MS // 2)))
        return self._known[0]


def span(connection: Connection, facility_id: int, card: int, first: SortKey, last: SortKey) -> Span:
    """The standing counts around what changed between two places; `CountResult` has every one of them."""
    here = and_(col(CountResult.facility_id) == facility_id, col(CountResult.card) == card)
    at, id_ = col(CountResult.effective_at), col(CountResult.operation_id)
    standing = ~exists().where(
        col(Reversal.facility_id) == facility_id, col(Reversal.operation_id) == col(CountResult.operation_id)
    )
    counts = select(at, id_).where(here, standing)
    before = counts.where(tuple_(at, id_) < tuple_(*first)).order_by(at.desc(), id_.desc()).limit(1)
    after = counts.where(tuple_(at, id_) > tuple_(*last)).order_by(at, id_).limit(1)
    found = [connection.execute(statement).first() for statement in (before, after)]
    base, shield = (None if row is None else (row[0], row[1]) for row in found)
    return Span(base, shield)


def stored_counts(connection: Connection, facility_id: int, card: int, around: Span) -> dict[SortKey, int]:
    """The variances that are stored for the counts of a span, by place."""
    at = col(CountResult.effective_at)
    statement = select(at, col(CountResult.operation_id), col(CountResult.variance)).where(
        col(CountResult.facility_id) == facility_id,
        col(CountResult.card) == card,
        at >= (around.base or (BEGINNING,))[0],
        at <= (around.shield or (END,))[0],
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(statement)}


def facts_between(
    connection: Connection, facility_id: int, card: int, first: int, last: int, days: Days
) -> list[Placed]:
    """What operations did to a card between two moments (both included), reversed and moved ones too."""
    at = col(Fact.effective_at)
    statement = _facts(facility_id, card).where(at >= first, at <= last)
    return list(_placed(connection.execute(statement), days))


def moved_to(connection: Connection, facility_id: int, card: int, around: Span, days: Days) -> list[Placed]:
    """Movements that stand within a span because a person moved them there, wherever they were made."""
    own = select(col(Displacement.operation_id)).where(
        col(Displacement.facility_id) == facility_id,
        col(Displacement.card) == card,
        col(Displacement.at).is_not(None),
    )
    ids = list(connection.execute(own).scalars())
    if not ids:
        return []
    statement = _facts(facility_id, card).where(col(Fact.operation_id).in_(ids))
    placed = _placed(connection.execute(statement), days)
    return [one for one in placed if one.place is not None and around.holds(one.place)]


def witnesses(connection: Connection, facility_id: int, operations: Iterable[str]) -> dict[str, Any]:
    """(device, change, seen, by_day) of operations, by id."""
    statement = select(
        col(Operation.id),
        col(Operation.device_id),
        col(Operation.change),
        col(Operation.seen),
        col(Operation.by_day),
    ).where(
        col(Operation.facility_id) == facility_id,
        col(Operation.copy_number) == 0,
        col(Operation.id).in_(list(operations)),
    )
    return {row[0]: (row[1] or "", row[2], row[3], bool(row[4])) for row in connection.execute(statement)}


def seen_behind(connection: Connection, facility_id: int, card: int, count: Witness) -> bool:
    """Whether a stored fact, standing or not, sorts after a new count whose author had seen it."""
    own = col(Operation.device_id) == count.device
    pulled = col(Operation.change) <= (count.seen or -1)
    statement = (
        select(col(Fact.operation_id))
        .join(
            Operation,
            and_(
                col(Operation.facility_id) == col(Fact.facility_id),
                col(Operation.id) == col(Fact.operation_id),
                col(Operation.copy_number) == 0,
            ),
        )
        .where(
            col(Fact.facility_id) == facility_id,
            col(Fact.card) == card,
            tuple_(col(Fact.effective_at), col(Fact.operation_id)) > tuple_(count.at, count.id),
            or_(own, pulled),
        )
        .limit(1)
    )
    return connection.execute(statement).first() is not None


def window(moments: Sequence[int], whole_days: bool, days: Days) -> tuple[int, int]:
    """Between which moments something may overlap what happened at these."""
    first, last = min(moments) - OVERLAP_MS, max(moments) + OVERLAP_MS
    if whole_days:
        first, last = min(first, days.of(min(moments))[1]), max(last, days.of(max(moments))[2])
    return first, last


def seen_any(count: Witness, facts: Iterable[Placed]) -> bool:
    """Whether one of these facts, not stored yet, sorts after a count whose author had seen it."""
    return any(
        (one.witness.at, one.witness.id) > (count.at, count.id) and has_seen(count, one.witness)
        for one in facts
    )


def _facts(facility_id: int, card: int) -> Any:
    here: ColumnElement[bool] = and_(col(Fact.facility_id) == facility_id, col(Fact.card) == card)
    operation = and_(
        col(Operation.facility_id) == col(Fact.facility_id),
        col(Operation.id) == col(Fact.operation_id),
        col(Operation.copy_number) == 0,
    )
    displaced = and_(
        col(Displacement.facility_id) == col(Fact.facility_id),
        col(Displacement.card) == col(Fact.card),
        col(Displacement.operation_id) == col(Fact.operation_id),
    )
    reversed_ = exists().where(
        col(Reversal.facility_id) == facility_id, col(Reversal.operation_id) == col(Fact.operation_id)
    )
    return (
        select(
            col(Fact.effective_at),
            col(Fact.operation_id),
            col(Fact.flow),
            col(Fact.quantity),
            col(Fact.line),
            col(Fact.found),
            col(Operation.device_id),
            col(Operation.change),
            col(Operation.seen),
            col(Operation.by_day),
            reversed_.label("reversed"),
            col(Displacement.operation_id).label("displaced"),
            col(Displacement.at),
            col(Displacement.place_id),
        )
        .join(Operation, operation, isouter=True)
        .join(Displacement, displaced, isouter=True)
        .where(here)
        .order_by(col(Fact.effective_at), col(Fact.operation_id), col(Fact.line))
    )


def _placed(rows: Iterable[Any], days: Days) -> Iterator[Placed]:
    """One for each operation and moment, its lines summed."""
    last: Placed | None = None
    for (
        at,
        id_,
        flow,
        quantity,
        line,
        found,
        device,
        change,
        seen,
        by_day,
        gone,
        displaced,
        moved,
        place,
    ) in rows:
        counted = flow == "counted"
        if last is not None and (last.witness.at, last.witness.id, last.witness.counted) == (
            at,
            id_,
            counted,
        ):
            last.quantity += quantity
            continue
        if last is not None:
            yield last
        day = days.of(at)[0]
        witness = Witness(id_, at, counted, device or "", change or 0, seen or 0, bool(by_day), day, line < 0)
        stands: SortKey | None = (at, id_)
        if gone:
            stands = None
        elif displaced is not None:
            stands = None if moved is None else (moved, place)
        last = Placed(witness, stands, quantity, line, found)
    if last is not None:
        yield last

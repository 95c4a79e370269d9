"""Reading one card's facts with what their authors knew: what a late fact, a reversal or a move needs.

A plain append reads none of this. What is read is bounded: from the standing count before what changed to
the next one after it, and the facts of the same day, among which counts and movements may overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from backend.clock import DAY_MS, local_date, local_moment
from backend.db import read_rows
from backend.models import Operation
from sync.conflicts import OVERLAP_MS, Witness, counted_behind
from sync.fold import CardFact, SortKey

Knowledge = tuple[str, int, int, bool, bool]
"""Of an operation (device, change, seen, by_day, held), as sync.conflicts.Witness has them."""

NOBODY: Knowledge = ("", 0, 0, False, True)
"""Of what was released under another id, or at another facility, than it had been stored at."""

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


# Plain text: hot cards are read like this for every push of every device, and building the same statement
# anew costs more than running it.
_COUNTS = (
    "SELECT effective_at, operation_id FROM count_result c WHERE facility_id = ? AND card = ? "
    "AND (effective_at, operation_id) {} (?, ?) AND NOT EXISTS (SELECT 1 FROM reversal r "
    "WHERE r.facility_id = c.facility_id AND r.operation_id = c.operation_id) "
    "ORDER BY effective_at {}, operation_id {} LIMIT 1"
)
_BEFORE, _AFTER = _COUNTS.format("<", "DESC", "DESC"), _COUNTS.format(">", "ASC", "ASC")
_STORED = (
    "SELECT effective_at, operation_id, variance FROM count_result "
    "WHERE facility_id = ? AND card = ? AND effective_at >= ? AND effective_at <= ?"
)
_FACTS = (
    "SELECT f.effective_at, f.operation_id, f.flow, f.quantity, f.line, f.found, "
    "o.device_id, o.change, o.seen, o.by_day, o.outcome = 'held', "
    "EXISTS (SELECT 1 FROM reversal r WHERE r.facility_id = f.facility_id AND r.operation_id = f.operation_id), "
    "d.operation_id, d.at, d.place_id FROM fact f "
    "LEFT JOIN operation o ON o.facility_id = f.facility_id AND o.id = f.operation_id AND o.copy = 0 "
    "LEFT JOIN displacement d ON d.facility_id = f.facility_id AND d.card = f.card AND d.operation_id = f.operation_id "
    "WHERE f.facility_id = ? AND f.card = ? AND {} ORDER BY f.effective_at, f.operation_id, f.line"
)
_BETWEEN = _FACTS.format("f.effective_at >= ? AND f.effective_at <= ?")
_MOVED = _FACTS.format("d.at IS NOT NULL")
_SEEN_BEHIND = (
    "SELECT 1 FROM fact f "
    "JOIN operation o ON o.facility_id = f.facility_id AND o.id = f.operation_id AND o.copy = 0 "
    "WHERE f.facility_id = ? AND f.card = ? AND (f.effective_at, f.operation_id) > (?, ?) "
    "AND o.outcome <> 'held' AND ((o.device_id = ? AND (o.change, o.id) < (?, ?)) OR o.change <= ?) LIMIT 1"
)
_ANY_MOVED = "SELECT 1 FROM displacement WHERE facility_id = ? AND card = ? AND at IS NOT NULL LIMIT 1"


def span(connection: Connection, facility_id: int, card: int, first: SortKey, last: SortKey) -> Span:
    """The standing counts around what changed between two places; `CountResult` has every one of them."""
    before = read_rows(connection, _BEFORE, (facility_id, card, *first))
    after = read_rows(connection, _AFTER, (facility_id, card, *last))
    base, shield = ((rows[0][0], rows[0][1]) if rows else None for rows in (before, after))
    return Span(base, shield)


def stored_counts(connection: Connection, facility_id: int, card: int, around: Span) -> dict[SortKey, int]:
    """The variances that are stored for the counts of a span, by place."""
    first, last = (around.base or (BEGINNING,))[0], (around.shield or (END,))[0]
    rows = read_rows(connection, _STORED, (facility_id, card, first, last))
    return {(at, id_): variance for at, id_, variance in rows}


def facts_between(
    connection: Connection, facility_id: int, card: int, first: int, last: int, days: Days
) -> list[Placed]:
    """What operations did to a card between two moments (both included), reversed and moved ones too."""
    return list(_placed(read_rows(connection, _BETWEEN, (facility_id, card, first, last)), days))


def moved_to(connection: Connection, facility_id: int, card: int, around: Span, days: Days) -> list[Placed]:
    """Movements that stand within a span because a person moved them there, wherever they were made."""
    if not read_rows(connection, _ANY_MOVED, (facility_id, card)):
        return []
    placed = _placed(read_rows(connection, _MOVED, (facility_id, card)), days)
    return [one for one in placed if one.place is not None and around.holds(one.place)]


def witnesses(connection: Connection, facility_id: int, operations: Iterable[str]) -> dict[str, Knowledge]:
    """What the authors of stored operations knew, by id."""
    statement = select(
        col(Operation.id),
        col(Operation.device_id),
        col(Operation.change),
        col(Operation.seen),
        col(Operation.by_day),
        col(Operation.outcome) == "held",
    ).where(
        col(Operation.facility_id) == facility_id,
        col(Operation.copy_number) == 0,
        col(Operation.id).in_(list(operations)),
    )
    return {
        id_: (device or "", change, seen, bool(by_day), bool(held))
        for id_, device, change, seen, by_day, held in connection.execute(statement)
    }


def seen_behind(connection: Connection, facility_id: int, card: int, count: Witness) -> bool:
    """Whether a stored fact, standing or not, sorts after a new count whose author had seen it."""
    values = facility_id, card, count.at, count.id, count.device, count.change, count.id, count.seen or -1
    return bool(read_rows(connection, _SEEN_BEHIND, values))


def window(moments: Sequence[int], whole_days: bool, days: Days) -> tuple[int, int]:
    """Between which moments something may overlap what happened at these."""
    first, last = min(moments) - OVERLAP_MS, max(moments) + OVERLAP_MS
    if whole_days:
        first, last = min(first, days.of(min(moments))[1]), max(last, days.of(max(moments))[2])
    return first, last


def seen_any(count: Witness, facts: Iterable[Placed]) -> bool:
    """Whether one of these facts, not stored yet, sorts after a count whose author had seen it."""
    behind = (one.witness for one in facts if (one.witness.at, one.witness.id) > (count.at, count.id))
    return counted_behind(count, behind)


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
        held,
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
        known: Knowledge = (
            NOBODY if change is None else (device or "", change, seen, bool(by_day), bool(held))
        )
        witness = Witness(id_, at, counted, *known[:4], day, line < 0, known[4])
        stands: SortKey | None = (at, id_)
        if gone:
            stands = None
        elif displaced is not None:
            stands = None if moved is None else (moved, place)
        last = Placed(witness, stands, quantity, line, found)
    if last is not None:
        yield last

"""What becomes of a card when something is not simply appended: a late fact, a reversal, a move.

The card is folded again from the standing count before what changed to the next one after it, and what its
counts and movements say of each other is looked at anew. The rules are in sync.conflicts; here are the reads.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from backend.services import exceptions, shelf
from backend.services.card_store import OpenCard
from backend.services.exceptions import Flag, card_detail, card_subject
from backend.services.shelf import BEGINNING, END, Days, Knowledge, Placed, Span
from sync import conflicts
from sync.conflicts import Witness
from sync.fold import EMPTY, CardState, CountOutcome, SortKey, fold, resumed

EARLIEST: SortKey = (BEGINNING, "")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the work is done: one facility, in one transaction."""

    connection: Connection
    facility_id: int
    facility: str
    product_codes: Mapping[int, str]
    days: Days


@dataclass(slots=True)
class Change:
    """What happens to one card: operations that are new on it, that come back into the fold, that leave it.

    `places` are those that change without a fresh operation standing there: of what left, came back or moved.
    """

    card: OpenCard
    fresh: list[Placed] = field(default_factory=list)
    back: set[str] = field(default_factory=set)
    places: list[SortKey] = field(default_factory=list)


@dataclass(slots=True)
class Refolded:
    """The card afterwards; `deltas` are (count, delta) of stored variances that changed."""

    state: CardState
    counts: dict[SortKey, CountOutcome] = field(default_factory=dict)
    deltas: list[tuple[SortKey, int]] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)


def refold(desk: Desk, change: Change) -> Refolded:
    """Fold the card again where something changed, and look at its counts anew. Writes nothing."""
    card = change.card
    standing = [one for one in change.fresh if one.place is not None]
    changed = change.places + [one.place for one in standing if one.place is not None]
    if not changed:
        return Refolded(card.state)
    around = shelf.span(desk.connection, desk.facility_id, card.number, min(changed), max(changed))
    known = _known(desk, change, around, standing)
    everyone = [*known, *change.fresh]
    placed = sorted(
        (one for one in everyone if one.place is not None and around.holds(one.place)),
        key=lambda one: one.place or (0, ""),
    )
    facts = [one.fact for one in placed]
    start = EMPTY if around.base is None else resumed(facts.pop(0))
    state, counts = fold(facts, start)
    done = Refolded(card.state if around.shield is not None else state, counts)
    _variances(desk, card, done, around, placed)
    _overlaps(desk, change, done, known, standing)
    _zeroed(desk, change, done, placed)
    _backdated(desk, change, done, standing)
    return done


def stored_witnesses(desk: Desk, operations: Collection[str]) -> dict[str, Knowledge]:
    """What the authors of stored operations knew, by operation."""
    return shelf.witnesses(desk.connection, desk.facility_id, operations) if operations else {}


def _known(desk: Desk, change: Change, around: Span, standing: Sequence[Placed]) -> list[Placed]:
    """What is stored of the card between the two counts, and around what is new or comes back."""
    first = around.base[0] if around.base is not None else BEGINNING
    last = around.shield[0] if around.shield is not None else END
    moments = [one.witness.at for one in standing]
    if change.back:
        moments += [at for at, _ in change.places]
    if moments:
        from_, to = shelf.window(moments, _days_told(desk, change, standing), desk.days)
        first, last = min(first, from_), max(last, to)
    here = desk.connection, desk.facility_id, change.card.number
    found = shelf.facts_between(*here, first, last, desk.days)
    there = {(one.witness.id, one.witness.at) for one in found}
    moved = shelf.moved_to(*here, around, desk.days)
    return found + [one for one in moved if (one.witness.id, one.witness.at) not in there]


def _days_told(desk: Desk, change: Change, standing: Sequence[Placed]) -> bool:
    """Whether something on the card, new or old, may have been dated by day and so concern a whole day's counts."""
    if change.back or any(one.witness.by_day for one in standing):
        return True
    counts = [one.witness.at for one in standing if one.witness.counted]
    return bool(counts) and change.card.watch_until >= desk.days.of(min(counts))[2]


def _variances(desk: Desk, card: OpenCard, done: Refolded, around: Span, placed: Sequence[Placed]) -> None:
    stored = shelf.stored_counts(desk.connection, desk.facility_id, card.number, around)
    found = {one.place: one.found for one in placed}
    for place, outcome in done.counts.items():
        before = stored.get(place)
        if before is None or before == outcome.variance:
            continue
        done.deltas.append((place, outcome.variance - before))
        flag = _variance_flag(desk, card, place[1], found[place], outcome.variance)
        if conflicts.variance_changed(found[place], outcome.variance):
            done.flags.append(flag)
        else:
            done.closed.append(flag.id_at(desk.facility))


def _variance_flag(desk: Desk, card: OpenCard, count: str, found: int | None, variance: int) -> Flag:
    product = desk.product_codes[card.key[0]]
    detail = {**card_detail(card.key, product), "found": found, "variance": variance}
    return Flag("variance_changed", count, -1, detail, card_subject(card.key, product), card.number)


def _overlaps(
    desk: Desk, change: Change, done: Refolded, known: Sequence[Placed], standing: Sequence[Placed]
) -> None:
    """Pairs of a count and a movement, one of which is new in the fold, that nobody can tell the order of."""
    added = [*standing, *(one for one in known if one.witness.id in change.back and one.place is not None)]
    others = [one for one in known if one.place is not None] + list(standing)
    pairs: dict[tuple[str, str], Flag] = {}
    for new in added:
        for other in others:
            if new.witness.counted != other.witness.counted:
                count, movement = (new, other) if new.witness.counted else (other, new)
                if conflicts.count_overlap(count.witness, movement.witness):
                    flag = overlap_flag(desk, change.card, count.witness, movement)
                    pairs[flag.operation_id, flag.other] = flag
    done.flags += pairs.values()


def overlap_flag(desk: Desk, card: OpenCard, count: Witness, other: Placed, *, zeroed: bool = False) -> Flag:
    """The exception that a count and another fact of a card may be in the wrong order."""
    product = desk.product_codes[card.key[0]]
    detail = {**card_detail(card.key, product), "count": count.id, "zeroed": zeroed}
    subject = card_subject(card.key, product, count.id)
    return Flag("count_overlap", other.witness.id, other.line, detail, subject, card.number, count.id)


def _zeroed(desk: Desk, change: Change, done: Refolded, placed: Sequence[Placed]) -> None:
    """What `all_lots` counts between the two counts wiped out, and what they no longer do."""
    implied = [one for one in placed if one.witness.implied and one.place in done.counts]
    if not implied:
        return
    flags = {flag.id_at(desk.facility): flag for flag in _wiped(desk, change.card, done, placed, implied)}
    near = {flag.id_at(desk.facility) for flag in done.flags}
    fresh = {one.witness.id for one in change.fresh}
    stored = [one for one in implied if one.witness.id not in fresh]
    if stored:
        ids = [one.witness.id for one in stored]
        open_ones = exceptions.overlapping(desk.connection, desk.facility_id, ids, change.card.number)
        doubtful = set(open_ones) - flags.keys() - near
        done.closed += sorted(doubtful - _still_near(desk, change.card, stored) if doubtful else ())
    done.flags += [flag for id_, flag in flags.items() if id_ not in near]


def _wiped(
    desk: Desk, card: OpenCard, done: Refolded, placed: Sequence[Placed], implied: Sequence[Placed]
) -> Iterator[Flag]:
    for count in implied:
        assert count.place is not None
        before = _since_count(placed, count)
        by_id = {one.witness.id: one for one in before}
        unseen = conflicts.zeroed_unseen(
            count.witness, [one.witness for one in before], done.counts[count.place].variance
        )
        for fact in unseen:
            yield overlap_flag(desk, card, count.witness, by_id[fact.id], zeroed=True)


def _since_count(placed: Sequence[Placed], count: Placed) -> list[Placed]:
    """What stands before a count, from the count before it on."""
    before: list[Placed] = []
    for one in placed:
        if one is count:
            break
        if one.witness.counted:
            before = []
        before.append(one)
    return before


def _still_near(desk: Desk, card: OpenCard, counts: Iterable[Placed]) -> set[str]:
    """Exceptions that stand because a movement is near one of these counts, whatever the count wiped out."""
    found: set[str] = set()
    for count in counts:
        first, last = shelf.window([count.witness.at], True, desk.days)
        around = shelf.facts_between(desk.connection, desk.facility_id, card.number, first, last, desk.days)
        found |= {
            overlap_flag(desk, card, count.witness, other).id_at(desk.facility)
            for other in around
            if other.place is not None
            and not other.witness.counted
            and conflicts.count_overlap(count.witness, other.witness)
        }
    return found


def _backdated(desk: Desk, change: Change, done: Refolded, standing: Collection[Placed]) -> None:
    """Counts dated before something that their authors had seen on this card, whether or not it was reversed."""
    card = change.card
    for one in standing:
        count = one.witness
        if not count.counted or not count.device or count.implied:
            continue
        # What is out of the fold is not the card's last, but the card is watched until then.
        behind = card.watch_until >= count.at or (card.state.last or EARLIEST) > (count.at, count.id)
        if shelf.seen_any(count, change.fresh) or (
            behind and shelf.seen_behind(desk.connection, desk.facility_id, card.number, count)
        ):
            done.flags.append(Flag("count_backdated", count.id))

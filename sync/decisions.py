"""What people decide about exceptions: released, moved, counted in, dated, or seen and left as it is.

A decision is a fact that the server makes: it is written down once and never changed, and the latest on a
subject stands. It acts on the ledger through the same doors as a device's operations.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, func, select

from backend.db import announce, insert_rows
from backend.domain.roles import right_for
from backend.ids import derived_id, uuid7
from backend.models import Decision as Decided
from backend.models import Device, Displacement, Fact, Operation, StockException
from backend.problems import Problem
from backend.services import ledger, lots
from backend.services.access import access_by_name, access_of
from backend.services.changes import Numbers
from backend.services.exceptions import Flag, close, raise_flags
from backend.services.postings import Move
from sync.apply import New, apply
from sync.bodies import Resolve
from sync.conflicts import HELD
from sync.decide import Decision, Known, decide, read
from sync.fold import just_after, just_before, operation_of
from sync.reference import OWN_EXCEPTIONS, Catalogue, catalogue

SYSTEM = "bincard"
"""Who is said to have released what waited for a newer version of the server."""

_ACTIONS: dict[str, tuple[str, ...]] = {
    "count_overlap": ("accept", "move"),
    "already_received": ("accept", "count_in"),
    "lot_expiry": ("accept", "expiry"),
}
_NEVER_RELEASED = frozenset({"invalid"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person decided, in their words. `at` is when, for what they had the right to; by default now.

    `over` is the moment of the decision that they knew of and decide over, 0 for none, None if it does not matter.
    """

    action: str
    by: str
    note: str = ""
    expiry: date | None = None
    at: int | None = None
    over: int | None = None


def options(code: str) -> tuple[str, ...]:
    """The actions that are open for an exception, the plainest first."""
    if code in HELD:
        return ("refuse",) if code in _NEVER_RELEASED else ("release", "refuse")
    return _ACTIONS.get(code, ("accept",))


def resolve(
    session: Session, facility_id: int, exception_id: str, choice: Choice, *, now: int, time_zone: str
) -> None:
    """Decide about an exception that stands. `time_zone` is the default of facilities.

    Raises Problem 404 `unknown_exception`, 409 `not_possible` for what is closed or cannot be done and `decided`
    for who did not know of another's decision, 403 `own_variance` for the author of the count whose variance
    changed, and `not_permitted` for who has no right to enter a held operation where it belongs. What is refused
    wrote nothing: everything is looked at first.
    """
    _lock(session, _standing(session, facility_id, exception_id))
    row = _standing(session, facility_id, exception_id)
    if choice.over is not None and choice.over != (row.resolved_at or 0):
        raise Problem(
            409,
            "decided",
            "Somebody decided about this meanwhile. Look at that; decide again if you still want to.",
        )
    if choice.action not in options(row.code):
        raise Problem(409, "not_possible", "This is no answer to what is wrong here.")
    if row.code == "variance_changed" and _author(session, facility_id, row.operation_id) == choice.by:
        raise Problem(403, "own_variance", "Somebody else must look at the difference of your own count.")
    note = choice.note.strip()[:400]
    known = catalogue(session)
    detail: dict[str, object] = {}
    if choice.action == "count_in" or row.code == "already_received":
        told = json.loads(row.detail)
        detail = {"receipt": row.operation_id, "product_id": told["product_id"], "lot": told["lot"]}
    elif choice.action == "expiry":
        if choice.expiry is None:
            raise Problem(409, "not_possible", "Say which expiry date is right.")
        detail = {"expiry": choice.expiry.isoformat()}
    new = None
    if choice.action == "release":
        new = _releasable(session, known, _operation(session, row), now=now, time_zone=time_zone)
        _require_release(session, choice, new, now)
    move = _move(session, row) if choice.action == "move" else None
    if move is not None:
        detail = {"card": move.card, "operation": move.operation_id, "place": list(move.place)}
    _write(session, row, choice, note, detail, now)
    zone = known.time_zone(session, facility_id, time_zone)
    if new is not None:
        apply(session, known, [new], now=now, time_zone=time_zone)
    elif move is not None:
        ledger.post(session, facility_id, [], moves=[move], now=now, time_zone=zone)
    elif row.code == "already_received":
        ledger.post(session, facility_id, [], rechecked=[row.operation_id], now=now, time_zone=zone)
    elif choice.action == "expiry":
        _use_expiry(session, known, row, choice)
    _mark(session, facility_id, exception_id, choice, note, now)


def assign(session: Session, facility_id: int, exception_id: str, to: str, *, now: int) -> None:
    """Ask somebody (by the name they sign with; empty: nobody) to look at an exception that stands."""
    numbers = Numbers(session.connection(), facility_id)
    row = _standing(session, facility_id, exception_id)
    row.assigned_to, row.change = to, numbers.next()
    session.add(row)
    session.flush()
    numbers.save()
    announce(session, facility_id)


def resolve_for_device(
    session: Session, known: Catalogue, new: New, *, now: int, time_zone: str
) -> list[Flag]:
    """Do what an `exception.resolve` says; what can no longer be done is in the ledger and flagged."""
    body, header = new.draft.body, new.draft.header
    assert isinstance(body, Resolve)
    assert header is not None
    choice = Choice(body.action, header.author, body.note, body.expiry, new.decision.recorded_at)
    try:
        resolve(session, new.facility_id, body.exception.lower(), choice, now=now, time_zone=time_zone)
    except Problem as problem:
        flag = Flag("decision_void", new.id, -1, {"exception": body.exception, "why": problem.kind})
        numbers = Numbers(session.connection(), new.facility_id)
        facility = known.facility_codes[new.facility_id]
        raise_flags(session.connection(), new.facility_id, facility, numbers, [flag], now)
        numbers.save()
        return [flag]
    return []


def release_understood(session: Session, *, now: int, time_zone: str) -> int:
    """Enter what was held as `unknown_operation` and is understood by now; how many operations that were.

    What its author had no right to, or names what is not known here, goes on waiting under its first exception.
    """
    waiting = session.exec(
        select(StockException).where(
            StockException.code == "unknown_operation",
            col(StockException.closed_at).is_(None),
            col(StockException.resolved_at).is_(None),
        )
    ).all()
    released = 0
    for row in waiting:
        stored = _operation(session, row)
        draft = read(stored.content)
        if draft.fault is not None or stored.copy_number:
            continue
        choice = Choice("release", SYSTEM, "understood since an update")
        known = catalogue(session)
        if _could_not(session, known, stored, now) is not None:
            continue
        entering = _releasable(session, known, stored, now=now, time_zone=time_zone)
        _write(session, row, choice, choice.note, {}, now)
        apply(session, known, [entering], now=now, time_zone=time_zone)
        _mark(session, row.facility_id, row.id, choice, choice.note, now)
        released += 1
    return released


def _lock(session: Session, row: StockException) -> None:
    """Keep other writers away before anything is looked at, from where a held operation would go too; lowest id first.

    So two who decide at once take turns, and the second sees what the first did.
    """
    places = {row.facility_id}
    if row.code in HELD:
        header = read(_operation(session, row).content).header
        target = catalogue(session).facility_ids.get(header.facility) if header is not None else None
        places |= {target} if target is not None else set()
    for place in sorted(places):
        Numbers(session.connection(), place)


def _standing(session: Session, facility_id: int, exception_id: str) -> StockException:
    row = session.get(StockException, (facility_id, exception_id))
    if row is None:
        raise Problem(404, "unknown_exception", "There is no such exception.")
    session.refresh(row)
    if row.closed_at is not None:
        raise Problem(409, "not_possible", "It has closed by itself: there is nothing to decide any more.")
    return row


def _author(session: Session, facility_id: int, operation_id: str) -> str:
    statement = select(Operation.author).where(
        Operation.facility_id == facility_id, Operation.id == operation_id, Operation.copy_number == 0
    )
    return session.exec(statement).first() or ""


def _write(
    session: Session,
    row: StockException,
    choice: Choice,
    note: str,
    detail: dict[str, object],
    now: int,
) -> None:
    # Of several in one batch, which have one moment, the last one told is the latest.
    before = session.exec(
        select(func.max(Decided.decided_at)).where(
            Decided.facility_id == row.facility_id, Decided.subject == row.id
        )
    ).one()
    now = now if before is None else max(now, before + 1)
    columns = ("facility_id", "id", "subject", "action", "author", "decided_at", "note", "detail")
    told = (row.id, choice.action, choice.by[:64], now, note, json.dumps(detail))
    insert_rows(session.connection(), "decision", columns, [(row.facility_id, uuid7(now), *told)])


def _mark(session: Session, facility_id: int, exception_id: str, choice: Choice, note: str, now: int) -> None:
    """Show the decision on the exception; a held operation that was released closes it."""
    numbers = Numbers(session.connection(), facility_id)
    row = session.get(StockException, (facility_id, exception_id))
    assert row is not None
    session.refresh(row)
    row.resolved_at, row.resolved_by, row.action, row.note = now, choice.by[:64], choice.action, note
    row.change = numbers.next()
    session.add(row)
    session.flush()
    if choice.action == "release":
        close(session.connection(), facility_id, numbers, [exception_id], now)
    numbers.save()
    announce(session, facility_id)


def _operation(session: Session, row: StockException) -> Operation:
    """The held operation that an exception is about; of several under one id the one that it is keyed by."""
    statement = select(Operation).where(
        Operation.facility_id == row.facility_id, Operation.id == row.operation_id
    )
    for one in session.exec(statement):
        subject = one.content_hash if one.copy_number else ""
        if Flag(row.code, one.id, row.line, {}, subject).id_at(_code(session, row.facility_id)) == row.id:
            return one
    raise Problem(409, "not_possible", "Its operation is not here.")


def _code(session: Session, facility_id: int) -> str:
    return catalogue(session).facility_codes[facility_id]


def _releasable(session: Session, known: Catalogue, stored: Operation, *, now: int, time_zone: str) -> New:
    """A held operation as it enters: under its own time and id (another under a reused id: one made of its content).

    Raises Problem 409 where it cannot.
    """
    draft = read(stored.content)
    if draft.fault is not None or draft.header is None:
        raise Problem(409, "not_possible", "It still cannot be understood; record it anew by hand.")
    if isinstance(draft.body, Resolve):
        raise Problem(409, "not_possible", "A decision is made anew, on what it is about.")
    decided = decide(
        draft, _known(known, session, now, time_zone), previous_at=stored.recorded_at, seen_at=None
    )
    if decided.held is not None:
        told = {"code": decided.held.code}
        raise Problem(409, "not_possible", "It names something that is not known here yet.", extra=told)
    decision = Decision(stored.recorded_at, stored.effective_at, decided.effects, None, [])
    # What its times say was looked at by who released it.
    decision.flags = [flag for flag in decided.flags if flag.code not in ("clock_skew", "count_backdated")]
    id_ = stored.id if not stored.copy_number else derived_id(stored.id, stored.content_hash)
    facility_id = known.facility_ids[draft.header.facility]
    if _entered(session, facility_id, id_):
        raise Problem(409, "not_possible", "It is in the ledger already.")
    content = id_, hashlib.sha256(stored.content).hexdigest()
    if stored.copy_number or facility_id != stored.facility_id:
        # Its facts and its operation are not found by one another: what its author knew is no longer told.
        return New(content, 0, None, draft, decision, facility_id, "", 0, 0)
    device = stored.device_id or ""
    return New(content, 0, None, draft, decision, facility_id, device, stored.seen, stored.change)


def _require_release(session: Session, choice: Choice, new: New, now: int) -> None:
    """Who enters what another had no right to needs the right where it goes: a device's people that of its kind too.

    Otherwise whoever records what they may not would only have to release it themselves. A held operation is kept
    at its device's facility, and may speak of any other.
    """
    assert new.draft.header is not None
    access = access_by_name(session, [choice.by]).get(choice.by)
    at = now if choice.at is None else choice.at
    kind = new.draft.header.kind
    if access is not None and (
        access.allows("exception.resolve", new.facility_id, at)
        or all(access.allows(right, new.facility_id, at) for right in (OWN_EXCEPTIONS, right_for(kind)))
    ):
        return
    raise Problem(403, "not_permitted", "You may not enter this at its facility. Ask who looks after that.")


def _could_not(session: Session, known: Catalogue, stored: Operation, now: int) -> str | None:
    """Why a held operation would be held again by its author's rights; None if it would not."""
    draft = read(stored.content)
    if draft.header is None:
        return "invalid"
    known.name_people(session, [draft.header.author])
    access = known.people.get(draft.header.author)
    facility_id = known.facility_ids.get(draft.header.facility)
    if facility_id is None:
        return "unknown_facility"
    if draft.header.kind != "device.gap" and (
        access is None or not access.allows(right_for(draft.header.kind), facility_id, stored.recorded_at)
    ):
        return "not_permitted"
    if facility_id != stored.facility_id and not _enroller_allows(
        session, stored, draft.header.kind, facility_id
    ):
        return "not_permitted"
    decided = decide(draft, _known(known, session, now, "UTC"), previous_at=0, seen_at=None)
    return decided.held.code if decided.held is not None else None


def _enroller_allows(session: Session, stored: Operation, kind: str, facility_id: int) -> bool:
    """Whether who enrolled the device may do it there too: of another facility an author is only claimed."""
    device = session.get(Device, stored.device_id) if stored.device_id else None
    return device is not None and access_of(session, [device.user_id])[device.user_id].allows(
        right_for(kind), facility_id, stored.recorded_at
    )


def _known(known: Catalogue, session: Session, now: int, time_zone: str) -> Known:
    """What the rules need, with every right given: a person has looked at it."""
    return Known(
        known.facility_active,
        known.products,
        known.reasons,
        lambda author, kind, facility, at: None,
        lambda facility, day: now,
        now,
        0,
    )


def _entered(session: Session, facility_id: int, operation_id: str) -> bool:
    statement = select(Fact.line).where(Fact.facility_id == facility_id, Fact.operation_id == operation_id)
    return session.exec(statement.limit(1)).first() is not None


def _move(session: Session, row: StockException) -> Move:
    """The movement of an overlap to the other side of its count, seen from where it stands now."""
    count = session.exec(
        select(Fact.effective_at, Fact.flow).where(
            Fact.facility_id == row.facility_id, Fact.card == row.card, Fact.operation_id == row.other_id
        )
    ).first()
    own = session.exec(
        select(Fact.effective_at, Fact.flow).where(
            Fact.facility_id == row.facility_id, Fact.card == row.card, Fact.operation_id == row.operation_id
        )
    ).first()
    if count is None or own is None or row.card is None or own[1] == "counted":
        raise Problem(409, "not_possible", "Only a movement can be moved to the other side of a count.")
    moved = session.get(Displacement, (row.facility_id, row.card, row.operation_id))
    place = (own[0], row.operation_id)
    if moved is not None and moved.at is not None and moved.place_id is not None:
        place = moved.at, moved.place_id
    assert operation_of(place[1]) == row.operation_id
    beside = just_after if place < (count[0], row.other_id) else just_before
    return Move(row.card, row.operation_id, (count[0], beside(row.other_id, row.operation_id)))


def _use_expiry(session: Session, known: Catalogue, row: StockException, choice: Choice) -> None:
    told = json.loads(row.detail)
    connection = session.connection()
    numbers = Numbers(connection, row.facility_id)
    lot = known.products[told["product"]].id, told["lot"]
    facility = known.facility_codes[row.facility_id]
    lots.settle(connection, row.facility_id, facility, numbers, {}, [lot], known.product_codes, {})
    numbers.save()

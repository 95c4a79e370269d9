"""POST /sync/push, the work behind it: apply each operation once, in order, and store every answer.

One transaction a batch. In it the device is locked; operations whose id and content are known get the
answer that was stored; each new one is read and decided (sync.decide, pure), and what is decided is
written by the ledger; the device's next number moves on. Whatever is raised on the way undoes the
batch, so a 4xx or 5xx has decided nothing and the device sends it all again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct
from sqlalchemy import Connection
from sqlmodel import Session

from backend.clock import from_iso, to_iso
from backend.db import read_rows, write_rows
from backend.problems import Problem
from backend.services import changes, devices, ledger
from backend.services.exceptions import as_answer
from sync import cursor
from sync.apply import Content, New, answered, apply
from sync.bodies import Gap, Header, Resolve
from sync.conflicts import Finding
from sync.cursor import Cursor
from sync.decide import Draft, Known, decide, header_of, read
from sync.decisions import resolve_for_device
from sync.reference import Catalogue, Reference, gather

OPERATIONS_MAX = 500
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Item(Struct, gc=False):
    """One operation of a push: its delivery number and its text, untouched."""

    seq: int
    operation: Raw


class Envelope(Struct):
    """The body of a push."""

    device: str
    sent_at: str
    operations: list[Item]
    epoch: str | None = None


class Arrived(Struct, gc=False):
    """One operation as it came: its delivery number, its id as it was written, and its header if that can be read."""

    seq: int
    id: str
    raw: bytes
    header: Header | None


class _Identity(Struct, gc=False):
    id: str


class _Pusher(Struct, gc=False):
    """The row of the device that pushes, locked until this transaction ends."""

    user_id: int
    facility_id: int
    expected_seq: int
    last_recorded_at: int
    last_recorded_id: str


class _Answer(Struct, gc=False):
    """What became of an operation; sticky from the moment it is stored."""

    outcome: str
    exceptions: list[dict[str, object]]


_ENVELOPE = msgspec.json.Decoder(Envelope)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""An escape of a JSON string; `half` is a surrogate that is not one of a pair."""
_IDENTITY = msgspec.json.Decoder(_Identity)
_DEVICE_SQLITE = (
    "SELECT revoked_at, user_id, facility_id, expected_seq, last_recorded_at, last_recorded_id "
    "FROM device WHERE id = ?"
)
_DEVICE = {"sqlite": _DEVICE_SQLITE, "postgresql": f"{_DEVICE_SQLITE} FOR UPDATE"}
# One value for any number of ids: the statement's text stays the same. `copy` is written out, for the indices
# over ids are partial: of the owners of ids, and of what came later under an id.
_COLUMNS = "SELECT id, content_hash, outcome, answer FROM operation WHERE "
_AMONG = {"sqlite": "id IN (SELECT value FROM json_each(?))", "postgresql": "id = ANY(%s)"}


def read_envelope(body: bytes) -> tuple[Envelope, list[Arrived]]:
    """The envelope and what came in it. Raises Problem 400 or 413."""
    try:
        envelope = _decoded(body)
        from_iso(envelope.sent_at)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
        raise Problem(400, "unreadable_envelope", f"The push cannot be read: {error}") from None
    return envelope, arrivals(envelope.operations)


def arrivals(operations: Sequence[Item]) -> list[Arrived]:
    """What came, with its ids and headers read. Raises Problem 413 for too much, 400 for an unreadable id or seq."""
    if len(operations) > OPERATIONS_MAX:
        raise Problem(413, "too_many_operations", f"A push carries at most {OPERATIONS_MAX} operations.")
    return [_arrived(place, item) for place, item in enumerate(operations)]


def _arrived(place: int, item: Item) -> Arrived:
    raw = bytes(item.operation)
    # One whose header cannot be read is held, but what has no id cannot even be answered.
    header = header_of(raw)
    try:
        id_ = header.id if header is not None else _IDENTITY.decode(raw).id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "unreadable_id", f"The id of operation {place} cannot be read: {error}") from None
    if not UUID.fullmatch(id_):
        raise Problem(400, "unreadable_id", f"The id of operation {place} is not a UUID.")
    if not 1 <= item.seq < 2**53:
        raise Problem(400, "unreadable_seq", f"The seq of operation {place} is not a delivery number.")
    return Arrived(item.seq, id_, raw, header)


def _decoded(body: bytes) -> Envelope:
    try:
        return _ENVELOPE.decode(body)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:
        # Half of a surrogate pair in one operation's text must not keep every other operation waiting.
        whole = _ESCAPE.sub(lambda escape: escape[0] if escape["half"] is None else b"\\ufffd", body)
        if whole == body:
            raise
        return _ENVELOPE.decode(whole)


def push(
    session: Session,
    device_id: str,
    envelope: Envelope,
    arrived: Sequence[Arrived],
    *,
    now: int,
    time_zone: str,
) -> dict[str, object]:
    """Store and answer a batch; returns the body of the answer. `time_zone` is the default for periods.

    Raises Problem 400 for another device's push and 409 with `expected_seq` for a gap in the numbers;
    nothing is done then.
    """
    if envelope.device.lower() != device_id:
        raise Problem(400, "wrong_device", "The push names another device than its token.")
    device = _locked(session.connection(), device_id)
    epoch = changes.epoch(session)
    _refuse_gaps(device, envelope, epoch)
    contents = [(one.id.lower(), hashlib.sha256(one.raw).hexdigest()) for one in arrived]
    answers, copies = _stored_answers(session, contents)
    replayed = set(answers)
    drafts = _drafts(arrived, contents, replayed)
    reference = gather(session, device.user_id, device.facility_id, drafts.values(), time_zone)
    known = reference.known(now, now - from_iso(envelope.sent_at))
    news = _decide_new(device_id, device, arrived, contents, drafts, copies, reference, known, epoch)
    _move_on(session.connection(), device_id, device, now)
    answers |= _store(session, reference.catalogue, news, now, time_zone)
    results = []
    for content, one in zip(contents, arrived, strict=True):
        answer = answers[content]
        results.append(
            {
                "id": one.id,
                "seq": one.seq,
                "outcome": answer.outcome,
                "replayed": content in replayed,
                "exceptions": answer.exceptions,
            }
        )
        replayed.add(content)
    return {
        "epoch": epoch,
        "server_time": to_iso(now),
        "expected_seq": device.expected_seq,
        "results": results,
    }


def _locked(connection: Connection, device_id: str) -> _Pusher:
    ((revoked_at, *row),) = read_rows(connection, _DEVICE[connection.dialect.name], (device_id,))
    # Asked again under the lock: between the token's check and here the device may have been revoked.
    devices.refuse_revoked(revoked_at)
    return _Pusher(*row)


def _move_on(connection: Connection, device_id: str, device: _Pusher, now: int) -> None:
    numbers = device.expected_seq, now, device.last_recorded_at, device.last_recorded_id
    write_rows(
        connection,
        "UPDATE device SET expected_seq = ?, last_seen_at = ?, last_recorded_at = ?, last_recorded_id = ? "
        "WHERE id = ?",
        [(*numbers, device_id)],
    )


def _refuse_gaps(device: _Pusher, envelope: Envelope, epoch: str) -> None:
    expected = device.expected_seq
    for item in envelope.operations:
        if item.seq > expected:
            raise Problem(
                409,
                "gap",
                f"Operation {item.seq} came, but {expected} is due; send from there.",
                extra={"expected_seq": device.expected_seq, "epoch": epoch},
            )
        expected = max(expected, item.seq + 1)


def _stored_answers(
    session: Session, contents: Sequence[Content]
) -> tuple[dict[Content, _Answer], dict[str, int]]:
    """Answers by content, and how many contents each id has brought so far."""
    answers: dict[Content, _Answer] = {}
    copies: dict[str, int] = defaultdict(int)
    connection = session.connection()
    dialect = connection.dialect.name

    def stored(which: str, among: list[str]) -> None:
        given = json.dumps(among) if dialect == "sqlite" else among
        rows = connection.exec_driver_sql(f"{_COLUMNS}{which} AND {_AMONG[dialect]}", (given,))
        for id_, content_hash, outcome, answer in rows:
            answers[id_, content_hash] = _Answer(outcome, json.loads(answer) if answer else [])
            copies[id_] += 1

    stored("copy = 0", [id_ for id_, _ in contents])
    if reused := [
        id_ for id_, content_hash in contents if copies.get(id_) and (id_, content_hash) not in answers
    ]:
        stored("copy > 0", reused)
    return answers, copies


def _drafts(
    arrived: Sequence[Arrived], contents: Sequence[Content], known_contents: set[Content]
) -> dict[int, Draft]:
    """What was not heard before, read, by its place in the push; what comes twice in one push once."""
    first: dict[Content, int] = {}
    for place, content in enumerate(contents):
        if content not in known_contents:
            first.setdefault(content, place)
    return {place: read(arrived[place].raw, arrived[place].header) for place in first.values()}


def _decide_new(
    device_id: str,
    device: _Pusher,
    arrived: Sequence[Arrived],
    contents: Sequence[Content],
    drafts: dict[int, Draft],
    copies: dict[str, int],
    reference: Reference,
    known: Known,
    epoch: str,
) -> list[New]:
    """Decide what was not heard before, in order; moves the device's numbers and time on."""
    cursors: dict[str | None, Cursor] = {}
    news: list[New] = []
    facility_ids = reference.catalogue.facility_ids
    for place, one in enumerate(arrived):
        draft = drafts.get(place)
        if draft is not None:
            told = draft.header.seen if draft.header else None
            if told not in cursors:
                cursors[told] = _seen(told, epoch)
            seen = cursors[told]
            id_ = contents[place][0]
            # Ids increase on a device: what is older than the last one comes again after a loss, in its own time.
            in_turn = id_ > device.last_recorded_id and not isinstance(draft.body, Gap)
            decision = decide(
                draft,
                known,
                previous_at=device.last_recorded_at if in_turn else 0,
                seen_at=seen.answered_at or None,
            )
            if copies[id_]:
                decision = decision.hold(Finding("id_reused", -1, {"copy": copies[id_]}))
            elif one.seq < device.expected_seq:
                decision.flags.append(Finding("seq_reused", -1, {"seq": one.seq}))
            # What is held is kept at the device's facility, whose people will be asked.
            keeper = device.facility_id
            if decision.held is None and draft.header is not None:
                keeper = facility_ids[draft.header.facility]
            pulled = seen.facilities.get(str(keeper), 0) if seen.facilities else 0
            news.append(
                New(contents[place], copies[id_], one.seq, draft, decision, keeper, device_id, pulled)
            )
            copies[id_] += 1
            if draft.recorded_at and in_turn:
                # One whose time cannot be read must not move what waited behind it to the time of receipt.
                device.last_recorded_at = max(device.last_recorded_at, decision.recorded_at)
                device.last_recorded_id = id_
        device.expected_seq = max(device.expected_seq, one.seq + 1)
    return news


def _seen(text: str | None, epoch: str) -> Cursor:
    """The pull behind an operation's `seen`; one that saw nothing for no cursor, or one of another life."""
    if text is not None:
        with contextlib.suppress(ValueError):
            found = cursor.decode(text)
            if found.epoch == epoch:
                return found
    return Cursor(epoch)


def _store(
    session: Session, known: Catalogue, news: Sequence[New], now: int, time_zone: str
) -> dict[Content, _Answer]:
    """Apply what is decided, and keep the answers."""
    applied = apply(session, known, news, now=now, time_zone=time_zone)
    answers: dict[Content, _Answer] = {}
    rows = []
    for new in news:
        flags = answered(new, applied.standing.get(new.id, ()))
        if isinstance(new.draft.body, Resolve) and new.decision.held is None:
            flags += resolve_for_device(session, known, new, now=now, time_zone=time_zone)
        outcome = "held" if new.decision.held else "flagged" if flags else "applied"
        told = as_answer(flags, known.facility_codes[new.facility_id]) if flags else []
        answers[new.content] = _Answer(outcome, told)
        rows.append(_row(new, outcome, told, now, applied.marks[new.facility_id]))
    ledger.record(session, rows)
    return answers


def _row(
    new: New, outcome: str, exceptions: list[dict[str, object]], now: int, change: int
) -> tuple[object, ...]:
    """The operation as models.Operation stores it, in the order of ledger.OPERATION_COLUMNS."""
    header = new.draft.header
    return (
        new.facility_id,
        *(new.content[0], new.copy, new.content[1], new.draft.raw),
        header.kind[:32] if header else "",
        header.author if header else "",
        new.device_id,
        new.seq,
        new.decision.recorded_at,
        new.decision.effective_at,
        now,
        outcome,
        msgspec.json.encode(exceptions).decode() if exceptions else "",
        change,
        new.seen,
        new.draft.occurred_on is not None,
    )

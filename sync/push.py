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
from sqlmodel import Session, select

from backend.clock import from_iso, to_iso
from backend.models import Device
from backend.problems import Problem
from backend.services import changes, devices, ledger
from backend.services.exceptions import as_answer
from sync import cursor
from sync.apply import Content, New, answered, apply
from sync.bodies import Gap, Resolve
from sync.conflicts import Finding
from sync.cursor import Cursor
from sync.decide import decide, read
from sync.decisions import resolve_for_device
from sync.reference import Catalogue, gather

OPERATIONS_MAX = 500
UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Item(Struct, gc=False):
    """One operation of a push: its delivery number and its text, untouched; `id` as that text writes it."""

    seq: int
    operation: Raw
    id: str = ""


class Envelope(Struct):
    """The body of a push."""

    device: str
    sent_at: str
    operations: list[Item]
    epoch: str | None = None


class _Identity(Struct, gc=False):
    id: str


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
# One value for any number of ids: the statement's text stays the same. `copy` is written out, for the indices
# over ids are partial: of the owners of ids, and of what came later under an id.
_COLUMNS = "SELECT id, content_hash, outcome, answer FROM operation WHERE "
_AMONG = {"sqlite": "id IN (SELECT value FROM json_each(?))", "postgresql": "id = ANY(%s)"}


def read_envelope(body: bytes) -> tuple[Envelope, list[str]]:
    """The envelope and the id of each operation. Raises Problem 400 or 413."""
    try:
        envelope = _decoded(body)
        from_iso(envelope.sent_at)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError, OverflowError) as error:
        raise Problem(400, "unreadable_envelope", f"The push cannot be read: {error}") from None
    if len(envelope.operations) > OPERATIONS_MAX:
        raise Problem(413, "too_many_operations", f"A push carries at most {OPERATIONS_MAX} operations.")
    ids = []
    for place, item in enumerate(envelope.operations):
        try:
            id_ = _IDENTITY.decode(item.operation).id
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Problem(
                400, "unreadable_id", f"The id of operation {place} cannot be read: {error}"
            ) from None
        if not UUID.fullmatch(id_):
            raise Problem(400, "unreadable_id", f"The id of operation {place} is not a UUID.")
        if not 1 <= item.seq < 2**53:
            raise Problem(400, "unreadable_seq", f"The seq of operation {place} is not a delivery number.")
        item.id = id_
        ids.append(id_.lower())
    return envelope, ids


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
    session: Session, device_id: str, envelope: Envelope, ids: Sequence[str], *, now: int, time_zone: str
) -> dict[str, object]:
    """Store and answer a batch; returns the body of the answer. `time_zone` is the default for periods.

    Raises Problem 400 for another device's push and 409 with `expected_seq` for a gap in the numbers;
    nothing is done then.
    """
    if envelope.device.lower() != device_id:
        raise Problem(400, "wrong_device", "The push names another device than its token.")
    device = session.exec(select(Device).where(Device.id == device_id).with_for_update()).one()
    # Asked again under the lock: between the token's check and here the device may have been revoked.
    devices.refuse_revoked(device)
    epoch = changes.epoch(session)
    _refuse_gaps(device, envelope, epoch)
    contents = [
        (id_, hashlib.sha256(item.operation).hexdigest())
        for id_, item in zip(ids, envelope.operations, strict=True)
    ]
    answers, copies = _stored_answers(session, contents)
    replayed = set(answers)
    news, known = _decide_new(session, device, envelope, contents, replayed, copies, epoch, now, time_zone)
    answers |= _store(session, known, news, now, time_zone)
    results = []
    for content, item in zip(contents, envelope.operations, strict=True):
        answer = answers[content]
        results.append(
            {
                "id": item.id,
                "seq": item.seq,
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


def _refuse_gaps(device: Device, envelope: Envelope, epoch: str) -> None:
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


def _decide_new(
    session: Session,
    device: Device,
    envelope: Envelope,
    contents: Sequence[Content],
    known_contents: set[Content],
    copies: dict[str, int],
    epoch: str,
    now: int,
    time_zone: str,
) -> tuple[list[New], Catalogue]:
    """Read and decide what was not heard before; moves the device's numbers and time on."""
    first: dict[Content, int] = {}
    for place, content in enumerate(contents):
        if content not in known_contents:
            first.setdefault(content, place)
    drafts = {place: read(bytes(envelope.operations[place].operation)) for place in first.values()}
    reference = gather(session, device, list(drafts.values()), time_zone)
    known = reference.known(now, now - from_iso(envelope.sent_at))
    cursors: dict[str | None, Cursor] = {}
    news: list[New] = []
    device_id, own_facility = device.id, device.facility_id
    expected_seq, previous_at, previous_id = (
        device.expected_seq,
        device.last_recorded_at,
        device.last_recorded_id,
    )
    for place, item in enumerate(envelope.operations):
        draft = drafts.get(place)
        if draft is not None:
            told = draft.header.seen if draft.header else None
            if told not in cursors:
                cursors[told] = _seen(told, epoch)
            seen = cursors[told]
            id_, _ = contents[place]
            # Ids increase on a device: what is older than the last one comes again after a loss, in its own time.
            in_turn = id_ > previous_id and not isinstance(draft.body, Gap)
            decision = decide(
                draft, known, previous_at=previous_at if in_turn else 0, seen_at=seen.answered_at or None
            )
            if copies[id_]:
                decision = decision.hold(Finding("id_reused", -1, {"copy": copies[id_]}))
            elif item.seq < expected_seq:
                decision.flags.append(Finding("seq_reused", -1, {"seq": item.seq}))
            # What is held is kept at the device's facility, whose people will be asked.
            keeper = own_facility
            if decision.held is None and draft.header is not None:
                keeper = reference.catalogue.facility_ids[draft.header.facility]
            pulled = seen.facilities.get(str(keeper), 0)
            news.append(
                New(contents[place], copies[id_], item.seq, draft, decision, keeper, device_id, pulled)
            )
            copies[id_] += 1
            if draft.recorded_at and in_turn:
                # One whose time cannot be read must not move what waited behind it to the time of receipt.
                previous_at, previous_id = max(previous_at, decision.recorded_at), id_
        expected_seq = max(expected_seq, item.seq + 1)
    device.expected_seq, device.last_seen_at = expected_seq, now
    device.last_recorded_at, device.last_recorded_id = previous_at, previous_id
    session.add(device)
    return news, reference.catalogue


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

"""POST /sync/push, the work behind it: apply each operation once, in order, and store every answer.

One transaction a batch. In it the device is locked; operations whose id and content are known get the
answer that was stored; each new one is read and decided (sync.decide, pure), and what is decided is
written by the ledger; the device's next number moves on. Whatever is raised on the way undoes the
batch, so a 4xx or 5xx has decided nothing and the device sends it all again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from msgspec import Raw, Struct
from sqlmodel import Session, col, select

from backend.clock import from_iso, to_iso
from backend.models import Device, Operation
from backend.problems import Problem
from backend.services import changes, devices, ledger
from backend.services.exceptions import Flag, as_answer, facility_code
from backend.services.ledger import Entry, Posting
from backend.services.time_zones import time_zone_of
from sync import cursor
from sync.conflicts import Finding
from sync.decide import Decision, Draft, decide, read
from sync.reference import Reference, gather

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


class _Identity(Struct, gc=False):
    id: str


Content = tuple[str, str]
"""(id, SHA-256 of the text): what "the same operation" means."""


@dataclass(slots=True)
class _Answer:
    """What became of an operation; sticky from the moment it is stored."""

    outcome: str
    exceptions: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class _New:
    """An operation that this push is the first to bring."""

    content: Content
    copy: int
    seq: int
    draft: Draft
    decision: Decision
    entries: list[Entry]
    facility_id: int


_ENVELOPE = msgspec.json.Decoder(Envelope)
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""An escape of a JSON string; `half` is a surrogate that is not one of a pair."""
_IDENTITY = msgspec.json.Decoder(_Identity)


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
    answers, copies = _stored_answers(session, set(ids))
    replayed = set(answers)
    new = _decide_new(session, device, envelope, contents, replayed, copies, epoch, now)
    answers |= _store(session, device, new, now, time_zone)
    results = []
    for content, item in zip(contents, envelope.operations, strict=True):
        answer = answers[content]
        results.append(
            {
                "id": msgspec.json.decode(item.operation, type=_Identity).id,
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


def _stored_answers(session: Session, ids: set[str]) -> tuple[dict[Content, _Answer], dict[str, int]]:
    """Answers by content, and how many contents each id has brought so far."""
    answers: dict[Content, _Answer] = {}
    copies: dict[str, int] = defaultdict(int)
    statement = select(Operation.id, Operation.content_hash, Operation.outcome, Operation.answer).where(
        col(Operation.id).in_(ids)
    )
    for id_, content_hash, outcome, answer in session.exec(statement):
        answers[id_, content_hash] = _Answer(outcome, json.loads(answer) if answer else [])
        copies[id_] += 1
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
) -> list[_New]:
    """Read and decide what was not heard before; moves the device's numbers and time on."""
    first: dict[Content, int] = {}
    for place, content in enumerate(contents):
        if content not in known_contents:
            first.setdefault(content, place)
    drafts = {place: read(bytes(envelope.operations[place].operation)) for place in first.values()}
    reference = gather(session, device, list(drafts.values()))
    known = reference.known(now, now - from_iso(envelope.sent_at))
    new: list[_New] = []
    expected_seq, previous_at = device.expected_seq, device.last_recorded_at
    for place, item in enumerate(envelope.operations):
        draft = drafts.get(place)
        if draft is not None:
            header = draft.header
            seen_at = cursor.seen_at(header.seen if header else None, epoch)
            decision = decide(draft, known, previous_at=previous_at, seen_at=seen_at)
            id_, _ = contents[place]
            if copies[id_]:
                decision = decision.hold(Finding("id_reused", -1, {"copy": copies[id_]}))
            elif item.seq < expected_seq:
                decision.flags.append(Finding("seq_reused", -1, {"seq": item.seq}))
            facility_id = _keeper(reference, draft, decision, device)
            entries = _entries(decision, reference)
            new.append(_New(contents[place], copies[id_], item.seq, draft, decision, entries, facility_id))
            copies[id_] += 1
            if draft.recorded_at:
                # One whose time cannot be read must not move what waited behind it to the time of receipt.
                previous_at = max(previous_at, decision.recorded_at)
        expected_seq = max(expected_seq, item.seq + 1)
    device.expected_seq, device.last_recorded_at, device.last_seen_at = expected_seq, previous_at, now
    session.add(device)
    return new


def _keeper(reference: Reference, draft: Draft, decision: Decision, device: Device) -> int:
    """Where an operation is kept: at its own facility, or held at the device's, whose people will be asked."""
    if decision.held is not None or draft.header is None:
        return device.facility_id
    return reference.facility_ids[draft.header.facility]


def _store(
    session: Session, device: Device, new: Sequence[_New], now: int, time_zone: str
) -> dict[Content, _Answer]:
    """Post what is decided, facility by facility in the order of their ids, and keep the answers."""
    by_facility: dict[int, list[_New]] = defaultdict(list)
    for one in new:
        by_facility[one.facility_id].append(one)
    answers: dict[Content, _Answer] = {}
    for facility_id in sorted(by_facility):
        ones = by_facility[facility_id]
        code = facility_code(session, facility_id)
        standing = ledger.post(
            session,
            facility_id,
            [Posting(one.content[0], one.entries) for one in ones if one.entries],
            flags=[flag for one in ones for flag in _flags(one)],
            now=now,
            time_zone=time_zone_of(session, facility_id, time_zone),
        )
        rows = []
        for one in ones:
            mine = [flag for flag in standing.get(one.content[0], ()) if _concerns(flag, one)]
            outcome = "held" if one.decision.held else "flagged" if mine else "applied"
            exceptions = as_answer(mine, code)
            answers[one.content] = _Answer(outcome, exceptions)
            rows.append(_row(one, device, outcome, exceptions, now))
        ledger.record(session, rows)
    return answers


def _entries(decision: Decision, reference: Reference) -> list[Entry]:
    """Effects with ids for codes; a held operation has none."""
    return [
        Entry(
            product_id=reference.products[effect.product].id,
            lot=effect.lot,
            expiry=effect.expiry,
            location=effect.location,
            account=effect.account,
            effective_at=decision.effective_at,
            flow=effect.flow,
            quantity=effect.quantity,
            reason_id=reference.reasons[effect.reason].id if effect.reason is not None else None,
            line=effect.line,
        )
        for effect in decision.effects
    ]


def _flags(one: _New) -> list[Flag]:
    id_, content_hash = one.content
    findings = [one.decision.held] if one.decision.held else one.decision.flags
    subject = content_hash if one.copy else ""
    return [Flag(found.code, id_, found.line, found.detail, subject) for found in findings]


def _concerns(flag: Flag, one: _New) -> bool:
    """Whether a flag under this id speaks of this content, or of another that came under the same id."""
    if one.copy:
        return flag.subject == one.content[1]
    return flag.code != "id_reused"


def _row(
    one: _New, device: Device, outcome: str, exceptions: list[dict[str, object]], now: int
) -> tuple[object, ...]:
    """The operation as models.Operation stores it, in the order of ledger.OPERATION_COLUMNS."""
    header = one.draft.header
    return (
        one.facility_id,
        one.content[0],
        one.copy,
        one.content[1],
        one.draft.raw,
        header.kind[:32] if header else "",
        header.author if header else "",
        device.id,
        one.seq,
        one.decision.recorded_at,
        one.decision.effective_at,
        now,
        outcome,
        json.dumps(exceptions, ensure_ascii=False) if exceptions else "",
    )

"""What was decided about operations, done: facts, transfers, reversals and people's decisions, facility by facility.

Push applies what a device brings, sync.decisions what a person releases. All in the caller's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.json import encode
from sqlmodel import Session, col, select

from backend.models import Operation
from backend.services import ledger, registers, transfers
from backend.services.changes import Numbers
from backend.services.exceptions import Flag
from backend.services.postings import Entry, Expected, Posting, Reversal, Source
from backend.services.reversals import reversers_of
from sync.bodies import Adjust, Count, Dispense, Issue, Move, Receive, Reverse
from sync.decide import Decision, Draft, read
from sync.reference import Catalogue

Content = tuple[str, str]
"""(id, SHA-256 of the text): what "the same operation" means."""


class New(Struct, gc=False):
    """An operation that is new to the ledger. `copy` counts contents that came under one id; `seq` None if released.

    `held_since` is the facility's number when a released one was stored.
    """

    content: Content
    copy: int
    seq: int | None
    draft: Draft
    decision: Decision
    facility_id: int
    device_id: str
    seen: int
    held_since: int | None = None

    @property
    def id(self) -> str:
        """The operation's id, in lower case."""
        return self.content[0]


@dataclass(slots=True)
class Applied:
    """What came of it: exceptions that stand, by operation, and the number that a facility's operations bear."""

    standing: dict[str, list[Flag]] = field(default_factory=lambda: defaultdict(list))
    marks: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Batch:
    """All that one facility has to post."""

    news: list[New] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    reversals: list[Reversal] = field(default_factory=list)
    told: list[registers.Told] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)


def apply(session: Session, known: Catalogue, news: Sequence[New], *, now: int, time_zone: str) -> Applied:
    """Post what is decided, in the order of the facilities' ids; held operations only raise their exception."""
    batches: dict[int, _Batch] = defaultdict(_Batch)
    others: list[New] = []
    for new in news:
        batch = batches[new.facility_id]
        batch.news.append(new)
        if new.decision.held or new.decision.flags:
            batch.flags += _flags(new)
        if new.draft.sayings and new.decision.held is None:
            batch.told += _told(new)
        if not _is_plain(new.draft):
            others.append(new)
    _expect(known, others, batches)
    rechecks = _reverse(session, known, others, batches)
    # All at once and in one order, or two that post to the same facilities wait for each other for ever.
    numbers = {id_: Numbers(session.connection(), id_) for id_ in sorted({*batches, *rechecks})}
    done = Applied(marks={id_: numbers[id_].mark for id_ in batches})
    senders: dict[str, list[tuple[int, str, bool]]] = defaultdict(list)
    for id_ in sorted(batches):
        batch = batches[id_]
        if batch.told:
            products = {code: product.id for code, product in known.products.items()}
            registers.tell(session.connection(), id_, numbers[id_], batch.told, products)
        posted = ledger.post(
            session,
            id_,
            [_posting(new, known) for new in batch.news if new.decision.effects],
            reversals=batch.reversals,
            expected=batch.expected,
            flags=batch.flags,
            numbers=numbers[id_],
            facility=known.facility_codes[id_],
            product_codes=known.product_codes,
            now=now,
            time_zone=known.time_zone(session, id_, time_zone),
        )
        for operation, flags in posted.standing.items():
            done.standing[operation] += flags
        senders[known.facility_codes[id_]] += posted.senders
    # A shipment's state is looked at only now: its issue and what reversed it may have come in one batch.
    for id_, shipments in sorted(rechecks.items()):
        zone = known.time_zone(session, id_, time_zone)
        posted = ledger.post(
            session, id_, [], rechecked=shipments, numbers=numbers[id_], now=now, time_zone=zone
        )
        senders[known.facility_codes[id_]] += posted.senders
        for operation, flags in posted.standing.items():
            done.standing[operation] += flags
    for receiver, told in senders.items():
        for flag in transfers.tell_senders(session, receiver, told, now):
            done.standing[flag.operation_id].append(flag)
    return done


def _is_plain(draft: Draft) -> bool:
    """Whether an operation concerns only the cards of its own facility, as nearly all do."""
    body = draft.body
    if isinstance(body, Issue):
        return body.destination.facility is None
    return isinstance(body, (Receive, Count, Dispense, Adjust, Move))


def _posting(new: New, known: Catalogue) -> Posting:
    """Effects with ids for codes."""
    at, products, reasons = new.decision.effective_at, known.products, known.reasons
    entries = [
        Entry(
            products[effect.product].id,
            effect.lot,
            effect.expiry,
            effect.location,
            effect.account,
            at,
            effect.flow,
            effect.quantity,
            None if effect.reason is None else reasons[effect.reason].id,
            effect.line,
        )
        for effect in new.decision.effects
    ]
    body = new.draft.body
    header = new.draft.header
    by_day = new.draft.occurred_on is not None
    posting = Posting(new.id, entries, new.device_id, new.seen, by_day, held_since=new.held_since)
    if isinstance(body, Count):
        posting.all_lots = body.all_lots
    elif isinstance(body, Receive) and header is not None and (body.source.facility or body.shipment):
        source = known.facility_ids[body.source.facility] if body.source.facility else None
        # Ids are of plain letters; others may become longer when made small, too long for where they are kept.
        named = body.shipment or ""
        shipment = named.lower() if named.isascii() else named
        posting.receipt = Source(source, shipment, body.reference)
    return posting


def _told(new: New) -> list[registers.Told]:
    """What an operation says of registers, as it is stored."""
    at = new.decision.effective_at
    return [
        registers.Told(name, key, at, new.id, encode(value).decode())
        for name, key, value in new.draft.sayings
    ]


def _expect(known: Catalogue, news: Iterable[New], batches: dict[int, _Batch]) -> None:
    """Issues to another facility are expected there."""
    for new in news:
        destination = _destination(known, new.draft, new.facility_id)
        if destination is None or not new.decision.effects:
            continue
        body = new.draft.body
        assert isinstance(body, Issue)
        lines = [
            (
                effect.line,
                known.products[effect.product].id,
                effect.product,
                effect.lot,
                effect.expiry,
                -effect.quantity,
            )
            for effect in new.decision.effects
        ]
        expected = Expected(new.id, new.facility_id, body.reference, new.decision.effective_at, lines)
        batches[destination].expected.append(expected)


def _destination(known: Catalogue, draft: Draft, facility_id: int) -> int | None:
    """The facility that an issue went to; None for a ward, for itself, and for whatever is no issue."""
    if not isinstance(draft.body, Issue) or draft.body.destination.facility is None:
        return None
    destination = known.facility_ids.get(draft.body.destination.facility)
    return None if destination == facility_id else destination


def _reverse(
    session: Session, known: Catalogue, news: Sequence[New], batches: dict[int, _Batch]
) -> dict[int, set[str]]:
    """Put reversals into their batches; returns the shipments that are to be looked at again, by receiver."""
    rechecks: dict[int, set[str]] = defaultdict(set)
    reversing = [
        (new, new.draft.body)
        for new in news
        if new.decision.held is None and isinstance(new.draft.body, Reverse)
    ]
    _not_reversible(session, news, batches)
    if not reversing:
        return rechecks
    targets = _targets(session, {body.operation.lower() for _, body in reversing})
    targets |= {new.id: (new.facility_id, _kind(new.draft), new.draft) for new in news if not new.copy}
    for new, body in reversing:
        target = body.operation.lower()
        facility_id, kind, draft = targets.get(target, (None, "", None))
        batch = batches[new.facility_id]
        if facility_id == new.facility_id and not _reversible(kind):
            # Written down all the same, as when it comes first: it takes nothing out, and of two one is second.
            batch.flags.append(Flag("not_reversible", new.id, -1, {"operation": target}))
        batch.reversals.append(Reversal(target, new.id, new.decision.effective_at))
        # Where an issue belongs is said in it: one that was released may be stored at its device's facility.
        if draft is not None and _of(known, draft) == new.facility_id:
            destination = _destination(known, draft, new.facility_id)
            if destination is not None:
                rechecks[destination].add(target)
    return rechecks


def _of(known: Catalogue, draft: Draft) -> int | None:
    return known.facility_ids.get(draft.header.facility) if draft.header is not None else None


def _not_reversible(session: Session, news: Iterable[New], batches: dict[int, _Batch]) -> None:
    """Reversals that came before what they speak of, which turns out to be nothing that can be reversed."""
    by_facility: dict[int, list[str]] = defaultdict(list)
    for new in news:
        if new.decision.held is None and not _reversible(_kind(new.draft)) and not new.copy:
            by_facility[new.facility_id].append(new.id)
    for facility_id, ids in by_facility.items():
        for target, by in reversers_of(session.connection(), facility_id, ids):
            flag = Flag("not_reversible", by, -1, {"operation": target})
            batches[facility_id].flags.append(flag)


def _reversible(kind: str) -> bool:
    return kind.startswith("stock.") and kind not in ("stock.reverse", "stock.inspect")


def _kind(draft: Draft) -> str:
    return draft.header.kind if draft.header is not None else ""


def _targets(session: Session, ids: Collection[str]) -> dict[str, tuple[int | None, str, Draft | None]]:
    """(facility, kind, the issue itself if it is one) of stored operations."""
    statement = select(Operation.id, Operation.facility_id, Operation.kind, Operation.content).where(
        col(Operation.id).in_(sorted(ids)), Operation.copy_number == 0
    )
    return {
        id_: (facility_id, kind, read(content) if kind == "stock.issue" else None)
        for id_, facility_id, kind, content in session.exec(statement)
    }


def _flags(new: New) -> list[Flag]:
    id_, content_hash = new.content
    findings = [new.decision.held] if new.decision.held else new.decision.flags
    subject = content_hash if new.copy else ""
    return [Flag(found.code, id_, found.line, found.detail, subject) for found in findings]


def answered(new: New, standing: Iterable[Flag]) -> list[Flag]:
    """Of the exceptions under an id those that speak of this content, not of another that came under it."""
    if new.copy:
        return [flag for flag in standing if flag.subject == new.content[1]]
    return [flag for flag in standing if flag.code != "id_reused"]

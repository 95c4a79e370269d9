"""Shipments between facilities and the receipts that claim them; the rules are in sync.receipts.

An issue to a facility is an expected shipment there. Of two receipts of one line the second is out of the
fold. All of it follows from the operations, so whatever arrives later or is reversed is looked at anew.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, exists, or_, select, true
from sqlmodel import Session, col

from backend.db import announce, write_rows
from backend.models import Decision, Displacement, Receipt, Reversal, Shipment
from backend.services import exceptions
from backend.services.card_store import chunked
from backend.services.changes import Numbers
from backend.services.exceptions import SEPARATOR, Flag
from backend.services.postings import Expected, Posting
from sync import receipts
from sync.fold import SortKey
from sync.receipts import Item, ReceiptTold, ShipmentTold


@dataclass(slots=True)
class Claims:
    """What changed: receipts that leave the fold on a card, or come back, as {card: {operation: place}}.

    `senders` are (facility id, shipment, whether it was received although it was reversed). `left` are places, by
    card, that people had moved receipts to which leave the fold now.
    """

    out: dict[int, dict[str, SortKey]] = field(default_factory=lambda: defaultdict(dict))
    back: dict[int, dict[str, SortKey]] = field(default_factory=lambda: defaultdict(dict))
    flags: list[Flag] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    senders: list[tuple[int, str, bool]] = field(default_factory=list)
    left: dict[int, list[SortKey]] = field(default_factory=lambda: defaultdict(list))


@dataclass(slots=True)
class Desk:
    """Where it is done: one facility, in one transaction."""

    connection: Connection
    facility_id: int
    facility: str
    product_codes: Mapping[int, str]


Lines = list[tuple[int, str, int, int]]
"""(product id, lot, line, card) of a receipt."""


def settle(
    desk: Desk,
    numbers: Numbers,
    postings: Sequence[tuple[Posting, Lines]],
    expected: Sequence[Expected],
    changed: Collection[str],
) -> Claims:
    """Store new receipts and expected shipments, and settle who received what.

    `changed` are ids of receipts or shipments that were reversed or decided about.
    """
    claims = Claims()
    if not postings and not expected and not changed:
        return claims
    _write_receipts(desk, postings)
    _write_shipments(desk, numbers, expected)
    sources = {one.source_id for one in expected}
    sources |= {posting.receipt.facility_id for posting, _ in postings if posting.receipt} - {None}  # type: ignore[arg-type]
    named = {posting.receipt.shipment for posting, _ in postings if posting.receipt} - {""}
    named |= {one.id for one in expected} | set(changed)
    told, shipments = _concerned(desk, sources, named)
    standing = [receipt_told(row) for row in told if not row.reversed]
    sent = [shipment_told(row) for row in shipments]
    matched = receipts.matches(standing, sent)
    shipment_of = matched | {one.id: one.shipment for one in standing if one.shipment}
    _write_matches(desk, told, matched)
    second = receipts.second_claims(standing, shipment_of, let_in(desk, [one.id for one in standing]))
    _displace(desk, told, second, shipment_of, claims)
    _unmatched(desk, told, standing, shipment_of, {one.id for one in sent}, claims)
    _states(desk, numbers, shipments, standing, shipment_of, second, claims)
    return claims


def _write_receipts(desk: Desk, postings: Iterable[tuple[Posting, Lines]]) -> None:
    rows = []
    for posting, lines in postings:
        assert posting.receipt is not None
        at = posting.entries[0].effective_at
        rows.append(
            (
                desk.facility_id,
                posting.operation_id,
                posting.receipt.facility_id,
                posting.receipt.shipment,
                "",
                posting.receipt.reference,
                at,
                json.dumps(lines),
            )
        )
    write_rows(
        desk.connection,
        "INSERT INTO receipt (facility_id, operation_id, source_id, shipment, matched, reference, effective_at, lines) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _write_shipments(desk: Desk, numbers: Numbers, expected: Sequence[Expected]) -> None:
    rows = []
    for one in expected:
        lines = [
            {
                "line": line,
                "product": code,
                "product_id": id_,
                "lot": lot,
                "expiry": expiry,
                "quantity": quantity,
            }
            for line, id_, code, lot, expiry, quantity in one.lines
        ]
        told = json.dumps(lines, ensure_ascii=False)
        rows.append(
            (
                desk.facility_id,
                one.id,
                one.source_id,
                one.reference,
                one.effective_at,
                told,
                "expected",
                numbers.next(),
            )
        )
    write_rows(
        desk.connection,
        "INSERT INTO shipment (facility_id, id, source_id, reference, effective_at, lines, state, change) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def _concerned(desk: Desk, sources: set[int], named: set[str]) -> tuple[list[Any], list[Any]]:
    """Receipts and shipments that may bear on each other: of the same sources, or of the same shipment.

    A receipt may name a shipment of another source than its own, whose receipts then count as well.
    """
    sources, ids = set(sources), set(named)
    while True:
        receipts_ = receipt_rows(
            desk,
            or_(
                col(Receipt.source_id).in_(sources),
                col(Receipt.shipment).in_(ids),
                col(Receipt.operation_id).in_(ids),
            ),
        )
        shipments = shipment_rows(desk, or_(col(Shipment.source_id).in_(sources), col(Shipment.id).in_(ids)))
        more_sources = {row.source_id for row in (*receipts_, *shipments)} - sources - {None}
        more_ids = ({row.shipment for row in receipts_} | {row.id for row in shipments}) - ids - {""}
        if not more_sources and not more_ids:
            return receipts_, shipments
        sources |= more_sources
        ids |= more_ids


def receipt_rows(desk: Desk, condition: Any = None) -> list[Any]:
    """Rows of Receipt with `reversed`, all of the facility's by default."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == desk.facility_id, col(Reversal.operation_id) == col(Receipt.operation_id)
    )
    statement = select(Receipt.__table__, reversed_.label("reversed")).where(  # type: ignore[attr-defined]
        col(Receipt.facility_id) == desk.facility_id, true() if condition is None else condition
    )
    return list(desk.connection.execute(statement))


def shipment_rows(desk: Desk, condition: Any = None) -> list[Any]:
    """Rows of Shipment with `reversed`, all of the facility's by default."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == col(Shipment.source_id), col(Reversal.operation_id) == col(Shipment.id)
    )
    statement = select(Shipment.__table__, reversed_.label("reversed")).where(  # type: ignore[attr-defined]
        col(Shipment.facility_id) == desk.facility_id, true() if condition is None else condition
    )
    return list(desk.connection.execute(statement))


def receipt_told(row: Any) -> ReceiptTold:
    """A row of Receipt as the rules need it."""
    items = frozenset((product, lot) for product, lot, _, _ in json.loads(row.lines))
    return ReceiptTold(row.operation_id, row.source_id, row.shipment, row.reference, row.effective_at, items)


def shipment_told(row: Any) -> ShipmentTold:
    """A row of Shipment as the rules need it."""
    items = frozenset((line["product_id"], line["lot"]) for line in json.loads(row.lines))
    return ShipmentTold(row.id, row.source_id, row.reference, row.effective_at, items)


def _write_matches(desk: Desk, told: Iterable[Any], matched: Mapping[str, str]) -> None:
    changed = [row for row in told if row.matched != matched.get(row.operation_id, "")]
    write_rows(
        desk.connection,
        "UPDATE receipt SET matched = ? WHERE facility_id = ? AND operation_id = ?",
        [(matched.get(row.operation_id, ""), desk.facility_id, row.operation_id) for row in changed],
    )


def claim_subject(product: str, lot: str) -> str:
    """What an `already_received` is keyed by beside its receipt."""
    return SEPARATOR.join((product, lot))


def let_in(desk: Desk, ids: Collection[str]) -> set[tuple[str, Item]]:
    """Lines that people decided to count although another receipt had them; the latest decision stands."""
    statement = (
        select(col(Decision.action), col(Decision.detail))
        .where(
            col(Decision.facility_id) == desk.facility_id,
            col(Decision.action).in_(("count_in", "accept")),
            col(Decision.detail).like('%"receipt"%'),
        )
        .order_by(col(Decision.decided_at), col(Decision.id))
    )
    found: set[tuple[str, Item]] = set()
    for action, detail in desk.connection.execute(statement):
        about = json.loads(detail)
        line = about["receipt"], (about["product_id"], about["lot"])
        if about["receipt"] in ids:
            (found.add if action == "count_in" else found.discard)(line)
    return found


def claimed_twice(desk: Desk, receipt: Any, line: int, item: Item, shipment: str) -> Flag:
    """The exception that a line of a receipt (a row of Receipt) had been received before."""
    code = desk.product_codes[item[0]]
    detail = {"product": code, "product_id": item[0], "lot": item[1], "shipment": shipment}
    return Flag("already_received", receipt.operation_id, line, detail, claim_subject(code, item[1]))


def _displace(
    desk: Desk,
    told: Sequence[Any],
    second: Mapping[str, list[Item]],
    shipment_of: Mapping[str, str],
    claims: Claims,
) -> None:
    ids = [row.operation_id for row in told]
    statement = select(Displacement.__table__).where(col(Displacement.facility_id) == desk.facility_id)  # type: ignore[attr-defined]
    of_these = col(Displacement.operation_id)
    displaced = [
        row for part in chunked(ids) for row in desk.connection.execute(statement.where(of_these.in_(part)))
    ]
    stored = {(row.card, row.operation_id) for row in displaced if row.at is None}
    moved = {(row.card, row.operation_id): (row.at, row.place_id) for row in displaced if row.at is not None}
    undone: set[tuple[int, str]] = set()
    for row in told:
        place = row.effective_at, row.operation_id
        for product, lot, line, card in json.loads(row.lines):
            is_second = (product, lot) in second.get(row.operation_id, ())
            was_second = (card, row.operation_id) in stored
            shipment = shipment_of.get(row.operation_id, row.shipment or row.matched)
            flag = claimed_twice(desk, row, line, (product, lot), shipment)
            if is_second and not was_second:
                claims.flags.append(flag)
                claims.out[card][row.operation_id] = place
                if (card, row.operation_id) in moved:
                    claims.left[card].append(moved[card, row.operation_id])
            elif was_second and not is_second:
                claims.closed.append(flag.id_at(desk.facility))
                undone.add((card, row.operation_id))
                if not row.reversed:
                    claims.back[card][row.operation_id] = place
    write_rows(
        desk.connection,
        "INSERT INTO displacement (facility_id, card, operation_id, quantity) VALUES (?, ?, ?, 0) "
        "ON CONFLICT (facility_id, card, operation_id) DO UPDATE SET at = NULL, place_id = NULL",
        [(desk.facility_id, card, id_) for card, ones in claims.out.items() for id_ in ones],
    )
    write_rows(
        desk.connection,
        "DELETE FROM displacement WHERE facility_id = ? AND card = ? AND operation_id = ?",
        [(desk.facility_id, card, id_) for card, id_ in undone],
    )


def _unmatched(
    desk: Desk,
    told: Sequence[Any],
    standing: Sequence[ReceiptTold],
    shipment_of: Mapping[str, str],
    known: set[str],
    claims: Claims,
) -> None:
    without = set(receipts.unmatched(standing, shipment_of, known))
    due = [Flag("unmatched_receipt", row.operation_id) for row in told if row.operation_id in without]
    _bring_to(desk, "unmatched_receipt", [row.operation_id for row in told], due, claims)


def _bring_to(
    desk: Desk, code: str, operations: Collection[str], due: Sequence[Flag], claims: Claims
) -> None:
    """Of what concerns these operations exactly what is due should stand: raise the missing, close the others."""
    open_ones = set(exceptions.standing_of(desk.connection, desk.facility_id, operations, (code,)))
    ids = {flag.id_at(desk.facility): flag for flag in due}
    claims.flags += [flag for id_, flag in ids.items() if id_ not in open_ones]
    claims.closed += sorted(open_ones - ids.keys())


def _states(
    desk: Desk,
    numbers: Numbers,
    shipments: Sequence[Any],
    standing: Sequence[ReceiptTold],
    shipment_of: Mapping[str, str],
    second: Mapping[str, list[Item]],
    claims: Claims,
) -> None:
    """Which shipments were received, and receipts of shipments that their sender took back."""
    by_shipment: dict[str, list[ReceiptTold]] = defaultdict(list)
    for one in standing:
        by_shipment[shipment_of.get(one.id, "")].append(one)
    rows = []
    due: list[Flag] = []
    for row in shipments:
        claimants = by_shipment[row.id]
        got = {item for one in claimants for item in one.items if item not in second.get(one.id, ())}
        lines = json.loads(row.lines)
        for line in lines:
            line["received"] = (line["product_id"], line["lot"]) in got
        everything = all(line["received"] for line in lines)
        state = "reversed" if row.reversed else "received" if everything else "expected"
        told = json.dumps(lines, ensure_ascii=False)
        if (state, told) != (row.state, row.lines):
            rows.append((state, told, numbers.next(), desk.facility_id, row.id))
        if row.reversed:
            due += [
                Flag("reversed_receipt", one.id, -1, {"shipment": row.id}, other=row.id) for one in claimants
            ]
        claims.senders.append((row.source_id, row.id, bool(row.reversed and claimants)))
    _bring_to(
        desk, "reversed_receipt", {one.id for one in standing} | {row.id for row in shipments}, due, claims
    )
    write_rows(
        desk.connection,
        "UPDATE shipment SET state = ?, lines = ?, change = ? WHERE facility_id = ? AND id = ?",
        rows,
    )


def tell_senders(
    session: Session, facility: str, senders: Iterable[tuple[int, str, bool]], now: int
) -> list[Flag]:
    """Raise or close `reversed_receipt` where the shipments came from; returns what was raised.

    `facility` is who received them. Of what is told twice of a shipment the last counts.
    """
    raised: list[Flag] = []
    connection = session.connection()
    by_source: dict[int, dict[str, bool]] = defaultdict(dict)
    for source_id, shipment, stands in senders:
        by_source[source_id][shipment] = stands
    for source_id, told in sorted(by_source.items()):
        open_ones = set(exceptions.standing_of(connection, source_id, told, ("reversed_receipt",)))
        if not open_ones and not any(told.values()):
            continue
        numbers = Numbers(connection, source_id)
        code = exceptions.facility_code(session, source_id)
        flags = {
            shipment: Flag("reversed_receipt", shipment, -1, {"facility": facility, "shipment": shipment})
            for shipment in told
        }
        ids = {shipment: flag.id_at(code) for shipment, flag in flags.items()}
        due = [flag for one, flag in flags.items() if told[one] and ids[one] not in open_ones]
        over = [ids[one] for one, stands in told.items() if not stands and ids[one] in open_ones]
        exceptions.raise_flags(connection, source_id, code, numbers, due, now)
        exceptions.close(connection, source_id, numbers, over, now)
        numbers.save()
        raised += due
        if due or over:
            announce(session, source_id)
    return raised

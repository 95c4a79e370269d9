"""What the shipments and receipts of every facility should be, told from operations and facts alone.

The measure that `rebuild` compares the tables `shipment` and `receipt` with. Nothing of the incremental way
(services.transfers) is used but the pure rules of sync.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, exists, select
from sqlmodel import col

from backend.ids import derived_id
from backend.models import Card, Facility, Fact, Operation, Reversal
from backend.services.card_store import chunked
from sync import receipts
from sync.bodies import Header, Issue, Receive
from sync.operations import UnreadableError, read_body
from sync.receipts import Item, ReceiptTold, ShipmentTold

_HEADER = msgspec.json.Decoder(Header)


@dataclass(slots=True)
class Told:
    """An issue to another facility, or a receipt that names a shipment or comes from a facility.

    `lines` are (line, product id, lot, expiry, quantity, card), by line; quantities are positive. `source_id` is
    None where a receipt names only a shipment; `shipment` is what a receipt names, empty for none.
    """

    id: str
    source_id: int | None
    reference: str
    shipment: str = ""
    effective_at: int = 0
    lines: list[tuple[int, int, str, str | None, int, int]] = field(default_factory=list)
    reversed: bool = False

    @property
    def items(self) -> frozenset[Item]:
        """What it moved, without the quantities."""
        return frozenset((product, lot) for _, product, lot, _, _, _ in self.lines)


@dataclass(slots=True)
class Transfers:
    """Of one facility: what was sent to it and what it received, each by id, and what follows from the two."""

    sent: dict[str, Told] = field(default_factory=dict)
    received: dict[str, Told] = field(default_factory=dict)

    def standing(self) -> list[ReceiptTold]:
        """The receipts that are not reversed, as the rules need them."""
        return [
            ReceiptTold(one.id, one.source_id, one.shipment, one.reference, one.effective_at, one.items)
            for one in self.received.values()
            if not one.reversed
        ]

    def matched(self) -> dict[str, str]:
        """The shipment of each standing receipt that names none, by receipt."""
        sent = [
            ShipmentTold(one.id, one.source_id or 0, one.reference, one.effective_at, one.items)
            for one in self.sent.values()
        ]
        return receipts.matches(self.standing(), sent)

    def got(self, let_in: set[tuple[str, Item]]) -> dict[str, set[Item]]:
        """The items of each shipment that a receipt stands for; `let_in` as in receipts.second_claims."""
        standing = self.standing()
        shipment_of = self.matched() | {one.id: one.shipment for one in standing if one.shipment}
        second = receipts.second_claims(standing, shipment_of, let_in)
        found: dict[str, set[Item]] = defaultdict(set)
        for one in standing:
            found[shipment_of.get(one.id, "")] |= one.items - set(second.get(one.id, ()))
        return found


def transfers_told(connection: Connection) -> dict[int, Transfers]:
    """By facility: what the ledger says of its shipments and receipts. Reads every issue and receipt once."""
    ids = {code: id_ for id_, code in connection.execute(select(col(Facility.id), col(Facility.code)))}
    found: dict[int, Transfers] = defaultdict(Transfers)
    sent: dict[tuple[int, str], Told] = {}
    received: dict[tuple[int, str], Told] = {}
    for id_, header, body in _operations(connection):
        own = ids.get(header.facility)
        if own is None:
            continue
        if isinstance(body, Issue):
            destination = ids.get(body.destination.facility or "")
            if destination is not None and destination != own:
                sent[own, id_] = found[destination].sent[id_] = Told(id_, own, body.reference)
        elif isinstance(body, Receive) and (body.source.facility or body.shipment):
            named = body.shipment or ""
            shipment = named.lower() if named.isascii() else named
            source = ids.get(body.source.facility or "")
            received[own, id_] = found[own].received[id_] = Told(id_, source, body.reference, shipment)
    _add_lines(connection, sent, -1)
    _add_lines(connection, received, 1)
    for one in found.values():
        # What is held has no facts, and what was released has them under the id that it entered with.
        one.sent = {id_: told for id_, told in one.sent.items() if told.lines}
        one.received = {id_: told for id_, told in one.received.items() if told.lines}
    return found


def _operations(connection: Connection) -> Iterator[tuple[str, Header, object]]:
    """Issues and receipts that can be read, under the id that they have in the ledger, or would have."""
    statement = select(
        col(Operation.id), col(Operation.copy_number), col(Operation.content_hash), col(Operation.content)
    ).where(col(Operation.kind).in_(("stock.issue", "stock.receive")))
    for id_, copy, content_hash, content in connection.execute(statement):
        try:
            header = _HEADER.decode(content)
            body = read_body(header.kind, header.version, header.body)
        except (msgspec.MsgspecError, UnreadableError, UnicodeDecodeError, RecursionError, KeyError):
            continue
        yield derived_id(id_, content_hash) if copy else id_, header, body


def _add_lines(connection: Connection, told: Mapping[tuple[int, str], Told], sign: int) -> None:
    reversed_ = exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )
    statement = (
        select(
            *(col(Fact.operation_id), col(Fact.effective_at), col(Fact.line)),
            *(col(Card.product_id), col(Card.lot), col(Fact.expiry), col(Fact.quantity), col(Fact.card)),
            reversed_.label("reversed"),
        )
        .join(Card, (col(Card.facility_id) == col(Fact.facility_id)) & (col(Card.number) == col(Fact.card)))
        .order_by(col(Fact.line))
    )
    by_facility: dict[int, list[str]] = defaultdict(list)
    for facility_id, id_ in told:
        by_facility[facility_id].append(id_)
    for facility_id, ids in by_facility.items():
        for part in chunked(ids):
            here = col(Fact.facility_id) == facility_id, col(Fact.operation_id).in_(part)
            rows: Any = connection.execute(statement.where(*here))
            for id_, at, line, product, lot, expiry, quantity, card, gone in rows:
                one = told[facility_id, id_]
                one.effective_at, one.reversed = at, bool(gone)
                one.lines.append((line, product, lot, expiry, sign * quantity, card))

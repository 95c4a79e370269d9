"""Rebuild every projection from the ledger, or only compare: the proof that nothing but facts is needed.

Rebuilt are the cards' balances and places, what counts found, the exceptions that follow from facts alone,
the lots' expiry dates, shipments and what was received of them, which receipts are out of the fold, and registers.
Numbers of cards and change numbers are identities, not projections. What should be is told by services.projection,
services.told_transfers and services.registers; here it is compared and mended.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from backend.db import announce, write_rows
from backend.models import Card, CountResult, Displacement, Facility, Lot, Product, StockException
from backend.services import card_store, exceptions, registers, transfers
from backend.services.card_store import OpenCard
from backend.services.catalogue_codes import ProductCodes
from backend.services.changes import Numbers
from backend.services.exceptions import Flag
from backend.services.late import Desk
from backend.services.projection import CODES, Projection, count_dated_back, project
from backend.services.rebuild_transfers import rebuild_transfers
from backend.services.registers import Told, Which
from backend.services.shelf import Days
from backend.services.time_zones import time_zone_of
from backend.services.told_transfers import Transfers, transfers_told
from sync.fold import CardState, CountOutcome, SortKey


def rebuild(session: Session, *, check: bool, now: int, time_zone: str) -> list[str]:
    """Differences between what is stored and what the facts say, a sentence each; mended unless `check`.

    `time_zone` is the default of facilities.
    """
    found: list[str] = []
    connection = session.connection()
    facilities = {id_ or 0: code for id_, code in session.exec(select(Facility.id, Facility.code))}
    # Before the reads: on PostgreSQL it is what keeps other writers away until this is done; lowest id first.
    numbers = {id_: None if check else Numbers(connection, id_) for id_ in sorted(facilities)}
    sent = transfers_told(connection)
    for facility_id, code in sorted(facilities.items(), key=lambda one: one[1]):
        zone = time_zone_of(session, facility_id, time_zone)
        desk = Desk(connection, facility_id, code, ProductCodes(connection), Days(zone))
        here = sent.get(facility_id, Transfers())
        found += [f"{code}: {what}" for what in _facility(session, desk, here, numbers[facility_id], now)]
    return found


@dataclass(slots=True)
class _Differences:
    """What is stored otherwise than it should be."""

    said: list[str] = field(default_factory=list)
    cards: list[OpenCard] = field(default_factory=list)
    missing: list[Flag] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    lots: list[tuple[int, str]] = field(default_factory=list)
    out: set[tuple[int, str]] = field(default_factory=set)
    not_out: set[tuple[int, str]] = field(default_factory=set)
    wrong_registers: list[Told] = field(default_factory=list)
    stray_registers: list[Which] = field(default_factory=list)


def _facility(session: Session, desk: Desk, sent: Transfers, numbers: Numbers | None, now: int) -> list[str]:
    """What is wrong at one facility; mended where there are `numbers` to mend it under."""
    connection, facility_id, code = desk.connection, desk.facility_id, desk.facility
    found = _Differences()
    here = transfers.Desk(connection, facility_id, code, desk.product_codes)
    found.said += rebuild_transfers(here, sent, None if numbers is None else numbers.next)
    cards = _stored_cards(session, facility_id)
    told = project(desk, cards)
    for id_ in count_dated_back(desk):
        flag = Flag("count_backdated", id_)
        told.exceptions[flag.id_at(code)] = flag
    counts = _stored_counts(session, facility_id)
    _compare_cards(told, cards, counts, found)
    _compare_exceptions(session, facility_id, told, found)
    _compare_lots(session, facility_id, told, found)
    _compare_displaced(session, facility_id, told, found)
    _compare_registers(session, facility_id, found)
    if numbers is not None and found.said:
        _mend(session, desk, numbers, told, counts, found, now)
        numbers.save()
        announce(session, facility_id)
    return found.said


def _compare_cards(
    told: Projection,
    cards: dict[int, OpenCard],
    counts: dict[int, dict[SortKey, CountOutcome]],
    found: _Differences,
) -> None:
    strays = told.cards.keys() - cards.keys()
    found.said += [f"facts on card {number}, which is not there" for number in sorted(strays)]
    for number, card in cards.items():
        state = told.cards.get(number, CardState())
        wrong = [
            *_card_differences(card, state),
            *_count_differences(counts[number], told.counts.get(number, {})),
        ]
        found.said += [f"card {number}: {what}" for what in wrong]
        if wrong:
            found.cards.append(card)


def _card_differences(card: OpenCard, state: CardState) -> Iterable[str]:
    for name, stored, told in zip(CardState._fields, card.state, state, strict=True):
        if stored != told:
            yield f"{name} is {stored}, the facts say {told}"


def _count_differences(
    stored: dict[SortKey, CountOutcome], told: dict[SortKey, CountOutcome]
) -> Iterable[str]:
    for place in sorted(stored.keys() | told.keys()):
        if stored.get(place) != told.get(place):
            yield f"count {place[1]} found {stored.get(place)}, the facts say {told.get(place)}"


def _compare_exceptions(session: Session, facility_id: int, told: Projection, found: _Differences) -> None:
    standing = {
        id_: (code, operation)
        for id_, code, operation in session.exec(
            select(StockException.id, StockException.code, StockException.operation_id).where(
                StockException.facility_id == facility_id,
                col(StockException.code).in_(CODES),
                col(StockException.closed_at).is_(None),
            )
        )
    }
    for id_ in sorted(standing.keys() - told.exceptions.keys()):
        code, operation = standing[id_]
        found.said.append(f"{code} of {operation} stands without cause")
        found.extra.append(id_)
    for id_ in sorted(told.exceptions.keys() - standing.keys()):
        flag = told.exceptions[id_]
        found.said.append(f"{flag.code} of {flag.operation_id} does not stand")
        found.missing.append(flag)


def _compare_lots(session: Session, facility_id: int, told: Projection, found: _Differences) -> None:
    rows = session.exec(select(Lot.product_id, Lot.number, Lot.expiry).where(Lot.facility_id == facility_id))
    stored = {(product, number): expiry for product, number, expiry in rows}
    for lot, expiry in sorted(told.lots.items()):
        if lot not in stored or stored[lot] != expiry:
            found.said.append(f"lot {lot[1]}: expiry {expiry} is not stored")
            found.lots.append(lot)


def _compare_displaced(session: Session, facility_id: int, told: Projection, found: _Differences) -> None:
    stored = set(
        session.exec(
            select(Displacement.card, Displacement.operation_id).where(
                Displacement.facility_id == facility_id, col(Displacement.at).is_(None)
            )
        )
    )
    found.out, found.not_out = told.out - stored, stored - told.out
    found.said += [f"card {card}: receipt {id_} should be out of the fold" for card, id_ in sorted(found.out)]
    found.said += [f"card {card}: receipt {id_} is out of the fold" for card, id_ in sorted(found.not_out)]


def _compare_registers(session: Session, facility_id: int, found: _Differences) -> None:
    found.wrong_registers, found.stray_registers = registers.differences(session.connection(), facility_id)
    found.said += [
        f"{one.name} {one.key}: {one.operation_id} does not stand" for one in found.wrong_registers
    ]
    found.said += [f"{name} {key} stands, and nothing said it" for name, key in found.stray_registers]


def _mend(
    session: Session,
    desk: Desk,
    numbers: Numbers,
    told: Projection,
    counts: dict[int, dict[SortKey, CountOutcome]],
    found: _Differences,
    now: int,
) -> None:
    connection, facility_id = desk.connection, desk.facility_id
    states = [
        (card, told.cards.get(card.number, CardState()), (card.watch_by, card.watch_until))
        for card in found.cards
    ]
    card_store.write_cards(connection, facility_id, numbers, states)
    wrong = [card.number for card in found.cards]
    card_store.write_counts(
        connection,
        facility_id,
        {number: told.counts.get(number, {}) for number in wrong},
        {number: list(counts[number]) for number in wrong},
    )
    exceptions.raise_flags(connection, facility_id, desk.facility, numbers, found.missing, now)
    exceptions.close(connection, facility_id, numbers, found.extra, now)
    write_rows(
        connection,
        "INSERT INTO lot (facility_id, product_id, number, expiry, change) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (facility_id, product_id, number) "
        "DO UPDATE SET expiry = excluded.expiry, change = excluded.change",
        [(facility_id, *lot, told.lots[lot], numbers.next()) for lot in found.lots],
    )
    write_rows(
        connection,
        "INSERT INTO displacement (facility_id, card, operation_id, quantity) VALUES (?, ?, ?, 0) "
        "ON CONFLICT (facility_id, card, operation_id) DO UPDATE SET at = NULL, place_id = NULL",
        [(facility_id, card, id_) for card, id_ in sorted(found.out)],
    )
    write_rows(
        connection,
        "DELETE FROM displacement WHERE facility_id = ? AND card = ? AND operation_id = ?",
        [(facility_id, card, id_) for card, id_ in sorted(found.not_out)],
    )
    products = {code: id_ or 0 for code, id_ in session.exec(select(Product.code, Product.id))}
    registers.mend(connection, facility_id, numbers, found.wrong_registers, found.stray_registers, products)


def _stored_cards(session: Session, facility_id: int) -> dict[int, OpenCard]:
    statement = select(Card.__table__).where(col(Card.facility_id) == facility_id)  # type: ignore[attr-defined]
    cards = map(card_store.as_open, session.connection().execute(statement))
    return {card.number: card for card in cards}


def _stored_counts(session: Session, facility_id: int) -> dict[int, dict[SortKey, CountOutcome]]:
    counts: dict[int, dict[SortKey, CountOutcome]] = defaultdict(dict)
    for row in session.exec(select(CountResult).where(CountResult.facility_id == facility_id)):
        counts[row.card][row.effective_at, row.operation_id] = CountOutcome(row.variance, row.opening)
    return counts

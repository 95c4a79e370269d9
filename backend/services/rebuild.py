"""Rebuild every projection from the ledger, or only compare: the proof that nothing but facts is needed.

Rebuilt are the cards' balances and places, what counts found, standing `negative_stock` exceptions and
the lots' expiry dates. Numbers of cards and change numbers are identities, not projections.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, exists
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from backend.db import announce
from backend.models import Card, CountResult, Facility, Fact, Lot, Reversal, StockException
from backend.services import card_store, exceptions
from backend.services.card_store import CardKey, OpenCard
from backend.services.changes import Numbers
from sync.fold import CardFact, CardState, CountOutcome, SortKey, fold

Folded = tuple[CardState, dict[SortKey, CountOutcome]]


def rebuild(session: Session, *, check: bool, now: int) -> list[str]:
    """Differences between what is stored and what the facts say, a sentence each; mended unless `check`."""
    found: list[str] = []
    for facility_id, code in session.exec(select(Facility.id, Facility.code).order_by(Facility.code)).all():
        found += _facility(session, facility_id or 0, code, check=check, now=now)
    return found


def _facility(session: Session, facility_id: int, code: str, *, check: bool, now: int) -> list[str]:
    connection = session.connection()
    numbers = None if check else Numbers(connection, facility_id)
    stored = _stored_cards(session, facility_id)
    facts = dict(_facts(connection, facility_id))
    strays = facts.keys() - stored.keys()
    found = [f"{code}: facts on card {number}, which is not there" for number in sorted(strays)]
    counts = _stored_counts(session, facility_id)
    wrong: list[tuple[OpenCard, Folded]] = []
    for number, card in stored.items():
        folded = fold(facts.get(number, ()))
        differences = [*_card_differences(card, folded[0]), *_count_differences(counts[number], folded[1])]
        found += [f"{code}: card {number}: {what}" for what in differences]
        if differences:
            wrong.append((card, folded))
    states = {number: fold(facts.get(number, ()))[0] for number in stored}
    stale, missing = _exception_differences(session, facility_id, states)
    found += [f"{code}: card {card}: negative_stock of {id_} stands without cause" for card, id_ in stale]
    found += [f"{code}: card {card}: negative_stock of {id_} does not stand" for card, id_ in missing]
    told, lots = _lot_differences(session, facility_id)
    found += [
        f"{code}: lot {number}: expiry {told[product, number]} is not stored" for product, number in lots
    ]
    if numbers is not None and found:
        card_store.write_cards(
            connection, facility_id, numbers, [(card, state) for card, (state, _) in wrong]
        )
        gone = {
            card.number: [place for place in counts[card.number] if place not in outcomes]
            for card, (_, outcomes) in wrong
        }
        card_store.write_counts(
            connection,
            facility_id,
            [(card.number, outcomes, gone[card.number]) for card, (_, outcomes) in wrong],
        )
        turned = [_turn(stored[number].key, number, before=id_) for number, id_ in stale]
        turned += [_turn(stored[number].key, number, after=id_) for number, id_ in missing]
        exceptions.settle(session, facility_id, numbers, (), turned, {}, now)
        card_store.write_lots(
            connection, facility_id, numbers, {lot: told[lot] for lot in lots}, replace=True
        )
        numbers.save()
        announce(session, facility_id)
    return found


def _turn(key: CardKey, card: int, *, before: str | None = None, after: str | None = None) -> exceptions.Turn:
    return exceptions.Turn(card, key, before, after)


def _stored_cards(session: Session, facility_id: int) -> dict[int, OpenCard]:
    statement = select(Card.__table__).where(col(Card.facility_id) == facility_id)  # type: ignore[attr-defined]
    cards = map(card_store.as_open, session.connection().execute(statement))
    return {card.number: card for card in cards}


def _facts(connection: Connection, facility_id: int) -> Iterator[tuple[int, list[CardFact]]]:
    reversed_ = exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )
    statement = (
        select_columns(
            col(Fact.card), col(Fact.effective_at), col(Fact.operation_id), col(Fact.flow), col(Fact.quantity)
        )
        .where(col(Fact.facility_id) == facility_id, ~reversed_)
        .order_by(col(Fact.card), col(Fact.effective_at), col(Fact.operation_id))
    )
    for card, rows in groupby(connection.execute(statement), key=itemgetter(0)):
        yield card, card_store.summed((at, id_, flow, quantity) for _, at, id_, flow, quantity in rows)


def _stored_counts(session: Session, facility_id: int) -> dict[int, dict[SortKey, CountOutcome]]:
    counts: dict[int, dict[SortKey, CountOutcome]] = defaultdict(dict)
    for row in session.exec(select(CountResult).where(CountResult.facility_id == facility_id)):
        counts[row.card][row.effective_at, row.operation_id] = CountOutcome(row.variance, row.opening)
    return counts


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


def _exception_differences(
    session: Session, facility_id: int, states: dict[int, CardState]
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """(card, operation id) of `negative_stock` that stands without cause, and that should stand."""
    standing = {
        (card or 0, id_)
        for card, id_ in session.exec(
            select(StockException.card, StockException.operation_id).where(
                StockException.facility_id == facility_id,
                StockException.code == "negative_stock",
                col(StockException.closed_at).is_(None),
            )
        )
    }
    due = {(number, state.negative) for number, state in states.items() if state.negative is not None}
    return sorted(standing - due), sorted(due - standing)


def _lot_differences(
    session: Session, facility_id: int
) -> tuple[dict[tuple[int, str], str | None], list[tuple[int, str]]]:
    """What the facts tell of each lot's expiry, and the lots stored otherwise."""
    statement = (
        select(Card.product_id, Card.lot, func.min(col(Fact.expiry)))
        .join(Fact, (col(Fact.facility_id) == col(Card.facility_id)) & (col(Fact.card) == col(Card.number)))
        .where(col(Card.facility_id) == facility_id, col(Card.lot) != "")
        .group_by(col(Card.product_id), col(Card.lot))
    )
    told = {(product, lot): expiry for product, lot, expiry in session.exec(statement)}
    rows = session.exec(select(Lot.product_id, Lot.number, Lot.expiry).where(Lot.facility_id == facility_id))
    stored = {(product, number): expiry for product, number, expiry in rows}
    return told, sorted(lot for lot, expiry in told.items() if lot not in stored or stored[lot] != expiry)

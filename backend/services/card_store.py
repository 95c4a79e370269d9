"""Reading and writing cards, counts and lots for the ledger, set-wise. Only services.ledger and rebuild use it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, delete, exists, select, tuple_
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import col

from backend.db import insert_rows, write_rows
from backend.models import Card, CountResult, Fact, Lot, Reversal
from backend.services.changes import Numbers
from sync.fold import EMPTY, CardFact, CardState, CountOutcome, SortKey, resumed

T = TypeVar("T")

CardKey = tuple[int, str, str, str]
"""(product id, lot number, location, account)."""

CHUNK = 400
CARD_COLUMNS = (
    "facility_id",
    "number",
    "product_id",
    "lot",
    "location",
    "account",
    "on_hand",
    "counted_at",
    "counted_id",
    "last_at",
    "last_id",
    "negative_id",
    "change",
)


# One JSON value for any number of pairs: the statement's text stays the same, and a subquery, unlike a
# join, lets both databases go through the index over (facility, product, lot, ...) pair by pair.
_BY_PAIRS_SQLITE = (
    "SELECT * FROM card WHERE facility_id = ? AND (product_id, lot) IN "
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)
_BY_PAIRS_POSTGRES = (
    "SELECT * FROM card WHERE facility_id = %s AND (product_id, lot) IN "
    "(SELECT (pair->>0)::integer, pair->>1 FROM json_array_elements(%s::json) AS pair)"
)


@dataclass(frozen=True, slots=True)
class OpenCard:
    """A card as it is stored before a posting; `is_new` when it is not stored yet."""

    number: int
    key: CardKey
    state: CardState
    is_new: bool


def chunked(items: Iterable[T]) -> Iterator[list[T]]:
    """Slices small enough for one IN list."""
    rest = iter(items)
    while part := list(islice(rest, CHUNK)):
        yield part


def open_cards(
    connection: Connection, facility_id: int, numbers: Numbers, keys: Set[CardKey]
) -> dict[CardKey, OpenCard]:
    """The wanted cards; those heard of for the first time get a number of the facility's."""
    found: dict[CardKey, OpenCard] = {}
    pairs = json.dumps(sorted({(product, lot) for product, lot, _, _ in keys}))
    statement = _BY_PAIRS_SQLITE if connection.dialect.name == "sqlite" else _BY_PAIRS_POSTGRES
    for row in connection.exec_driver_sql(statement, (facility_id, pairs)):
        card = as_open(row)
        if card.key in keys:
            found[card.key] = card
    for key in sorted(keys - found.keys()):
        found[key] = OpenCard(numbers.next(), key, EMPTY, True)
    return found


def places_of(
    connection: Connection, facility_id: int, operation_ids: Set[str]
) -> list[tuple[OpenCard, list[SortKey]]]:
    """Cards that operations are on, each with the places of those operations there."""
    places: dict[int, set[SortKey]] = defaultdict(set)
    for part in chunked(operation_ids):
        entries = select(col(Fact.card), col(Fact.effective_at), col(Fact.operation_id)).where(
            col(Fact.facility_id) == facility_id, col(Fact.operation_id).in_(part)
        )
        for card, effective_at, operation_id in connection.execute(entries):
            places[card].add((effective_at, operation_id))
    found = []
    for numbers in chunked(places):
        statement = select(Card.__table__).where(  # type: ignore[attr-defined]
            col(Card.facility_id) == facility_id, col(Card.number).in_(numbers)
        )
        rows = connection.execute(statement).all()
        found += [(as_open(row), sorted(places[row.number])) for row in rows]
    return found


def segment(
    connection: Connection, facility_id: int, card: int, first: SortKey, last: SortKey
) -> tuple[CardState, list[CardFact], bool]:
    """What to fold again when something changed between two places of a card.

    Returns the state to start from, the standing facts from there on, and whether they reach the
    card's end: if not, the last of them is a count that shields everything after it.
    """
    here = and_(col(CountResult.facility_id) == facility_id, col(CountResult.card) == card)
    place = tuple_(col(CountResult.effective_at), col(CountResult.operation_id))
    standing = ~exists().where(
        col(Reversal.facility_id) == col(CountResult.facility_id),
        col(Reversal.operation_id) == col(CountResult.operation_id),
    )
    counts = select(col(CountResult.effective_at), col(CountResult.operation_id)).where(here, standing)
    before = connection.execute(
        counts.where(place < tuple_(*first))
        .order_by(col(CountResult.effective_at).desc(), col(CountResult.operation_id).desc())
        .limit(1)
    ).first()
    after = connection.execute(
        counts.where(place > tuple_(*last))
        .order_by(col(CountResult.effective_at), col(CountResult.operation_id))
        .limit(1)
    ).first()
    at = tuple_(col(Fact.effective_at), col(Fact.operation_id))
    limits: list[ColumnElement[bool]] = []
    if before is not None:
        limits.append(at >= tuple_(*before))
    if after is not None:
        limits.append(at <= tuple_(*after))
    facts = standing_facts(connection, facility_id, card, limits)
    if before is None:
        return EMPTY, facts, after is None
    base = facts[0]
    return resumed(base), facts[1:], after is None


def standing_facts(
    connection: Connection, facility_id: int, card: int, limits: Sequence[ColumnElement[bool]] = ()
) -> list[CardFact]:
    """A card's facts that were not reversed, lines summed per operation, in the fold's order."""
    reversed_ = exists().where(
        col(Reversal.facility_id) == col(Fact.facility_id),
        col(Reversal.operation_id) == col(Fact.operation_id),
    )
    statement = (
        select(col(Fact.effective_at), col(Fact.operation_id), col(Fact.flow), col(Fact.quantity))
        .where(col(Fact.facility_id) == facility_id, col(Fact.card) == card, ~reversed_, *limits)
        .order_by(col(Fact.effective_at), col(Fact.operation_id))
    )
    return summed((at, id_, flow, quantity) for at, id_, flow, quantity in connection.execute(statement))


def summed(rows: Iterable[tuple[int, str, str, int]]) -> list[CardFact]:
    """(effective_at, operation id, flow, quantity) in the fold's order, as one fact per operation."""
    facts: list[CardFact] = []
    for effective_at, operation_id, flow, quantity in rows:
        counted = flow == "counted"
        if facts and facts[-1][:3] == (effective_at, operation_id, counted):
            quantity += facts.pop().quantity
        facts.append(CardFact(effective_at, operation_id, counted, quantity))
    return facts


def write_cards(
    connection: Connection, facility_id: int, numbers: Numbers, cards: Iterable[tuple[OpenCard, CardState]]
) -> None:
    """Store each card's new state under a fresh change number."""
    made, changed = [], []
    for card, state in cards:
        values = state_columns(state)
        if card.is_new:
            made.append((facility_id, card.number, *card.key, *values, numbers.next()))
        else:
            changed.append((*values, numbers.next(), facility_id, card.number))
    insert_rows(connection, "card", CARD_COLUMNS, made)
    write_rows(
        connection,
        "UPDATE card SET on_hand = ?, counted_at = ?, counted_id = ?, last_at = ?, last_id = ?, negative_id = ?, "
        "change = ? WHERE facility_id = ? AND number = ?",
        changed,
    )


def state_columns(state: CardState) -> tuple[object, ...]:
    """on_hand, counted_at, counted_id, last_at, last_id, negative_id."""
    return (state.on_hand, *(state.counted or (None, None)), *(state.last or (None, None)), state.negative)


def write_counts(
    connection: Connection,
    facility_id: int,
    found: Iterable[tuple[int, Mapping[SortKey, CountOutcome], Sequence[SortKey]]],
) -> None:
    """Store what counts found, per card: (card, outcomes by place, places taken out)."""
    rows = []
    for card, counts, removed in found:
        for effective_at, operation_id in removed:
            connection.execute(
                delete(CountResult).where(
                    col(CountResult.facility_id) == facility_id,
                    col(CountResult.card) == card,
                    col(CountResult.effective_at) == effective_at,
                    col(CountResult.operation_id) == operation_id,
                )
            )
        rows += [
            (facility_id, card, *place, count.variance, count.opening) for place, count in counts.items()
        ]
    write_rows(
        connection,
        "INSERT INTO count_result (facility_id, card, effective_at, operation_id, variance, opening) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (facility_id, card, effective_at, operation_id) "
        "DO UPDATE SET variance = excluded.variance, opening = excluded.opening",
        rows,
    )


def write_lots(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    told: Mapping[tuple[int, str], str | None],
    *,
    replace: bool = False,
) -> None:
    """Add lots heard of for the first time; of two expiry dates the earlier stays, unless told to replace."""
    known: dict[tuple[int, str], str | None] = {}
    for part in chunked(told):
        statement = select(col(Lot.product_id), col(Lot.number), col(Lot.expiry)).where(
            col(Lot.facility_id) == facility_id, tuple_(col(Lot.product_id), col(Lot.number)).in_(part)
        )
        known |= {(product, number): expiry for product, number, expiry in connection.execute(statement)}
    rows = []
    for lot, expiry in told.items():
        before = known.get(lot)
        if replace or lot not in known or (expiry is not None and (before is None or expiry < before)):
            rows.append((facility_id, *lot, expiry, numbers.next()))
    write_rows(
        connection,
        "INSERT INTO lot (facility_id, product_id, number, expiry, change) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (facility_id, product_id, number) "
        "DO UPDATE SET expiry = excluded.expiry, change = excluded.change",
        rows,
    )


def as_open(row: Row[Any]) -> OpenCard:
    """A row of the card table as the fold knows it."""
    counted = None if row.counted_at is None else (row.counted_at, row.counted_id)
    last = None if row.last_at is None else (row.last_at, row.last_id)
    state = CardState(row.on_hand, counted, last, row.negative_id)
    return OpenCard(row.number, (row.product_id, row.lot, row.location, row.account), state, False)

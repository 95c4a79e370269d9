"""Reading and writing cards, counts and lots for the ledger, set-wise."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Any, TypeVar

from msgspec import Struct
from sqlalchemy import Connection, Row, func, select
from sqlmodel import col

from backend.db import insert_rows, write_rows
from backend.models import Card, Displacement, Fact, FullCount
from backend.services.changes import Numbers
from backend.services.postings import CardKey, Move
from sync.fold import EMPTY, CardFact, CardState, CountOutcome, SortKey

T = TypeVar("T")

CHUNK = 400
_NO_KEY = (None, None)
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
    "watch_by",
    "watch_until",
    "change",
)


# One JSON value for any number of pairs: the statement's text stays the same, and a subquery, unlike a
# join, lets both databases go through the index over (facility, product, lot, ...) pair by pair.
_COLUMNS = (
    "number, product_id, lot, location, account, on_hand, counted_at, counted_id, last_at, last_id, negative_id, "
    "watch_by, watch_until"
)
_BY_PAIRS_SQLITE = (
    f"SELECT {_COLUMNS} FROM card WHERE facility_id = ? AND (product_id, lot) IN "  # noqa: S608
    "(SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))"
)
_BY_PAIRS_POSTGRES = (
    f"SELECT {_COLUMNS} FROM card WHERE facility_id = %s AND (product_id, lot) IN "  # noqa: S608
    "(SELECT (pair->>0)::integer, pair->>1 FROM json_array_elements(%s::json) AS pair)"
)


class OpenCard(Struct, frozen=True, gc=False):
    """A card as it is stored before a posting; `is_new` when it is not stored yet. `watch_*` as in models.Card."""

    number: int
    key: CardKey
    state: CardState
    is_new: bool
    watch_by: str = ""
    watch_until: int = 0


def chunked(items: Iterable[T]) -> Iterator[list[T]]:
    """Slices small enough for one IN list."""
    rest = iter(items)
    while part := list(islice(rest, CHUNK)):
        yield part


def open_cards(
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    keys: Set[CardKey],
    kept: Mapping[CardKey, OpenCard],
) -> dict[CardKey, OpenCard]:
    """The wanted cards, read unless kept; those heard of for the first time get a number of the facility's."""
    found = {key: kept[key] for key in keys if key in kept}
    missing = keys - found.keys()
    if not missing:
        return found
    pairs = json.dumps(sorted({(product, lot) for product, lot, _, _ in missing}))
    statement = _BY_PAIRS_SQLITE if connection.dialect.name == "sqlite" else _BY_PAIRS_POSTGRES
    for row in connection.exec_driver_sql(statement, (facility_id, pairs)).cursor.fetchall():
        key = row[1:5]
        if key in missing:
            found[key] = _opened(row)
    for key in sorted(missing - found.keys()):
        found[key] = OpenCard(numbers.next(), key, EMPTY, True)
    return found


def cards_numbered(connection: Connection, facility_id: int, numbers: Iterable[int]) -> list[OpenCard]:
    """Cards by their numbers."""
    found: list[OpenCard] = []
    for part in chunked(numbers):
        statement = select(Card.__table__).where(  # type: ignore[attr-defined]
            col(Card.facility_id) == facility_id, col(Card.number).in_(part)
        )
        found += map(as_open, connection.execute(statement))
    return found


def cards_on(
    connection: Connection, facility_id: int, shelves: Iterable[tuple[int, str, str]]
) -> list[OpenCard]:
    """All cards of a (product id, location, account)."""
    found: list[OpenCard] = []
    for product, location, account in sorted(shelves):
        statement = select(Card.__table__).where(  # type: ignore[attr-defined]
            col(Card.facility_id) == facility_id,
            col(Card.product_id) == product,
            col(Card.location) == location,
            col(Card.account) == account,
        )
        found += map(as_open, connection.execute(statement))
    return found


def full_counts_of(
    connection: Connection, facility_id: int, keys: Set[CardKey]
) -> list[tuple[CardKey, SortKey]]:
    """Each `all_lots` count, by its place, that speaks of one of these cards, which it did not name."""
    by_shelf: dict[tuple[int, str, str], list[CardKey]] = defaultdict(list)
    for key in sorted(keys):
        by_shelf[key[0], key[2], key[3]].append(key)
    found: list[tuple[CardKey, SortKey]] = []
    for part in chunked({shelf[0] for shelf in by_shelf}):
        statement = select(FullCount.__table__).where(  # type: ignore[attr-defined]
            col(FullCount.facility_id) == facility_id, col(FullCount.product_id).in_(part)
        )
        for row in connection.execute(statement):
            for key in by_shelf.get((row.product_id, row.location, row.account), ()):
                found.append((key, (row.effective_at, row.operation_id)))
    return found


def write_full_count(
    connection: Connection,
    facility_id: int,
    operation_id: str,
    effective_at: int,
    shelves: Iterable[tuple[int, str, str]],
) -> None:
    """Remember that a count covered whole shelves, for cards that are first heard of later."""
    columns = ("facility_id", "product_id", "location", "account", "operation_id", "effective_at")
    rows = [(facility_id, *shelf, operation_id, effective_at) for shelf in sorted(shelves)]
    insert_rows(connection, "full_count", columns, rows)


def move(connection: Connection, facility_id: int, moved: Move) -> list[SortKey]:
    """Give a movement another place on a card; returns the places that change: where it stood and where it stands."""
    here = (
        col(Displacement.facility_id) == facility_id,
        col(Displacement.card) == moved.card,
        col(Displacement.operation_id) == moved.operation_id,
    )
    own = (
        select(col(Fact.effective_at), func.sum(col(Fact.quantity)))
        .where(
            col(Fact.facility_id) == facility_id,
            col(Fact.card) == moved.card,
            col(Fact.operation_id) == moved.operation_id,
        )
        .group_by(col(Fact.effective_at))
    )
    at, quantity = connection.execute(own).one()
    before = connection.execute(select(col(Displacement.at), col(Displacement.place_id)).where(*here)).first()
    places: list[SortKey] = [(at, moved.operation_id), moved.place]
    if before is not None and before[0] is not None:
        places.append((before[0], before[1] or ""))
    write_rows(
        connection,
        "INSERT INTO displacement (facility_id, card, operation_id, at, place_id, quantity) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (facility_id, card, operation_id) DO UPDATE SET at = excluded.at, place_id = excluded.place_id",
        [(facility_id, moved.card, moved.operation_id, *moved.place, int(quantity))],
    )
    return places


def first_line(connection: Connection, facility_id: int, card: int, operation_id: str) -> int:
    """The first line of an operation on a card, to point at."""
    statement = select(func.min(col(Fact.line))).where(
        col(Fact.facility_id) == facility_id, col(Fact.card) == card, col(Fact.operation_id) == operation_id
    )
    line: int | None = connection.execute(statement).scalar_one()
    return -1 if line is None else line


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
    connection: Connection,
    facility_id: int,
    numbers: Numbers,
    cards: Iterable[tuple[OpenCard, CardState, tuple[str, int]]],
) -> list[OpenCard]:
    """Store each card's new state and its (watch_by, watch_until) under a fresh change number; the cards as stored."""
    made, changed, stored = [], [], []
    for card, state, watch in cards:
        number, key = card.number, card.key
        on_hand, counted, last, negative = state
        values = (on_hand, *(counted or _NO_KEY), *(last or _NO_KEY), negative, *watch, numbers.next())
        if card.is_new:
            made.append((facility_id, number, *key, *values))
        else:
            changed.append((*values, facility_id, number))
        stored.append(OpenCard(number, key, state, False, *watch))
    insert_rows(connection, "card", CARD_COLUMNS, made)
    write_rows(
        connection,
        "UPDATE card SET on_hand = ?, counted_at = ?, counted_id = ?, last_at = ?, last_id = ?, negative_id = ?, "
        "watch_by = ?, watch_until = ?, change = ? WHERE facility_id = ? AND number = ?",
        changed,
    )
    return stored


def write_counts(
    connection: Connection,
    facility_id: int,
    found: Mapping[int, Mapping[SortKey, CountOutcome]],
    changed: Mapping[int, Sequence[SortKey]],
) -> None:
    """Store what counts found, by card; of the places that changed only those in `found` are counts that stand."""
    gone = [
        (facility_id, card, *place)
        for card, places in changed.items()
        for place in places
        if place not in found.get(card, {})
    ]
    write_rows(
        connection,
        "DELETE FROM count_result WHERE facility_id = ? AND card = ? AND effective_at = ? AND operation_id = ?",
        gone,
    )
    rows = [
        (facility_id, card, *place, count.variance, count.opening)
        for card, counts in found.items()
        for place, count in counts.items()
    ]
    write_rows(
        connection,
        "INSERT INTO count_result (facility_id, card, effective_at, operation_id, variance, opening) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (facility_id, card, effective_at, operation_id) "
        "DO UPDATE SET variance = excluded.variance, opening = excluded.opening",
        rows,
    )


def as_open(row: Row[Any]) -> OpenCard:
    """A row of the card table as the fold knows it."""
    return _opened(tuple(getattr(row, name) for name in _COLUMNS.split(", ")))


def _opened(row: Sequence[Any]) -> OpenCard:
    """A card from its values in the order of _COLUMNS."""
    number, product, lot, location, account, on_hand, counted_at, counted_id, last_at, last_id, negative = (
        row[:11]
    )
    counted = None if counted_at is None else (counted_at, counted_id)
    last = None if last_at is None else (last_at, last_id)
    state = CardState(on_hand, counted, last, negative)
    return OpenCard(number, (product, lot, location, account), state, False, row[11], row[12])

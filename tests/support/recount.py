"""The ledger counted again from the texts that were sent, by rules written a second time and on purpose plainly.

Nothing of the program's own fold, readers or services is used: what the tests compare must not share its mistakes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import create_engine, text

Place = tuple[int, str]
"""Where a fact sorts: (effective_at, operation id)."""


class Key(NamedTuple):
    """A card, by the codes that people know."""

    facility: str
    product: str
    lot: str
    location: str
    account: str


@dataclass
class Told:
    """What one operation said of one card."""

    place: Place
    counted: bool
    quantity: int


@dataclass
class Recount:
    """What the texts add up to: `cards` the stock on hand, `moved` the sum of the movements that stand."""

    cards: dict[Key, int] = field(default_factory=dict)
    moved: dict[Key, int] = field(default_factory=dict)


@dataclass
class Stored:
    """What the database says: operations as they came, cards, and the sum of each card's variances."""

    operations: list[tuple[str, str, Place, dict[str, Any]]]
    cards: dict[Key, int]
    variances: dict[Key, int]


_CARD = """
    SELECT facility.code, product.code, card.lot, card.location, card.account, {value}
    FROM card JOIN facility ON facility.id = card.facility_id JOIN product ON product.id = card.product_id
    {more}
"""
_VARIANCES = """
    JOIN count_result ON count_result.facility_id = card.facility_id AND count_result.card = card.number
    GROUP BY 1, 2, 3, 4, 5
"""
_OPERATIONS = """
    SELECT facility.code, operation.id, operation.effective_at, operation.content
    FROM operation JOIN facility ON facility.id = operation.facility_id
    WHERE operation.copy = 0 AND operation.outcome <> 'held'
"""


def stored(url: str) -> Stored:
    """Read it by plain SQL, on a connection of its own."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            operations = [
                (facility, id_, (at, id_), _read(bytes(content)))
                for facility, id_, at, content in connection.execute(text(_OPERATIONS))
            ]
            balances = connection.execute(text(_CARD.format(value="card.on_hand", more=""))).all()
            found = connection.execute(
                text(_CARD.format(value="sum(count_result.variance)", more=_VARIANCES))
            ).all()
    finally:
        engine.dispose()
    return Stored(
        operations,
        {Key(*row[:5]): int(row[5]) for row in balances},
        {Key(*row[:5]): int(row[5]) for row in found},
    )


def _read(content: bytes) -> dict[str, Any]:
    """A text that is in the ledger; a number that is longer than any quantity stands in a member nobody reads."""
    read: dict[str, Any] = json.loads(content, parse_int=lambda digits: int(digits[:40]))
    return read


def recount(operations: list[tuple[str, str, Place, dict[str, Any]]]) -> Recount:
    """Fold the texts of the operations that are in the ledger."""
    reversed_ids = {
        (facility, text_["body"]["operation"].lower())
        for facility, _, _, text_ in operations
        if text_["kind"] == "stock.reverse"
    }
    told: dict[Key, list[Told]] = defaultdict(list)
    zeroing: list[tuple[str, Place, set[Key]]] = []
    for facility, id_, place, operation in operations:
        said: dict[Key, Told] = {}
        for key, quantity, counted in _lines(facility, operation):
            said.setdefault(key, Told(place, counted, 0)).quantity += quantity
        for key, one in said.items():
            if (facility, id_) in reversed_ids:
                told[key] += []
            else:
                told[key].append(one)
        if operation["body"].get("all_lots") and (facility, id_) not in reversed_ids:
            zeroing.append((facility, place, set(said)))
    for facility, place, named in zeroing:
        groups = {key._replace(lot="") for key in named}
        for key in told:
            if key.facility == facility and key._replace(lot="") in groups and key not in named:
                told[key].append(Told(place, True, 0))
    return Recount(
        {key: _balance(facts) for key, facts in told.items()},
        {key: sum(fact.quantity for fact in facts if not fact.counted) for key, facts in told.items()},
    )


def differences(url: str) -> list[str]:
    """Where cards, and movements with variances, are not what the texts add up to; empty when all is right."""
    there = stored(url)
    again = recount(there.operations)
    wrong = [
        f"{key}: {again.cards.get(key)} by the texts, {there.cards.get(key)} stored"
        for key in sorted(again.cards.keys() | there.cards.keys())
        if again.cards.get(key) != there.cards.get(key)
    ]
    for key, moved in again.moved.items():
        if moved + there.variances.get(key, 0) != there.cards.get(key):
            wrong.append(f"{key}: movements and variances do not add up to the stock on hand")
    return wrong


def _balance(facts: list[Told]) -> int:
    balance = 0
    for fact in sorted(facts, key=lambda one: one.place):
        balance = fact.quantity if fact.counted else balance + fact.quantity
    return balance


def _lines(facility: str, operation: dict[str, Any]) -> Iterator[tuple[Key, int, bool]]:
    """(card, signed quantity, whether it was counted) of every line of a text."""
    body, kind = operation["body"], operation["kind"]
    if not kind.startswith("stock.") or kind == "stock.inspect":
        return
    out = {"stock.issue": -1, "stock.dispense": -1}.get(kind, 1)
    parts = [(1, body.get("produced", [])), (-1, body.get("consumed", [])), (out, body.get("lines", []))]
    for sign, lines in parts:
        for line in lines:
            lot = (line.get("lot") or {}).get("number", "")
            key = Key(facility, line["product"], lot, line.get("location", ""), line.get("account", ""))
            if kind == "stock.count":
                yield key, line["counted"], True
            elif kind == "stock.move":
                to = line["to"]
                yield key, -line["quantity"], False
                there = key._replace(location=to.get("location", ""), account=to.get("account", ""))
                yield there, line["quantity"], False
            else:
                yield key, sign * line["quantity"], False

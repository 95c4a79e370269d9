"""The ledger folded once more, from the operations' own texts and without any code of the server's: what must be.

It is written for plainness, not for speed: everything is sorted and folded from 0. From the server it takes
only what it decided once for ever, when it stored an operation: its time, and whether it was held.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tests.simulation import claims

Card = tuple[str, str, str, str]
"""(product, lot, location, account)."""
Place = tuple[int, str]
"""(effective_at, operation id)."""
Fact = tuple[Place, bool, int]
"""(place, whether it is a count, quantity) of an operation on a card."""

SIGNS = {"stock.receive": 1, "stock.issue": -1, "stock.dispense": -1, "stock.adjust": 1}


@dataclass(frozen=True)
class Told:
    """An operation in the ledger of one facility."""

    id: str
    effective_at: int
    text: bytes

    @property
    def place(self) -> Place:
        """Where it sorts."""
        return self.effective_at, self.id

    @cached_property
    def content(self) -> Any:
        """What it says."""
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.content["kind"])

    @property
    def body(self) -> Any:
        """What its kind says."""
        return self.content["body"]


def cards(ledgers: Mapping[str, Sequence[Told]], facility: str) -> dict[Card, int]:
    """Every card that the operations of a facility speak of, with what is on hand."""
    told = sorted(ledgers[facility], key=lambda one: one.place)
    gone = _reversed(told)
    second = claims.second(told, gone, claims.sent_to(ledgers, facility))
    facts: dict[Card, list[Fact]] = defaultdict(list)
    for one in told:
        for card, counted, quantity in _effects(one):
            # A card is heard of by what was reversed, too.
            of_card = facts[card]
            if one.id not in gone and (one.id, card[0], card[1]) not in second:
                of_card.append((one.place, counted, quantity))
    for one in told:
        if one.kind == "stock.count" and one.body.get("all_lots") and one.id not in gone:
            for card in _emptied(one, facts):
                facts[card].append((one.place, True, 0))
    return {card: _fold(sorted(found)) for card, found in facts.items()}


def _reversed(told: Iterable[Told]) -> set[str]:
    """What a reversal of the same facility speaks of, unless it is one itself, or no operation on stock."""
    reversible = {one.id for one in told if one.kind.startswith("stock.") and one.kind != "stock.reverse"}
    return {one.body["operation"].lower() for one in told if one.kind == "stock.reverse"} & reversible


def _effects(one: Told) -> list[tuple[Card, bool, int]]:
    """(card, counted, quantity) of each line."""
    body = one.body
    if one.kind == "stock.count":
        return [(_card(line), True, line["counted"]) for line in body["lines"]]
    if one.kind == "stock.unpack":
        taken = [(_card(line), False, -line["quantity"]) for line in body["consumed"]]
        return taken + [(_card(line), False, line["quantity"]) for line in body["produced"]]
    if one.kind in SIGNS:
        return [(_card(line), False, SIGNS[one.kind] * line["quantity"]) for line in body["lines"]]
    return []


def _emptied(count: Told, known: Iterable[Card]) -> list[Card]:
    """Cards at the places of a count of the whole shelf that it does not name."""
    named = {_card(line) for line in count.body["lines"]}
    shelves = {(product, location, account) for product, _, location, account in named}
    return [card for card in known if card not in named and (card[0], card[2], card[3]) in shelves]


def _card(line: Any) -> Card:
    return line["product"], claims.lot_of(line), line.get("location", ""), line.get("account", "")


def _fold(facts: Sequence[Fact]) -> int:
    on_hand = 0
    counted_by: Place | None = None
    for place, counted, quantity in facts:
        if not counted or counted_by == place:
            # The lines of one count on one card are one sum.
            on_hand += quantity
        else:
            on_hand, counted_by = quantity, place
    return on_hand

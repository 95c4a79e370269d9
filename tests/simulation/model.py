"""The ledger folded once more, from the operations' own texts and without any code of the server's: what must be.

It is written for plainness, not for speed: everything is sorted and folded from 0. From the server it takes
only what it decided once for ever, when it stored an operation: its time, and whether it was held.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Card = tuple[str, str, str, str]
"""(product, lot, location, account)."""
Place = tuple[int, str]
"""(effective_at, operation id)."""

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


def cards(ledger: Iterable[Told]) -> dict[Card, int]:
    """Every card that the operations of a facility speak of, with what is on hand."""
    told = sorted(ledger, key=lambda one: one.place)
    contents: dict[str, Any] = {one.id: json.loads(one.text) for one in told}
    gone = _reversed(contents)
    facts: dict[Card, list[tuple[Place, bool, int]]] = defaultdict(list)
    for one in told:
        for card, counted, quantity in _effects(contents[one.id]):
            facts[card].append((one.place, counted, quantity))
    return {card: _fold([fact for fact in found if fact[0][1] not in gone]) for card, found in facts.items()}


def _reversed(contents: dict[str, Any]) -> set[str]:
    return {
        content["body"]["operation"] for content in contents.values() if content["kind"] == "stock.reverse"
    }


def _effects(content: Any) -> list[tuple[Card, bool, int]]:
    """(card, counted, quantity) of each line."""
    kind, body = content["kind"], content["body"]
    if kind == "stock.count":
        return [(_card(line), True, line["counted"]) for line in body["lines"]]
    if kind == "stock.unpack":
        taken = [(_card(line), False, -line["quantity"]) for line in body["consumed"]]
        return taken + [(_card(line), False, line["quantity"]) for line in body["produced"]]
    if kind in SIGNS:
        return [(_card(line), False, SIGNS[kind] * line["quantity"]) for line in body["lines"]]
    return []


def _card(line: Any) -> Card:
    lot = line.get("lot")
    return line["product"], lot["number"] if lot else "", line.get("location", ""), line.get("account", "")


def _fold(facts: Sequence[tuple[Place, bool, int]]) -> int:
    on_hand = 0
    counted_by: Place | None = None
    for place, counted, quantity in facts:
        if not counted or counted_by == place:
            # The lines of one count on one card are one sum.
            on_hand += quantity
        else:
            on_hand, counted_by = quantity, place
    return on_hand

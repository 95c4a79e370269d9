"""PURE: which receipt received which shipment, and which came second.

A shipment is an issue of one facility to another. A receipt claims it by naming it, or is matched to it by
source, reference and lots. Of the receipts that claim one line of a shipment the first in effective order
stands; the others are out of the fold until a person decides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import NamedTuple

from sync.fold import SortKey

Item = tuple[int, str]
"""(product id, lot number; empty for none)."""


class ShipmentTold(NamedTuple):
    """A shipment as far as matching needs it."""

    id: str
    source: int
    reference: str
    effective_at: int
    items: frozenset[Item]

    @property
    def key(self) -> SortKey:
        """Its place in effective order."""
        return self.effective_at, self.id


class ReceiptTold(NamedTuple):
    """A standing receipt from a facility, or of a named shipment; `shipment` is empty where none is named."""

    id: str
    source: int | None
    shipment: str
    reference: str
    effective_at: int
    items: frozenset[Item]

    @property
    def key(self) -> SortKey:
        """Its place in effective order."""
        return self.effective_at, self.id


def matches(receipts: Iterable[ReceiptTold], shipments: Iterable[ShipmentTold]) -> dict[str, str]:
    """The shipment of each receipt that names none, by receipt id.

    In effective order each takes the first shipment from its source that nobody took or named, has every
    item that was received, and no other reference. If there is none, it may be a second receipt of one that
    was named: that is believed only where both bear the same reference.
    """
    told, sent = sorted(receipts, key=lambda one: one.key), sorted(shipments, key=lambda one: one.key)
    named = {one.shipment for one in told if one.shipment}
    taken: set[str] = set()
    found: dict[str, str] = {}
    for receipt in told:
        if receipt.shipment:
            continue
        fitting = [one for one in sent if _fits(receipt, one)]
        free = [one for one in fitting if one.id not in named and one.id not in taken]
        again = [one for one in fitting if receipt.reference and receipt.reference == one.reference]
        if chosen := free or again:
            found[receipt.id] = chosen[0].id
            taken.add(chosen[0].id)
    return found


def _fits(receipt: ReceiptTold, shipment: ShipmentTold) -> bool:
    same_paper = not receipt.reference or not shipment.reference or receipt.reference == shipment.reference
    return receipt.source == shipment.source and same_paper and receipt.items <= shipment.items


def second_claims(
    receipts: Iterable[ReceiptTold], shipment_of: Mapping[str, str], let_in: Set[tuple[str, Item]]
) -> dict[str, list[Item]]:
    """Items of each receipt, by receipt id, that another receipt of the same shipment had received before.

    `shipment_of` is the shipment of each receipt, named or matched; `let_in` what people decided to count.
    """
    claimed: dict[tuple[str, Item], str] = {}
    second: dict[str, list[Item]] = defaultdict(list)
    for receipt in sorted(receipts, key=lambda one: one.key):
        shipment = shipment_of.get(receipt.id)
        for item in sorted(receipt.items) if shipment else ():
            first = claimed.setdefault((shipment or "", item), receipt.id)
            if first != receipt.id and (receipt.id, item) not in let_in:
                second[receipt.id].append(item)
    return dict(second)


def unmatched(receipts: Sequence[ReceiptTold], shipment_of: Mapping[str, str], known: Set[str]) -> list[str]:
    """Receipts from a facility with no shipment that is known here."""
    return [one.id for one in receipts if one.source is not None and shipment_of.get(one.id, "") not in known]

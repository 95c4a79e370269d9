"""Random histories of one facility as a device knows a part of them, and vectors made from a seed.

`history(pick)` makes one; `pick(n)` gives a number from 0 to n - 1. `python -m tests.support.view_histories`
writes tests/vectors/view/cards/random.json, which the worker's view must pass too.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sync.fold import CardFact, CardState, fold
from sync.view import CardKey, Claim, OwnOperation, Row, View, views

VECTORS = Path(__file__).parent.parent / "vectors" / "view" / "cards"
SEED = 20261122
CASES = 300

Pick = Callable[[int], int]


@dataclass(frozen=True)
class History:
    """Everything that happened, and of it what was pulled, what is the device's own and what it kept of that."""

    everything: list[OwnOperation]
    pulled: list[OwnOperation]
    own: list[OwnOperation]
    kept: list[OwnOperation]
    shipments: dict[Claim, bool]

    @property
    def rows(self) -> dict[CardKey, Row]:
        """The pulled rows: the fold of what they contain."""
        return {
            card: Row(state.on_hand, state.counted, state.last)
            for card, state in whole_fold(self.pulled).items()
        }

    @property
    def views(self) -> dict[CardKey, View]:
        """What the device shows."""
        return views(self.rows, self.own, self.kept, self.shipments)


def standing(operations: Iterable[OwnOperation]) -> dict[str, dict[CardKey, CardFact]]:
    """Each operation's facts that are in the fold, straight from PROTOCOL.md: reversals, then receipts."""
    everything = {one.id: one for one in operations}
    gone = {
        one.reverses
        for one in everything.values()
        if one.reverses in everything and everything[one.reverses].reverses is None
    }
    first: dict[Claim, str] = {}
    facts: dict[str, dict[CardKey, CardFact]] = {}
    for one in sorted(everything.values(), key=lambda each: each.key):
        if one.id in gone:
            continue
        facts[one.id] = {
            card: fact
            for card, fact in one.facts.items()
            if one.shipment is None
            or first.setdefault((one.shipment, card.product, card.lot), one.id) == one.id
        }
    return facts


def whole_fold(operations: Iterable[OwnOperation]) -> dict[CardKey, CardState]:
    """Every card that any of these operations names, folded as the server folds it."""
    operations = list(operations)
    facts = standing(operations)
    cards: dict[CardKey, list[CardFact]] = {card: [] for one in operations for card in one.facts}
    for one in operations:
        if one.id not in facts:
            continue
        for card in cards:
            if card in facts[one.id]:
                cards[card].append(facts[one.id][card])
            elif one.all_lots and card.place in {named.place for named in one.facts}:
                cards[card].append(CardFact(one.effective_at, one.id, True, 0))
    return {card: fold(found)[0] for card, found in cards.items()}


def history(pick: Pick) -> History:
    """One history of up to 10 operations on up to 8 cards of two products, with a part of it pulled."""
    everything: list[OwnOperation] = []
    mine: set[str] = set()
    after: set[str] = set()
    for number in range(1 + pick(10)):
        # Ids are not in the order of time: the clocks of two devices are never the same.
        id_ = f"{pick(1000):03d}{number}"
        is_mine = pick(2) == 0
        is_after = is_mine and pick(3) != 0
        everything.append(_operation(pick, id_, everything, after, is_after))
        mine |= {id_} if is_mine else set()
        after |= {id_} if is_after else set()
    pulled = [one for one in everything if one.id not in after]
    own = [one for one in everything if one.id in after]
    kept = [one for one in pulled if one.id in mine and pick(5) != 0]
    # Sent under another device id before: it may be contained in what was pulled, or not.
    sent_before = {one.id for one in kept if pick(30) == 0}
    own += [one for one in kept if one.id in sent_before]
    kept = [one for one in kept if one.id not in sent_before]
    own = [
        replace(one, resent="answered" if pick(2) else "unanswered")
        if one.id in sent_before or pick(30) == 0
        else one
        for one in own
    ]
    claimed = {
        (one.shipment, card.product, card.lot)
        for one in pulled
        if one.shipment is not None
        for card in standing(pulled).get(one.id, {})
    }
    shipments: dict[Claim, bool] = {}
    for shipment in ("s1", "s2"):
        if pick(4) != 0:
            shipments |= {claim: claim in claimed for claim in ((shipment, "P", "A"), (shipment, "P", "B"))}
    return History(everything, pulled, own, kept, shipments)


def _operation(
    pick: Pick, id_: str, before: list[OwnOperation], after: set[str], is_after: bool
) -> OwnOperation:
    at, kind = pick(12), pick(8)
    if kind == 0:
        # A device sends in order, so what was pulled reverses nothing that was not.
        targets = [one.id for one in before if is_after or one.id not in after]
        choice = pick(len(targets) + 1)
        return OwnOperation(id_, at, {}, reverses=targets[choice] if choice < len(targets) else "999x")
    cards = {_card(pick) for _ in range(1 + pick(3))}
    counted = kind in (1, 2)
    facts = {
        card: CardFact(at, id_, counted, pick(20) if counted else pick(41) - 20) for card in sorted(cards)
    }
    if kind == 3:
        facts = {card: fact._replace(quantity=abs(fact.quantity)) for card, fact in facts.items()}
        return OwnOperation(id_, at, facts, shipment=f"s{1 + pick(2)}")
    return OwnOperation(id_, at, facts, all_lots=kind == 1)


def _card(pick: Pick) -> CardKey:
    product = "PQ"[pick(4) // 3]
    return CardKey(product, "ABC"[pick(3)], "R" if pick(4) == 0 else "")


def as_case(name: str, found: History) -> dict[str, object]:
    """A history as a vector; tests/vectors/README.md says what its members mean."""
    return {
        "name": name,
        "rows": [[*card, row.on_hand, row.counted, row.last] for card, row in found.rows.items()],
        "own": [_written(one) for one in found.own],
        "kept": [_written(one) for one in found.kept],
        "shipments": [[*claim, received] for claim, received in found.shipments.items()],
        "views": [[*card, *view] for card, view in found.views.items()],
    }


def _written(one: OwnOperation) -> dict[str, object]:
    """Only what is not as usual, for there are many."""
    written: dict[str, object] = {"id": one.id, "at": one.effective_at}
    if one.facts:
        key = "counts" if any(fact.counted for fact in one.facts.values()) else "moves"
        written[key] = [[*card, fact.quantity] for card, fact in one.facts.items()]
    for name in ("all_lots", "reverses", "shipment", "resent", "uncertain"):
        if value := getattr(one, name):
            written[name] = value
    return written


def read_operation(written: dict[str, object]) -> OwnOperation:
    """The operation in a vector."""
    id_, at = str(written["id"]), int(str(written["at"]))
    facts: dict[CardKey, CardFact] = {}
    for name in ("counts", "moves"):
        for *card, quantity in written.get(name, []):  # type: ignore[attr-defined]
            facts[CardKey(*card)] = CardFact(at, id_, name == "counts", quantity)
    reverses, shipment, unsettles = (written.get(name) for name in ("reverses", "shipment", "unsettles"))
    return OwnOperation(
        id_,
        at,
        facts,
        all_lots=written.get("all_lots") is True,
        reverses=None if reverses is None else str(reverses),
        shipment=None if shipment is None else str(shipment),
        resent=str(written.get("resent", "")),
        unsettles=None if unsettles is None else str(unsettles),
        uncertain=written.get("uncertain") is True,
    )


def random_cases() -> str:
    """The text of random.json: the same on every machine, for only `random()` is used of the generator."""
    source = random.Random(SEED)
    cases = [
        as_case(f"random {number}", history(lambda n: int(source.random() * n))) for number in range(CASES)
    ]
    return "[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n"


if __name__ == "__main__":
    (VECTORS / "random.json").write_text(random_cases())

"""What people record on the tablets of a simulation: bodies of every kind that this release understands."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from sync.operations import BODIES
from tests.simulation.place import FACILITIES, PRODUCTS

Body = dict[str, Any]

LOTS: tuple[dict[str, str] | None, ...] = (
    None,
    {"number": "L1", "expiry": "2028-01-31"},
    {"number": "L1", "expiry": "2028-01-31"},
    {"number": "L2", "expiry": "2027-06-30"},
    # The same box read another way: two dates for one lot.
    {"number": "L1", "expiry": "2027-01-31"},
)
DEBITS = ("damaged", "expired", "lost")
CREDITS = ("found", "donation")


def some_work(chance: Random, facility: str, known: list[str]) -> tuple[str, Body]:
    """A kind and its body; `known` are ids of operations that a reversal or a receipt may speak of."""
    kinds = [kind for kind in MAKERS if (kind, 1) in BODIES]
    kind = chance.choices(kinds, [MAKERS[one][0] for one in kinds])[0]
    return kind, MAKERS[kind][1](chance, facility, known)


def _card(chance: Random) -> Body:
    product = chance.choices((*PRODUCTS, "GONE", "NO SUCH THING"), (40, 30, 20, 1, 0.5))[0]
    card: Body = {"product": product, "lot": chance.choice(LOTS)}
    if chance.random() < 0.1:
        card["location"] = "fridge"
    if chance.random() < 0.05:
        card["account"] = "malaria"
    return card


def _lines(chance: Random, most: int = 3) -> list[Body]:
    return [
        {**_card(chance), "quantity": chance.randint(1, 30)} for _ in range(chance.choice((1, 1, 2, most)))
    ]


def _receive(chance: Random, facility: str, known: list[str]) -> Body:
    body: Body = {
        "source": {"supplier": "Central"},
        "reference": f"D{chance.randint(1, 9)}",
        "lines": _lines(chance),
    }
    if chance.random() < 0.4:
        body["source"] = {"facility": _other(facility)}
        if known and chance.random() < 0.7:
            # One of the last: two receipts of one shipment should be no rarity.
            body["shipment"] = chance.choice(known[-5:])
    return body


def _issue(chance: Random, facility: str, _known: list[str]) -> Body:
    if chance.random() < 0.6:
        return {"destination": {"ward": "OPD"}, "lines": _lines(chance)}
    return {
        "destination": {"facility": _other(facility)},
        "reference": f"D{chance.randint(1, 9)}",
        "lines": _lines(chance),
    }


def _dispense(chance: Random, _facility: str, _known: list[str]) -> Body:
    return {"lines": _lines(chance)}


def _adjust(chance: Random, _facility: str, _known: list[str]) -> Body:
    lines = _lines(chance, 2)
    for line in lines:
        sign = chance.choice((-1, 1))
        reasons = CREDITS if (sign > 0) == (chance.random() < 0.95) else DEBITS
        line |= {"quantity": sign * line["quantity"], "reason": chance.choice(reasons)}
    return {"lines": lines}


def _count(chance: Random, _facility: str, _known: list[str]) -> Body:
    lines = []
    for line in _lines(chance, 2):
        del line["quantity"]
        lines.append({**line, "counted": chance.choice((0, chance.randint(0, 60)))})
    body: Body = {"session": f"S{chance.randint(1, 3)}", "lines": lines}
    if chance.random() < 0.25:
        body["all_lots"] = True
    return body


def _unpack(chance: Random, _facility: str, _known: list[str]) -> Body:
    return {"consumed": _lines(chance, 2), "produced": _lines(chance)}


def _reverse(chance: Random, _facility: str, known: list[str]) -> Body:
    strange = "01a20000-0000-7000-8000-000000000000"
    target = chance.choice(known) if known and chance.random() < 0.97 else strange
    return {"operation": target, "reason": chance.choice(("", "a slip"))}


def _other(facility: str) -> str:
    return next(code for code in FACILITIES if code != facility)


MAKERS: dict[str, tuple[float, Callable[[Random, str, list[str]], Body]]] = {
    "stock.receive": (6, _receive),
    "stock.issue": (5, _issue),
    "stock.dispense": (4, _dispense),
    "stock.adjust": (3, _adjust),
    "stock.count": (5, _count),
    "stock.unpack": (2, _unpack),
    "stock.reverse": (3, _reverse),
}
"""How often each kind is recorded, and how. A new kind gets its row here."""

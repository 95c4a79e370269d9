"""A body of every kind that the server takes, for tests that spoil them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.sync.conftest import line

LOT = {"number": "L1", "expiry": "2028-01-31"}
EXAMPLES_OF_BODIES: dict[str, Callable[[str], dict[str, Any]]] = {
    "stock.receive": lambda _id: {
        "source": {"supplier": "C"},
        "reference": "D1",
        "lines": [line("P1", 9), line("P2", 3)],
    },
    "stock.issue": lambda _id: {
        "destination": {"facility": "B"},
        "lines": [line("P1", 4, vvm=2, location="fridge")],
    },
    "stock.dispense": lambda _id: {"lines": [{**line("P1", 2), "directions": "twice a day", "days": 5}]},
    "stock.adjust": lambda _id: {"lines": [{**line("P2", -1), "reason": "damaged"}]},
    "stock.count": lambda _id: {
        "session": "s1",
        "all_lots": True,
        "lines": [
            {"product": "P1", "lot": LOT, "counted": 7, "reasons": [{"reason": "found", "quantity": 2}]}
        ],
    },
    "stock.unpack": lambda _id: {"consumed": [line("P3", 1)], "produced": [line("P1", 5), line("P2", 5)]},
    "stock.move": lambda _id: {
        "lines": [{**line("P1", 2, vvm=1), "to": {"location": "fridge", "account": "GF"}}]
    },
    "stock.inspect": lambda _id: {"lines": [{"product": "P1", "lot": LOT, "vvm": 3}]},
    "location.set": lambda _id: {"code": "F1", "name": "Fridge", "active": True},
    "product.identify": lambda _id: {
        "product": "P1",
        "system": "gtin",
        "value": "09506000117843",
        "active": True,
    },
    "person.set": lambda _id: {"key": "favourites", "value": [["P1", 2], {"name": None}]},
    "recall.answer": lambda id_: {
        "recall": id_,
        "product": "P1",
        "lot": "L1",
        "found": 3,
        "destroyed": 3,
        "witness": "Kofi",
    },
    "feedback.read": lambda id_: {"feedback": id_},
    "stock.reverse": lambda id_: {"operation": id_, "reason": "typed twice"},
    "device.gap": lambda _id: {"from": 1, "to": 2},
    "exception.resolve": lambda id_: {
        "exception": id_,
        "action": "accept",
        "note": "seen",
        "expiry": "2028-01-31",
    },
}

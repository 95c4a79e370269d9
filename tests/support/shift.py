"""What a tablet records in a shift, at random: every kind of stock movement on a few shared cards of its facility."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from backend.clock import system_clock
from sync.operations import BODIES
from tests.support import clinic
from tests.support.tablet import Tablet

Line = dict[str, Any]


class Shift:
    """One person at one tablet. What is recorded follows from `choose` alone."""

    def __init__(
        self,
        tablet: Tablet,
        choose: random.Random,
        *,
        products: int,
        clock: Callable[[], int] = system_clock,
    ) -> None:
        self.tablet = tablet
        self.clock = clock
        self.choose = choose
        self.products = products
        kinds: dict[str, tuple[int, Callable[[], None]]] = {
            "stock.receive": (6, self._receive),
            "stock.issue": (6, self._issue),
            "stock.dispense": (3, self._dispense),
            "stock.adjust": (2, self._adjust),
            "stock.count": (4, self._count),
            "stock.unpack": (2, self._unpack),
            "stock.reverse": (2, self._reverse),
        }
        known = [kinds[kind] for kind, _ in BODIES if kind in kinds]
        self._weights = [weight for weight, _ in known]
        self._record = [record for _, record in known]
        # A count of all lots came with unpacking; before that it waits whole.
        self._all_lots = ("stock.unpack", 1) in BODIES

    def record(self, operations: int = 1) -> None:
        """Save so many operations on the tablet."""
        for _ in range(operations):
            self.choose.choices(self._record, self._weights)[0]()

    def _lines(self, number: int = 2) -> list[Line]:
        """So many lines on cards of their own, without a quantity."""
        return [
            {
                "product": clinic.code(product),
                "lot": {"number": f"L{self.choose.randint(1, 2)}", "expiry": "2030-06-30"},
            }
            for product in self.choose.sample(range(self.products), number)
        ]

    def _moved(self, most: int, number: int = 2) -> list[Line]:
        return [{**line, "quantity": self.choose.randint(1, most)} for line in self._lines(number)]

    def _save(self, kind: str, lines: list[Line] | None, **body: Any) -> None:
        self.tablet.record(kind, lines, at=self.clock(), **body)

    def _receive(self) -> None:
        self._save("stock.receive", self._moved(90), source={"supplier": "central"})

    def _issue(self) -> None:
        self._save("stock.issue", self._moved(30), destination={"ward": "A"})

    def _dispense(self) -> None:
        self._save("stock.dispense", self._moved(9))

    def _adjust(self) -> None:
        lines = [{**line, "quantity": -line["quantity"], "reason": "damaged"} for line in self._moved(5)]
        self._save("stock.adjust", lines)

    def _count(self) -> None:
        lines = [{**line, "counted": self.choose.randint(0, 500)} for line in self._lines()]
        more = {"all_lots": True} if self._all_lots and self.choose.random() < 0.25 else {}
        self._save("stock.count", lines, **more)

    def _unpack(self) -> None:
        kit, part = self._moved(20)
        self._save("stock.unpack", None, consumed=[kit], produced=[part])

    def _reverse(self) -> None:
        if not self.tablet.kept:
            self._receive()
            return
        wrong = self.choose.choice(self.tablet.kept[-40:])
        self._save("stock.reverse", None, operation=wrong.id, reason="typed twice")

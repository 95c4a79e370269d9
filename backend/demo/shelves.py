"""Lots on the shelves of the simulated facilities: put, and picked first expired, first out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class HeldLot:
    """So much of one lot on one shelf."""

    number: str
    expiry: date
    quantity: int

    def as_line(self) -> dict[str, object]:
        """The lot as a line of an operation names it."""
        return {"number": self.number, "expiry": self.expiry.isoformat()}


class Shelf:
    """One product at one facility, lots in the order of their expiry."""

    def __init__(self) -> None:
        self.lots: list[HeldLot] = []

    @property
    def quantity(self) -> int:
        """All lots together."""
        return sum(lot.quantity for lot in self.lots)

    def put(self, number: str, expiry: date, quantity: int) -> None:
        """Add to a lot, or a lot to the shelf."""
        for lot in self.lots:
            if lot.number == number:
                lot.quantity += quantity
                return
        self.lots.append(HeldLot(number, expiry, quantity))
        self.lots.sort(key=lambda lot: (lot.expiry, lot.number))

    def pick(self, quantity: int, on: date) -> list[HeldLot]:
        """Take up to so much of what has not expired on that day, first expired first."""
        picked = []
        for lot in self.lots:
            taken = min(quantity, lot.quantity) if lot.expiry >= on else 0
            if taken:
                lot.quantity -= taken
                quantity -= taken
                picked.append(HeldLot(lot.number, lot.expiry, taken))
        self.lots = [lot for lot in self.lots if lot.quantity]
        return picked

    def remove_expired(self, on: date) -> list[HeldLot]:
        """Take out all lots past their expiry."""
        gone = [lot for lot in self.lots if lot.expiry < on]
        self.lots = [lot for lot in self.lots if lot.expiry >= on]
        return gone

"""What a facility's period report means as facts on the card without lot, and which months it decides anew.

The opening is a count at the first moment of the month for a first report or after a missing month; where
the month before is reported, the card already stands at its closing, and only a difference is booked. The
other figures are booked in the last second of the month, a millisecond apart, in an order in which a true
report never takes the card below 0: what came in before what went out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from backend.domain.periods import shifted


class Figures(NamedTuple):
    """The figures of one report, in dispensing units; `adjustment` is signed."""

    opening: int
    received: int
    dispensed: int
    adjustment: int
    closing: int
    stockout_days: int = 0

    @property
    def discrepancy(self) -> int:
        """What the closing has beyond what the other figures come to; 0 where the report closes."""
        return self.closing - (self.opening + self.received - self.dispensed + self.adjustment)


class ReportFact(NamedTuple):
    """One fact of a report: `line` also says its place in time, 0 at the month's start, 1 to 5 at its end.

    `cause` says whose adjustment it is: `reported`, `computer_generated`, or empty for other flows.
    """

    line: int
    flow: str
    quantity: int
    cause: str = ""


OPENING, RECEIPT, ADJUSTED_UP, DISPENSING, ADJUSTED_DOWN, DISCREPANCY = range(6)


def facts_of(figures: Figures, closing_before: int | None) -> list[ReportFact]:
    """The facts of a report; `closing_before` is what the month before closed with, None where it is missing."""
    facts = []
    if closing_before is None:
        facts.append(ReportFact(OPENING, "counted", figures.opening))
    elif figures.opening != closing_before:
        facts.append(ReportFact(OPENING, "adjusted", figures.opening - closing_before, "computer_generated"))
    booked = [
        ReportFact(RECEIPT, "received", figures.received),
        ReportFact(ADJUSTED_UP, "adjusted", max(0, figures.adjustment), "reported"),
        ReportFact(DISPENSING, "dispensed", -figures.dispensed),
        ReportFact(ADJUSTED_DOWN, "adjusted", min(0, figures.adjustment), "reported"),
        ReportFact(DISCREPANCY, "adjusted", figures.discrepancy, "computer_generated"),
    ]
    return facts + [fact for fact in booked if fact.quantity]


def periods_to_post(stored: Mapping[int, Figures], incoming: Mapping[int, Figures]) -> list[int]:
    """Periods whose facts are new or not those in the ledger, in order.

    Beside the incoming ones these are their followers: a month that is reported at last, or with another
    closing, decides anew how the next one opens.
    """
    merged = {**stored, **incoming}
    suspects = set(incoming) | {shifted(period, 1) for period in incoming} & merged.keys()
    return sorted(
        period
        for period in suspects
        if period not in stored
        or stored[period] != merged[period]
        or facts_of(stored[period], closing_before(stored, period))
        != facts_of(merged[period], closing_before(merged, period))
    )


def closing_before(reports: Mapping[int, Figures], period: int) -> int | None:
    """What the month before closed with; None where it is not reported."""
    before = reports.get(shifted(period, -1))
    return None if before is None else before.closing


def computer_generated(facts: Collection[ReportFact]) -> int:
    """How many of the facts the computer made up so that reports close and join."""
    return sum(fact.cause == "computer_generated" for fact in facts)

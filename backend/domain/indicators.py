"""Calculated items of consumption: adjusted consumption, AMC, months of stock. Exact in integers.

The formulas and the settings in brackets are those of the logistics handbook (USAID | DELIVER), as fixed
in this project's own vocabulary; tests/unit/test_indicators.py names the source of each example.
"""

from __future__ import annotations

from collections.abc import Sequence

ENDLESS_TENTHS = 999
"""Months of stock shown, in tenths, where there is stock and nobody uses it."""


def half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded half up (towards plus infinity); the denominator must be above 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def adjusted_consumption(consumed: int, stockout_days: int, days_in_month: int = 30) -> int:
    """What a month would have used without its stockout days: C x D / (D - X), rounded half up.

    C itself when there were no stockout days, or when the whole month was stocked out.
    """
    if stockout_days <= 0 or stockout_days >= days_in_month:
        return consumed
    return half_up(consumed * days_in_month, days_in_month - stockout_days)


def average_monthly_consumption(adjusted: Sequence[int], months: int = 3) -> int | None:
    """AMC: the mean of the last `months` adjusted consumptions, given oldest first, rounded half up.

    With fewer months, the mean of those there are; None with none.
    """
    last = adjusted[-months:]
    return half_up(sum(last), len(last)) if last else None


def months_of_stock_tenths(on_hand: int, amc: int) -> int:
    """Months of stock in tenths of a month, rounded half up.

    An AMC of 0 gives 99.9 months with stock and 0.0 without.
    """
    if amc <= 0:
        return ENDLESS_TENTHS if on_hand > 0 else 0
    return half_up(on_hand * 10, amc)

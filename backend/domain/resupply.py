"""Inventory levels of a max-min system: minimum, maximum, emergency order point, quantity to order, status.

Source: USAID | DELIVER, The Logistics Handbook, chapters on assessing stock status and maximum-minimum
inventory control. Policies are kept in hundredths of a month so that 0.25 is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.indicators import half_up

STATUSES = ("stocked_out", "understocked", "according_to_plan", "overstocked", "unknown")


@dataclass(frozen=True, slots=True)
class InventoryPolicy:
    """Months of stock of a facility type, in hundredths of a month."""

    minimum: int
    maximum: int
    emergency: int


@dataclass(frozen=True, slots=True)
class Levels:
    """The policy of one facility and product in dispensing units."""

    minimum: int
    maximum: int
    emergency: int


def levels(amc: int, policy: InventoryPolicy) -> Levels:
    """AMC times the months of the policy, each rounded half up to whole dispensing units."""
    return Levels(
        half_up(amc * policy.minimum, 100),
        half_up(amc * policy.maximum, 100),
        half_up(amc * policy.emergency, 100),
    )


def quantity_to_order(maximum: int, on_hand: int, pack_size: int = 1) -> int:
    """Maximum minus stock on hand in dispensing units, not below 0, rounded up to whole packs."""
    missing = max(0, maximum - on_hand)
    return -(-missing // pack_size) * pack_size


def stock_status(on_hand: int, known: Levels | None) -> str:
    """One of STATUSES; `known` is None where there is no AMC yet or no policy, and the status unknown.

    A card below 0 (more was recorded as leaving than was there) counts as stocked out.
    """
    if known is None:
        return "unknown"
    if on_hand <= 0:
        return "stocked_out"
    if on_hand < known.minimum:
        return "understocked"
    if on_hand > known.maximum:
        return "overstocked"
    return "according_to_plan"


def is_emergency(on_hand: int, known: Levels | None) -> bool:
    """Whether stock is below the emergency order point, to be ordered at once whatever the period."""
    return known is not None and on_hand < known.emergency

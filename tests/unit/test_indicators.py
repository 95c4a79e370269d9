"""Consumption, AMC, months of stock, levels, order and status by tables of examples with their source."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.indicators import (
    adjusted_consumption,
    average_monthly_consumption,
    half_up,
    months_of_stock_tenths,
)
from backend.domain.resupply import (
    InventoryPolicy,
    Levels,
    is_emergency,
    levels,
    quantity_to_order,
    stock_status,
)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [
        (5, 2, 3),
        (4, 3, 1),
        (7, 2, 4),
        (1, 3, 0),
        (0, 7, 0),
        (-5, 2, -2),
        (-7, 3, -2),
        (10**18 + 1, 2, 5 * 10**17 + 1),
    ],
)
def test_half_up_rounds_a_half_upwards(numerator: int, denominator: int, rounded: int) -> None:
    assert half_up(numerator, denominator) == rounded


@given(st.integers(-(10**20), 10**20), st.integers(1, 10**12))
def test_half_up_is_exact_at_any_size(numerator: int, denominator: int) -> None:
    error = half_up(numerator, denominator) - Fraction(numerator, denominator)
    assert -Fraction(1, 2) < error <= Fraction(1, 2)


@pytest.mark.parametrize(
    ("consumed", "stockout_days", "days", "adjusted"),
    [
        # OpenLMIS requisition manual: 100 used with 15 of 30 days stocked out is 200 a full month.
        (100, 15, 30, 200),
        # DOMAIN.md: C x D / (D - X) rounded half up: 10 x 30 / 26 = 11.54; 7 x 30 / 20 = 10.5.
        (10, 4, 30, 12),
        (7, 10, 30, 11),
        # DOMAIN.md: if X >= D, or X = 0, it is C.
        (10, 30, 30, 10),
        (10, 31, 30, 10),
        (10, 0, 30, 10),
        # D is a setting.
        (27, 1, 28, 28),
        (0, 12, 30, 0),
    ],
)
def test_consumption_is_adjusted_for_stockout_days(
    consumed: int, stockout_days: int, days: int, adjusted: int
) -> None:
    assert adjusted_consumption(consumed, stockout_days, days) == adjusted


@pytest.mark.parametrize(
    ("adjusted", "months", "amc"),
    [
        # civ_logistics 2016-2018, where recorded AMC is the mean of three months rounded half up.
        ([10, 11, 11], 3, 11),
        ([10, 10, 11], 3, 10),
        # The mean of two is a half: 10.5 is 11.
        ([10, 11], 3, 11),
        # DOMAIN.md: the last n only, and the mean of those there are with fewer.
        ([900, 1, 2, 3], 3, 2),
        ([7], 3, 7),
        ([], 3, None),
        ([0, 0, 0], 3, 0),
        ([1, 2, 3, 4, 5, 6], 6, 4),
    ],
)
def test_amc_is_the_rounded_mean_of_the_last_months(
    adjusted: list[int], months: int, amc: int | None
) -> None:
    assert average_monthly_consumption(adjusted, months) == amc


@pytest.mark.parametrize(
    ("on_hand", "amc", "tenths"),
    [
        # The Logistics Handbook: months of stock = stock on hand / AMC.
        (300, 100, 30),
        (125, 50, 25),
        (1, 3, 3),
        (1, 20, 1),
        (1, 21, 0),
        # DOMAIN.md: AMC 0 with stock shows 99.9, without stock 0.0.
        (5, 0, 999),
        (0, 0, 0),
        (-5, 0, 0),
        (0, 10, 0),
    ],
)
def test_months_of_stock_has_one_decimal(on_hand: int, amc: int, tenths: int) -> None:
    assert months_of_stock_tenths(on_hand, amc) == tenths


@pytest.mark.parametrize(
    ("amc", "policy", "expected"),
    [
        # The Logistics Handbook, max-min: maximum 4 months, minimum 2, emergency 1, AMC 50.
        (50, InventoryPolicy(200, 400, 100), Levels(100, 200, 50)),
        # Hundredths of months: 0.25 of 50 is 12.5, rounded half up.
        (50, InventoryPolicy(50, 150, 25), Levels(25, 75, 13)),
        (0, InventoryPolicy(200, 400, 100), Levels(0, 0, 0)),
    ],
)
def test_levels_are_amc_times_months(amc: int, policy: InventoryPolicy, expected: Levels) -> None:
    assert levels(amc, policy) == expected


@pytest.mark.parametrize(
    ("maximum", "on_hand", "pack", "order"),
    [
        # The Logistics Handbook: maximum stock quantity minus stock on hand.
        (200, 150, 1, 50),
        # DOMAIN.md: not below 0, then rounded up to whole packs.
        (200, 250, 10, 0),
        (200, 199, 100, 100),
        (200, 0, 100, 200),
        (201, 0, 100, 300),
        (100, -20, 50, 150),
    ],
)
def test_an_order_fills_to_the_maximum_in_whole_packs(
    maximum: int, on_hand: int, pack: int, order: int
) -> None:
    assert quantity_to_order(maximum, on_hand, pack) == order


@pytest.mark.parametrize(
    ("on_hand", "known", "status"),
    [
        (0, Levels(100, 200, 50), "stocked_out"),
        (-1, Levels(100, 200, 50), "stocked_out"),
        (1, Levels(100, 200, 50), "understocked"),
        (99, Levels(100, 200, 50), "understocked"),
        (100, Levels(100, 200, 50), "according_to_plan"),
        (200, Levels(100, 200, 50), "according_to_plan"),
        (201, Levels(100, 200, 50), "overstocked"),
        (0, Levels(0, 0, 0), "stocked_out"),
        (1, Levels(0, 0, 0), "overstocked"),
        (0, None, "unknown"),
        (5, None, "unknown"),
    ],
)
def test_status_compares_stock_with_the_levels(on_hand: int, known: Levels | None, status: str) -> None:
    assert stock_status(on_hand, known) == status


@pytest.mark.parametrize(
    ("on_hand", "known", "emergency"),
    [(49, Levels(100, 200, 50), True), (50, Levels(100, 200, 50), False), (0, None, False)],
)
def test_below_the_emergency_order_point_is_an_emergency(
    on_hand: int, known: Levels | None, emergency: bool
) -> None:
    assert is_emergency(on_hand, known) is emergency

"""Where stock stands: the cases of tests/vectors/resupply, which the app passes too (tests/js/resupply.test.js)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from backend.domain.indicators import months_of_stock_tenths
from backend.domain.resupply import (
    InventoryPolicy,
    Levels,
    is_emergency,
    levels,
    quantity_to_order,
    stock_status,
)

CASES = json.loads(
    (Path(__file__).parents[1] / "vectors/resupply/positions.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_position(case: dict[str, Any]) -> None:
    on_hand = case["on_hand"]
    known = None if case["months"] is None else levels(case["amc"], InventoryPolicy(*case["months"]))
    assert known == (None if case["levels"] is None else Levels(*case["levels"]))
    assert months_of_stock_tenths(on_hand, case["amc"]) == case["tenths"]
    assert stock_status(on_hand, known) == case["status"]
    assert is_emergency(on_hand, known) is case["emergency"]
    order = None if known is None else quantity_to_order(known.maximum, on_hand, case["pack"])
    assert order == case["order"]

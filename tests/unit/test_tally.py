"""What is counted of a push: each new operation once, by a kind that the server knows."""

from __future__ import annotations

from typing import Any

import pytest

from backend.told import Noticed
from sync.tally import KINDS, OTHER, tally


def result(outcome: str = "applied", *codes: str, replayed: bool = False, id_: str = "A-1") -> dict[str, Any]:
    """One result of an answer."""
    return {
        "id": id_,
        "outcome": outcome,
        "replayed": replayed,
        "exceptions": [{"code": code} for code in codes],
    }


def test_new_ones_are_counted_by_kind_and_outcome_and_the_rest_as_replayed() -> None:
    issue, count = b'{"kind": "stock.issue"}', b'{"kind":"stock.count"}'
    results = [
        result(),
        result(),
        result("flagged", "negative_stock", "clock_skew", "negative_stock"),
        result("held", "unknown_product", replayed=True),
    ]
    pushed = tally([issue, count, issue, count], {"results": results}, 0.5)
    assert pushed.new == {
        ("stock.issue", "applied"): 1,
        ("stock.count", "applied"): 1,
        ("stock.issue", "flagged"): 1,
    }
    assert (pushed.replayed, pushed.seconds) == (1, 0.5)
    assert pushed.noticed == [Noticed("a-1", "stock.issue", "flagged", ("clock_skew", "negative_stock"))]


@pytest.mark.parametrize(
    "text",
    [
        b'{"kind": "patient Ama Mensah"}',
        b'{"kind": 4711}',
        b'{"kind": null}',
        b"{}",
        b'{"kind": "stock.issue", }',
        b'{"kind": "\xff"}',
        b'{"kind": ' + b"[" * 5000,
    ],
)
def test_a_kind_that_is_not_known_is_not_repeated(text: bytes) -> None:
    pushed = tally([text], {"results": [result("held", "unknown_operation")]}, 0)
    assert pushed.new == {(OTHER, "held"): 1}
    assert [one.kind for one in pushed.noticed] == [OTHER]


def test_the_kinds_are_those_of_the_wire() -> None:
    assert {"stock.receive", "stock.count", "stock.dispense"} <= KINDS
    assert OTHER not in KINDS

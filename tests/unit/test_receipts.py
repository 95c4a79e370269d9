"""The rules of sync/receipts.py, by tables: which receipt is of which shipment, and which came second."""

from __future__ import annotations

import pytest

from sync import receipts
from sync.receipts import Item, ReceiptTold, ShipmentTold

HERE, THERE = 1, 2
A, B, C = (1, "L1"), (1, "L2"), (2, "L1")


def sent(id_: str, *items: Item, at: int = 10, reference: str = "", source: int = HERE) -> ShipmentTold:
    return ShipmentTold(id_, source, reference, at, frozenset(items or (A,)))


def got(
    id_: str,
    *items: Item,
    at: int = 50,
    reference: str = "",
    source: int | None = HERE,
    shipment: str = "",
) -> ReceiptTold:
    return ReceiptTold(id_, source, shipment, reference, at, frozenset(items or (A,)))


@pytest.mark.parametrize(
    ("told", "shipments", "expected"),
    [
        pytest.param([], [sent("s")], {}, id="nothing came"),
        pytest.param([got("r")], [], {}, id="nothing was sent"),
        pytest.param([got("r")], [sent("s")], {"r": "s"}, id="the only one"),
        pytest.param([got("r")], [sent("s", source=THERE)], {}, id="of another source"),
        pytest.param([got("r", source=None)], [sent("s")], {}, id="of a supplier"),
        pytest.param([got("r", A)], [sent("s", A, B)], {"r": "s"}, id="part of it"),
        pytest.param([got("r", A, B)], [sent("s", A)], {}, id="more than was sent"),
        pytest.param([got("r", B)], [sent("s", A)], {}, id="another lot"),
        pytest.param([got("r", C)], [sent("s", A)], {}, id="another product"),
        pytest.param([got("r", reference="X")], [sent("s", reference="X")], {"r": "s"}, id="same reference"),
        pytest.param([got("r", reference="X")], [sent("s", reference="Y")], {}, id="another reference"),
        pytest.param([got("r", reference="X")], [sent("s")], {"r": "s"}, id="the shipment has none"),
        pytest.param([got("r")], [sent("s", reference="Y")], {"r": "s"}, id="the receipt has none"),
        pytest.param([got("r")], [sent("s", at=9), sent("t", at=8)], {"r": "t"}, id="the first sent"),
        pytest.param([got("r")], [sent("t"), sent("s")], {"r": "s"}, id="at one moment the ids decide"),
        pytest.param(
            [got("r", reference="X")],
            [sent("s", at=1), sent("t", at=2, reference="X")],
            {"r": "s"},
            id="greedy: the first that fits, not the best",
        ),
        pytest.param(
            [got("q", at=2), got("r", at=1)],
            [sent("s", at=1), sent("t", at=2)],
            {"r": "s", "q": "t"},
            id="in effective order",
        ),
        pytest.param([got("r", at=1), got("q", at=2)], [sent("s")], {"r": "s"}, id="each is taken once"),
        pytest.param([got("n", shipment="s"), got("r")], [sent("s")], {}, id="named is taken"),
        pytest.param(
            [got("r", at=1), got("n", at=90, shipment="s")],
            [sent("s"), sent("t")],
            {"r": "t"},
            id="even later",
        ),
        pytest.param(
            [got("n", shipment="s"), got("r", reference="X")],
            [sent("s", reference="X")],
            {"r": "s"},
            id="again, by one reference",
        ),
        pytest.param(
            [got("n", shipment="s"), got("r", reference="X")],
            [sent("s")],
            {},
            id="again, but only one has it",
        ),
        pytest.param(
            [got("n", shipment="s"), got("r", reference="X")],
            [sent("s", reference="X"), sent("t", at=90)],
            {"r": "t"},
            id="a free one goes before again",
        ),
        pytest.param([got("r", at=5)], [sent("s", at=90)], {"r": "s"}, id="received before it was sent"),
    ],
)
def test_matches(told: list[ReceiptTold], shipments: list[ShipmentTold], expected: dict[str, str]) -> None:
    assert receipts.matches(told, shipments) == expected
    assert receipts.matches(told[::-1], shipments[::-1]) == expected


@pytest.mark.parametrize(
    ("told", "let_in", "expected"),
    [
        pytest.param([got("r")], set(), {}, id="alone"),
        pytest.param([got("r", at=1), got("q", at=2)], set(), {"q": [A]}, id="the later is second"),
        pytest.param([got("r", at=2), got("q", at=1)], set(), {"r": [A]}, id="whichever came first"),
        pytest.param([got("r"), got("q")], set(), {"r": [A]}, id="at one moment the ids decide"),
        pytest.param([got("r", A, at=1), got("q", B, at=2)], set(), {}, id="other lots"),
        pytest.param([got("r", A, at=1), got("q", A, B, at=2)], set(), {"q": [A]}, id="line by line"),
        pytest.param(
            [got("r", A, at=1), got("q", C, A, at=2), got("p", C, at=3)],
            set(),
            {"q": [A], "p": [C]},
            id="three",
        ),
        pytest.param([got("r", at=1), got("q", at=2)], {("q", A)}, {}, id="let in"),
        pytest.param([got("r", at=1), got("q", at=2)], {("q", B)}, {"q": [A]}, id="another line let in"),
        pytest.param([got("r", at=1), got("q", at=2)], {("r", A)}, {"q": [A]}, id="the first let in"),
        pytest.param(
            [got("r", at=1), got("q", at=2), got("p", at=3)],
            {("q", A)},
            {"p": [A]},
            id="a third is second yet",
        ),
    ],
)
def test_second_claims(
    told: list[ReceiptTold], let_in: set[tuple[str, Item]], expected: dict[str, list[Item]]
) -> None:
    shipment_of = {one.id: "s" for one in told}
    assert receipts.second_claims(told, shipment_of, let_in) == expected
    assert receipts.second_claims(told[::-1], shipment_of, let_in) == expected


def test_receipts_of_no_shipment_or_of_different_ones_are_never_second() -> None:
    told = [got("r", at=1), got("q", at=2), got("p", at=3)]
    assert receipts.second_claims(told, {"r": "s", "q": "t"}, set()) == {}


@pytest.mark.parametrize(
    ("one", "shipment_of", "expected"),
    [
        (got("r"), {"r": "s"}, []),
        (got("r"), {}, ["r"]),
        (got("r"), {"r": "unheard of"}, ["r"]),
        (got("r", source=None), {}, []),
        (got("r", source=None, shipment="unheard of"), {"r": "unheard of"}, []),
    ],
)
def test_unmatched(one: ReceiptTold, shipment_of: dict[str, str], expected: list[str]) -> None:
    assert receipts.unmatched([one], shipment_of, {"s"}) == expected

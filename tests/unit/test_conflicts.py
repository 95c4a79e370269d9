"""Every pure rule of sync/conflicts.py, by tables of cases: on the edge of each bound and one step over it."""

from __future__ import annotations

import pytest

from sync import conflicts
from sync.conflicts import (
    BACKDATED_MS,
    CLOCK_TOLERANCE_MS,
    OVERLAP_MS,
    SKEW_MAX_MS,
    Finding,
    KnownProduct,
    KnownReason,
    Times,
    Witness,
)
from sync.operations import Effect

NOW = 1_790_000_000_000
DAY = 86_400_000


def witness(
    id_: str = "m",
    at: int = NOW,
    *,
    counted: bool = False,
    device: str = "one",
    change: int = 10,
    seen: int = 0,
    by_day: bool = False,
    day: int = 0,
    implied: bool = False,
    held: bool = False,
) -> Witness:
    return Witness(id_, at, counted, device, change, seen, by_day, day, implied, held)


def count(at: int = NOW, device: str = "other", change: int = 20, seen: int = 0, day: int = 0) -> Witness:
    return witness("c", at, counted=True, device=device, change=change, seen=seen, day=day)


def effect(line: int, product: str) -> Effect:
    return Effect(line, product, "", None, "", "", "issued", -1, None)


def test_the_bounds_are_those_of_the_protocol() -> None:
    assert (OVERLAP_MS, BACKDATED_MS) == (5 * 60_000, 12 * 3_600_000)
    assert (SKEW_MAX_MS, CLOCK_TOLERANCE_MS) == (2 * 60_000, 5_000)


@pytest.mark.parametrize(
    ("told", "occurred", "offset", "seen_at", "previous_at", "recorded", "effective", "skew"),
    [
        pytest.param(NOW, NOW, 0, None, 0, NOW, NOW, None, id="right clock"),
        pytest.param(NOW - DAY, NOW - DAY, 0, None, 0, NOW - DAY, NOW - DAY, None, id="a day offline"),
        pytest.param(NOW - DAY, NOW - 2 * DAY, 0, None, 0, NOW - DAY, NOW - 2 * DAY, None, id="dated back"),
        pytest.param(NOW - 9000, NOW - 9000, 1000, None, 0, NOW - 8000, NOW - 8000, None, id="offset"),
        pytest.param(NOW - 9000, NOW - DAY, 1000, None, 0, NOW - 8000, NOW - DAY, None, id="offset, dated"),
        pytest.param(
            NOW - SKEW_MAX_MS, NOW - SKEW_MAX_MS, SKEW_MAX_MS, None, 0, NOW, NOW, None, id="offset 2 min"
        ),
        pytest.param(
            NOW - SKEW_MAX_MS - 1,
            NOW - SKEW_MAX_MS - 1,
            SKEW_MAX_MS + 1,
            None,
            0,
            NOW,
            NOW,
            (0, 0),
            id="over",
        ),
        pytest.param(
            NOW + SKEW_MAX_MS + 1,
            NOW + SKEW_MAX_MS + 1,
            -SKEW_MAX_MS - 1,
            None,
            0,
            NOW,
            NOW,
            (0, 0),
            id="ahead",
        ),
        pytest.param(NOW + 5000, NOW + 5000, 0, None, 0, NOW, NOW, None, id="received 5 s before"),
        pytest.param(NOW + 5001, NOW + 5001, 0, None, 0, NOW, NOW, (-5001, 0), id="received 5.001 s before"),
        pytest.param(NOW - 9000, NOW - 9000, 0, NOW - 4000, 0, NOW - 4000, NOW - 4000, None, id="seen, 5 s"),
        pytest.param(
            NOW - 9001, NOW - 9001, 0, NOW - 4000, 0, NOW - 4000, NOW - 4000, (5001, 0), id="seen, 5.001 s"
        ),
        pytest.param(
            NOW - 9000, NOW - 9000, 0, None, NOW - 4000, NOW - 4000, NOW - 4000, None, id="previous"
        ),
        pytest.param(
            NOW - DAY,
            NOW - DAY,
            0,
            None,
            NOW - 4000,
            NOW - 4000,
            NOW - 4000,
            (DAY - 4000, 0),
            id="clock back",
        ),
        pytest.param(NOW, NOW, 0, NOW + DAY, NOW + DAY, NOW, NOW, None, id="never after the receipt"),
        pytest.param(NOW - 9000, NOW - 4000, 0, None, 0, NOW - 9000, NOW - 9000, None, id="future by 5 s"),
        pytest.param(
            NOW - 9000, NOW - 3999, 0, None, 0, NOW - 9000, NOW - 9000, (0, 5001), id="future by 5.001 s"
        ),
    ],
)
def test_times(
    told: int,
    occurred: int,
    offset: int,
    seen_at: int | None,
    previous_at: int,
    recorded: int,
    effective: int,
    skew: tuple[int, int] | None,
) -> None:
    found = conflicts.decide_times(
        told, occurred, offset_ms=offset, seen_at=seen_at, previous_at=previous_at, received_at=NOW
    )
    detail = None
    if skew is not None:
        detail = {"offset_ms": offset, "moved_ms": skew[0], "future_ms": skew[1]}
    assert found == Times(recorded, effective, detail)


SEEN = [
    pytest.param(witness("b", change=2), witness("a", change=1), True, id="own, earlier push"),
    pytest.param(witness("a", change=1), witness("b", change=2), False, id="own, later push"),
    pytest.param(witness("b", change=1), witness("a", change=1), True, id="own, earlier in one push"),
    pytest.param(witness("a", change=1), witness("b", change=1), False, id="own, later in one push"),
    pytest.param(witness("a", change=1), witness("a", change=1), False, id="not itself"),
    pytest.param(witness("a", seen=9), witness("b", device="two", change=9), True, id="pulled up to it"),
    pytest.param(
        witness("a", seen=8), witness("b", device="two", change=9), False, id="pulled up to before it"
    ),
    pytest.param(witness("a", seen=0), witness("b", device="two", change=0), False, id="never pulled"),
    pytest.param(
        witness("a", seen=9), witness("b", device="two", change=9, held=True), False, id="pulled as held"
    ),
    pytest.param(
        witness("b", change=2, seen=0), witness("a", change=1, held=True), True, id="own, though it was held"
    ),
    pytest.param(
        witness("a", seen=9), witness("b", device="", change=0), True, id="the server's, by who pulled"
    ),
    pytest.param(
        witness("a", seen=0), witness("b", device="", change=0), False, id="the server's, by who did not"
    ),
]


@pytest.mark.parametrize(("one", "other", "expected"), SEEN)
def test_has_seen(one: Witness, other: Witness, expected: bool) -> None:
    assert conflicts.has_seen(one, other) is expected


@pytest.mark.parametrize(
    ("counted", "movement", "expected"),
    [
        pytest.param(count(), witness(at=NOW), True, id="at one moment"),
        pytest.param(count(), witness(at=NOW - OVERLAP_MS), True, id="exactly 5 minutes before"),
        pytest.param(count(), witness(at=NOW + OVERLAP_MS), True, id="exactly 5 minutes after"),
        pytest.param(count(), witness(at=NOW - OVERLAP_MS - 1), False, id="5 minutes and 1 ms before"),
        pytest.param(count(), witness(at=NOW + OVERLAP_MS + 1), False, id="5 minutes and 1 ms after"),
        pytest.param(count(device="one"), witness(), False, id="own earlier movement"),
        pytest.param(count(device="one", change=5), witness(), False, id="own later movement"),
        pytest.param(count(device="one", change=10), witness(), False, id="own, in one push"),
        pytest.param(count(seen=10), witness(), False, id="the counter had pulled the movement"),
        pytest.param(count(seen=9), witness(), True, id="the counter had pulled less"),
        pytest.param(count(), witness(seen=20), False, id="the mover had pulled the count"),
        pytest.param(count(), witness(seen=19), True, id="the mover had pulled less"),
        pytest.param(count(seen=10), witness(held=True), True, id="pulled while it was held"),
        pytest.param(count(device=""), witness(), False, id="an imported count"),
        pytest.param(count(), witness(device=""), False, id="an imported movement"),
        pytest.param(
            count(day=7), witness(at=NOW - DAY // 2, by_day=True, day=7), True, id="by day, that day"
        ),
        pytest.param(
            count(day=7), witness(at=NOW - DAY // 2, by_day=True, day=8), False, id="by day, the next"
        ),
        pytest.param(count(day=7), witness(at=NOW - DAY // 2, day=7), False, id="that day, by the clock"),
        pytest.param(
            count(day=7), witness(at=NOW - 1, by_day=True, day=8), True, id="by day over midnight, yet near"
        ),
        pytest.param(
            count(day=7, seen=10),
            witness(at=NOW - DAY // 2, by_day=True, day=7),
            False,
            id="by day, but seen",
        ),
        pytest.param(
            count(day=7)._replace(by_day=True),
            witness(at=NOW - DAY // 2, day=7),
            False,
            id="the count by day",
        ),
    ],
)
def test_count_overlap(counted: Witness, movement: Witness, expected: bool) -> None:
    assert conflicts.count_overlap(counted, movement) is expected


def test_what_a_full_count_zeroed_is_told_unless_its_author_knew_or_nothing_was_lost() -> None:
    full = count(seen=10)._replace(implied=True)
    known = witness("a", change=10, device="two")
    unknown = witness("b", change=11, device="two")
    earlier_count = witness("d", change=12, device="two", counted=True)
    own = witness("e", change=19, device="other")
    before = [known, unknown, earlier_count, own]
    assert list(conflicts.zeroed_unseen(full, before, -5)) == [unknown, earlier_count]
    assert list(conflicts.zeroed_unseen(full, before, 0)) == []
    assert list(conflicts.zeroed_unseen(full._replace(device=""), before, -5)) == []
    assert list(conflicts.zeroed_unseen(full, [], -5)) == []


@pytest.mark.parametrize(("back", "expected"), [(0, False), (BACKDATED_MS, False), (BACKDATED_MS + 1, True)])
def test_count_backdated(back: int, expected: bool) -> None:
    assert conflicts.count_backdated(NOW - back, NOW) is expected


def test_a_count_is_behind_what_its_author_had_seen() -> None:
    unseen, seen = witness("z", device="two", change=11), witness("y", device="two", change=10)
    assert conflicts.counted_behind(count(seen=10), [unseen, seen])
    assert not conflicts.counted_behind(count(seen=10), [unseen])
    assert not conflicts.counted_behind(count(seen=10), [])
    assert conflicts.counted_behind(count(device="one"), [witness("z", change=19)])
    assert not conflicts.counted_behind(count(device="one"), [witness("z", change=21)])
    assert not conflicts.counted_behind(count(device="one"), [witness("z", change=19, held=True)])


@pytest.mark.parametrize(
    ("found", "variance", "expected"),
    [(None, 5, False), (None, 0, False), (5, 5, False), (0, 0, False), (0, 1, True), (-3, 3, True)],
)
def test_variance_changed(found: int | None, variance: int, expected: bool) -> None:
    assert conflicts.variance_changed(found, variance) is expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([], (None, False)),
        (["2028-01-31"], ("2028-01-31", False)),
        (["2028-01-31", "2028-01-31"], ("2028-01-31", False)),
        (["2028-02-29", "2028-01-31"], ("2028-01-31", True)),
        (["2028-12-31", "2029-01-01", "2027-12-31"], ("2027-12-31", True)),
    ],
)
def test_lot_expiries(told: list[str], expected: tuple[str | None, bool]) -> None:
    assert conflicts.lot_expiries(told) == expected


@pytest.mark.parametrize(("own", "booked", "expected"), [(202609, 202609, False), (202609, 202610, True)])
def test_late_for_period(own: int, booked: int, expected: bool) -> None:
    assert conflicts.late_for_period(own, booked) is expected


@pytest.mark.parametrize(
    ("reversals", "expected"),
    [
        ([], []),
        ([(5, "a")], []),
        ([(5, "a"), (4, "b")], ["a"]),
        ([(5, "b"), (5, "a")], ["b"]),
        ([(9, "a"), (1, "c"), (5, "b")], ["b", "a"]),
    ],
)
def test_already_reversed(reversals: list[tuple[int, str]], expected: list[str]) -> None:
    assert conflicts.already_reversed(reversals) == expected


PRODUCTS = {"P1": KnownProduct(1, True), "P4": KnownProduct(4, False)}
REASONS = {"found": KnownReason(1, "credit", True), "lost": KnownReason(2, "debit", False)}


def test_unknown_products_are_told_line_by_line() -> None:
    told = conflicts.unknown_products([effect(0, "P1"), effect(1, "X"), effect(2, "Y")], [], PRODUCTS)
    assert told == [
        Finding("unknown_product", 1, {"product": "X"}),
        Finding("unknown_product", 2, {"product": "Y"}),
    ]


def test_unknown_reasons_are_told_line_by_line() -> None:
    told = conflicts.unknown_reasons([(0, "found", 1), (3, "eaten", -1)], REASONS)
    assert told == [Finding("unknown_reason", 3, {"reason": "eaten"})]


def test_inactive_products_and_facilities() -> None:
    moved = [effect(0, "P1"), effect(1, "P4")]
    assert conflicts.inactive(moved, PRODUCTS, True) == [Finding("inactive", 1, {"product": "P4"})]
    assert conflicts.inactive(moved, PRODUCTS, False) == [
        Finding("inactive", -1, {"facility": True}),
        Finding("inactive", 1, {"product": "P4"}),
    ]
    assert conflicts.inactive([], PRODUCTS, True) == []


@pytest.mark.parametrize(
    ("reason", "quantity", "flagged"),
    [("found", 1, False), ("found", -1, True), ("lost", -1, False), ("lost", 1, True)],
)
def test_the_sign_rules_over_the_reason(reason: str, quantity: int, flagged: bool) -> None:
    told = conflicts.reason_type([(2, reason, quantity)], REASONS)
    assert told == ([Finding("reason_type", 2, {"reason": reason, "quantity": quantity})] if flagged else [])

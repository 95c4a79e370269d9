"""Places of moved movements: just beside the count, and before or behind everything else."""

from __future__ import annotations

from uuid import UUID

from hypothesis import assume, example, given
from hypothesis import strategies as st

from sync.fold import CardFact, fold, just_after, just_before, operation_of

ids = st.uuids().map(str)
NIL, LAST = str(UUID(int=0)), str(UUID(int=2**128 - 1))


@given(ids, ids, ids)
@example(NIL, LAST, LAST)
@example(LAST, NIL, NIL)
@example("00000000-0000-0000-0001-000000000000", LAST, "00000000-0000-0000-0000-ffffffffffff")
@example("01a20000-0000-7000-8000-00000000000a", LAST, "01a20000-0000-7000-8000-000000000009")
def test_a_moved_movement_sorts_strictly_between_its_count_and_every_other_id(
    count: str, movement: str, other: str
) -> None:
    before, after = just_before(count, movement), just_after(count, movement)
    assert before < count < after
    assert (before < other) == (count <= other)
    assert (after < other) == (count < other)


@given(ids, ids)
def test_the_operation_is_told_by_its_place(count: str, movement: str) -> None:
    assert operation_of(movement) == movement
    assert operation_of(just_before(count, movement)) == movement
    assert operation_of(just_after(count, movement)) == movement


@given(ids, ids, ids)
def test_of_two_movements_moved_to_one_side_the_ids_decide(count: str, one: str, other: str) -> None:
    assert (just_before(count, one) < just_before(count, other)) == (one < other)
    assert (just_after(count, one) < just_after(count, other)) == (one < other)


@given(ids, ids)
def test_a_place_fits_into_its_column(count: str, movement: str) -> None:
    assert max(len(just_before(count, movement)), len(just_after(count, movement))) <= 80


@given(ids, ids, st.integers(1, 100))
def test_the_fold_takes_a_moved_movement_on_its_new_side(count: str, movement: str, quantity: int) -> None:
    assume(count != movement)
    counted = CardFact(1000, count, True, 50)
    before = CardFact(1000, just_before(count, movement), False, quantity)
    after = CardFact(1000, just_after(count, movement), False, quantity)
    state, counts = fold([counted, before])
    assert (state.on_hand, counts[counted.key].variance) == (50, 50 - quantity)
    state, counts = fold([counted, after])
    assert (state.on_hand, counts[counted.key].variance) == (50 + quantity, 50)

"""The fold: the vectors that the JavaScript fold passes too, and what must hold for any facts in any order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.fold import EMPTY, CardFact, CardState, fold, outcome_of, resumed, step

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "fold").glob("*.json"))


def cases() -> list[object]:
    """Every case of every vector file."""
    found = []
    for path in VECTORS:
        content = json.loads(path.read_text())
        for case in content if isinstance(content, list) else [content]:
            found.append(pytest.param(case, id=f"{path.stem}: {case['name']}"))
    return found


def test_there_are_vectors() -> None:
    assert len(cases()) >= 25


@pytest.mark.parametrize("case", cases())
def test_vector(case: dict[str, object]) -> None:
    facts = [CardFact(f["effective_at"], f["id"], f["type"] == "count", f["quantity"]) for f in case["facts"]]  # type: ignore[attr-defined]
    state, counts = fold(facts)
    found = {
        "on_hand": state.on_hand,
        "counted": list(state.counted) if state.counted else None,
        "last": list(state.last) if state.last else None,
        "variances": {id_: {"variance": c.variance, "opening": c.opening} for (_, id_), c in counts.items()},
        "negative": state.negative,
    }
    assert found == case["card"]


facts_of_a_card = st.lists(
    st.builds(
        CardFact,
        st.integers(0, 8),
        st.integers(0, 999).map(lambda n: f"{n:03d}"),
        st.booleans(),
        st.integers(-20, 20),
    ).map(lambda fact: fact._replace(quantity=abs(fact.quantity)) if fact.counted else fact),
    unique_by=lambda fact: fact.key,
    max_size=12,
)


@given(facts_of_a_card, st.randoms())
def test_order_of_arrival_does_not_matter(facts: list[CardFact], random: object) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fold(shuffled) == fold(facts)


@given(facts_of_a_card)
def test_movements_and_variances_add_up_to_stock_on_hand(facts: list[CardFact]) -> None:
    state, counts = fold(facts)
    moved = sum(fact.quantity for fact in facts if not fact.counted)
    assert moved + sum(count.variance for count in counts.values()) == state.on_hand


@given(facts_of_a_card)
def test_only_the_first_count_opens_a_card(facts: list[CardFact]) -> None:
    _, counts = fold(facts)
    openings = [place for place, count in counts.items() if count.opening]
    assert openings == sorted(counts)[:1]


@given(facts_of_a_card)
def test_going_on_from_any_count_gives_the_same_card(facts: list[CardFact]) -> None:
    state, counts = fold(facts)
    for count in (fact for fact in facts if fact.counted):
        later = [fact for fact in facts if fact.key > count.key]
        resumed_state, resumed_counts = fold(later, resumed(count))
        assert resumed_state == state
        assert all(counts[place] == found for place, found in resumed_counts.items())


def test_a_step_is_the_rule() -> None:
    movement = CardFact(1, "a", False, -5)
    assert step(EMPTY, movement) == CardState(-5, None, (1, "a"), "a")
    count = CardFact(2, "b", True, 7)
    assert outcome_of(step(EMPTY, movement), count) == (12, True)
    assert step(step(EMPTY, movement), count) == CardState(7, (2, "b"), (2, "b"), None)

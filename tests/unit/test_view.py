"""A device's view of cards: the vectors that the worker passes too, and that it is the fold wherever it says so."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.fold import CardFact
from sync.view import CardKey, OwnFact, Row, view_of, views
from tests.support.view_histories import (
    VECTORS,
    History,
    history,
    random_cases,
    read_operation,
    whole_fold,
)


def cases(folder: Path) -> list[object]:
    """Every case of the vector files in a folder."""
    return [
        pytest.param(case, id=f"{path.stem}: {case['name']}")
        for path in sorted(folder.glob("*.json"))
        for case in json.loads(path.read_text())
    ]


def key(told: list[object] | None) -> tuple[int, str] | None:
    """A sort key as JSON has it."""
    return None if told is None else (int(str(told[0])), str(told[1]))


@pytest.mark.parametrize("case", cases(VECTORS.parent))
def test_one_card(case: dict[str, dict[str, object]]) -> None:
    told = case["row"]
    row = None if told is None else Row(told["on_hand"], key(told["counted"]), key(told["last"]))  # type: ignore[arg-type]
    own = [
        OwnFact(CardFact(f["effective_at"], f["id"], f["type"] == "count", f["quantity"]))  # type: ignore[index]
        for f in case["own"]
    ]
    view = case["view"]
    expected = (view["on_hand"], key(view["counted"]), key(view["last"]), view["provisional"])  # type: ignore[arg-type]
    assert view_of(row, own) == expected
    assert view_of(row, own[::-1]) == expected


@pytest.mark.parametrize("case", cases(VECTORS))
def test_cards(case: dict[str, list[list[object]]]) -> None:
    rows = {CardKey(*map(str, r[:4])): Row(r[4], key(r[5]), key(r[6])) for r in case["rows"]}  # type: ignore[arg-type]
    own = [read_operation(one) for one in case["own"]]  # type: ignore[arg-type]
    kept = [read_operation(one) for one in case["kept"]]  # type: ignore[arg-type]
    shipments = {tuple(map(str, s[:3])): bool(s[3]) for s in case["shipments"]}
    expected = {
        CardKey(*map(str, v[:4])): (v[4], key(v[5]), key(v[6]), v[7])  # type: ignore[arg-type]
        for v in case["views"]
    }
    assert views(rows, own, kept, shipments) == expected  # type: ignore[arg-type]
    assert views(rows, own[::-1], kept[::-1], shipments) == expected  # type: ignore[arg-type]


def test_there_are_vectors() -> None:
    assert len(cases(VECTORS.parent)) >= 15
    assert len(cases(VECTORS)) >= 315


def test_the_random_vectors_are_those_of_their_seed() -> None:
    assert (VECTORS / "random.json").read_text() == random_cases()


def check(found: History) -> int:
    """Compare every view with the fold of everything; returns how many were not provisional."""
    shown = found.views
    settled = 0
    for card, state in whole_fold(found.everything).items():
        view = shown.get(card)
        if view is None:
            # All that named it was taken back, or was received before: the server has an empty card.
            assert state.on_hand == 0
        elif not view.provisional:
            settled += 1
            assert (view.on_hand, view.last) == (state.on_hand, state.last)
            # A card without a row may have been found empty by a count of everything that the device never sees.
            assert view.counted == state.counted or (card not in found.rows and view.counted is None)
    return settled


@settings(max_examples=1500, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_view_that_is_not_provisional_is_the_fold_of_everything(source: random.Random) -> None:
    check(history(source.randrange))


def test_most_views_are_not_provisional_and_some_are() -> None:
    source = random.Random(7)
    histories = [history(source.randrange) for _ in range(2000)]
    shown = sum(len(found.views) for found in histories)
    settled = sum(check(found) for found in histories)
    assert 0.5 < settled / shown < 0.95

"""Pages as tables: whatever was packed comes out again, here and, by tests/vectors/packed, in the app."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.packing import KEYED_BY, key_of, pack, unpack

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "packed").glob("*.json"))

UUIDS = st.uuids().map(str)
PLACES = st.none() | st.tuples(
    st.integers(0, 2**48 - 1), UUIDS | st.builds("{}~{}".format, UUIDS, UUIDS) | st.text(max_size=40)
).map(list).filter(lambda place: len(place[1]) != 22)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = TEXTS | st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.lists(TEXTS, max_size=2)


def by_key(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Changes in an order that packing does not change."""
    return sorted(changes, key=lambda change: (change["entity"], change["key"]))


@st.composite
def pages(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Changes of a page: no key twice; rows of an entity have the same members."""
    changes: list[dict[str, Any]] = []
    names: set[tuple[str, str]] = set()
    for entity in draw(st.lists(st.sampled_from(["card", *KEYED_BY]), unique=True, max_size=4)):
        others = draw(st.lists(st.sampled_from(["on_hand", "note", "lines"]), unique=True))
        for number in range(draw(st.integers(1, 5))):
            row = {member: draw(TEXTS) for member in KEYED_BY.get(entity, ())}
            row |= {member: draw(VALUES) for member in others}
            if entity == "card":
                row |= {"counted": draw(PLACES)}
                row |= {"last": draw(st.just(row["counted"]) | PLACES)}
            key = f"F1/{number}" if entity == "card" else key_of(entity, row)
            if (entity, key) not in names:
                names.add((entity, key))
                gone = draw(st.booleans())
                change = {"deleted": True} if gone else {"row": row}
                changes.append({"entity": entity, "key": key} | change)
    return changes


@given(pages())
def test_what_was_packed_comes_out_again(changes: list[dict[str, Any]]) -> None:
    wire = msgspec.json.decode(msgspec.json.encode(pack(changes)))
    assert by_key(unpack(wire)) == by_key(changes)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors(path: Path) -> None:
    vector = json.loads(path.read_text())
    assert msgspec.json.decode(msgspec.json.encode(pack(vector["changes"]))) == vector["tables"]
    assert by_key(unpack(vector["tables"])) == by_key(vector["changes"])


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 2

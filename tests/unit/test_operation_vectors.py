"""Frozen operations of every kind and version: what a device once sent is read in the same way for ever.

The files are `tests/vectors/operations/<kind>.v<version>.json`. A case is never changed; a new version of a body
gets a file of its own. The worker's `effectsOf` passes the same (tests/js/operations.test.js).
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from sync.bodies import Header
from sync.operations import BODIES, effects, read_body
from sync.registers import sayings

VECTORS = sorted((Path(__file__).parent.parent / "vectors" / "operations").glob("*.json"))
EFFECT = ("line", "product", "lot", "expiry", "location", "account", "flow", "quantity", "reason")


def kind_of(path: Path) -> tuple[str, int]:
    """What a file's name says is in it."""
    kind, version = path.stem.rsplit(".v", 1)
    return kind, int(version)


def cases() -> list[object]:
    """Every case of every file."""
    return [
        pytest.param(path, case, id=f"{path.stem}: {case['name']}")
        for path in VECTORS
        for case in json.loads(path.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize(("path", "case"), cases())
def test_it_does_to_cards_what_it_always_did(path: Path, case: dict[str, object]) -> None:
    header = msgspec.json.decode(str(case["text"]).encode(), type=Header)
    assert (header.kind, header.version) == kind_of(path)
    body = read_body(header.kind, header.version, header.body)
    assert [{name: getattr(one, name) for name in EFFECT} for one in effects(body)] == case["effects"]
    said = json.loads(msgspec.json.encode([one._asdict() for one in sayings(body, header.author)]))
    assert said == case.get("sayings", said)
    assert "sayings" in case or {one["name"] for one in said} <= {"vvm"}


def test_every_kind_and_version_has_its_file() -> None:
    assert {kind_of(path) for path in VECTORS} == set(BODIES)

"""Any order of arrival, any repeats: the same cards and the same standing exceptions, through the real ledger."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.clock import to_iso
from backend.db import Database
from tests.sync.conftest import NOW, World, counted, issued, line, received

MINUTE = 60_000

done = st.tuples(
    st.sampled_from(["receive", "issue", "count"]),
    st.sampled_from(["P1", "P2"]),
    st.integers(0, 30),
    st.integers(1, 40),
)


@pytest.fixture
def worlds(world: World, tmp_path: Path) -> tuple[Path, World]:
    """A closed template of the world on SQLite, to be copied for each history."""
    world.db.close()
    return Path(str(world.db.url.database)), world


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(done, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_same_cards(
    worlds: tuple[Path, World], history: list[tuple[str, str, int, int]], random: Random
) -> None:
    texts = [_text(n, *one) for n, one in enumerate(history)]
    shuffled = texts + random.choices(texts, k=len(texts) // 2)
    random.shuffle(shuffled)
    in_order, in_disorder = _after(worlds, texts, Random(0)), _after(worlds, shuffled, random)
    assert in_order == in_disorder


def _text(n: int, kind: str, product: str, minute: int, quantity: int) -> str:
    at = to_iso(NOW - 60 * MINUTE + minute * MINUTE)
    bodies = {
        "receive": received(line(product, quantity)),
        "issue": issued(line(product, quantity)),
        "count": counted(product, quantity),
    }
    return json.dumps(
        {
            "id": f"01a20000-0000-7000-8000-{n:012d}",
            "kind": f"stock.{kind}",
            "version": 1,
            "facility": "A",
            "author": "alice",
            "recorded_at": to_iso(NOW),
            "occurred_at": at,
            "offset_ms": 0,
            "body": bodies[kind],
        }
    )


def _after(worlds: tuple[Path, World], texts: list[str], random: Random) -> object:
    template, world = worlds
    path = template.with_name(f"{uuid.uuid4().hex}.sqlite")
    shutil.copyfile(template, path)
    copy = World(Database(f"sqlite:///{path}"), facilities=world.facilities, users=world.users)
    tablets = [copy.enrol(), copy.enrol()]
    waiting = list(texts)
    while waiting:
        batch = [waiting.pop(0) for _ in range(min(len(waiting), random.randint(1, 4)))]
        random.choice(tablets).push(*batch)
    assert copy.differences() == []
    state = copy.cards(), copy.standing()
    copy.db.close()
    path.unlink()
    return state

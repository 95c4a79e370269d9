"""Any order of arrival that keeps each device's own, any repeats: the same cards and the same standing exceptions.

Through the real push and the real ledger. Every kind takes part: movements, counts of one lot and of whole
shelves, kits, transfers with receipts that name them or not, reversals of what came before or comes later.
"""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from backend.clock import to_iso
from backend.db import Database
from backend.models import Lot, Shipment, StockException
from backend.services.projection import CODES
from tests.sync.conftest import NOW, Tablet, World, line

MINUTE = 60_000
DAY = 24 * 60 * MINUTE
DEVICES = (("A", "alice"), ("A", "alice"), ("B", "bob"))
FROM_FACTS = (CODES - {"variance_changed"}) | {"reversed_receipt", "reason_type", "inactive"}

Done = tuple[int, str, str, str, int, int, int, bool]

done = st.tuples(
    st.integers(0, len(DEVICES) - 1),
    st.sampled_from(
        [
            "receive",
            "issue",
            "adjust",
            "count",
            "count",
            "shelf",
            "unpack",
            "send",
            "claim",
            "arrive",
            "reverse",
        ]
    ),
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(["L1", "L2"]),
    st.integers(0, 20),
    st.integers(0, 40),
    st.integers(0, 12),
    st.booleans(),
)


@pytest.fixture
def worlds(world: World) -> tuple[Path, World]:
    """A closed template of the world on SQLite, to be copied for each history."""
    world.db.close()
    return Path(str(world.db.url.database)), world


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(done, min_size=1, max_size=14), st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_same_cards(
    worlds: tuple[Path, World], history: list[Done], random: Random
) -> None:
    texts: list[list[str]] = [[] for _ in DEVICES]
    for n, one in enumerate(history):
        texts[one[0]].append(text_of(n, history))
    one_after_the_other = [(device, text) for device, mine in enumerate(texts) for text in mine]
    in_order = _after(worlds, one_after_the_other, Random(0), repeats=False)
    in_disorder = _after(worlds, interleaved(texts, random), random, repeats=True)
    assert in_order == in_disorder


def interleaved(texts: list[list[str]], random: Random) -> list[tuple[int, str]]:
    """(device, text) in any order that keeps each device's own."""
    left = [list(mine) for mine in texts]
    mixed = []
    while any(left):
        device = random.choice([n for n, mine in enumerate(left) if mine])
        mixed.append((device, left[device].pop(0)))
    return mixed


def _id(n: int) -> str:
    return f"01a20000-0000-7000-8000-{n:012d}"


def text_of(n: int, history: list[Done]) -> str:
    """The operation at a place of a history."""
    device, kind, product, lot, minute, quantity, which, by_day = history[n]
    target = _id(which % len(history))
    expiry = "2028-01-31" if which % 3 else "2028-02-29"
    one = line(product, max(1, quantity), lot, expiry)
    seen = {"lot": {"number": lot, "expiry": expiry}, "product": product, "counted": quantity}
    other = "B" if DEVICES[device][0] == "A" else "A"
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "receive": ("receive", {"source": {"supplier": "Central"}, "lines": [one]}),
        "issue": ("issue", {"destination": {"ward": "OPD"}, "lines": [one]}),
        "adjust": ("adjust", {"lines": [{**one, "quantity": quantity - 20 or 1, "reason": "damaged"}]}),
        "count": ("count", {"lines": [seen]}),
        "shelf": ("count", {"lines": [seen], "all_lots": True}),
        "unpack": (
            "unpack",
            {"consumed": [one], "produced": [line("P2" if product == "P1" else "P1", 5, lot)]},
        ),
        "send": ("issue", {"destination": {"facility": other}, "lines": [one], "reference": "R"}),
        "claim": ("receive", {"source": {"facility": other}, "lines": [one], "shipment": target}),
        "arrive": (
            "receive",
            {"source": {"facility": other}, "lines": [one], "reference": "R" if by_day else ""},
        ),
        "reverse": ("reverse", {"operation": target, "reason": "mistake"}),
    }
    kind, body = bodies[kind]
    at = NOW - 2 * DAY + minute * MINUTE
    return json.dumps(
        {
            "id": _id(n),
            "kind": f"stock.{kind}",
            "version": 1,
            "facility": DEVICES[device][0],
            "author": DEVICES[device][1],
            "recorded_at": to_iso(NOW),
            "occurred_at": to_iso(at)[:10] if by_day and kind == "issue" else to_iso(at),
            "offset_ms": 0,
            "body": body,
        }
    )


def _after(
    worlds: tuple[Path, World], deliveries: list[tuple[int, str]], random: Random, *, repeats: bool
) -> object:
    template, world = worlds
    path = template.with_name(f"{uuid.uuid4().hex}.sqlite")
    shutil.copyfile(template, path)
    copy = World(Database(f"sqlite:///{path}"), facilities=world.facilities, users=world.users)
    state = delivered(copy, deliveries, random, repeats=repeats)
    copy.db.close()
    path.unlink()
    return state


def delivered(
    world: World, deliveries: list[tuple[int, str]], random: Random, *, repeats: bool
) -> tuple[object, ...]:
    """What a fresh world is like after these deliveries, in batches as they fall, some of them sent again."""
    tablets = [world.enrol(facility, user) for facility, user in DEVICES]
    sent: list[list[str]] = [[] for _ in DEVICES]
    waiting = list(deliveries)
    while waiting:
        device, text = waiting.pop(0)
        batch = [text]
        while waiting and waiting[0][0] == device and random.random() < 0.6:
            batch.append(waiting.pop(0)[1])
        tablets[device].push(*batch)
        sent[device] += batch
        if repeats and random.random() < 0.3:
            _send_again(tablets[device], sent[device], random)
    assert world.differences() == []
    return state_of(world)


def _send_again(tablet: Tablet, sent: list[str], random: Random) -> None:
    first = random.randrange(len(sent))
    again = sent[first:]
    results = tablet.push(*again, seqs=list(range(first + 1, len(sent) + 1)))["results"]
    assert all(one["replayed"] for one in results)


def state_of(world: World) -> tuple[object, ...]:
    with world.db.reading() as session:
        standing = {
            (row.facility_id, row.id, row.code)
            for row in session.exec(select(StockException))
            if row.closed_at is None and row.code in FROM_FACTS
        }
        lots = {
            (row.facility_id, row.product_id, row.number, row.expiry) for row in session.exec(select(Lot))
        }
        shipments = {
            (row.facility_id, row.id, row.state, row.lines) for row in session.exec(select(Shipment))
        }
    return world.cards("A"), world.cards("B"), standing, lots, shipments

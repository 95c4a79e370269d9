"""Random days of everything at once, people's decisions among it: after every step a rebuild finds no difference."""

from __future__ import annotations

import contextlib
from datetime import date
from random import Random
from typing import Any

import pytest
from sqlmodel import col, select

from backend.clock import to_iso
from backend.models import StockException
from backend.problems import Problem
from sync import decisions
from sync.decisions import Choice
from tests.sync.conftest import Tablet, World, counted, issued, line, received
from tests.sync.saying import HOUR, MINUTE, all_lots, came_from, id_of, let_decide, sent_to

STEPS = 20
NEW_ID = "01a2ffff-0000-7000-8000-000000000000"


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_every_projection_is_what_the_facts_say(world: World, seed: int) -> None:
    let_decide(world)
    let_decide(world, "bob")
    random = Random(seed)
    tablets = [world.enrol(), world.enrol(), world.enrol("B", "bob")]
    texts: list[str] = []
    for _ in range(STEPS):
        world.now += random.choice([0, MINUTE, 3 * MINUTE, HOUR])
        tablet = random.choice(tablets)
        if random.random() < 0.3:
            tablet.pull()
        batch = [something(world, tablet, texts, random) for _ in range(random.choice([1, 1, 2, 4]))]
        tablet.push(*batch)
        assert world.differences() == [], batch
        if random.random() < 0.6:
            decided = decide_something(world, random)
            assert world.differences() == [], decided


def something(world: World, tablet: Tablet, texts: list[str], random: Random) -> str:
    """An operation that may speak of earlier ones, be late, dated by day, of another facility, or not permitted."""
    product, lot, quantity = random.choice(["P1", "P2"]), random.choice(["L1", "L2"]), random.randrange(1, 20)
    one = line(product, quantity, lot, random.choice(["2028-01-31", "2028-01-31", "2028-02-29", None]))
    other = "B" if tablet.facility == "A" else "A"
    target = id_of(random.choice(texts)) if texts else NEW_ID
    choices: list[tuple[str, dict[str, Any]]] = [
        ("stock.receive", received(one)),
        ("stock.issue", issued(one)),
        ("stock.count", counted(product, quantity, lot)),
        ("stock.count", all_lots(product, quantity, lot)),
        ("stock.issue", sent_to(other, one)),
        ("stock.receive", came_from(other, one)),
        ("stock.receive", came_from(random.choice("AB"), one, shipment=target)),
        ("stock.reverse", {"operation": random.choice([target, target.upper()])}),
        ("stock.unpack", {"consumed": [one], "produced": [line("P2", 3, lot)]}),
        ("device.gap", {"from": 1, "to": 2}),
    ]
    at = to_iso(
        world.now - random.choice([0, 0, 0, MINUTE, 2 * MINUTE, 6 * MINUTE, HOUR, 13 * HOUR, 30 * HOUR])
    )
    header: dict[str, Any] = {"occurred_at": at[:10] if random.random() < 0.15 else at}
    if random.random() < 0.5:
        header["seen"] = tablet.cursor
    if random.random() < 0.12:
        header["author"] = "nobody"
    if random.random() < 0.06 and texts:
        header["id"] = target
    if random.random() < 0.06:
        header["facility"] = other
    texts.append(tablet.operation(*random.choice(choices), **header))
    return texts[-1]


def decide_something(world: World, random: Random) -> object:
    """Alice decides about one of the exceptions that stand; what cannot be done is refused."""
    with world.db.writing() as session:
        statement = select(StockException).where(col(StockException.closed_at).is_(None))
        rows = session.exec(statement.order_by(col(StockException.id))).all()
        if not rows:
            return None
        row = random.choice(rows)
        choice = Choice(
            random.choice(decisions.options(row.code)),
            "alice",
            expiry=date(2028, random.randrange(1, 12), 20),
        )
        decided = row.code, row.operation_id, choice
        with contextlib.suppress(Problem):
            decisions.resolve(session, row.facility_id, row.id, choice, now=world.now, time_zone="UTC")
    return decided

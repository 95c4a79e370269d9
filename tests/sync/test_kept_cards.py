"""Cards kept between transactions: used while nobody else wrote, and never otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import event, text

from backend.db import Database
from backend.services import kept_cards, rebuild
from backend.services.card_store import OpenCard
from backend.services.kept_cards import Keeper, Kept
from sync.fold import EMPTY
from tests.sync.conftest import Tablet, World, line, received


@pytest.fixture
def asked(world: World) -> Iterator[list[str]]:
    """The statements of writers that read cards or lots, as they come."""
    found: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT") and (
            "FROM card WHERE" in statement or "FROM lot WHERE" in statement
        ):
            found.append(statement)

    event.listen(world.db._writing, "before_cursor_execute", hear)
    yield found
    event.remove(world.db._writing, "before_cursor_execute", hear)


@pytest.fixture
def tablet(world: World) -> Tablet:
    """A device whose first receipt is in the ledger."""
    tablet = world.enrol()
    _receive(tablet, 5)
    return tablet


def _receive(tablet: Tablet, quantity: int) -> None:
    assert (
        tablet.one(tablet.operation("stock.receive", received(line("P1", quantity))))["outcome"] == "applied"
    )


def _rows_kept(world: World) -> int:
    return len(kept_cards.keeper_of(world.db._writing))


def test_a_second_batch_reads_neither_cards_nor_lots(world: World, tablet: Tablet, asked: list[str]) -> None:
    _receive(tablet, 7)
    assert asked == []
    assert world.cards() == {("P1", "L1"): 12}
    assert world.differences() == []


def test_another_process_in_between_is_seen(world: World, tablet: Tablet, asked: list[str]) -> None:
    other = Database(world.db.url.render_as_string(hide_password=False))
    try:
        there = replace(tablet, world=replace(world, db=other))
        _receive(there, 20)
    finally:
        other.close()
    tablet.seq += 1
    _receive(tablet, 7)
    assert len(asked) == 2
    assert world.cards() == {("P1", "L1"): 32}
    assert world.differences() == []


def test_a_batch_that_is_rolled_back_leaves_nothing(world: World, tablet: Tablet, asked: list[str]) -> None:
    text_ = tablet.operation("stock.receive", received(line("P1", 100)))
    body = (
        f'{{"device": "{tablet.device}", "epoch": null, "sent_at": "2026-11-22T08:00:00Z", '
        f'"operations": [{{"seq": {tablet.seq + 1}, "operation": {text_}}}]}}'
    )

    def crash(_connection: object) -> None:
        raise RuntimeError("crashed before the commit")

    event.listen(world.db._writing, "commit", crash)
    try:
        with pytest.raises(RuntimeError, match="crashed"):
            tablet.send(body)
    finally:
        event.remove(world.db._writing, "commit", crash)
    assert _rows_kept(world) == 0
    _receive(tablet, 7)
    assert len(asked) == 2
    assert world.cards() == {("P1", "L1"): 12}
    assert world.differences() == []


def test_another_life_of_the_database_is_another_stand(
    world: World, tablet: Tablet, asked: list[str]
) -> None:
    with world.db.writing() as session:
        # As after a restore that brought the counter to the same number by another way.
        session.connection().execute(text("UPDATE card SET on_hand = 50"))
        session.connection().execute(text("UPDATE meta SET value = 'another' WHERE \"key\" = 'epoch'"))
    _receive(tablet, 7)
    assert len(asked) == 2
    assert world.cards() == {("P1", "L1"): 57}


def test_a_rebuild_in_between_is_seen(world: World, tablet: Tablet, asked: list[str]) -> None:
    with world.db.writing() as session:
        session.connection().execute(text("UPDATE card SET on_hand = 50"))
        assert rebuild.rebuild(session, check=False, now=world.now, time_zone="UTC") != []
    asked.clear()
    _receive(tablet, 7)
    assert len(asked) == 2
    assert world.cards() == {("P1", "L1"): 12}
    assert world.differences() == []


def _kept(rows: int) -> Kept:
    keys = [(number, "", "", "") for number in range(rows)]
    return Kept(("e", 1), {key: OpenCard(key[0], key, EMPTY, False) for key in keys})


def test_what_is_kept_has_a_bound_and_the_least_lately_used_goes_first() -> None:
    keeper = Keeper(rows_max=10)
    for facility in (1, 2, 3):
        keeper.put({facility: _kept(3)})
    first = keeper.take(1)
    assert first is not None
    keeper.put({1: first})
    keeper.put({4: _kept(3)})
    assert len(keeper) == 9
    assert keeper.take(2) is None
    assert keeper.take(1) is first
    assert len(keeper) == 6
    keeper.put({5: _kept(11)})
    assert (len(keeper), keeper.take(5)) == (0, None)


def test_a_facility_is_counted_once() -> None:
    keeper = Keeper(rows_max=10)
    for _ in range(5):
        keeper.put({1: _kept(4)})
    assert len(keeper) == 4

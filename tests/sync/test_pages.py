"""Whatever changes between the pages of a pull, a device that follows its cursor ends with the server's rows."""

from __future__ import annotations

import threading
import time
from random import Random

import pytest
from sqlmodel import select

from backend.models import Product
from tests.support.follower import OWN, Follower, visible
from tests.support.upheaval import Upheaval
from tests.sync.conftest import World

SEEDS = range(4)
STEPS = 60
PAGES = 60


def upheaval(world: World, seed: str) -> Upheaval:
    """A country to be changed at random: the devices are Alice's at A and Bob's at B."""
    made = Upheaval(
        Random(seed),
        world.now,
        [world.facilities["A"], world.facilities["B"]],
        [world.users["alice"], world.users["bob"]],
    )
    with world.db.writing() as session:
        made.furnish(session)
    return made


def followers(world: World) -> list[Follower]:
    """Two devices at A, of which one begins later, and one at B."""
    places = (("A", "alice"), ("B", "bob"), ("A", "alice"))
    return [Follower(world.db, world.enrol(place, user).device) for place, user in places]


def assert_up_to_date(world: World, device: Follower) -> None:
    """The device has exactly the rows that it should see, each as a first pull gives it."""
    fresh = Follower(world.db, device.device)
    fresh.pull(world.now)
    assert device.granted == fresh.granted
    if not fresh.granted:
        assert fresh.rows == {}
        assert not {entity for entity, _ in device.rows} & set(OWN)
        return
    assert device.rows.keys() == world.read(lambda session: visible(session, device.device))
    assert device.rows == fresh.rows


@pytest.mark.parametrize("seed", SEEDS)
def test_tiny_pages_among_random_changes_end_in_the_server_s_rows(world: World, seed: int) -> None:
    changing = upheaval(world, f"pages {seed}")
    random = Random(seed)
    devices = followers(world)
    for number in range(STEPS):
        with world.db.writing() as session:
            changing.step(session)
        at_work = devices if number > STEPS // 3 else devices[:2]
        for device in at_work:
            for _ in range(random.randrange(4)):
                device.page(random.randint(1, 3), world.now)
        if number % 10 == 9:
            for device in at_work:
                device.pull(world.now, random.randint(1, 3))
                assert_up_to_date(world, device)
    for device in devices:
        device.pull(world.now, 2)
        assert_up_to_date(world, device)
        assert device.pull(world.now) == []


@pytest.mark.parametrize("seed", range(2))
def test_writers_that_commit_late_are_not_skipped(world: World, seed: int) -> None:
    """Three writers, each of which dawdles before it commits, while devices pull tiny pages without pause."""
    changing = upheaval(world, f"late {seed}")
    devices = followers(world)
    failures: list[BaseException] = []
    enough = threading.Event()

    def write(number: int) -> None:
        random = Random(f"{seed} {number}")
        mine = Upheaval(random, world.now, changing.own, changing.keepers)
        try:
            while not enough.is_set():
                with world.db.writing() as session:
                    getattr(mine, random.choice(["card", "reason", "exception", "shipment"]))(session)
                    session.flush()
                    time.sleep(random.random() / 50)
        except BaseException as failure:
            failures.append(failure)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    random = Random(seed)
    for _ in range(PAGES):
        random.choice(devices).page(random.randint(1, 3), world.now)
    enough.set()
    for writer in writers:
        writer.join()
    assert not failures
    for device in devices:
        device.pull(world.now, 3)
        assert_up_to_date(world, device)


def test_a_number_taken_early_and_committed_late_is_not_skipped(world: World) -> None:
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    numbered, free = threading.Event(), threading.Event()

    def rename(code: str) -> None:
        with world.db.writing() as session:
            row = session.exec(select(Product).where(Product.code == code)).one()
            row.name = "Renamed"
            session.flush()
            numbered.set()
            assert free.wait(20)

    first = threading.Thread(target=rename, args=("P1",))
    first.start()
    assert numbered.wait(20)
    # The second writer wants a number while the first has its own and has not committed.
    second = threading.Thread(target=rename, args=("P2",))
    second.start()
    time.sleep(0.2)
    assert device.pull(world.now) == []
    free.set()
    first.join(20)
    second.join(20)
    assert {change["key"] for change in device.pull(world.now)} == {"P1", "P2"}


def test_no_page_is_longer_than_its_limit(world: World) -> None:
    changing = upheaval(world, "limit")
    for _ in range(60):
        with world.db.writing() as session:
            changing.card(session)
            changing.approval(session)
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now, 3)
    # What is told of access comes on top of the rows that were looked at.
    assert max(device.pages) <= 4
    assert_up_to_date(world, device)

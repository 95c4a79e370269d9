"""The live feed, over a real server on both databases: what is told to whom, how soon, and what a cut line misses."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from backend.app import create_app
from backend.clock import system_clock
from backend.db import Database, announce
from backend.ids import uuid7
from backend.models import Assignment, ChangeCounter, Facility, FacilityType, Meta, Product, User, Zone
from backend.services import people, web_sessions
from backend.services.changes import epoch
from backend.services.ledger import Entry, Posting, post
from backend.settings import Settings
from backend.web import live, live_hub
from tests.support.feed import Feed
from tests.support.in_thread import served_in_thread

SOON_S = 1.5


@dataclass
class World:
    """A served Bincard, its database, and the cookie of each person."""

    url: str
    db: Database
    cookies: dict[str, str]
    facilities: dict[str, int]
    product: int
    hub: live_hub.Hub

    def watch(self, name: str, *, last: str | None = None, cursor: str | None = None) -> Feed:
        """That person's feed, resumed after `last` or begun at a page's `cursor`."""
        address = f"{self.url}/live" + (f"?cursor={cursor}" if cursor else "")
        return Feed(address, {"Cookie": f"bincard_session={self.cookies[name]}"}, last=last)

    def receive(
        self,
        facility: str,
        quantity: int = 5,
        *,
        db: Database | None = None,
        lots: int = 1,
        flow: str = "received",
    ) -> None:
        """Commit one operation there, on as many new lots as told, by this process's database or another."""
        now, name = system_clock(), uuid7()
        entries = [
            Entry(self.product, f"{name[-6:]}-{line}", None, "", "", now, flow, quantity, None, line)
            for line in range(lots)
        ]
        with (db or self.db).writing() as session:
            post(session, self.facilities[facility], [Posting(name, entries)], now=now, time_zone="UTC")


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Bob manages North (N1, N2), Charlie South (S1), Dora holds nothing; Ada is everywhere."""
    settings = Settings(data=tmp_path, database_url=database_url, secret_key="k" * 43, levels_seconds=0)
    app = create_app(settings)
    db: Database = app.state.wiring.db
    now = system_clock()
    with db.writing() as session:
        kind = FacilityType(name="Clinic")
        zones = {name: Zone(name=name, level=1) for name in ("North", "South")}
        session.add_all([kind, *zones.values(), product := Product(code="P1", name="Paracetamol")])
        session.flush()
        places = {
            code: Facility(code=code, name=code, type_id=kind.id, zone_id=zones[zone].id)
            for code, zone in (("N1", "North"), ("N2", "North"), ("S1", "South"))
        }
        session.add_all(places.values())
        users = {name: User(name=name, created_at=now) for name in ("bob", "charlie", "dora", "ada")}
        session.add_all(users.values())
        session.flush()
        for name, role, zone in (
            ("bob", "manager", zones["North"].id),
            ("charlie", "manager", zones["South"].id),
            ("ada", "admin", None),
        ):
            session.add(Assignment(user_id=users[name].id, role=role, zone_id=zone, granted_at=now - 1000))
        cookies = {
            name: web_sessions.begin(session, user_id=user.id or 0, hours=1, now=now)
            for name, user in users.items()
        }
        facilities = {code: place.id or 0 for code, place in places.items()}
        product_id = product.id or 0
    with served_in_thread(app) as url:
        yield World(url, db, cookies, facilities, product_id, app.state.hub)


@pytest.mark.alone
def test_a_commit_is_on_the_wire_well_under_two_seconds(world: World) -> None:
    feed = world.watch("bob")
    began = time.monotonic()
    world.receive("N1", 7)
    event = feed.next()
    assert event.at - began < SOON_S
    assert event.name == "card"
    assert event.data | {"lot": "", "version": 0} == {
        "facility": "N1",
        "product": "P1",
        "lot": "",
        "location": "",
        "account": "",
        "on_hand": 7,
        "version": 0,
    }


@pytest.mark.alone
def test_a_commit_of_another_process_is_told_too(world: World, database_url: str) -> None:
    feed = world.watch("bob")
    other = Database(database_url)
    try:
        began = time.monotonic()
        world.receive("N1", db=other)
        event = feed.next()
    finally:
        other.close()
    assert event.name == "card"
    assert event.at - began < 1.9


def test_each_is_told_of_their_own_places_only(world: World) -> None:
    bob, charlie, ada = (world.watch(name) for name in ("bob", "charlie", "ada"))
    world.receive("N2")
    world.receive("S1")
    assert bob.next().data["facility"] == "N2"
    assert charlie.next().data["facility"] == "S1"
    assert {ada.next().data["facility"], ada.next().data["facility"]} == {"N2", "S1"}
    assert bob.quiet(0.4)
    assert charlie.quiet(0.1)


def test_an_exception_is_told_when_it_opens_and_when_it_closes(world: World) -> None:
    feed = world.watch("bob")
    lot = uuid7()
    now = system_clock()

    def commit(flow: str, quantity: int, at: int) -> str:
        operation = uuid7()
        entry = Entry(world.product, lot, None, "", "", at, flow, quantity, None, 0)
        with world.db.writing() as session:
            post(session, world.facilities["N1"], [Posting(operation, [entry])], now=at, time_zone="UTC")
        return operation

    issued = commit("issued", -3, now)
    opened = [feed.next(), feed.next()]
    (exception,) = [event.data for event in opened if event.name == "exception"]
    assert exception["code"] == "negative_stock"
    assert exception["operation"] == issued
    assert exception["state"] == "open"
    commit("counted", 0, now + 1)
    closed = [feed.next(), feed.next()]
    assert [event.data["state"] for event in closed if event.name == "exception"] == ["closed"]


def test_a_cut_line_misses_nothing_and_repeats_nothing(world: World) -> None:
    feed = world.watch("bob")
    world.receive("N1", 1)
    assert feed.next().data["on_hand"] == 1
    first = feed.wait_for_cursor()
    world.receive("N1", 2)
    assert feed.next().data["on_hand"] == 2
    last = feed.wait_for_cursor(other_than=first)
    feed.close()
    world.receive("N1", 3)
    world.receive("S1", 9)
    world.receive("N2", 4)
    again = world.watch("bob", last=last)
    assert sorted([again.next().data["on_hand"], again.next().data["on_hand"]]) == [3, 4]
    world.receive("N2", 5)
    assert again.next().data["on_hand"] == 5
    assert again.quiet(0.3)


def test_what_changed_between_the_page_and_its_feed_is_told(world: World) -> None:
    page = world.watch("bob").wait_for_cursor()
    world.receive("N1", 6)
    assert world.watch("bob", cursor=page).next().data["on_hand"] == 6


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "%20"])
def test_a_cursor_that_is_none_of_ours_asks_for_a_fresh_look(world: World, cursor: str) -> None:
    assert world.watch("bob", cursor=cursor).next().name == "refresh"


def test_a_restored_database_asks_for_a_fresh_look(world: World) -> None:
    feed = world.watch("bob")
    world.receive("N1")
    feed.next()
    kept = feed.wait_for_cursor()
    with world.db.writing() as session:
        before = epoch(session)
        session.get_one(Meta, "epoch").value = "another life"
    assert before != "another life"
    assert world.watch("bob", last=kept).next().name == "refresh"


def test_a_backup_put_in_place_under_a_running_server_asks_for_a_fresh_look(world: World) -> None:
    world.receive("N1")
    feed = world.watch("bob")
    with world.db.writing() as session:
        session.get_one(ChangeCounter, world.facilities["N1"]).value = 0
        announce(session, world.facilities["N1"])
    assert feed.next().name == "refresh"


def test_a_database_that_is_away_for_a_moment_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed, failures = world.watch("bob"), iter([OSError("away"), RuntimeError("still away")])
    look = live_hub._look

    def failing(*args: Any) -> live_hub.Batch | None:
        for error in failures:
            raise error
        return look(*args)

    monkeypatch.setattr(live_hub, "_look", failing)
    world.receive("N1", 9)
    assert feed.next(timeout_s=10).data["on_hand"] == 9


def test_too_much_at_once_is_one_request_to_look_afresh(world: World) -> None:
    feed, outsider = world.watch("bob"), world.watch("charlie")
    world.receive("N1", lots=600)
    assert feed.next().name == "refresh"
    assert feed.quiet(0.3)
    assert outsider.quiet(0.1)
    world.receive("N1", 8)
    assert feed.next().data["on_hand"] == 8


def test_too_much_missed_is_one_request_to_look_afresh(world: World) -> None:
    feed = world.watch("bob")
    start = feed.wait_for_cursor()
    world.receive("N1", lots=600)
    assert world.watch("bob", last=start).next().name == "refresh"


def test_who_has_no_place_to_watch_is_refused(world: World) -> None:
    assert world.watch("dora").status == 403
    assert httpx.get(f"{world.url}/live").status_code == 401


def test_a_person_has_a_number_of_feeds_and_no_more(world: World) -> None:
    open_ones = [world.watch("bob") for _ in range(live_hub.WATCHERS_PER_PERSON_MAX)]
    refused = httpx.get(f"{world.url}/live", headers={"Cookie": f"bincard_session={world.cookies['bob']}"})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    assert refused.json()["type"] == "urn:bincard:problem:too_many_watchers"
    assert world.watch("charlie").status == 200
    open_ones[0].close()
    _eventually(lambda: world.watch("bob").status == 200)


def test_who_hangs_up_is_forgotten(world: World) -> None:
    feeds = [world.watch("bob"), world.watch("charlie")]
    assert world.hub.watching == 2
    for feed in feeds:
        feed.close()
    _eventually(lambda: world.hub.watching == 0)


def test_a_quiet_line_beats(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)
    feed = world.watch("bob")
    _eventually(lambda: feed.heartbeats >= 3)


def test_a_feed_ends_when_its_person_is_shut_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.1)
    feed = world.watch("bob")
    with world.db.writing() as session:
        people.disable(session, people.user_id_of(session, "bob"), system_clock())
    assert feed.ended.wait(5)
    assert world.watch("bob").status == 401


def test_a_feed_ends_when_a_role_is_withdrawn_though_it_is_busy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.3)
    feed = world.watch("bob")
    with world.db.writing() as session:
        user_id = people.user_id_of(session, "bob")
        for row in session.query(Assignment).filter_by(user_id=user_id):
            people.withdraw(session, row.id or 0, system_clock())
    for _ in range(50):
        world.receive("N1")
        if feed.ended.wait(0.05):
            break
    assert feed.ended.is_set()


def test_a_reader_that_is_too_slow_is_told_to_look_afresh_and_costs_no_more(world: World) -> None:
    watcher = live_hub.Watcher(person=1)
    for number in range(live_hub.QUEUE_MAX * 3):
        watcher.put(live_hub.Batch((), frozenset(), {1: number}))
    assert watcher.behind
    assert watcher.waiting <= live_hub.QUEUE_MAX


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_a_lost_line_to_postgresql_is_taken_up_again(world: World, database_url: str) -> None:
    feed = world.watch("bob")
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        ).fetchall()
    assert len(ended) == 1
    other = Database(database_url)
    try:
        world.receive("N1", db=other)
    finally:
        other.close()
    assert feed.next().data["facility"] == "N1"


def _eventually(true: Callable[[], bool], timeout_s: float = 5) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)

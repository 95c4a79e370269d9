"""`bincard demo`: what the country has, that it is consistent, and that it goes into an empty database only."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from sqlmodel import Session, col, func, select

from backend.clock import DAY_MS, from_iso
from backend.commands.terminal import ProgressBar
from backend.db import Database
from backend.demo.country import facilities
from backend.demo.history import Simulation
from backend.demo.load import load
from backend.demo.medicines import MEDICINES
from backend.domain.roles import ROLES
from backend.keys import with_secret_key
from backend.models import (
    Card,
    Device,
    Facility,
    Fact,
    Lot,
    Meta,
    Operation,
    Policy,
    Product,
    Program,
    StockException,
    User,
    Zone,
)
from backend.services import passwords
from backend.services.access import access_by_name
from backend.services.rebuild import rebuild
from backend.services.stock import positions
from backend.settings import Settings
from tests.cli.conftest import Done

Run = Callable[..., Done]

NOW = from_iso("2026-11-22T10:00:00Z")


@pytest.fixture(scope="module")
def loaded(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """The demo as of a day in November 2026, and the seconds that loading took."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(sqlite_template, folder / "bincard.sqlite")
    settings = with_secret_key(Settings(data=folder))
    database = Database(settings.database_address)
    began = time.monotonic()
    with database.writing() as session:
        load(session, settings, NOW, ProgressBar("demo"))
    database.close()
    return folder, time.monotonic() - began


@pytest.fixture
def demo(loaded: tuple[Path, float]) -> Iterator[Session]:
    """A session that reads the demo."""
    database = Database(f"sqlite:///{loaded[0] / 'bincard.sqlite'}")
    with database.reading() as session:
        yield session
    database.close()


def count(session: Session, table: type) -> int:
    """Rows of a table."""
    return session.exec(select(func.count()).select_from(table)).one()


def test_it_has_what_the_issue_asks_for(demo: Session, loaded: tuple[Path, float]) -> None:
    assert set(demo.exec(select(Zone.level)).all()) == {1, 2, 3}
    assert (count(demo, Facility), count(demo, Product)) == (40, 60)
    assert min(count(demo, Program), count(demo, Policy)) >= 5
    assert len(set(demo.exec(select(Fact.booked_in)).all()) - {202611}) == 18
    assert demo.exec(select(func.max(Fact.booked_in)).where(Fact.booked_in < 202611)).one() == 202610
    assert len(demo.exec(select(Lot).where(col(Lot.expiry).is_not(None))).all()) > 1_000
    assert loaded[1] < 60


def test_every_projection_is_the_ledgers(demo: Session) -> None:
    assert rebuild(demo, check=True, now=NOW, time_zone="UTC") == []


def test_every_facility_has_stock_of_what_it_manages(demo: Session) -> None:
    by_facility = Counter(demo.exec(select(Card.facility_id).where(Card.on_hand > 0)).all())
    assert len(by_facility) == 40
    assert min(by_facility.values()) >= 15


def test_managers_have_something_to_see_of_every_status(demo: Session) -> None:
    found = Counter(one.status for one in positions(demo, Settings(), NOW))
    assert found["according_to_plan"] > found.total() // 2
    assert min(found[status] for status in ("stocked_out", "understocked", "overstocked")) >= 20
    assert found["unknown"] == 0


def test_the_open_work_stands(demo: Session) -> None:
    standing = demo.exec(select(StockException).where(col(StockException.closed_at).is_(None))).all()
    assert Counter(one.code for one in standing) == {
        "negative_stock": 5,
        "unknown_product": 1,
        "reason_type": 1,
    }
    outcomes = Counter(demo.exec(select(Operation.outcome)).all())
    assert (outcomes["held"], outcomes["flagged"]) == (1, 6)
    nurses = demo.exec(select(Facility.id).where(Facility.code == "HC01")).one()
    assert sum(one.facility_id == nurses for one in standing) == 4


def test_most_tablets_were_heard_of_lately(demo: Session) -> None:
    seen = demo.exec(select(Device.last_seen_at)).all()
    assert len(seen) == 40
    lately = sum(at is not None and at > NOW - 2 * DAY_MS for at in seen)
    assert 30 <= lately < 40


def test_one_person_signs_in_for_each_role_and_nobody_else(demo: Session) -> None:
    users = {user.name: user for user in demo.exec(select(User)).all()}
    row = demo.get_one(Meta, "demo_users")
    assert json.loads(row.value) == list(ROLES)
    for role in ROLES:
        assert passwords.matches(users[role].password_hash, f"demo-{role}")
        assert access_by_name(demo, [role])[role].roles(NOW) == [role]
    assert {name for name, user in users.items() if user.password_hash} == set(ROLES)


def test_the_nurse_works_at_hc01_and_the_manager_sees_it(demo: Session) -> None:
    facility_id = demo.exec(select(Facility.id).where(Facility.code == "HC01")).one() or 0
    access = access_by_name(demo, list(ROLES))
    assert access["nurse"].facilities("stock.count", NOW) == {facility_id}
    assert access["pharmacist"].facilities("stock.dispense", NOW) == {facility_id}
    assert facility_id in (access["manager"].facilities("manage.view", NOW) or ())
    assert 1 < len(access["manager"].facilities("manage.view", NOW) or ()) < 40


def test_the_same_seed_gives_the_same_history() -> None:
    first, again, other = (
        Simulation(facilities(), MEDICINES, 202505, 4, Random(seed)).run() for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_it_goes_into_an_empty_database_only(made: Path, bincard: Run) -> None:
    (made / "facilities.csv").write_text("code,type,zone_path\nA,Clinic,South\n")
    bincard("import", "facilities", str(made / "facilities.csv"))
    refused = bincard("demo")
    assert refused.status == 1
    assert "empty database only" in refused.err
    kept = bincard("demo", "--if-empty")
    assert kept.status == 0
    assert "kept" in kept.out


def test_it_makes_the_database_and_names_the_sign_ins(
    unmade: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.demo.load.MONTHS", 3)
    done = bincard("demo")
    assert done.status == 0
    assert "nurse / demo-nurse" in done.out
    assert "HC01" in done.out
    assert bincard("rebuild", "--check").status == 0

"""A server that comes back out of an older backup: its tablets bring back what it lacks, and declare what they lost.

Real tablets over HTTP against the served program, its backups taken while they send, on SQLite and PostgreSQL and
from the one to the other.
"""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend.clock import system_clock
from backend.db import Database
from backend.services import backup
from backend.services.rebuild import rebuild
from tests.support import clinic
from tests.support.backups import NewDatabase, empty_database
from tests.support.served import Served
from tests.support.shift import Shift
from tests.support.tablet import Kept, Refused, Tablet

__all__ = ["empty_database"]

Card = tuple[Any, ...]

BATCH = 25
PRODUCTS = 6
SHIFT = 60
BACKUPS = 2


class Ward:
    """A tablet and who records on it, at random but the same for the same seed."""

    def __init__(self, served: Served, facility: str, seed: int) -> None:
        self.tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, facility, f"tablet {seed}")
        self.shift = Shift(self.tablet, random.Random(seed), products=PRODUCTS)

    def send(self, after: int | None = None) -> None:
        """Send what waits, or all that is kept behind a delivery number."""
        operations = self.tablet.waiting if after is None else self.tablet.kept[after:]
        for start in range(0, len(operations), BATCH):
            self.tablet.push(operations[start : start + BATCH])

    def is_told(self) -> int:
        """Come back to a server that has less than it had answered: the number that it expects."""
        with pytest.raises(Refused) as refused:
            self.tablet.push(self.tablet.kept[-1:])
        assert refused.value.status == 409
        assert refused.value.problem["epoch"] != self.tablet.epoch
        expected: int = refused.value.problem["expected_seq"]
        return expected

    def work(self, operations: int = SHIFT) -> None:
        """Record and send so many operations."""
        self.shift.record(operations)
        self.send()

    def lose(self, seqs: range) -> None:
        """Forget kept operations, as one does after 90 days: in their places stand gaps, one for each number."""
        kept = self.tablet.kept
        for seq in seqs:
            self.tablet.record("device.gap", None, **{"from": seq, "to": seq})
            gap = kept.pop()
            kept[seq - 1] = Kept(seq, gap.id, gap.text)

    def enrol_again(self, served: Served, facility: str) -> None:
        """Become a new device and send all that is kept under new numbers, from 1."""
        new = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, facility, "enrolled again")
        self.tablet.token, self.tablet.device, self.tablet.epoch = new.token, new.device, new.epoch
        self.send(after=0)

    @property
    def cards(self) -> list[Card]:
        """What the server says of the cards of the facility, but for change numbers."""
        rows = [change["row"] for change in self.tablet.pull() if change["entity"] == "card"]
        names = ("facility", "product", "lot", "location", "account", "on_hand", "counted", "last")
        return sorted(tuple(map(str, (row[name] for name in names))) for row in rows)


@pytest.fixture(scope="module")
def furniture(clinic_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the tests' district, which is the quickest way to have it in any database."""
    folder = tmp_path_factory.mktemp("furniture")
    shutil.copyfile(clinic_template, folder / "clinic.sqlite")
    database = Database(f"sqlite:///{folder / 'clinic.sqlite'}")
    with database.reading() as session:
        backup.back_up(session, folder / "backup", now=system_clock(), progress=lambda _done, _total: None)
    database.close()
    return folder / "backup"


@pytest.fixture
def district(
    furniture: Path, empty_database: NewDatabase, serve: Callable[..., Served]
) -> Callable[[str], Served]:
    """The tests' district, served from a fresh database of a kind."""

    def start(kind: str) -> Served:
        url = empty_database(kind)
        backup.restore(url, furniture, progress=lambda _done, _total: None)
        return serve(url)

    return start


def come_back(served: Served, path: Path, url: str) -> None:
    """The server burns down, and comes back out of a backup in another database, with the same secret key."""
    served.kill()
    # Else what follows would show a fault of the ledger, not of the backup.
    is_clean(served.database_url)
    served.database_url = url
    restored = served.command("restore", str(path))
    assert restored.stdout.endswith("Every projection is what the ledger says.\n")
    served.start()


def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """What the database at an address answers."""
    database = Database(url)
    try:
        with database.reading() as session:
            return [tuple(row) for row in session.connection().execute(text(statement))]
    finally:
        database.close()


def is_clean(url: str) -> None:
    """Every projection is what the ledger says."""
    database = Database(url)
    with database.reading() as session:
        assert rebuild(session, check=True, now=system_clock(), time_zone="UTC") == []
    database.close()


def ledger_holds_once(served: Served, wards: list[Ward]) -> None:
    """Every operation that a tablet keeps is stored once, to the byte, and nothing else is."""
    kept = {one.id: one.text.encode() for ward in wards for one in ward.tablet.kept}
    stored = query(served.database_url, "SELECT id, content FROM operation")
    assert Counter(id_ for id_, _ in stored) == Counter(list(kept))
    assert {id_: bytes(content) for id_, content in stored} == kept
    is_clean(served.database_url)


@pytest.mark.parametrize(
    ("kind", "restored_as"), [("sqlite", "sqlite"), ("postgres", "postgres"), ("sqlite", "postgres")]
)
def test_tablets_bring_back_what_the_backup_lacks(
    kind: str,
    restored_as: str,
    district: Callable[[str], Served],
    empty_database: NewDatabase,
    tmp_path: Path,
) -> None:
    served = district(kind)
    wards = [Ward(served, facility, seed) for seed, facility in enumerate(("F1", "F1", "F2"))]
    for ward in wards:
        ward.work()
    served.command("backup", str(tmp_path / "backup"))
    for ward in wards:
        ward.work()
    late = Ward(served, "F2", 9)
    late.work()
    before = {"F1": wards[0].cards, "F2": wards[2].cards}
    lives = {ward.tablet.epoch for ward in wards}

    come_back(served, tmp_path / "backup", empty_database(restored_as))
    assert (wards[0].cards, wards[2].cards) != (before["F1"], before["F2"])
    for ward in wards:
        assert ward.is_told() == SHIFT + 1
        ward.send(after=SHIFT)
    # The backup is older than this one's enrolment: its token is not known any more.
    with pytest.raises(Refused) as refused:
        late.tablet.push(late.tablet.kept[:1])
    assert refused.value.status == 401
    late.enrol_again(served, "F2")

    assert (wards[0].cards, wards[2].cards) == (before["F1"], before["F2"])
    ledger_holds_once(served, [*wards, late])
    new_lives = {ward.tablet.epoch for ward in [*wards, late]}
    assert len(new_lives) == 1
    assert not lives & new_lives
    # And on it goes.
    for ward in [*wards, late]:
        ward.work(5)
    ledger_holds_once(served, [*wards, late])
    served.stop()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_tablet_declares_what_it_can_no_longer_send(
    kind: str,
    district: Callable[[str], Served],
    empty_database: NewDatabase,
    tmp_path: Path,
) -> None:
    served = district(kind)
    ward, other = Ward(served, "F1", 1), Ward(served, "F2", 2)
    ward.work(10)
    other.work(10)
    served.command("backup", str(tmp_path / "backup"))
    ward.work(10)
    other.work(10)
    before = other.cards

    come_back(served, tmp_path / "backup", empty_database(kind))
    lost = range(13, 16)
    ward.lose(lost)
    for one in (ward, other):
        assert one.is_told() == 11
        one.send(after=10)
    assert [ward.tablet.answers[ward.tablet.kept[seq - 1].id]["outcome"] for seq in lost] == ["flagged"] * 3
    gaps = query(
        served.database_url,
        "SELECT exception.detail FROM exception JOIN facility ON facility.id = exception.facility_id"
        " WHERE exception.code = 'device_gap' AND facility.code = 'F1'",
    )
    assert sorted((json.loads(detail)["from"], json.loads(detail)["to"]) for (detail,) in gaps) == [
        (seq, seq) for seq in lost
    ]
    assert other.cards == before
    ledger_holds_once(served, [ward, other])
    served.stop()


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_backup_taken_while_tablets_send_is_one_moment(
    kind: str,
    district: Callable[[str], Served],
    empty_database: NewDatabase,
    tmp_path: Path,
) -> None:
    served = district(kind)
    wards = [Ward(served, facility, seed) for seed, facility in enumerate(("F1", "F1", "F2", "F2"))]
    stop, failures, answered = threading.Event(), list[BaseException](), list[float]()

    def work(ward: Ward) -> None:
        try:
            while not stop.is_set():
                ward.work(2)
                answered.append(time.time())
                # A pace that a ward would not reach; what is tested is the backup, not the push.
                stop.wait(0.05)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(ward,), daemon=True) for ward in wards]
    for thread in threads:
        thread.start()
    taken: list[tuple[float, float]] = []
    try:
        for number in range(BACKUPS):
            start = time.time()
            served.command("backup", str(tmp_path / f"backup{number}"))
            taken.append((start, time.time()))
    finally:
        stop.set()
    for thread in threads:
        thread.join(60)
    assert failures == []
    # Batches were answered while each backup was on its way, else this test shows nothing.
    assert all(any(start < moment < end for moment in answered) for start, end in taken)

    original = served.database_url
    # Else what follows would show a fault of the ledger, not of the backup.
    is_clean(original)
    all_stored = dict(query(original, "SELECT id, received_at FROM operation"))
    found = []
    for number in range(BACKUPS):
        served.database_url = empty_database(kind)
        restored = served.command("restore", str(tmp_path / f"backup{number}"))
        assert restored.stdout.endswith("Every projection is what the ledger says.\n")
        # Each device's own order without a hole, up to where the server says it is.
        for device, expected, stored, first, last in query(
            served.database_url,
            "SELECT device.id, expected_seq, count(operation.id), min(seq), max(seq) FROM device"
            " JOIN operation ON operation.device_id = device.id GROUP BY device.id, expected_seq",
        ):
            assert (stored, first, last) == (expected - 1, 1, expected - 1), device
        there = dict(query(served.database_url, "SELECT id, received_at FROM operation"))
        assert there.items() <= all_stored.items()
        # Whatever had been answered before it began is in it.
        sure = {
            id_ for id_, received_at in all_stored.items() if received_at < taken[number][0] * 1000 - 2000
        }
        assert sure <= there.keys()
        found.append(len(there))
    assert found == sorted(found)
    assert len(set(found)) == BACKUPS
    served.database_url = original
    served.stop()

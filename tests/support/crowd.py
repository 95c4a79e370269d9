"""Many tablets at many facilities: the country they work in, their work in threads of their own, the check of it all.

The country is made through the models, for speed: its facilities are `C001`, `C002` and so on, and Ama is a nurse
at each of them.
"""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import create_engine, text
from sqlmodel import select

from backend.clock import DAY_MS, system_clock
from backend.db import Database
from backend.ids import uuid7
from backend.keys import with_secret_key
from backend.models import Facility, FacilityType, Product, User, Zone
from backend.services import devices, people
from backend.settings import Settings
from tests.support import clinic, recount
from tests.support.served import Served
from tests.support.tablet import Tablet

ENROLLING_AT_ONCE = 4


def facility(number: int) -> str:
    """The code of the facility with this number, from 0."""
    return f"C{number + 1:03d}"


def furnish(url: str, *, facilities: int, products: int) -> None:
    """Put the country into an empty, migrated database."""
    database = Database(url)
    since = system_clock() - 30 * DAY_MS
    with database.writing() as session:
        zone, kind = Zone(name="Southland", level=0), FacilityType(name="health centre")
        session.add_all([zone, kind])
        session.flush()
        assert zone.id is not None
        assert kind.id is not None
        for number in range(facilities):
            code = facility(number)
            session.add(Facility(code=code, name=f"Health centre {code}", type_id=kind.id, zone_id=zone.id))
        session.add_all(
            Product(code=clinic.code(number), name=f"Product {number}", pack_size=10)
            for number in range(products)
        )
        for name, role in ((clinic.NURSE, "nurse"), (clinic.MANAGER, "manager")):
            user = people.add_user(session, name=name, password=clinic.PASSWORD, now=since)
            people.grant(session, user, role, now=since, zone_id=zone.id)
    database.close()


def enrolled(urls: Iterable[str], codes: Iterable[str]) -> list[Tablet]:
    """A tablet for each address and facility."""

    def enrol(one: tuple[int, tuple[str, str]]) -> Tablet:
        number, (url, code) = one
        return Tablet.enrol(url, clinic.NURSE, clinic.PASSWORD, code, f"tablet {number}")

    with ThreadPoolExecutor(ENROLLING_AT_ONCE) as several:
        return list(several.map(enrol, enumerate(zip(urls, codes, strict=True))))


def enrolled_at_once(served: Served, codes: Iterable[str]) -> list[Tablet]:
    """A tablet for each facility, past the door: a hundred passwords to check would take longer than the test."""
    settings = with_secret_key(Settings(data=served.folder))
    database, now = Database(served.database_url), system_clock()
    tablets = []
    with database.writing() as session:
        user = session.exec(select(User.id).where(User.name == clinic.NURSE)).one()
        ids = dict(session.exec(select(Facility.code, Facility.id)).all())
        assert user is not None
        for number, code in enumerate(codes):
            facility_id = ids[code]
            assert facility_id is not None
            name = f"tablet {number}"
            device, token = devices.enrol(
                session,
                settings,
                user_id=user,
                facility_id=facility_id,
                name=name,
                now=now,
                ids=lambda: uuid7(),
            )
            tablets.append(Tablet(served.url, token, device, code, clinic.NURSE, None))
    database.close()
    return tablets


class Working:
    """`work(tablet, choose)` for every tablet at once, each in a thread of its own with chance of its own."""

    def __init__(
        self, tablets: list[Tablet], work: Callable[[Tablet, random.Random], None], *, seed: int
    ) -> None:
        self.failures: list[BaseException] = []
        self._work = work
        self._threads = [
            threading.Thread(target=self._run, args=(tablet, random.Random(f"{seed} {number}")), daemon=True)
            for number, tablet in enumerate(tablets)
        ]
        for thread in self._threads:
            thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait until all are done; AssertionError for what went wrong in any, or when one is not done."""
        for thread in self._threads:
            thread.join(timeout_s)
        assert self.failures == []
        assert not any(thread.is_alive() for thread in self._threads), "a tablet is not done"

    def _run(self, tablet: Tablet, choose: random.Random) -> None:
        try:
            self._work(tablet, choose)
        except BaseException as failure:
            self.failures.append(failure)


def kept_once(url: str, tablets: Iterable[Tablet]) -> None:
    """Assert that the ledger is what the tablets saved: each text once, to the byte, none held, none besides."""
    engine = create_engine(url)
    with engine.connect() as connection:
        there = connection.execute(text("SELECT id, outcome, content FROM operation")).all()
        lines = connection.execute(
            text("SELECT operation_id, count(*) FROM fact WHERE line >= 0 GROUP BY operation_id")
        ).all()
    engine.dispose()
    kept = {each.id: each.text for tablet in tablets for each in tablet.kept}
    assert Counter(row[0] for row in there) == Counter(list(kept))
    assert {row[1] for row in there} <= {"applied", "flagged"}
    assert all(bytes(row[2]) == kept[row[0]].encode() for row in there)
    stored: dict[str, int] = {row[0]: row[1] for row in lines}
    assert stored == {id_: number for id_, text_ in kept.items() if (number := _lines_of(text_))}


def agreed(served: Served, url: str) -> None:
    """Assert that cards are what the texts add up to, and that a rebuild of all projections would change nothing."""
    assert recount.differences(url) == []
    checked = served.command("rebuild", "--check", check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def sent_again_nothing_changes(tablets: Iterable[Tablet], *, batch: int = 500) -> None:
    """Assert that every operation, sent once more, gets its first answer, and that no card moves."""
    tablets = list(tablets)
    before = [_cards(tablet) for tablet in tablets]
    for tablet in tablets:
        assert tablet.waiting == []
        for start in range(0, len(tablet.kept), batch):
            operations = tablet.kept[start : start + batch]
            first = [tablet.answers[kept.id] for kept in operations]
            again = tablet.push(operations)
            assert [result["replayed"] for result in again] == [True] * len(operations)
            assert [_without_replayed(result) for result in again] == list(map(_without_replayed, first))
    assert [_cards(tablet) for tablet in tablets] == before


def _without_replayed(result: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in result.items() if name != "replayed"}


def _cards(tablet: Tablet) -> list[str]:
    rows = [change for change in tablet.pull() if change["entity"] == "card" and "row" in change]
    return sorted(json.dumps(change["row"]) for change in rows)


def _lines_of(text_: str) -> int:
    body = json.loads(text_)["body"]
    return sum(len(body.get(part, [])) for part in ("lines", "consumed", "produced"))

"""/metrics: nothing for outsiders, and figures that are true, also of two processes and without the database."""

from __future__ import annotations

import os
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from subprocess import run
from typing import Any

import psutil
import pytest
from litestar.testing import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text

from backend.app import create_app
from backend.clock import DAY_MS, HOUR_MS, to_iso
from backend.models import Device
from backend.services import metrics as service
from backend.settings import Settings
from tests.support import clinic
from tests.support.feed import Feed
from tests.support.served import ROOT, Served
from tests.support.tablet import Tablet
from tests.support.wire_tablet import WireTablet
from tests.web.conftest import Bincard

TOKEN = "a-token-of-the-monitoring"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
AL = {"product": "AL", "lot": {"number": "L1", "expiry": "2031-01-31"}, "quantity": 3}
RECEIPT = {"source": {"supplier": "CMS"}, "reference": "R1", "lines": [AL]}

Figures = dict[tuple[str, frozenset[tuple[str, str]]], float]


def figures_of(exposition: str) -> Figures:
    """Every sample by its name and labels; ValueError where it is not what Prometheus reads."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
    }


def value(figures: Figures, name: str, **labels: str) -> float:
    """One sample; KeyError when it is not there."""
    return figures[name, frozenset(labels.items())]


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database: SQLite, but for tests that are marked to be run on both kinds."""
    url: str = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    return url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """Settings with metrics, over a fresh database."""
    return Settings(
        data=tmp_path,
        database_url=database_url,
        secret_key="k" * 43,
        metrics_token=TOKEN,
        levels_seconds=0,
    )


@pytest.fixture
def tablet(bincard: Bincard, settings: Settings) -> WireTablet:
    """Alice's tablet at A, beside the cast's own."""
    return WireTablet.enrol(
        bincard.anyone,
        bincard.db,
        settings,
        user=("alice", bincard.cast.users["alice"]),
        facility=("A", bincard.cast.facilities["A"]),
        now=bincard.time.now,
    )


def scrape(bincard: Bincard) -> Figures:
    """What Prometheus would be told now."""
    answer = bincard.anyone.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return figures_of(answer.text)


def test_without_a_token_set_there_is_nothing(tmp_path: Path, sqlite_url: str) -> None:
    app = create_app(Settings(data=tmp_path, database_url=sqlite_url, secret_key="k" * 43))
    with TestClient(app) as client:
        for header in ({}, BEARER, {"Authorization": "Bearer "}):
            answer = client.get("/metrics", headers=header)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
            assert "bincard_" not in answer.text


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", "Bearer \xff"],
)
def test_only_the_bearer_of_the_token_is_told(bincard: Bincard, header: str) -> None:
    answer = bincard.anyone.get("/metrics", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert "bincard_" not in answer.text.replace("bincard:problem", "")


def test_neither_a_session_nor_a_device_nor_a_program_opens_it(bincard: Bincard, tablet: WireTablet) -> None:
    assert bincard.browser("ada").get("/metrics").status_code == 401
    assert bincard.program("ada").get("/metrics").status_code == 401
    assert bincard.anyone.get("/metrics", headers=tablet.headers()).status_code == 401


@pytest.mark.parametrize("token", ["short", "with a blank in it, though long", "ünüsual-letters-here"])
def test_a_token_that_is_easily_guessed_is_refused_at_start(token: str) -> None:
    with pytest.raises(ValueError, match="metrics_token"):
        Settings(metrics_token=token)


@on_both
def test_operations_are_counted_once_by_kind_and_outcome(bincard: Bincard, tablet: WireTablet) -> None:
    before = scrape(bincard)
    assert value(before, "bincard_operations_total", kind="stock.receive", outcome="applied") == 0
    receipt = tablet.text("stock.receive", RECEIPT)
    much = tablet.text("stock.issue", {"destination": {"ward": "OPD"}, "lines": [{**AL, "quantity": 90}]})
    unknown = tablet.text("stock.receive", {**RECEIPT, "lines": [{**AL, "product": "XX"}]})
    strange = tablet.text("stock.Ama-Mensah", {})
    outcomes = [one["outcome"] for one in tablet.push(receipt, much, unknown, strange).json()["results"]]
    assert outcomes == ["applied", "flagged", "held", "held"]
    assert tablet.push(receipt, much, unknown, strange, again=True).status_code == 200
    after = scrape(bincard)
    counted = {
        (dict(labels)["kind"], dict(labels)["outcome"]): number
        for (name, labels), number in after.items()
        if name == "bincard_operations_total" and number
    }
    assert counted == {
        ("stock.receive", "applied"): 1,
        ("stock.issue", "flagged"): 1,
        ("stock.receive", "held"): 1,
        ("other", "held"): 1,
    }
    assert value(after, "bincard_operations_replayed_total") == 4
    assert value(after, "bincard_push_duration_seconds_count") == 2
    assert value(after, "bincard_push_duration_seconds_sum") > 0
    assert value(after, "bincard_operations_held") == 2
    assert value(after, "bincard_exceptions_open", code="unknown_product") == 1
    assert value(after, "bincard_exceptions_open", code="negative_stock") == 1
    assert value(after, "bincard_exceptions_open", code="clock_skew") == 3
    assert value(before, "bincard_operations_held") == 0
    assert "Mensah" not in str(after)


def test_a_push_that_is_refused_counts_no_operation(bincard: Bincard, tablet: WireTablet) -> None:
    tablet.seq = 4
    assert tablet.push(tablet.text("stock.receive", RECEIPT)).status_code == 409
    after = scrape(bincard)
    assert value(after, "bincard_requests_total", method="POST", route="/sync/push", status="409") == 1
    assert sum(number for (name, _), number in after.items() if name == "bincard_operations_total") == 0
    assert value(after, "bincard_push_duration_seconds_count") == 0


def test_requests_are_told_by_route_and_labels_do_not_grow(bincard: Bincard, tablet: WireTablet) -> None:
    for place in range(5):
        bincard.anyone.get(f"/nowhere/{place}")
        bincard.anyone.request(f"STRANGE{place}", "/health")
        bincard.anyone.get(f"/api/v1/operations/{place}")
    assert bincard.anyone.get("/worker.js").status_code == 200
    assert bincard.anyone.get("/page/app.js").status_code == 200
    assert tablet.pull().status_code == 200
    after = scrape(bincard)

    def requests(method: str, route: str, status: int) -> float:
        return value(after, "bincard_requests_total", method=method, route=route, status=str(status))

    assert requests("GET", "(no route)", 404) == 5
    assert requests("GET", "/api/v1/operations/{operation_id}", 401) == 5
    assert requests("GET", "(file)", 200) == 2
    assert requests("GET", "/sync/pull", 200) == 1
    assert value(after, "bincard_request_duration_seconds_count", method="GET", route="/sync/pull") == 1
    assert value(after, "bincard_pull_duration_seconds_count") == 1
    assert not [key for key in after if "STRANGE" in str(key) or "nowhere" in str(key)]


@on_both
def test_devices_are_told_with_the_age_of_their_queue(bincard: Bincard, tablet: WireTablet) -> None:
    silent = bincard.cast.device
    with bincard.db.writing() as session:
        session.get_one(Device, silent).last_seen_at = bincard.time.now - 8 * DAY_MS
    told = f"app=b1; waiting=7; oldest={to_iso(bincard.time.now - HOUR_MS)}; free=1; persisted=1"
    assert tablet.pull(status=told).status_code == 200
    bincard.time.pass_hours(1)
    after = scrape(bincard)
    mine = {"device": tablet.device, "facility": "A"}
    assert value(after, "bincard_device_waiting", **mine) == 7
    assert value(after, "bincard_device_queue_age_seconds", **mine) == 7200
    assert value(after, "bincard_device_silent_seconds", **mine) == 3600
    # One that never told of its queue has no age of it, rather than a false one.
    assert (
        "bincard_device_queue_age_seconds",
        frozenset({"device": silent, "facility": "A"}.items()),
    ) not in after
    assert value(after, "bincard_device_silent_seconds", device=silent, facility="A") == 8 * 86_400 + 3600
    assert value(after, "bincard_devices") == 2
    assert value(after, "bincard_devices_silent") == 1
    assert value(after, "bincard_operations_waiting") == 7
    assert value(after, "bincard_devices_left_off") == 0
    assert tablet.pull(status="app=b1; waiting=0").status_code == 200
    assert value(scrape(bincard), "bincard_device_queue_age_seconds", **mine) == 0


@on_both
def test_of_very_many_devices_the_longest_waiting_are_told(
    bincard: Bincard, tablet: WireTablet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "DEVICES_MAX", 1)
    assert tablet.pull(status=f"waiting=1; oldest={to_iso(bincard.time.now - 5000)}").status_code == 200
    after = scrape(bincard)
    assert [dict(labels)["device"] for name, labels in after if name == "bincard_device_silent_seconds"] == [
        tablet.device
    ]
    assert value(after, "bincard_devices_left_off") == 1


@on_both
def test_the_database_and_the_process_are_told(bincard: Bincard) -> None:
    after = scrape(bincard)
    assert value(after, "bincard_database_up") == 1
    assert value(after, "bincard_database_bytes") > 100_000
    pid = str(os.getpid())
    assert value(after, "process_resident_memory_bytes", pid=pid) > 10_000_000
    assert value(after, "process_cpu_seconds_total", pid=pid) > 0


@on_both
def test_a_scrape_reads_little_and_never_the_ledger(bincard: Bincard, settings: Settings) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    with bincard.db.reading() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            service.figures(session, bincard.time.now)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        asked = [statement for statement in asked if statement != "BEGIN"]
        assert len(asked) == 4
        assert not [statement for statement in asked if " fact" in statement or "operation " in statement]
        if bincard.db.is_sqlite:
            (of_exceptions,) = [statement for statement in asked if "FROM exception" in statement]
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {of_exceptions}").all()
            assert "ix_exception_open" in str(plan)


@on_both
def test_without_the_database_the_counters_are_still_told(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        session.connection().execute(text("ALTER TABLE device RENAME TO gone"))
    after = scrape(bincard)
    assert value(after, "bincard_database_up") == 0
    assert not [name for name, _labels in after if name.startswith("bincard_device_")]
    assert value(after, "bincard_operations_replayed_total") == 0


def test_two_processes_count_together(
    postgres_url: str, serve: Callable[..., Served], tmp_path: Path
) -> None:
    served = serve(postgres_url, workers=2, BINCARD_METRICS_TOKEN=TOKEN)
    clinic.furnish(served, tmp_path / "furniture")
    tablet = Tablet.enrol(served.url, clinic.NURSE, clinic.PASSWORD, "F1")
    pushes = 24
    for _ in range(pushes):
        tablet.record("stock.count", [{"product": clinic.code(0), "lot": None, "counted": 7}])
        # Each over a connection of its own, which the kernel gives to one process or the other.
        tablet.push(tablet.waiting)
    for _ in range(12):
        told = told_by(served)
        assert value(told, "bincard_operations_total", kind="stock.count", outcome="applied") == pushes
        assert value(told, "bincard_push_duration_seconds_count") == pushes
    workers = pids_of(told)
    assert len(workers) == 2
    assert workers <= {child.pid for child in psutil.Process(served.pid).children(recursive=True)}

    token = clinic.token(served, clinic.MANAGER)
    feeds = [Feed(f"{served.url}/live", {"Authorization": f"Bearer {token}"}) for _ in range(6)]
    _until(lambda: value(told_by(served), "bincard_live_watchers") == len(feeds))
    for feed in feeds:
        feed.close()
    _until(lambda: value(told_by(served), "bincard_live_watchers") == 0)

    folders = {_folder_of(pid) for pid in workers}
    assert len(folders) == 1
    assert all(folder.is_dir() for folder in folders)
    served.stop()
    assert not any(folder.exists() for folder in folders)


COUNT_AND_END = """
from backend.told import Pulled, Told
from backend.web.meters import Meters
meters = Meters()
meters.watchers.inc()
meters.request("GET", "/sync/pull", 200, 0.1, Told(pulled=Pulled(3, 0.1)))
told = meters.exposition(None).decode()
assert "bincard_live_watchers 1.0" in told, told
"""


def test_what_a_process_counted_outlives_it_and_what_it_had_open_does_not(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        run([sys.executable, "-c", COUNT_AND_END], cwd=ROOT, env=environment, check=True, timeout=60)
    look = "from backend.web.meters import Meters; print(Meters().exposition(None).decode())"
    asked = run(
        [sys.executable, "-c", look],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    told = figures_of(asked.stdout)
    assert value(told, "bincard_requests_total", method="GET", route="/sync/pull", status="200") == 2
    assert value(told, "bincard_pull_duration_seconds_count") == 2
    assert value(told, "bincard_live_watchers") == 0
    assert value(told, "bincard_database_up") == 0
    assert len(pids_of(told)) == 1


def told_by(served: Served) -> Figures:
    """A scrape over a connection of its own: either process may answer it."""
    asked = urllib.request.Request(f"{served.url}/metrics", headers=BEARER)
    with urllib.request.urlopen(asked, timeout=20) as answer:
        return figures_of(answer.read().decode())


def pids_of(figures: Figures) -> set[int]:
    """The processes that a scrape tells of."""
    return {int(dict(labels)["pid"]) for name, labels in figures if name == "process_resident_memory_bytes"}


def _folder_of(pid: int) -> Path:
    """Where a process keeps its counts: the folder of the files that it has mapped."""
    maps = psutil.Process(pid).memory_maps()
    (folder,) = {Path(mapped.path).parent for mapped in maps if mapped.path.endswith(".db")}
    return folder


def _until(holds: Callable[[], bool], patience_s: float = 20) -> None:
    deadline = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.1)

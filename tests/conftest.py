"""What all tests share: databases of both kinds, migrated once and copied for each test; servers and proxies."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.db import Database
from backend.migrate import migrate
from tests.support import clinic, postgres
from tests.support.collected import collect_once
from tests.support.proxy import Proxy
from tests.support.quick_passwords import quicken
from tests.support.served import ROOT, Served
from tests.support.several import Room, ordered
from tests.support.sizes import SOAKING
from tests.support.warm import Warm

ROOM = Room()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pictures FOLDER`: where the tour of every screen keeps its pictures."""
    parser.addoption("--pictures", metavar="FOLDER", help="keep a picture of every screen in this folder")


def pytest_configure() -> None:
    """What every test would do anew is done once; hashing is cheap but in the long forms, whose figures are told."""
    collect_once()
    if not SOAKING:
        quicken()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On several processes the order is that of tests/support/several.py."""
    if hasattr(config, "workerinput"):
        items[:] = ordered(items)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test marked `alone` has the machine for itself, and waits for that."""
    if not hasattr(item.config, "workerinput"):
        return (yield)
    with ROOM.entered(alone=item.get_closest_marker("alone") is not None):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _settings_of_our_own() -> Iterator[None]:
    """No test sees the BINCARD_* settings of whoever runs it, but for those that name the tests' own tools."""
    kept = {"BINCARD_CHROMIUM", "BINCARD_TEST_DATA", "BINCARD_TEST_POSTGRES_URL"}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("BINCARD_") and name not in kept]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session", autouse=True)
def _warm_servers(_settings_of_our_own: None) -> Iterator[None]:
    """Servers and commands are forked from a process that has imported everything once."""
    warm = Warm(ROOT, quick_passwords=not SOAKING)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Served, "warm", warm)
        yield
    warm.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file; copied, never opened, by the tests."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "bincard.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def clinic_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tests' district in it (tests/support/clinic.py); copied, never opened, by the tests."""
    folder = tmp_path_factory.mktemp("clinic")
    path = folder / "clinic.sqlite"
    shutil.copyfile(sqlite_template, path)
    clinic.furnish(Served(f"sqlite:///{path}", folder / "data"), folder)
    return path


@pytest.fixture
def clinic_url(clinic_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite database with the tests' district in it."""
    path = tmp_path / "clinic.sqlite"
    shutil.copyfile(clinic_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """One PostgreSQL server a session: the address of its `postgres` database."""
    given = os.environ.get("BINCARD_TEST_POSTGRES_URL")
    if given:
        yield postgres.libpq_url(given)
        return
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database that the tests' databases are copies of."""
    name = f"bincard_template_{uuid.uuid4().hex[:8]}"
    postgres.execute(postgres_server, f'CREATE DATABASE "{name}"')
    migrate(postgres.psycopg_url(postgres.sibling(postgres_server, name)))
    yield name
    postgres.execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database; dropped afterwards."""
    name = f"bincard_test_{uuid.uuid4().hex[:12]}"
    postgres.execute(
        postgres_server, f'CREATE DATABASE "{name}" TEMPLATE "{postgres_template}" STRATEGY file_copy'
    )
    yield postgres.psycopg_url(postgres.sibling(postgres_server, name))
    postgres.execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database's address, once of each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database, open, once of each kind."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """A fresh, migrated SQLite database, open; for tests in which the kind of database does not matter."""
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start a server on a database: `serve(database_url, BINCARD_NAME="value")`; ended after the test."""
    running: list[Served] = []

    def start(database_url: str, *, root: Path = ROOT, workers: int = 1, **settings: str) -> Served:
        served = Served(database_url, tmp_path / f"served{len(running)}", settings, root, workers)
        running.append(served)
        served.start()
        return served

    yield start
    for served in running:
        served.kill()


@pytest.fixture
def proxy_to() -> Iterator[Callable[[int], Proxy]]:
    """Put a proxy in front of a port: `proxy_to(served.port)`; closed after the test."""
    open_ones: list[Proxy] = []

    def start(target: int) -> Proxy:
        open_ones.append(Proxy(target))
        return open_ones[-1]

    yield start
    for proxy in open_ones:
        proxy.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real files, beside the checkout or where BINCARD_TEST_DATA points; without them the test is skipped.

    They are never committed. The skipped tests are listed with the reason at the end of the run.
    """
    named = os.environ.get("BINCARD_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data are neither in ../shared/data nor where BINCARD_TEST_DATA points")
    return folder

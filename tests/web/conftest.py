"""For tests of the web: the application over an assembled cast, and browsers and programs that ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backend.app import create_app
from backend.clock import HOUR_MS, system_clock
from backend.db import Database
from backend.settings import Settings
from tests.support.cast import Cast, assemble

HOST = "testserver.local"
# What browsers say of a form of the very page they show.
SAME_SITE = {"sec-fetch-site": "same-origin", "origin": f"http://{HOST}"}


class Time:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = system_clock()

    def __call__(self) -> int:
        return self.now

    def pass_hours(self, hours: float) -> None:
        """Let time go by."""
        self.now += int(hours * HOUR_MS)


class Bincard:
    """The running application, and who may ask it: `browser(name)`, `program(name)`, `anyone`."""

    def __init__(self, app: Litestar, client: TestClient[Litestar], cast: Cast, db: Database, time: Time):
        self.app, self.anyone, self.cast, self.db, self.time = app, client, cast, db, time

    def browser(self, name: str) -> TestClient[Litestar]:
        """That person's browser, signed in; it has no other's cookies."""
        return self.with_cookie(self.cast.secrets[name])

    def with_cookie(self, secret: str | None) -> TestClient[Litestar]:
        """A browser of its own, with this session cookie or none."""
        client = TestClient(self.app, base_url=f"http://{HOST}")
        client.blocking_portal = self.anyone.blocking_portal
        client.headers.update(SAME_SITE)
        client.follow_redirects = False
        if secret is not None:
            client.cookies.set("bincard_session", secret, domain=HOST)
        return client

    def program(self, name: str) -> TestClient[Litestar]:
        """A program with that person's bearer token; it says nothing of sites, as browsers do."""
        client = self.with_cookie(None)
        for header in SAME_SITE:
            del client.headers[header]
        client.headers["authorization"] = f"Bearer {self.cast.bearers[name]}"
        return client


@pytest.fixture
def settings(tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings over a fresh SQLite database, which nothing writes but who asks for it."""
    return Settings(
        data=tmp_path, database_url=sqlite_url, secret_key="k" * 43, sign_in_attempts=3, levels_seconds=0
    )


@pytest.fixture
def bincard(settings: Settings) -> Iterator[Bincard]:
    """The application with the cast in it."""
    time = Time()
    app = create_app(settings, clock=time)
    db: Database = app.state.wiring.db
    with db.writing() as session:
        cast = assemble(session, settings, time.now)
    with TestClient(app, base_url=f"http://{HOST}") as client:
        client.follow_redirects = False
        yield Bincard(app, client, cast, db, time)

"""Requests that no honest client makes: a clear answer, never a 5xx, and never a part of an effect.

Valid pushes, pulls and enrolments are changed in their values, members, bytes, headers and methods. Whatever is
refused leaves every table as it was; whatever is taken is in the ledger whole, and the ledger adds up.
`make soak` makes many more of them, by another seed each time.
"""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from sqlalchemy import text

from backend.app import create_app
from backend.clock import to_iso
from backend.ids import uuid7
from backend.models import User
from backend.services import passwords, people, tokens, web_sessions
from backend.settings import Settings
from backend.web.api.operations import visible_body
from sync.operations import BODIES
from tests.support import recount
from tests.support.mangle import mangled, mangled_bytes
from tests.support.sizes import SOAKING, size
from tests.support.untouched import holdings
from tests.sync.bodies import EXAMPLES_OF_BODIES
from tests.sync.conftest import NOW, Tablet, World, next_id

PASSWORD = "correct horse battery"
EXAMPLES = size("EXAMPLES", 100)
LOOKED_AT = size("LOOKED_AT", 40)
MANY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not SOAKING,
    database=None,
)
# What is drawn depends on where the device is by now, which hypothesis cannot know: so it draws the seed alone.
CHANCE = st.integers(0, 2**64).map(random.Random)


@dataclass
class Door:
    """The application, a world behind it and Alice's device at facility A."""

    client: TestClient[Any]
    world: World
    tablet: Tablet
    headers: dict[str, str]
    manager: dict[str, str]
    cookie: dict[str, str]

    def due(self) -> int:
        """The delivery number that the server waits for."""
        with self.world.db.reading() as session:
            query = text("SELECT expected_seq FROM device WHERE id = :id")
            return int(session.connection().execute(query, {"id": self.tablet.device}).scalar_one())

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; asserts all that holds of every answer."""
        before = holdings(self.world.db)
        answer = self.client.request(method, path, **request)
        said = f"{method} {path} {request} -> {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500, said
        if answer.status_code >= 400:
            assert holdings(self.world.db) == before, f"a refused request changed something: {said}"
            if method != "HEAD":
                assert answer.headers["content-type"] == "application/problem+json", said
                assert answer.json()["status"] == answer.status_code
        return answer

    def push(self, body: bytes, **headers: str) -> httpx.Response:
        """A push; when it is taken, each of its operations has a result and is stored."""
        answer = self.ask("POST", "/sync/push", content=body, headers={**self.headers, **headers})
        assert answer.status_code in (200, 400, 409, 413, 415)
        if answer.status_code == 200:
            ids = {result["id"].lower() for result in answer.json()["results"]}
            with self.world.db.reading() as session:
                stored = session.connection().execute(text("SELECT id FROM operation"))
                assert ids <= {row[0] for row in stored}
        return answer

    def adds_up(self) -> None:
        """Assert that whatever was taken is whole, that cards, texts and a rebuild agree, and that it can be seen."""
        assert recount.differences(self.world.db.url.render_as_string(hide_password=False)) == []
        assert self.world.differences() == []
        with self.world.db.reading() as session:
            run = session.connection().execute
            held = run(
                text(
                    "SELECT count(*) FROM fact JOIN operation ON operation.facility_id = fact.facility_id"
                    " AND operation.id = fact.operation_id WHERE operation.outcome = 'held' AND operation.copy = 0"
                )
            ).scalar_one()
            ids = [row[0] for row in run(text("SELECT DISTINCT id FROM operation ORDER BY id"))]
        assert held == 0
        for id_ in random.Random(len(ids)).sample(ids, min(len(ids), LOOKED_AT)):
            shown = self.client.get(f"/api/v1/operations/{id_}", headers=self.manager)
            assert shown.status_code == 200, f"{id_}: {shown.text}"
            page = self.client.get(f"/manage/operations/{id_}", headers=self.cookie)
            assert page.status_code == 200, id_
        for path in (
            "/manage",
            "/manage/exceptions",
            "/manage/stock",
            "/manage/devices",
            "/manage/facilities/A",
        ):
            assert self.client.get(path, headers=self.cookie).status_code == 200, path
        for path in ("exceptions", "cards", "operations"):
            assert self.client.get(f"/api/v1/{path}?limit=100", headers=self.manager).status_code in (
                200,
                404,
            ), path
        assert self.client.get("/sync/pull", headers=self.headers).status_code == 200


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    """The application on both databases in turn, its clock standing at NOW."""
    url = world.db.url.render_as_string(hide_password=False)
    secret = Settings(database_url=url, secret_key="k" * 43, sign_in_attempts=100_000, levels_seconds=0)
    with world.db.writing() as session:
        user = session.get_one(User, world.users["alice"])
        user.password_hash = passwords.hashed(PASSWORD)
        session.add(user)
        ada = people.add_user(session, name="ada", password=None, now=NOW - 1000)
        people.grant(session, ada, "admin", now=NOW - 1000)
        _, token = tokens.create(session, secret, user_id=ada, now=NOW, ids=lambda: uuid7(NOW))
        cookie = web_sessions.begin(session, user_id=ada, hours=12, now=NOW)
    with TestClient(create_app(secret, clock=lambda: world.now), raise_server_exceptions=False) as client:
        enrolment = {"user": "alice", "password": PASSWORD, "facility": "A", "name": "tablet"}
        answer = client.post("/sync/enrol", json=enrolment).json()
        tablet = Tablet(world, answer["device"], "A", "alice")
        client.cookies.clear()
        yield Door(
            client,
            world,
            tablet,
            {"Authorization": f"Bearer {answer['token']}"},
            {"Authorization": f"Bearer {token}"},
            {"Cookie": f"bincard_session={cookie}"},
        )


def valid(door: Door, choose: random.Random, change: Callable[[str], str] = str) -> str:
    """A push of one to three operations of any kind that could be taken, but for what `change` does to one of them."""
    sent, due = to_iso(door.world.now), door.due()
    kinds = [kind for kind, _ in BODIES if kind in EXAMPLES_OF_BODIES]
    texts, last = [], next_id()
    for _ in range(choose.randint(1, 3)):
        kind = choose.choice(kinds)
        texts.append(door.tablet.operation(kind, EXAMPLES_OF_BODIES[kind](last)))
        last = json.loads(texts[-1])["id"]
    place = choose.randrange(len(texts))
    texts[place] = change(texts[place])
    operations = ", ".join(f'{{"seq": {seq}, "operation": {one}}}' for seq, one in enumerate(texts, due))
    return f'{{"device": "{door.tablet.device}", "epoch": null, "sent_at": "{sent}", "operations": [{operations}]}}'


def test_every_kind_has_an_example() -> None:
    assert {kind for kind, _ in BODIES} <= EXAMPLES_OF_BODIES.keys()


def test_a_push_with_wrong_values_and_members(door: Door) -> None:
    taken = 0

    @MANY
    @given(CHANCE, st.integers(1, 4))
    def pushed(choose: random.Random, times: int) -> None:
        nonlocal taken
        if choose.random() < 0.7:
            body = valid(door, choose, lambda operation: mangled(operation, choose, times=times))
        else:
            body = mangled(valid(door, choose), choose, times=times)
        taken += door.push(body.encode("utf-8", "surrogatepass")).status_code == 200

    pushed()
    # What is only half wrong is kept, and held where it cannot be understood.
    assert taken > EXAMPLES / 4
    door.adds_up()


def test_a_push_with_wrong_bytes_plain_or_packed(door: Door) -> None:
    @MANY
    @given(CHANCE)
    def pushed(choose: random.Random) -> None:
        body = mangled_bytes(valid(door, choose).encode(), choose)
        match choose.randrange(3):
            case 0:
                door.push(body)
            case 1:
                door.push(gzip.compress(body), **{"Content-Encoding": "gzip"})
            case _:
                packed = mangled_bytes(gzip.compress(valid(door, choose).encode()), choose)
                door.push(packed, **{"Content-Encoding": choose.choice(["gzip", "GZIP", " gzip "])})

    pushed()
    door.adds_up()


ODD_TEXT = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60),
    st.sampled_from(
        [
            "",
            "null",
            "*/*",
            "gzip",
            "gzip, gzip",
            "deflate",
            "br",
            "identity",
            "x-gzip",
            "gzip;q=0",
            "chunked",
            "a" * 5000,
        ]
    ),
    st.sampled_from(
        [
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/xml; charset=utf-16",
        ]
    ),
    st.sampled_from(
        ["app=1; waiting=3; oldest=; free=; persisted=1", "app; waiting=NaN; free=-1", "waiting=" + "9" * 400]
    ),
    st.sampled_from(["Bearer", "Bearer ", "Bearer a.b.c", "bearer x y", "Basic YTpi", "Bearer " + "é" * 20]),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Content-Encoding", "Accept", "Accept-Encoding", "Accept-Language", "Bincard-Status", "Cookie",
         "Authorization", "Expect", "Range", "If-None-Match", "X-Forwarded-For", "Last-Event-ID", "Origin",
         "Sec-Fetch-Site"]
    ),
    ODD_TEXT.map(lambda value: value.encode("utf-8")),
    max_size=4,
)  # fmt: skip


def test_odd_headers_on_every_door(door: Door) -> None:
    @MANY
    @given(CHANCE, HEADERS, st.sampled_from(["push", "pull", "enrol"]))
    def asked(choose: random.Random, odd: dict[str, bytes], path: str) -> None:
        headers = {**{name: value.encode() for name, value in door.headers.items()}, **odd}
        if path == "push":
            door.ask("POST", "/sync/push", content=valid(door, choose).encode(), headers=headers)
        elif path == "pull":
            door.ask("GET", "/sync/pull", headers=headers)
        else:
            # Nobody of this name: an accepted enrolment costs a tenth of a second on purpose.
            body = {"user": "x" * 401, "password": "y", "facility": "A", "name": "t"}
            door.ask("POST", "/sync/enrol", json=body, headers=headers)

    asked()
    door.adds_up()


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "BREW", "get")


def test_other_methods_are_refused(door: Door) -> None:
    for path, right in (("/sync/push", "POST"), ("/sync/pull", "GET"), ("/sync/enrol", "POST")):
        for method in METHODS:
            answer = door.ask(method, path, headers=door.headers, content=b"{}")
            if method.upper() not in (right, "OPTIONS"):
                assert answer.status_code == 405, f"{method} {path}: {answer.status_code}"


ODD_QUERY = st.dictionaries(
    st.sampled_from(["cursor", "limit", "Limit", "cursor[]", "x"]),
    st.one_of(
        st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
        st.integers(-(2**70), 2**70).map(str),
        st.sampled_from(
            ["", "1e3", "1.0", "NaN", "１２", "A" * 3000, "e30", "bnVsbA", "W10", "AAAA====", "%00"]
        ),
    ),
    max_size=3,
)


def test_odd_queries_of_a_pull(door: Door) -> None:
    @MANY
    @given(ODD_QUERY)
    def pulled(query: dict[str, str]) -> None:
        answer = door.ask("GET", "/sync/pull", params=query, headers=door.headers)
        assert answer.status_code in (200, 400, 414)

    pulled()


def test_cursors_that_were_tampered_with(door: Door) -> None:
    door.push(valid(door, random.Random(1)).encode())
    cursor = door.ask("GET", "/sync/pull", headers=door.headers).json()["cursor"]
    inside = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()

    @MANY
    @given(CHANCE, st.booleans())
    def pulled(choose: random.Random, as_seen: bool) -> None:
        odd = mangled(inside, choose, times=choose.randint(1, 3)).encode("utf-8", "surrogatepass")
        encoded = base64.urlsafe_b64encode(odd).rstrip(b"=").decode()
        if as_seen:
            body = valid(door, choose).replace('"seen": null', f'"seen": "{encoded}"')
            assert door.push(body.encode()).status_code in (200, 413)
        else:
            answer = door.ask("GET", "/sync/pull", params={"cursor": encoded}, headers=door.headers)
            assert answer.status_code in (200, 400, 414)

    pulled()
    door.adds_up()


def test_an_enrolment_with_wrong_values_and_bytes(door: Door) -> None:
    # A name that is there and a right password cost a tenth of a second each: mostly the wrong ones are tried.
    right = {"user": "nobody", "password": PASSWORD, "facility": "A", "name": "tablet"}

    @settings(MANY, max_examples=max(30, EXAMPLES // 5))
    @given(CHANCE, st.booleans())
    def enrolled(choose: random.Random, as_bytes: bool) -> None:
        body = json.dumps({**right, "user": choose.choice(["alice", "nobody"])})
        content = (
            mangled_bytes(body.encode(), choose) if as_bytes else mangled(body, choose, times=2).encode()
        )
        answer = door.ask("POST", "/sync/enrol", content=content)
        assert answer.status_code in (201, 400, 401, 403, 404, 413)

    enrolled()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ('{"lines": [{"quantity": 5}]}', True),
        ('{"lines": [], "more": 1' + "0" * 40 + "}", True),
        ('{"lines": [], "more": 1' + "0" * 5000 + "}", False),
        ('{"more": %s}' % ("[" * 30 + "]" * 30), True),
        ('{"more": %s}' % ("[" * 40 + "]" * 40), False),
        ('{"more": "\\ud800"}', False),
        ('{"more": "\xff"}', False),
        ("[]", False),
        ("", False),
    ],
)
def test_the_read_api_tells_only_of_bodies_that_it_can_write(body: str, told: bool) -> None:
    content = b'{"body": ' + body.encode("latin-1") + b"}"
    assert (visible_body(content, None) is not None) == told

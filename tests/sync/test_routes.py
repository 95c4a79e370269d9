"""The wire over HTTP: tokens, encodings, limits, and every refusal in the one error shape."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from litestar.testing import TestClient

from backend.clock import to_iso
from backend.services import devices
from sync.packing import unpack
from tests.sync.conftest import NOW, Tablet, World, enrol, line, received


def envelope(world: World, device: str, *texts: str) -> bytes:
    """A push's body."""
    operations = ",".join(f'{{"seq": {n}, "operation": {text}}}' for n, text in enumerate(texts, 1))
    return f'{{"device":"{device}","sent_at":"{to_iso(world.now)}","operations":[{operations}]}}'.encode()


def bearer(token: str) -> dict[str, str]:
    """The header that a device sends."""
    return {"Authorization": f"Bearer {token}"}


def assert_problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """The one error shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body: dict[str, Any] = answer.json()
    assert (body["status"], body["type"]) == (status, f"urn:bincard:problem:{kind}")
    assert body["title"]
    assert body["detail"]
    return body


def test_enrolment_gives_a_device_and_a_token(enrolled: dict[str, str]) -> None:
    assert set(enrolled) == {"device", "token", "user", "facility", "epoch"}
    assert (enrolled["user"], enrolled["facility"]) == ("alice", "A")


def test_a_wrong_password_and_an_unknown_name_get_the_same_words(client: TestClient[Any]) -> None:
    wrong = assert_problem(enrol(client, password="guess"), 401, "wrong_credentials")
    unknown = assert_problem(enrol(client, user="nobody"), 401, "wrong_credentials")
    assert wrong["detail"] == unknown["detail"]


def test_a_disabled_user_cannot_enrol(client: TestClient[Any]) -> None:
    assert_problem(enrol(client, user="dora"), 401, "wrong_credentials")


def test_nobody_enrols_a_device_at_a_facility_that_is_not_theirs(client: TestClient[Any]) -> None:
    assert_problem(enrol(client, facility="B"), 403, "not_permitted")


def test_an_unknown_facility_is_said_to_be_unknown(client: TestClient[Any]) -> None:
    assert_problem(enrol(client, facility="ZZ"), 404, "unknown_facility")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": 5}', b"\xff", b'{"user": "x\\u0000"}'])
def test_an_unreadable_enrolment_is_refused(client: TestClient[Any], body: bytes) -> None:
    assert_problem(client.post("/sync/enrol", content=body), 400, "unreadable_enrolment")


def test_a_push_over_http_is_applied_plain_or_packed(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    tablet = Tablet(world, enrolled["device"], "A", "alice")
    text = tablet.operation("stock.receive", received(line("P1", 5)))
    body = envelope(world, enrolled["device"], text)
    first = client.post("/sync/push", content=body, headers=bearer(enrolled["token"]))
    assert first.status_code == 200
    assert set(first.json()) == {"epoch", "server_time", "expected_seq", "results", "people"}
    packed = client.post(
        "/sync/push",
        content=gzip.compress(body),
        headers={**bearer(enrolled["token"]), "Content-Encoding": "gzip"},
    )
    assert packed.json()["results"] == [{**first.json()["results"][0], "replayed": True}]
    assert world.cards() == {("P1", "L1"): 5}


def test_pull_over_http(client: TestClient[Any], enrolled: dict[str, str]) -> None:
    answer = client.get("/sync/pull", headers=bearer(enrolled["token"]))
    assert answer.status_code == 200
    body = answer.json()
    assert set(body) == {"epoch", "changes", "cursor", "more", "remaining", "covers", "server_time", "people"}
    assert answer.headers["cache-control"] == "no-store"
    again = client.get("/sync/pull", params={"cursor": body["cursor"]}, headers=bearer(enrolled["token"]))
    assert again.json()["changes"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=100000", "cursor=rubbish"])
def test_a_bad_query_is_refused(client: TestClient[Any], enrolled: dict[str, str], query: str) -> None:
    answer = client.get(f"/sync/pull?{query}", headers=bearer(enrolled["token"]))
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}, bearer("a" * 9000)]
)
@pytest.mark.parametrize("path", ["/sync/push", "/sync/pull"])
def test_without_a_valid_token_nothing_is_done(
    client: TestClient[Any], header: dict[str, str], path: str
) -> None:
    answer = (
        client.post(path, headers=header, content=b"{}")
        if path.endswith("push")
        else client.get(path, headers=header)
    )
    assert_problem(answer, 401, "no_valid_token")


def test_a_revoked_device_is_told_so(client: TestClient[Any], world: World, enrolled: dict[str, str]) -> None:
    with world.db.writing() as session:
        devices.revoke(session, enrolled["device"], world.now)
    body = envelope(world, enrolled["device"])
    headers = bearer(enrolled["token"])
    assert_problem(client.post("/sync/push", content=body, headers=headers), 403, "revoked_device")
    assert_problem(client.get("/sync/pull", headers=headers), 403, "revoked_device")


def test_a_gap_tells_what_is_due(client: TestClient[Any], world: World, enrolled: dict[str, str]) -> None:
    tablet = Tablet(world, enrolled["device"], "A", "alice")
    text = tablet.operation("stock.receive", received(line("P1", 5)))
    body = envelope(world, enrolled["device"], text).replace(b'"seq": 1', b'"seq": 7')
    answer = client.post("/sync/push", content=body, headers=bearer(enrolled["token"]))
    assert assert_problem(answer, 409, "gap")["expected_seq"] == 1


def test_a_broken_json_changes_nothing(client: TestClient[Any], enrolled: dict[str, str]) -> None:
    answer = client.post("/sync/push", content=b'{"device": ', headers=bearer(enrolled["token"]))
    assert_problem(answer, 400, "unreadable_envelope")


def test_what_is_too_large_is_refused_packed_or_not(
    client: TestClient[Any], enrolled: dict[str, str]
) -> None:
    large = b'{"device": "' + b"x" * (1 << 20) + b'"}'
    headers = bearer(enrolled["token"])
    assert client.post("/sync/push", content=large, headers=headers).status_code == 413
    bomb = gzip.compress(b" " * (200 << 20))
    assert len(bomb) < 1 << 20
    packed = {**headers, "Content-Encoding": "gzip"}
    assert_problem(client.post("/sync/push", content=bomb, headers=packed), 413, "too_large")


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b"{}", mtime=0)[:-4], b""])
def test_a_broken_gzip_is_refused(client: TestClient[Any], enrolled: dict[str, str], content: bytes) -> None:
    headers = {**bearer(enrolled["token"]), "Content-Encoding": "gzip"}
    assert_problem(client.post("/sync/push", content=content, headers=headers), 400, "unreadable_envelope")


def test_an_unknown_encoding_is_refused(client: TestClient[Any], enrolled: dict[str, str]) -> None:
    headers = {**bearer(enrolled["token"]), "Content-Encoding": "br"}
    assert_problem(client.post("/sync/push", content=b"{}", headers=headers), 415, "unknown_encoding")


def test_a_device_that_only_pulls_is_seen(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    world.now = NOW + 10**6
    client.get("/sync/pull", headers=bearer(enrolled["token"]))
    seen = world.read(
        lambda s: s.connection().exec_driver_sql("SELECT last_seen_at FROM device").scalar_one()
    )
    assert seen == world.now


def test_answers_are_packed_for_who_asks(client: TestClient[Any], enrolled: dict[str, str]) -> None:
    headers = bearer(enrolled["token"])
    packed = client.get("/sync/pull", headers={**headers, "Accept-Encoding": "gzip"})
    plain = client.get("/sync/pull", headers={**headers, "Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json()["changes"] == json.loads(plain.content)["changes"]


@pytest.mark.parametrize("asked", ["packed=1", "packed=true"])
def test_a_page_comes_as_tables_for_who_asks(
    client: TestClient[Any], world: World, enrolled: dict[str, str], asked: str
) -> None:
    tablet = Tablet(world, enrolled["device"], "A", "alice")
    tablet.push(tablet.operation("stock.receive", received(line("P1", 5), line("P2", 6, "L2", None))))
    headers = bearer(enrolled["token"])
    plain = client.get("/sync/pull", headers=headers).json()
    packed = client.get(f"/sync/pull?{asked}", headers=headers).json()
    assert packed.keys() == plain.keys() - {"changes"} | {"tables"}
    changes = unpack(packed["tables"])
    assert {(one["entity"], one["key"]): one for one in changes} == {
        (one["entity"], one["key"]): one for one in plain["changes"]
    }
    nothing = client.get(f"/sync/pull?{asked}&cursor={packed['cursor']}", headers=headers).json()
    assert nothing["tables"] == []

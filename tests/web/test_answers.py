"""What every answer has: the security headers, the one error shape, a request id; and what no log line has."""

from __future__ import annotations

import json
import re

import pytest
from litestar import get
from litestar.testing import TestClient
from sqlalchemy import text

from backend import __version__
from backend.app import create_app
from backend.settings import Settings
from backend.web.csp import POLICY
from tests.web.conftest import Bincard

PROBLEM = {"type", "title", "status", "detail"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/health",
        "/schema",
        "/nowhere",
        "/manage",
        "/manage/sign-in",
        "/app",
        "/worker.js",
        "/api/v1/cards",
    ],
)
def test_every_answer_has_the_security_headers(bincard: Bincard, path: str) -> None:
    headers = bincard.anyone.get(path).headers
    assert headers["content-security-policy"] == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["permissions-policy"].startswith("camera=(self)")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cache-control"] in ("no-store", "no-cache")
    assert re.fullmatch("[0-9a-f]{16}", headers["x-request-id"])
    assert "strict-transport-security" not in headers
    assert "server" not in headers


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    allowed = {word for part in POLICY.split("; ") for word in part.split()[1:]}
    assert allowed == {"'self'", "'none'"}


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/nowhere", 404, "not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("GET", "/api/v1/cards", 401, "not_signed_in"),
        ("GET", "/sync/pull?limit=0", 400, "invalid"),
        ("GET", "/sync/pull", 401, None),
        ("POST", "/sync/push", 401, None),
        ("GET", "/health?%00", 400, "bad_request"),
        ("GET", "/health?x=%ff", 400, "bad_request"),
        ("GET", "/health?" + "x" * 5000, 414, "address_too_long"),
    ],
)
def test_errors_have_one_shape(
    bincard: Bincard, method: str, path: str, status: int, kind: str | None
) -> None:
    answer = bincard.anyone.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) >= PROBLEM
    assert body["status"] == status
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert body["type"].startswith("urn:bincard:problem:")
    if kind:
        assert body["type"] == f"urn:bincard:problem:{kind}"


def test_a_405_says_what_is_allowed(bincard: Bincard) -> None:
    assert "GET" in bincard.anyone.post("/health").headers["allow"]


def test_a_body_too_large_is_413(bincard: Bincard) -> None:
    answer = bincard.anyone.post("/sync/enrol", content=b"x" * 100_000)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:bincard:problem:too_large")
    form = bincard.with_cookie(None).post("/manage/sign-in", data={"name": "x" * 100_000})
    assert form.status_code == 413
    assert "too large" in form.text


def test_people_are_answered_with_a_page_and_htmx_with_a_part(bincard: Bincard) -> None:
    browser = bincard.browser("bob")
    page = browser.get("/manage/users")
    assert (page.status_code, page.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert page.text.startswith("<!doctype html>")
    assert "You have no right to this." in page.text
    part = browser.get("/manage/users", headers={"hx-request": "true", "hx-request-type": "partial"})
    assert part.status_code == 403
    assert not part.text.startswith("<!doctype")
    assert "You have no right to this." in part.text


def test_a_program_at_a_page_is_answered_as_a_program(bincard: Bincard) -> None:
    answer = bincard.program("bob").get("/manage/users")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


def test_a_page_is_in_the_language_asked_for(bincard: Bincard) -> None:
    assert (
        '<html lang="fr"' in bincard.anyone.get("/manage/sign-in", headers={"accept-language": "fr-CA"}).text
    )
    assert '<html lang="en"' in bincard.anyone.get("/manage/sign-in", headers={"accept-language": "xx"}).text
    browser = bincard.with_cookie(None)
    assert browser.post("/manage/language", data={"language": "fr"}).status_code == 303
    assert "Se connecter" in browser.get("/manage/sign-in").text
    assert browser.post("/manage/language", data={"language": "../x"}).status_code == 400


def test_an_unexpected_error_tells_a_number_and_no_more(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    @get("/boom")
    async def boom() -> None:
        raise ValueError("Ama Mensah, patient 4711")

    app = create_app(settings)
    app.register(boom)
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/boom?patient=4711")
    body = answer.json()
    assert (answer.status_code, body["type"]) == (500, "urn:bincard:problem:internal")
    assert body["request_id"] == answer.headers["x-request-id"]
    log = capsys.readouterr().err
    assert body["request_id"] in log
    assert "ValueError" in log
    assert "4711" not in answer.text + log


def test_a_log_line_names_the_route_and_never_what_was_asked(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings.model_copy(update={"log_format": "json"}))
    with TestClient(app) as client:
        client.get(
            "/api/v1/operations/secret-in-path?q=secret-in-query", headers={"authorization": "Bearer secret"}
        )
        client.get("/secret-nowhere")
        client.get("/health")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    asked = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert asked == [("GET", "/api/v1/operations/{operation_id}", 401), ("GET", "(no route)", 404)]
    assert "secret" not in json.dumps(lines)


def test_health_is_well(bincard: Bincard) -> None:
    answer = bincard.anyone.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "version": __version__, "database": "sqlite"}


def test_health_is_503_when_the_database_is_not_there(bincard: Bincard) -> None:
    with bincard.db.writing() as session:
        session.connection().execute(text("ALTER TABLE meta RENAME TO gone"))
    answer = bincard.anyone.get("/health")
    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["database"] == "sqlite"


def test_the_bare_address_leads_to_the_app(bincard: Bincard) -> None:
    answer = bincard.anyone.get("/")
    assert answer.headers["location"] == "/app"


def references(node: object) -> set[str]:
    """Every $ref in a document."""
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(references, node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_the_schema_is_whole_and_tells_the_one_error_shape(bincard: Bincard) -> None:
    answer = bincard.anyone.get("/schema")
    assert answer.status_code == 200
    assert "json" in answer.headers["content-type"]
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    for reference in references(document):
        at = document
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    operations = [
        (path, one) for path, item in document["paths"].items() for one in item.values() if "responses" in one
    ]
    assert len({one["operationId"] for _, one in operations}) == len(operations)
    for path, one in operations:
        assert list(one["responses"]["default"]["content"]) == ["application/problem+json"]
        named = set(re.findall(r"{(\w+)}", path))
        assert named == {p["name"] for p in one.get("parameters", []) if p["in"] == "path"}
    for name in ("facilities", "products", "cards", "operations/{operation_id}", "exceptions"):
        assert document["paths"][f"/api/v1/{name}"]["get"]["security"] == [{"bearer": []}]

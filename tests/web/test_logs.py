"""What the log says of pushes, pulls and enrolments: enough to find an operation again, and nothing that people wrote.

Patient-like text is put wherever a device may put text, on every way that a push can take, and looked for
in all that was printed, in both forms of the log.
"""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import sync.push
import sync.routes
from backend.db import Database
from backend.settings import Settings
from backend.web.request_log import logged
from tests.support.cast import PASSWORD
from tests.support.wire_tablet import WireTablet
from tests.web.conftest import Bincard

SECRETS = ("Mensah", "PZ4711", "HIV", "fever", "LOT-7", "Dr-Owusu", "Bearer")
AL = {"product": "AL", "lot": {"number": "LOT-7", "expiry": "2031-01-31"}, "quantity": 2}
RECEIPT = {"source": {"supplier": "Mensah and sons"}, "reference": "R-PZ4711", "lines": [AL]}
DISPENSE = {
    "patient": "Ama Mensah, PZ4711, HIV",
    "prescriber": "Dr-Owusu",
    "lines": [{**AL, "directions": "for the fever of Mensah", "days": 5}],
}

ENROLMENT = {"user": "alice", "password": PASSWORD, "facility": "A", "name": "tablet of Mensah"}

Printed = Callable[[], str]


@pytest.fixture(params=["text", "json"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Settings:
    """Settings over a fresh database, once with each form of the log."""
    return Settings(data=tmp_path, database_url=sqlite_url, secret_key="k" * 43, log_format=request.param)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the application prints its log to."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    return stream


@pytest.fixture
def bincard(log: io.StringIO, bincard: Bincard) -> Bincard:
    """The application, made after its log is caught."""
    return bincard


@pytest.fixture
def tablet(bincard: Bincard, settings: Settings) -> WireTablet:
    """Alice's tablet at A."""
    return WireTablet.enrol(
        bincard.anyone,
        bincard.db,
        settings,
        user=("alice", bincard.cast.users["alice"]),
        facility=("A", bincard.cast.facilities["A"]),
        now=bincard.time.now,
    )


@pytest.fixture
def printed(log: io.StringIO, bincard: Bincard, capsys: pytest.CaptureFixture[str]) -> Printed:
    """The log since the last call. No secret is in it, nor in anything else that was printed."""

    def read() -> str:
        caught, said = capsys.readouterr(), log.getvalue()
        log.seek(0)
        log.truncate()
        found = [secret for secret in SECRETS if secret.lower() in (caught.out + caught.err + said).lower()]
        assert not found, f"{found} in {caught} {said}"
        return said

    return read


def lines_of(said: str, event: str) -> list[dict[str, Any]]:
    """The lines of one kind, of a log in the form for collectors."""
    lines = [json.loads(line) for line in said.splitlines()]
    return [line for line in lines if line["event"] == event]


def is_json(bincard: Bincard) -> bool:
    """Whether the log is in the form for collectors."""
    form: str = bincard.app.state.wiring.settings.log_format
    return form == "json"


def test_what_became_of_operations_is_told_by_their_ids(
    bincard: Bincard, tablet: WireTablet, printed: Printed
) -> None:
    texts = {
        "receipt": tablet.text("stock.receive", RECEIPT),
        "dispense": tablet.text("stock.dispense", DISPENSE),
        "too much": tablet.text(
            "stock.issue", {"destination": {"ward": "HIV"}, "lines": [{**AL, "quantity": 9000}]}
        ),
        "no product": tablet.text("stock.receive", {**RECEIPT, "lines": [{**AL, "product": "Mensah"}]}),
        "no kind": tablet.text("stock.Mensah", RECEIPT),
        "no body": tablet.text("stock.dispense", "Ama Mensah"),
        "no author": tablet.text("stock.receive", RECEIPT, author="Mensah"),
        "no place": tablet.text("stock.receive", RECEIPT, facility="PZ4711"),
        "no time": tablet.text("stock.receive", RECEIPT, recorded_at="fever"),
        "no reason": tablet.text("stock.adjust", {"lines": [{**AL, "reason": "HIV"}]}),
    }
    ids = {name: json.loads(one)["id"] for name, one in texts.items()}
    answer = tablet.push(*texts.values(), packed=True)
    outcomes = dict(zip(texts, (one["outcome"] for one in answer.json()["results"]), strict=True))
    assert [outcomes[name] for name in ("receipt", "dispense", "too much")] == [
        "applied",
        "applied",
        "flagged",
    ]
    held = {name for name, outcome in outcomes.items() if outcome == "held"}
    assert held >= {"no product", "no kind", "no body", "no author", "no place", "no time", "no reason"}
    said = printed()
    for name, id_ in ids.items():
        assert (id_ in said) == (outcomes[name] != "applied"), name
    assert tablet.device in said
    if is_json(bincard):
        noticed = {id_: line for line in lines_of(said, "operations") for id_ in line["operations"]}
        assert set(noticed) == {ids[name] for name in texts if outcomes[name] != "applied"}
        one = noticed[ids["no product"]]
        assert (one["kind"], one["outcome"], one["codes"]) == ("stock.receive", "held", ["unknown_product"])
        assert (one["device"], one["facility"]) == (tablet.device, "A")
        assert noticed[ids["no kind"]]["kind"] == "other"
        assert "negative_stock" in noticed[ids["too much"]]["codes"]
        (line,) = lines_of(said, "request")
        assert {noticed[id_]["request_id"] for id_ in noticed} == {line["request_id"]}
        assert line["route"] == "/sync/push"
        assert (line["device"], line["facility"], line["user"]) == (
            tablet.device,
            "A",
            bincard.cast.users["alice"],
        )
        assert (line["operations"], line["replayed"]) == (len(texts), 0)
        assert line["outcomes"] == {"applied": 2, "flagged": 1, "held": len(held)}
        assert line["held"]["unknown_product"] == 1
        assert sum(line["held"].values()) == len(held)
        assert 0 < line["bytes_in"] < sum(map(len, texts.values()))
        assert line["bytes_out"] == int(answer.headers["content-length"])

    tablet.push(*texts.values(), again=True)
    said = printed()
    assert not [name for name, id_ in ids.items() if id_ in said]
    if is_json(bincard):
        (line,) = lines_of(said, "request")
        assert (line["operations"], line["replayed"], line["outcomes"]) == (len(texts), len(texts), {})


def test_a_push_that_is_refused_tells_why_and_no_more(
    bincard: Bincard, tablet: WireTablet, printed: Printed
) -> None:
    post, headers = bincard.anyone.post, tablet.headers("app=Mensah; waiting=HIV")
    packed = {**headers, "Content-Encoding": "gzip"}
    strange = {**headers, "Content-Encoding": "Mensah"}
    good = tablet.text("stock.dispense", DISPENSE)
    cases: list[tuple[Any, int, str]] = [
        (
            lambda: post("/sync/push", content=b'{"patient": "Mensah', headers=headers),
            400,
            "unreadable_envelope",
        ),
        (lambda: tablet.push(tablet.text("stock.dispense", DISPENSE, id="Mensah")), 400, "unreadable_id"),
        (lambda: tablet.push('{"patient": "Ama Mensah"}'), 400, "unreadable_id"),
        (
            lambda: post("/sync/push", content=b"HIV", headers=packed),
            400,
            "unreadable_envelope",
        ),
        (
            lambda: post("/sync/push", content=b"HIV", headers=strange),
            415,
            "unknown_encoding",
        ),
        (lambda: post("/sync/push", content=b"Mensah" * 200_000, headers=headers), 413, "too_large"),
        (
            lambda: post("/sync/push", content=good, headers={"Authorization": "Bearer Mensah"}),
            401,
            "no_valid_token",
        ),
        (lambda: tablet.push(*[good] * 501), 413, "too_many_operations"),
        (lambda: tablet.push(good), 409, "gap"),
        (lambda: bincard.anyone.get("/sync/pull?cursor=Mensah", headers=headers), 400, "bad_cursor"),
        (lambda: bincard.anyone.get("/sync/pull?limit=Mensah", headers=headers), 400, "invalid"),
        (lambda: bincard.anyone.get("/sync/Mensah?patient=PZ4711"), 404, "not_found"),
        (lambda: post("/sync/enrol", json={**ENROLMENT, "password": "PZ4711-HIV"}), 401, "wrong_credentials"),
        (lambda: post("/sync/enrol", json={**ENROLMENT, "user": "Mensah"}), 401, "wrong_credentials"),
        (lambda: post("/sync/enrol", json={**ENROLMENT, "facility": "Mensah"}), 404, "unknown_facility"),
        (lambda: post("/sync/enrol", json={**ENROLMENT, "facility": "B"}), 403, "not_permitted"),
        (lambda: post("/sync/enrol", content=b'{"user": "Mensah"'), 400, "unreadable_enrolment"),
    ]
    for ask, status, problem in cases:
        answer = ask()
        told = answer.json()["type"].rpartition(":")[2]
        assert answer.status_code == status, (problem, answer.text)
        said = printed()
        assert str(status) in said
        assert told in said
        if is_json(bincard):
            (line,) = lines_of(said, "request")
            assert (line["status"], line["problem"]) == (status, told)
            assert told == problem


def test_an_enrolment_names_the_device_and_never_the_password(bincard: Bincard, printed: Printed) -> None:
    answer = bincard.anyone.post("/sync/enrol", json=ENROLMENT)
    assert answer.status_code == 201
    said = printed()
    assert answer.json()["device"] in said
    assert PASSWORD not in said
    assert answer.json()["token"] not in said


def test_a_pull_tells_how_much_it_brought(bincard: Bincard, tablet: WireTablet, printed: Printed) -> None:
    answer = tablet.pull(status="app=Mensah PZ4711; waiting=2; oldest=HIV")
    said = printed()
    assert tablet.device in said
    if is_json(bincard):
        (line,) = lines_of(said, "request")
        assert line["changes"] == len(answer.json()["changes"]) > 0
        assert line["bytes_out"] == int(answer.headers["content-length"])


def _bug(*_arguments: Any, **_more: Any) -> Any:
    raise ValueError(f"cannot work on {DISPENSE}")


def _bug_with_a_cause(*_arguments: Any, **_more: Any) -> Any:
    try:
        _bug()
    except ValueError as error:
        raise RuntimeError(f"again {DISPENSE}") from error


def _refusal_of_the_database(*_arguments: Any, **_more: Any) -> Any:
    raise IntegrityError(
        "INSERT INTO operation VALUES (?)", ("Ama Mensah",), ValueError("Key (patient)=(PZ4711)")
    )


@pytest.mark.parametrize("bug", [_bug, _bug_with_a_cause, _refusal_of_the_database])
@pytest.mark.parametrize(
    ("module", "name"),
    [(sync.push, "decide"), (sync.push, "read"), (sync.routes, "read_envelope"), (sync.routes, "tally")],
)
def test_a_crash_in_a_push_tells_where_and_not_what(
    bincard: Bincard,
    tablet: WireTablet,
    printed: Printed,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    name: str,
    bug: Callable[..., Any],
) -> None:
    monkeypatch.setattr(module, name, bug)
    answer = tablet.push(tablet.text("stock.dispense", DISPENSE))
    assert answer.status_code == 500
    assert not [secret for secret in SECRETS if secret in answer.text]
    said = printed()
    assert answer.json()["request_id"] in said
    assert f"{bug.__module__}:{bug.__name__}:" in said
    assert module.__name__ in said
    if is_json(bincard):
        (line,) = lines_of(said, "unexpected")
        assert (
            line["error"]
            == {
                _bug: "ValueError",
                _bug_with_a_cause: "RuntimeError",
                _refusal_of_the_database: "IntegrityError",
            }[bug]
        )
        assert line["at"].startswith(("sync.", "backend."))
        if bug is _bug_with_a_cause:
            (cause,) = line["causes"]
            assert cause.startswith("ValueError tests.web.test_logs:_bug:")
        (asked,) = lines_of(said, "request")
        assert (asked["status"], asked["problem"], asked["device"]) == (500, "internal", tablet.device)


def test_a_database_that_refuses_is_not_quoted(
    bincard: Bincard, tablet: WireTablet, printed: Printed
) -> None:
    with bincard.db.writing() as session:
        session.connection().execute(
            text(
                "CREATE TRIGGER no_more BEFORE INSERT ON operation BEGIN "
                "SELECT RAISE(ABORT, 'no room for Ama Mensah'); END"
            )
        )
    assert tablet.push(tablet.text("stock.dispense", DISPENSE)).status_code == 500
    assert "IntegrityError" in printed()


def test_an_error_of_the_database_carries_no_values_even_where_it_is_printed(database: Database) -> None:
    with (
        pytest.raises(Exception, match="hidden due to hide_parameters") as caught,
        database.writing() as session,
    ):
        session.connection().execute(text("INSERT INTO nowhere VALUES (:one)"), {"one": "Ama Mensah"})
    assert "Mensah" not in str(caught.value)
    with pytest.raises(Exception, match="hidden due to hide_parameters"), database.reading() as session:
        session.connection().execute(text("SELECT * FROM nowhere WHERE a = :one"), {"one": "Ama Mensah"})


def test_what_fails_unseen_and_what_libraries_say_is_logged_without_their_words(
    bincard: Bincard, printed: Printed
) -> None:
    async def leave_a_failure() -> None:
        async def fail() -> None:
            raise ValueError("Ama Mensah")

        task = asyncio.ensure_future(fail())
        await asyncio.wait([task])
        del task
        gc.collect()

    bincard.anyone.blocking_portal.call(leave_a_failure)
    said = printed()
    assert "stray" in said
    assert "ValueError" in said
    try:
        _bug()
    except ValueError:
        logging.getLogger("some.library").exception("cannot take %s", "Ama Mensah")
    said = printed()
    assert "some.library" in said
    assert "test_logs:_bug:" in said


@pytest.mark.parametrize("begun", [False, True])
async def test_what_escapes_the_application_is_ended_here(
    bincard: Bincard, printed: Printed, begun: bool
) -> None:
    async def broken(_scope: Any, _receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        _bug()

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    scope: Any = {"type": "http", "method": "POST", "path": "/Mensah"}
    await logged(broken)(scope, receive, send)
    assert sent[0]["status"] == (200 if begun else 500)
    assert len(sent) == (1 if begun else 2)
    said = printed()
    assert "broken_off" in said
    assert "ValueError" in said

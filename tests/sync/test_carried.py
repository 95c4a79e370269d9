"""Operations that come in a file: what is refused changes nothing, what is taken in counts once, however it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from litestar.testing import TestClient

from backend.clock import DAY_MS
from backend.problems import Problem
from backend.services import changes, devices
from sync.carried import PART_BYTES_MAX, deliver, read_part
from tests.support.carry import opened, part, sealed
from tests.sync.conftest import SETTINGS, Tablet, World, enrol, issued, line, received
from tests.sync.test_routes import assert_problem, bearer


def token_of(tablet: Tablet) -> str:
    """What the device got at its enrolment."""
    return devices.token_of(SETTINGS, tablet.device)


def receipts(tablet: Tablet, *quantities: int) -> list[tuple[int, str]]:
    """Receipts of P1 that wait on a device, under its next numbers."""
    texts = [tablet.operation("stock.receive", received(line("P1", one))) for one in quantities]
    return list(enumerate(texts, 1))


def take_in(world: World, text: str) -> str:
    """What the server does with a part; the line that goes back."""
    carried = read_part(SETTINGS, text.encode())
    with world.db.writing() as session:
        return deliver(session, SETTINGS, carried, world.now)[1].decode()


def test_what_is_altered_forged_or_of_another_kind_is_refused(world: World) -> None:
    tablet, other = world.enrol(), world.enrol("B", "bob")
    token, waiting = token_of(tablet), receipts(tablet, 5, 7)
    good = part(token, tablet.device, waiting)
    head, _, seal = good.rpartition(',"seal":"')
    answers = sealed(token, "answers", f'{{"format":1,"device":"{tablet.device}","results":[]')
    forged = part("a guess", tablet.device, waiting)
    for text, kind in [
        (good.replace('"quantity": 5', '"quantity": 6'), "bad_seal"),
        (good.replace('"seq":1', '"seq":3'), "bad_seal"),
        (good.replace(tablet.device, other.device), "bad_seal"),
        (good[:-3] + ("0" if good[-3] != "0" else "1") + good[-2:], "bad_seal"),
        (f'{head},"seal":"{seal}'.replace('"}', '","more":1}'), "bad_seal"),
        (f"{head}}}", "bad_seal"),
        (forged, "bad_seal"),
        # A seal for answers is none for operations, even of the same words.
        (sealed(token, "answers", head), "bad_seal"),
        (part(token_of(other), tablet.device, waiting), "bad_seal"),
        (answers, "wrong_file"),
        (part(token, tablet.device, waiting, format=2), "unknown_format"),
        (part(token, tablet.device, waiting, made_at="noon"), "unreadable_part"),
        (good[: len(good) // 2], "unreadable_part"),
        (good[:-1], "unreadable_part"),
        ("", "unreadable_part"),
        ("[]", "unreadable_part"),
        ("GIF89a", "unreadable_part"),
        ("[" * 100_000, "unreadable_part"),
        (part(token, tablet.device, waiting, name=7), "unreadable_part"),
        (part(token, tablet.device, [(1, '{"id":"x"}')]), "unreadable_id"),
        (part(token, tablet.device, [(0, waiting[0][1])]), "unreadable_seq"),
        (part(token, tablet.device, waiting * 251), "too_many_operations"),
        (part(token, tablet.device, waiting, name="x" * PART_BYTES_MAX), "too_large"),
    ]:
        with pytest.raises(Problem) as refused:
            take_in(world, text)
        assert refused.value.kind == kind, text[:200]
    assert world.cards() == {}


def test_a_device_that_was_revoked_or_is_not_known_is_refused(world: World) -> None:
    tablet = world.enrol()
    text = part(token_of(tablet), tablet.device, receipts(tablet, 5))
    stranger = "0192f0aa-0000-7000-8000-00000000ffff"
    unknown = part(devices.token_of(SETTINGS, stranger), stranger, receipts(tablet, 5))
    with world.db.writing() as session:
        devices.revoke(session, tablet.device, world.now)
    for bad, kind in [(text, "carried_revoked"), (unknown, "carried_unknown")]:
        with pytest.raises(Problem) as refused:
            take_in(world, bad)
        assert (refused.value.status, refused.value.kind) == (422, kind)
    assert world.cards() == {}


def test_a_file_is_a_push_and_counts_once_by_whatever_way_it_comes(world: World) -> None:
    tablet = world.enrol()
    token, waiting = token_of(tablet), receipts(tablet, 5, 7)
    text = part(token, tablet.device, waiting)
    world.now += 3 * DAY_MS
    answers = opened(token, take_in(world, text))
    epoch = world.read(changes.epoch)
    assert {
        name: answers[name] for name in ("device", "made_at", "part", "parts", "epoch", "expected_seq")
    } == {
        "device": tablet.device,
        "made_at": "2026-11-22T09:00:00.000Z",
        "part": 1,
        "parts": 1,
        "epoch": epoch,
        "expected_seq": 3,
    }
    assert answers["people"] == ["alice"]
    assert [(one["seq"], one["outcome"], one["replayed"]) for one in answers["results"]] == [
        (1, "applied", False),
        (2, "applied", False),
    ]
    # The same file again, and the same operations over a network, with one more that was saved since.
    again = opened(token, take_in(world, text))
    assert [(one["outcome"], one["replayed"]) for one in again["results"]] == [("applied", True)] * 2
    later = tablet.operation("stock.issue", issued(line("P1", 2)))
    pushed = tablet.push(*(text for _, text in waiting), later, seqs=[1, 2, 3])
    assert [one["replayed"] for one in pushed["results"]] == [True, True, False]
    assert opened(token, take_in(world, text))["expected_seq"] == 4
    assert world.cards() == {("P1", "L1"): 10}
    assert world.standing() == set()
    assert world.differences() == []


def test_an_unknown_offset_is_none_however_long_the_file_was_on_its_way(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("stock.receive", received(line("P1", 5)), offset_ms=None)
    world.now += 30 * DAY_MS
    answers = opened(token_of(tablet), take_in(world, part(token_of(tablet), tablet.device, [(1, text)])))
    # By the offset of its push it would be dated thirty days late, and flagged.
    assert [one["outcome"] for one in answers["results"]] == ["applied"]


def test_a_gap_changes_nothing_and_the_answer_tells_what_is_due(world: World) -> None:
    tablet = world.enrol()
    first, second = receipts(tablet, 5, 7)
    answers = opened(token_of(tablet), take_in(world, part(token_of(tablet), tablet.device, [second])))
    assert (answers["gap"], answers["expected_seq"], answers["results"]) == (True, 1, [])
    assert answers["epoch"] == world.read(changes.epoch)
    assert world.cards() == {}
    whole = opened(token_of(tablet), take_in(world, part(token_of(tablet), tablet.device, [first, second])))
    assert len(whole["results"]) == 2


def carried(client: TestClient[Any], token: str, text: str) -> Any:
    """The answer to a device that brings a part."""
    return client.post("/sync/carried", content=text.encode(), headers=bearer(token))


def test_another_device_brings_it_over_http_and_only_a_device(
    client: TestClient[Any], world: World, enrolled: dict[str, str]
) -> None:
    carrier = enrol(client, "bob", "B").json()
    tablet = Tablet(world, enrolled["device"], "A", "alice")
    text = part(enrolled["token"], enrolled["device"], receipts(tablet, 5))
    assert_problem(carried(client, "x", text), 401, "no_valid_token")
    assert_problem(client.post("/sync/carried", content=text), 401, "no_valid_token")
    assert_problem(carried(client, carrier["token"], text[:-9]), 400, "unreadable_part")
    assert_problem(carried(client, carrier["token"], text.replace(": 5", ": 6")), 422, "bad_seal")
    assert world.cards() == {}
    answer = carried(client, carrier["token"], text + "\n")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert [one["replayed"] for one in opened(enrolled["token"], answer.text)["results"]] == [False]
    again = opened(enrolled["token"], carried(client, carrier["token"], text).text)
    assert [one["replayed"] for one in again["results"]] == [True]
    assert world.cards() == {("P1", "L1"): 5}
    # A gap is no failure of the one who brings it: the answers say so to the device.
    late = part(
        enrolled["token"], enrolled["device"], [(9, tablet.operation("stock.issue", issued(line("P1", 1))))]
    )
    assert opened(enrolled["token"], carried(client, carrier["token"], late).text)["gap"] is True
    # Whose file is refused must not be taken for who brings it: neither 401 nor 403.
    with world.db.writing() as session:
        devices.revoke(session, enrolled["device"], world.now)
    assert_problem(carried(client, carrier["token"], text), 422, "carried_revoked")
    with world.db.writing() as session:
        devices.revoke(session, carrier["device"], world.now)
    assert_problem(carried(client, carrier["token"], text), 403, "revoked_device")


def test_too_much_is_refused(client: TestClient[Any], world: World, enrolled: dict[str, str]) -> None:
    text = part(enrolled["token"], enrolled["device"], [], name="x" * PART_BYTES_MAX)
    answer = carried(client, enrolled["token"], text)
    assert answer.status_code == 413
    assert json.loads(answer.text)["status"] == 413

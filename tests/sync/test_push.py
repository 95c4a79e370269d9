"""What becomes of operations: applied once, flagged, or held whole; the answer is sticky."""

from __future__ import annotations

import json

import pytest

from backend.clock import to_iso
from backend.ids import uuid7
from backend.models import Assignment
from backend.problems import Problem
from backend.services import devices
from tests.sync.conftest import NOW, World, counted, issued, line, received

HOUR = 3_600_000


def test_a_receipt_is_in_the_ledger_and_on_the_card(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.receive", received(line("P1", 20), line("P1", 5))))
    assert (result["outcome"], result["replayed"], result["exceptions"]) == ("applied", False, [])
    assert world.cards() == {("P1", "L1"): 25}
    assert world.differences() == []


def test_the_same_operation_again_gets_the_first_answer_and_changes_nothing(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("stock.issue", issued(line("P1", 7)))
    first = tablet.one(text)
    assert first["outcome"] == "flagged"
    tablet.one(tablet.operation("stock.count", counted("P1", 50)))
    again = tablet.push(text, seqs=[1])["results"][0]
    assert again == {**first, "replayed": True}
    assert world.cards() == {("P1", "L1"): 50}


def test_a_repeat_within_one_batch_is_answered_as_a_replay(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("stock.receive", received(line("P1", 3)))
    results = tablet.push(text, text)["results"]
    assert [one["replayed"] for one in results] == [False, True]
    assert world.cards() == {("P1", "L1"): 3}


def test_a_device_enrolled_again_sends_what_was_answered_under_new_numbers(world: World) -> None:
    old, new = world.enrol(), world.enrol()
    text = old.operation("stock.receive", received(line("P1", 3)))
    old.one(text)
    answer = new.push(text)
    assert answer["results"][0]["replayed"] is True
    assert answer["expected_seq"] == 2
    assert world.cards() == {("P1", "L1"): 3}


def test_the_same_id_with_other_content_is_held_and_leaves_the_first_alone(world: World) -> None:
    tablet = world.enrol()
    id_ = uuid7(NOW)
    first = tablet.operation("stock.receive", received(line("P1", 3)), id=id_)
    other = tablet.operation("stock.receive", received(line("P1", 4)), id=id_)
    results = tablet.push(first, other)["results"]
    assert [one["outcome"] for one in results] == ["applied", "held"]
    assert results[0]["exceptions"] == []
    assert [one["code"] for one in results[1]["exceptions"]] == ["id_reused"]
    assert world.cards() == {("P1", "L1"): 3}
    again = tablet.push(other, first, seqs=[2, 1])["results"]
    assert [(one["outcome"], one["replayed"]) for one in again] == [("held", True), ("applied", True)]


def test_another_device_cannot_take_over_an_id(world: World) -> None:
    at_a, at_b = world.enrol("A", "alice"), world.enrol("B", "bob")
    id_ = uuid7(NOW)
    at_a.one(at_a.operation("stock.receive", received(line("P1", 3)), id=id_))
    result = at_b.one(at_b.operation("stock.receive", received(line("P1", 9)), id=id_))
    assert result["outcome"] == "held"
    assert world.cards("B") == {}


def test_a_known_number_with_another_id_is_applied_and_flagged(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 3))))
    result = tablet.push(tablet.operation("stock.receive", received(line("P1", 4))), seqs=[1])["results"][0]
    assert result["outcome"] == "flagged"
    assert [one["code"] for one in result["exceptions"]] == ["seq_reused"]
    assert world.cards() == {("P1", "L1"): 7}


def test_a_gap_is_refused_whole_and_says_what_is_due(world: World) -> None:
    tablet = world.enrol()
    texts = [tablet.operation("stock.receive", received(line("P1", n))) for n in (1, 2)]
    with pytest.raises(Problem) as refused:
        tablet.push(*texts, seqs=[1, 3])
    assert (refused.value.status, refused.value.extra["expected_seq"]) == (409, 1)
    assert world.cards() == {}
    assert tablet.push(*texts, seqs=[1, 2])["expected_seq"] == 3


@pytest.mark.parametrize(
    ("header", "body", "code", "at_line"),
    [
        ({"kind": "stock.teleport"}, issued(line("P1", 1)), "unknown_operation", -1),
        ({"kind": "stock.unpack"}, {}, "invalid", -1),
        ({"kind": "stock.reverse"}, {"operation": "x", "reason": "y"}, "invalid", -1),
        ({"version": 99}, issued(line("P1", 1)), "unknown_operation", -1),
        ({"facility": "NOWHERE"}, issued(line("P1", 1)), "unknown_facility", -1),
        ({"facility": "B"}, issued(line("P1", 1)), "not_permitted", -1),
        ({"author": "nobody"}, issued(line("P1", 1)), "not_permitted", -1),
        ({"author": "dora"}, issued(line("P1", 1)), "author_disabled", -1),
        ({"recorded_at": "yesterday"}, issued(line("P1", 1)), "invalid", -1),
        ({"author": None}, issued(line("P1", 1)), "invalid", -1),
        ({"author": "x\x00y"}, issued(line("P1", 1)), "invalid", -1),
        ({}, issued(line("P1", 1), line("P1", 0)), "invalid", 1),
        ({}, issued(line("P1", 1), line("P1", 10**9 + 1)), "invalid", 1),
        ({}, issued(line("P1", 1), line("P9", 1)), "unknown_product", 1),
        ({}, issued(), "invalid", -1),
        ({}, {"destination": {"ward": "x", "facility": "B"}, "lines": [line("P1", 1)]}, "invalid", -1),
        ({}, {"destination": {"facility": "C"}, "lines": [line("P1", 1)]}, "unknown_facility", -1),
        ({}, issued(line("P1", 1, expiry="2026-02-30")), "invalid", 0),
        ({"kind": "stock.count"}, counted("P1", -1), "invalid", 0),
        ({"kind": "stock.adjust"}, {"lines": [line("P1", 0, reason="damaged")]}, "invalid", 0),
        ({"kind": "stock.adjust"}, {"lines": [line("P1", -1, reason="eaten")]}, "unknown_reason", 0),
    ],
)
def test_what_cannot_be_done_is_held_whole_and_what_is_behind_it_goes_on(
    world: World, header: dict[str, object], body: dict[str, object], code: str, at_line: int
) -> None:
    tablet = world.enrol()
    bad = tablet.operation(**{"kind": "stock.issue", "body": body, **header})
    results = tablet.push(bad, tablet.operation("stock.receive", received(line("P2", 5))))["results"]
    assert [one["outcome"] for one in results] == ["held", "applied"]
    assert [(one["code"], one["line"]) for one in results[0]["exceptions"]] == [(code, at_line)]
    assert world.cards() == {("P2", "L1"): 5}
    assert world.standing() == {(code, results[0]["id"], at_line)}
    again = tablet.push(bad, seqs=[1])["results"][0]
    assert again == {**results[0], "replayed": True}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("not json", "unreadable_envelope"),
        ("[]", "unreadable_envelope"),
        ('{"device": "DEVICE", "sent_at": "noon", "operations": []}', "unreadable_envelope"),
        (
            '{"device": "DEVICE", "sent_at": "SENT", "operations": [{"seq": "x", "operation": {}}]}',
            "unreadable_envelope",
        ),
        (
            '{"device": "DEVICE", "sent_at": "SENT", "operations": [{"seq": 0, "operation": {"id": "ID"}}]}',
            "unreadable_seq",
        ),
        (
            '{"device": "DEVICE", "sent_at": "SENT", "operations": [{"seq": 1, "operation": {}}]}',
            "unreadable_id",
        ),
        (
            '{"device": "DEVICE", "sent_at": "SENT", "operations": [{"seq": 1, "operation": {"id": "x"}}]}',
            "unreadable_id",
        ),
        ('{"device": "other", "sent_at": "SENT", "operations": []}', "wrong_device"),
        ('{"device": "DEVICE", "sent_at": "SENT", "operations": ' + "[" * 100_000, "unreadable_envelope"),
    ],
)
def test_an_unreadable_envelope_is_refused_whole(world: World, body: str, code: str) -> None:
    tablet = world.enrol()
    text = body.replace("DEVICE", tablet.device).replace("SENT", to_iso(NOW)).replace("ID", uuid7(NOW))
    with pytest.raises(Problem) as refused:
        tablet.send(text)
    assert (refused.value.status, refused.value.kind) == (400, code)


def test_a_device_revoked_on_the_way_decides_nothing(world: World) -> None:
    tablet = world.enrol()
    with world.db.writing() as session:
        devices.revoke(session, tablet.device, world.now)
    with pytest.raises(Problem) as refused:
        tablet.push(tablet.operation("stock.receive", received(line("P1", 1))))
    assert refused.value.status == 403
    assert world.cards() == {}


def test_too_many_operations_are_refused_whole(world: World) -> None:
    tablet = world.enrol()
    with pytest.raises(Problem) as refused:
        tablet.push(*[tablet.operation("stock.receive", received(line("P1", 1)))] * 501)
    assert refused.value.status == 413


def test_an_operation_that_is_too_large_is_held(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.receive", {**received(line("P1", 1)), "note": "x" * 70_000}))
    assert [one["code"] for one in result["exceptions"]] == ["invalid"]


def test_what_should_no_longer_move_is_applied_and_flagged(world: World) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation("stock.receive", received(line("P1", 1), line("P4", 2))))
    assert result["outcome"] == "flagged"
    assert [(one["code"], one["line"]) for one in result["exceptions"]] == [("inactive", 1)]
    assert world.cards() == {("P1", "L1"): 1, ("P4", "L1"): 2}


def test_a_reason_of_the_other_type_is_flagged_and_the_sign_rules(world: World) -> None:
    tablet = world.enrol()
    body = {"lines": [line("P1", 5, reason="damaged"), line("P1", -2, reason="damaged")]}
    result = tablet.one(tablet.operation("stock.adjust", body))
    assert [(one["code"], one["line"]) for one in result["exceptions"]] == [("reason_type", 0)]
    assert world.cards() == {("P1", "L1"): 3}


def test_stock_below_zero_is_kept_flagged_and_ends_with_the_next_count(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("stock.dispense", {"lines": [line("P2", 1), line("P1", 4)]})
    result = tablet.one(text)
    assert result["outcome"] == "flagged"
    assert {(one["code"], one["line"]) for one in result["exceptions"]} == {
        ("negative_stock", 0),
        ("negative_stock", 1),
    }
    assert world.cards() == {("P1", "L1"): -4, ("P2", "L1"): -1}
    world.now += HOUR
    tablet.one(tablet.operation("stock.count", counted("P1", 10)))
    assert world.standing() == {("negative_stock", json.loads(text)["id"], 0)}
    world.now += HOUR
    late = to_iso(NOW - HOUR)
    tablet.one(tablet.operation("stock.receive", received(line("P2", 6)), occurred_at=late))
    assert world.standing() == set()
    assert world.differences() == []


def test_a_late_fact_before_a_count_changes_its_variance_and_not_the_balance(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.count", counted("P1", 100)))
    world.now += 2 * HOUR
    tablet.one(tablet.operation("stock.count", counted("P1", 90)))
    early = to_iso(NOW + HOUR)
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 8)), occurred_at=early))
    assert world.cards() == {("P1", "L1"): 90}
    assert world.differences() == []
    counts = world.read(
        lambda s: [
            tuple(r)
            for r in s.connection().exec_driver_sql(
                "SELECT variance, opening FROM count_result ORDER BY effective_at"
            )
        ]
    )
    assert [(v, bool(o)) for v, o in counts] == [(100, True), (-2, False)]


def test_a_date_in_the_future_is_bounded_and_flagged(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("stock.receive", received(line("P1", 1)), occurred_at=to_iso(NOW + 24 * HOUR))
    result = tablet.one(text)
    assert [one["code"] for one in result["exceptions"]] == ["clock_skew"]
    last = world.read(lambda s: s.connection().exec_driver_sql("SELECT last_at FROM card").scalar_one())
    assert last == NOW


def test_a_clock_in_2015_is_put_right_by_its_offset(world: World) -> None:
    tablet = world.enrol()
    wrong = to_iso(NOW - 3650 * 24 * HOUR)
    text = tablet.operation(
        "stock.receive",
        received(line("P1", 1)),
        recorded_at=wrong,
        occurred_at=wrong,
        offset_ms=3650 * 24 * HOUR - 1000,
    )
    result = tablet.one(text)
    assert [one["code"] for one in result["exceptions"]] == ["clock_skew"]
    last = world.read(lambda s: s.connection().exec_driver_sql("SELECT last_at FROM card").scalar_one())
    assert last == NOW - 1000


def test_the_device_cannot_push_for_another_facility_under_a_borrowed_name(world: World) -> None:
    tablet = world.enrol("A", "alice")
    result = tablet.one(
        tablet.operation("stock.receive", received(line("P1", 1)), facility="B", author="bob")
    )
    assert [one["code"] for one in result["exceptions"]] == ["not_permitted"]
    assert world.cards("B") == {}


def test_rights_given_with_the_account_count_from_the_beginning_and_later_ones_from_then_on(
    world: World,
) -> None:
    tablet = world.enrol()
    long_ago = to_iso(NOW - 400 * 24 * HOUR)
    dated = {"recorded_at": long_ago, "occurred_at": long_ago}
    first = tablet.one(tablet.operation("stock.receive", received(line("P1", 1)), **dated))
    assert first["outcome"] == "applied"
    with world.db.writing() as session:
        later = Assignment(
            user_id=world.users["alice"],
            role="nurse",
            facility_id=world.facilities["B"],
            granted_at=NOW - HOUR,
        )
        session.add(later)
    early = tablet.operation("stock.receive", received(line("P1", 1)), facility="B", **dated)
    late = tablet.operation("stock.receive", received(line("P1", 1)), facility="B")
    results = tablet.push(early, late)["results"]
    assert [one["outcome"] for one in results] == ["held", "applied"]

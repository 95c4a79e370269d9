"""What people decide about exceptions: every action, what is refused, and that a rebuild finds nothing afterwards."""

from __future__ import annotations

import json
from datetime import date

import pytest
from sqlmodel import select

from backend.models import Assignment, Card, Lot
from backend.problems import Problem
from sync import decisions
from sync.decisions import Choice
from tests.sync.conftest import NOW, World, counted, issued, line, next_id, received
from tests.sync.deciding import refused, resolve, row, with_managers, written

MINUTE, HOUR = 60_000, 3_600_000


@pytest.fixture
def decided(world: World) -> World:
    """The world with Mary, who manages A, and Gus, who manages everything."""
    return with_managers(world)


def make(world: World, code: str) -> None:
    """Let an exception with this code stand at A."""
    tablet = world.enrol()
    if code == "negative_stock":
        tablet.one(tablet.operation("stock.issue", issued(line("P1", 5))))
    elif code == "inactive":
        tablet.one(tablet.operation("stock.receive", received(line("P4", 5))))
    elif code == "clock_skew":
        tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), offset_ms=HOUR))
    elif code == "count_backdated":
        at = "2026-09-20T00:00:00.000Z"
        tablet.one(tablet.operation("stock.count", counted("P1", 5), occurred_at=at))
    elif code == "unmatched_receipt":
        body = {"source": {"facility": "B"}, "reference": "D9", "lines": [line("P1", 5)]}
        tablet.one(tablet.operation("stock.receive", body))
    elif code == "device_gap":
        tablet.one(tablet.operation("device.gap", {"from": 3, "to": 4}))
    elif code == "seq_reused":
        tablet.one(tablet.operation("stock.receive", received(line("P1", 5))))
        tablet.push(tablet.operation("stock.receive", received(line("P2", 5))), seqs=[1])
    elif code in ("already_reversed", "not_reversible"):
        text = tablet.operation("stock.receive", received(line("P1", 5)))
        tablet.one(text)
        undoing = tablet.operation("stock.reverse", {"operation": json.loads(text)["id"], "reason": "x"})
        tablet.one(undoing)
        target = undoing if code == "not_reversible" else text
        tablet.one(tablet.operation("stock.reverse", {"operation": json.loads(target)["id"], "reason": "y"}))


SEEN = [
    "negative_stock",
    "inactive",
    "clock_skew",
    "count_backdated",
    "unmatched_receipt",
    "device_gap",
    "seq_reused",
    "already_reversed",
    "not_reversible",
]


@pytest.mark.parametrize("code", SEEN)
def test_what_was_seen_is_resolved_and_stays_so(decided: World, code: str) -> None:
    make(decided, code)
    cards = decided.cards()
    after = resolve(decided, code, "accept", note="  asked Alice ")
    assert (after.closed_at, after.resolved_at, after.resolved_by) == (None, NOW, "mary")
    assert (after.action, after.note) == ("accept", "asked Alice")
    assert decided.cards() == cards
    assert decided.differences() == []
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P3", 5))))
    assert row(decided, code).resolved_by == "mary"
    (change,) = [one["row"] for one in tablet.pull() if one["entity"] == "exception"]
    assert (change["state"], change["action"], change["note"]) == ("resolved", "accept", "asked Alice")


def test_what_is_no_answer_is_refused(decided: World) -> None:
    make(decided, "clock_skew")
    for action in ("release", "refuse", "move", "count_in", "expiry", "", "x" * 1000):
        assert refused(decided, "clock_skew", action).status == 409
    with pytest.raises(Problem) as caught, decided.db.writing() as session:
        decisions.resolve(
            session, decided.facilities["A"], next_id(), Choice("accept", "mary"), now=NOW, time_zone="UTC"
        )
    assert caught.value.status == 404
    id_ = row(decided, "clock_skew").id
    with pytest.raises(Problem) as elsewhere, decided.db.writing() as session:
        decisions.resolve(
            session, decided.facilities["B"], id_, Choice("accept", "mary"), now=NOW, time_zone="UTC"
        )
    assert elsewhere.value.status == 404


def test_what_closed_by_itself_is_not_decided_about(decided: World) -> None:
    make(decided, "negative_stock")
    tablet = decided.enrol()
    decided.now += HOUR
    tablet.one(tablet.operation("stock.count", counted("P1", 3)))
    assert refused(decided, "negative_stock", "accept").kind == "not_possible"


def overlap(world: World, *, movement_first: bool) -> None:
    """A count of 10 and an issue of 4 on two tablets, a minute apart."""
    one, other = world.enrol(), world.enrol()
    one.one(one.operation("stock.receive", received(line("P1", 20))))
    world.now += HOUR
    texts = [
        lambda: one.one(one.operation("stock.count", counted("P1", 10))),
        lambda: other.one(other.operation("stock.issue", issued(line("P1", 4)))),
    ]
    for text in reversed(texts) if movement_first else texts:
        text()
        world.now += MINUTE


@pytest.mark.parametrize("movement_first", [True, False])
def test_a_movement_is_moved_to_the_other_side_and_back(decided: World, movement_first: bool) -> None:
    overlap(decided, movement_first=movement_first)
    before, moved = (10, 6) if movement_first else (6, 10)
    assert decided.cards()["P1", "L1"] == before
    after = resolve(decided, "count_overlap", "move")
    assert decided.cards()["P1", "L1"] == moved
    assert after.resolved_by == "mary"
    assert decided.differences() == []
    # A late fact before both leaves the movement where the person put it.
    tablet = decided.enrol()
    late = "2026-09-21T13:00:00.000Z"
    tablet.one(tablet.operation("stock.receive", received(line("P1", 7)), occurred_at=late))
    assert decided.cards()["P1", "L1"] == moved
    assert decided.differences() == []
    decided.now += HOUR
    resolve(decided, "count_overlap", "move", by="gus")
    assert decided.cards()["P1", "L1"] == before
    assert decided.differences() == []
    assert written(decided) == [("move", "mary"), ("move", "gus")]


def twice_received(world: World) -> None:
    """An issue of B to A of 30, received at A on two tablets."""
    sender, one, other = world.enrol("B", "bob"), world.enrol(), world.enrol()
    sender.one(sender.operation("stock.receive", received(line("P1", 100))))
    text = sender.operation("stock.issue", {"destination": {"facility": "A"}, "lines": [line("P1", 30)]})
    sender.one(text)
    body = {
        "source": {"facility": "B"},
        "reference": "",
        "shipment": json.loads(text)["id"],
        "lines": [line("P1", 30)],
    }
    for tablet in (one, other):
        world.now += HOUR
        tablet.one(tablet.operation("stock.receive", body))


def test_a_line_received_twice_counts_once_until_a_person_lets_it_count(decided: World) -> None:
    twice_received(decided)
    assert decided.cards()["P1", "L1"] == 30
    assert decided.differences() == []
    seen = resolve(decided, "already_received", "accept")
    assert decided.cards()["P1", "L1"] == 30
    assert seen.closed_at is None
    decided.now += HOUR
    resolve(decided, "already_received", "count_in", by="gus")
    assert decided.cards()["P1", "L1"] == 60
    assert decided.differences() == []
    assert refused(decided, "already_received", "accept").kind == "not_possible"


def test_the_expiry_date_that_was_chosen_last_is_used(decided: World) -> None:
    tablet = decided.enrol()
    for expiry in ("2028-01-31", "2027-06-30"):
        tablet.one(tablet.operation("stock.receive", received(line("P1", 5, expiry=expiry))))

    def used() -> str | None:
        with decided.db.reading() as session:
            return session.exec(select(Lot.expiry).where(Lot.facility_id == decided.facilities["A"])).one()

    assert used() == "2027-06-30"
    assert refused(decided, "lot_expiry", "expiry").kind == "not_possible"
    for day in (date(2028, 1, 31), date(2027, 6, 30), date(2028, 1, 31)):
        decided.now += HOUR
        resolve(decided, "lot_expiry", "expiry", expiry=day)
        assert used() == day.isoformat()
        assert decided.differences() == []
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5, expiry="2027-06-30"))))
    assert used() == "2028-01-31"
    assert decided.differences() == []


def test_of_decisions_in_one_batch_the_last_stands(decided: World) -> None:
    tablet = decided.enrol()
    for expiry in ("2028-01-31", "2027-06-30"):
        tablet.one(tablet.operation("stock.receive", received(line("P1", 5, expiry=expiry))))
    body = {"exception": row(decided, "lot_expiry").id, "action": "expiry", "note": ""}
    days = ["2028-01-31", "2029-01-01", "2027-06-30", "2031-12-31", "2028-01-31", "2030-02-28"]
    tablet.push(*(tablet.operation("exception.resolve", {**body, "expiry": day}) for day in days))
    with decided.db.reading() as session:
        assert (
            session.exec(select(Lot.expiry).where(Lot.facility_id == decided.facilities["A"])).one()
            == days[-1]
        )
    assert decided.differences() == []


def test_nobody_decides_about_the_difference_of_their_own_count(decided: World) -> None:
    tablet = decided.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 20))))
    decided.now += HOUR
    tablet.one(tablet.operation("stock.count", counted("P1", 20)))
    other = decided.enrol()
    early = "2026-09-21T14:10:00.000Z"
    other.one(other.operation("stock.receive", received(line("P1", 3)), occurred_at=early))
    assert ("variance_changed") in {code for code, _, _ in decided.standing()}
    problem = refused(decided, "variance_changed", "accept", by="alice")
    assert (problem.status, problem.kind) == (403, "own_variance")
    assert resolve(decided, "variance_changed", "accept").resolved_by == "mary"


def test_a_device_decides_once_however_often_it_says_so(decided: World) -> None:
    make(decided, "clock_skew")
    tablet, about = decided.enrol(), row(decided, "clock_skew").id
    text = tablet.operation("exception.resolve", {"exception": about, "action": "accept", "note": "set it"})
    assert tablet.one(text)["outcome"] == "applied"
    first = row(decided, "clock_skew")
    assert (first.resolved_by, first.note) == ("alice", "set it")
    decided.now += HOUR
    again = tablet.push(text, seqs=[1])["results"][0]
    assert (again["outcome"], again["replayed"]) == ("applied", True)
    assert row(decided, "clock_skew").resolved_at == first.resolved_at
    assert written(decided) == [("accept", "alice")]
    assert decided.differences() == []


def test_a_device_decides_about_its_own_facility_alone(decided: World) -> None:
    make(decided, "clock_skew")
    tablet, about = decided.enrol("B", "bob"), row(decided, "clock_skew").id
    body = {"exception": about, "action": "accept", "note": ""}
    void = tablet.one(tablet.operation("exception.resolve", body))
    assert (void["outcome"], [one["code"] for one in void["exceptions"]]) == ("flagged", ["decision_void"])
    held = tablet.one(tablet.operation("exception.resolve", body, facility="A"))
    assert (held["outcome"], [one["code"] for one in held["exceptions"]]) == ("held", ["not_permitted"])
    assert row(decided, "clock_skew").resolved_at is None
    assert written(decided) == []
    assert decided.differences() == []
    # A held decision is not entered later: it is made anew.
    assert refused(decided, "not_permitted", "release", by="gus", facility="B").kind == "not_possible"


def test_a_decision_that_its_author_had_no_right_to_is_held(decided: World) -> None:
    make(decided, "clock_skew")
    with decided.db.writing() as session:
        session.exec(
            select(Assignment).where(Assignment.user_id == decided.users["alice"])
        ).one().role = "data_entry"
    tablet = decided.enrol()
    body = {"exception": row(decided, "clock_skew").id, "action": "accept", "note": ""}
    answer = tablet.one(tablet.operation("exception.resolve", body))
    assert (answer["outcome"], answer["exceptions"][0]["code"]) == ("held", "not_permitted")
    assert row(decided, "clock_skew").resolved_at is None


def test_a_device_moves_counts_in_and_dates(decided: World) -> None:
    overlap(decided, movement_first=True)
    tablet = decided.enrol()
    body = {"exception": row(decided, "count_overlap").id, "action": "move", "note": ""}
    assert tablet.one(tablet.operation("exception.resolve", body))["outcome"] == "applied"
    assert decided.cards()["P1", "L1"] == 6
    for expiry in ("2029-01-31", "2027-06-30"):
        tablet.one(tablet.operation("stock.receive", received(line("P2", 5, "X", expiry))))
    body = {"exception": row(decided, "lot_expiry").id, "action": "expiry", "note": ""}
    void = tablet.one(tablet.operation("exception.resolve", body))
    assert [one["code"] for one in void["exceptions"]] == ["decision_void"]
    tablet.one(tablet.operation("exception.resolve", {**body, "expiry": "2029-01-31"}))
    with decided.db.reading() as session:
        assert session.exec(select(Lot.expiry).where(Lot.number == "X")).one() == "2029-01-31"
    assert decided.differences() == []


def test_decisions_and_facts_of_one_batch_follow_each_other(decided: World) -> None:
    overlap(decided, movement_first=True)
    decided.now += HOUR
    tablet, about = decided.enrol(), row(decided, "count_overlap").id
    answer = tablet.push(
        tablet.operation("exception.resolve", {"exception": about, "action": "move", "note": ""}),
        tablet.operation("stock.receive", received(line("P1", 3))),
        tablet.operation(
            "exception.resolve", {"exception": about, "action": "move", "note": "no, as it was"}
        ),
        tablet.operation("stock.issue", issued(line("P1", 1))),
    )
    assert [one["outcome"] for one in answer["results"]] == ["applied"] * 4
    assert decided.cards()["P1", "L1"] == 10 + 3 - 1
    assert row(decided, "count_overlap").note == "no, as it was"
    assert decided.differences() == []


def test_asking_somebody_changes_the_exception_alone(decided: World) -> None:
    make(decided, "negative_stock")
    tablet = decided.enrol()
    tablet.pull()
    id_, facility = row(decided, "negative_stock").id, decided.facilities["A"]
    with decided.db.writing() as session:
        decisions.assign(session, facility, id_, "alice", now=NOW)
    (change,) = tablet.pull()
    assert (change["row"]["assigned_to"], change["row"]["state"]) == ("alice", "open")
    with decided.db.reading() as session:
        assert session.exec(select(Card.on_hand)).one() == -5
    assert decided.differences() == []


def test_of_two_who_decide_at_once_the_second_is_told(decided: World) -> None:
    make(decided, "clock_skew")
    resolve(decided, "clock_skew", "accept", over=0)
    problem = refused(decided, "clock_skew", "accept", by="gus", over=0)
    assert (problem.status, problem.kind) == (409, "decided")
    resolve(decided, "clock_skew", "accept", by="gus", over=NOW)
    assert written(decided) == [("accept", "mary"), ("accept", "gus")]

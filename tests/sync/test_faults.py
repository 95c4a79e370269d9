"""One bad operation, one odd cursor, one moved facility: what lies around it goes on as if it were not there."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from sqlmodel import col, select

from backend.ids import uuid7
from backend.models import Approval, Facility, FacilityType, Fact, Operation, Product, Program, Zone
from backend.problems import Problem
from backend.services import changes
from sync.push import read_envelope
from tests.sync.conftest import World, issued, line, received

DAY = 86_400_000


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        ("stock.receive", {"recorded_at": "some day"}),
        (None, {}),
        ("stock.receive", {"padding": "x" * 70_000}),
    ],
)
def test_an_operation_without_a_readable_time_leaves_the_times_of_those_behind_it_alone(
    world: World, kind: Any, header: dict[str, str]
) -> None:
    tablet, later = world.enrol(), world.now
    world.now = later - 3 * DAY
    unreadable = tablet.operation(kind, received(line("P1", 1)), **header)
    good = tablet.operation("stock.receive", received(line("P1", 5)))
    world.now = later
    results = tablet.push(unreadable, good)["results"]
    assert [one["outcome"] for one in results] == ["held", "applied"]
    assert world.read(lambda session: session.exec(select(Fact.effective_at)).all()) == [later - 3 * DAY]


@pytest.mark.parametrize("half", ["\\ud83d", "\\uDC00", "\\ude00\\ud83d", "\\\\\\ud83d"])
def test_half_of_a_surrogate_pair_keeps_no_batch_waiting(world: World, half: str) -> None:
    tablet = world.enrol()
    whole = tablet.operation("stock.receive", received(line("P1", 5, lot="\U0001f600 \\ud83d")))
    broken = tablet.operation("stock.receive", received(line("P1", 7))).replace('"D1"', f'"D1 {half}"')
    results = tablet.push(whole, broken)["results"]
    assert [one["outcome"] for one in results] == ["applied", "applied"]
    assert world.cards() == {("P1", "\U0001f600 \\ud83d"): 5, ("P1", "L1"): 7}
    again = tablet.push(broken, seqs=[2])["results"][0]
    assert (again["outcome"], again["replayed"]) == ("applied", True)
    kept = world.read(
        lambda session: session.exec(select(Operation.content).order_by(col(Operation.id))).all()
    )
    assert kept[0].decode() == whole
    assert "\ufffd" in json.loads(kept[1])["body"]["reference"]


def test_what_is_no_json_at_all_is_refused_as_before() -> None:
    for body in (b'{"device": "\\ud83d', b'{"device": "\\ud83d"}', b"\\ud83d"):
        with pytest.raises(Problem) as refused:
            read_envelope(body)
        assert refused.value.kind == "unreadable_envelope"


def _cursor(members: str) -> str:
    return base64.urlsafe_b64encode(members.encode()).decode()


@pytest.mark.parametrize(
    "members",
    [
        '"shared":-1' + "0" * 30,
        '"facilities":{"1":-5}',
        '"facilities":{"1":1' + "0" * 30 + "}",
        '"answered_at":1e3',
        '"more":' + "[" * 30_000,
    ],
)
def test_a_made_up_cursor_is_refused_by_a_pull_and_tells_nothing_of_what_was_seen(
    world: World, members: str
) -> None:
    tablet = world.enrol()
    epoch = world.read(changes.epoch)
    tablet.cursor = _cursor(f'{{"epoch":"{epoch}",{members}}}')
    with pytest.raises(Problem) as refused:
        tablet.pull()
    assert refused.value.kind == "bad_cursor"
    told = tablet.operation("stock.receive", received(line("P1", 5)), seen=tablet.cursor)
    assert tablet.one(told)["outcome"] == "applied"


def test_what_a_facility_sees_after_it_moved_comes_though_it_did_not_change(world: World) -> None:
    with world.db.writing() as session:
        far = Zone(name="North", level=1)
        hospital = FacilityType(name="Hospital")
        program = Program(code="ESS", name="Essential")
        session.add_all([far, hospital, program])
        session.flush()
        store = Facility(code="W", name="Store", type_id=hospital.id, zone_id=far.id, role="warehouse")
        product = session.exec(select(Product).where(Product.code == "P2")).one()
        session.add_all(
            [store, Approval(program_id=program.id, product_id=product.id, facility_type_id=hospital.id)]
        )
        session.flush()
        store_id, hospital_id = store.id, hospital.id
    tablet = world.enrol()

    def seen(limit: int) -> tuple[bool, list[str]]:
        rows = {(one["entity"], one["key"]): one.get("row") for one in tablet.pull(limit)}
        assert tablet.pull() == []
        return ("facility", "W") in rows, rows["product", "P2"]["programs"]

    assert seen(1000) == (False, [])
    with world.db.writing() as session:
        here = session.exec(select(Facility).where(Facility.code == "A")).one()
        here.supplied_by_id, here.type_id = store_id, hospital_id
    assert seen(2) == (True, ["ESS"])


def test_ids_are_told_apart_whatever_their_case(world: World) -> None:
    tablet, id_ = world.enrol(), uuid7(world.now)
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5)), id=id_))
    result = tablet.one(tablet.operation("stock.issue", issued(line("P1", 5)), id=id_.upper()))
    assert [one["code"] for one in result["exceptions"]] == ["id_reused"]

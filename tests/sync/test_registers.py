"""Registers: the latest in effective order stands in any order of arrival, is pulled, and can be rebuilt."""

from __future__ import annotations

import json
from itertools import count
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from backend.models import Register, Saying
from backend.services import rebuild
from tests.sync.conftest import NOW, Tablet, World, counted, issued, line, received
from tests.sync.saying import HOUR, back, dated, decide, id_of, let_decide, reverse
from tests.sync.test_any_order import interleaved

RECALL = "01a2aaaa-0000-7000-8000-000000000001"
FRIDGE = {"code": "F1", "name": "Fridge"}


def rows(tablet: Tablet, entity: str) -> list[dict[str, Any]]:
    """Rows of an entity that a pull brings, without where they are from."""
    found = [one["row"] for one in tablet.pull() if one["entity"] == entity]
    return [{name: value for name, value in row.items() if name != "told"} for row in found]


def vvm(product: str, stage: int, lot: str = "L1", **more: Any) -> dict[str, Any]:
    """The body of an inspection of one card."""
    return {"lines": [{"product": product, "lot": {"number": lot}, "vvm": stage, **more}]}


def answer(**more: Any) -> dict[str, Any]:
    """The body of an answer to a recall."""
    return {
        "recall": RECALL,
        "product": "P1",
        "lot": "L1",
        "found": 5,
        "destroyed": 5,
        "witness": "Kofi",
        **more,
    }


def test_what_is_set_is_pulled_as_it_stands(world: World) -> None:
    tablet, other = world.enrol(), world.enrol()
    tablet.push(
        tablet.operation("location.set", FRIDGE),
        tablet.operation("location.set", {"code": "S", "active": False}),
        tablet.operation("product.identify", {"product": "P1", "system": "gtin", "value": "0" * 14}),
        tablet.operation("person.set", {"key": "favourites", "value": ["P2", {"n": 1}]}),
        tablet.operation("recall.answer", answer()),
    )
    first = other.pull()
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for one in first:
        by_entity.setdefault(one["entity"], []).append(one)
    assert [one["key"] for one in by_entity["location"]] == ["F1", "S"]
    fridge = by_entity["location"][0]["row"]
    assert (fridge["name"], fridge["active"], fridge["told"][0]) == ("Fridge", True, NOW)
    [identifier], [preference], [told] = (by_entity[name] for name in ("identifier", "preference", "answer"))
    assert identifier["key"] == '["gtin","00000000000000"]'
    assert (identifier["row"]["product"], identifier["row"]["active"]) == ("P1", True)
    assert (preference["key"], preference["row"]["value"]) == ('["alice","favourites"]', ["P2", {"n": 1}])
    assert told["key"] == json.dumps([RECALL, "P1", "L1"], separators=(",", ":"))
    assert (told["row"]["destroyed"], told["row"]["witness"], told["row"]["author"]) == (5, "Kofi", "alice")
    tablet.one(tablet.operation("location.set", {**FRIDGE, "active": False}))
    assert rows(other, "location") == [{"code": "F1", "name": "Fridge", "active": False}]
    assert world.differences() == []


def test_what_was_said_before_what_stands_changes_nothing_and_is_not_pulled(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("location.set", FRIDGE))
    tablet.pull()
    late = tablet.one(tablet.operation("location.set", {**FRIDGE, "name": "Old"}, **back(NOW - HOUR)))
    assert late["outcome"] == "applied"
    assert rows(tablet, "location") == []
    assert world.differences() == []


def test_a_stage_is_told_by_an_inspection_and_by_any_line_and_comes_with_the_card(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.inspect", vvm("P1", 1)))
    assert rows(tablet, "card") == []
    tablet.one(tablet.operation("stock.receive", received(line("P1", 9))))
    card = rows(tablet, "card")[0]
    assert (card["on_hand"], card["vvm"], card["vvm_told"][0]) == (9, 1, NOW)
    tablet.one(tablet.operation("stock.issue", issued(line("P1", 1, vvm=3))))
    assert [(one["on_hand"], one["vvm"]) for one in rows(tablet, "card")] == [(8, 3)]
    tablet.one(tablet.operation("stock.inspect", vvm("P1", 2)))
    assert [(one["on_hand"], one["vvm"]) for one in rows(tablet, "card")] == [(8, 2)]
    moved = {**line("P1", 3, vvm=2), "to": {"location": "F1"}}
    tablet.one(tablet.operation("stock.move", {"lines": [moved]}))
    there = [(one["location"], one["on_hand"], one["vvm"]) for one in rows(tablet, "card")]
    assert sorted(there) == [("", 5, 2), ("F1", 3, 2)]
    assert world.differences() == []


def test_a_move_is_on_both_cards_and_out_of_both_when_it_is_reversed(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.count", counted("P1", 10)))
    moved = tablet.operation("stock.move", {"lines": [{**line("P1", 4), "to": {"account": "GF"}}]})
    assert tablet.one(moved)["outcome"] == "applied"
    assert sorted(row["on_hand"] for row in rows(tablet, "card")) == [4, 6]
    tablet.one(reverse(tablet, moved))
    assert sorted(row["on_hand"] for row in rows(tablet, "card")) == [0, 10]
    nowhere = tablet.one(tablet.operation("stock.move", {"lines": [{**line("P1", 4), "to": {}}]}))
    assert (nowhere["outcome"], nowhere["exceptions"][0]["code"], nowhere["exceptions"][0]["line"]) == (
        "held",
        "invalid",
        0,
    )
    assert world.differences() == []


def test_a_return_is_expected_where_it_goes_and_to_a_supplier_nowhere(world: World) -> None:
    tablet, there = world.enrol(), world.enrol("B", "bob")
    back_to = {"destination": {"facility": "B"}, "purpose": "return", "lines": [line("P1", 2)]}
    sent = tablet.operation("stock.issue", back_to, version=2)
    tablet.push(
        sent, tablet.operation("stock.issue", {**back_to, "destination": {"supplier": "CMS"}}, version=2)
    )
    assert [row["id"] for row in rows(there, "shipment")] == [id_of(sent)]
    assert world.cards() == {("P1", "L1"): -4}


def test_a_saying_cannot_be_reversed_whichever_comes_first(world: World) -> None:
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 9))))
    said = tablet.operation("stock.inspect", vvm("P1", 4))
    tablet.one(said)
    refused = tablet.one(reverse(tablet, said))
    assert [one["code"] for one in refused["exceptions"]] == ["not_reversible"]
    later = tablet.operation("stock.inspect", vvm("P1", 3))
    undoing = reverse(tablet, later)
    tablet.push(undoing, later)
    assert [code for code, _, _ in world.standing()].count("not_reversible") == 2
    assert [row["vvm"] for row in rows(tablet, "card")] == [3]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("stock.inspect", vvm("P1", 5)),
        ("stock.inspect", {"lines": []}),
        ("location.set", {"code": "", "name": "Nowhere"}),
        ("location.set", {"code": "x" * 65}),
        ("product.identify", {"product": "P1", "system": "gtin", "value": "123"}),
        ("product.identify", {"product": "P1", "system": "gtin", "value": "1" * 14 + "\n"}),
        ("product.identify", {"product": "P1", "system": "ean", "value": "1" * 14}),
        ("person.set", {"key": "favourites", "value": "x" * 9000}),
        ("person.set", {"key": "favourites", "value": json.loads("[" * 17 + "]" * 17)}),
        ("person.set", {"key": "favourites"}),
        ("recall.answer", answer(found=-1)),
        ("recall.answer", answer(recall="not an id")),
        ("feedback.read", {}),
    ],
)
def test_a_wrong_body_is_held_and_sets_nothing(world: World, kind: str, body: dict[str, Any]) -> None:
    tablet = world.enrol()
    result = tablet.one(tablet.operation(kind, body))
    assert (result["outcome"], [one["code"] for one in result["exceptions"]]) == ("held", ["invalid"])
    assert world.read(lambda session: session.exec(select(Saying)).all()) == []


def test_numbers_that_no_answer_can_carry_are_refused(world: World) -> None:
    tablet = world.enrol()
    text = tablet.operation("person.set", {"key": "favourites", "value": 0}).replace(
        '"value": 0', f'"value": {"9" * 5000}'
    )
    assert tablet.one(text)["outcome"] == "held"
    tablet.pull()


def test_what_is_said_of_a_product_that_nobody_knows_waits_until_it_is_known(world: World) -> None:
    tablet = world.enrol()
    for kind, body in (
        ("stock.inspect", vvm("NEW", 1)),
        ("product.identify", {"product": "NEW", "system": "gtin", "value": "0" * 14}),
        ("recall.answer", answer(product="NEW")),
    ):
        result = tablet.one(tablet.operation(kind, body))
        assert [one["code"] for one in result["exceptions"]] == ["unknown_product"], kind


def test_what_belongs_to_a_person_needs_no_right_but_to_be_of_the_facility(world: World) -> None:
    tablet = world.enrol()
    mine = tablet.operation("person.set", {"key": "favourites", "value": []})
    assert tablet.one(mine)["outcome"] == "applied"
    for author in ("bob", "nobody"):
        theirs = tablet.operation("person.set", {"key": "favourites", "value": [1]}, author=author)
        assert tablet.one(theirs)["exceptions"][0]["code"] == "not_permitted"
    assert [row["user"] for row in rows(tablet, "preference")] == ["alice"]


def test_what_was_held_is_said_when_it_is_released(world: World) -> None:
    let_decide(world)
    tablet = world.enrol()
    tablet.one(tablet.operation("location.set", FRIDGE, author="bob"))
    assert rows(tablet, "location") == []
    decide(world, "not_permitted", "release")
    assert rows(tablet, "location") == [{**FRIDGE, "active": True}]
    assert world.differences() == []


def test_rebuild_mends_registers_that_are_not_what_was_said(world: World) -> None:
    tablet = world.enrol()
    tablet.push(
        tablet.operation("stock.receive", received(line("P1", 9, vvm=2))),
        tablet.operation("location.set", FRIDGE),
    )
    tablet.pull()
    with world.db.writing() as session:
        for row in session.exec(select(Register)):
            if row.name == "vvm":
                row.value = "4"
                session.add(row)
            else:
                session.delete(row)
        at = world.facilities["A"]
        session.add(
            Register(
                facility_id=at, name="location", key='["X"]', effective_at=1, operation_id="x", value="{}"
            )
        )
    assert len(world.differences()) == 3
    with world.db.writing() as session:
        rebuild.rebuild(session, check=False, now=world.now, time_zone="UTC")
    assert world.differences() == []
    changes = tablet.pull()
    assert [(one["entity"], one["row"].get("vvm")) for one in changes] == [("location", None), ("card", 2)]


said = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["location", "identify", "person", "inspect", "issue", "answer"]),
    st.integers(0, 3),
    st.integers(1, 4),
    st.booleans(),
)
Said = tuple[int, str, int, int, bool]
_runs = count(1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(said, min_size=1, max_size=10), st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_same_registers(
    world: World, history: list[Said], random: Random
) -> None:
    """A history twice, under names of its own: in the order of the devices, and in disorder with repeats."""
    stood = []
    for in_order in (True, False):
        run = str(77_000_000 + next(_runs))
        tablets = [world.enrol() for _ in range(3)]
        texts: list[list[str]] = [[] for _ in tablets]
        for n, one in enumerate(history):
            texts[one[0]].append(_text(tablets[one[0]], run, n, one))
        sent = [(device, text) for device, mine in enumerate(texts) for text in mine]
        if not in_order:
            sent = interleaved(texts, random)
            sent += [sent[random.randrange(len(sent))] for _ in range(3)]
        for device, text in sent:
            tablets[device].one(text)
        stood.append(_registers(world, run))
    assert stood[0] == stood[1]
    assert world.differences() == []


def _text(tablet: Tablet, run: str, n: int, one: Said) -> str:
    _, kind, minute, stage, which = one
    name = f"{run}{'ab'[which]}"
    product = "P1" if which else "P2"
    gtin = f"{run}00000{int(which)}"
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "location": ("location.set", {"code": name, "name": str(stage), "active": stage > 1}),
        "identify": ("product.identify", {"product": f"P{stage % 3 + 1}", "system": "gtin", "value": gtin}),
        "person": ("person.set", {"key": name, "value": [stage]}),
        "inspect": ("stock.inspect", vvm(product, stage, run)),
        "issue": ("stock.issue", issued(line(product, 1, run, vvm=stage))),
        "answer": ("recall.answer", answer(lot=name, found=stage)),
    }
    body = bodies[kind]
    return tablet.operation(*body, id=f"{run}-0000-7000-8000-{n:012d}", **dated(NOW - minute * 60_000))


def _registers(world: World, run: str) -> dict[tuple[str, str], tuple[int, str, str]]:
    """What stands in the registers of a run, the run's own name taken out."""
    columns = (Register.name, Register.key, Register.effective_at, Register.operation_id, Register.value)
    found = world.read(lambda session: session.execute(select(*map(col, columns))).all())
    return {
        (row.name, row.key.replace(run, "")): (
            row.effective_at,
            row.operation_id.replace(run, ""),
            row.value,
        )
        for row in found
        if row.operation_id.startswith(run)
    }

"""The catalogue of a device: what is approved for its facility's type, and what is on a card there."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from backend.models import Approval, Facility, FacilityType, Product, Program
from tests.support.follower import Follower
from tests.sync.conftest import World, line, received


@pytest.fixture
def program(world: World) -> int:
    """A program that has approved nothing yet."""
    with world.db.writing() as session:
        row = Program(code="EPI", name="EPI")
        session.add(row)
        session.flush()
        return row.id or 0


def approve(world: World, program: int, *codes: str, type_: str | None = "Health centre") -> None:
    """Approve products for a facility type, or for all."""
    with world.db.writing() as session:
        kind = type_ and session.exec(select(FacilityType.id).where(FacilityType.name == type_)).one()
        for id_ in session.exec(select(Product.id).where(col(Product.code).in_(codes))).all():
            session.add(Approval(program_id=program, product_id=id_ or 0, facility_type_id=kind or None))


def withdraw(world: World, *codes: str) -> None:
    """Take all approvals of products back."""
    with world.db.writing() as session:
        ids = select(Product.id).where(col(Product.code).in_(codes))
        for row in session.exec(select(Approval).where(col(Approval.product_id).in_(ids))).all():
            session.delete(row)


def receive(world: World, *codes: str, facility: str = "A", user: str = "alice") -> None:
    """Another device of the facility receives products."""
    tablet = world.enrol(facility, user)
    tablet.one(tablet.operation("stock.receive", received(*(line(code, 5) for code in codes))))


def catalogue(device: Follower) -> set[str]:
    """Codes of the products that the device has."""
    return {key for entity, key in device.rows if entity == "product"}


def follower(world: World, facility: str = "A", user: str = "alice") -> Follower:
    """A device that has pulled everything."""
    device = Follower(world.db, world.enrol(facility, user).device)
    device.pull(world.now)
    return device


def test_without_any_approval_for_the_type_everything_comes(world: World, program: int) -> None:
    with world.db.writing() as session:
        session.add(FacilityType(name="Hospital"))
    approve(world, program, "P1", type_="Hospital")
    assert catalogue(follower(world)) == {"P1", "P2", "P3", "P4"}


def test_only_what_is_approved_for_the_type_or_for_all_comes(world: World, program: int) -> None:
    with world.db.writing() as session:
        session.add(FacilityType(name="Hospital"))
    approve(world, program, "P1")
    approve(world, program, "P2", type_=None)
    approve(world, program, "P3", type_="Hospital")
    assert catalogue(follower(world)) == {"P1", "P2"}


def test_a_product_on_a_card_comes_whether_approved_or_not(world: World, program: int) -> None:
    approve(world, program, "P1")
    receive(world, "P3")
    assert catalogue(follower(world)) == {"P1", "P3"}
    assert catalogue(follower(world, "B", "bob")) == {"P1"}


def test_the_first_approval_for_the_type_narrows_and_the_last_to_go_widens(
    world: World, program: int
) -> None:
    device = follower(world)
    approve(world, program, "P1", "P2")
    changes = device.pull(world.now)
    assert {one["key"] for one in changes if one.get("deleted")} == {"P3", "P4"}
    assert catalogue(device) == {"P1", "P2"}
    withdraw(world, "P1", "P2")
    device.pull(world.now)
    assert catalogue(device) == {"P1", "P2", "P3", "P4"}


def test_an_approval_brings_its_product_and_its_end_takes_it(world: World, program: int) -> None:
    approve(world, program, "P1")
    device = follower(world)
    approve(world, program, "P2")
    (change,) = device.pull(world.now)
    assert (change["key"], change["row"]["programs"]) == ("P2", ["EPI"])
    withdraw(world, "P2")
    assert device.pull(world.now) == [{"entity": "product", "key": "P2", "deleted": True}]


def test_a_withdrawn_product_stays_where_it_has_a_card(world: World, program: int) -> None:
    approve(world, program, "P1", "P2")
    receive(world, "P2")
    at_a, at_b = follower(world), follower(world, "B", "bob")
    withdraw(world, "P2")
    assert [one["row"]["programs"] for one in at_a.pull(world.now)] == [[]]
    at_b.pull(world.now)
    assert (catalogue(at_a), catalogue(at_b)) == ({"P1", "P2"}, {"P1"})


def test_the_first_card_of_a_product_brings_it_once(world: World, program: int) -> None:
    approve(world, program, "P1")
    device, other = follower(world), follower(world, "B", "bob")
    receive(world, "P3", "P1")
    changes = device.pull(world.now)
    assert [one["key"] for one in changes if one["entity"] == "product"] == ["P3"]
    assert other.pull(world.now) == []
    receive(world, "P3")
    assert "product" not in {one["entity"] for one in device.pull(world.now)}


def test_a_first_pull_brings_each_product_once(world: World, program: int) -> None:
    approve(world, program, "P1")
    receive(world, "P1", "P2", "P3")
    changes = Follower(world.db, world.enrol().device).pull(world.now, 2)
    keys = [one["key"] for one in changes if one["entity"] == "product"]
    assert sorted(keys) == ["P1", "P2", "P3"]


def test_a_product_that_changes_as_its_first_card_comes_is_told_once_and_newest(
    world: World, program: int
) -> None:
    approve(world, program, "P1")
    device = follower(world)
    receive(world, "P3")
    with world.db.writing() as session:
        session.exec(select(Product).where(Product.code == "P3")).one().name = "Renamed"
    changes = [one for one in device.pull(world.now) if one["entity"] == "product"]
    assert [one["row"]["name"] for one in changes] == ["Renamed"]


def test_a_product_that_is_not_seen_and_changes_is_not_described(world: World, program: int) -> None:
    approve(world, program, "P1")
    device = follower(world)
    with world.db.writing() as session:
        session.exec(select(Product).where(Product.code == "P3")).one().name = "Secret"
    assert device.pull(world.now) == [{"entity": "product", "key": "P3", "deleted": True}]


def test_a_facility_that_becomes_of_another_type_gets_its_catalogue(world: World, program: int) -> None:
    with world.db.writing() as session:
        session.add(FacilityType(name="Hospital"))
    approve(world, program, "P1", "P2")
    approve(world, program, "P2", "P3", type_="Hospital")
    receive(world, "P4")
    device = follower(world)
    assert catalogue(device) == {"P1", "P2", "P4"}
    with world.db.writing() as session:
        hospital = session.exec(select(FacilityType.id).where(FacilityType.name == "Hospital")).one()
        session.exec(select(Facility).where(Facility.code == "A")).one().type_id = hospital or 0
    changes = device.pull(world.now)
    assert {one["key"] for one in changes if one.get("deleted")} == {"P1"}
    assert catalogue(device) == {"P2", "P3", "P4"}


def test_the_server_takes_what_names_a_product_outside_the_catalogue(world: World, program: int) -> None:
    approve(world, program, "P1")
    device = world.enrol()
    device.pull()
    result = device.one(device.operation("stock.receive", received(line("P3", 5))))
    assert result["outcome"] == "applied"
    assert {one["key"] for one in device.pull() if one["entity"] == "product"} == {"P3"}

"""Shared rows that are deleted or get another code: devices that had them drop them, others hear nothing."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from backend.models import (
    Facility,
    FacilityType,
    Product,
    ProductIdentifier,
    Program,
    Reason,
    Tombstone,
    User,
    Zone,
)
from tests.support.follower import Follower
from tests.sync.conftest import NOW, World


def buried(world: World) -> list[tuple[str, str]]:
    """Names of what is remembered as deleted."""
    rows = world.read(lambda session: session.exec(select(Tombstone.entity, Tombstone.key)).all())
    return sorted(tuple(row) for row in rows)


def follower(world: World) -> Follower:
    """A device at A that has pulled everything."""
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    return device


def test_a_deleted_row_of_every_shared_entity_is_dropped(world: World) -> None:
    with world.db.writing() as session:
        zone = session.exec(select(Zone.id)).first() or 0
        type_ = session.exec(select(FacilityType.id)).first() or 0
        session.add_all(
            [
                Product(code="X", name="X"),
                Program(code="X", name="X"),
                Reason(code="X", name="X", type="debit"),
                Facility(code="X", name="X", type_id=type_, zone_id=zone),
                User(name="X", created_at=NOW),
            ]
        )
    device = follower(world)
    with world.db.writing() as session:
        for table in (Product, Program, Reason, Facility):
            session.delete(session.exec(select(table).where(table.code == "X")).one())  # type: ignore[attr-defined]
        session.delete(session.exec(select(User).where(User.name == "X")).one())
    entities = ["facility", "product", "program", "reason", "user"]
    assert sorted((one["entity"], one["key"]) for one in device.pull(world.now)) == [
        (entity, "X") for entity in entities
    ]
    assert not [key for _, key in device.rows if key == "X"]
    assert device.pull(world.now) == []


def test_the_wire_says_deleted_and_nothing_of_the_row(world: World) -> None:
    device = follower(world)
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
    assert device.pull(world.now) == [{"entity": "product", "key": "P2", "deleted": True}]


def test_a_new_device_hears_nothing_of_what_was_deleted_before(world: World) -> None:
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
    assert not [one for one in world.enrol().pull() if one.get("deleted")]


def test_what_is_deleted_between_the_pages_of_a_first_pull_is_dropped(world: World) -> None:
    device = Follower(world.db, world.enrol().device)
    while not [one for one in device.staged if one["key"] == "P1"]:
        assert device.page(1, world.now)
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P1")).one())
    device.pull(world.now, 1)
    assert ("product", "P1") not in device.rows
    assert ("product", "P2") in device.rows


def test_a_key_that_comes_back_is_a_row_again(world: World) -> None:
    device = follower(world)
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
    assert buried(world) == [("product", "P2")]
    late = Follower(world.db, device.device, device.cursor, rows=dict(device.rows))
    device.pull(world.now)
    with world.db.writing() as session:
        session.add(Product(code="P2", name="Back"))
    assert buried(world) == []
    for one in (device, late):
        assert [change["row"]["name"] for change in one.pull(world.now)] == ["Back"]
        assert one.rows["product", "P2"]["name"] == "Back"


def test_deleting_twice_leaves_one_word_of_the_last_time(world: World) -> None:
    device = follower(world)
    for _ in range(2):
        with world.db.writing() as session:
            session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
        with world.db.writing() as session:
            session.add(Product(code="P2", name="Back"))
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
    assert device.pull(world.now) == [{"entity": "product", "key": "P2", "deleted": True}]


def test_another_code_leaves_the_old_one_as_deleted(world: World) -> None:
    device = follower(world)
    with world.db.writing() as session:
        session.exec(select(Product).where(Product.code == "P2")).one().code = "Q2"
    changes = device.pull(world.now)
    assert sorted((one["key"], one.get("deleted", False)) for one in changes) == [("P2", True), ("Q2", False)]
    with world.db.writing() as session:
        session.exec(select(Product).where(Product.code == "Q2")).one().code = "P2"
    assert buried(world) == [("product", "Q2")]
    device.pull(world.now)
    assert ("product", "P2") in device.rows
    assert ("product", "Q2") not in device.rows


def test_two_rows_that_swap_their_codes_through_a_third_are_both_there(world: World) -> None:
    device = follower(world)
    with world.db.writing() as session:
        one = session.exec(select(Product).where(Product.code == "P1")).one()
        two = session.exec(select(Product).where(Product.code == "P2")).one()
        for row, code in ((one, "T"), (two, "P1"), (one, "P2")):
            row.code = code
            session.flush()
    device.pull(world.now)
    names = {key: row["name"] for (entity, key), row in device.rows.items() if entity == "product"}
    assert (names["P1"], names["P2"]) == ("Product 2", "Product 1")
    assert "T" not in names


def test_a_row_that_goes_with_its_parts_leaves_one_word(world: World) -> None:
    with world.db.writing() as session:
        product = session.exec(select(Product).where(Product.code == "P2")).one()
        session.add(ProductIdentifier(product_id=product.id or 0, system="gtin", value="1"))
    device = follower(world)
    with world.db.writing() as session:
        product = session.exec(select(Product).where(Product.code == "P2")).one()
        session.delete(session.exec(select(ProductIdentifier).where(ProductIdentifier.value == "1")).one())
        session.flush()
        session.delete(product)
    assert device.pull(world.now) == [{"entity": "product", "key": "P2", "deleted": True}]


def test_a_deletion_that_is_taken_back_says_nothing(world: World) -> None:
    device = follower(world)

    def fail() -> None:
        with world.db.writing() as session:
            session.delete(session.exec(select(Product).where(Product.code == "P2")).one())
            session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert buried(world) == []
    assert device.pull(world.now) == []


def test_thousands_come_back_in_one_flush(world: World) -> None:
    codes = [f"N{number}" for number in range(1200)]
    with world.db.writing() as session:
        session.add_all(Product(code=code, name=code) for code in codes)
    with world.db.writing() as session:
        for row in session.exec(select(Product).where(col(Product.code).like("N%"))).all():
            session.delete(row)
    assert len(buried(world)) == len(codes)
    with world.db.writing() as session:
        session.add_all(Product(code=code, name=code) for code in codes)
    assert buried(world) == []

"""What a device may see: withdrawn and granted access, and a facility that moves among others."""

from __future__ import annotations

import base64

import pytest
from sqlmodel import Session, select

from backend.models import Assignment, Facility, Product, Reason, User, Zone
from sync import cursor as cursors
from tests.support.follower import Follower, visible
from tests.sync.conftest import NOW, Tablet, World, line, received


def withdraw(world: World, user: str) -> None:
    """End all that a person holds, a moment ago."""
    with world.db.writing() as session:
        for role in session.exec(select(Assignment).where(Assignment.user_id == world.users[user])).all():
            role.withdrawn_at = world.now - 1


def grant(world: World, user: str, *, zone: str | None = None) -> None:
    """Give a person a role at A, or in a zone."""
    with world.db.writing() as session:
        place = None if zone is None else session.exec(select(Zone.id).where(Zone.name == zone)).one()
        session.add(
            Assignment(
                user_id=world.users[user],
                role="nurse",
                facility_id=world.facilities["A"] if zone is None else None,
                zone_id=place,
                granted_at=world.now,
            )
        )


def move(world: World, facility: str, zone: str) -> None:
    """Put a facility into a zone at the top, made where it is not there."""
    with world.db.writing() as session:
        found = session.exec(select(Zone).where(Zone.name == zone)).first()
        if found is None:
            found = Zone(name=zone, level=1)
            session.add(found)
            session.flush()
        row = session.exec(select(Facility).where(Facility.code == facility)).one()
        row.zone_id = found.id or 0


def stocked(world: World) -> Tablet:
    """Alice's device at A, which has received something."""
    tablet = world.enrol()
    tablet.one(tablet.operation("stock.receive", received(line("P1", 5))))
    return tablet


def kinds(changes: list[dict[str, object]]) -> set[object]:
    """Entities among changes."""
    return {change["entity"] for change in changes}


def test_a_first_pull_begins_with_the_access(world: World) -> None:
    first, *_ = world.enrol().pull()
    assert first == {"entity": "access", "key": "A", "row": {"facility": "A", "granted": True}}


def test_withdrawn_access_is_told_once_and_then_nothing_comes(world: World) -> None:
    tablet = stocked(world)
    tablet.pull()
    withdraw(world, "alice")
    assert tablet.pull() == [{"entity": "access", "key": "A", "row": {"facility": "A", "granted": False}}]
    with world.db.writing() as session:
        session.exec(select(Product).where(Product.code == "P1")).one().name = "Renamed"
    assert tablet.one(tablet.operation("stock.receive", received(line("P2", 5))))["seq"] == 2
    assert tablet.pull() == []
    assert tablet.covers == 2


def test_a_device_whose_person_was_moved_away_before_its_first_pull_gets_nothing(world: World) -> None:
    tablet = stocked(world)
    withdraw(world, "alice")
    assert [change["row"] for change in tablet.pull()] == [{"facility": "A", "granted": False}]


def test_access_granted_again_brings_everything_again(world: World) -> None:
    tablet = stocked(world)
    device = Follower(world.db, tablet.device)
    device.pull(world.now)
    whole = dict(device.rows)
    withdraw(world, "alice")
    device.pull(world.now)
    assert device.granted is False
    assert "card" not in {entity for entity, _ in device.rows}
    with world.db.writing() as session:
        session.delete(session.exec(select(Product).where(Product.code == "P3")).one())
    world.now += 1000
    grant(world, "alice")
    changes = device.pull(world.now)
    assert {change["key"] for change in changes if change.get("deleted")} == {"P3"}
    assert kinds([dict(change) for change in changes]) >= {"product", "reason", "user", "lot", "card"}
    assert device.granted is True
    assert device.rows.keys() == whole.keys() - {("product", "P3")}
    assert device.pull(world.now) == []


def test_access_by_a_zone_above_or_by_no_place_counts(world: World) -> None:
    with world.db.writing() as session:
        south = session.exec(select(Zone).where(Zone.name == "South")).one()
        below = Zone(name="Below", level=2, parent_id=south.id)
        session.add(below)
        session.flush()
        session.exec(select(Facility).where(Facility.code == "A")).one().zone_id = below.id or 0
    tablet = world.enrol()
    withdraw(world, "alice")
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [False]
    grant(world, "alice", zone="South")
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [True]
    move(world, "A", "North")
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [False]


def test_a_role_that_begins_tomorrow_or_ended_now_gives_nothing(world: World) -> None:
    tablet = world.enrol()
    with world.db.writing() as session:
        role = session.exec(select(Assignment).where(Assignment.user_id == world.users["alice"])).one()
        role.granted_at = world.now + 1
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [False]
    world.now += 1
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [True]
    with world.db.writing() as session:
        role = session.exec(select(Assignment).where(Assignment.user_id == world.users["alice"])).one()
        role.withdrawn_at = world.now + 1
    tablet.pull()
    world.now += 1
    assert [change["row"]["granted"] for change in tablet.pull() if change["entity"] == "access"] == [False]


def test_a_disabled_person_s_device_goes_on_for_those_who_share_it(world: World) -> None:
    tablet = stocked(world)
    tablet.pull()
    with world.db.writing() as session:
        session.exec(select(User).where(User.name == "alice")).one().disabled_at = world.now
    (change,) = tablet.pull()
    assert (change["key"], change["row"]["active"]) == ("alice", False)


def test_a_facility_that_moves_sees_its_new_neighbours_and_loses_the_old(world: World) -> None:
    with world.db.writing() as session:
        south = session.exec(select(Zone.id).where(Zone.name == "South")).one()
        session.add(User(name="manager", created_at=NOW))
        session.flush()
        manager = session.exec(select(User.id).where(User.name == "manager")).one()
        session.add(Assignment(user_id=manager or 0, role="manager", zone_id=south, granted_at=NOW))
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    assert {("facility", "B"), ("user", "manager")} <= device.rows.keys()
    move(world, "A", "North")
    changes = device.pull(world.now)
    assert {change["key"] for change in changes if change.get("deleted")} == {"B", "manager"}
    assert not {("facility", "B"), ("user", "manager")} & device.rows.keys()
    move(world, "B", "North")
    assert [(change["entity"], change["key"]) for change in device.pull(world.now)] == [("facility", "B")]


def test_a_facility_that_moves_hears_nothing_of_what_it_never_saw(world: World) -> None:
    with world.db.writing() as session:
        _crowd(session, world)
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    move(world, "A", "North")
    assert [change["key"] for change in device.pull(world.now, 3) if change.get("deleted")] == ["B"]


def test_who_changes_while_a_moved_facility_pulls_again_is_dropped_all_the_same(world: World) -> None:
    with world.db.writing() as session:
        south = session.exec(select(Zone.id).where(Zone.name == "South")).one()
        manager = User(name="manager", created_at=NOW)
        session.add(manager)
        session.flush()
        session.add(Assignment(user_id=manager.id or 0, role="manager", zone_id=south or 0, granted_at=NOW))
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    move(world, "A", "North")
    device.page(4, world.now)
    # More than a page changes behind what the device had, and the manager behind that.
    with world.db.writing() as session:
        for product in session.exec(select(Product)).all():
            product.name = "Renamed"
        for reason in session.exec(select(Reason)).all():
            reason.name = "Renamed"
        session.flush()
        session.exec(select(User).where(User.name == "manager")).one().email = "manager@example.org"
    device.pull(world.now, 4)
    assert ("user", "manager") not in device.rows


def test_a_neighbour_that_moves_away_is_dropped(world: World) -> None:
    device = Follower(world.db, world.enrol().device)
    device.pull(world.now)
    move(world, "B", "North")
    assert device.pull(world.now) == [{"entity": "facility", "key": "B", "deleted": True}]


def test_an_address_that_changes_sends_the_facility_and_no_more(world: World) -> None:
    tablet = stocked(world)
    tablet.pull()
    with world.db.writing() as session:
        session.exec(select(Facility).where(Facility.code == "A")).one().name = "Renamed"
    assert [(change["entity"], change["key"]) for change in tablet.pull()] == [("facility", "A")]


@pytest.mark.parametrize("entity", ["facility", "user"])
def test_a_first_pull_of_a_large_country_brings_only_what_is_seen(world: World, entity: str) -> None:
    with world.db.writing() as session:
        _crowd(session, world)
    device = Follower(world.db, world.enrol().device)
    changes = device.pull(world.now, 10)
    assert not [change for change in changes if change.get("deleted")]
    assert {name for name in device.rows if name[0] == entity} == {
        name for name in world.read(lambda session: visible(session, device.device)) if name[0] == entity
    }
    # Rows that are not seen do not cost pages: two for what is seen here, and one that finds nothing more.
    assert len(device.pages) <= 1 + len(changes) // 10 + 1


def _crowd(session: Session, world: World) -> None:
    far = Zone(name="Far", level=1)
    session.add(far)
    session.flush()
    type_id = session.exec(select(Facility.type_id).where(Facility.id == world.facilities["A"])).one()
    for number in range(60):
        place = Facility(code=f"F{number}", name="F", type_id=type_id, zone_id=far.id or 0)
        user = User(name=f"u{number}", created_at=NOW)
        session.add_all([place, user])
        session.flush()
        session.add(Assignment(user_id=user.id or 0, role="nurse", facility_id=place.id or 0, granted_at=NOW))


def test_another_facility_s_people_are_never_named_not_even_as_gone(world: World) -> None:
    at_a = Follower(world.db, world.enrol().device)
    at_a.pull(world.now)
    with world.db.writing() as session:
        session.exec(select(User).where(User.name == "bob")).one().email = "bob@example.org"
    assert at_a.pull(world.now) == []
    move(world, "A", "North")
    assert "bob" not in {change["key"] for change in at_a.pull(world.now)}


OLD_CURSORS = (
    '{"epoch":"%s","shared":%d,"facilities":{"%d":%d},"answered_at":1790000000000,"place":2}',
    '{"epoch":"%s","shared":%d,"facilities":{"%d":%d},"answered_at":1790000000000}',
)


@pytest.mark.parametrize("text", OLD_CURSORS)
def test_a_cursor_of_the_first_version_is_still_read(world: World, text: str) -> None:
    tablet = stocked(world)
    tablet.pull()
    now = cursors.decode(tablet.cursor or "")
    place = world.facilities["A"]
    old = text % (now.epoch, now.shared, place, now.facilities[str(place)])
    tablet.cursor = base64.urlsafe_b64encode(old.encode()).decode().rstrip("=")
    found = tablet.pull()
    # It does not tell from where shared data was seen: all of it comes again, and nothing of the facility's own.
    assert "product" in kinds(found)
    assert not kinds(found) & {"card", "lot"}
    assert tablet.pull() == []

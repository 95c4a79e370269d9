"""What managers tell facilities, as devices pull it: recalls of the zones that they are in, and feedback."""

from __future__ import annotations

import json

from sqlmodel import select

from backend.models import Facility, Feedback, Product, Recall, Zone
from backend.services.changes import Numbers
from tests.sync.conftest import NOW, Tablet, World

RECALL = "01a2aaaa-0000-7000-8000-000000000001"
FEEDBACK = "01a2bbbb-0000-7000-8000-000000000001"


def told(tablet: Tablet, entity: str) -> list[tuple[str, object]]:
    """(id, row or None where it is deleted) of an entity that a pull brings."""
    return [(one["key"], one.get("row")) for one in tablet.pull() if one["entity"] == entity]


def recall(world: World, zone: int | None) -> None:
    """Call back two lots of P1 in a zone."""
    with world.db.writing() as session:
        product = session.exec(select(Product).where(Product.code == "P1")).one()
        session.add(
            Recall(
                id=RECALL,
                product_id=product.id or 0,
                lots=json.dumps(["L1", "L2"]),
                reason="Broken seals",
                instruction="Set it apart",
                zone_id=zone,
                opened_at=NOW,
                opened_by="mary",
            )
        )


def close(world: World) -> None:
    """Nobody has to look for it any more."""
    with world.db.writing() as session:
        row = session.get_one(Recall, RECALL)
        row.closed_at, row.closed_by = NOW + 1, "mary"
        session.add(row)


def zone_above(world: World, facility: str = "A") -> int:
    """A new zone that the facility's zone lies in."""
    with world.db.writing() as session:
        above = Zone(name="Country", level=0)
        session.add(above)
        session.flush()
        place = session.get_one(Facility, world.facilities[facility])
        zone = session.get_one(Zone, place.zone_id)
        zone.parent_id = above.id
        session.add(zone)
        return above.id or 0


def test_a_recall_of_a_zone_above_is_pulled_while_it_is_open(world: World) -> None:
    tablet = world.enrol()
    tablet.pull()
    recall(world, zone_above(world))
    [(key, row)] = told(tablet, "recall")
    assert (key, row) == (
        RECALL,
        {
            "id": RECALL,
            "product": "P1",
            "lots": ["L1", "L2"],
            "reason": "Broken seals",
            "instruction": "Set it apart",
            "opened_at": "2026-09-21T14:13:20.000Z",
            "closed_at": None,
        },
    )
    close(world)
    [(_, closed)] = told(tablet, "recall")
    assert isinstance(closed, dict)
    assert closed["closed_at"] is not None
    assert told(world.enrol(), "recall") == []


def test_a_recall_elsewhere_does_not_come_and_one_for_all_does(world: World) -> None:
    with world.db.writing() as session:
        elsewhere = Zone(name="Elsewhere", level=1)
        session.add(elsewhere)
        session.flush()
        zone = elsewhere.id
    tablet, late = world.enrol(), world.enrol()
    tablet.pull()
    recall(world, zone)
    assert told(tablet, "recall") == [(RECALL, None)]
    assert told(late, "recall") == []
    with world.db.writing() as session:
        row = session.get_one(Recall, RECALL)
        row.zone_id = None
        session.add(row)
    assert [key for key, row in told(tablet, "recall") if row] == [RECALL]
    assert [key for key, row in told(late, "recall") if row] == [RECALL]


def test_feedback_comes_to_its_facility_alone_and_again_when_it_was_read(world: World) -> None:
    tablet, other = world.enrol(), world.enrol("B", "bob")
    with world.db.writing() as session:
        numbers = Numbers(session.connection(), world.facilities["A"])
        product = session.exec(select(Product).where(Product.code == "P1")).one()
        session.add(
            Feedback(
                facility_id=world.facilities["A"],
                id=FEEDBACK,
                text="Well counted",
                author="mary",
                at=NOW,
                product_id=product.id,
                change=numbers.next(),
            )
        )
        numbers.save()
    [(_, row)] = told(tablet, "feedback")
    assert isinstance(row, dict)
    assert (row["text"], row["about"], row["read_at"]) == ("Well counted", "P1", None)
    assert told(other, "feedback") == []
    tablet.one(tablet.operation("feedback.read", {"feedback": FEEDBACK.upper()}))
    [(_, row)] = told(tablet, "feedback")
    assert isinstance(row, dict)
    assert row["read_at"] == "2026-09-21T14:13:20.000Z"
    assert told(tablet, "feedback") == []

"""Short ways of saying what happens in the sync tests: transfers, reversals, dates, and what people decide."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from backend.clock import to_iso
from backend.models import Assignment, StockException
from sync import decisions
from sync.decisions import Choice
from tests.sync.conftest import NOW, Tablet, World, line

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def id_of(text: str) -> str:
    """The id of an operation."""
    found: str = json.loads(text)["id"]
    return found


def dated(moment: int) -> dict[str, str]:
    """Recorded at a moment, as it happened."""
    return {"recorded_at": to_iso(moment), "occurred_at": to_iso(moment)}


def back(moment: int) -> dict[str, str]:
    """Recorded now, dated back to a moment."""
    return {"occurred_at": to_iso(moment)}


def sent_to(facility: str, *lines: Any, reference: str = "") -> dict[str, Any]:
    """The body of an issue to another facility."""
    return {"destination": {"facility": facility}, "lines": list(lines), "reference": reference}


def came_from(facility: str, *lines: Any, shipment: str | None = None, reference: str = "") -> dict[str, Any]:
    """The body of a receipt from another facility."""
    return {
        "source": {"facility": facility},
        "lines": list(lines),
        "shipment": shipment,
        "reference": reference,
    }


def reverse(tablet: Tablet, target: str, **header: Any) -> str:
    """The text of a reversal of an operation, by its text."""
    return tablet.operation("stock.reverse", {"operation": id_of(target), "reason": "mistake"}, **header)


def all_lots(product: str, quantity: int, lot: str = "L1") -> dict[str, Any]:
    """The body of a count of a whole shelf."""
    seen = {key: value for key, value in line(product, 1, lot).items() if key != "quantity"}
    return {"lines": [{**seen, "counted": quantity}], "all_lots": True}


def codes(world: World, facility: str = "A") -> list[str]:
    """Codes of the exceptions that stand, sorted; every projection must be right, or the test ends here."""
    assert world.differences() == []
    return sorted(code for code, _, _ in world.standing(facility))


def let_decide(world: World, name: str = "alice", role: str = "admin") -> None:
    """Give somebody a role everywhere."""
    with world.db.writing() as session:
        one = Assignment(
            user_id=world.users[name], role=role, facility_id=None, zone_id=None, granted_at=NOW - 10**9
        )
        session.add(one)


def decide(
    world: World, code: str, action: str, *, facility: str = "A", by: str = "alice", **more: Any
) -> None:
    """Somebody decides about the one exception with this code that stands at a facility."""
    with world.db.writing() as session:
        row = session.exec(
            select(StockException).where(
                StockException.facility_id == world.facilities[facility],
                StockException.code == code,
                col(StockException.closed_at).is_(None),
            )
        ).one()
        decisions.resolve(
            session, row.facility_id, row.id, Choice(action, by, **more), now=world.now, time_zone="UTC"
        )


def feed(tablet: Tablet) -> dict[str, Mapping[str, Any]]:
    """The rows of exceptions that a pull brings, by id."""
    return {one["key"]: one["row"] for one in tablet.pull() if one["entity"] == "exception"}

"""The people of the demo: six who can sign in, one by role, and whoever keeps the stock elsewhere."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from backend.demo.country import Place
from backend.domain.roles import ROLES
from backend.models import Meta
from backend.services import people
from backend.services.places import Places, facility_by_code
from backend.services.sign_in import DEMO_USERS

HEALTH_CENTRE = "HC01"
WAREHOUSE = "DW01"
REGION = "Marenga/Lakeside"
WORKS_AT = {"nurse": HEALTH_CENTRE, "pharmacist": HEALTH_CENTRE, "storekeeper": WAREHOUSE}
OVERSEES = {"manager": REGION, "data_entry": REGION}


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who records at a facility."""

    name: str
    user_id: int


Keepers = dict[str, Keeper]
"""By facility code."""


def demo_password(name: str) -> str:
    """The password of a demo account, which signs in on loopback only."""
    return f"demo-{name}"


def add_people(session: Session, places: Sequence[Place], since: int) -> Keepers:
    """Add them all, with their rights since the history begins; returns who records where."""
    keepers: Keepers = {}
    zones = Places(session)
    for role in ROLES:
        user_id = people.add_user(session, name=role, password=demo_password(role), now=since)
        facility_id = facility_by_code(session, WORKS_AT[role]).id if role in WORKS_AT else None
        zone_id = zones.find_zone(OVERSEES[role]) if role in OVERSEES else None
        people.grant(session, user_id, role, now=since, facility_id=facility_id, zone_id=zone_id)
        if role in WORKS_AT:
            keepers.setdefault(WORKS_AT[role], Keeper(role, user_id))
    for place in places:
        if place.code not in keepers:
            # Without a password nobody can sign in as them.
            name = f"staff.{place.code.lower()}"
            user_id = people.add_user(session, name=name, password=None, now=since)
            role = "storekeeper" if place.is_warehouse else "nurse"
            people.grant(
                session, user_id, role, now=since, facility_id=facility_by_code(session, place.code).id
            )
            keepers[place.code] = Keeper(name, user_id)
    session.add(Meta(key=DEMO_USERS, value=json.dumps(list(ROLES))))
    session.flush()
    return keepers

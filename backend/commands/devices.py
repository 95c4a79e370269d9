"""`bincard device enrol`: a device without a screen to sign in on, such as a script or a test."""

from __future__ import annotations

import argparse
import json

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.failures import Failed
from backend.commands.terminal import say
from backend.ids import uuid7
from backend.keys import with_secret_key
from backend.services import devices, people
from backend.services.access import access_of
from backend.services.places import facility_by_code
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `device enrol`."""
    group = commands.add_parser("device", help="enrol devices").add_subparsers(
        required=True, metavar="COMMAND"
    )
    enrol = group.add_parser("enrol", help='print {"device": ..., "token": ...} of a new device')
    enrol.add_argument("--facility", metavar="CODE", required=True)
    enrol.add_argument("--user", metavar="NAME", required=True, help="who answers for the device")
    enrol.add_argument(
        "--name", default="enrolled by command", help="what it is called (default: %(default)s)"
    )
    enrol.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Enrol and print; refused where the user may not record at the facility."""
    settings, now = with_secret_key(settings), system_clock()
    with opened(settings) as database, database.writing() as session:
        user_id = people.user_id_of(session, arguments.user)
        facility_id = facility_by_code(session, arguments.facility).id
        assert facility_id is not None
        if not access_of(session, [user_id])[user_id].allows("device.enrol", facility_id, now):
            raise Failed(f"{arguments.user} has no right to enrol a device at {arguments.facility}.")
        device, token = devices.enrol(
            session,
            settings,
            user_id=user_id,
            facility_id=facility_id,
            name=arguments.name,
            now=now,
            ids=uuid7,
        )
    say(json.dumps({"device": device, "token": token}))
    return 0

"""`bincard user add` and `bincard user password`."""

from __future__ import annotations

import argparse

from sqlmodel import Session

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.failures import Failed
from backend.commands.terminal import ask_password, remark, say
from backend.domain.roles import ROLES
from backend.services import people
from backend.services.catalogue import Catalogue
from backend.services.places import Places, facility_by_code
from backend.settings import Settings

WORKS_SOMEWHERE = frozenset({"nurse", "pharmacist", "storekeeper"})


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `user add` and `user password`."""
    group = commands.add_parser("user", help="add users, set passwords").add_subparsers(
        required=True, metavar="COMMAND"
    )
    said = "The password is asked for, or is the first line of standard input."
    add = group.add_parser("add", help="add a user", description=f"Add a user. {said}")
    add.add_argument("name", metavar="NAME", help="what they sign in with")
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument("--facility", metavar="CODE", action="append", default=[], help="where (may repeat)")
    add.add_argument(
        "--zone", metavar="PATH", action="append", default=[], help="such as South/Blantyre (may repeat)"
    )
    add.add_argument(
        "--program", metavar="P", action="append", default=[], help="narrow to programs (may repeat)"
    )
    add.add_argument("--email", default="")
    add.set_defaults(run=run_add)
    password = group.add_parser(
        "password", help="set a new password", description=f"Set a new password. {said}"
    )
    password.add_argument("name", metavar="NAME")
    password.set_defaults(run=run_password)


def run_add(arguments: argparse.Namespace, settings: Settings) -> int:
    """Add the user, or nothing when anything named is not there."""
    with opened(settings, make=True) as database:
        password = ask_password()
        with database.writing() as session:
            _add(session, arguments, password, system_clock())
    if arguments.role in WORKS_SOMEWHERE and not (arguments.facility or arguments.zone):
        remark(
            f"Note: neither --facility nor --zone was given, so {arguments.name} is {arguments.role} everywhere."
        )
    say(f"Added {arguments.name}.")
    return 0


def run_password(arguments: argparse.Namespace, settings: Settings) -> int:
    """Set the password; browser sessions of the user end."""
    with opened(settings) as database:
        password = ask_password()
        with database.writing() as session:
            people.set_password(session, people.user_id_of(session, arguments.name), password)
    say(f"Set a new password for {arguments.name}.")
    return 0


def _add(session: Session, arguments: argparse.Namespace, password: str, now: int) -> None:
    places, catalogue = Places(session), Catalogue(session)
    facility_ids = [facility_by_code(session, code).id for code in arguments.facility]
    zone_ids = [_named("zone", path, places.find_zone(path)) for path in arguments.zone]
    program_ids = [_named("program", code, catalogue.find_program(code)) for code in arguments.program]
    user_id = people.add_user(session, name=arguments.name, password=password, now=now, email=arguments.email)
    for facility_id in facility_ids:
        people.grant(session, user_id, arguments.role, now=now, facility_id=facility_id)
    for zone_id in zone_ids:
        people.grant(session, user_id, arguments.role, now=now, zone_id=zone_id)
    if not (facility_ids or zone_ids):
        people.grant(session, user_id, arguments.role, now=now)
    people.narrow(session, user_id, program_ids)


def _named(what: str, name: str, found: int | None) -> int:
    if found is None:
        raise Failed(f"There is no {what} {name!r}.")
    return found

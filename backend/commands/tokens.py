"""`bincard token create`: a bearer token for the read API."""

from __future__ import annotations

import argparse
import json

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.terminal import remark, say
from backend.ids import uuid7
from backend.keys import with_secret_key
from backend.services import people, tokens
from backend.services.access import access_of
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `token create`."""
    group = commands.add_parser("token", help="tokens of the read API").add_subparsers(
        required=True, metavar="COMMAND"
    )
    create = group.add_parser("create", help='print {"token": ...}; it is not shown again')
    create.add_argument("--user", metavar="NAME", required=True, help="whose rights it has")
    create.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Create and print."""
    settings, now = with_secret_key(settings), system_clock()
    with opened(settings) as database, database.writing() as session:
        user_id = people.user_id_of(session, arguments.user)
        _id, token = tokens.create(session, settings, user_id=user_id, now=now, ids=uuid7)
        may_read = access_of(session, [user_id])[user_id].allows("api.read", None, now)
    if not may_read:
        remark(f"Note: {arguments.user} has no right to the read API, so for now the token opens nothing.")
    say(json.dumps({"token": token}))
    return 0

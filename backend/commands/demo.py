"""`bincard demo`: the demo country, into an empty database only."""

from __future__ import annotations

import argparse

from backend.clock import system_clock
from backend.commands.database import is_current_or_empty, opened
from backend.commands.failures import Failed
from backend.commands.terminal import ProgressBar, say
from backend.demo.load import is_empty, load
from backend.demo.people import HEALTH_CENTRE, WAREHOUSE, demo_password
from backend.domain.roles import ROLES
from backend.keys import with_secret_key
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `demo`."""
    parser = commands.add_parser(
        "demo",
        help="load the demo country into an empty database",
        description="Load an invented country with 40 facilities, 60 products and 18 months of history. "
        "Its accounts sign in on the machine itself only.",
    )
    parser.add_argument(
        "--if-empty", action="store_true", help="do nothing, and call it success, when there are data already"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Load it, or refuse."""
    if arguments.if_empty and not is_current_or_empty(settings):
        say("There is a database of an earlier release already: kept as it is.")
        return 0
    settings = with_secret_key(settings)
    bar = ProgressBar("Loading the demo country")
    with opened(settings, make=True) as database, database.writing() as session:
        if not is_empty(session):
            if arguments.if_empty:
                say("There are data already: kept as they are.")
                return 0
            raise Failed("The demo country goes into an empty database only, and there are data in this one.")
        load(session, settings, system_clock(), bar)
    bar.close()
    say(f"Loaded the demo country. The nurse's facility is {HEALTH_CENTRE}, the storekeeper's {WAREHOUSE}.")
    say(
        "Sign in, on this machine only, as "
        + ", ".join(f"{role} / {demo_password(role)}" for role in ROLES)
        + "."
    )
    return 0

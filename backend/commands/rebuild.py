"""`bincard rebuild`: every projection anew from the ledger, or with --check only the comparison."""

from __future__ import annotations

import argparse

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.terminal import remark, say
from backend.services.rebuild import rebuild
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `rebuild`."""
    parser = commands.add_parser("rebuild", help="rebuild every projection from the ledger")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on any difference")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print each difference, then how many there were."""
    with opened(settings) as database:
        transaction = database.reading if arguments.check else database.writing
        with transaction() as session:
            differences = rebuild(
                session, check=arguments.check, now=system_clock(), time_zone=settings.time_zone
            )
    for difference in differences:
        say(difference)
    if not differences:
        say("Every projection is what the ledger says.")
        return 0
    if arguments.check:
        remark(f"{len(differences)} differences from the ledger.")
        return 1
    say(f"{len(differences)} differences mended.")
    return 0

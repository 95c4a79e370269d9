"""`bincard backup`, `restore` and `archive`: named, so that nobody trusts a backup that is not made yet."""

from __future__ import annotations

import argparse

from backend.commands.failures import Failed
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the three."""
    for name, what in (("backup", "write a backup"), ("restore", "restore a backup")):
        parser = commands.add_parser(name, help=f"{what} (not built yet)")
        parser.add_argument("file", metavar="FILE")
        parser.set_defaults(run=run, command_name=name)
    parser = commands.add_parser("archive", help="move old operations out (not built yet)")
    parser.add_argument("--before", metavar="DATE", required=True)
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(run=run, command_name="archive")


def run(arguments: argparse.Namespace, _settings: Settings) -> int:
    """Say so."""
    raise Failed(
        f"`bincard {arguments.command_name}` is not built yet: nothing was done. Until it is, back up with the "
        "database's own tools (`sqlite3 FILE .backup`, `pg_dump`)."
    )

"""`bincard archive`: named, so that nobody looks for it elsewhere, but not built yet."""

from __future__ import annotations

import argparse

from backend.commands.failures import Failed
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add it."""
    parser = commands.add_parser("archive", help="move old operations out (not built yet)")
    parser.add_argument("--before", metavar="DATE", required=True)
    parser.add_argument("file", metavar="FILE")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace, _settings: Settings) -> int:
    """Say so."""
    raise Failed("`bincard archive` is not built yet: nothing was done, and nothing needs it.")

"""The `bincard` command: finds the command, runs it, and turns what went wrong into words and an exit status.

0: done. 1: it failed, and says why. 2: it was called wrongly.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pydantic import ValidationError
from sqlalchemy.exc import DatabaseError

from backend import __version__
from backend.commands import (
    backup,
    database,
    demo,
    devices,
    import_file,
    push,
    rebuild,
    serve,
    tokens,
    unbuilt,
    users,
)
from backend.commands.failures import Failed, Misused
from backend.commands.terminal import remark
from backend.problems import Problem
from backend.settings import Settings

COMMANDS = (serve, database, demo, import_file, push, users, devices, tokens, rebuild, backup, unbuilt)
INTERRUPTED = 130


def parser() -> argparse.ArgumentParser:
    """All commands with their arguments."""
    top = argparse.ArgumentParser(
        "bincard", description="Offline-first stock management for health facilities."
    )
    top.add_argument("--version", action="version", version=f"bincard {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.register(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    called = parser().parse_args(arguments)
    try:
        status: int = called.run(called, Settings())
        sys.stdout.flush()
        return status
    except Misused as misused:
        remark(f"bincard: {misused}")
        return 2
    except (Failed, Problem) as failed:
        remark(f"bincard: {failed}")
    except ValidationError as invalid:
        for error in invalid.errors():
            name = "BINCARD_" + "_".join(str(part) for part in error["loc"]).upper()
            remark(f"bincard: the setting {name} cannot be {str(error['input'])[:100]!r}: {error['msg']}")
    except DatabaseError as error:
        remark(f"bincard: the database refused: {error.orig}")
    except BrokenPipeError:
        # Whoever read our output has gone; writing to it again at exit would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        remark(f"bincard: {error.filename or ''}: {error.strerror or error}")
    except KeyboardInterrupt:
        return INTERRUPTED
    return 1

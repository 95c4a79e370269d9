"""`bincard import KIND FILE.csv`: the good rows of a file, and a line for each one refused."""

from __future__ import annotations

import argparse
from pathlib import Path

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.failures import Failed, Misused
from backend.commands.terminal import ProgressBar, remark, say
from backend.ids import uuid7
from backend.integrations.imports.columns import WrongMapping
from backend.integrations.imports.outcome import Outcome
from backend.integrations.imports.run import KINDS, Options, import_file
from backend.integrations.imports.table import UnreadableFile
from backend.settings import Settings

DESCRIPTION = """Import a CSV file (UTF-8; comma, semicolon or tab). Good rows are taken and every refused row is
told with its line, column and why; importing a file again changes nothing."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `import`."""
    epilog = "columns: " + "; ".join(f"{kind.name}: {','.join(kind.columns)}" for kind in KINDS.values())
    parser = commands.add_parser("import", help="import a CSV file", description=DESCRIPTION, epilog=epilog)
    parser.add_argument("kind", metavar="KIND", choices=KINDS, help=", ".join(KINDS))
    parser.add_argument("file", metavar="FILE.csv", type=Path)
    parser.add_argument(
        "--columns",
        metavar='"OURS=THEIRS,..."',
        default="",
        help="other headers; THEIRS may be a template such as {Product} {Strength}",
    )
    parser.add_argument("--program", metavar="P", help="program of the rows that name none")
    parser.add_argument(
        "--create-missing", action="store_true", help="make what rows refer to and is not there"
    )
    parser.add_argument("--all-or-nothing", action="store_true", help="write nothing when a row is refused")
    parser.add_argument("--dry-run", action="store_true", help="say what would happen and write nothing")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Import, print refusals and the summary; 1 when nothing could be taken."""
    kind = KINDS[arguments.kind]
    if arguments.program and not kind.takes_program:
        raise Misused(f"--program means nothing to {kind.name}.")
    options = Options(
        columns=arguments.columns,
        program=arguments.program,
        create_missing=arguments.create_missing,
        all_or_nothing=arguments.all_or_nothing,
        dry_run=arguments.dry_run,
    )
    bar = ProgressBar(f"Importing {kind.name}")
    try:
        with opened(settings, make=True) as database:
            outcome = import_file(
                database, settings, kind, arguments.file, options, clock=system_clock, ids=uuid7, progress=bar
            )
    except WrongMapping as wrong:
        raise Misused(str(wrong)) from wrong
    except UnreadableFile as unreadable:
        raise Failed(str(unreadable)) from unreadable
    finally:
        bar.close()
    return _tell(outcome, options)


def _tell(outcome: Outcome, options: Options) -> int:
    for refusal in outcome.refusals:
        say(str(refusal))
    say(outcome.summary())
    if options.dry_run:
        say("Nothing was written: this was a dry run.")
    elif options.all_or_nothing and outcome.refusals:
        remark("bincard: nothing was written, because rows were refused and --all-or-nothing was asked for.")
        return 1
    if outcome.refusals and len(outcome.refusals) == outcome.rows:
        remark("bincard: no row could be taken.")
        return 1
    return 0

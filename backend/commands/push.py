"""`bincard push FILE...`: what a tablet saved to a file, taken in as if it had pushed it; answers go beside it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from backend.clock import system_clock
from backend.commands.database import opened
from backend.commands.failures import Failed, Misused
from backend.commands.terminal import remark, say
from backend.db import TRIES, Database, is_deadlock
from backend.keys import with_secret_key
from backend.problems import Problem
from backend.services import devices
from backend.settings import Settings
from sync.carried import Carried, deliver, read_part

FILE_BYTES_MAX = 256 * 1024 * 1024
DESCRIPTION = """Take in the files of tablets that meet no network (.bincard). All are looked at before anything is
stored; each operation counts once, however often and by whatever way it comes. The answers are written to FILE.answers:
take that file in on the tablet."""


@dataclass(frozen=True)
class _File:
    """A file that was read and verified, and where its answers go."""

    path: Path
    answers: Path
    parts: Sequence[Carried]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `push`."""
    parser = commands.add_parser(
        "push", help="take in what a tablet saved to a file", description=DESCRIPTION
    )
    parser.add_argument("files", metavar="FILE", type=Path, nargs="+")
    parser.add_argument(
        "-o", "--output", metavar="ANSWERS", type=Path, help="where the answers go (default: FILE.answers)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Verify every file, then take them in; 1 where a device has to send again first."""
    if arguments.output is not None and len(arguments.files) > 1:
        raise Misused("--output names one file: push one FILE at a time with it.")
    if arguments.output is not None and arguments.output.absolute() == arguments.files[0].absolute():
        raise Misused("--output would overwrite the file that is taken in.")
    settings, status = with_secret_key(settings), 0
    with opened(settings) as database:
        files = [_read(database, settings, path, arguments.output) for path in arguments.files]
        for file in files:
            status = max(status, _take_in(database, settings, file))
    return status


def _read(database: Database, settings: Settings, path: Path, output: Path | None) -> _File:
    if path.stat().st_size > FILE_BYTES_MAX:
        raise Failed(f"{path}: over {FILE_BYTES_MAX // 1024 // 1024} MiB is no file of a tablet.")
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").strip().splitlines()
    if not lines:
        raise Failed(f"{path}: the file is empty.")
    parts = []
    for number, line in enumerate(lines, 1):
        try:
            parts.append(read_part(settings, line.strip()))
        except Problem as problem:
            raise Failed(f"{path}: line {number}: {problem}") from None
    first = parts[0].part
    if [(one.part.device, one.part.made_at, one.part.part) for one in parts] != [
        (first.device, first.made_at, number) for number in range(1, first.parts + 1)
    ]:
        raise Failed(
            f"{path}: the file is not whole, or parts of several were mixed: it should have {first.parts}."
        )
    with database.reading() as session:
        try:
            devices.spoken_for(session, first.device)
        except Problem as problem:
            raise Failed(f"{path}: {problem}") from None
    return _File(path, output or path.with_name(path.name + ".answers"), parts)


def _take_in(database: Database, settings: Settings, file: _File) -> int:
    answers, lines = [], []
    for part in file.parts:
        answer, line = _once(database, settings, part)
        answers.append(answer)
        lines.append(line + b"\n")
    try:
        file.answers.write_bytes(b"".join(lines))
    except OSError as error:
        raise Failed(
            f"{file.path} was taken in, but its answers could not be written to {file.answers}: {error.strerror}. "
            "Run it again with --output: nothing is entered twice."
        ) from None
    say(f"{file.path}: {_counted(answers)}. Answers for {file.parts[0].part.name!r}: {file.answers}")
    due = next((answer["expected_seq"] for answer in answers if answer.get("gap")), None)
    if due is None:
        return 0
    remark(
        f"bincard: {file.path}: what came before is missing here: number {due} is due. Nothing of it was entered. "
        "Take the answers in on the tablet all the same: it then saves a file with all that is due."
    )
    return 1


def _counted(answers: Sequence[dict[str, object]]) -> str:
    results = [result for answer in answers for result in answer["results"]]  # type: ignore[attr-defined]
    by_outcome = {"replayed": sum(result["replayed"] for result in results)}
    for result in results:
        if not result["replayed"]:
            by_outcome[result["outcome"]] = by_outcome.get(result["outcome"], 0) + 1
    words = {"applied": "applied", "flagged": "flagged", "held": "held", "replayed": "known already"}
    told = [f"{by_outcome[name]} {word}" for name, word in words.items() if by_outcome.get(name)]
    return f"{len(results)} operations" + (f" ({', '.join(told)})" if told else "")


def _once(database: Database, settings: Settings, part: Carried) -> tuple[dict[str, object], bytes]:
    for left in reversed(range(TRIES)):
        try:
            with database.writing() as session:
                return deliver(session, settings, part, system_clock())
        except DBAPIError as error:
            # The tablet pushed the same over a network at this very moment: the loser looks again.
            if not left or not (isinstance(error, IntegrityError) or is_deadlock(error)):
                raise
    raise AssertionError("unreachable")

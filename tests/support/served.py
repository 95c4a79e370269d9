"""Bincard served by a process of its own, as a person would start it, to be stopped, killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, ClassVar

from tests.support.warm import Process, Warm

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT_S = 60
COMMAND_TIMEOUT_S = 600


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """One server on one database. It keeps its port over restarts, as a tablet expects.

    `root` is the checkout that it runs from: a test that changes the program runs a copy. More than one of
    `workers` need PostgreSQL. Where there is a `warm` process it is forked from that, else started by `python -m`.
    """

    warm: ClassVar[Warm | None] = None
    """Of this checkout; set for the time of a test session (tests/conftest.py), never for measurements."""

    def __init__(
        self,
        database_url: str,
        folder: Path,
        settings: dict[str, str] | None = None,
        root: Path = ROOT,
        workers: int = 1,
    ) -> None:
        self.database_url = database_url
        self.folder = folder
        self.root = root
        self.workers = workers
        self.port = free_port()
        self.settings = settings or {}
        self._process: Process | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """The running process; its group has the same number."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """All that it has printed so far, over all its starts."""
        path = self.folder / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def environment(self) -> dict[str, str]:
        """The settings of this server and of the command run beside it."""
        # Without the compiled modules every start would compile them all, for seconds.
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("BINCARD_") and name != "PYTHONDONTWRITEBYTECODE"
        }
        own = {
            "BINCARD_DATA": str(self.folder),
            "BINCARD_DATABASE_URL": self.database_url,
            "PYTHONUNBUFFERED": "1",
        }
        return kept | own | self.settings

    def start(self) -> None:
        """Start it and wait until /health says ok; RuntimeError with its log when it does not."""
        command = ["serve", "--host", "127.0.0.1", "--port", str(self.port), "--workers", str(self.workers)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log, open(os.devnull, "rb") as nothing:
            self._process = self._spawned(command, nothing, log, log)
        deadline = time.monotonic() + START_TIMEOUT_S
        while not self.healthy():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"the server did not start:\n{self.log[-4000:]}")
            time.sleep(0.03)

    def healthy(self) -> bool:
        """Whether /health answers that all is well."""
        try:
            with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:
                health: dict[str, Any] = json.load(answer)
                return bool(health["status"] == "ok")
        except (OSError, urllib.error.URLError, ValueError):
            return False

    def stop(self) -> None:
        """Ask it to end, and wait; RuntimeError when it has to be killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not end when asked:\n{self.log[-4000:]}") from None
        self._process = None

    def kill(self) -> None:
        """SIGKILL to it and all its workers, as a power cut would end them."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def command(
        self, *arguments: str, said: str = "", check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run `bincard ARGUMENTS` on the same database, `said` on its standard input."""
        with TemporaryFile() as asked, TemporaryFile() as out, TemporaryFile() as errors:
            asked.write(said.encode())
            asked.seek(0)
            status = self._spawned(arguments, asked, out, errors).wait(COMMAND_TIMEOUT_S)
            out.seek(0)
            errors.seek(0)
            done = subprocess.CompletedProcess(
                ["bincard", *arguments], status, out.read().decode(), errors.read().decode()
            )
        if check and done.returncode:
            raise RuntimeError(
                f"bincard {' '.join(arguments)} exited {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def _spawned(
        self, arguments: Sequence[str], asked: IO[bytes], out: IO[bytes], errors: IO[bytes]
    ) -> Process:
        """`bincard ARGUMENTS`, in its own group: kill() must reach the worker processes of a production server."""
        if self.warm is not None and self.root == ROOT:
            files = (asked.fileno(), out.fileno(), errors.fileno())
            return self.warm.spawn(arguments, cwd=self.root, env=self.environment(), files=files)
        return subprocess.Popen(
            [sys.executable, "-m", "backend", *arguments],
            cwd=self.root,
            env=self.environment(),
            stdin=asked,
            stdout=out,
            stderr=errors,
            start_new_session=True,
        )

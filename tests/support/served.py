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
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
START_TIMEOUT_S = 60


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Served:
    """One server on one database. It keeps its port over restarts, as a tablet expects.

    `root` is the checkout that it runs from: a test that changes the program runs a copy. More than one of
    `workers` need PostgreSQL.
    """

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
        self._process: subprocess.Popen[bytes] | None = None

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
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BINCARD_")}
        own = {
            "BINCARD_DATA": str(self.folder),
            "BINCARD_DATABASE_URL": self.database_url,
            "PYTHONUNBUFFERED": "1",
        }
        return kept | own | self.settings

    def start(self) -> None:
        """Start it and wait until /health says ok; RuntimeError with its log when it does not."""
        command = [sys.executable, "-m", "backend", "serve", "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--workers", str(self.workers)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Its own group: kill() must reach the worker processes that a production server starts.
                start_new_session=True,
            )
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
        done = subprocess.run(
            [sys.executable, "-m", "backend", *arguments],
            cwd=self.root,
            env=self.environment(),
            input=said,
            capture_output=True,
            text=True,
            timeout=600,
        )
        if check and done.returncode:
            raise RuntimeError(
                f"bincard {' '.join(arguments)} exited {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

"""A process that has imported Bincard once, and forks for every server and command of the tests.

A fork is the same program in a process of its own, with a folder, settings and a process group of its own: it can be
killed like one that was started by hand. Only the imports, some seconds of work each time, are not made again.
`python -m tests.support.warm SOCKET` is the process; `Warm` starts it and asks it.
"""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Protocol

REQUEST_BYTES_MAX = 1 << 16
START_TIMEOUT_S = 120
IMPORTED_LATE = ("uvicorn.lifespan.on", "uvicorn.loops.auto", "uvicorn.protocols.http.auto", "psycopg")


class Process(Protocol):
    """What `subprocess.Popen` and a fork have in common."""

    pid: int

    def poll(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; subprocess.TimeoutExpired when that takes longer, in seconds."""

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""


class Forked:
    """A running fork, at the other end of the line on which its end will be told."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._status: int | None = None
        self.pid = int(line.recv(64))

    def poll(self) -> int | None:
        """How it ended, negative for a signal; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; subprocess.TimeoutExpired when that takes longer, in seconds."""
        if self._status is None:
            self._line.settimeout(timeout)
            try:
                told = self._line.recv(64)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired("bincard", timeout or 0) from None
            if not told:
                raise RuntimeError("the warm process is gone")
            self._status = int(told)
            self._line.close()
        return self._status

    def send_signal(self, sig: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


class Warm:
    """The warm process, seen from the tests. `quick_passwords`: see tests/support/quick_passwords.py."""

    def __init__(self, root: Path, *, quick_passwords: bool) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bincard-warm-")
        self._address = str(Path(self._folder.name) / "socket")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BINCARD_")}
        command = [sys.executable, "-m", "tests.support.warm", self._address]
        # Its end of the pipe tells it when the tests are gone, however they ended.
        self._process = subprocess.Popen(
            command + ["quick"] * quick_passwords, cwd=root, env=environment, stdin=subprocess.PIPE
        )

    def spawn(
        self, arguments: Sequence[str], *, cwd: Path, env: dict[str, str], files: tuple[int, int, int]
    ) -> Process:
        """`bincard ARGUMENTS` in a process and a process group of its own, `files` its input, output and errors."""
        line = self._connected()
        asked = json.dumps({"arguments": list(arguments), "cwd": str(cwd), "env": env}).encode()
        assert len(asked) <= REQUEST_BYTES_MAX
        socket.send_fds(line, [asked], files)
        return Forked(line)

    def close(self) -> None:
        """End it; what it forked is ended by whoever asked for it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._folder.cleanup()

    def _connected(self) -> socket.socket:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                line.connect(self._address)
            except (FileNotFoundError, ConnectionRefusedError):
                line.close()
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the warm process did not start") from None
                time.sleep(0.02)
            else:
                return line


def _serve(address: str) -> list[str] | None:
    """Fork for each that asks and tell how it ended. Returns the arguments in a fork, None at the end of the tests."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listening.bind(address)
    listening.listen(64)
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    waiting: dict[int, socket.socket] = {}
    ready = selectors.DefaultSelector()
    for file in (listening, woken, sys.stdin):
        ready.register(file, selectors.EVENT_READ)
    while True:
        found = {key.fileobj for key, _ in ready.select()}
        if sys.stdin in found:
            return None
        if woken in found:
            woken.recv(4096)
            _tell_ended(waiting)
        if listening in found:
            line = listening.accept()[0]
            asked, files, _, _ = socket.recv_fds(line, REQUEST_BYTES_MAX, 3)
            pid = os.fork()
            if pid == 0:
                # Detached: whatever closes Python's objects later must not close what has their numbers by then.
                for one in (listening, woken, waker, *waiting.values()):
                    os.close(one.detach())
                ready.close()
                return _settle(json.loads(asked), files, line)
            waiting[pid] = line
            for file_number in files:
                os.close(file_number)


def _settle(asked: dict[str, object], files: list[int], line: socket.socket) -> list[str]:
    """Become what was asked for: the group, the folder, the settings, the files. Returns the arguments."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(asked["env"])  # type: ignore[call-overload]
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    # What Python opened at its start may have read ahead, and buffers whole blocks where the terminal was none.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115
    line.send(str(os.getpid()).encode())
    os.close(line.detach())
    arguments = asked["arguments"]
    assert isinstance(arguments, list)
    return arguments


def _tell_ended(waiting: dict[int, socket.socket]) -> None:
    while waiting:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with waiting.pop(pid) as line, suppress(OSError):
            line.send(str(os.waitstatus_to_exitcode(status)).encode())


def _make_an_application() -> None:
    """What the first application of a process brings with it, besides itself: patterns, catalogues, models."""
    from backend.app import create_app
    from backend.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        create_app(Settings(data=Path(folder), secret_key="of nobody, who is never served"))
    gc.collect()
    gc.freeze()


def main() -> int:
    """Import everything, then fork until the tests are gone; in a fork, `bincard`."""
    for late in IMPORTED_LATE:
        import_module(late)
    from backend.cli import main as bincard

    if "quick" in sys.argv[2:]:
        from tests.support.quick_passwords import quicken

        quicken()
    _make_an_application()
    arguments = _serve(sys.argv[1])
    if arguments is None:
        return 0
    sys.argv = ["bincard", *arguments]
    return bincard(arguments)


if __name__ == "__main__":
    sys.exit(main())

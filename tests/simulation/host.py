"""The node process that plays the devices: one command as a JSON line, one line back when it is done."""

from __future__ import annotations

import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from backend.web.linker import link
from tests.simulation.place import TIME_ZONE
from tests.test_js import node

ROOT = Path(__file__).resolve().parents[2]
CLIENT = "tests/js/simulation/client.js"
HOST = "tests/js/simulation/host.js"


class HostBroke(Exception):
    """A command that the node process could not do; it says why."""


@cache
def client_script() -> str:
    """The worker's own modules behind the simulation's entry, linked as the worker is."""
    return link(CLIENT, lambda path: (ROOT / path).read_text(encoding="utf-8"))


class Host:
    """One process for many devices; `programs` are the scripts that it knows by name."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [node(), HOST],
            cwd=ROOT,
            env={**os.environ, "TZ": TIME_ZONE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._programs: set[str] = set()

    def ask(self, do: str, **command: Any) -> Any:
        """Do one thing and wait for it. Raises HostBroke."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(msgspec.json.encode({"do": do, **command}) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise HostBroke(f"node ended with {self._process.wait()} at {do}")
        answer = msgspec.json.decode(line)
        if "error" in answer:
            raise HostBroke(f"{do}: {answer['error']}")
        return answer["ok"]

    def learn(self, name: str, script: str) -> None:
        """Have a script ready under a name."""
        if name not in self._programs:
            self.ask("program", name=name, script=script)
            self._programs.add(name)

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=10)

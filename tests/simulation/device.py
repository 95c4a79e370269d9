"""A tablet of the simulation: a disk in the node process, and the program that runs on it now, if one does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.simulation.history import Broken
from tests.simulation.network import Flight
from tests.simulation.server import Answer, Request

if TYPE_CHECKING:
    from tests.simulation.world import World

Outcome = dict[str, Any]


@dataclass
class Device:
    """`skew` is how far its clock is ahead, in ms; `quiet` that nothing on it can go on by itself.

    `shut_out` says that our own server turned it away since somebody signed in: then it may stop sending.
    """

    world: World
    name: str
    facility: str
    skew: int
    locks: bool
    program: str
    on: bool = False
    quiet: bool = True
    cut: bool = False
    enrolled: bool = False
    shut_out: bool = False
    life: int = 0
    _asked: int = 0
    _calls: dict[int, str] = field(default_factory=dict)
    _said: Any = None

    def boot(self) -> None:
        """Start the program on this disk."""
        seed = self.world.chance.getrandbits(32)
        self.world.host.ask("boot", disk=self.name, program=self.program, seed=seed, locks=self.locks)
        self.on, self.quiet, self.life = True, True, self.life + 1
        self._asked, self._calls = 0, {}
        self.say(f"starts, clock {self.skew:+d} ms")

    def crash(self, *, stands: bool) -> None:
        """Let the power go; `stands`: what was only left to commit is committed."""
        self.say(f"crashes{' behind its commit' if stands else ''} in {sorted(self._calls.values())}")
        self.world.host.ask("crash", disk=self.name, stands=stands)
        self.on, self.quiet = False, True

    def call(self, name: str, *args: object, limit: int | None = None) -> None:
        """Ask the program for something and let it run, at most `limit` tasks."""
        self._asked += 1
        self._calls[self._asked] = name
        self._take(self._ask("call", name=name, args=args, limit=limit), f"{name}{_told(args)}", limit)

    def ask(self, name: str, *args: object) -> Any:
        """What the program says to a question that it can answer by itself."""
        self.call(name, *args)
        return self._said

    def go_on(self) -> None:
        """Let what was stopped on the way run on."""
        self._take(self._ask("run", limit=None), "goes on", None)

    def answer(self, fetch: int, answer: Answer | None, limit: int | None) -> None:
        """Let a fetch end, with an answer or (None) as a broken line."""
        given: Outcome = {"fail": "Failed to fetch"}
        if answer is not None:
            self.shut_out |= answer.shuts_out
            given = {"status": answer.status, "headers": answer.headers, "body": answer.body}
        self._take(self._ask("answer", fetch=fetch, answer=given, limit=limit), f"hears of #{fetch}", limit)

    def is_under_way(self, name: str) -> bool:
        """Whether a call was not answered yet."""
        return name in self._calls.values()

    def say(self, text: str) -> None:
        """Write down what this device did."""
        self.world.history.say(f"{self.world.now} {self.name} {text}")

    def _ask(self, do: str, **command: object) -> Outcome:
        now = self.world.now + self.skew
        outcome: Outcome = self.world.host.ask(do, disk=self.name, now=now, **command)
        return outcome

    def _take(self, outcome: Outcome, what: str, limit: int | None) -> None:
        self.quiet = outcome["quiet"]
        stopped = "" if self.quiet else f", stopped after {limit}"
        self.say(f"{what} ({outcome['tasks']} tasks{stopped})")
        for sent in outcome["sent"]:
            request = Request(sent["method"], sent["url"], sent["headers"], sent["body"])
            ids = self.world.oracle.is_sent(sent["body"], sent["disk"]) if sent["disk"] else []
            self.say(f"sends #{sent['id']} {request.method} {request.path} {' '.join(ids)}")
            self.world.network.flights.append(Flight(self, self.life, sent["id"], request))
        for done in outcome["done"]:
            self._done(self._calls.pop(done["call"]), done)

    def _done(self, name: str, done: Outcome) -> None:
        if "error" in done:
            raise Broken(f"{self.name}: {name} ended with {done['error']}")
        value: Any = done.get("value")
        self._said = value
        self.say(f"has done {name}: {json.dumps(value, sort_keys=True)[:300]}")
        if name == "append":
            self.world.oracle.is_saved(value["id"], done["saved"])
        elif name == "enrol" and "reason" not in value:
            self.enrolled, self.shut_out = True, False


def _told(args: tuple[object, ...]) -> str:
    return f" {json.dumps(args, sort_keys=True)}" if args else ""

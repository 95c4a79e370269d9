"""Run seeds: a world is made, things happen to it, it heals, and every promise is checked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.simulation import place, scenario
from tests.simulation.checks import CHECKS
from tests.simulation.healing import heal
from tests.simulation.history import Failure
from tests.simulation.host import Host, HostBroke, client_script
from tests.simulation.server import Server
from tests.simulation.world import World

STEPS = 90
CLIENT = "client"

VERSIONS: dict[str, dict[str, str]] = {
    "": {},
    ", narrow": {"const PAGE_ROWS = ": "9; const WAS = ", "const BATCH_MAX = ": "3; const HAD = "},
    ", next": {"const FEED_VERSION = ": "1000 + "},
}
"""Releases of the client: as it is; with pages and batches so small that there are many; and one that keeps more
of a pulled row, and so pulls everything anew."""


@dataclass(frozen=True)
class Report:
    """What one seed came to; `digest` is the same for two runs of it."""

    seed: int
    digest: str
    lines: list[str]
    saved: int
    excused: int
    replays: int


@dataclass
class Bench:
    """What many seeds share: one node process, one database engine, and a furnished database to copy."""

    host: Host
    server: Server
    folder: Path

    def run(
        self,
        seed: int,
        *,
        program: str = CLIENT,
        steps: int = STEPS,
        emphasis: Mapping[str, float] | None = None,
    ) -> Report:
        """One seed from beginning to end. Raises Failure with the trace."""
        versions = [program + version for version in VERSIONS]
        world = World(seed, self.host, self.server, self.folder, versions)
        weights = scenario.moods(world.chance, emphasis or {})
        try:
            scenario.begin(world)
            for _ in range(steps):
                scenario.step(world, weights)
            heal(world)
            for check in CHECKS:
                check(world)
        except Exception as error:
            if isinstance(error, HostBroke):
                raise
            raise Failure(world.history, error, f"make simulate SEED={seed}") from error
        oracle = world.oracle
        return Report(
            seed,
            world.history.digest,
            world.history.lines,
            len(oracle.saved),
            len(oracle.excused),
            oracle.replays,
        )

    def learn(self, program: str, script: str) -> None:
        """Have a client, in all its versions."""
        for version, changes in VERSIONS.items():
            changed = script
            for old, new in changes.items():
                if changed.count(old) != 1:
                    raise LookupError(f"the client has this {changed.count(old)} times: {old}")
                changed = changed.replace(old, old + new)
            self.host.learn(program + version, changed)


@contextmanager
def bench() -> Iterator[Bench]:
    """A bench with the client as it is; in memory where the machine has a file system for that."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name)
        server = Server(folder, place.template(folder))
        host = Host()
        try:
            made = Bench(host, server, folder)
            made.learn(CLIENT, client_script())
            yield made
        finally:
            host.close()
            server.close()

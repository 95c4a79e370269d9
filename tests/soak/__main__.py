"""`make soak`: the long forms of the tests of crashes, load and bad input, one after the other, with their figures.

They are the same tests as in `make test`, made as large as one says. Every figure is a line of JSON in
test-results/soak.jsonl; at the end they are shown as the table that docs/reliability.md has.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

FIGURES = Path("test-results").resolve() / "soak.jsonl"


@dataclass(frozen=True)
class Part:
    """Some tests and how large they are: sizes by the names that tests.support.sizes reads."""

    name: str
    tests: tuple[str, ...]
    sizes: dict[str, int]


def parts(arguments: argparse.Namespace) -> list[Part]:
    """What there is to run."""
    reconnect = "tests/sync/test_many_devices.py::test_all_reconnect_with_a_backlog_while_a_manager_looks"
    return [
        Part(
            "load",
            (reconnect,),
            {"TABLETS": arguments.tablets, "OPERATIONS": arguments.operations, "BATCH": 500},
        ),
        Part("kills", ("tests/sync/test_kill.py",), {"KILLS": arguments.kills}),
        Part("browser", ("tests/browser/test_kills.py",), {"BROWSER_KILLS": arguments.browser_kills}),
        Part(
            "input",
            ("tests/sync/test_bad_input.py", "tests/sync/test_schema.py", "tests/sync/test_bombs.py"),
            {"EXAMPLES": arguments.examples, "CASES": max(8, arguments.examples // 50), "LOOKED_AT": 500},
        ),
    ]


def main() -> int:
    """Run them and show what they measured; 1 when any failed."""
    parser = argparse.ArgumentParser("python -m tests.soak")
    parser.add_argument("--kills", type=int, default=200, help="of the server, on each database")
    parser.add_argument("--browser-kills", type=int, default=500)
    parser.add_argument("--tablets", type=int, default=100)
    parser.add_argument("--operations", type=int, default=500, help="that wait on each tablet")
    parser.add_argument("--examples", type=int, default=5000, help="wrong requests of each sort")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    parser.add_argument("--only", action="append", choices=["load", "kills", "browser", "input"])
    arguments = parser.parse_args()
    FIGURES.parent.mkdir(exist_ok=True)
    FIGURES.unlink(missing_ok=True)
    failed = []
    for part in parts(arguments):
        if arguments.only and part.name not in arguments.only:
            continue
        print(f"== {part.name}: seed {arguments.seed}, {part.sizes}", flush=True)
        sizes = {f"SOAK_{name}": str(value) for name, value in part.sizes.items()}
        environment = {**os.environ, **sizes, "SOAK_SEED": str(arguments.seed), "SOAK_FIGURES": str(FIGURES)}
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *part.tests], env=environment, check=False
        )
        if done.returncode:
            failed.append(part.name)
    _show()
    if failed:
        print(f"Failed: {', '.join(failed)}. Again: python -m tests.soak --seed {arguments.seed} --only ...")
    return 1 if failed else 0


def _show() -> None:
    print("\n| what | figures |\n|---|---|")
    for line in FIGURES.read_text(encoding="utf-8").splitlines() if FIGURES.exists() else ():
        figures = json.loads(line)
        subject = figures.pop("subject")
        print(f"| {subject} | {', '.join(f'{name} {value}' for name, value in figures.items())} |")


if __name__ == "__main__":
    sys.exit(main())

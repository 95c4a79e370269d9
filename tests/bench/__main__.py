"""`make bench`: run the measurements, print a table, write bench.json.

`python -m tests.bench [NAME ...] [--share S]`; without a name all but the slow ones, with `all` all of them.
A missed target is printed as missed and is not a failure: what a machine can do is not for a test to say. Only a
measurement that could not be made makes the exit code 1. `--share 0.05` runs everything with a twentieth of
the operations, to see that it works; such figures say nothing and are not written down. `--report` measures
nothing: it puts the figures of bench.json into docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import traceback
from pathlib import Path

from backend.clock import system_clock, to_iso
from tests.bench.figure import Figure, table

MEASUREMENTS = {
    "replay-sqlite": "replay_sqlite",
    "replay-postgres": "replay_postgres",
    "resend": "resend",
    "late-fact": "late_fact",
    "empty-pull": "empty_pull",
    "first-pull": "first_pull",
    "memory": "memory",
    "big-ledger": "big_ledger",
}
SLOW = frozenset({"big-ledger"})
ORDER = (
    *(
        "replay-sqlite",
        "replay-postgres",
        "resend",
        "late-fact",
        "late-fact-work",
        "empty-pull",
        "first-pull",
    ),
    *("memory", "big-ledger-push", "big-ledger-pull"),
)
"""Of the figures in the report."""
RESULTS = Path("bench.json")
REPORT = Path("docs/performance.md")
MARKS = ("<!-- figures of bench.json -->", "<!-- end of the figures -->")


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(MEASUREMENTS)}, or all")
    parser.add_argument("--share", type=float, default=1.0)
    parser.add_argument("--report", action="store_true")
    args = parser.parse_args()
    if args.report:
        report()
        return 0
    names = args.names or [name for name in MEASUREMENTS if name not in SLOW]
    if "all" in names:
        names = list(MEASUREMENTS)
    for name in names:
        if name not in MEASUREMENTS:
            parser.error(f"there is no measurement {name}; there are {', '.join(MEASUREMENTS)}")
    figures: list[Figure] = []
    failed = []
    for name in names:
        print(f"{name} ...", flush=True)
        try:
            measured = importlib.import_module(f"tests.bench.{MEASUREMENTS[name]}").measure(args.share)
        except Exception:
            traceback.print_exc()
            failed.append(name)
            continue
        for figure in measured:
            print(f"  {'  '.join(figure.as_row()[1:])}", flush=True)
        figures += measured
    print("\n" + table(figures))
    if args.share == 1.0:
        _write(figures)
    if failed:
        print(f"could not be measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _write(figures: list[Figure]) -> None:
    """Put the figures into bench.json beside those of other runs; each says when it was measured."""
    written = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    machine = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }
    kept = written.get("figures", {}) if written.get("machine") == machine else {}
    now = {"measured_at": to_iso(system_clock())}
    for figure in figures:
        kept[figure.name] = figure.as_json() | now
    RESULTS.write_text(json.dumps({"machine": machine, "figures": kept}, indent=2) + "\n")


def report() -> None:
    """Replace the figures in docs/performance.md, between its two marks, by those of bench.json."""
    written = json.loads(RESULTS.read_text())
    figures = [Figure.read(name, written["figures"][name]) for name in ORDER if name in written["figures"]]
    days = sorted({written["figures"][figure.name]["measured_at"][:10] for figure in figures})
    machine = "{cores} cores, {system}, Python {python}".format(**written["machine"])
    text = f"{table(figures)}\n\nMeasured {' and '.join(days)} on a machine with {machine}.\n"
    before, _, rest = REPORT.read_text().partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    REPORT.write_text(f"{before}{MARKS[0]}\n{text}{MARKS[1]}{after}")


if __name__ == "__main__":
    sys.exit(main())

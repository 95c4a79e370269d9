"""`python -m tests.simulation`: run many seeds on several processes, or replay one with its trace."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing.util import Finalize

from tests.simulation.history import Failure
from tests.simulation.run import STEPS, Bench, Report, bench

CHUNK = 20
TOLD_EVERY = 500

_bench: Bench | None = None


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every promise was kept by every seed, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000, help="how many")
    parser.add_argument("--from", type=int, default=1, dest="first", help="the first of them")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--steps", type=int, default=STEPS, help="things that happen in each")
    parser.add_argument("--seed", type=int, help="replay this one, and tell everything that happens")
    chosen = parser.parse_args(arguments)
    if chosen.seed is not None:
        return _replay(chosen.seed, chosen.steps)
    return _many(range(chosen.first, chosen.first + chosen.seeds), chosen.steps, chosen.jobs)


def _replay(seed: int, steps: int) -> int:
    with bench() as made:
        try:
            report = made.run(seed, steps=steps)
        except Failure as failure:
            print("\n".join(failure.history.lines))
            print(f"\n{failure}")
            return 1
    print("\n".join(report.lines))
    print(f"\nseed {seed}: every promise kept; the trace is {report.digest}")
    return 0


def _many(seeds: range, steps: int, jobs: int) -> int:
    began = time.monotonic()
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    done = failed = saved = replays = 0
    with ProcessPoolExecutor(jobs) as pool:
        for outcomes in pool.map(_chunk, chunks, [steps] * len(chunks)):
            for outcome in outcomes:
                done += 1
                if isinstance(outcome, Report):
                    saved += outcome.saved
                    replays += outcome.replays
                else:
                    failed += 1
                    print(outcome, flush=True)
                if done % TOLD_EVERY == 0:
                    print(f"{done} seeds in {time.monotonic() - began:.0f} s, {failed} failed", flush=True)
    seconds = time.monotonic() - began
    print(
        f"{done} seeds from {seeds[0]}, {failed} failed, in {seconds:.0f} s on {jobs} processes: "
        f"{saved} operations saved, {replays} answered again"
    )
    return 1 if failed else 0


def _chunk(seeds: range, steps: int) -> list[Report | str]:
    return list(_outcomes(seeds, steps))


def _outcomes(seeds: range, steps: int) -> Iterator[Report | str]:
    made = _bench_of_this_process()
    for seed in seeds:
        try:
            report = made.run(seed, steps=steps)
        except Failure as failure:
            yield str(failure)
        else:
            yield Report(seed, report.digest, [], report.saved, report.excused, report.replays)


def _bench_of_this_process() -> Bench:
    global _bench
    if _bench is None:
        stack = ExitStack()
        _bench = stack.enter_context(bench())
        # A process of a pool ends without atexit.
        Finalize(None, stack.close, exitpriority=1)
    return _bench


if __name__ == "__main__":
    sys.exit(main())

"""Where the time of a push goes: `python -m tests.bench.profile_push`. In this process, without HTTP, on SQLite.

Three passes over queues of the same kind, each into a new database: one timed by phases and by statements,
one by cProfile, sorted by the functions' own time, then by the time with all that they call. A phase's time is
its own: what an inner phase took is taken off. cProfile makes small functions look dearer than they are;
believe the phases for shares, and the profile for where in a phase to look.

A phase whose function is no longer there is left out, so a rewrite only has to bring PHASES up to date.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import importlib
import pstats
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import event

from backend.db import Database
from tests.bench import house, workload

PHASES = (
    # (phase, module, attribute as that module calls it)
    ("read envelope", "tests.bench.house", "read_envelope"),
    ("push, the rest", "tests.bench.house", "push"),
    ("hash", "sync.push", "hashlib.sha256"),
    ("stored answers", "sync.push", "_stored_answers"),
    ("read drafts", "sync.push", "read"),
    ("gather reference", "sync.push", "gather"),
    ("decide", "sync.push", "decide"),
    ("apply, the rest", "sync.push", "apply"),
    ("postings", "sync.apply", "_posting"),
    ("ledger.post, the rest", "backend.services.ledger", "post"),
    ("ledger: open", "backend.services.ledger", "_open"),
    ("ledger: changes", "backend.services.ledger", "_changes"),
    ("ledger: fold", "backend.services.ledger", "_fold"),
    ("ledger: refold", "backend.services.late", "refold"),
    ("ledger: facts", "backend.services.ledger", "_write"),
    ("ledger: lots", "backend.services.lots", "settle"),
    ("ledger: receipts", "backend.services.transfers", "settle"),
    ("ledger: negative stock", "backend.services.ledger", "_turn"),
    ("ledger: operations", "backend.services.ledger", "record"),
    ("open cards", "backend.services.card_store", "open_cards"),
    ("write cards", "backend.services.card_store", "write_cards"),
    ("write counts", "backend.services.card_store", "write_counts"),
    ("raise exceptions", "backend.services.exceptions", "raise_flags"),
    ("close exceptions", "backend.services.exceptions", "close"),
)


class Stopwatch:
    """Time of each phase without that of the phases inside it, in seconds."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inner: list[float] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the block's time under a name."""
        start = self._enter()
        try:
            yield
        finally:
            self._leave(name, start)

    def _enter(self) -> float:
        self._inner.append(0.0)
        return time.perf_counter()

    def _leave(self, name: str, start: float) -> None:
        whole = time.perf_counter() - start
        self.seconds[name] += whole - self._inner.pop()
        self.calls[name] += 1
        if self._inner:
            self._inner[-1] += whole

    @contextmanager
    def collections(self) -> Iterator[None]:
        """Count Python's cyclic garbage collections as a phase of their own, wherever they strike."""
        started: list[float] = []

        def heard(step: str, _info: dict[str, int]) -> None:
            if step == "start":
                started.append(self._enter())
            elif started:
                self._leave("garbage collection", started.pop())

        gc.callbacks.append(heard)
        try:
            yield
        finally:
            gc.callbacks.remove(heard)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, counted."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.phase(name):
                return function(*args, **kwargs)

        return counted


@contextmanager
def phases(watch: Stopwatch) -> Iterator[None]:
    """Time the functions of PHASES for as long as the block lasts."""
    undo: list[tuple[Any, str, Any]] = []
    for name, module_name, attribute in PHASES:
        module = importlib.import_module(module_name)
        owner, _, function = attribute.partition(".")
        before = getattr(module, owner, None)
        if before is None:
            continue
        inner = getattr(before, function) if function else before
        timed = watch.timed(name, inner)
        # A member of a library's module is replaced for this one module only.
        setattr(module, owner, SimpleNamespace(**{function: timed}) if function else timed)
        undo.append((module, owner, before))
    try:
        yield
    finally:
        for module, owner, before in reversed(undo):
            setattr(module, owner, before)


def time_statements(database: Database, watch: Stopwatch) -> None:
    """Count what each statement takes in the driver and the database, and the commits, which flush to the disk."""
    started: list[float] = []

    @event.listens_for(database._writing, "before_cursor_execute")
    def _before(*_: Any) -> None:
        started.append(time.perf_counter())

    @event.listens_for(database._writing, "after_cursor_execute")
    def _after(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        watch.seconds[" ".join(statement.split())[:90]] += time.perf_counter() - started.pop()
        watch.calls[" ".join(statement.split())[:90]] += 1

    dialect = database._writing.dialect
    dialect.do_commit = watch.timed("COMMIT", dialect.do_commit)  # type: ignore[method-assign]


def run(operations: int, seed: int, around: Callable[[Database, Callable[[], None]], None]) -> float:
    """Push a new queue into a new database, `around(database, work)` doing the work: seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="bincard-bench-") as name,
        house.furnished(house.sqlite_url(Path(name))) as database,
    ):
        tablet = house.enrol(database)
        bodies = workload.envelopes(tablet, workload.record(tablet, operations, seed=seed))
        send = house.pusher(database, tablet)

        def work() -> None:
            for body in bodies:
                send(body)

        start = time.perf_counter()
        around(database, work)
        return time.perf_counter() - start


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=int, default=35, help="lines of each cProfile table")
    parser.add_argument("--save", type=Path, help="where to keep the profile, for a viewer")
    args = parser.parse_args()

    plain = run(args.operations, args.seed, lambda _, work: work())
    print(f"untouched: {args.operations / plain:,.0f} operations/s, {plain:.2f} s\n")
    by_phase, by_statement = Stopwatch(), Stopwatch()

    def timed(database: Database, work: Callable[[], None]) -> None:
        time_statements(database, by_statement)
        with phases(by_phase), by_phase.collections(), by_phase.phase("transaction and commit"):
            work()

    run(args.operations, args.seed, timed)
    _table("phase (own time)", by_phase)
    _table("statement (in the driver and the database)", by_statement)
    profile = cProfile.Profile()
    run(args.operations, args.seed, lambda _, work: profile.runcall(work))
    if args.save:
        profile.dump_stats(args.save)
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile).strip_dirs().sort_stats(order).print_stats(args.rows)


def _table(title: str, watch: Stopwatch) -> None:
    whole = sum(watch.seconds.values())
    print(f"{'ms':>9} {'share':>6} {'calls':>7}  {title}")
    for name, seconds in sorted(watch.seconds.items(), key=lambda row: -row[1]):
        print(f"{seconds * 1000:>9.1f} {seconds / whole:>6.1%} {watch.calls[name]:>7}  {name}")
    print(f"{whole * 1000:>9.1f}\n")


if __name__ == "__main__":
    main()

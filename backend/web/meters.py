"""The counters of /metrics: what this server has done since it started, over all its worker processes.

Only imported where metrics are wanted. With several processes `bincard serve` names a folder in
PROMETHEUS_MULTIPROC_DIR; each process counts in a file of its own there, and whichever is asked adds
them all up, so that no answer depends on which process gave it (docs/decisions/0012).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from backend import __version__
from backend.services.metrics import Figures
from backend.told import Told
from backend.web.request_log import LIVE
from sync.conflicts import HELD
from sync.tally import KINDS, OTHER

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_FINE = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_COARSE = (0.01, 0.05, 0.25, 1, 5)
_OUTCOMES = ("applied", "flagged", "held")
_FILE_OF_PROCESS = re.compile(r"_(\d+)\.db$")

disable_created_metrics()  # type: ignore[no-untyped-call]


class Meters:
    """The counters of one application."""

    def __init__(self) -> None:
        self._folder = os.environ.get(FOLDER)
        own = self._own = CollectorRegistry()
        self.operations = Counter(
            "bincard_operations",
            "Operations that were new to the server, by kind and outcome.",
            ["kind", "outcome"],
            registry=own,
        )
        for kind in sorted(KINDS | {OTHER}):
            for outcome in _OUTCOMES:
                # From 0 on, so that the first one of a kind is seen as an increase.
                self.operations.labels(kind, outcome)
        self.replayed = Counter(
            "bincard_operations_replayed",
            "Operations that were answered before and sent again.",
            registry=own,
        )
        self.push = Histogram(
            "bincard_push_duration_seconds",
            "Time from a push's envelope read to its batch committed, waiting for the writer included.",
            buckets=_FINE,
            registry=own,
        )
        self.pull = Histogram(
            "bincard_pull_duration_seconds", "Time to read a page of changes.", buckets=_FINE, registry=own
        )
        self.requests = Counter(
            "bincard_requests",
            "Requests answered, by route and status.",
            ["method", "route", "status"],
            registry=own,
        )
        self.request_duration = Histogram(
            "bincard_request_duration_seconds",
            "Time from a request to the end of its answer; the live feed, which stays open, is left out.",
            ["method", "route"],
            buckets=_COARSE,
            registry=own,
        )
        self.watchers = Gauge(
            "bincard_live_watchers", "Live feeds that are open.", multiprocess_mode="livesum", registry=own
        )

    def request(self, method: str, route: str, status: int, seconds: float, told: Told) -> None:
        """Count one answered request. `route` is a pattern, never a path: labels must not grow without end."""
        method = method if method in METHODS else OTHER
        self.requests.labels(method, route, str(status)).inc()
        if route != LIVE:
            self.request_duration.labels(method, route).observe(seconds)
        if told.pushed is not None:
            self.push.observe(told.pushed.seconds)
            self.replayed.inc(told.pushed.replayed)
            for (kind, outcome), number in told.pushed.new.items():
                self.operations.labels(kind, outcome).inc(number)
        if told.pulled is not None:
            self.pull.observe(told.pulled.seconds)

    def exposition(self, figures: Figures | None) -> bytes:
        """All of it as text for Prometheus, with what the database says of itself; None where it does not answer."""
        # First who lives: what the dead had open is then no longer counted.
        pids = self._processes()
        registry = CollectorRegistry()
        registry.register(_Given([*self._counted(), *_of_processes(pids), *_of_database(figures)]))
        return generate_latest(registry)

    def _counted(self) -> Iterable[Metric]:
        if self._folder is None:
            return self._own.collect()
        together = multiprocess.MultiProcessCollector(None, self._folder)  # type: ignore[no-untyped-call]
        found: Iterable[Metric] = together.collect()  # type: ignore[no-untyped-call]
        return found

    def _processes(self) -> list[int]:
        """The processes that serve; of those that have ended, what they had open is forgotten."""
        if self._folder is None:
            return [os.getpid()]
        found = {
            int(match[1])
            for path in Path(self._folder).iterdir()
            if (match := _FILE_OF_PROCESS.search(path.name))
        }
        living = {pid for pid in found if _lives(pid)}
        for pid in found - living:
            multiprocess.mark_process_dead(pid, self._folder)  # type: ignore[no-untyped-call]
        return sorted(living)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        # The second: another user's process has taken the number of one of ours.
        return False
    return True


class _Given(Collector):
    """Metrics that have been gathered already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return iter(self._metrics)


def _of_processes(pids: list[int]) -> list[Metric]:
    """Memory, processor time and open files of each process, under the names that Prometheus' own clients use."""
    found: dict[str, Metric] = {}
    for pid in pids:
        for metric in ProcessCollector(pid=partial(str, pid), registry=None).collect():
            kept = found.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
            for sample in metric.samples:
                kept.add_sample(sample.name, {**sample.labels, "pid": str(pid)}, sample.value)
    return list(found.values())


def _of_database(figures: Figures | None) -> Iterator[Metric]:
    info = GaugeMetricFamily("bincard_build_info", "The version that serves.", labels=["version"])
    info.add_metric([__version__], 1)
    yield info
    yield GaugeMetricFamily(
        "bincard_database_up", "Whether the database answered this scrape.", value=int(figures is not None)
    )
    if figures is None:
        return
    yield GaugeMetricFamily("bincard_database_bytes", "Size of the database.", value=figures.database_bytes)
    exceptions = GaugeMetricFamily(
        "bincard_exceptions_open", "Exceptions that wait for a person.", labels=["code"]
    )
    for code, number in sorted(figures.exceptions.items()):
        exceptions.add_metric([code], number)
    yield exceptions
    yield GaugeMetricFamily(
        "bincard_operations_held",
        "Exceptions of operations that are held and wait for a person.",
        value=sum(number for code, number in figures.exceptions.items() if code in HELD),
    )
    yield GaugeMetricFamily(
        "bincard_devices", "Devices that are enrolled and not revoked.", value=figures.in_use
    )
    yield GaugeMetricFamily(
        "bincard_devices_silent", "Of these, not heard of for a week.", value=figures.silent
    )
    yield GaugeMetricFamily(
        "bincard_operations_waiting", "Operations that wait on devices, as last told.", value=figures.waiting
    )
    yield from _of_devices(figures)


def _of_devices(figures: Figures) -> list[Metric]:
    labels = ["device", "facility"]
    waiting = GaugeMetricFamily(
        "bincard_device_waiting", "Operations that wait on a device, as it last told.", labels=labels
    )
    age = GaugeMetricFamily(
        "bincard_device_queue_age_seconds",
        "How long the oldest operation has waited on a device, 0 where none waits.",
        labels=labels,
    )
    silent = GaugeMetricFamily(
        "bincard_device_silent_seconds", "How long a device was not heard of.", labels=labels
    )
    for device in figures.devices:
        names = [device.id, device.facility]
        if device.waiting is not None and device.queue_age_ms is not None:
            waiting.add_metric(names, device.waiting)
            age.add_metric(names, device.queue_age_ms / 1000)
        silent.add_metric(names, device.silent_ms / 1000)
    left_off = GaugeMetricFamily(
        "bincard_devices_left_off",
        "Devices that are not listed one by one, having waited less than all that are.",
        value=figures.in_use - len(figures.devices),
    )
    return [waiting, age, silent, left_off]

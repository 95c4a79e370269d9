"""A tablet's side of the wire for the benchmarks: one kept connection, and nothing done while the clock runs."""

from __future__ import annotations

import gc
import gzip
import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from sync.packing import unpack
from tests.bench import house
from tests.support.served import Served


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """A server for as long as the block lasts; it knows the tokens of devices that `house` enrolled."""
    served.settings["BINCARD_SECRET_KEY"] = house.SECRET
    # The tables of two ledgers are compared: nothing may be written but what is sent.
    served.settings["BINCARD_LEVELS_SECONDS"] = "0"
    served.start()
    try:
        yield served
    finally:
        served.stop()


@contextmanager
def quiet() -> Iterator[None]:
    """No garbage collection in this process for as long as the block lasts: neither side's clock shall see it."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class Line:
    """One connection to a server, kept over its requests as a browser keeps it."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}

    def push(self, packed: bytes) -> tuple[int, bytes]:
        """Send a gzipped push: the status and the answer as it came."""
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        self._connection.request("POST", "/sync/push", packed, self._headers | headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def pull(self, cursor: str, limit: int = 1000) -> tuple[int, bytes]:
        """One page as a device asks for it: the status and the answer as it came."""
        path = f"/sync/pull?packed=1&limit={limit}" + (f"&cursor={cursor}" if cursor else "")
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


def timed_pushes(line: Line, bodies: Sequence[bytes]) -> tuple[float, list[dict[str, Any]]]:
    """Send these one after the other: seconds from the first request to the last answer, and all results."""
    answers = []
    with quiet():
        start = time.perf_counter()
        for body in bodies:
            answers.append(line.push(body))
        seconds = time.perf_counter() - start
    results: list[dict[str, Any]] = []
    for status, content in answers:
        answer = unpacked(content)
        assert status == 200, answer
        results += answer["results"]
    outcomes = Counter(result["outcome"] for result in results)
    assert outcomes.keys() <= {"applied", "flagged"}, f"not all is in the ledger: {outcomes}"
    return seconds, results


def unpacked(content: bytes) -> dict[str, Any]:
    """The JSON of an answer, gzipped or not; the tables of a page as the changes that they are."""
    plain = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    answer: dict[str, Any] = json.loads(plain)
    if "tables" in answer:
        answer["changes"] = unpack(answer.pop("tables"))
    return answer

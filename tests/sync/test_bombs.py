"""Requests made to exhaust the server: refused in bounded memory and time, by a real server of both kinds.

What is measured is the process that serves, from outside: the most memory that it ever had, before and after.
"""

from __future__ import annotations

import gzip
import json
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from backend.clock import system_clock, to_iso
from tests.support import clinic, crowd
from tests.support.served import Served
from tests.support.sizes import note
from tests.support.tablet import Tablet, request

MIB = 1024 * 1024
MEMORY_MIB = 64
"""How much more the server may take at its worst: the largest lawful push, read and unpacked a few times over."""
ANSWER_S = 20.0
"""A bound on what must not take for ever, wide enough for a busy machine; an answer comes in a few milliseconds."""


@pytest.fixture(params=["sqlite", "postgres"])
def served(request: pytest.FixtureRequest, serve: Callable[..., Served]) -> Served:
    """One process on SQLite; two, by the other server program that production uses, on PostgreSQL."""
    url = request.getfixturevalue(f"{request.param}_url")
    crowd.furnish(url, facilities=1, products=6)
    return serve(url, workers=1 if request.param == "sqlite" else 2, BINCARD_REQUEST_SECONDS="2")


@pytest.fixture
def tablet(served: Served) -> Tablet:
    """A device of it, with one operation answered."""
    (tablet,) = crowd.enrolled([served.url], ["C001"])
    tablet.record("stock.count", [{"product": clinic.code(0), "lot": None, "counted": 5}])
    tablet.push(tablet.waiting)
    tablet.pull()
    return tablet


def forget_peak(served: Served) -> None:
    """Let the kernel measure the peak from here on: a password's hash alone takes 64 MiB for a moment."""
    Path(f"/proc/{served.pid}/clear_refs").write_text("5")


def peak_mib(served: Served) -> float:
    """The most memory that the process had resident since its peak was forgotten."""
    status = Path(f"/proc/{served.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@dataclass(frozen=True)
class Bomb:
    """A request, made whole before it is sent, and the statuses that are right."""

    expected: set[int]
    body: bytes | None
    packed: bool = False
    chunked: bool = False
    path: str = "/sync/push"

    def send(self, tablet: Tablet) -> tuple[int, Any]:
        """The status and the answer."""
        headers = {"Authorization": f"Bearer {tablet.token}", "Content-Type": "application/json"}
        if self.packed:
            headers["Content-Encoding"] = "gzip"
        body: Any = _pieces(self.body) if self.chunked and self.body is not None else self.body
        try:
            return request(tablet.url, "GET" if self.body is None else "POST", self.path, body, headers)
        except ConnectionError:
            # It hung up on what it would not read.
            return 413, None


def _pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 64 * 1024):
        yield body[start : start + 64 * 1024]


def envelope(tablet: Tablet, operations: bytes) -> bytes:
    """A push around whatever stands where its operations should."""
    start = json.dumps({"device": tablet.device, "epoch": None, "sent_at": to_iso(system_clock())})
    return start[:-1].encode() + b', "operations": ' + operations + b"}"


def operation(tablet: Tablet, body: bytes) -> bytes:
    """The text of an operation around any body."""
    tablet.record("stock.count", [])
    text = tablet.kept.pop().text.encode()
    return text[: text.index(b'"body":')] + b'"body":' + body + b"}"


def item(tablet: Tablet, body: bytes) -> bytes:
    """That operation with the number that is due."""
    return b'[{"seq":%d,"operation":%s}]' % (len(tablet.kept) + 1, operation(tablet, body))


def nested(opening: bytes, depth: int, closing: bytes = b"") -> bytes:
    """The same opened again and again, and closed again or not."""
    return opening * depth + (b"1" + closing * depth if closing else b"")


def blanks(mib: int) -> bytes:
    """So many MiB of blanks, packed: one piece again and again, for pieces flushed whole stand by themselves."""
    packer = zlib.compressobj(9, wbits=-15)
    piece = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + piece * mib


TINY = b'{"seq":1,"operation":{"id":"01a20000-0000-7000-8000-000000000001"}},'
TEN_MB = b'{"user":"' + b"x" * 10_000_000 + b'"}'
ENROL = "/sync/enrol"

BOMBS: dict[str, Callable[[Tablet], Bomb]] = {
    "deep lists": lambda t: Bomb({400}, nested(b"[", MIB - 10)),
    "deep objects": lambda t: Bomb({400}, nested(b'{"a":', 180_000)),
    "deep lists instead of operations": lambda t: Bomb({400}, envelope(t, nested(b"[", 200_000, b"]"))),
    "deep lists inside an operation": lambda t: Bomb(
        {200, 400}, envelope(t, item(t, nested(b"[", 25_000, b"]")))
    ),
    "deep objects inside an operation": lambda t: Bomb(
        {200, 400}, envelope(t, item(t, nested(b'{"a":', 9_000, b"}")))
    ),
    "gzip that inflates to 1 GiB": lambda t: Bomb({413}, blanks(1000), packed=True),
    "gzip that inflates to 1 MiB and a byte": lambda t: Bomb(
        {413}, gzip.compress(b" " * (MIB + 1)), packed=True
    ),
    "gzip of gzip": lambda t: Bomb({400}, gzip.compress(gzip.compress(envelope(t, b"[]"))), packed=True),
    "gzip of a bomb of gzip": lambda t: Bomb({400, 413}, gzip.compress(blanks(1000)), packed=True),
    "gzip of 50,000 members": lambda t: Bomb({400}, gzip.compress(b"") * 50_000, packed=True),
    "gzip with a tail": lambda t: Bomb(
        {400}, gzip.compress(envelope(t, b"[]")) + b"x" * 900_000, packed=True
    ),
    "a text of 10 MB": lambda t: Bomb({413}, TEN_MB),
    "a text of 10 MB without a length": lambda t: Bomb({413}, TEN_MB, chunked=True),
    "a text of 10 MB packed": lambda t: Bomb({413}, gzip.compress(TEN_MB), packed=True),
    "a million operations": lambda t: Bomb({413}, envelope(t, b"[" + TINY * 10**6 + b"{}]")),
    "a million operations packed": lambda t: Bomb(
        {413}, gzip.compress(envelope(t, b"[" + TINY * 10**6 + b"{}]")), packed=True
    ),
    "as many operations as fit": lambda t: Bomb({413}, envelope(t, b"[" + TINY * 14_000 + TINY[:-1] + b"]")),
    "as many empty operations as fit": lambda t: Bomb({400}, envelope(t, b"[" + b"{}," * 300_000 + b"{}]")),
    "an operation of a megabyte": lambda t: Bomb(
        {200}, envelope(t, item(t, b'{"lines":[' + b"{}," * 300_000 + b"{}]}"))
    ),
    "a number of 900,000 digits": lambda t: Bomb({200, 400}, envelope(t, item(t, b"9" * 900_000))),
    "a cursor of 60,000 characters": lambda t: Bomb(
        {400, 414}, None, path="/sync/pull?cursor=" + "A" * 60_000
    ),
    "a cursor of 2,900 characters": lambda t: Bomb({400}, None, path="/sync/pull?cursor=" + "A" * 2900),
    "an enrolment of 10 MB": lambda t: Bomb({413}, TEN_MB, path=ENROL),
    "a password of 7,000 characters": lambda t: Bomb(
        {400}, b'{"user":"a","facility":"b","password":"' + b"x" * 7000 + b'"}', path=ENROL
    ),
    "as many lines as fit": lambda t: Bomb({200}, envelope(t, lines(t, 75))),
}


def lines(tablet: Tablet, operations: int) -> bytes:
    """So many counts of 200 lines each, every one of another card."""
    parts, due = [], len(tablet.kept) + 1
    for number in range(operations):
        cards = ",".join(
            f'{{"product":"P0000","lot":{{"number":"{number}.{n}"}},"counted":1}}' for n in range(200)
        )
        parts.append(
            b'{"seq":%d,"operation":%s}'
            % (due + number, operation(tablet, f'{{"lines":[{cards}]}}'.encode()))
        )
    return b"[" + b",".join(parts) + b"]"


@pytest.mark.parametrize("served", ["sqlite"], indirect=True)
def test_bombs_are_refused_in_bounded_memory_and_time(served: Served, tablet: Tablet) -> None:
    worst, slowest = ("", 0.0), ("", 0.0)
    for name, made in BOMBS.items():
        bomb = made(tablet)
        forget_peak(served)
        level, began = peak_mib(served), time.monotonic()
        status, answer = bomb.send(tablet)
        took, grown = time.monotonic() - began, peak_mib(served) - level
        print(f"{name}: {status}, {took * 1000:.0f} ms, {grown:+.1f} MiB")
        assert status in bomb.expected, f"{name}: {status} {str(answer)[:300]}"
        if status == 200:
            # What is only one operation's fault is kept whole, and held; what is large and lawful is taken.
            outcomes = {result["outcome"] for result in answer["results"]}
            assert outcomes == ({"held"} if len(answer["results"]) == 1 else {"applied"}), name
            tablet.kept += [tablet.kept[0]] * len(answer["results"])
        assert took < ANSWER_S, f"{name} took {took:.1f} s"
        assert grown < MEMORY_MIB, f"{name} took {grown:.0f} MiB"
        assert served.healthy(), f"not there after {name}"
        worst = max(worst, (name, grown), key=lambda one: one[1])
        slowest = max(slowest, (name, took), key=lambda one: one[1])
    assert " status=5" not in served.log
    note(
        "bombs",
        bombs=len(BOMBS),
        most_by=worst[0],
        most_mib=round(worst[1], 1),
        slowest=slowest[0],
        slowest_ms=round(slowest[1] * 1000),
    )


def test_bodies_that_never_end_are_given_up(served: Served, tablet: Tablet) -> None:
    host, port = "127.0.0.1", served.port
    head = (
        f"POST /sync/push HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {tablet.token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 500000\r\n\r\n"
    ).encode()
    pids = [served.pid, *(child.pid for child in psutil.Process(served.pid).children(recursive=True))]
    slow = [socket.create_connection((host, port), timeout=ANSWER_S) for _ in range(100)]
    before = {pid: psutil.Process(pid).memory_info().rss / MIB for pid in pids}
    try:
        for line in slow:
            line.sendall(head + b'{"device":')
        # A hundred of them at once keep nobody else waiting.
        tablet.record("stock.count", [{"product": clinic.code(1), "lot": None, "counted": 6}])
        assert [result["outcome"] for result in tablet.push(tablet.waiting)] == ["applied"]
        for line in slow:
            said = line.recv(4096)
            assert said.startswith(b"HTTP/1.1 408"), said[:200]
    finally:
        for line in slow:
            line.close()
    assert served.healthy()
    assert all(psutil.Process(pid).memory_info().rss / MIB - before[pid] < MEMORY_MIB for pid in pids)


NO_HTTP: dict[str, bytes] = {
    "long header": b"POST /sync/push HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 200_000 + b"\r\n\r\n",
    "many headers": b"POST /sync/push HTTP/1.1\r\nHost: x\r\n" + b"X-A: 1\r\n" * 20_000 + b"\r\n",
    "long address": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "length below 0": b"POST /sync/push HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "two lengths": (
        b"POST /sync/push HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "huge chunk": b"POST /sync/push HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "NUL": b"\x00" * 1000,
}


def test_what_is_no_http_is_refused_and_forgotten(served: Served) -> None:
    for name, head in NO_HTTP.items():
        with socket.create_connection(("127.0.0.1", served.port), timeout=ANSWER_S) as line:
            try:
                line.sendall(head)
                said = line.recv(4096)
            except ConnectionError:
                said = b""
        assert not said or said.startswith(b"HTTP/1.1 4"), f"{name}: {said[:200]!r}"
        assert served.healthy(), f"not there after {name}"

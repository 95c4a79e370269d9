"""A browser's end of the live feed: reads server-sent events in a thread and hands them out one by one."""

from __future__ import annotations

import json
import queue
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Event:
    """One event; `at` is when it was read, in seconds of the monotonic clock."""

    name: str
    data: dict[str, Any]
    at: float


class Feed:
    """One open feed. `cursor` is the last id heard; `heartbeats` counts comments; `ended` when the line closed."""

    def __init__(self, url: str, headers: dict[str, str], *, last: str | None = None) -> None:
        self.cursor = last
        self.heartbeats = 0
        self.ended = threading.Event()
        self._events: queue.Queue[Event] = queue.Queue()
        self._opened = threading.Event()
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=60))
        self._url = url
        self._headers = headers | ({"Last-Event-ID": last} if last else {})
        self._line: socket.socket | None = None
        self.status = 0
        threading.Thread(target=self._run, name="feed", daemon=True).start()
        assert self._opened.wait(10), "the feed did not open"

    def next(self, timeout_s: float = 5) -> Event:
        """The next event; AssertionError when none comes in time."""
        try:
            return self._events.get(timeout=timeout_s)
        except queue.Empty:
            raise AssertionError(f"no event within {timeout_s} s") from None

    def quiet(self, for_s: float) -> bool:
        """Whether nothing comes for so long."""
        try:
            self._events.get(timeout=for_s)
        except queue.Empty:
            return True
        return False

    def wait_for_cursor(self, other_than: str | None = None, timeout_s: float = 5) -> str:
        """The cursor as soon as there is one other than that; AssertionError when none comes."""
        deadline = time.monotonic() + timeout_s
        while self.cursor is None or self.cursor == other_than:
            assert time.monotonic() < deadline, "the feed sent no cursor"
            time.sleep(0.005)
        return self.cursor

    def close(self) -> None:
        """Hang up, as a closed tab does: the line itself is cut, for the reading thread is waiting on it."""
        if self._line is not None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(5), "the feed did not end"
        self._client.close()

    def _run(self) -> None:
        try:
            with self._client.stream("GET", self._url, headers=self._headers) as answer:
                self.status = answer.status_code
                if answer.status_code != 200:
                    answer.read()
                    self._opened.set()
                    return
                self._line = answer.extensions["network_stream"].get_extra_info("socket")
                self._read(answer)
        except (httpx.HTTPError, OSError, RuntimeError):
            # Hung up on either side; `ended` says so.
            pass
        finally:
            self._opened.set()
            self.ended.set()

    def _read(self, answer: httpx.Response) -> None:
        name, data = "message", ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if line == ":":
                self.heartbeats += 1
            elif field == "event":
                name = value
            elif field == "data":
                data += value
            elif field == "id":
                self.cursor = value
            elif not line:
                # The opening frame is on the wire only once the watcher has joined.
                self._opened.set()
                if data:
                    self._events.put(Event(name, json.loads(data), time.monotonic()))
                name, data = "message", ""

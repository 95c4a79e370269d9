"""A tablet without a screen: it records operations, keeps them, and sends them as PROTOCOL.md says."""

from __future__ import annotations

import gzip
import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from backend.clock import system_clock, to_iso
from backend.ids import uuid7

Lines = list[dict[str, Any]]


class Refused(Exception):
    """The server answered, and decided nothing: the status and its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


# What a client sees when the line or the server breaks before an answer is whole.
BROKEN = (OSError, http.client.HTTPException)


def request(url: str, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
    """One request on a connection of its own: the status and the JSON of the answer."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@dataclass
class Kept:
    """An operation as the tablet keeps it: its delivery number and the text made at save."""

    seq: int
    id: str
    text: str


@dataclass
class Tablet:
    """An enrolled device. `kept` holds every operation ever recorded, `answers` what came back, by id."""

    url: str
    token: str
    device: str
    facility: str
    author: str
    epoch: str | None
    kept: list[Kept] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    _last_id: str = ""

    @classmethod
    def enrol(cls, url: str, user: str, password: str, facility: str, name: str = "tablet") -> Tablet:
        """Sign in once and become a device of a facility. Raises Refused."""
        asked = {"user": user, "password": password, "facility": facility, "name": name}
        headers = {"Content-Type": "application/json"}
        status, answer = request(url, "POST", "/sync/enrol", json.dumps(asked).encode(), headers)
        if status != 201:
            raise Refused(status, answer)
        return cls(url, answer["token"], answer["device"], answer["facility"], user, answer["epoch"])

    def record(self, kind: str, lines: Lines | None, *, at: int | None = None, **body: Any) -> str:
        """Save an operation on the device, of now or of a moment in UTC milliseconds: its id.

        `lines` is None for a kind that has none.
        """
        now = system_clock() if at is None else at
        # Ids increase on a device even within a millisecond.
        id_ = max(uuid7(now), _next(self._last_id)) if self._last_id else uuid7(now)
        self._last_id = id_
        moment = to_iso(now)
        operation = {
            "id": id_,
            "kind": kind,
            "version": 1,
            "facility": self.facility,
            "author": self.author,
            "recorded_at": moment,
            "occurred_at": moment,
            "offset_ms": 0,
            "seen": None,
            "body": body if lines is None else {**body, "lines": lines},
        }
        text = json.dumps(operation, separators=(",", ":"))
        self.kept.append(Kept(len(self.kept) + 1, id_, text))
        return id_

    @property
    def waiting(self) -> list[Kept]:
        """What has no answer yet."""
        return [kept for kept in self.kept if kept.id not in self.answers]

    def envelope(self, operations: list[Kept]) -> bytes:
        """The body of a push, made of the texts as they were saved."""
        lines = ",".join(f'{{"seq":{kept.seq},"operation":{kept.text}}}' for kept in operations)
        start = json.dumps({"device": self.device, "epoch": self.epoch, "sent_at": to_iso(system_clock())})
        return f'{start[:-1]}, "operations": [{lines}]}}'.encode()

    def push(self, operations: list[Kept]) -> list[dict[str, Any]]:
        """Send these, gzipped: their results, which are remembered. Raises Refused, or one of BROKEN."""
        status, answer = self.post(gzip.compress(self.envelope(operations), 1))
        if status != 200:
            raise Refused(status, answer)
        results: list[dict[str, Any]] = answer["results"]
        self.epoch = answer["epoch"]
        for result in results:
            self.answers.setdefault(result["id"], result)
        return results

    def post(self, body: bytes) -> tuple[int, Any]:
        """A push with any gzipped body: the status and the answer."""
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
        }
        return request(self.url, "POST", "/sync/push", body, headers)

    def pull(self) -> list[dict[str, Any]]:
        """Everything that this device may see, from the start."""
        changes: list[dict[str, Any]] = []
        cursor = ""
        while True:
            headers = {"Authorization": f"Bearer {self.token}"}
            status, page = request(self.url, "GET", f"/sync/pull?cursor={cursor}&limit=1000", None, headers)
            if status != 200:
                raise Refused(status, page)
            changes += page["changes"]
            cursor = page["cursor"]
            if not page["more"]:
                return changes


def _next(id_: str) -> str:
    digits = f"{int(id_.replace('-', ''), 16) + 1:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

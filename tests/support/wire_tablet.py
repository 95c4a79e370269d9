"""A tablet inside the test's process: it is enrolled in the database and talks to the application's own client."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from backend.clock import to_iso
from backend.db import Database
from backend.ids import uuid7
from backend.services import devices
from backend.settings import Settings


@dataclass
class WireTablet:
    """A device of a facility; `client` is anything with httpx' `post` and `get`. `seq` is the last number given out."""

    client: Any
    device: str
    token: str
    facility: str
    author: str
    now: int
    seq: int = 0
    made: int = 0

    @classmethod
    def enrol(
        cls,
        client: Any,
        db: Database,
        settings: Settings,
        *,
        user: tuple[str, int],
        facility: tuple[str, int],
        now: int,
        name: str = "tablet",
    ) -> WireTablet:
        """A new device; `user` and `facility` each by name or code, and by id."""
        with db.writing() as session:
            device, token = devices.enrol(
                session,
                settings,
                user_id=user[1],
                facility_id=facility[1],
                name=name,
                now=now,
                ids=lambda: uuid7(now),
            )
        return cls(client, device, token, facility[0], user[0], now)

    def text(self, kind: Any, body: Any, **header: Any) -> str:
        """The text of an operation, made once; header members can be overridden."""
        moment = to_iso(self.now)
        members: dict[str, Any] = {
            "id": self._id(),
            "kind": kind,
            "version": 1,
            "facility": self.facility,
            "author": self.author,
            "recorded_at": moment,
            "occurred_at": moment,
            "offset_ms": 0,
            "seen": None,
            "body": body,
        }
        return json.dumps({**members, **header})

    def _id(self) -> str:
        """Increasing, as a device makes them: of two facts at one moment the later made sorts behind."""
        self.made += 1
        id_ = uuid7(self.now)
        return f"{id_[:15]}{self.made:03x}{id_[18:]}"

    def push(self, *texts: str, again: bool = False, status: str | None = None, packed: bool = False) -> Any:
        """Send operations under the next numbers, or `again` under the last ones: the answer, whatever it is."""
        first = self.seq - len(texts) + 1 if again else self.seq + 1
        self.seq = first + len(texts) - 1
        lines = ",".join(f'{{"seq":{n},"operation":{text}}}' for n, text in enumerate(texts, first))
        body = f'{{"device":"{self.device}","sent_at":"{to_iso(self.now)}","operations":[{lines}]}}'.encode()
        headers = self.headers(status)
        if packed:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        return self.client.post("/sync/push", content=body, headers=headers)

    def pull(self, cursor: str | None = None, status: str | None = None) -> Any:
        """One page of changes: the answer."""
        params = {"cursor": cursor} if cursor else {}
        return self.client.get("/sync/pull", params=params, headers=self.headers(status))

    def headers(self, status: str | None = None) -> dict[str, str]:
        """What the device says with every call."""
        told = {"Bincard-Status": status} if status is not None else {}
        return {"Authorization": f"Bearer {self.token}", **told}

"""What must be true whatever happened: kept beside the simulation, from what devices showed and the server answered.

`saved` is what some device called saved. Two things may lose an operation, and only where nobody else has it:
a tablet's disk that is put back to an older copy, and a server that is restored from a backup. At each of
them what is neither on a disk nor in the ledger any more is excused; everything else must come through.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from sync.push import Envelope
from tests.simulation.history import Broken

_ENVELOPE = msgspec.json.Decoder(Envelope)


class _Identity(msgspec.Struct):
    id: str


_ID = msgspec.json.Decoder(_Identity)

First = tuple[str, str]
"""The outcome and the exceptions, as JSON, of an operation's first answer."""


def operations_of(body: str) -> list[tuple[str, str]]:
    """(id, text) of each operation in a push's body."""
    envelope = _ENVELOPE.decode(body)
    return [(_ID.decode(item.operation).id, bytes(item.operation).decode()) for item in envelope.operations]


@dataclass
class Oracle:
    """Operations by id; and of this life of the server what it answered.

    `answers` are the first ones by (id, text), `delivered` the last delivery number that it took, by device.
    """

    saved: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)
    answers: dict[tuple[str, str], First] = field(default_factory=dict)
    delivered: dict[str, int] = field(default_factory=dict)
    replays: int = 0

    def is_saved(self, id_: str, text: str) -> None:
        """A device said "saved"; `text` is what lay on its disk at that moment, '' for nothing."""
        if not text:
            raise Broken(f"{id_} was called saved, and is not on the disk")
        self.is_made(id_, text)
        self.saved[id_] = text

    def is_made(self, id_: str, text: str) -> None:
        """A device has this operation."""
        if self.made.setdefault(id_, text) != text:
            raise Broken(f"{id_} has two texts:\n{self.made[id_]}\n{text}")

    def is_sent(self, body: str, disk: Mapping[str, str | None]) -> list[str]:
        """A device sends a push; `disk` is what it has under those ids. Returns the ids."""
        ids = []
        for id_, text in operations_of(body):
            if disk.get(id_) != text:
                raise Broken(f"{id_} is sent, but what is on the disk is {disk.get(id_)!r}")
            self.is_made(id_, text)
            ids.append(id_)
        return ids

    def is_answered(self, request: str, answer: str) -> None:
        """The server answered a push with 200: the first answer to an operation is the answer for ever."""
        self._take_in_order(request)
        sent = operations_of(request)
        results = json.loads(answer)["results"]
        if [id_ for id_, _ in sent] != [result["id"] for result in results]:
            raise Broken("the results are not those of the operations, in their order")
        for content, result in zip(sent, results, strict=True):
            given = result["outcome"], json.dumps(result["exceptions"], sort_keys=True)
            first = self.answers.setdefault(content, given)
            if first is given and result["replayed"]:
                raise Broken(f"{content[0]} is called replayed, and was never answered")
            if first is not given:
                self.replays += 1
                if given != first or not result["replayed"]:
                    raise Broken(
                        f"{content[0]} was answered {first}, then {given} (replayed: {result['replayed']})"
                    )

    def _take_in_order(self, request: str) -> None:
        envelope = _ENVELOPE.decode(request)
        last = self.delivered.get(envelope.device, 0)
        for item in envelope.operations:
            if item.seq > last + 1:
                raise Broken(f"{envelope.device} delivered {item.seq}, and {last + 1} is still missing")
            last = max(last, item.seq)
        self.delivered[envelope.device] = last

    def excuse(self, left: Iterable[str], ledger: Iterable[str]) -> set[str]:
        """Something was put back: what neither a disk (`left`) nor the ledger has any more may be missing."""
        gone = self.saved.keys() - set(left) - set(ledger) - self.excused
        self.excused |= gone
        return gone

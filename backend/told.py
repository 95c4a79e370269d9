"""What a handler tells of the request it answers, once: the log line and the metrics both read it here.

Only what the server knows by itself goes in: ids, codes, kinds, numbers. Never a body, a name or a note.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, cast

_KEY = "bincard_told"


@dataclass(frozen=True, slots=True)
class Noticed:
    """An operation that was held or flagged when it was first stored."""

    operation: str
    kind: str
    outcome: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a push: new operations by (kind, outcome), those seen before, how long it took."""

    new: Counter[tuple[str, str]]
    replayed: int
    noticed: list[Noticed]
    seconds: float


@dataclass(frozen=True, slots=True)
class Pulled:
    """How much a pull brought, and how long it took."""

    changes: int
    seconds: float


@dataclass(slots=True)
class Told:
    """All that is told of one request. `facility` is a code, `user` a person's id, `problem` the kind of an error."""

    device: str = ""
    facility: str = ""
    user: int | None = None
    problem: str = ""
    bytes_in: int | None = None
    bytes_out: int | None = None
    pushed: Pushed | None = None
    pulled: Pulled | None = None


def told_of(scope: Any) -> Told:
    """What is told of the request of an ASGI scope so far, to be added to."""
    members = cast("MutableMapping[str, Any]", scope)
    told = members.get(_KEY)
    if not isinstance(told, Told):
        told = members[_KEY] = Told()
    return told

"""PURE: registers: what operations say of how something is. The latest in (`effective_at`, `id`) order stands.

A register is a name and a key within a facility, and a JSON value. It has no balance and no reversal: the next
one corrects it. The JavaScript twin is `pwa/worker/registers.js`; both pass `tests/vectors/operations`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from sync.bodies import AnswerRecall, Identify, OnCard, ReadFeedback, SetLocation, SetOfPerson, Unpack
from sync.operations import Body

LOCATION, IDENTIFIER, PREFERENCE, VVM = "location", "identifier", "preference", "vvm"
ANSWER, FEEDBACK = "answer", "feedback"


class Saying(NamedTuple):
    """What an operation says of one register. `key` is JSON text of a list; `value` what it says, as JSON takes it."""

    name: str
    key: str
    value: Any


def key_of(*parts: str) -> str:
    """The key of a register: compact JSON text of the list of its parts."""
    return msgspec.json.encode(parts).decode()


def sayings(body: Body, author: str) -> list[Saying]:
    """What an operation sets, each register once. A VVM stage is told by any line; the worse of two stands."""
    match body:
        case SetLocation():
            value: Any = {"name": body.name, "active": body.active}
            return [Saying(LOCATION, key_of(body.code), value)]
        case Identify():
            value = {"product": body.product, "active": body.active}
            return [Saying(IDENTIFIER, key_of(body.system, body.value), value)]
        case SetOfPerson():
            return [Saying(PREFERENCE, key_of(author, body.key), body.value)]
        case AnswerRecall():
            told = ("found", "quarantined", "returned", "destroyed", "witness", "note")
            value = {name: getattr(body, name) for name in told} | {"author": author}
            return [Saying(ANSWER, key_of(body.recall.lower(), body.product, body.lot), value)]
        case ReadFeedback():
            return [Saying(FEEDBACK, key_of(body.feedback.lower()), {"author": author})]
        case _:
            return _stages(body)


def _stages(body: Body) -> list[Saying]:
    stages: dict[str, int] = {}
    lines: list[Any] = getattr(body, "lines", None) or []
    if isinstance(body, Unpack):
        lines = [*body.consumed, *body.produced]
    for line in lines:
        if line.vvm is None:
            continue
        for key in _cards(line):
            stages[key] = max(line.vvm, stages.get(key, 0))
    return [Saying(VVM, key, stage) for key, stage in stages.items()]


def _cards(line: OnCard) -> list[str]:
    """The card that a line is on; of one that was moved, the card where it is now too."""
    lot = line.lot.number if line.lot is not None else ""
    places = [(line.location, line.account)]
    to = getattr(line, "to", None)
    if to is not None:
        places.append((to.location, to.account))
    return [key_of(line.product, lot, location, account) for location, account in places]

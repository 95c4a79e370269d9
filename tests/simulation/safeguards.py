"""Every safeguard of the sync engine, and how to switch it off: the simulation must notice each of them missing."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import backend.services.ledger
import sync.pull
import sync.push
from sync.fold import fold
from tests.simulation.host import client_script

Off = Callable[[], contextlib.AbstractContextManager[Any]]


def without(old: str, new: str) -> str:
    """The client's script with a piece of it replaced, which must be there exactly once."""
    script = client_script()
    if script.count(old) != 1:
        raise LookupError(f"the client has this {script.count(old)} times, name another piece: {old}")
    return script.replace(old, new)


def _no_stored_answers() -> contextlib.AbstractContextManager[Any]:
    return mock.patch.object(sync.push, "_stored_answers", lambda *_: ({}, defaultdict(int)))


def _same_id_is_same() -> contextlib.AbstractContextManager[Any]:
    """An id that is known is answered whatever its content."""
    raise NotImplementedError


def _gaps_accepted() -> contextlib.AbstractContextManager[Any]:
    return mock.patch.object(sync.push, "_refuse_gaps", lambda *_: None)


@contextlib.contextmanager
def _late_is_appended() -> Iterator[None]:
    def append(_connection: object, _facility_id: int, plan: Any) -> None:
        plan.state, plan.counts = fold(plan.fresh, plan.card.state)

    with mock.patch.object(backend.services.ledger, "_fold", append):
        yield


SERVER: dict[str, Off] = {
    "idempotency": _no_stored_answers,
    "strict order": _gaps_accepted,
    "refold": _late_is_appended,
}

CLIENT: dict[str, tuple[str, str]] = {
    "outbox removal only after the answer": (
        "const started = clock.now();\n  let response;\n  let answer;\n  try {\n    response = await send('/sync/push'",
        "const started = clock.now();\n  await storeAnswers(batch.map(({ id }) => ({ id, outcome: 'applied', exceptions: [] })), started);\n"
        "  let response;\n  let answer;\n  try {\n    response = await send('/sync/push'",
    ),
    "renumbering under a new device": (
        "{ ...record, device: session.device, seq: (seq += 1), state: 'waiting' }",
        "{ ...record, device: session.device, state: 'waiting' }",
    ),
    "a copied store gets a device of its own": ("code === 'seq_reused'", "code === 'never'"),
    "sending again what a new life lacks": (
        "if (record.state !== 'answered') continue;\n    changed = true;",
        "continue;",
    ),
    "gaps are declared": ("if (kept.has(seq)) continue;", "continue;"),
    "one transaction an operation": (
        "await tx.done;\n    revision.own += 1;\n    return record;",
        "void tx.done.catch(() => {});\n    revision.own += 1;\n    return record;",
    ),
    "an answer must be ours": (
        "if (typeof answer?.type !== 'string' || !answer.type.startsWith(OURS)) return null;", ""
    ),
    "own operations after covers": (
        "IDBKeyRange.bound([session.device, covers ?? 0]",
        "IDBKeyRange.bound([session.device, 0]",
    ),
    "pages shown together": ("void meta.put(staging.cursor, 'cursor');", "void meta.put(staging.cursor, 'cursor'); if (changes.length > 3) changes.pop();"),
    "another life is pulled from the start": (
        "if (staging.fresh) await Promise.all(ENTITIES.map((entity) => tx.objectStore(entity).clear()));", ""
    ),
    "the text is made once": (
        "`{\"seq\":${seq},\"operation\":${text}}`",
        "`{\"seq\":${seq},\"operation\":${JSON.stringify({ ...JSON.parse(text), seen: null })}}`",
    ),
    "caches follow what is stored": ("ownCache?.own === own && ownCache.pulled === pulled", "ownCache"),
    "ids never collide": ("counter = before.counter + 1n + (counter & 0xffffffffn);", "counter = before.counter + 1n;"),
}

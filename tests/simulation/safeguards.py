"""Every safeguard of the sync engine, and how to switch it off: the simulation must notice each of them missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import backend.services.close_look
import backend.services.ledger
import sync.push
from tests.simulation.host import client_script


@dataclass(frozen=True)
class OnServer:
    """`off` is a context in which the server lacks it; `emphasis` makes happen what it guards against.

    `notices` is a pattern of what is then found broken.
    """

    name: str
    off: Callable[[], AbstractContextManager[object]]
    notices: str
    emphasis: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class OnDevice:
    """A piece of the client's script and what stands there without the safeguard."""

    name: str
    guard: str
    off: str
    notices: str
    emphasis: dict[str, float] = field(default_factory=dict)

    def script(self) -> str:
        """The client without it. Raises LookupError where the client was changed: name another piece then."""
        script = client_script()
        if script.count(self.guard) != 1:
            raise LookupError(f"the client has this {script.count(self.guard)} times: {self.guard}")
        return script.replace(self.guard, self.off)


def _nothing_known(*_: object) -> Any:
    return {}, defaultdict(int)


def _nothing(*_: object) -> None:
    return None


def _no(*_: object) -> bool:
    return False


def _without(module: object, name: str, instead: Any) -> Callable[[], AbstractContextManager[object]]:
    return lambda: mock.patch.object(module, name, instead)


@contextmanager
def _committed_halfway() -> Iterator[None]:
    """Facts and answers in two transactions: a crash in between leaves facts that nobody answered for."""
    record = backend.services.ledger.record

    def committing(session: Any, rows: Any) -> None:
        connection = session.connection().connection.dbapi_connection
        connection.execute("COMMIT")
        connection.execute("BEGIN IMMEDIATE")
        record(session, rows)

    with mock.patch.object(backend.services.ledger, "record", committing):
        yield


@contextmanager
def _forgetful() -> Iterator[None]:
    """Known operations are answered anew: as applied, and nothing stands against them."""
    stored = sync.push._stored_answers

    def forgetting(*args: Any) -> Any:
        answers, copies = stored(*args)
        for answer in answers.values():
            answer.outcome, answer.exceptions = "applied", []
        return answers, copies

    with mock.patch.object(sync.push, "_stored_answers", forgetting):
        yield


SERVERS = (
    OnServer("idempotency", _without(sync.push, "_stored_answers", _nothing_known), "come to rest"),
    OnServer("the first answer is the answer", _forgetful, "was answered"),
    OnServer(
        "strict order",
        _without(sync.push, "_refuse_gaps", _nothing),
        "is still missing",
        {"restore": 4, "back_up": 4},
    ),
    OnServer(
        "refold of late facts",
        _without(backend.services.close_look, "_needs_close_look", _no),
        "cards of .: .*the server",
    ),
    OnServer("one transaction a batch", _committed_halfway, "come to rest", {"crash_server": 6}),
)

CLIENTS = (
    OnDevice(
        "removal from the outbox only after the answer",
        "const started = clock.now();\n  let response;\n  let answer;\n  try {\n    response = await send(",
        "const started = clock.now();\n"
        "  await storeAnswers(batch.map(({ id }) => ({ id, outcome: 'applied', exceptions: [] })), started);\n"
        "  let response;\n  let answer;\n  try {\n    response = await send(",
        "is in the ledger 0 times",
    ),
    OnDevice(
        "saved means committed",
        "await tx.done;\n    revision.own += 1;\n    return records;",
        "void tx.done.catch(() => {});\n    revision.own += 1;\n    return records;",
        "called saved, and is not on the disk",
    ),
    OnDevice(
        "new numbers under a new device",
        "{ ...record, device: session.device, seq: (seq += 1), state: 'waiting', renumbered }",
        "{ ...record, device: session.device, state: 'waiting', renumbered }",
        "come to rest",
    ),
    OnDevice(
        "a copied store gets a device of its own",
        "code === 'seq_reused'",
        "code === 'never'",
        "are both",
        {"clone": 8, "restore": 0},
    ),
    OnDevice(
        "sending again what a new life lacks",
        "if (record.state !== 'answered') continue;\n    const former",
        "continue;\n    const former",
        "is in the ledger 0 times",
        {"restore": 3, "back_up": 3},
    ),
    OnDevice(
        "gaps are declared",
        "if (kept.has(seq)) continue;",
        "continue;",
        "come to rest",
        {"long_wait": 15, "restore": 6, "back_up": 4, "sign_in": 0, "revoke": 0, "put_back": 0, "clone": 0},
    ),
    OnDevice(
        "only our own server can shut a device out",
        "return typeof answer?.type === 'string' && answer.type.startsWith(OURS);",
        "return true;",
        "nobody shut it out",
    ),
    OnDevice(
        "own operations only after covers",
        "IDBKeyRange.bound([device, covers]",
        "IDBKeyRange.bound([device, 0]",
        "cards of .: .*tablet",
    ),
    OnDevice(
        "pages are kept until all are there",
        "if (restart) await staged.clear();",
        "await staged.clear();",
        "cards of .: .*tablet|a first pull",
    ),
    OnDevice(
        "another life is pulled from the start",
        "if (staging.fresh) await Promise.all(ENTITIES.map((entity) => tx.objectStore(entity).clear()));",
        "",
        "cards of .: .*tablet|a first pull",
        {"restore": 3, "back_up": 3},
    ),
    OnDevice(
        "the text is made once",
        '`{"seq":${seq},"operation":${text}}`',
        '`{"seq":${seq},"operation":${JSON.stringify({ ...JSON.parse(text), seen: null })}}`',
        "is sent, but what is on the disk",
    ),
)

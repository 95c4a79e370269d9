"""PURE: what a push did, counted from its answer for the log and the metrics: no body is looked into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from backend.told import Noticed, Pushed
from sync.operations import BODIES

KINDS = frozenset(kind for kind, _version in BODIES)
OTHER = "other"
"""For a kind that is not known here: a device may have written anything into it."""


class _Kind(Struct, gc=False):
    kind: Any = None


_KIND = msgspec.json.Decoder(_Kind)


def tally(operations: Sequence[bytes | msgspec.Raw], answer: dict[str, Any], seconds: float = 0) -> Pushed:
    """Count the answer to these operations, which are in the same order; each new one once, the rest as replayed."""
    new: Counter[tuple[str, str]] = Counter()
    noticed, replayed = [], 0
    for text, result in zip(operations, answer["results"], strict=True):
        if result["replayed"]:
            replayed += 1
            continue
        kind, outcome = _kind(text), result["outcome"]
        new[kind, outcome] += 1
        if outcome != "applied":
            codes = tuple(sorted({exception["code"] for exception in result["exceptions"]}))
            noticed.append(Noticed(result["id"].lower(), kind, outcome, codes))
    return Pushed(new, replayed, noticed, seconds)


def _kind(text: bytes | msgspec.Raw) -> str:
    try:
        kind = _KIND.decode(text).kind
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return OTHER
    return kind if isinstance(kind, str) and kind in KINDS else OTHER

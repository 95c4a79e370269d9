"""PURE: the changes of a page as tables, which pack far better than objects: a first pull is mostly cards and lots.

What is the same in every row of a table is said once, names of members once, keys that follow from the row not at
all. A place in the fold (`[effective_at, id]`) mostly repeats the time that is in its UUID: it is written as the
16 bytes in base64url, with the difference of the times where there is one. `pwa/worker/unpack.js` is the other half.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

Change = dict[str, Any]
Table = dict[str, Any]

KEYED_BY: dict[str, tuple[str, ...]] = {
    "access": ("facility",),
    "answer": ("recall", "product", "lot"),
    "exception": ("id",),
    "facility": ("code",),
    "feedback": ("id",),
    "identifier": ("system", "value"),
    "level": ("product",),
    "location": ("code",),
    "lot": ("facility", "product", "number"),
    "preference": ("user", "key"),
    "product": ("code",),
    "program": ("code",),
    "reason": ("code",),
    "recall": ("id",),
    "shipment": ("id",),
    "user": ("name",),
}
"""Members that a row's key is made of: the one itself, or several as the JSON text of their list."""

PLACES = ("counted", "last")
AS_COUNTED = 0
"""Stands in `last` for the same place as `counted`."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def key_of(entity: str, row: dict[str, Any]) -> str:
    """The key of a row whose entity is in KEYED_BY."""
    members = KEYED_BY[entity]
    if len(members) == 1:
        return str(row[members[0]])
    return msgspec.json.encode([row[member] for member in members]).decode()


def pack(changes: Iterable[Change]) -> list[Table]:
    """Tables, in the order in which their entities first come. No key comes twice on a page: the order is free."""
    rows: dict[str, list[Change]] = {}
    gone: dict[str, list[str]] = {}
    for change in changes:
        entity = change["entity"]
        rows.setdefault(entity, [])
        if change.get("deleted"):
            gone.setdefault(entity, []).append(change["key"])
        else:
            rows[entity].append(change)
    return [
        {"entity": entity} | _rows(entity, some) | ({"deleted": gone[entity]} if entity in gone else {})
        for entity, some in rows.items()
    ]


def _rows(entity: str, changes: Sequence[Change]) -> Table:
    if not changes:
        return {}
    first = changes[0]["row"]
    same = {
        member: value
        for member, value in first.items()
        if member not in PLACES and all(change["row"][member] == value for change in changes)
    }
    members = [member for member in first if member not in same]
    keyed = entity in KEYED_BY
    rows = [
        ([] if keyed else [change["key"]]) + [_value(change["row"], member) for member in members]
        for change in changes
    ]
    table: Table = {"same": same, "members": members, "rows": rows}
    return table | {"keyed_by": KEYED_BY[entity]} if keyed else table


def _value(row: dict[str, Any], member: str) -> Any:
    value = row[member]
    if member not in PLACES or value is None:
        return value
    if member == "last" and value == row["counted"]:
        return AS_COUNTED
    return packed_place(*value)


def packed_place(at: int, id_: str) -> str | list[Any]:
    """A place in the fold: text, or [milliseconds behind the id's own time, text]; another id stays [at, id]."""
    if not _UUID.fullmatch(id_):
        return [at, id_]
    raw = bytes.fromhex(id_.replace("-", ""))
    text = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    behind = at - int.from_bytes(raw[:6])
    return [behind, text] if behind else text


PACKED_LENGTH = 22


def unpack(tables: Iterable[Table]) -> list[Change]:
    """The changes again; what the device does, for those who read the wire in Python."""
    changes: list[Change] = []
    for table in tables:
        entity = table["entity"]
        for values in table.get("rows", ()):
            keyed = "keyed_by" in table
            row = dict(table["same"]) | dict(
                zip(table["members"], values if keyed else values[1:], strict=True)
            )
            for member in PLACES:
                if member in row and isinstance(row[member], str | list):
                    row[member] = unpacked_place(row[member])
            if row.get("last") == AS_COUNTED and "counted" in row:
                row["last"] = row["counted"]
            changes.append({"entity": entity, "key": key_of(entity, row) if keyed else values[0], "row": row})
        changes += [{"entity": entity, "key": key, "deleted": True} for key in table.get("deleted", ())]
    return changes


def unpacked_place(packed: str | Sequence[Any]) -> list[Any]:
    """The place that `packed_place` wrote."""
    behind = 0 if isinstance(packed, str) else int(packed[0])
    text = packed if isinstance(packed, str) else str(packed[1])
    if len(text) != PACKED_LENGTH:
        return [behind, text]
    raw = base64.urlsafe_b64decode(text + "==")
    digits = raw.hex()
    parts = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
    return [behind + int.from_bytes(raw[:6]), "-".join(parts)]

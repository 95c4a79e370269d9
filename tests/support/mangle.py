"""Valid JSON made wrong in every way that a broken or hostile client could: in its values, its members, its bytes.

`mangled(text, choose)` changes a few things of a document; the result may be valid, invalid, or no JSON at all.
Members are kept as pairs, so that a name can occur twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

Pairs = list[tuple[str, Any]]


class Members(list[Any]):
    """The members of an object in their order, as (name, value) pairs; a list of JSON is a plain list."""


class Literal(str):
    """Text that stands in the document as it is, be it JSON or not."""


ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 2**31, -(2**31) - 1, 2**53, 2**53 - 1, 2**63, -(2**63) - 1, 2**64, 10**9 + 1,
    10**40,
    1.5, 1e308, -0.0, Literal("1e999"), Literal("-0"), Literal("01"), Literal("1."), Literal("1.0"), Literal("1e3"),
    Literal("NaN"), Literal("Infinity"), Literal("0x10"), Literal("'a'"), Literal("{,}"), Literal("[1,]"), Literal(""),
    Literal("9" * 5000), Literal('"\\ud800"'), Literal('"\\udc00\\ud800"'), Literal('"\\u0000"'), Literal('"\\x"'),
    Literal('"a\nb"'), Literal('"tab\there"'), Literal('"unended'), Literal("nul"), Literal("[" * 400 + "]" * 400),
    Literal("[" * 30_000), Literal('{"a":' * 3000 + "1" + "}" * 3000),
    "", " ", "\n", "\x00", "a\x00b", "\u202e", "\ufeff", "e\u0301", "😀" * 64,
    "A" * 64, "A" * 65, "A" * 401, "é" * 33_000, "A" * 70_000,
    "null", "1", "-1", "NaN", "１２", "' OR 1=1 --", "{}", "%s", "{0}", "../..", "$where",
    "2026-11-22", "2026-02-30", "0000-00-00", "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999-23:59",
    "0001-01-01T00:00:00+14:00", "2026-11-22T08:58:12", "2026-11-22T08:58:60Z", "1970-01-01T00:00:00Z",
    "20261122T085812Z",
    "2026-W47-7", "2026-11-22T08:58:12.120Z\n", "2026-11-22\n", "01a20000-0000-7000-8000-000000000001\n",
    "01A20000-0000-7000-8000-000000000001", "01a20000000070008000000000000001",
    "{01a20000-0000-7000-8000-000000000001}",
    "stock.count", "stock.reverse", "device.gap", "A", "a", "A ", "P1", "p1", "alice", "ALICE", "dora", "bob", "L1",
    "L1\n", "l1",
    [], {}, [[]], [None], [{}], {"": ""}, {"a": {"b": []}}, [1, "1", None, True],
)  # fmt: skip


def pairs_of(text: str) -> Any:
    """A JSON text with its objects as `Members`."""
    return json.loads(text, object_pairs_hook=lambda pairs: Members(pairs))


def written(node: Any) -> str:
    """The text of what `pairs_of` or a mangling made; literals as they are, whether that is JSON or not."""
    if isinstance(node, Literal):
        return str(node)
    if isinstance(node, Members):
        return "{" + ",".join(f"{json.dumps(name)}:{written(value)}" for name, value in node) + "}"
    if isinstance(node, list):
        return "[" + ",".join(map(written, node)) + "]"
    return json.dumps(node)


def _places(node: Any) -> Iterator[tuple[list[Any], int]]:
    """Every (container, index) below a node."""
    if isinstance(node, list):
        for index, one in enumerate(node):
            yield node, index
            yield from _places(one[1] if isinstance(node, Members) else one)


def _value(container: list[Any], index: int) -> Any:
    return container[index][1] if isinstance(container, Members) else container[index]


def _put(container: list[Any], index: int, value: Any) -> None:
    container[index] = (container[index][0], value) if isinstance(container, Members) else value


def _replace(container: list[Any], index: int, choose: random.Random) -> None:
    _put(container, index, choose.choice(ODD))


def _remove(container: list[Any], index: int, _choose: random.Random) -> None:
    del container[index]


def _repeat(container: list[Any], index: int, choose: random.Random) -> None:
    """Once more, or as often as breaks every limit on length."""
    container[index:index] = [container[index]] * choose.choice([1, 1, 2, 201, 501])


def _contradict(container: list[Any], index: int, choose: random.Random) -> None:
    """The same name again with another value, or a value more."""
    odd = choose.choice(ODD)
    again = (container[index][0], odd) if isinstance(container, Members) else odd
    container.insert(choose.choice([index, index + 1]), again)


def _rename(container: list[Any], index: int, choose: random.Random) -> None:
    if isinstance(container, Members):
        name, value = container[index]
        container[index] = (
            choose.choice([name.upper(), name + " ", "", "\x00", "\ud800", "A" * 5000]),
            value,
        )


def _wrap(container: list[Any], index: int, choose: random.Random) -> None:
    value = _value(container, index)
    _put(
        container,
        index,
        choose.choice([[value], Members([("value", value)]), [value, value], json.dumps(str(value))]),
    )


def _retype(container: list[Any], index: int, _choose: random.Random) -> None:
    """A number as a text, a text as a number where it can be, anything else as its JSON."""
    value = _value(container, index)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 40:
        _put(container, index, int(value))
    else:
        _put(container, index, written(value))


def _nudge(container: list[Any], index: int, choose: random.Random) -> None:
    """Nearly right: beside a limit, another case, a blank or a line's end more."""
    value = _value(container, index)
    if isinstance(value, bool) or value is None:
        _put(container, index, not value)
    elif isinstance(value, int):
        _put(container, index, choose.choice([value + 1, value - 1, -value, value * 10**9, float(value)]))
    elif isinstance(value, str):
        _put(
            container,
            index,
            choose.choice([value + "\n", " " + value, value.upper(), value[:-1], value * 40]),
        )


WAYS: tuple[Callable[[list[Any], int, random.Random], None], ...] = (
    _replace, _replace, _replace, _remove, _repeat, _contradict, _rename, _wrap, _retype, _nudge, _nudge,
)  # fmt: skip


def mangled(text: str, choose: random.Random, *, times: int) -> str:
    """The document with so many things changed."""
    whole = [pairs_of(text)]
    for _ in range(times):
        container, index = choose.choice(list(_places(whole)))
        choose.choice(WAYS)(container, index, choose)
        if not whole:
            return ""
    return written(whole[0])


def mangled_bytes(body: bytes, choose: random.Random) -> bytes:
    """The bytes with one thing changed that no JSON writer would."""
    at = choose.randrange(len(body) + 1)
    odd = choose.choice(
        [
            b"\x00",
            b"\xff",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf4\x90\x80\x80",
            b"\xe2\x82",
            b"\\",
            b'"',
            b"}",
            b"/*x*/",
            b"\r",
        ]
    )
    return choose.choice(
        [
            body[:at],
            body[at:],
            body[:at] + odd + body[at:],
            body[:at] + body[at + 1 :],
            body[:at] + bytes([choose.randrange(256)]) + body[at + 1 :],
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            body.decode("utf-8", "replace").encode("utf-32-le"),
            body + body,
            body + b" " * 100_000,
            body + b"\x00",
            b"",
        ]
    )

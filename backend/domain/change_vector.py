"""The cursor of the live feed: how far each facility in view has been told, packed into a short text.

It is opaque to whoever keeps it. It names the life of the database it belongs to (its epoch), for change
numbers of another life mean nothing here; and past a limit it says only that, not where.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping

FACILITIES_MAX = 400
"""A cursor of more facilities would outgrow what a header may hold; it then asks for a fresh look."""
TEXT_MAX = 8_000

_MARK_BYTES = 6
_WHOLE, _TOO_LARGE = 1, 2


class UnknownCursor(ValueError):
    """A text that is no cursor, or one that does not tell what was seen: look at everything again."""


def pack(epoch: str, numbers: Mapping[int, int]) -> str:
    """The cursor of what was told: change number by facility id. Facilities without changes are left out."""
    told = sorted((facility, number) for facility, number in numbers.items() if number > 0)
    if len(told) > FACILITIES_MAX:
        return _text(bytes([_TOO_LARGE]) + _mark(epoch))
    packed = bytearray([_WHOLE]) + _mark(epoch)
    before = 0
    for facility, number in told:
        packed += _varint(facility - before) + _varint(number)
        before = facility
    return _text(bytes(packed))


def unpack(epoch: str, text: str) -> dict[int, int]:
    """Change number by facility id. Raises UnknownCursor for anything that `pack` did not make in this epoch."""
    if len(text) > TEXT_MAX or not text.isascii():
        raise UnknownCursor("the cursor is too long")
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnknownCursor("the cursor is not readable") from error
    if packed[: 1 + _MARK_BYTES] != bytes([_WHOLE]) + _mark(epoch):
        raise UnknownCursor("the cursor is of another life of the database, or of too many facilities")
    numbers: dict[int, int] = {}
    facility = 0
    values = _varints(packed[1 + _MARK_BYTES :])
    for step in values:
        facility += step
        number = next(values, None)
        if number is None:
            raise UnknownCursor("the cursor was cut off")
        numbers[facility] = number
    return numbers


def _mark(epoch: str) -> bytes:
    return hashlib.sha256(epoch.encode()).digest()[:_MARK_BYTES]


def _text(packed: bytes) -> str:
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _varints(packed: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in packed:
        value |= (byte & 0x7F) << shift
        shift += 7
        if shift > 70:
            raise UnknownCursor("the cursor holds a number that is too large")
        if not byte & 0x80:
            yield value
            value = shift = 0
    if shift:
        raise UnknownCursor("the cursor was cut off")

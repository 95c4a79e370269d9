"""The text of one cell as a value: codes, numbers, coordinates, flags, lists. RefusedCell says what is wrong."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from backend.integrations.imports.outcome import RefusedCell

CODE_LENGTH_MAX = 64
QUANTITY_MAX = 10**9
_TRUE = frozenset({"true", "yes", "y", "1"})
_FALSE = frozenset({"false", "no", "n", "0"})
_WHOLE = re.compile(r"([+-]?[0-9]{1,18})(?:\.0*)?")


def text(column: str, value: str, *, length_max: int, required: bool = False) -> str:
    """A text of at most so many characters, without control characters."""
    if required and not value:
        raise RefusedCell(column, "is blank")
    if len(value) > length_max:
        raise RefusedCell(column, f"has {len(value)} characters; at most {length_max} can be kept")
    if any(unicodedata.category(letter) == "Cc" for letter in value):
        raise RefusedCell(column, "has a control character in it")
    return value


def code(column: str, value: str) -> str:
    """A code that others refer to."""
    return text(column, value, length_max=CODE_LENGTH_MAX, required=True)


def whole(
    column: str, value: str, *, low: int = 0, high: int = QUANTITY_MAX, blank: int | None = None
) -> int:
    """A whole number, also written `60.0`; a blank is refused unless it stands for something."""
    if not value:
        if blank is None:
            raise RefusedCell(column, "is blank")
        return blank
    match = _WHOLE.fullmatch(value)
    if match is None:
        raise RefusedCell(column, f"is not a whole number: {value[:40]!r}")
    number = int(match[1])
    if number < low:
        raise RefusedCell(column, f"is {number}; it cannot be below {low}")
    if number > high:
        raise RefusedCell(column, f"is {number}; it cannot be above {high}")
    return number


def microdegrees(column: str, value: str, *, limit: int) -> int | None:
    """A coordinate in decimal degrees, also with a decimal comma, as millionths; None when blank."""
    if not value:
        return None
    try:
        degrees = Decimal(value.replace(",", "."))
        if not degrees.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise RefusedCell(column, f"is not a number of degrees: {value[:40]!r}") from None
    if abs(degrees) > limit:
        raise RefusedCell(column, f"is {value[:40]}; it must be between -{limit} and {limit} degrees")
    return int((degrees * 1_000_000).to_integral_value(ROUND_HALF_UP))


def hundredths(column: str, value: str, *, high: int) -> int:
    """A number with at most two decimals, in hundredths, from 0 to `high` whole ones."""
    if not value:
        raise RefusedCell(column, "is blank")
    match = re.fullmatch(r"([0-9]{1,6})(?:[.,]([0-9]*))?", value)
    if match is None:
        raise RefusedCell(column, f"is not a number of months: {value[:40]!r}")
    decimals = (match[2] or "").rstrip("0")
    if len(decimals) > 2:
        raise RefusedCell(column, f"is {value[:40]}; it can have two decimals at most")
    number = int(match[1]) * 100 + int(decimals.ljust(2, "0"))
    if number > high * 100:
        raise RefusedCell(column, f"is {value[:40]}; it cannot be above {high}")
    return number


def flag(column: str, value: str, *, blank: bool) -> bool:
    """true, yes, 1 or false, no, 0, in any capitals."""
    word = value.casefold()
    if not word:
        return blank
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise RefusedCell(column, f"is {value[:40]!r}; write true or false, yes or no, 1 or 0")


def listed(value: str) -> list[str]:
    """Parts separated by `;` or `|`, each once, in order; a comma is left alone, for names have them."""
    parts = (part.strip() for part in re.split(r"[;|]", value))
    return list(dict.fromkeys(part for part in parts if part))

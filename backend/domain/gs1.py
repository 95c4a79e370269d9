"""GS1 identifiers: what a valid GTIN is."""

from __future__ import annotations

GTIN_LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> int:
    """The GS1 check digit of the digits before it (GS1 General Specifications, section 7.9)."""
    weighted = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return -weighted % 10


def normal_gtin(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as the 14 that a DataMatrix carries. Raises ValueError for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text) not in GTIN_LENGTHS:
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    if check_digit(text[:-1]) != int(text[-1]):
        raise ValueError("the check digit of the GTIN is wrong")
    return text.rjust(14, "0")

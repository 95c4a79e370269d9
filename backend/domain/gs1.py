"""GS1 codes: what a valid GTIN is, and what a scanner read. Twin of pwa/worker/gs1.js; both pass tests/vectors/gs1."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from urllib.parse import unquote

from backend.domain.gs1_rules import beginning, rule_of

GTIN_LENGTHS = (8, 12, 13, 14)
_GS = "\x1d"
# How the separator arrives where a scanner or a keyboard cannot send GS; none of these is a character of GS1.
_SEPARATORS = re.compile(r"\u241d|<GS>|\{GS\}|\[GS\]|\\x1d|\\u001d|\^\]|\||\u00e8", re.IGNORECASE)
_ALLOWED = re.compile(r'[!"%-?A-Z_a-z]*')
_DIGITS = re.compile(r"[0-9]*")
# Symbology identifiers (ISO/IEC 15424) of symbols that begin with FNC1.
_WITH_FNC1 = re.compile(r"\](?:C1|e0|d2|d8|Q3|J1)")
_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_BRACKET = re.compile(r"\(([0-9]{2,4})\)")
_LINK = re.compile(
    r"https?://[^/?#]+(?:/[^?#]*?)??/((?:01|gtin)/[0-9]{8,14}(?:/[^?#]*)?)(?:\?([^#]*))?(?:#.*)?",
    re.IGNORECASE,
)
# What the first Digital Links wrote in place of AIs.
_LINK_WORDS = {"gtin": "01", "lot": "10", "ser": "21", "exp": "17"}
_HALF_CENTURY = 50

Element = tuple[str, str]


class NotRead(ValueError):
    """A text that is no GS1 code of a product; `fault` says why.

    empty: nothing; not_gs1: another kind of code; check_digit: misread or mistyped; truncated: its end is missing;
    separator: an element without an end, so that the scanner drops FNC1; unknown_ai: an element that GS1 does not
    know; characters: some that GS1 does not allow; date: one that there is not; no_gtin: GS1, but not of a product.
    """

    def __init__(self, fault: str) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Scan:
    """What a code says. `gtin` is of what is inside where the code is a carton's (AI 02); '' and None are absent."""

    gtin: str
    lot: str
    expiry: date | None
    serial: str
    # Of items or of packs inside (AI 30, 37).
    count: int | None
    # AI and value, in the order of the code.
    elements: tuple[Element, ...]


def check_digit(digits: str) -> int:
    """The GS1 check digit of the digits before it (GS1 General Specifications, section 7.9)."""
    weighted = sum(int(digit) * (3 if at % 2 == 0 else 1) for at, digit in enumerate(reversed(digits)))
    return -weighted % 10


def normal_gtin(text: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits as the 14 that a DataMatrix carries. Raises ValueError for anything else."""
    if not (text.isascii() and text.isdigit()) or len(text) not in GTIN_LENGTHS:
        raise ValueError("a GTIN has 8, 12, 13 or 14 digits")
    if not _checks(text):
        raise ValueError("the check digit of the GTIN is wrong")
    return text.rjust(14, "0")


def read_scan(text: str, today: date) -> Scan:
    """Read what a camera or a scanner delivers, or a person types from under the code.

    Element strings with or without a symbology identifier, separators in the forms in which they arrive, the form
    with brackets, a GS1 Digital Link, EAN-13, EAN-8, UPC-A, UPC-E. `today` is for the century of two-digit years.
    Raises NotRead.
    """
    text = text.strip(" \t\r\n")
    known = _SYMBOLOGY.match(text)
    symbology = known[0] if known else ""
    content = _SEPARATORS.sub(_GS, text[len(symbology) :])
    bare = content.lstrip(_GS)
    if not bare:
        raise NotRead("empty")
    if _BRACKET.match(bare):
        return _scan_of(_bracketed(bare), today)
    link = _linked(bare)
    if link is not None:
        return _scan_of(link, today)
    if not (_WITH_FNC1.match(symbology) or bare != content):
        # An EAN-13 may have the two or five digits of a magazine behind it.
        digits = re.sub("[ -]", "", bare[:13] if symbology == "]E3" else bare)
        if re.fullmatch("[0-9]{6,14}", digits):
            gtin = _gtin_of_bars(digits, ean8=symbology == "]E4")
            return Scan(gtin, "", None, "", None, (("01", gtin),))
        # Without FNC1 only what begins with the number of a product or a pallet is taken for GS1.
        if not re.match("0[12][0-9]{14}|00[0-9]{18}", bare):
            raise NotRead("not_gs1")
    return _scan_of(_elements_of(bare), today)


def _checks(digits: str) -> bool:
    return check_digit(digits[:-1]) == int(digits[-1])


def _gtin_of_bars(digits: str, *, ean8: bool) -> str:
    if len(digits) not in GTIN_LENGTHS:
        raise NotRead("truncated")
    short = _expanded(digits) if not ean8 and re.fullmatch("[01][0-9]{7}", digits) else ""
    # No product has an EAN-8 that begins with 0: such a one is a UPC-E.
    for form in (short, digits) if digits.startswith("0") else (digits, short):
        if form and _checks(form):
            return form.rjust(14, "0")
    raise NotRead("check_digit")


def _expanded(digits: str) -> str:
    """The 12 digits of the UPC-A that a UPC-E of 8 is short for."""
    a, b, c, d, e, last = list(digits[1:7])
    if last in "012":
        middle = f"{a}{b}{last}0000{c}{d}{e}"
    elif last == "3":
        middle = f"{a}{b}{c}00000{d}{e}"
    elif last == "4":
        middle = f"{a}{b}{c}{d}00000{e}"
    else:
        middle = f"{a}{b}{c}{d}{e}0000{last}"
    return digits[0] + middle + digits[-1]


def _date_of(value: str, today: date) -> date:
    """Of YYMMDD: day 00 is the last of its month, the century is the nearest (section 7.12)."""
    yy, month, day = int(value[:2]), int(value[2:4]), int(value[4:6])
    ahead = yy - today.year % 100
    century = -100 if ahead > _HALF_CENTURY else 100 if ahead <= -_HALF_CENTURY else 0
    year = today.year - today.year % 100 + yy + century
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError as error:
        raise NotRead("date") from error


def _element(ai: str, value: str) -> Element:
    rule = rule_of(ai)
    if rule is None:
        raise NotRead("unknown_ai")
    if not (_DIGITS if rule.digits else _ALLOWED).fullmatch(value):
        raise NotRead("characters")
    if len(value) < rule.least:
        raise NotRead("truncated")
    if len(value) > rule.most:
        raise NotRead("separator")
    return ai, value


def _elements_of(text: str) -> list[Element]:
    """Elements one after the other, those without an end of their own up to a separator."""
    found = []
    rest = text
    while rest:
        begun = beginning(rest)
        if begun is None:
            raise NotRead("truncated" if re.fullmatch("[0-9]{0,3}", rest) else "unknown_ai")
        ai, rule = begun
        after = rest[len(ai) :]
        length = len(after.partition(_GS)[0])
        if rule.least == rule.most:
            length = min(rule.most, length)
        found.append(_element(ai, after[:length]))
        rest = after[length:].lstrip(_GS)
    return found


def _bracketed(text: str) -> list[Element]:
    """As printed for people: "(01)06291041500213(10)AB12"."""
    parts = _BRACKET.split(text)
    found: list[list[str]] = []
    for ai, value in zip(parts[1::2], parts[2::2], strict=True):
        plain = value.replace(_GS, "").strip()
        # A lot may have brackets itself.
        if found and rule_of(ai) is None:
            found[-1][1] += f"({ai}){plain}"
        else:
            found.append([ai, plain])
    return [_element(ai, value) for ai, value in found]


def _linked(text: str) -> list[Element] | None:
    """A GS1 Digital Link: "https://example.org/01/06291041500213/10/AB12?17=270430"; None for another address."""
    found = _LINK.fullmatch(text)
    if found is None:
        return None
    path = found[1].removesuffix("/").split("/")
    pairs = list(zip(path[::2], path[1::2], strict=False))
    for part in (found[2] or "").split("&"):
        name, _, value = part.partition("=")
        if rule_of(_LINK_WORDS.get(name, name)):
            pairs.append((name, value))
    elements = []
    for name, value in pairs:
        ai = _LINK_WORDS.get(name, name)
        if re.search("%(?![0-9A-Fa-f]{2})", value):
            raise NotRead("characters")
        try:
            plain = unquote(value, errors="strict")
        except UnicodeDecodeError as error:
            raise NotRead("characters") from error
        elements.append(_element(ai, plain.rjust(14, "0") if ai == "01" else plain))
    return elements


def _scan_of(elements: list[Element], today: date) -> Scan:
    values: dict[str, str] = {}
    for ai, value in elements:
        # The same element twice with another value: nobody can say which is right.
        if values.setdefault(ai, value) != value:
            raise NotRead("not_gs1")
        if re.fullmatch("0[0123]|41[0-7]", ai) and not _checks(value):
            raise NotRead("check_digit")
        if re.fullmatch("1[123567]|7003", ai):
            _date_of(value, today)
    gtin = values.get("01", values.get("02"))
    if gtin is None:
        raise NotRead("no_gtin")
    expiry = values.get("17", values.get("7003"))
    count = values.get("37", values.get("30"))
    return Scan(
        gtin,
        values.get("10", ""),
        None if expiry is None else _date_of(expiry, today),
        values.get("21", ""),
        None if count is None else int(count),
        tuple(elements),
    )

"""What scanners read: the cases that the worker passes too, and the same by biip, which others wrote."""

from __future__ import annotations

import datetime
import json
import re
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import biip
import biip.gs1_element_strings
import pytest
from biip import ParseError
from biip.gs1_application_identifiers import _GS1_APPLICATION_IDENTIFIERS as BIIP_AIS
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message
from biip.upc import Upc
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.gs1 import NotRead, Scan, check_digit, read_scan
from backend.domain.gs1_rules import rule_of

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "gs1"
FILE = json.loads((VECTORS / "scans.json").read_text())
CASES: list[dict[str, Any]] = FILE["cases"]
TODAY = datetime.date.fromisoformat(FILE["today"])
GS = "\x1d"
# What biip takes though GS1 does not: a value longer than its AI allows, the next AI beginning right behind.
LENIENT = {"without separators the lot is too long"}


def told(scan: Scan) -> dict[str, Any]:
    """A scan as the vectors write it."""
    return {
        "gtin": scan.gtin,
        "lot": scan.lot,
        "expiry": None if scan.expiry is None else scan.expiry.isoformat(),
        "serial": scan.serial,
        "count": scan.count,
        "elements": [list(element) for element in scan.elements],
    }


@pytest.fixture(params=CASES, ids=lambda case: str(case["name"]))
def case(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A case, on the day that it is for: biip asks the clock."""
    case: dict[str, Any] = request.param
    day = datetime.date.fromisoformat(case.get("today", FILE["today"]))

    class Frozen(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Frozen:
            return cls(day.year, day.month, day.day, tzinfo=tz)

    frozen = SimpleNamespace(UTC=datetime.UTC, date=datetime.date, datetime=Frozen)
    monkeypatch.setattr(biip.gs1_element_strings, "dt", frozen)
    return {**case, "day": day}


def test_a_scan_is_read_as_the_worker_reads_it(case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises(NotRead) as caught:
            read_scan(case["text"], case["day"])
        assert caught.value.fault == case["error"]
    else:
        assert told(read_scan(case["text"], case["day"])) == case["read"]


def by_biip(text: str) -> list[tuple[str, str]] | None:
    """The elements of a GS1 message as biip finds them; None where its dialect is not one that biip takes."""
    plain = re.sub(r"^\][A-Za-z]\w", "", text.strip()).lstrip(GS)
    if plain.startswith("("):
        message = GS1Message.parse_hri(plain)
    elif plain.startswith("https"):
        return [(one.ai.ai, one.value) for one in GS1DigitalLinkURI.parse(plain).element_strings]
    elif re.match(r"(0[012]|17)\d{6}", plain) and len(plain) > 14:
        message = GS1Message.parse(plain)
    else:
        return None
    return [(one.ai.ai, one.value) for one in message.element_strings]


def test_biip_reads_the_same(case: dict[str, Any]) -> None:
    if "read" not in case:
        return
    read = case["read"]
    # How other software writes GS is not biip's to know, nor a lot with brackets in the printed form.
    if re.search(r"GS|gs|x1d|\u241d|\^\]|\||\u00e8|AB\(|\) ", case["text"]):
        return
    elements = by_biip(case["text"])
    if elements is None:
        digits = re.sub(r"^\][A-Za-z]\d|[ -]", "", case["text"])
        if not case["text"].startswith(("]E3", "http")):
            if digits.startswith(("0", "1")) and len(digits) == 8 and not case["text"].startswith("]E4"):
                assert Upc.parse(digits).as_gtin_14() == read["gtin"]
            else:
                gtin = biip.parse(digits).gtin
                assert gtin is not None
                assert gtin.as_gtin_14() == read["gtin"]
        return
    # A Digital Link names its elements in an order of its own, and not only GS1's.
    assert sorted(elements) == sorted(map(tuple, read["elements"]))
    message = GS1Message.parse("".join(f"{ai}{value}{GS}" for ai, value in elements))
    expiry = message.element_strings.get(ai="17") or message.element_strings.get(ai="7003")
    assert (str(expiry.date) if expiry else None) == read["expiry"]


def test_biip_refuses_the_same(case: dict[str, Any]) -> None:
    """What GS1 itself forbids; that a code is not GS1 at all, or is of a pallet, is our own question."""
    if case.get("error") not in {"check_digit", "truncated", "separator", "unknown_ai", "date"}:
        return
    if case["name"] in LENIENT or re.fullmatch(r"[\d ]{6,14}", case["text"]):
        return
    try:
        elements = GS1Message.parse(re.sub(r"^\][A-Za-z]\w", "", case["text"])).element_strings
    except ParseError:
        return
    assert any(one.gtin_error or one.sscc_error for one in elements), case


def test_every_ai_of_biip_has_its_lengths() -> None:
    rules = json.loads((VECTORS / "rules.json").read_text())
    assert set(rules) == set(BIIP_AIS)
    others = {
        str(number).rjust(width, "0") for width in (2, 3, 4) for number in range(10**width)
    } - BIIP_AIS.keys()
    assert [ai for ai in sorted(others) if rule_of(ai)] == []
    for ai, (form, least, most) in rules.items():
        rule = rule_of(ai)
        assert rule is not None
        assert (rule.digits, rule.least, rule.most) == (form == "n", least, most)
        # "N3+X..27" is at most 30 characters; "N6+[-]" is a temperature, which may have a sign behind it.
        parts = BIIP_AIS[ai].format.partition("+")[2].replace("N1..N2", "N2").replace("[-]", "X1")
        sizes = [(kind == "N", int(length)) for kind, length in re.findall(r"([NXYZ])(?:\.\.)?(\d+)", parts)]
        assert (rule.digits, rule.most) == (all(digits for digits, _ in sizes), sum(n for _, n in sizes)), ai
        assert (rule.least == rule.most) == (not re.search(r"\.\.|\[", BIIP_AIS[ai].format)), ai


CHARACTERS = "".join(map(chr, range(33, 123)))
ALLOWED = re.sub(r"[#$@\[\\\]^`]", "", CHARACTERS)
DIGITS = st.text("0123456789", min_size=13, max_size=13)


@given(
    payload=DIGITS,
    lot=st.text(ALLOWED, min_size=1, max_size=20),
    serial=st.text(ALLOWED, min_size=1, max_size=20),
    expiry=st.dates(datetime.date(2000, 1, 1), datetime.date(2049, 12, 31)),
    order=st.permutations(range(4)),
)
def test_any_order_of_any_values(
    payload: str, lot: str, serial: str, expiry: datetime.date, order: list[int]
) -> None:
    gtin = f"{payload}{check_digit(payload)}"
    parts = [f"01{gtin}", f"17{expiry:%y%m%d}", f"10{lot}{GS}", f"21{serial}{GS}"]
    text = "".join(parts[at] for at in order)
    scan = read_scan(f"]d2{text}", TODAY)
    assert (scan.gtin, scan.lot, scan.serial, scan.expiry) == (gtin, lot, serial, expiry)
    assert list(scan.elements) == by_biip_message(text)


def by_biip_message(text: str) -> list[tuple[str, str]]:
    return [(one.ai.ai, one.value) for one in GS1Message.parse(text).element_strings]


@given(text=st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with suppress(NotRead):
        assert len(read_scan(text, TODAY).gtin) == 14

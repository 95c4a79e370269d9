"""Cells as values, by tables: what is taken and what is refused with which words."""

from __future__ import annotations

import pytest

from backend.integrations.imports import cells
from backend.integrations.imports.outcome import RefusedCell


@pytest.mark.parametrize(
    ("value", "number"), [("0", 0), ("60", 60), ("60.0", 60), ("60.", 60), ("+7", 7), ("1000000000", 10**9)]
)
def test_whole_numbers_are_taken(value: str, number: int) -> None:
    assert cells.whole("closing", value) == number


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("", "is blank"),
        ("-1", "cannot be below 0"),
        ("1000000001", "cannot be above"),
        ("60.5", "not a whole number"),
        ("1,000", "not a whole number"),
        ("abc", "not a whole number"),
        ("9" * 30, "not a whole number"),
        ("٣", "not a whole number"),
    ],
)
def test_other_quantities_are_refused(value: str, why: str) -> None:
    with pytest.raises(RefusedCell, match=why):
        cells.whole("closing", value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("", None), ("-9.70176", -9_701_760), ("5,3527", 5_352_700), ("0", 0), ("33.2659000004", 33_265_900)],
)
def test_coordinates_are_millionths_of_degrees(value: str, expected: int | None) -> None:
    assert cells.microdegrees("latitude", value, limit=90) == expected


@pytest.mark.parametrize("value", ["90.000001", "-91", "north", "nan", "inf", "1e400", "1.2.3"])
def test_coordinates_off_the_globe_are_refused(value: str) -> None:
    with pytest.raises(RefusedCell):
        cells.microdegrees("latitude", value, limit=90)


@pytest.mark.parametrize(
    ("value", "expected"), [("2", 200), ("0.5", 50), ("1,25", 125), ("3.", 300), ("0.50", 50)]
)
def test_months_are_kept_in_hundredths(value: str, expected: int) -> None:
    assert cells.hundredths("minimum_months", value, high=120) == expected


@pytest.mark.parametrize("value", ["", "-1", "0.125", "121", "two", "1.5.5"])
def test_other_months_are_refused(value: str) -> None:
    with pytest.raises(RefusedCell):
        cells.hundredths("minimum_months", value, high=120)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("Yes", True), ("1", True), ("FALSE", False), ("no", False), ("0", False), ("", True)],
)
def test_flags_are_read_in_any_capitals(value: str, expected: bool) -> None:
    assert cells.flag("active", value, blank=True) is expected


def test_a_flag_that_is_no_flag_is_refused() -> None:
    with pytest.raises(RefusedCell, match="true or false"):
        cells.flag("active", "maybe", blank=True)


def test_lists_are_cut_at_semicolons_and_bars_only() -> None:
    assert cells.listed(" A; B |A;;Smith, John ") == ["A", "B", "Smith, John"]


@pytest.mark.parametrize("value", ["", "x" * 65, "a\x07b"])
def test_a_code_is_short_and_printable(value: str) -> None:
    with pytest.raises(RefusedCell):
        cells.code("code", value)

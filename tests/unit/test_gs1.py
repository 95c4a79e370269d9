"""GTINs: their check digit and their one form of 14 digits."""

from __future__ import annotations

import pytest

from backend.domain.gs1 import check_digit, normal_gtin


@pytest.mark.parametrize(
    ("digits", "digit"),
    [
        # GS1 General Specifications, section 7.9, the worked example.
        ("629104150021", 3),
        ("03600029145", 2),
        ("0000000", 0),
    ],
)
def test_the_check_digit_is_the_specifications(digits: str, digit: int) -> None:
    assert check_digit(digits) == digit


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("6291041500213", "06291041500213"),
        ("036000291452", "00036000291452"),
        ("06291041500213", "06291041500213"),
    ],
)
def test_a_gtin_is_kept_as_a_datamatrix_carries_it(text: str, normal: str) -> None:
    assert normal_gtin(text) == normal


@pytest.mark.parametrize("text", ["", "6291041500214", "123456789", "62910415002１3", "629104150021X"])
def test_anything_else_is_no_gtin(text: str) -> None:
    with pytest.raises(ValueError, match="GTIN"):
        normal_gtin(text)

"""The cursor of the live feed."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.change_vector import FACILITIES_MAX, TEXT_MAX, UnknownCursor, pack, unpack

NUMBERS = st.dictionaries(st.integers(1, 2**40), st.integers(1, 2**50), max_size=FACILITIES_MAX)


@given(NUMBERS)
def test_what_was_packed_is_unpacked(numbers: dict[int, int]) -> None:
    assert unpack("life", pack("life", numbers)) == numbers


def test_facilities_that_never_changed_are_left_out() -> None:
    assert unpack("life", pack("life", {1: 0, 2: 7})) == {2: 7}


def test_a_cursor_of_another_life_is_unknown() -> None:
    with pytest.raises(UnknownCursor):
        unpack("another", pack("life", {1: 2}))


def test_a_cursor_of_too_many_facilities_says_only_that() -> None:
    text = pack("life", dict.fromkeys(range(1, FACILITIES_MAX + 2), 9))
    assert len(text) < 20
    with pytest.raises(UnknownCursor):
        unpack("life", text)


def test_a_country_s_cursor_fits_into_an_address() -> None:
    assert len(pack("life", dict.fromkeys(range(1, FACILITIES_MAX + 1), 500_000))) < 3000


@given(
    st.one_of(
        st.text(max_size=80), st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    )
)
def test_any_other_text_is_refused_and_never_breaks(text: str) -> None:
    with pytest.raises(UnknownCursor):
        unpack("life", text)


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_cursor_that_was_cut_off_is_refused_or_is_of_fewer_facilities(cut: int) -> None:
    whole = {1: 300, 200: 70_000, 30_000: 5}
    try:
        assert unpack("life", pack("life", whole)[:-cut]).items() <= whole.items()
    except UnknownCursor:
        return


def test_an_endless_cursor_is_not_even_read() -> None:
    with pytest.raises(UnknownCursor):
        unpack("life", "A" * (TEXT_MAX + 1))

"""An old version of a body is read for ever: decoded as what it was, then made into the newest, step by step."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import Raw, Struct

from sync import operations
from sync.bodies import Destination, Issue, MovedLine
from sync.operations import effects, read_body


class _First(Struct):
    """What an issue might have looked like: one product, and a ward."""

    ward: str
    product: str
    quantity: int


class _Second(Struct):
    """Then: a ward, and lines."""

    ward: str
    lines: list[MovedLine]


@pytest.fixture(autouse=True)
def _older_versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the body of today's `stock.issue` were its third version."""
    for version, body in ((1, _First), (2, _Second), (3, Issue)):
        decode = msgspec.json.Decoder(body).decode
        monkeypatch.setitem(operations._DECODERS, ("stock.issue", version), decode)  # type: ignore[misc]
    upcasts = {
        ("stock.issue", 1): lambda old: _Second(
            old.ward, [MovedLine(product=old.product, quantity=old.quantity)]
        ),
        ("stock.issue", 2): lambda old: Issue(destination=Destination(ward=old.ward), lines=old.lines),
    }
    monkeypatch.setattr(operations, "UPCASTS", upcasts)


@pytest.mark.parametrize(
    ("version", "text"),
    [
        (1, b'{"ward": "OPD", "product": "P1", "quantity": 4}'),
        (2, b'{"ward": "OPD", "lines": [{"product": "P1", "quantity": 4}]}'),
        (3, b'{"destination": {"ward": "OPD"}, "lines": [{"product": "P1", "quantity": 4}]}'),
    ],
)
def test_every_version_ends_in_the_same_body_and_effects(version: int, text: bytes) -> None:
    body = read_body("stock.issue", version, Raw(text))
    assert isinstance(body, Issue)
    assert body.destination.ward == "OPD"
    assert [(one.product, one.flow, one.quantity) for one in effects(body)] == [("P1", "issued", -4)]


def test_a_version_from_the_future_is_not_guessed_at() -> None:
    with pytest.raises(KeyError):
        read_body("stock.issue", 4, Raw(b"{}"))


def test_an_old_body_is_judged_by_its_own_rules() -> None:
    with pytest.raises(operations.UnreadableError):
        read_body("stock.issue", 1, Raw(b'{"destination": {"ward": "OPD"}, "lines": []}'))

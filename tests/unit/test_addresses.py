"""Whose a request is behind proxies."""

from __future__ import annotations

import pytest

from backend.domain.addresses import FORWARDED_UNASKED, client_address, is_loopback, place


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "client"),
    [
        ("203.0.113.7", [], 0, "203.0.113.7"),
        ("127.0.0.1", [], 0, "127.0.0.1"),
        # A proxy on this machine that the settings do not know must not make the world local.
        ("127.0.0.1", ["127.0.0.1"], 0, FORWARDED_UNASKED),
        ("203.0.113.7", ["127.0.0.1"], 0, "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.9"], 1, "198.51.100.9"),
        # What stands before the proxy's own entry was written by the client.
        ("127.0.0.1", ["127.0.0.1, 198.51.100.9"], 1, "198.51.100.9"),
        ("127.0.0.1", ["127.0.0.1", "198.51.100.9"], 1, "198.51.100.9"),
        ("10.0.0.1", ["198.51.100.9, 10.0.0.2"], 2, "198.51.100.9"),
        ("10.0.0.1", ["198.51.100.9:4711"], 1, "198.51.100.9"),
        ("10.0.0.1", ["[2001:db8::1]:4711"], 1, "2001:db8::1"),
        ("10.0.0.1", [], 1, "10.0.0.1"),
    ],
)
def test_the_client_is_the_entry_of_the_outermost_trusted_proxy(
    peer: str, forwarded: list[str], proxies: int, client: str
) -> None:
    assert client_address(peer, forwarded, proxies) == client


@pytest.mark.parametrize(
    ("address", "local"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("192.168.1.4", False),
        (FORWARDED_UNASKED, False),
        ("", False),
        ("localhost", False),
    ],
)
def test_loopback_is_this_machine_only(address: str, local: bool) -> None:
    assert is_loopback(address) is local


def test_an_ipv6_client_is_counted_by_its_network() -> None:
    assert place("2001:db8:1:2:aaaa::1") == place("2001:db8:1:2:bbbb::9") == "2001:db8:1:2::/64"
    assert place("::ffff:203.0.113.7") == "203.0.113.7"
    assert len(place("x" * 500)) == 64

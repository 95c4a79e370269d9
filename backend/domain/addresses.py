"""Network addresses of clients: whose a request is behind proxies, and what counts as one place."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

FORWARDED_UNASKED = "forwarded"
"""Stands for a client behind a proxy that the settings do not know of; it is no address and never loopback."""


def client_address(peer: str, forwarded_for: Iterable[str], trusted_proxies: int) -> str:
    """Address of the client: the peer, or what the nearest `trusted_proxies` proxies say they were called by.

    `forwarded_for` are the values of all X-Forwarded-For headers in order. Each proxy appends the address
    that called it, so with n proxies the client is the n-th entry from the end; what stands before it was
    written by the client and is not believed. With no proxy trusted, a header that is there all the same
    tells that an unknown proxy is: then nobody is taken for a client on this machine.
    """
    entries = [part.strip() for value in forwarded_for for part in value.split(",") if part.strip()]
    if trusted_proxies == 0:
        return FORWARDED_UNASKED if entries and is_loopback(peer) else peer
    if len(entries) < trusted_proxies:
        return peer
    return _without_port(entries[-trusted_proxies])


def is_loopback(address: str) -> bool:
    """Whether the address is this machine itself; False for what is no address."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


def place(address: str) -> str:
    """What attempts are counted by: an IPv4 address, the /64 network of an IPv6 one, else the text cut to 64."""
    parsed = _parsed(address)
    if parsed is None:
        return address[:64]
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def _without_port(entry: str) -> str:
    if entry.startswith("["):
        return entry[1:].partition("]")[0]
    if entry.count(":") == 1:
        return entry.partition(":")[0]
    return entry

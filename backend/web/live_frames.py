"""The live feed on the wire: frames of text/event-stream (WHATWG HTML, server-sent events)."""

from __future__ import annotations

import msgspec

from backend.services.live import Change

HEARTBEAT = b":\n\n"
# How long a browser waits before it comes back after the line was cut.
OPENING = b"retry: 1500\n\n"


def change_frame(change: Change) -> bytes:
    """One change as an event named after what changed."""
    return b"event: " + change.event.encode() + b"\ndata: " + msgspec.json.encode(change.data) + b"\n\n"


def cursor_frame(cursor: str) -> bytes:
    """Moves the watcher's Last-Event-ID on without an event: all before it has been told."""
    return b"id: " + cursor.encode() + b"\n\n"


def refresh_frame(cursor: str) -> bytes:
    """Asks the watcher to look afresh, and moves its Last-Event-ID on."""
    return b"event: refresh\ndata: {}\nid: " + cursor.encode() + b"\n\n"

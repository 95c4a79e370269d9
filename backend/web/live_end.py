"""Ends the open feeds when the server is asked to stop, for it waits until every request is answered."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from backend.web.live_hub import Hub

_ASKS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def hung_up_on_signal(hub: Hub) -> Iterator[None]:
    """While the block lasts, a signal to stop first ends the feeds, then does what the server had set.

    Nothing is set outside of the main thread, where Python takes no handlers; there `hub.close` must do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ASKS}

    def asked(number: int, frame: FrameType | None) -> None:
        hub.hang_up()
        server = before[signal.Signals(number)]
        if callable(server):
            server(number, frame)

    ours = {number for number, server in before.items() if callable(server)}
    for number in ours:
        signal.signal(number, asked)
    try:
        yield
    finally:
        for number in ours:
            if signal.getsignal(number) is asked:
                signal.signal(number, before[number])

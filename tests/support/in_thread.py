"""The application served inside this process, by a real server on a real port, for tests that look into it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from litestar import Litestar

from tests.support.served import free_port

START_TIMEOUT_S = 20


@contextmanager
def served_in_thread(app: Litestar) -> Iterator[str]:
    """The address of the application, for as long as the block lasts."""
    port = free_port()
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="served", daemon=True)
    thread.start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        # Signals, which end the open feeds of a server that is asked to stop, reach only a main thread.
        app.state.hub.hang_up()
        server.should_exit = True
        thread.join(20)

"""What a pull costs the server when nothing changed, which is nearly every pull.

In this process, around the whole ASGI application: from the request's scope to the last byte of the answer, without
sockets. Beside it the redirect of `/`, which is the framework, the middleware and the log line alone.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from litestar import Litestar

from backend.app import create_app
from backend.settings import Settings
from tests.bench import house, stocked
from tests.bench.figure import Figure
from tests.bench.wire import quiet, unpacked
from tests.bench.workload import PRODUCTS

PULLS = 500
WARM_UP = 50
TARGET_MS = 3.0


def measure(share: float) -> list[Figure]:
    """One figure."""
    products = max(20, round(PRODUCTS * share))
    with tempfile.TemporaryDirectory(prefix="bincard-bench-") as name:
        url = house.sqlite_url(Path(name))
        with house.furnished(url, products=products) as database:
            tablet = house.enrol(database)
            stocked.stock(database, tablet, products=products)
        settings = Settings(data=Path(name), database_url=url, secret_key=house.SECRET)
        # The log goes where its lines are still written, but nobody reads them.
        with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
            pulls, bare = asyncio.run(_both(create_app(settings), tablet.token))
    pull, redirect = statistics.median(pulls), statistics.median(bare)
    detail = {"pulls": PULLS, "p95_ms": statistics.quantiles(pulls, n=20)[-1]}
    baseline = "the redirect of /: the framework alone"
    return [
        Figure(
            "empty-pull",
            "ms",
            pull,
            redirect,
            baseline,
            pull / redirect,
            "figure",
            "at most",
            TARGET_MS,
            detail,
        )
    ]


async def _both(app: Litestar, token: str) -> tuple[list[float], list[float]]:
    """Milliseconds of every pull and of every redirect, taking turns."""
    async with app.lifespan():
        cursor = ""
        while True:
            _, status, content = await _get(app, "/sync/pull", {"cursor": cursor, "packed": "1"}, token)
            assert status == 200, content
            page = unpacked(content)
            cursor = page["cursor"]
            if not page["more"]:
                break
        pulls, bare = [], []
        with quiet():
            for _ in range(WARM_UP + PULLS):
                took, status, content = await _get(
                    app, "/sync/pull", {"cursor": cursor, "packed": "1"}, token
                )
                assert status == 200, content
                assert unpacked(content)["changes"] == []
                pulls.append(took)
                took, status, _ = await _get(app, "/", {}, token)
                assert 300 <= status < 400
                bare.append(took)
    return pulls[WARM_UP:], bare[WARM_UP:]


async def _get(app: Litestar, path: str, query: dict[str, str], token: str) -> tuple[float, int, bytes]:
    """Milliseconds, status and body."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": urlencode({name: value for name, value in query.items() if value}).encode(),
        "headers": [
            (b"host", b"bench"),
            (b"authorization", f"Bearer {token}".encode()),
            (b"accept-encoding", b"gzip"),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("bench", 80),
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    start = time.perf_counter()
    await app(scope, receive, send)  # type: ignore[arg-type]
    took = (time.perf_counter() - start) * 1000
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return took, sent[0]["status"], content

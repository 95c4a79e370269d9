"""`bincard serve`: uvicorn for one process, granian for several (PostgreSQL only)."""

from __future__ import annotations

import argparse
import gc
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import uvicorn
from granian import Granian
from granian.constants import Interfaces
from litestar import Litestar
from sqlalchemy import make_url

from backend.app import create_app
from backend.commands.database import migrate_database, opened, require_migrated
from backend.commands.failures import Failed
from backend.commands.terminal import remark
from backend.keys import with_secret_key
from backend.models import Meta
from backend.services.sign_in import DEMO_USERS
from backend.settings import Settings

# A watching page holds its stream open for ever: on the way down it is cut after this, and comes back.
SHUTDOWN_S = 5
KEEP_ALIVE_S = 75
GC_THRESHOLD = 50_000
"""Containers made before the collector looks at the young ones; Python's own is some hundreds."""


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `serve`."""
    parser = commands.add_parser("serve", help="serve the app")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8000, help="port to listen on (default: %(default)s)")
    parser.add_argument("--workers", type=_workers, default=1, help="processes; more than 1 needs PostgreSQL")
    parser.add_argument("--migrate", action="store_true", help="run missing migrations first")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Serve until asked to end."""
    if arguments.workers > 1 and make_url(settings.database_address).get_backend_name() == "sqlite":
        raise Failed(
            "SQLite is served by one process only. Leave --workers at 1, or set BINCARD_DATABASE_URL to PostgreSQL."
        )
    if arguments.migrate:
        migrate_database(settings)
    require_migrated(settings)
    settings = with_secret_key(settings)
    _announce(arguments, settings)
    if arguments.workers > 1:
        with _counting_together(settings):
            return _serve_many(arguments)
    return _serve_one(arguments, settings)


def application() -> Litestar:
    """The application with the settings of the environment; each of granian's processes calls it."""
    return _settled(create_app(Settings()))


def _settled(app: Litestar) -> Litestar:
    """The application, its modules left alone by the garbage collector, which looks less often at what is new.

    A batch of a push makes some ten thousand short-lived tuples and no circles: a tenth of its time went into
    looking for some.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 20, 50)
    return app


def _serve_one(arguments: argparse.Namespace, settings: Settings) -> int:
    server = uvicorn.Server(
        uvicorn.Config(
            _settled(create_app(settings)),
            host=arguments.host,
            port=arguments.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Who may speak for a client is BINCARD_TRUSTED_PROXIES' to say.
            proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
    )
    try:
        server.run()
    except SystemExit:
        # A port that is taken ends uvicorn with a status of its own; it has said why.
        return 1
    return 0 if server.started else 1


def _serve_many(arguments: argparse.Namespace) -> int:
    Granian(
        "backend.commands.serve:application",
        address=arguments.host,
        port=arguments.port,
        interface=Interfaces.ASGI,
        workers=arguments.workers,
        workers_kill_timeout=SHUTDOWN_S,
        websockets=False,
        log_access=False,
        factory=True,
    ).serve()
    return 0


@contextmanager
def _counting_together(settings: Settings) -> Iterator[None]:
    """A folder in which the processes to come count for /metrics, gone with them; none where it is not wanted."""
    if not settings.metrics_token:
        yield
        return
    with TemporaryDirectory(prefix="bincard-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        yield


def _announce(arguments: argparse.Namespace, settings: Settings) -> None:
    remark(f"Bincard on http://{arguments.host}:{arguments.port}")
    with opened(settings) as database, database.reading() as session:
        row = session.get(Meta, DEMO_USERS)
        names: list[str] = json.loads(row.value) if row is not None else []
    if names:
        remark("Demo sign-ins, on this machine only (name / password):")
        for name in names:
            remark(f"  {name} / demo-{name}")


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return port


def _workers(text: str) -> int:
    workers = int(text)
    if not 1 <= workers <= 64:
        raise argparse.ArgumentTypeError("from 1 to 64 processes")
    return workers

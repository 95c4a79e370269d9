"""create_app(settings): the only place that wires clock, database, routes and middleware together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar, Request, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.response import Redirect
from litestar.types import ControllerRouterHandler

import sync.routes
from backend.clock import Clock, system_clock
from backend.db import Database
from backend.domain.addresses import client_address
from backend.ids import Ids, uuid7
from backend.jobs.level_keeping import keep_levels
from backend.jobs.upkeep import keep_tidy
from backend.keys import with_secret_key
from backend.settings import Settings
from backend.web import account, api, auth, manage, openapi, users
from backend.web.assets import app_routes
from backend.web.cross_site import refuse_cross_site
from backend.web.csp import security_headers
from backend.web.errors import exception_handlers
from backend.web.health import health
from backend.web.live import feeding, live
from backend.web.metrics import meters_of, metrics
from backend.web.patience import give_up_slow_bodies
from backend.web.readable import refuse_unreadable
from backend.web.request_log import logged, set_up_logging
from backend.web.traces import note_stray
from backend.web.viewer import provide_viewer
from backend.web.wiring import Wiring

BODY_BYTES_MAX = 1 << 20
"""Of a request body as it comes; what is packed has a limit of its own where it is unpacked."""


def create_app(settings: Settings, *, clock: Clock = system_clock, ids: Ids = uuid7) -> Litestar:
    """The application over a migrated database.

    Raises OSError when there is no secret key and the data folder cannot be written.
    """
    settings = with_secret_key(settings)
    set_up_logging(settings.log_format)
    db, meters = Database(settings.database_address), meters_of(settings)
    files, build = app_routes()
    app = Litestar(
        [*_routes(), *files],
        dependencies={
            "db": Provide(lambda: db, sync_to_thread=False),
            "settings": Provide(lambda: settings, sync_to_thread=False),
            "clock": Provide(lambda: clock, sync_to_thread=False),
            "ids": Provide(lambda: ids, sync_to_thread=False),
            "viewer": Provide(provide_viewer, sync_to_thread=False),
            "client_address": Provide(_client_address(settings), sync_to_thread=False),
        },
        middleware=[
            refuse_unreadable,
            give_up_slow_bodies(settings.request_seconds),
            refuse_cross_site(settings),
        ],
        before_send=[security_headers(settings)],
        exception_handlers=exception_handlers,
        lifespan=[_life(db, clock, settings), feeding],
        state=State({"wiring": Wiring(db, settings, clock), "meters": meters, "build": build}),
        request_max_body_size=BODY_BYTES_MAX,
        openapi_config=openapi.config(),
        logging_config=None,
        debug=False,
    )
    openapi.describe_errors(app)
    # Outside of Litestar's own router, so that a request that no route takes is logged like the others.
    app.asgi_handler = logged(app.asgi_handler, meters)
    return app


def _routes() -> Sequence[ControllerRouterHandler]:
    return [
        first_page,
        health,
        metrics,
        live,
        api.router,
        *auth.handlers,
        account.router,
        users.router,
        *manage.handlers,
        *sync.routes.handlers,
    ]


@get("/", include_in_schema=False)
async def first_page() -> Redirect:
    """Whoever types the bare address wants the app."""
    return Redirect("/app")


def _client_address(settings: Settings) -> Any:
    def provide(request: Request[Any, Any, Any]) -> str:
        peer = request.client.host if request.client else ""
        return client_address(peer, request.headers.getall("x-forwarded-for", []), settings.trusted_proxies)

    return provide


def _life(db: Database, clock: Clock, settings: Settings) -> Any:
    @asynccontextmanager
    async def life(_app: Litestar) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(note_stray)
        jobs = [
            asyncio.create_task(keep_tidy(db, clock, settings.time_zone)),
            asyncio.create_task(keep_levels(db, settings, clock)),
        ]
        try:
            yield
        finally:
            for job in jobs:
                job.cancel()
            await asyncio.gather(*jobs, return_exceptions=True)
            # Waits for transactions that are under way: none is cut off half way.
            await asyncio.to_thread(db.close)

    return life

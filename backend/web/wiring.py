"""What create_app wired, for the parts that run before a handler's dependencies are there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.clock import Clock
from backend.db import Database
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.web.viewer import Connection


@dataclass(frozen=True)
class Wiring:
    """The application's own objects, kept on its state."""

    db: Database
    settings: Settings
    clock: Clock

    @staticmethod
    def of(connection: Connection) -> Wiring:
        """The objects of the application that answers this connection."""
        wiring = connection.app.state.wiring
        assert isinstance(wiring, Wiring)
        return wiring

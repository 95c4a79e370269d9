"""The app's files collected once for all applications that a test session makes: they are the same each time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

from backend.web import assets

Found = TypeVar("Found")


def collect_once() -> None:
    """From now on read, link, compile and compress `pwa/` once in this process; other folders each time."""
    for name in ("collect", "shells"):
        patch.object(assets, name, _once(getattr(assets, name))).start()


def _once(reads: Callable[[Path], dict[str, Found]]) -> Callable[[Path], dict[str, Found]]:
    of_the_app = cache(lambda: reads(assets.PWA))

    def read(root: Path) -> dict[str, Found]:
        return dict(of_the_app()) if root == assets.PWA else reads(root)

    return read

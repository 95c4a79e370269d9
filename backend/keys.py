"""The secret that signs tokens: given by the settings, or made on first start and kept in the data folder."""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from backend.settings import Settings

_BYTES = 32


def with_secret_key(settings: Settings) -> Settings:
    """The settings with a secret key in them; several processes starting at once agree on one.

    Raises OSError when the data folder cannot be written.
    """
    if settings.secret_key:
        return settings
    return settings.model_copy(update={"secret_key": _kept(settings.data / "secret.key")})


def _kept(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write_whole(path, secrets.token_urlsafe(_BYTES))
        return path.read_text().strip()


def _write_whole(path: Path, secret: str) -> None:
    # Under another name first: a crash half way must not leave an empty key that all would agree on.
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

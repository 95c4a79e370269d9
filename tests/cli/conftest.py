"""Running `bincard` in this process, on a data folder of its own."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from backend.cli import main

Run = Callable[..., "Done"]


@dataclass(frozen=True)
class Done:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str


@pytest.fixture
def unmade(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, named by the settings, in which there is nothing yet."""
    monkeypatch.setenv("BINCARD_DATA", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def made(unmade: Path, sqlite_template: Path) -> Path:
    """The same with a migrated, empty database."""
    (unmade / "data").mkdir()
    (unmade / "data" / "bincard.sqlite").write_bytes(sqlite_template.read_bytes())
    return unmade


@pytest.fixture
def bincard(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`bincard("user", "add", "ama", said="password\\n")`: run it and see."""

    def run(*arguments: str, said: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(said))
        capsys.readouterr()
        try:
            status = main(arguments)
        except SystemExit as ended:
            status = int(ended.code or 0)
        written = capsys.readouterr()
        return Done(status, written.out, written.err)

    return run

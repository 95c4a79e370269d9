"""Files that are damaged, cut short, or something else, and disks that are full: a restore changes nothing then."""

from __future__ import annotations

import gzip
import os
import random
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import DatabaseError

from backend.db import Database
from backend.models import Meta
from backend.problems import Problem
from backend.services import backup, backup_file
from tests.cli.conftest import Done
from tests.support.backups import KINDS, NewDatabase, empty_database, quiet, tables_at, whole

__all__ = ["empty_database", "whole"]

Run = Callable[..., Done]

ROOT = Path(__file__).resolve().parent.parent.parent


def rewritten(whole: Path, path: Path, change: Callable[[list[bytes]], None]) -> Path:
    """A backup with other lines and a right checksum, as a program with a mistake would write it."""
    lines = gzip.decompress(whole.read_bytes()).splitlines(keepends=True)[:-1]
    change(lines)
    backup_file.write(path, lines)
    return path


def limited(arguments: list[str], folder: Path, file_bytes_max: int) -> subprocess.CompletedProcess[str]:
    """Run a command for which every disk is full after so many bytes of a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))

    return subprocess.run(
        [sys.executable, "-m", "backend", *arguments],
        cwd=ROOT,
        env={**os.environ, "BINCARD_DATA": str(folder)},
        capture_output=True,
        text=True,
        preexec_fn=limit,
    )


def test_a_disk_that_is_full_leaves_no_half_backup(made: Path) -> None:
    database = Database(f"sqlite:///{made / 'data' / 'bincard.sqlite'}")
    with database.writing() as session:
        # What no compression makes small.
        session.add(Meta(key="noise", value=random.Random(1).randbytes(200_000).hex()))
    database.close()
    before = sorted(made.iterdir())
    done = limited(["backup", str(made / "backup")], made / "data", 100_000)
    assert done.returncode == 1
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(made.iterdir()) == before


@pytest.mark.parametrize("file_bytes_max", [1_000, 40_000, 150_000])
def test_a_disk_that_is_full_leaves_no_half_database(
    tmp_path: Path, whole: Path, file_bytes_max: int
) -> None:
    done = limited(["restore", str(whole)], tmp_path / "data", file_bytes_max)
    assert done.returncode == 1
    assert done.stderr.startswith("bincard: ")
    assert "Traceback" not in done.stderr
    assert [one.name for one in tmp_path.glob("data/*")] == []


def damaged(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Everything that can happen to a file, where chance takes it, with what happened."""
    choose = random.Random(20261122)
    yield "empty", b""
    yield "doubled", content + content
    yield "a byte more", content + b"\0"
    for cut in [1, 5, 100, 113, 114, *(choose.randrange(len(content)) for _ in range(40))]:
        yield f"{cut} bytes cut off", content[:-cut]
    for place in [0, 3, 4, 8, 9, len(content) - 1, *(choose.randrange(len(content)) for _ in range(200))]:
        for bit in (0, choose.randrange(1, 8)):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            yield f"bit {bit} of byte {place} flipped", bytes(flipped)
    half = len(content) // 2
    yield "the second half before the first", content[half:] + content[:half]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_not_whole_changes_nothing(
    kind: str, whole: Path, empty_database: NewDatabase, tmp_path: Path
) -> None:
    url, path = empty_database(kind), tmp_path / "damaged"
    for what, content in damaged(whole.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(Problem) as refused:
            backup.restore(url, path, progress=quiet)
        assert refused.value.kind in ("damaged_backup", "not_a_backup"), what
        assert str(path) in refused.value.detail
    assert tables_at(url) == set()


def other_files(folder: Path) -> Iterator[Path]:
    """Files that are no backup, and one that has the seal of one."""
    for name, content in (
        ("text", b"this is no backup\n" * 100),
        ("zipped", gzip.compress(b"this is no backup\n" * 100)),
        ("json", gzip.compress(b'{"bincard_backup": "one"}\n')),
        ("sqlite", (folder / "data" / "bincard.sqlite").read_bytes()),
    ):
        (folder / name).write_bytes(content)
        yield folder / name
    backup_file.write(folder / "sealed", [b"this is no backup\n"])
    yield folder / "sealed"


def test_another_file_is_said_to_be_no_backup(
    made: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BINCARD_DATABASE_URL", f"sqlite:///{made / 'target.sqlite'}")
    for path in other_files(made):
        done = bincard("restore", str(path))
        assert done.status == 1
        assert f"{path} is not a backup" in done.err
        assert not (made / "target.sqlite").exists()


@pytest.mark.parametrize(
    ("change", "why"), [({"bincard_backup": 2}, "later release"), ({"revision": "9999"}, "later release")]
)
def test_a_file_of_a_later_release_is_refused(
    made: Path,
    whole: Path,
    bincard: Run,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
    why: str,
) -> None:
    def later(lines: list[bytes]) -> None:
        lines[0] = msgspec.json.encode({**msgspec.json.decode(lines[0]), **change}) + b"\n"

    monkeypatch.setenv("BINCARD_DATABASE_URL", f"sqlite:///{made / 'target.sqlite'}")
    done = bincard("restore", str(rewritten(whole, made / "later", later)))
    assert done.status == 1
    assert why in done.err
    assert not (made / "target.sqlite").exists()


def _unknown_table(lines: list[bytes]) -> None:
    lines[0] = lines[0].replace(b'"name":"zone"', b'"name":"zone; DROP TABLE fact"')


def _unknown_column(lines: list[bytes]) -> None:
    lines[0] = lines[0].replace(b'"time_zone"', b'"clock"')


def _dangling(lines: list[bytes]) -> None:
    lines[:] = [line.replace(b'[1,2,"1', b'[1,77,"1') for line in lines]


def _short_rows(lines: list[bytes]) -> None:
    lines[1] = b"[1]\n"


def _no_rows(lines: list[bytes]) -> None:
    lines[1] = b"{}\n"


def _rows_missing(lines: list[bytes]) -> None:
    del lines[5:]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "mistake", [_unknown_table, _unknown_column, _dangling, _short_rows, _no_rows, _rows_missing]
)
def test_a_file_whose_rows_do_not_fit_changes_nothing(
    kind: str,
    mistake: Callable[[list[bytes]], None],
    whole: Path,
    empty_database: NewDatabase,
    tmp_path: Path,
) -> None:
    url = empty_database(kind)
    path = rewritten(whole, tmp_path / "mistaken", mistake)
    assert path.read_bytes() != whole.read_bytes()
    with pytest.raises((Problem, DatabaseError)):
        backup.restore(url, path, progress=quiet)
    assert tables_at(url) == set()

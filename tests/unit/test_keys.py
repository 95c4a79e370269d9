"""The secret key: given, or made once and kept, also when many start at the same moment."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from backend.keys import with_secret_key
from backend.settings import Settings


def test_a_given_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert with_secret_key(Settings(data=tmp_path, secret_key="given")).secret_key == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_made_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "new" / "folder")
    key = with_secret_key(settings).secret_key
    assert len(key) >= 43
    assert with_secret_key(settings).secret_key == key
    assert stat.S_IMODE((tmp_path / "new/folder/secret.key").stat().st_mode) == 0o600


def test_another_folder_has_another_key(tmp_path: Path) -> None:
    keys = {with_secret_key(Settings(data=tmp_path / name)).secret_key for name in "abc"}
    assert len(keys) == 3


def test_many_starting_at_once_agree(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: with_secret_key(settings).secret_key, range(64)))
    assert len(keys) == 1


def test_a_draft_left_by_a_crash_is_not_taken_for_the_key(tmp_path: Path) -> None:
    (tmp_path / "secret.new").write_text("half")
    assert with_secret_key(Settings(data=tmp_path)).secret_key != "half"

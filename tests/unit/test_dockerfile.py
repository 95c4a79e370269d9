"""The image without a Docker engine: what the Dockerfile copies is all that the server needs."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.served import ROOT, Served

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name, in order."""
    return re.findall(rf"^\s*{name}\s+(.+)$", DOCKERFILE, re.MULTILINE)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with only what is copied into the image."""
    folder = tmp_path / "image"
    folder.mkdir()
    for copy in instructions("COPY"):
        *sources, target = shlex.split(copy)
        for source in sources:
            assert (ROOT / source).exists(), source
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, folder / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(ROOT / source, folder / target)
    return folder


def test_what_is_copied_migrates_and_serves(image: Path, tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/data/bincard.sqlite", tmp_path / "data", root=image)
    code = "import backend, sync; print(backend.__file__, sync.__file__)"
    where = subprocess.check_output([sys.executable, "-c", code], cwd=image, text=True)
    assert where.count(str(image)) == 2
    served.command("migrate")
    served.start()
    try:
        check = next(text for text in instructions("HEALTHCHECK") if "CMD" in text).split("CMD", 1)[1]
        program, flag, asked = json.loads(check)
        assert (program, flag) == ("python", "-c")
        asked = asked.replace("127.0.0.1:8000", f"127.0.0.1:{served.port}")
        assert subprocess.run([sys.executable, flag, asked]).returncode == 0
        served.stop()
        assert subprocess.run([sys.executable, flag, asked], capture_output=True).returncode != 0
    finally:
        served.kill()


def test_it_serves_everyone_and_is_not_root() -> None:
    assert instructions("USER") == ["bincard"]
    assert instructions("VOLUME") == ["/data"]
    command = json.loads(instructions("CMD")[-1])
    assert command[:3] == ["bincard", "serve", "--migrate"]
    assert command[command.index("--host") + 1] == "0.0.0.0"


def test_only_what_is_copied_goes_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {source for copy in instructions("COPY") for source in shlex.split(copy)[:-1]}
    assert "*" in lines
    assert let_in == copied

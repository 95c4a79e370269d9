"""docs/commands.md and docs/imports.md name every command, option and column that there is, and no other."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from backend.cli import parser
from backend.integrations.imports.run import KINDS
from backend.integrations.imports.table import CELL_LENGTH_MAX, COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
COMMANDS = (DOCS / "commands.md").read_text(encoding="utf-8")
IMPORTS = (DOCS / "imports.md").read_text(encoding="utf-8")


def commands(
    top: argparse.ArgumentParser, path: str = "bincard"
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its parser, such as `bincard user add`."""
    groups = [one for one in top._actions if isinstance(one, argparse._SubParsersAction)]
    if not groups:
        yield path, top
    for group in groups:
        for name, below in group.choices.items():
            yield from commands(below, f"{path} {name}")


def options(command: argparse.ArgumentParser) -> set[str]:
    """Long options beside --help."""
    return {name for one in command._actions for name in one.option_strings if name.startswith("--")} - {
        "--help"
    }


def test_every_command_is_documented_with_its_options() -> None:
    for path, command in commands(parser()):
        told = IMPORTS if path == "bincard import" else COMMANDS
        assert f"`{path}" in told
        missing = {name for name in options(command) if name not in told}
        assert missing == set(), path


def test_no_command_is_documented_that_is_not_there() -> None:
    there = {path for path, _command in commands(parser())}
    named = {
        re.sub(r" (?=[-A-Z\[]).*", "", text) for text in re.findall(r"`(bincard [^`]*)`", COMMANDS + IMPORTS)
    }
    assert named <= there


def test_every_import_kind_and_column_is_documented() -> None:
    for kind in KINDS.values():
        entry = re.search(rf"^- `{kind.name}`: (.*?)(?=^- |^Lists)", IMPORTS, re.MULTILINE | re.DOTALL)
        assert entry is not None, kind.name
        told = re.findall(r"(\*\*)?`(\w+)`(?:\*\*)?", entry[1])
        assert {name for bold, name in told if bold} == set(kind.required)
        assert set(kind.optional) <= {name for _bold, name in told}


def test_the_limits_are_the_ones_documented() -> None:
    told = " ".join(IMPORTS.split())
    assert f"at most {FILE_BYTES_MAX // 1024 // 1024} MiB, {ROWS_MAX:,} rows, {COLUMNS_MAX} columns" in told
    assert f"{CELL_LENGTH_MAX:,} characters a cell" in told

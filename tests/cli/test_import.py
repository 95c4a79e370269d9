"""`bincard import`: what it prints and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from backend.commands import terminal
from backend.commands.terminal import ProgressBar
from backend.db import Database
from backend.models import Facility, Reason
from backend.settings import Settings
from tests.cli.conftest import Done

Run = Callable[..., Done]

GOOD = "code,type,zone_path\nA,Clinic,South\n"
MIXED = "code,type,zone_path\nA,Clinic,South\n,Clinic,South\nB,,South\n"


def facilities() -> list[str]:
    """Codes in the database that the settings name."""
    with Database(Settings().database_address).reading() as session:
        return list(session.exec(select(Facility.code)).all())


def write(folder: Path, content: str | bytes) -> str:
    """A file to import."""
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def test_refused_rows_are_printed_and_the_rest_is_taken(made: Path, bincard: Run) -> None:
    done = bincard("import", "facilities", write(made, MIXED))
    assert done.status == 0
    assert done.out.splitlines() == [
        "line 3, column code: is blank",
        "line 4, column type: is blank",
        "facilities: 3 rows, 1 added, 0 changed, 0 unchanged, 2 refused",
    ]
    assert facilities() == ["A"]


def test_all_or_nothing_fails_on_a_refused_row(made: Path, bincard: Run) -> None:
    done = bincard("import", "facilities", write(made, MIXED), "--all-or-nothing")
    assert done.status == 1
    assert "nothing was written" in done.err
    assert facilities() == []


def test_a_dry_run_writes_nothing(made: Path, bincard: Run) -> None:
    done = bincard("import", "facilities", write(made, GOOD), "--dry-run")
    assert done.status == 0
    assert "1 added" in done.out
    assert "dry run" in done.out
    assert facilities() == []


def test_a_file_without_a_good_row_fails(made: Path, bincard: Run) -> None:
    done = bincard("import", "facilities", write(made, "code,type,zone_path\n,Clinic,South\n"))
    assert done.status == 1
    assert "no row could be taken" in done.err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("code,name\nA,B\n", "no columns type, zone_path. It has: code, name"),
        ("code,type,zone_path\nA,Santé,S\n".encode("latin-1"), "byte 0xE9"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (b"", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_fails_in_words(
    made: Path, bincard: Run, content: str | bytes, why: str
) -> None:
    done = bincard("import", "facilities", write(made, content))
    assert (done.status, done.out) == (1, "")
    assert why in done.err
    assert "Traceback" not in done.err


def test_a_file_that_is_not_there_fails_in_words(made: Path, bincard: Run) -> None:
    done = bincard("import", "facilities", str(made / "none.csv"))
    assert done.status == 1
    assert "cannot be read" in done.err


@pytest.mark.parametrize("options", [("--columns", "kode=x"), ("--columns", "code"), ("--program", "FP")])
def test_wrong_options_are_status_2(made: Path, bincard: Run, options: tuple[str, str]) -> None:
    done = bincard("import", "facilities", write(made, GOOD), *options)
    assert done.status == 2
    assert facilities() == []


def test_every_database_has_the_default_reasons_which_people_may_rename(made: Path, bincard: Run) -> None:
    database = Database(Settings().database_address)
    with database.writing() as session:
        reason = session.exec(select(Reason).where(Reason.code == "expired")).one()
        reason.name = "Périmé"
    bincard("import", "facilities", write(made, GOOD))
    with database.reading() as session:
        rows = {row.code: row.name for row in session.exec(select(Reason)).all()}
    assert rows["expired"] == "Périmé"
    assert {"computer_generated_credit", "computer_generated_debit", "lost", "found"} <= rows.keys()


def test_the_progress_bar_is_for_terminals_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bar = ProgressBar("Importing")
    bar(5, 10)
    bar.close()
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(terminal.sys.stderr, "isatty", lambda: True)
    bar = ProgressBar("Importing")
    bar(5, 10)
    bar(10, 10)
    bar.close()
    drawn = capsys.readouterr().err
    assert "Importing [###############...............]  50 %" in drawn
    assert "100 %" in drawn
    assert drawn.endswith("\r\x1b[K")

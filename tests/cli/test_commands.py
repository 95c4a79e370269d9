"""Every command: what it prints, its exit status, and words instead of tracebacks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlmodel import select

from backend.clock import system_clock
from backend.db import Database
from backend.keys import with_secret_key
from backend.models import Device, Facility, User
from backend.services import devices, passwords, tokens
from backend.services.access import access_by_name
from backend.settings import Settings
from tests.cli.conftest import Done

Run = Callable[..., Done]

ROOT = Path(__file__).resolve().parent.parent.parent
FACILITIES = (
    "code,name,type,zone_path\nF1,Riverside,health centre,South/Riverside\nF2,Hill,health centre,North\n"
)
PASSWORD = "a-password-for-the-tests"


def opened() -> Database:
    """The database that the settings name."""
    return Database(Settings().database_address)


@pytest.fixture
def furnished(made: Path, bincard: Run) -> Path:
    """Two facilities and a program."""
    (made / "facilities.csv").write_text(FACILITIES)
    (made / "products.csv").write_text("code,programs\nP1,FP\n")
    assert bincard("import", "facilities", str(made / "facilities.csv")).status == 0
    assert bincard("import", "products", str(made / "products.csv")).status == 0
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("serve",),
        ("migrate",),
        ("demo",),
        ("import",),
        ("user",),
        ("user", "add"),
        ("user", "password"),
        ("device",),
        ("device", "enrol"),
        ("token",),
        ("token", "create"),
        ("push",),
        ("rebuild",),
        ("backup",),
        ("restore",),
        ("archive",),
    ],
)
def test_help_is_there_on_every_level(bincard: Run, arguments: tuple[str, ...]) -> None:
    done = bincard(*arguments, "--help")
    assert done.status == 0
    assert done.out.startswith("usage: bincard")


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("user",),
        ("user", "add"),
        ("user", "add", "ama", "--role", "doctor"),
        ("import", "patients", "x.csv"),
        ("import", "facilities"),
        ("device", "enrol", "--facility", "F1"),
        ("serve", "--port", "99999"),
        ("serve", "--workers", "0"),
        ("archive", "file"),
    ],
)
def test_wrong_usage_is_status_2(made: Path, bincard: Run, arguments: tuple[str, ...]) -> None:
    done = bincard(*arguments)
    assert done.status == 2
    assert "usage: bincard" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("serve",),
        ("user", "password", "ama"),
        ("device", "enrol", "--facility", "F1", "--user", "ama"),
        ("token", "create", "--user", "ama"),
        ("rebuild", "--check"),
    ],
)
def test_a_database_that_is_not_there_is_not_made_by_the_way(
    unmade: Path, bincard: Run, arguments: tuple[str, ...]
) -> None:
    done = bincard(*arguments, said="x\n")
    assert done.status == 1
    assert "There is no Bincard database" in done.err
    assert "bincard migrate" in done.err
    assert not (unmade / "data" / "bincard.sqlite").exists()


def test_migrate_makes_it_ready_and_says_when_it_was_already(unmade: Path, bincard: Run) -> None:
    assert "as of now" in bincard("migrate").out
    assert "already" in bincard("migrate").out
    assert bincard("rebuild", "--check").status == 0


def test_commands_that_fill_a_new_database_may_be_the_first(unmade: Path, bincard: Run) -> None:
    (unmade / "facilities.csv").write_text(FACILITIES)
    assert bincard("import", "facilities", str(unmade / "facilities.csv")).status == 0
    assert bincard("user", "add", "ada", "--role", "admin", said=PASSWORD + "\n").status == 0


def test_a_database_of_a_later_release_is_left_alone(made: Path, bincard: Run) -> None:
    with opened().writing() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for arguments in (("migrate",), ("rebuild", "--check"), ("serve", "--migrate")):
        done = bincard(*arguments)
        assert done.status == 1
        assert "later release" in done.err


def test_a_file_that_is_no_database_is_said_to_be(unmade: Path, bincard: Run) -> None:
    (unmade / "data").mkdir()
    (unmade / "data" / "bincard.sqlite").write_text("this is no database" * 100)
    done = bincard("rebuild", "--check")
    assert done.status == 1
    assert "cannot be opened" in done.err
    assert "Traceback" not in done.err


def test_a_wrong_setting_is_named(made: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BINCARD_AMC_MONTHS", "none")
    done = bincard("rebuild", "--check")
    assert done.status == 1
    assert "BINCARD_AMC_MONTHS" in done.err


def test_several_workers_are_refused_on_sqlite(made: Path, bincard: Run) -> None:
    done = bincard("serve", "--workers", "2")
    assert done.status == 1
    assert "SQLite is served by one process only" in done.err


def test_a_user_is_added_with_the_first_line_as_password(furnished: Path, bincard: Run) -> None:
    said = PASSWORD + "\nsomething else\n"
    places = ("--facility", "F1", "--zone", "North", "--program", "FP")
    done = bincard("user", "add", "ama", "--role", "nurse", *places, said=said)
    assert (done.status, done.out) == (0, "Added ama.\n")
    with opened().reading() as session:
        access = access_by_name(session, ["ama"])["ama"]
        assert len(access.facilities("stock.count", system_clock()) or ()) == 2
        assert len(access.programs or ()) == 1
        stored = session.exec(select(User.password_hash)).one()
    assert passwords.matches(stored, PASSWORD)


def test_a_password_that_ends_without_a_line_break_is_whole(furnished: Path, bincard: Run) -> None:
    bincard("user", "add", "ada", "--role", "admin", said=PASSWORD)
    with opened().reading() as session:
        assert passwords.matches(session.exec(select(User.password_hash)).one(), PASSWORD)


@pytest.mark.parametrize(
    ("arguments", "said", "why"),
    [
        (("--role", "nurse", "--facility", "NONE"), PASSWORD, "no facility with the code 'NONE'"),
        (("--role", "manager", "--zone", "East"), PASSWORD, "no zone 'East'"),
        (("--role", "nurse", "--program", "NONE"), PASSWORD, "no program 'NONE'"),
        (("--role", "admin"), "short", "too short"),
        (("--role", "admin"), "", "standard input is empty"),
    ],
)
def test_a_user_that_cannot_be_is_refused_whole(
    furnished: Path, bincard: Run, arguments: tuple[str, ...], said: str, why: str
) -> None:
    done = bincard("user", "add", "zoe", *arguments, said=said)
    assert done.status == 1
    assert why in done.err
    with opened().reading() as session:
        assert session.exec(select(User)).all() == []


def test_a_name_is_taken_once(furnished: Path, bincard: Run) -> None:
    assert bincard("user", "add", "ada", "--role", "admin", said=PASSWORD).status == 0
    done = bincard("user", "add", "Ada", "--role", "admin", said=PASSWORD)
    assert done.status == 1
    assert "already" in done.err


def test_a_nurse_of_everywhere_is_remarked_upon(furnished: Path, bincard: Run) -> None:
    done = bincard("user", "add", "ama", "--role", "nurse", said=PASSWORD)
    assert done.status == 0
    assert "nurse everywhere" in done.err


def test_a_new_password_replaces_the_old(furnished: Path, bincard: Run) -> None:
    bincard("user", "add", "ada", "--role", "admin", said=PASSWORD)
    assert bincard("user", "password", "ada", said="another-password\n").status == 0
    with opened().reading() as session:
        stored = session.exec(select(User.password_hash)).one()
    assert passwords.matches(stored, "another-password")
    assert not passwords.matches(stored, PASSWORD)
    assert bincard("user", "password", "nobody", said=PASSWORD).status == 1


def test_a_device_is_enrolled_and_its_token_opens(furnished: Path, bincard: Run) -> None:
    bincard("user", "add", "ama", "--role", "nurse", "--facility", "F1", said=PASSWORD)
    done = bincard("device", "enrol", "--facility", "F1", "--user", "ama")
    assert done.status == 0
    given = json.loads(done.out)
    assert set(given) == {"device", "token"}
    with opened().reading() as session:
        device_id, _seen = devices.authenticate(session, with_secret_key(Settings()), given["token"])
        assert device_id == given["device"]
        facility_id = session.exec(select(Device.facility_id)).one()
        assert session.exec(select(Facility.code).where(Facility.id == facility_id)).one() == "F1"


@pytest.mark.parametrize(
    ("facility", "user", "why"),
    [("F2", "ama", "no right"), ("NONE", "ama", "no facility"), ("F1", "nobody", "no user")],
)
def test_a_device_is_refused_where_its_user_may_not_record(
    furnished: Path, bincard: Run, facility: str, user: str, why: str
) -> None:
    bincard("user", "add", "ama", "--role", "nurse", "--facility", "F1", said=PASSWORD)
    done = bincard("device", "enrol", "--facility", facility, "--user", user)
    assert (done.status, done.out) == (1, "")
    assert why in done.err


def test_a_token_is_created_and_is_its_users(furnished: Path, bincard: Run) -> None:
    bincard("user", "add", "ada", "--role", "admin", said=PASSWORD)
    done = bincard("token", "create", "--user", "ada")
    assert (done.status, done.err) == (0, "")
    with opened().reading() as session:
        user_id = tokens.user_of(session, with_secret_key(Settings()), json.loads(done.out)["token"])
        assert session.get_one(User, user_id).name == "ada"


def test_a_token_of_someone_who_may_not_read_is_remarked_upon(furnished: Path, bincard: Run) -> None:
    bincard("user", "add", "ama", "--role", "nurse", "--facility", "F1", said=PASSWORD)
    done = bincard("token", "create", "--user", "ama")
    assert done.status == 0
    assert "no right to the read API" in done.err


def test_what_is_not_built_yet_says_so(made: Path, bincard: Run) -> None:
    done = bincard("archive", "--before", "2020-01-01", "b")
    assert done.status == 1
    assert "not built yet" in done.err


def test_python_dash_m_backend_is_the_same_command(unmade: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backend", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("bincard ")

"""`bincard backup` and `restore`: every row comes back, in either kind of database; what is damaged changes nothing."""

from __future__ import annotations

import gzip
import os
import random
import resource
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, DBAPIError
from sqlmodel import Session, select

from backend import migrate
from backend.db import Database
from backend.models import Meta, Product, WebSession, Zone, metadata
from backend.problems import Problem
from backend.services import backup, backup_file
from backend.services.changes import epoch
from tests.cli.conftest import Done
from tests.support import filler, postgres

Run = Callable[..., Done]
NewDatabase = Callable[[str], str]

ROOT = Path(__file__).resolve().parent.parent.parent
KINDS = ("sqlite", "postgres")
NOW = 1_790_000_000_000


def quiet(_done: int, _total: int) -> None:
    """No progress."""


@pytest.fixture
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    """Make a database in which there is nothing at all: `empty_database("postgres")` is its address."""
    made: list[str] = []

    def make(kind: str) -> str:
        name = f"bincard_empty_{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / name}.sqlite"
        server = request.getfixturevalue("postgres_server")
        postgres.execute(server, f'CREATE DATABASE "{name}"')
        made.append(name)
        return postgres.psycopg_url(postgres.sibling(server, name))

    yield make
    for name in made:
        server = request.getfixturevalue("postgres_server")
        postgres.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def filled(database: Database) -> Database:
    """Two awkward rows in every table, in either kind of database."""
    with database.writing() as session:
        filler.fill(session)
    return database


def backed_up(database: Database, path: Path) -> Path:
    """A backup of a database."""
    with database.reading() as session:
        backup.back_up(session, path, now=NOW, progress=quiet)
    return path


def rows_at(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the database at an address."""
    database = Database(url)
    try:
        with database.reading() as session:
            return filler.everything(session)
    finally:
        database.close()


def tables_at(url: str) -> set[str]:
    """The tables of a database that nothing of ours has opened."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return set()
    with migrate.transaction(url) as connection:
        return set(connection.dialect.get_table_names(connection))


@pytest.fixture(scope="module")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a filled SQLite database."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copyfile(sqlite_template, folder / "bincard.sqlite")
    database = Database(f"sqlite:///{folder / 'bincard.sqlite'}")
    with database.writing() as session:
        filler.fill(session)
    path = backed_up(database, folder / "backup")
    database.close()
    return path


def rewritten(whole: Path, path: Path, change: Callable[[list[bytes]], None]) -> Path:
    """A backup with other lines and a right checksum, as a program with a mistake would write it."""
    lines = gzip.decompress(whole.read_bytes()).splitlines(keepends=True)[:-1]
    change(lines)
    backup_file.write(path, lines)
    return path


@pytest.mark.parametrize("target", KINDS)
def test_every_row_of_every_table_comes_back(
    filled: Database, target: str, empty_database: NewDatabase, tmp_path: Path
) -> None:
    with filled.reading() as session:
        before = filler.everything(session)
    url = empty_database(target)
    header = backup.restore(url, backed_up(filled, tmp_path / "backup"), progress=quiet)
    after = rows_at(url)
    assert {table.name for table in header.tables} == set(metadata.tables)
    assert header.rows == len(filler.ROWS) * len(metadata.tables)
    changed = {name for name in before if before[name] != after[name]}
    # Migrating adds the reasons that are missing, and takes change numbers for them.
    assert changed <= {"meta", "web_session", "reason", "change_counter"}
    assert set(before["reason"]) <= set(after["reason"])
    assert after["web_session"] == []
    assert dict(before["meta"]).keys() == dict(after["meta"]).keys()
    assert dict(before["meta"])["epoch"] != dict(after["meta"])["epoch"]


@pytest.mark.parametrize("target", KINDS)
def test_a_restored_database_goes_on_as_any_other(
    whole: Path, target: str, empty_database: NewDatabase
) -> None:
    url = empty_database(target)
    backup.restore(url, whole, progress=quiet)
    migrate.migrate(url)
    database = Database(url)
    try:
        with database.writing() as session:
            zone = Zone(name="new", level=1)
            product = Product(code="new", name="new")
            session.add_all([zone, product])
            session.flush()
            assert (zone.id, product.id) == (3, 3)
        with pytest.raises(DBAPIError), database.writing() as session:
            session.connection().execute(text("UPDATE device SET facility_id = 99"))
    finally:
        database.close()


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("table", ["operation", "fact", "reversal", "decision", "variance_change"])
def test_a_restored_ledger_refuses_changes(
    whole: Path, target: str, table: str, empty_database: NewDatabase
) -> None:
    url = empty_database(target)
    backup.restore(url, whole, progress=quiet)
    for statement in (f"UPDATE {table} SET facility_id = facility_id", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), migrate.transaction(url) as connection:
            connection.execute(text(statement))


def test_a_backup_is_one_moment_and_writers_go_on_meanwhile(filled: Database, tmp_path: Path) -> None:
    written = 0

    def write(_done: int, _total: int) -> None:
        nonlocal written
        with filled.writing() as session:
            session.add(Zone(id=100 + written, name=f"later {written}", level=1))
            session.add(
                WebSession(secret_hash=f"{written}", user_id=1, created_at=1, last_used_at=1, expires_at=1)
            )
        written += 1

    with filled.reading() as session:
        header, _size = backup.back_up(session, tmp_path / "backup", now=NOW, progress=write)
    assert written >= len(metadata.tables)
    assert {table.rows for table in header.tables} == {len(filler.ROWS)}
    lines = gzip.decompress((tmp_path / "backup").read_bytes()).splitlines()
    assert len(lines) == 1 + header.rows + 1
    assert not any(b"later" in line for line in lines)


def test_the_commands_say_what_they_did(made: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = made / "backup"
    done = bincard("backup", str(path))
    assert done.status == 0
    assert f"into {path}" in done.out
    assert str(made / "data" / "secret.key") in done.err
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in made.iterdir() if "backup" in one.name] == ["backup"]
    with Database(f"sqlite:///{made / 'data' / 'bincard.sqlite'}").reading() as session:
        before = epoch(session)
    monkeypatch.setenv("BINCARD_DATA", str(made / "other"))
    done = bincard("restore", str(path))
    assert done.status == 0
    assert done.out.endswith("Every projection is what the ledger says.\n")
    assert f"Put the secret key of old into {made / 'other' / 'secret.key'}" in done.err
    with Database(f"sqlite:///{made / 'other' / 'bincard.sqlite'}").reading() as session:
        assert epoch(session) != before


def test_a_restored_database_that_differs_from_its_ledger_is_status_1(
    made: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(f"sqlite:///{made / 'data' / 'bincard.sqlite'}")
    with database.writing() as session:
        connection = session.connection()
        for statement in (
            "INSERT INTO zone (id, name, level) VALUES (1, 'Z', 1)",
            "INSERT INTO facility_type (id, name) VALUES (1, 'T')",
            "INSERT INTO facility (id, change, code, name, type_id, zone_id, operator, role, address, contact, gln,"
            " active) VALUES (1, 0, 'F1', 'F', 1, 1, '', 'warehouse', '', '', '', 1)",
        ):
            connection.execute(text(statement))
        session.add(Product(code="P1", name="P"))
        session.flush()
        connection.execute(
            metadata.tables["card"].insert(), {"facility_id": 1, "number": 1, "product_id": 1, "on_hand": 7}
        )
    database.close()
    bincard("backup", str(made / "backup"))
    monkeypatch.setenv("BINCARD_DATA", str(made / "other"))
    done = bincard("restore", str(made / "backup"))
    assert done.status == 1
    assert "F1: card 1" in done.out
    assert "`bincard rebuild` mends them" in done.err
    assert bincard("rebuild").status == 0
    assert bincard("rebuild", "--check").status == 0


def test_a_file_that_is_there_is_never_overwritten(made: Path, bincard: Run) -> None:
    path = made / "backup"
    path.write_text("precious")
    done = bincard("backup", str(path))
    assert done.status == 1
    assert "already" in done.err
    assert path.read_text() == "precious"


def test_one_that_appears_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    path = tmp_path / "backup"

    def lines() -> Iterator[bytes]:
        path.write_text("precious")
        yield b"line\n"

    with pytest.raises(FileExistsError):
        backup_file.write(path, lines())
    assert [one.name for one in tmp_path.iterdir()] == ["backup"]
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_said_to_be(made: Path, bincard: Run) -> None:
    done = bincard("backup", str(made / "nowhere" / "backup"))
    assert done.status == 1
    assert "No such file or directory" in done.err
    assert not (made / "nowhere").exists()
    for wrong in (made / "nowhere", made):
        done = bincard("restore", str(wrong))
        assert done.status == 1
        assert str(wrong) in done.err


def test_there_is_no_backup_of_a_database_that_is_not_there(unmade: Path, bincard: Run) -> None:
    done = bincard("backup", str(unmade / "backup"))
    assert done.status == 1
    assert "There is no Bincard database" in done.err
    assert list(unmade.iterdir()) == []


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


def test_what_another_restore_is_making_is_not_removed(
    made: Path, whole: Path, bincard: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made / "target.sqlite"
    monkeypatch.setenv("BINCARD_DATABASE_URL", f"sqlite:///{path}?timeout=0.2")
    with migrate.transaction(f"sqlite:///{path}") as connection:
        migrate.complete(connection)
        done = bincard("restore", str(whole))
        assert done.status == 1
        assert "locked" in done.err
    assert "fact" in tables_at(f"sqlite:///{path}")


def test_data_are_never_mixed(filled: Database, database_url: str, whole: Path) -> None:
    with filled.reading() as session:
        before = filler.everything(session)
    with pytest.raises(Problem, match="There are data"):
        backup.restore(database_url, whole, progress=quiet)
    with filled.reading() as session:
        assert filler.everything(session) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_of_something_else_is_left_alone(
    kind: str, whole: Path, empty_database: NewDatabase
) -> None:
    url = empty_database(kind)
    with migrate.transaction(url) as connection:
        connection.execute(text("CREATE TABLE patients (id INTEGER)"))
    with pytest.raises(Problem, match="something else"):
        backup.restore(url, whole, progress=quiet)
    assert tables_at(url) == {"patients"}


def test_a_database_that_was_only_made_ready_takes_a_backup(database_url: str, whole: Path) -> None:
    backup.restore(database_url, whole, progress=quiet)
    rows = rows_at(database_url)
    assert len(rows["fact"]) == len(filler.ROWS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_backup_of_an_earlier_release_is_brought_to_this_one(
    kind: str, empty_database: NewDatabase, tmp_path: Path
) -> None:
    old = empty_database(kind)
    migrate.migrate(old, "0001")
    with migrate.transaction(old) as connection:
        for statement in (
            "INSERT INTO meta (key, value) VALUES ('epoch', 'of old')",
            "INSERT INTO facility_type (id, name) VALUES (1, 'Health centre')",
            "INSERT INTO zone (id, name, level) VALUES (1, 'South', 1)",
            "INSERT INTO facility (id, change, code, name, type_id, zone_id, operator, role, address, contact, gln,"
            " active) VALUES (1, 5, 'F1', 'One', 1, 1, '', 'warehouse', '', '', '', true)",
            "INSERT INTO reversal (facility_id, operation_id, reversed_by) VALUES (1, 'a', 'b')",
        ):
            connection.execute(text(statement))
    database = Database(old)
    path = backed_up(database, tmp_path / "backup")
    database.close()
    for target in KINDS:
        url = empty_database(target)
        assert backup.restore(url, path, progress=quiet).revision == "0001"
        with migrate.transaction(url) as connection:
            assert migrate.current(connection) == migrate.head()
            assert connection.execute(text("SELECT code FROM facility")).scalars().all() == ["F1"]
            reversed_ = connection.execute(
                text("SELECT operation_id, reversed_by, effective_at FROM reversal")
            )
            assert reversed_.all() == [("a", "b", 0)]
            session = Session(connection)
            assert session.get_one(Meta, "epoch").value != "of old"
            assert "expired" in session.execute(select(metadata.tables["reason"].c.code)).scalars().all()


def test_an_earlier_backup_is_not_restored_over_a_later_schema(
    database_url: str, empty_database: NewDatabase, tmp_path: Path
) -> None:
    old = empty_database("sqlite")
    migrate.migrate(old, "0001")
    database = Database(old)
    path = backed_up(database, tmp_path / "backup")
    database.close()
    with pytest.raises(Problem, match="no tables in it"):
        backup.restore(database_url, path, progress=quiet)

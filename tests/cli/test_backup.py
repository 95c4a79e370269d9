"""`bincard backup` and `restore`: every row comes back, in either kind of database; data are never mixed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from backend import migrate
from backend.db import Database
from backend.models import Meta, Product, WebSession, Zone, metadata
from backend.problems import Problem
from backend.services import backup, backup_file
from backend.services.changes import epoch
from tests.cli.conftest import Done
from tests.support import filler
from tests.support.backups import KINDS, NOW, NewDatabase, backed_up, empty_database, quiet, tables_at, whole

__all__ = ["empty_database", "whole"]

Run = Callable[..., Done]


@pytest.fixture
def filled(database: Database) -> Database:
    """Two awkward rows in every table, in either kind of database."""
    with database.writing() as session:
        filler.fill(session)
    return database


def rows_at(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the database at an address."""
    database = Database(url)
    try:
        with database.reading() as session:
            return filler.everything(session)
    finally:
        database.close()


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

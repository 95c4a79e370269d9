"""Migrations on filled databases of both kinds: what was recorded stays, what is new follows, no ledger opens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend import migrate
from backend.db import Database
from backend.services.rebuild import rebuild
from tests.support import postgres

AT = 1_790_000_000_000
LEDGER = ("operation", "fact", "reversal", "decision", "variance_change", "full_count", "saying")


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.sqlite'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = f"bincard_old_{tmp_path.name.replace('-', '_')[-20:]}".lower()
    postgres.execute(server, f'CREATE DATABASE "{name}"')
    yield postgres.psycopg_url(postgres.sibling(server, name))
    postgres.execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _fill(url: str) -> None:
    """A receipt, a count that found 3 less, an issue that was reversed by an import, and a held reversal."""
    operations = [
        ("r", "stock.receive", "applied", b"{}"),
        ("c", "stock.count", "applied", b"{}"),
        ("i", "stock.issue", "applied", b"{}"),
        ("n", "report.period", "applied", b"{}"),
        ("h", "stock.reverse", "held", json.dumps({"id": "h"}).encode()),
    ]
    with migrate.transaction(url) as connection:
        for statement in (
            "INSERT INTO facility_type (id, name) VALUES (1, 'Health centre')",
            "INSERT INTO zone (id, name, level) VALUES (1, 'South', 1)",
            "INSERT INTO facility (id, change, code, name, type_id, zone_id, operator, role, address, contact, gln, "
            "active) VALUES (1, 1, 'A', 'One', 1, 1, '', 'warehouse', '', '', '', true)",
            "INSERT INTO product (id, change, code, name, dispensing_unit, pack_size, category, indicator, controlled, "
            "cold_chain, uses_vvm, ven, active) "
            "VALUES (1, 2, 'P', 'P', 'tablet', 1, '', false, false, false, false, '', true)",
            "INSERT INTO change_counter (scope, value) VALUES (0, 2), (1, 9)",
            'INSERT INTO "user" (id, change, name, email, password_hash, language, created_at) '
            "VALUES (1, 2, 'ama', '', '', '', 0)",
            "INSERT INTO device (id, facility_id, user_id, name, enrolled_at, expected_seq, last_recorded_at) "
            "VALUES ('d', 1, 1, 'tablet', 0, 4, 0)",
            "INSERT INTO card (facility_id, number, product_id, lot, location, account, on_hand, counted_at, "
            f"counted_id, last_at, last_id, change) VALUES (1, 1, 1, '', '', '', 17, {AT + 1}, 'c', {AT + 1}, 'c', 9)",
            "INSERT INTO count_result (facility_id, card, effective_at, operation_id, variance, opening) "
            f"VALUES (1, 1, {AT + 1}, 'c', -3, true)",
            "INSERT INTO reversal (facility_id, operation_id, reversed_by) VALUES (1, 'i', 'n')",
        ):
            connection.execute(text(statement))
        for n, (id_, kind, outcome, content) in enumerate(operations):
            connection.execute(
                text(
                    "INSERT INTO operation (facility_id, id, copy, content_hash, content, kind, author, device_id, "
                    "seq, recorded_at, effective_at, received_at, outcome, answer) "
                    "VALUES (1, :id, 0, '', :content, :kind, 'ama', 'd', :seq, :at, :at, :at, :outcome, '')"
                ),
                {"id": id_, "kind": kind, "outcome": outcome, "content": content, "seq": n + 1, "at": AT + n},
            )
        for id_, at, flow, quantity in (
            ("r", AT, "received", 20),
            ("c", AT + 1, "counted", 17),
            ("i", AT + 2, "issued", -4),
        ):
            connection.execute(
                text(
                    "INSERT INTO fact (facility_id, card, effective_at, operation_id, line, flow, quantity, booked_in) "
                    "VALUES (1, 1, :at, :id, 0, :flow, :quantity, 202609)"
                ),
                {"id": id_, "at": at, "flow": flow, "quantity": quantity},
            )


def test_a_filled_ledger_of_the_first_release_is_brought_on(empty_url: str) -> None:
    migrate.migrate(empty_url, "0001")
    _fill(empty_url)
    migrate.migrate(empty_url)
    database = Database(empty_url)
    with database.reading() as session:
        connection = session.connection()
        rows = connection.exec_driver_sql(
            "SELECT operation_id, quantity, found FROM fact ORDER BY effective_at"
        )
        assert [tuple(row) for row in rows] == [("r", 20, None), ("c", 17, -3), ("i", -4, None)]
        assert connection.exec_driver_sql("SELECT effective_at FROM reversal").scalar_one() == AT + 3
        assert connection.exec_driver_sql("SELECT watch_until FROM card").scalar_one() == AT + 1 + 300_000
        assert connection.exec_driver_sql("SELECT count(*) FROM operation WHERE change = 0").scalar_one() == 5
        assert rebuild(session, check=True, now=AT + 9, time_zone="UTC") == []
    database.close()


@pytest.mark.parametrize("table", LEDGER)
def test_the_ledger_refuses_changes_after_every_migration(empty_url: str, table: str) -> None:
    migrate.migrate(empty_url, "0001")
    _fill(empty_url)
    migrate.migrate(empty_url)
    with migrate.transaction(empty_url) as connection:
        for statement in (
            "INSERT INTO decision (facility_id, id, subject, action, author, decided_at, note, detail) "
            "VALUES (1, 'x', 's', 'accept', 'ama', 1, '', '{}')",
            "INSERT INTO variance_change (facility_id, card, operation_id, change, delta, booked_in) "
            "VALUES (1, 1, 'c', 1, 1, 202609)",
            "INSERT INTO full_count (facility_id, product_id, location, account, operation_id, effective_at) "
            "VALUES (1, 1, '', '', 'c', 1)",
            "INSERT INTO saying (facility_id, name, key, operation_id, effective_at, value) "
            """VALUES (1, 'location', '["F"]', 's', 1, '{}')""",
        ):
            connection.execute(text(statement))
    for change in (f"UPDATE {table} SET facility_id = 1", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), migrate.transaction(empty_url) as connection:
            connection.execute(text(change))

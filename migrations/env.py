"""Alembic's environment: one head, batch mode on SQLite, the address from the settings or the caller."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine, pool

from backend.models import metadata
from backend.settings import Settings


def run(connection: Connection) -> None:
    """Migrate on an open connection, all in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(Settings().database_address, poolclass=pool.NullPool)
    with engine.connect() as own:
        run(own)
        own.commit()

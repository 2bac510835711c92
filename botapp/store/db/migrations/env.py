"""Run Alembic migrations on the connection, and in the transaction, of the caller."""

from __future__ import annotations

from alembic import context

from botapp.store.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table, so Alembic creates a new one and copies the rows
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

"""What Alembic runs migrations in: the connection, and the transaction, that it is given."""

from __future__ import annotations

from alembic import context

from botapp.store.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter much of a table: Alembic makes a new one and copies
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

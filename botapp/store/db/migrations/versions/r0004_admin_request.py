"""The admin log names the message or interaction of each action, so that none is executed twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
#: the version before leaves the new column empty
USABLE_BY_PREVIOUS = True


def upgrade() -> None:
    """Add the column; actions so far have no message there."""
    op.add_column("admin_log", sa.Column("request_id", sa.BigInteger(), nullable=True))
    op.create_index("admin_log_request", "admin_log", ["request_id"], unique=True)

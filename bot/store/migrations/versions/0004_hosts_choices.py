"""What hosts choose: answers to quote or hide, the role that a room's question pings; and workspaces that were left."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("messages", sa.Column("choice", sa.Text(), nullable=True))
    op.add_column("rooms", sa.Column("mention", sa.Text(), nullable=True))
    op.create_table(
        "departures",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("workspace", sa.Text(), nullable=False),
        sa.Column("left_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", name=op.f("pk_departures")),
    )

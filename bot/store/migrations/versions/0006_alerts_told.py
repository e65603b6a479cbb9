"""When hosts were told of a trouble, so that those who could not be reached are told later."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what was raised so far was told as well as it could be."""
    op.add_column("alerts", sa.Column("told_at", sa.DateTime(), nullable=True))
    op.execute("UPDATE alerts SET told_at = raised_at")

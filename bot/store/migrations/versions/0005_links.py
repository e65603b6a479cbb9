"""Channels that join a group or leave it, members' linked accounts, and the codes by which both are agreed.

What was written while a channel was away, or its author had opted out, is not recorded afterwards either. Votes are
looked up by member as well, of whom there may be many to forget.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, the tables and the index."""
    op.add_column("rooms", sa.Column("left_at", sa.DateTime(), nullable=True))
    op.add_column("rooms", sa.Column("met_since", sa.DateTime(), nullable=True))
    op.add_column("rooms", sa.Column("workspace_name", sa.Text(), nullable=True))
    op.add_column("rooms", sa.Column("channel_name", sa.Text(), nullable=True))
    op.add_column("opt_outs", sa.Column("ended_at", sa.DateTime(), nullable=True))
    op.create_table(
        "linked_accounts",
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_linked_accounts_member_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["members.id"], name=op.f("fk_linked_accounts_person_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_linked_accounts")),
    )
    op.create_index(op.f("ix_linked_accounts_person_id"), "linked_accounts", ["person_id"], unique=False)
    op.create_table(
        "link_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=True),
        sa.Column("maker_id", sa.Integer(), nullable=False),
        sa.Column("made_in", sa.JSON(), nullable=False),
        sa.Column("taker_id", sa.Integer(), nullable=True),
        sa.Column("taken_in", sa.JSON(), nullable=True),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["groups.id"], name=op.f("fk_link_requests_group_id_groups"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["maker_id"], ["members.id"], name=op.f("fk_link_requests_maker_id_members"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["taker_id"], ["members.id"], name=op.f("fk_link_requests_taker_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_requests")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_link_requests_code_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_link_requests_group_id"), "link_requests", ["group_id"], unique=False)
    op.create_table(
        "wrong_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("member_id", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["members.id"], name=op.f("fk_wrong_codes_member_id_members"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrong_codes")),
    )
    op.create_index(op.f("ix_wrong_codes_member_id"), "wrong_codes", ["member_id"], unique=False)
    op.create_index(op.f("ix_reactions_member_id"), "reactions", ["member_id"], unique=False)

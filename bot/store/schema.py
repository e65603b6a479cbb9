"""The tables. Instants are stored in UTC, local dates and times of day as they stand on the group's wall."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

from bot.model import utc

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored in UTC; a naive one is refused."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value as the database keeps it."""
        return None if value is None else utc(value).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the value as the program uses it."""
        return None if value is None else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text that people wrote. Half a surrogate pair, which UTF-8 cannot hold, becomes a replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the value as the database can keep it."""
        return None if value is None else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _id() -> Column[int]:
    return Column("id", Integer, primary_key=True)


def _to(table: str, *, on_delete: str = "CASCADE", nullable: bool = False, index: bool = True) -> Column[int]:
    name = f"{table.removesuffix('s')}_id"
    return Column(name, Integer, ForeignKey(f"{table}.id", ondelete=on_delete), nullable=nullable, index=index)


groups = Table(
    "groups",
    metadata,
    _id(),
    Column("slug", Text, nullable=False, unique=True),
    Column("name", Words, nullable=False),
    Column("settings", JSON, nullable=False),
    Column("declared", Boolean, nullable=False, default=False),
    Column("created_at", Instant, nullable=False),
    Column("active_from", Instant, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    _id(),
    _to("groups"),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
)

rooms = Table(
    "rooms",
    metadata,
    _id(),
    _to("groups"),
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("mention", Text),
    Column("left_at", Instant),
    Column("met_since", Instant),
    Column("workspace_name", Words),
    Column("channel_name", Words),
    UniqueConstraint("platform", "workspace", "channel"),
)

departures = Table(
    "departures",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("workspace", Text, primary_key=True),
    Column("left_at", Instant, nullable=False),
)

members = Table(
    "members",
    metadata,
    _id(),
    Column("platform", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("name", Words, nullable=False),
    UniqueConstraint("platform", "user"),
)

linked_accounts = Table(
    "linked_accounts",
    metadata,
    Column("member_id", ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("person_id", ForeignKey("members.id", ondelete="CASCADE"), nullable=False, index=True),
)

link_requests = Table(
    "link_requests",
    metadata,
    _id(),
    _to("groups", nullable=True),
    Column("state", Text, nullable=False),
    Column("code_hash", Text, unique=True),
    Column("maker_id", ForeignKey("members.id", ondelete="CASCADE"), nullable=False),
    Column("made_in", JSON, nullable=False),
    Column("taker_id", ForeignKey("members.id", ondelete="CASCADE")),
    Column("taken_in", JSON(none_as_null=True)),
    Column("expires_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

wrong_codes = Table(
    "wrong_codes",
    metadata,
    _id(),
    _to("members"),
    Column("tried_at", Instant, nullable=False),
)

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("member_id", ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
    Column("since", Instant, nullable=False),
    Column("ended_at", Instant),
)

hosts = Table(
    "hosts",
    metadata,
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("member_id", ForeignKey("members.id", ondelete="CASCADE"), primary_key=True),
)

questions = Table(
    "questions",
    metadata,
    _id(),
    Column("question_set", Text, nullable=False),
    Column("slug", Text, nullable=False),
    Column("body", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("background", Text, nullable=False),
    UniqueConstraint("question_set", "slug"),
)

rounds = Table(
    "rounds",
    metadata,
    _id(),
    _to("groups"),
    _to("questions", on_delete="RESTRICT"),
    Column("local_date", Date, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    UniqueConstraint("group_id", "local_date"),
)

skips = Table(
    "skips",
    metadata,
    _id(),
    _to("groups"),
    _to("questions"),
    Column("cycle", Integer, nullable=False),
    UniqueConstraint("group_id", "question_id", "cycle"),
)

retirements = Table(
    "retirements",
    metadata,
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Column("question_id", ForeignKey("questions.id", ondelete="CASCADE"), primary_key=True),
)

suggestions = Table(
    "suggestions",
    metadata,
    _id(),
    _to("groups"),
    _to("members"),
    Column("text", Words, nullable=False),
    Column("background", Words, nullable=False, default=""),
    Column("topic", Words, nullable=False, default=""),
    Column("state", Text, nullable=False),
    Column("reason", Words, nullable=False, default=""),
    Column("suggested_at", Instant, nullable=False),
    Column("decided_at", Instant),
)

queue = Table(
    "queue",
    metadata,
    _id(),
    _to("groups"),
    _to("questions"),
    Column("on_date", Date),
    Column("added_by", ForeignKey("members.id", ondelete="SET NULL")),
    Column("added_at", Instant, nullable=False),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    _to("rounds", index=False),
    _to("rooms", index=False),
    _to("members"),
    Column("ref", Text),
    Column("text", Words, nullable=False),
    Column("substance", Text, nullable=False),
    Column("pick", Words, nullable=False, default=""),
    Column("by_form", Boolean, nullable=False, default=False),
    Column("sent_at", Instant, nullable=False),
    Column("edited_at", Instant),
    Column("reply_to", Text),
    Column("choice", Text),
    UniqueConstraint("room_id", "ref"),
    Index("ix_messages_round_id_sent_at", "round_id", "sent_at"),
    sqlite_autoincrement=True,
)
Index(
    "uq_messages_one_form_answer",
    messages.c.round_id,
    messages.c.member_id,
    unique=True,
    sqlite_where=messages.c.by_form,
    postgresql_where=messages.c.by_form,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("deleted_at", Instant, nullable=False),
)

reactions = Table(
    "reactions",
    metadata,
    Column("room_id", ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    Column("ref", Text, primary_key=True),
    Column("member_id", ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("stance", Text, primary_key=True),
)

digests = Table(
    "digests",
    metadata,
    _id(),
    _to("groups"),
    Column("local_date", Date, nullable=False),
    Column("since", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("body", JSON, nullable=False),
    Column("compiled_at", Instant, nullable=False),
    Column("stale", Boolean, nullable=False, default=False),
    UniqueConstraint("group_id", "local_date"),
)

Index("ix_digests_stale", digests.c.id, sqlite_where=text("stale = 1"), postgresql_where=text("stale"))

digest_quotes = Table(
    "digest_quotes",
    metadata,
    Column("digest_id", ForeignKey("digests.id", ondelete="CASCADE"), primary_key=True),
    Column("message_id", Integer, primary_key=True, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    _to("rooms"),
    _to("rounds", nullable=True),
    _to("digests", nullable=True),
    _to("messages", nullable=True, on_delete="SET NULL"),
    Column("text", Words, nullable=False, default=""),
    Column("state", Text, nullable=False),
    Column("message_ref", Text),
    Column("thread_ref", Text),
    Column("revision", Integer, nullable=False, default=1),
    Column("sent_revision", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("problem", Text, nullable=False, default=""),
    Index("ix_deliveries_state_due_at", "state", "due_at"),
    Index("ix_deliveries_room_id_thread_ref", "room_id", "thread_ref"),
)

alerts = Table(
    "alerts",
    metadata,
    _id(),
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE")),
    Column("cause", Text, nullable=False),
    Column("text", Words, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("told_at", Instant),
    UniqueConstraint("group_id", "cause"),
)

notes = Table(
    "notes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

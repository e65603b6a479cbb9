"""Bringing a database's schema to what the program needs, or making sure that it is so."""

from __future__ import annotations

from pathlib import Path

import alembic.command
import alembic.config
import alembic.util
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import DatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"

RESTORE = "Restore a backup, and keep this file."


class OutdatedError(DatabaseError):
    """The database has the schema of an earlier version of this program."""


async def upgrade(connection: AsyncConnection, where: str) -> str:
    """Bring the schema to what this program needs and return its revision.

    Raises DatabaseError for a database that is newer than the program, not one of its own, or damaged.
    """
    config = _config()
    found: list[str] = []

    def run(sync_connection: Connection) -> None:
        before = _revision(sync_connection, where)
        config.attributes["connection"] = sync_connection
        config.attributes["found"] = found
        alembic.command.upgrade(config, "head")
        changed = found[-1] != before
        if changed and sync_connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise DatabaseError(f"The database {where} is damaged: rows refer to others that are gone.", RESTORE)
        write_nothing(sync_connection)

    try:
        await connection.run_sync(run)
    except alembic.util.CommandError as error:
        raise _newer(where) from error
    return found[-1]


async def require_current(connection: AsyncConnection, where: str) -> None:
    """Raise OutdatedError or DatabaseError unless the schema is the one that this program works with."""

    def look(sync_connection: Connection) -> None:
        scripts = ScriptDirectory.from_config(_config())
        revision = _revision(sync_connection, where)
        if revision == scripts.get_current_head():
            return
        if revision is None or revision in {script.revision for script in scripts.walk_revisions()}:
            raise OutdatedError(
                f"The database {where} was written by an earlier version of this program.",
                "The next start of the bot brings it up to date, and so does `reading-group-bot migrate`.",
            )
        raise _newer(where)

    await connection.run_sync(look)


def write_nothing(connection: Connection) -> None:
    """Write without changing anything, so that a file which is read-only is not found out later."""
    connection.exec_driver_sql("DELETE FROM alembic_version WHERE 0")


def _config() -> alembic.config.Config:
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _revision(connection: Connection, where: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if tables and "alembic_version" not in tables:
        raise DatabaseError(f"{where} is a database, but not one of this program.", "Choose another file.")
    return MigrationContext.configure(connection).get_current_revision()


def _newer(where: str) -> DatabaseError:
    return DatabaseError(
        f"The database {where} was written by a newer version of this program.",
        "Install that version again, or restore a backup made with this one.",
    )

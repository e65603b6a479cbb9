"""The operator's settings: a YAML file, checked and frozen.

Nothing secret stands in it: tokens are read from the environment only.
"""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.errors import SettingsError
from bot.model import Channel, Exhausted, Order, Ref, Settings
from bot.wording import parse_days, parse_zone
from bot.yamlfile import Day, TimeOfDay, YamlError, read, validate

DEFAULT_FILE = Path("config/bot.yaml")

Name = Annotated[str, Field(min_length=1, max_length=80)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=48)]


def _weekday(text: object) -> object:
    days = parse_days(text) if isinstance(text, str) else frozenset()
    if len(days) != 1:
        raise ValueError(f"“{text}” is not one weekday; write it like sun.")
    return min(days)


def _days(text: object) -> object:
    return parse_days(text) if isinstance(text, str) else text


def _zone(text: object) -> object:
    return parse_zone(text) if isinstance(text, str) else text


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoomSettings(_Section):
    """Where a declared group meets."""

    platform: Literal["console"] = Field(description="The platform.")
    workspace: Name = Field(default="terminal", description="The workspace's id.")
    channel: Name = Field(default="reading-room", description="The channel's id.")

    @property
    def place(self) -> Channel:
        """Return the channel."""
        return Channel(self.platform, Ref(self.workspace), Ref(self.channel))


class DeclaredGroup(_Section):
    """A group that the file decides; chat can look at its settings but not change them."""

    slug: Slug = Field(description="Short name, which never changes.")
    name: Name = Field(description="What the group is called.")
    rooms: tuple[RoomSettings, ...] = Field(min_length=1, description="Where it meets.")
    zone: Annotated[str, BeforeValidator(_zone)] = Field(default="UTC", description="Its IANA time zone.")
    ask_at: TimeOfDay = Field(default=time(9), description="When the question is posted, local time.")
    days: Annotated[frozenset[int], BeforeValidator(_days)] = Field(
        default=frozenset(range(7)), description="On which weekdays."
    )
    holidays: frozenset[Day] = Field(default=frozenset(), description="Dates without a question.")
    digest_on: Annotated[int, BeforeValidator(_weekday)] = Field(default=6, description="The digest's weekday.")
    digest_at: TimeOfDay = Field(default=time(18), description="When the digest is posted, local time.")
    question_set: Slug = Field(default="ai-futures", description="A folder under the question sets.")
    order: Order = Field(default=Order.SHUFFLED, description="In which order questions come.")
    exhausted: Exhausted = Field(default=Exhausted.RESHUFFLE, description="What happens when all were asked.")
    tell_empty_week: bool = Field(default=False, description="Whether a silent week gets a line instead of nothing.")

    @property
    def settings(self) -> Settings:
        """Return what the core needs to know."""
        return Settings(
            zone=self.zone,
            ask_at=self.ask_at,
            days=self.days,
            holidays=self.holidays,
            digest_on=self.digest_on,
            digest_at=self.digest_at,
            question_set=self.question_set,
            order=self.order,
            exhausted=self.exhausted,
            tell_empty_week=self.tell_empty_week,
        )


class ConsoleSettings(_Section):
    """The console, for running a group in a terminal."""

    channel: Path = Field(default=Path("data/channel.jsonl"), description="The file that keeps its channel.")


class Platforms(_Section):
    """The chat platforms to connect to."""

    console: ConsoleSettings | None = Field(default=None, description="The terminal as a platform.")


class BotSettings(_Section):
    """Everything that the operator decides. Paths are relative to the folder that the program is started in."""

    database: Path = Field(default=Path("data/bot.db"), description="The SQLite file.")
    seeds: Path = Field(default=Path("seeds"), description="The folder of question sets.")
    log_format: Literal["auto", "text", "json"] = Field(default="auto", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Which are written.")
    platforms: Platforms = Field(default=Platforms(), description="The chat platforms to connect to.")
    groups: tuple[DeclaredGroup, ...] = Field(default=(), description="Groups that this file decides.")

    @property
    def database_url(self) -> str:
        """Return the database's SQLAlchemy URL."""
        return database_url(self.database)


def database_url(path: Path) -> str:
    """Return the SQLAlchemy URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{path}"


def load_settings(path: Path | None) -> BotSettings:
    """Return the settings in a file; the defaults if none is named and `config/bot.yaml` is not there.

    Raises SettingsError, which names file, line and key of everything that is wrong.
    """
    if path is None and not DEFAULT_FILE.exists():
        return BotSettings()
    document_path = path or DEFAULT_FILE
    try:
        settings = validate(read(document_path), BotSettings)
    except YamlError as error:
        raise SettingsError(str(error)) from error
    _check_unique(settings, document_path)
    return settings


def _check_unique(settings: BotSettings, path: Path) -> None:
    slugs: set[str] = set()
    places: dict[Channel, str] = {}
    for group in settings.groups:
        if group.slug in slugs:
            raise SettingsError(f"{path}: groups: two groups have the slug “{group.slug}”; give each its own.")
        slugs.add(group.slug)
        for room in group.rooms:
            if (other := places.setdefault(room.place, group.slug)) != group.slug:
                raise SettingsError(
                    f"{path}: groups: “{other}” and “{group.slug}” both meet in channel {room.channel}; "
                    "a channel holds one group."
                )

"""The operator's settings: a YAML file, checked and frozen.

Nothing secret stands in it: tokens are read from the environment only. `config/bot.example.yaml` shows every setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from bot.errors import SettingsError
from bot.model import Channel, Exhausted, Order, Ref, Settings
from bot.wording import parse_days, parse_zone
from bot.yamlfile import Day, Document, KeyPath, Problem, TimeOfDay, Value, YamlError, check, read

DEFAULT_FILE = Path("config/bot.yaml")


def _one_line(written: object) -> object:
    return " ".join(written.split()) if isinstance(written, str) else written


Name = Annotated[str, Field(min_length=1, max_length=80), BeforeValidator(_one_line)]
Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$",
        max_length=48,
        json_schema_extra={
            "patternErrorMessage": "use small letters, digits and single hyphens, such as evening-readers"
        },
    ),
]
Snowflake = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{15,20}$",
        json_schema_extra={"patternErrorMessage": "write the number that Discord shows as “Copy Server ID”"},
    ),
]
ApiUrl = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/]\S*$",
        json_schema_extra={"patternErrorMessage": "write an address that begins with https://"},
    ),
]
GatewayUrl = Annotated[
    str,
    Field(
        pattern=r"^wss?://[^\s/]\S*$",
        json_schema_extra={"patternErrorMessage": "write an address that begins with wss://"},
    ),
]
PublicUrl = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/]+/?$",
        json_schema_extra={
            "patternErrorMessage": "write an address such as https://reading.example.org, without a path"
        },
    ),
]
TeamId = Annotated[
    str,
    Field(
        pattern=r"^T[A-Z0-9]{2,20}$",
        json_schema_extra={"patternErrorMessage": "write the workspace's id, which begins with T"},
    ),
]
SECRET = re.compile(r"token|secret|password|passwd|api_?key|credential", re.IGNORECASE)


def _days(written: object) -> object:
    if isinstance(written, list) and all(isinstance(day, str) for day in written):
        return parse_days(", ".join(written))
    return parse_days(written) if isinstance(written, str) else written


def _weekday(written: object) -> object:
    days = _days(written)
    if not isinstance(days, frozenset):
        return written
    if len(days) != 1:
        raise ValueError("One weekday belongs here, such as sun.")
    return min(days)


def _zone(written: object) -> object:
    return parse_zone(written) if isinstance(written, str) else written


def _shards(written: object) -> object:
    return None if written == "auto" else written


def _present(written: object) -> object:
    return {} if written is None else written


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChannelSettings(_Section):
    """One channel of a platform."""

    platform: Literal["console", "discord", "slack"] = Field(description="The platform.")
    workspace: Name = Field(
        default="terminal", description="The workspace's id: a Discord server's, or that of a Slack workspace."
    )
    channel: Name = Field(default="reading-room", description="The channel's id.")

    @model_validator(mode="after")
    def _say_where(self) -> Self:
        if self.platform != "console" and not {"workspace", "channel"} <= self.model_fields_set:
            raise ValueError(f"On {self.platform} a room needs both its `workspace` and its `channel`.")
        return self

    @property
    def place(self) -> Channel:
        """Return the channel."""
        return Channel(self.platform, Ref(self.workspace), Ref(self.channel))


class RoomSettings(ChannelSettings):
    """Where a declared group meets."""

    mention: Name | None = Field(default=None, description="The id of the role that each question there pings.")


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
    alert_channel: ChannelSettings | None = Field(
        default=None, description="Where hosts are told of trouble; without it, each is told in private."
    )
    _document: Document | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any) -> None:
        """Keep the file that declares the group."""
        self._document = context if isinstance(context, Document) else None

    def wrong(self, key: str, told: str) -> str:
        """Return a sentence about one of the group's settings after its place: file, line and key."""
        groups = self._document.at(("groups",)) if self._document else None
        for index, group in enumerate(groups if isinstance(groups, list) else ()):
            if self._document and isinstance(group, dict) and group.get("slug") == self.slug:
                return str(self._document.problem(("groups", index, key), told))
        return f"groups[{self.slug}].{key}: {told}"

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
            alert_channel=self.alert_channel.place if self.alert_channel else None,
        )


class ConsoleSettings(_Section):
    """The console, for running a group in a terminal."""

    channel: Path = Field(default=Path("data/channel.jsonl"), description="The file that keeps its channel.")


class DiscordSettings(_Section):
    """Discord. Its token is read from the environment: DISCORD_TOKEN."""

    guilds: tuple[Snowflake, ...] = Field(
        default=(), description="Servers that get new commands at once; without any, all get them within an hour."
    )
    archive_after: Literal["60", "1440", "4320", "10080"] = Field(
        default="10080", description="Minutes without a message after which a thread is folded away."
    )
    shards: Annotated[Annotated[int, Field(ge=1, le=4_096)] | None, BeforeValidator(_shards)] = Field(
        default=None, description="Connections that share the servers: a number, or `auto` for what Discord advises."
    )
    api_url: ApiUrl | None = Field(default=None, description="Another address of Discord's API, for a proxy.")
    gateway_url: GatewayUrl | None = Field(default=None, description="Another address of its gateway, for a proxy.")


class SlackHttpSettings(_Section):
    """Where the bot listens for Slack, and where Slack finds it."""

    public_url: PublicUrl = Field(description="The address at which Slack reaches the bot, without a path.")
    host: Name = Field(default="127.0.0.1", description="The address to listen at.")
    port: int = Field(default=3000, ge=0, le=65_535, description="The port to listen at.")


class SlackSettings(_Section):
    """Slack. Its tokens and keys are read from the environment; see .env.example."""

    mode: Literal["socket", "http"] = Field(
        default="socket", description="How Slack reaches the bot: one workspace by socket, or any number by HTTP."
    )
    http: SlackHttpSettings | None = Field(default=None, description="Where, in the mode `http`.")
    teams: tuple[TeamId, ...] = Field(
        default=(), description="In the mode `http`, workspaces that may install the app; without any, all may."
    )
    history: Literal["normal", "restricted"] = Field(
        default="normal", description="Whether Slack restricts the app to 15 messages of history a minute."
    )
    api_url: ApiUrl | None = Field(default=None, description="Another address of Slack's API, such as GovSlack's.")

    @model_validator(mode="after")
    def _say_where(self) -> Self:
        if self.mode == "http" and self.http is None:
            raise ValueError("In the mode `http`, `http` must say at which `public_url` Slack finds the bot.")
        return self


class Platforms(_Section):
    """The chat platforms to connect to."""

    discord: Annotated[DiscordSettings | None, BeforeValidator(_present)] = Field(default=None, description="Discord.")
    slack: Annotated[SlackSettings | None, BeforeValidator(_present)] = Field(default=None, description="Slack.")
    console: Annotated[ConsoleSettings | None, BeforeValidator(_present)] = Field(
        default=None, description="The terminal as a platform."
    )


class BotSettings(_Section):
    """Everything that the operator decides. Paths are relative to the folder that the program is started in."""

    database: Path = Field(default=Path("data/bot.db"), description="The SQLite file.")
    seeds: Path = Field(default=Path("seeds"), description="The folder of question sets.")
    log_format: Literal["auto", "text", "json"] = Field(default="auto", description="How log lines look.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Which are written.")
    purge_after_days: int = Field(
        default=30, ge=0, le=3_650, description="Days after which groups of left workspaces are forgotten; 0 never."
    )
    platforms: Platforms = Field(default=Platforms(), description="The chat platforms to connect to.")
    groups: tuple[DeclaredGroup, ...] = Field(default=(), description="Groups that this file decides.")

    @property
    def purge_after(self) -> timedelta | None:
        """Return how long groups are kept that meet only where the bot was removed; None is for ever."""
        return timedelta(days=self.purge_after_days) if self.purge_after_days else None

    @property
    def database_url(self) -> str:
        """Return the database's SQLAlchemy URL."""
        return database_url(self.database)


def database_url(path: Path) -> str:
    """Return the SQLAlchemy URL of an SQLite file."""
    return f"sqlite+aiosqlite:///{quote(str(path))}"


def load_settings(path: Path | None) -> BotSettings:
    """Return the settings in a file; the defaults if none is named and `config/bot.yaml` is not there.

    Raises SettingsError, which names file, line and key of everything that is wrong.
    """
    if path is None and _is_missing(DEFAULT_FILE):
        return BotSettings()
    try:
        document = read(path or DEFAULT_FILE)
    except YamlError as error:
        raise SettingsError(str(error)) from error
    settings, problems = check(document, BotSettings, context=document)
    found = {problem.key: problem for problem in (*problems, *_secrets(document))}
    found |= {problem.key: problem for problem in (_contradictions(document, settings) if settings else ())}
    if settings is None or found:
        raise SettingsError("\n".join(map(str, sorted(found.values(), key=lambda problem: problem.line))))
    return settings


def _is_missing(path: Path) -> bool:
    """Return whether nothing is there; not so where nobody may look, or for a link that leads nowhere."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _secrets(document: Document) -> Iterator[Problem]:
    """Yield what is to be told of keys that seem to hold something secret."""
    told = "Tokens and passwords are read from the environment only; delete this line and see .env.example."
    return (document.problem(at, told) for at in _secret_keys(document.value))


def _secret_keys(value: Value, at: KeyPath = ()) -> Iterator[KeyPath]:
    """Yield the paths of keys that seem to hold something secret."""
    match value:
        case dict():
            for key, below in value.items():
                if SECRET.search(key):
                    yield (*at, key)
                else:
                    yield from _secret_keys(below, (*at, key))
        case list():
            for index, below in enumerate(value):
                yield from _secret_keys(below, (*at, index))


def _contradictions(document: Document, settings: BotSettings) -> Iterator[Problem]:
    """Yield what is right by itself but not together."""
    slugs: set[str] = set()
    places: dict[Channel, str] = {}
    connected = {name for name in Platforms.model_fields if getattr(settings.platforms, name) is not None}
    for index, group in enumerate(settings.groups):
        at: KeyPath = ("groups", index)
        if group.slug in slugs:
            yield document.problem((*at, "slug"), f"Another group has the slug “{group.slug}”; give each its own.")
        slugs.add(group.slug)
        if group.alert_channel is not None and group.alert_channel.platform not in connected:
            yield document.problem((*at, "alert_channel", "platform"), _not_connected(group.alert_channel.platform))
        for number, room in enumerate(group.rooms):
            here = (*at, "rooms", number)
            if room.place in places:
                told = f"The group “{places[room.place]}” meets in channel {room.channel} already; a channel holds one."
                yield document.problem(here, told)
            places[room.place] = group.slug
            if room.platform not in connected:
                yield document.problem((*here, "platform"), _not_connected(room.platform))


def _not_connected(platform: str) -> str:
    return f"The bot is not connected to {platform}; name it under `platforms`."

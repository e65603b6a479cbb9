"""What a human sees: messages, forms, and the answer to something that she did. All stay current as things change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .components import BUTTON, LABEL, SELECTS, TEXT_DISPLAY, every
from .interactions import Interaction
from .state import LOADING, Json, Message

if TYPE_CHECKING:
    from .places import ChannelHand
    from .server import DiscordServer


def embed_text(embed: Json) -> str:
    """An embed from top to bottom, one part a line."""
    lines = [embed.get("author", {}).get("name"), embed.get("title"), embed.get("description")]
    for entry in embed.get("fields", []):
        lines += [entry["name"], entry["value"]]
    picture = embed.get("image", {}).get("url")
    lines += [f"[picture {picture.rsplit('/', 1)[-1]}]" if picture else None, embed.get("footer", {}).get("text")]
    return "\n".join(line for line in lines if line)


@dataclass(frozen=True, slots=True)
class Control:
    """A button or select under a message."""

    label: str
    custom_id: str
    kind: int
    disabled: bool
    url: str | None
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MessageView:
    """One message on the screen; `state` is what the server holds of it."""

    server: DiscordServer
    state: Message

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def link(self) -> str:
        """Its address."""
        return f"https://discord.com/channels/{self.state.guild_id or '@me'}/{self.state.channel_id}/{self.state.id}"

    @property
    def channel(self) -> ChannelHand:
        """Where it stands."""
        return self.server.place(self.state.channel_id)

    @property
    def exists(self) -> bool:
        """Whether it is still there; an ephemeral one counts as there."""
        channel = self.server.world.channels.get(self.state.channel_id)
        return self.ephemeral or (channel is not None and self.state.id in channel.messages)

    @property
    def author(self) -> str:
        """The name that stands above it."""
        return self.server.name_of(self.state)

    @property
    def text(self) -> str:
        """Its words, text displays of newer layouts included."""
        shown = [c["content"] for c in every(self.state.components) if c["type"] == TEXT_DISPLAY]
        return "\n".join(filter(None, [self.state.content, *shown]))

    @property
    def embeds(self) -> list[str]:
        """Its embeds as text."""
        return [embed_text(embed) for embed in self.state.embeds]

    @property
    def everything(self) -> str:
        """Words and embeds together."""
        return "\n".join(filter(None, [self.text, *self.embeds]))

    @property
    def controls(self) -> list[Control]:
        """What can be pressed or chosen."""
        return [
            Control(
                component.get("label")
                or component.get("placeholder")
                or (component.get("emoji") or {}).get("name", ""),
                component.get("custom_id", ""),
                component["type"],
                bool(component.get("disabled")),
                component.get("url"),
                tuple((option["label"], option["value"]) for option in component.get("options") or []),
            )
            for component in every(self.state.components)
            if component["type"] == BUTTON or component["type"] in SELECTS
        ]

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [control.label for control in self.controls if control.kind == BUTTON]

    @property
    def files(self) -> dict[str, str]:
        """The files that stand under it: names with their alt texts."""
        return self._files(embedded=False)

    @property
    def pictures(self) -> dict[str, str]:
        """The files that its embeds show: names with their alt texts."""
        return self._files(embedded=True)

    def _files(self, *, embedded: bool) -> dict[str, str]:
        shown = [a for a in self.state.attachments if (a["id"] in self.state.embedded) is embedded]
        return {a["filename"]: a.get("description", "") for a in shown}

    @property
    def reactions(self) -> dict[str, int]:
        """How many of each emoji stand under it."""
        return {key: len(users) for key, users in self.state.reactions.items()}

    @property
    def thread(self) -> ChannelHand | None:
        """The thread that was made from it."""
        thread = self.server.world.thread_of(self.state)
        return self.server.place(thread.id) if thread else None

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.state.ephemeral_to is not None

    @property
    def waiting(self) -> bool:
        """Whether it is still the spinner of a deferred answer."""
        return bool(self.state.flags & LOADING)

    @property
    def pings(self) -> list[str]:
        """Who was pinged: names of users and roles, `@everyone`."""
        guild = self.server.world.guilds.get(self.state.guild_id or 0)
        users = [user.global_name or user.username for user in self.state.mentions]
        roles = [guild.roles[role].name for role in self.state.mention_roles if guild and role in guild.roles]
        return users + roles + (["@everyone"] if self.state.mention_everyone else [])

    def __repr__(self) -> str:
        buttons = "".join(f" [{label}]" for label in self.buttons)
        return f"<{self.author}: {self.everything}{buttons}>"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form."""

    custom_id: str
    label: str
    kind: int
    required: bool
    value: str
    least: int
    most: int
    placeholder: str
    description: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A modal on the screen."""

    server: DiscordServer
    interaction: Interaction
    title: str
    custom_id: str
    fields: tuple[FormField, ...]
    texts: tuple[str, ...] = ()

    def field(self, name: str) -> FormField:
        """The field with this custom id or label."""
        for entry in self.fields:
            if name in {entry.custom_id, entry.label}:
                return entry
        raise AssertionError(f"the form {self.title!r} has no field {name!r}, only {[f.label for f in self.fields]}")


def _fields(components: list[Json]) -> Iterator[FormField]:
    for part in components:
        inner = part["component"] if part["type"] == LABEL else (part.get("components") or [None])[0]
        if inner is None:
            continue
        options = inner.get("options") or []
        preset = [option["value"] for option in options if option.get("default")]
        yield FormField(
            inner["custom_id"],
            part.get("label") or inner.get("label") or "",
            inner["type"],
            inner.get("required", True),
            inner.get("value") or ",".join(preset),
            inner.get("min_length") or 0,
            inner.get("max_length") or 4000,
            inner.get("placeholder") or "",
            part.get("description") or "",
            tuple((option["label"], option["value"]) for option in options),
        )


def form(server: DiscordServer, interaction: Interaction) -> Form:
    """The form that an interaction opened."""
    modal = interaction.modal
    assert modal is not None
    texts = tuple(part["content"] for part in modal["components"] if part["type"] == TEXT_DISPLAY)
    fields = tuple(_fields(modal["components"]))
    return Form(server, interaction, modal["title"], modal["custom_id"], fields, texts)


@dataclass(eq=False)
class Answer:
    """What somebody sees after a command, a press or a form: a message, a form, a changed message, or nothing."""

    server: DiscordServer
    interaction: Interaction
    _taken: int = 0

    @property
    def messages(self) -> list[MessageView]:
        """Every message that the bot has shown through it, the spinner not counted."""
        return [MessageView(self.server, m) for m in self.interaction.messages if not m.flags & LOADING]

    @property
    def message(self) -> MessageView:
        """The first one; where the pressed message was changed instead, that one."""
        if self.interaction.original:
            return MessageView(self.server, self.interaction.original)
        if self.messages:
            return self.messages[0]
        raise AssertionError("the bot showed no message")

    @property
    def silent(self) -> bool:
        """Whether nothing appeared."""
        return not self.messages and self.interaction.modal is None and self.interaction.edits == 0

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def embeds(self) -> list[str]:
        return self.message.embeds

    @property
    def everything(self) -> str:
        """Words and embeds of all its messages."""
        return "\n".join(message.everything for message in self.messages or [self.message])

    @property
    def buttons(self) -> list[str]:
        return self.message.buttons

    @property
    def ephemeral(self) -> bool:
        return self.message.ephemeral

    @property
    def form(self) -> Form:
        """The form that opened."""
        if self.interaction.modal is None:
            raise AssertionError(f"no form opened, but {self!r}")
        return form(self.server, self.interaction)

    async def next(self, timeout: float = 5.0) -> MessageView:  # noqa: ASYNC109
        """Wait for one more message than `next` has given before (the first answer is not one of them)."""
        index = self._taken + (self.interaction.original in self.interaction.messages)
        await self.server.until(lambda: len(self.messages) > index, timeout)
        self._taken += 1
        return self.messages[index]

    def __repr__(self) -> str:
        if self.interaction.modal is not None:
            return f"<form {self.interaction.modal['title']!r}>"
        return f"<answer {self.messages}>"

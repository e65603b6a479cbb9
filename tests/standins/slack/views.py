"""What a human sees: messages, forms, the App Home, and the answer to something that she did. All stay current."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .interactions import Interaction
from .state import Json, Message, Team, View

if TYPE_CHECKING:
    from .places import ChannelHand
    from .server import SlackServer

_LINK = re.compile(r"<(https?://[^|>]+|mailto:[^|>]+)(?:\|([^>]*))?>")
_PINGS = re.compile(r"<(@[UW][A-Z0-9]+|!channel|!here|!everyone|!subteam\^S[A-Z0-9]+)(?:\|[^>]*)?>")


def unmarked(team: Team, text: str) -> str:
    """Marked-up text as Slack shows it, with its emphasis left as it is written."""

    def named(found: re.Match[str]) -> str:
        it = found[1]
        user = team.users.get(it[1:])
        group = team.usergroups.get(it.rpartition("^")[2])
        return f"@{user.shown if user else group.handle if group else it.strip('!@')}"

    shown = _LINK.sub(lambda found: found[2] or found[1], _PINGS.sub(named, text))
    return html.unescape(re.sub(r"<#[CG][A-Z0-9]+\|?([^>]*)>", r"#\1", shown))


def inline(team: Team, element: Json) -> str:
    """One element of rich text as it is shown."""
    match element["type"]:
        case "text":
            return str(element["text"])
        case "link":
            return str(element.get("text") or element["url"])
        case "user":
            user = team.users.get(element["user_id"])
            return f"@{user.shown if user else element['user_id']}"
        case "usergroup":
            group = team.usergroups.get(element["usergroup_id"])
            return f"@{group.handle if group else element['usergroup_id']}"
        case "channel":
            channel = team.channels.get(element["channel_id"])
            return f"#{channel.name if channel else element['channel_id']}"
        case "emoji":
            code = element.get("unicode")
            return "".join(chr(int(part, 16)) for part in code.split("-")) if code else f":{element['name']}:"
        case "broadcast":
            return f"@{element['range']}"
        case _:
            return str(element.get("fallback", ""))


def rich(team: Team, block: Json) -> Iterator[str]:
    """The lines of a rich text block."""
    for part in block["elements"]:
        if part["type"] == "rich_text_list":
            for item in part["elements"]:
                yield "• " + "".join(inline(team, element) for element in item["elements"])
        else:
            yield "".join(inline(team, element) for element in part["elements"])


def lines(team: Team, block: Json) -> Iterator[str]:
    """What a block shows, buttons and fields left out."""

    def words(text: Json) -> str:
        return unmarked(team, text["text"]) if text["type"] == "mrkdwn" else str(text["text"])

    match block["type"]:
        case "rich_text":
            yield from rich(team, block)
        case "context":
            yield " ".join(e["alt_text"] if e["type"] == "image" else words(e) for e in block["elements"])
        case "image":
            yield f"[picture: {block['alt_text']}]"
        case "markdown":
            yield str(block["text"])
        case "header" | "section":
            if block.get("text"):
                yield words(block["text"])
            yield from map(words, block.get("fields", []))


def elements(value: object) -> Iterator[Json]:
    """Every object inside blocks."""
    if isinstance(value, dict):
        yield value
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for inner in inside:
        yield from elements(inner)


@dataclass(frozen=True, slots=True)
class Control:
    """A button or another element that can be used."""

    label: str
    kind: str
    block_id: str
    element: Json

    @property
    def action_id(self) -> str:
        return str(self.element.get("action_id", ""))


def controls(blocks: list[Json]) -> list[Control]:
    """What can be pressed or chosen in blocks."""
    found = []
    for block in blocks:
        inside = block.get("elements", []) if block["type"] == "actions" else []
        inside = [*inside, *([block["accessory"]] if block.get("accessory") else [])]
        for element in inside:
            label = (element.get("text") or element.get("placeholder") or {}).get("text", "")
            found.append(Control(label, element["type"], block.get("block_id", ""), element))
    return found


@dataclass(frozen=True)
class MessageView:
    """One message on the screen; `state` is what the server holds of it."""

    server: SlackServer
    state: Message

    @property
    def ts(self) -> str:
        return self.state.ts

    @property
    def team(self) -> Team:
        return self.server.world.teams[self.state.user.team_id]

    @property
    def channel(self) -> ChannelHand:
        """Where it stands."""
        return self.server.place(self.state.channel_id)

    @property
    def link(self) -> str:
        """Its address."""
        return self.server.permalink(self.state)

    @property
    def exists(self) -> bool:
        """Whether it is still there."""
        if self.state.ephemeral_to:
            return self.state in self.server.ephemerals
        return self.channel.state.messages.get(self.ts) is self.state and self.state.subtype != "tombstone"

    @property
    def author(self) -> str:
        """The name that stands above it."""
        return self.state.user.shown

    @property
    def by_bot(self) -> bool:
        """Whether an app wrote it."""
        return self.state.by_app

    @property
    def text(self) -> str:
        """What it shows: its blocks, or its text where it has none."""
        if not self.state.blocks:
            return unmarked(self.team, self.state.text)
        return "\n".join(line for block in self.state.blocks for line in lines(self.team, block))

    @property
    def notification(self) -> str:
        """What a notification or a screen reader says."""
        return unmarked(self.team, self.state.text)

    @property
    def links(self) -> list[tuple[str, str]]:
        """Every link: the words that are shown, and where they lead."""
        found = [
            (str(e.get("text") or e["url"]), str(e["url"]))
            for e in elements(self.state.blocks)
            if e.get("type") == "link"
        ]
        marked = [str(e["text"]) for e in elements(self.state.blocks) if e.get("type") == "mrkdwn"]
        if not self.state.blocks:
            marked.append(self.state.text)
        return found + [(words or url, url) for text in marked for url, words in _LINK.findall(text)]

    @property
    def pings(self) -> list[str]:
        """Whom its blocks and its text would notify."""
        found = [e for e in elements(self.state.blocks) if e.get("type") in {"user", "usergroup", "broadcast"}]
        marked = [str(e["text"]) for e in elements(self.state.blocks) if e.get("type") == "mrkdwn"]
        texts = [self.state.text, *marked]
        return [inline(self.team, e) for e in found] + [m for text in texts for m in _PINGS.findall(text)]

    @property
    def buttons(self) -> list[str]:
        """The labels of its buttons."""
        return [control.label for control in controls(self.state.blocks) if control.kind == "button"]

    @property
    def replies(self) -> list[MessageView]:
        """What stands in its thread, oldest first."""
        return [MessageView(self.server, one) for one in self.channel.state.replies(self.ts)]

    @property
    def in_thread(self) -> bool:
        return self.state.is_reply

    @property
    def reactions(self) -> dict[str, int]:
        """How many of each emoji stand under it."""
        return {name: len(users) for name, users in self.state.reactions.items()}

    @property
    def files(self) -> dict[str, str]:
        """Its files: names with their alt texts."""
        return {one["name"]: one["alt_txt"] for one in self.state.files}

    @property
    def ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return self.state.ephemeral_to is not None

    def __repr__(self) -> str:
        buttons = "".join(f" [{label}]" for label in self.buttons)
        return f"<{self.author}: {self.text}{buttons}>"


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a form."""

    block_id: str
    action_id: str
    label: str
    kind: str
    required: bool
    value: str
    most: int
    options: tuple[tuple[str, str], ...]
    element: Json


@dataclass(frozen=True)
class Form:
    """A modal on the screen."""

    server: SlackServer
    view: View

    @property
    def title(self) -> str:
        return str(self.view.body["title"]["text"])

    @property
    def text(self) -> str:
        """What it says beside its fields."""
        return "\n".join(line for block in self.view.body["blocks"] for line in lines(self.view.team, block))

    @property
    def buttons(self) -> list[str]:
        return [control.label for control in controls(self.view.body["blocks"]) if control.kind == "button"]

    @property
    def fields(self) -> tuple[FormField, ...]:
        return tuple(_field(self.view, block) for block in self.view.body["blocks"] if block["type"] == "input")

    def field(self, name: str) -> FormField:
        """The field with this label, `action_id` or `block_id`."""
        for one in self.fields:
            if name in {one.label, one.action_id, one.block_id}:
                return one
        raise AssertionError(f"the form {self.title!r} has no field {name!r}, only {[f.label for f in self.fields]}")

    def __repr__(self) -> str:
        return f"<form {self.title!r}: {[field.label for field in self.fields]}>"


def _field(view: View, block: Json) -> FormField:
    element = block["element"]
    options = list(element.get("options") or [])
    options += [one for group in element.get("option_groups") or [] for one in group["options"]]
    initial = element.get("initial_option") or {}
    picked = (element.get(f"initial_{what}") for what in ("user", "conversation", "channel", "date", "time"))
    brought = element.get("initial_value") or initial.get("value", "") or next(filter(None, picked), "")
    return FormField(
        block["block_id"],
        element["action_id"],
        block["label"]["text"],
        element["type"],
        not block.get("optional", False),
        view.typed.get((block["block_id"], element["action_id"]), brought),
        element.get("max_length", 3000),
        tuple((option["text"]["text"], option["value"]) for option in options),
        element,
    )


@dataclass(frozen=True)
class Home:
    """Somebody's App Home."""

    server: SlackServer
    view: View

    @property
    def text(self) -> str:
        return "\n".join(line for block in self.view.body["blocks"] for line in lines(self.view.team, block))

    @property
    def buttons(self) -> list[str]:
        return [control.label for control in controls(self.view.body["blocks"]) if control.kind == "button"]


@dataclass(eq=False)
class Answer:
    """What somebody sees after something that she did: messages, a form, a changed message, or nothing."""

    server: SlackServer
    interaction: Interaction
    shown_before: int
    since: str
    source_before: tuple[str, list[Json]] | None = None
    _taken: int = 1

    @property
    def messages(self) -> list[MessageView]:
        """What the bot has shown her since: to her alone first, then what it wrote where she is."""
        it = self.interaction
        mine = [m for m in self.server.ephemerals[self.shown_before :] if m.ephemeral_to == it.user.id]
        aloud = [message for message in it.messages if not message.ephemeral_to]
        if it.began is None and it.channel:
            there = [m for m in it.channel.messages.values() if m.user is it.team.bot and m.ts > self.since]
            aloud += [message for message in there if message.thread_ts == it.thread_ts]
        return [MessageView(self.server, message) for message in [*mine, *aloud]]

    @property
    def changed(self) -> bool:
        """Whether the message whose button was pressed looks different now, or is gone."""
        source = self.interaction.source
        if source is None or self.source_before is None:
            return False
        return self.interaction.deleted_source or (source.text, source.blocks) != self.source_before

    @property
    def visible(self) -> bool:
        """Whether anything happened that she can see."""
        return bool(self.messages or self.interaction.opened or self.changed or self.errors)

    @property
    def message(self) -> MessageView:
        """The first message; where the pressed one was changed instead, that one."""
        if self.changed and self.interaction.source:
            return MessageView(self.server, self.interaction.source)
        if self.messages:
            return self.messages[0]
        raise AssertionError("the bot showed no message")

    @property
    def text(self) -> str:
        """The words of all its messages."""
        if self.changed:
            return self.message.text
        return "\n".join(message.text for message in self.messages)

    @property
    def buttons(self) -> list[str]:
        return self.message.buttons

    @property
    def ephemeral(self) -> bool:
        return self.message.ephemeral

    @property
    def form(self) -> Form:
        """The form that opened, or that stays open."""
        if self.interaction.opened is None:
            raise AssertionError(f"no form opened, but {self!r}")
        return Form(self.server, self.interaction.opened)

    @property
    def errors(self) -> dict[str, str]:
        """What a form says is wrong, by `block_id`."""
        answer = self.interaction.answer or {}
        return dict(answer.get("errors", {})) if answer.get("response_action") == "errors" else {}

    async def next(self, timeout: float = 5.0) -> MessageView:  # noqa: ASYNC109
        """Wait for one more message than there were when it was last asked."""
        await self.server.until(lambda: len(self.messages) > self._taken, timeout)
        self._taken += 1
        return self.messages[self._taken - 1]

    def __repr__(self) -> str:
        if self.interaction.opened is not None:
            return f"<{Form(self.server, self.interaction.opened)!r}>"
        return f"<answer {self.messages}>"

"""What people do: write, edit, delete, react, use commands, press, fill in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import happenings, payloads, slash
from .components import BUTTON, SELECT
from .gateway import MEMBERS
from .interactions import AUTOCOMPLETE, COMMAND, COMPONENT, DEFER, MODAL, Interaction
from .permissions import may
from .state import (
    ANNOUNCEMENT,
    ANNOUNCEMENT_THREAD,
    FORUM,
    PUBLIC_THREAD,
    REPLY,
    THREAD_STARTER,
    Channel,
    Guild,
    Json,
    Member,
    Message,
    Role,
    ThreadState,
    User,
)
from .views import Answer, Control, Form, MessageView

if TYPE_CHECKING:
    from .places import ChannelHand
    from .server import DiscordServer


@dataclass(frozen=True)
class MemberHand:
    """One person in one guild. What Discord would not let her do raises AssertionError."""

    server: DiscordServer
    guild: Guild
    state: Member

    @property
    def id(self) -> int:
        return self.state.user.id

    @property
    def user(self) -> User:
        return self.state.user

    @property
    def name(self) -> str:
        return self.state.nick or self.user.global_name or self.user.username

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def _needs(self, channel: Channel, *permissions: str) -> None:
        if not may(self.server.world, channel, self.id, *permissions):
            raise AssertionError(f"{self.name} may not {', '.join(permissions)} in {channel.name}")

    async def says(
        self,
        place: ChannelHand,
        text: str,
        *,
        reply_to: MessageView | None = None,
        files: Mapping[str, bytes] | None = None,
    ) -> MessageView:
        """Write into a channel or thread (an archived one wakes up)."""
        channel = place.state
        self._needs(channel, "view_channel", "send_messages")
        if channel.kind == FORUM:
            raise AssertionError("in a forum one opens a post: opens_thread")
        message = happenings.draft(self.server, channel, self.user, text)
        for name, data in (files or {}).items():
            self._attach(message, name, data)
        if reply_to:
            message.kind = REPLY
            message.reference = {"type": 0, "channel_id": str(channel.id), "message_id": str(reply_to.id)}
            message.reference["guild_id"] = str(self.guild.id)
        return MessageView(self.server, happenings.post(self.server, message))

    def _attach(self, message: Message, name: str, data: bytes) -> None:
        file_id = self.server.world.snowflake()
        self.server.world.files[file_id] = data
        kind = "image/png" if name.endswith(".png") else "text/plain"
        attachment = payloads.attachment(self.server.url, message.channel_id, file_id, name, data, kind)
        message.attachments.append(attachment)

    async def says_privately(self, text: str) -> MessageView:
        """Write the bot a direct message."""
        return MessageView(
            self.server,
            happenings.post(
                self.server, happenings.draft(self.server, self.server.world.direct(self.user), self.user, text)
            ),
        )

    def inbox(self) -> list[MessageView]:
        """The direct messages between her and the bot."""
        return self.server.place(self.server.world.direct(self.user).id).visible()

    def closes_direct_messages(self) -> None:
        """Take no more direct messages."""
        self.user.dms_open = False

    async def opens_thread(
        self, place: ChannelHand | MessageView, name: str, text: str = "", tags: tuple[str, ...] = ()
    ) -> ChannelHand:
        """Open a thread under a message, in a channel, or as a forum post with its first words."""
        start = place.state if isinstance(place, MessageView) else None
        parent = self.server.world.channels[start.channel_id] if start else self.server.world.channels[place.id]
        self._needs(parent, "view_channel", "send_messages" if parent.kind == FORUM else "create_public_threads")
        now = self.server.world.now()
        state = ThreadState(self.id, now, now, parent.auto_archive)
        state.applied_tags = [int(tag["id"]) for tag in parent.tags if tag["name"] in tags]
        kind = ANNOUNCEMENT_THREAD if parent.kind == ANNOUNCEMENT else PUBLIC_THREAD
        thread_id = start.id if start else self.server.world.snowflake()
        thread = Channel(thread_id, kind, name, parent.guild_id, parent.id, thread=state)
        happenings.open_thread(self.server, thread, self.user)
        if start:
            starter = happenings.draft(self.server, thread, start.author, "", kind=THREAD_STARTER)
            starter.reference = {"type": 0, "channel_id": str(parent.id), "message_id": str(start.id)}
            thread.messages[starter.id] = starter
            happenings.changed(self.server, start)
        if text:
            first = happenings.draft(self.server, thread, self.user, text)
            first.id = thread.id if parent.kind == FORUM else first.id
            happenings.post(self.server, first)
        return self.server.place(thread.id)

    async def edits(self, message: MessageView, text: str) -> None:
        """Change her own message."""
        if message.state.author is not self.user:
            raise AssertionError(f"{self.name} cannot edit what {message.author} wrote")
        happenings.edit(self.server, message.state, text)

    async def deletes(self, *messages: MessageView) -> None:
        """Delete her own messages, others' with the permission; several at once are one bulk deletion."""
        for message in messages:
            if message.state.author is not self.user:
                self._needs(self.server.world.channels[message.state.channel_id], "manage_messages")
        happenings.delete(self.server, [message.state for message in messages])

    async def reacts(self, message: MessageView, emoji: str, *, burst: bool = False) -> None:
        """Put a reaction, or a super reaction, under a message."""
        self._needs(self.server.world.channels[message.state.channel_id], "read_message_history", "add_reactions")
        happenings.react(self.server, message.state, self.user, emoji, burst=burst)

    async def unreacts(self, message: MessageView, emoji: str, *, burst: bool = False) -> None:
        """Take her reaction, or super reaction, away."""
        happenings.unreact(self.server, message.state, self.user, emoji, burst=burst)

    async def clears_reactions(self, message: MessageView, emoji: str | None = None) -> None:
        """As a moderator, take all reactions (or all with one emoji) away."""
        self._needs(self.server.world.channels[message.state.channel_id], "manage_messages")
        happenings.clear_reactions(self.server, message.state, emoji)

    def is_given(self, role: Role) -> None:
        """Get a role."""
        self.state.roles.append(role.id)
        self._changed()

    def is_called(self, nick: str | None) -> None:
        """Get another nickname in this guild."""
        self.state.nick = nick
        self._changed()

    def _changed(self) -> None:
        data = {**payloads.member(self.state), "guild_id": str(self.guild.id)}
        # A bot hears of itself, whatever its intents.
        wanted = 0 if self.user is self.server.bot else MEMBERS
        self.server.gateway.dispatch("GUILD_MEMBER_UPDATE", data, self.guild, intents=wanted)

    def leaves(self) -> None:
        """Leave the guild."""
        del self.guild.members[self.id]
        data = {"guild_id": str(self.guild.id), "user": payloads.user(self.user)}
        self.server.gateway.dispatch("GUILD_MEMBER_REMOVE", data, self.guild, intents=MEMBERS)

    async def uses(self, line: str, place: ChannelHand | None = None, /, **options: Any) -> Answer:
        """Use a slash command with typed options; wait for what she sees.

        Options may be text, numbers, truth values, or a member, channel or role, or a file's name and bytes;
        a choice by its name or value.
        """
        channel = self._where(place)
        data = slash.filled(self.server, self.guild, self.state, line, options)
        return await self._answered(self.server.interactions.begin(COMMAND, self.user, channel, data))

    async def types(self, line: str, place: ChannelHand | None = None, /, **options: Any) -> dict[str, Any]:
        """Type into a command's last named option; return what autocomplete offers: names and their values."""
        channel = self._where(place)
        data = slash.typed(self.server, self.guild, self.state, line, options)
        it = self.server.interactions.begin(AUTOCOMPLETE, self.user, channel, data)
        await self._done(it)
        return {choice["name"]: choice["value"] for choice in it.choices or []}

    async def invokes_menu(self, name: str, message: MessageView) -> Answer:
        """Use a command of a message's context menu."""
        channel = self.server.world.channels[message.state.channel_id]
        command = slash.find(self.server, self.guild, name, kind=3)
        shown = payloads.message(self.server.world, message.state, self.server.bot.id)
        data: Json = {
            "id": command["id"],
            "name": name,
            "type": 3,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): shown}},
        }
        return await self._answered(self.server.interactions.begin(COMMAND, self.user, channel, data))

    async def presses(self, message: MessageView | Answer, label: str) -> Answer:
        """Press a button by its label (or custom id)."""
        view, control = self._control(message, label)
        if control.kind != BUTTON or control.url:
            raise AssertionError(f"{label!r} is no button that tells the bot anything")
        data = {"custom_id": control.custom_id, "component_type": BUTTON, "id": 1}
        return await self._component(view, data)

    async def chooses(self, message: MessageView | Answer, label: str, *choices: str) -> Answer:
        """Choose options of a select by their labels (or values)."""
        view, control = self._control(message, label)
        known = {**{value: value for _, value in control.options}, **dict(control.options)}
        missing = [choice for choice in choices if choice not in known]
        if control.kind != SELECT or missing:
            raise AssertionError(f"{label!r} does not offer {missing}, only {[name for name, _ in control.options]}")
        values = [known[choice] for choice in choices]
        return await self._component(view, {"custom_id": control.custom_id, "component_type": SELECT, "values": values})

    def _control(self, message: MessageView | Answer, label: str) -> tuple[MessageView, Control]:
        view = message.message if isinstance(message, Answer) else message
        if not view.exists or view.state.ephemeral_to not in {None, self.id}:
            raise AssertionError(f"{self.name} does not see this message")
        for control in view.controls:
            if label in {control.label, control.custom_id}:
                if control.disabled:
                    raise AssertionError(f"{label!r} is disabled")
                return view, control
        raise AssertionError(f"no {label!r} under the message, only {[control.label for control in view.controls]}")

    async def _component(self, view: MessageView, data: Json) -> Answer:
        channel = self.server.world.channels[view.state.channel_id]
        return await self._answered(
            self.server.interactions.begin(COMPONENT, self.user, channel, data, source=view.state)
        )

    async def submits(self, form: Form | Answer, values: Mapping[str, Any] | None = None, /, **named: Any) -> Answer:
        """Fill in a form, by custom ids or labels, and send it; what is not named keeps what the form brought."""
        sheet = form.form if isinstance(form, Answer) else form
        wanted = {sheet.field(name).custom_id: value for name, value in {**(values or {}), **named}.items()}
        modal = sheet.interaction.modal
        assert modal is not None
        components = slash.form_values(sheet, modal["components"], wanted)
        data = {"custom_id": sheet.custom_id, "components": components}
        before = sheet.interaction
        it = self.server.interactions.begin(MODAL, self.user, before.channel, data, source=before.source)
        return await self._answered(it)

    def _where(self, place: ChannelHand | None) -> Channel:
        channel = place.state if place else next((c for c in self.guild.channels.values() if c.kind in {0, 5}), None)
        if channel is None:
            raise AssertionError("the guild has no text channel to use a command in")
        self._needs(channel, "view_channel", "use_application_commands")
        return channel

    async def _answered(self, it: Interaction) -> Answer:
        await self._done(it)
        return Answer(self.server, it)

    async def _done(self, it: Interaction) -> None:
        wanted = "an answer after thinking" if it.answered == DEFER else "an answer"
        try:
            await self.server.until(lambda: it.settled, self.server.patience)
        except AssertionError:
            raise AssertionError(f"The application did not respond: {self.name} waits for {wanted}") from None

"""Guilds and channels in a test's hands: made, looked at, and what can happen to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import happenings, payloads
from .gateway import MEMBERS, MESSAGES
from .hands import MemberHand
from .permissions import bits
from .state import ANNOUNCEMENT, CATEGORY, FORUM, TEXT, Channel, Guild, Member, Overwrite, Role
from .views import MessageView

if TYPE_CHECKING:
    from .server import DiscordServer

REQUIRES_TAG = 1 << 4


@dataclass(frozen=True)
class ChannelHand:
    """A channel, forum, thread or direct-message channel."""

    server: DiscordServer
    state: Channel

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def mention(self) -> str:
        return f"<#{self.state.id}>"

    @property
    def exists(self) -> bool:
        return self.state.id in self.server.world.channels

    @property
    def archived(self) -> bool:
        return bool(self.state.thread and self.state.thread.archived)

    @property
    def tags(self) -> list[str]:
        """The names of a forum post's tags."""
        applied = {str(tag) for tag in self.state.thread.applied_tags} if self.state.thread else set()
        parent = self.server.world.channels[self.state.parent_id or 0]
        return [tag["name"] for tag in parent.tags if tag["id"] in applied]

    def visible(self) -> list[MessageView]:
        """What a human sees in it, oldest first; the invisible starter of a thread is left out."""
        ordered = [self.state.messages[key] for key in sorted(self.state.messages)]
        return [MessageView(self.server, message) for message in ordered if message.kind != 21]

    def threads(self) -> list[ChannelHand]:
        """Its threads or forum posts, oldest first, archived ones too."""
        found = [c for c in self.server.world.channels.values() if c.thread and c.parent_id == self.state.id]
        return [ChannelHand(self.server, thread) for thread in sorted(found, key=lambda t: t.id)]

    async def message(self, containing: str = "", timeout: float = 5.0) -> MessageView:  # noqa: ASYNC109
        """Wait for the newest message whose words or embeds contain this."""

        def found() -> MessageView | None:
            return next((m for m in reversed(self.visible()) if containing in m.everything), None)

        result = await self.server.until(found, timeout)
        assert result is not None
        return result

    def allow_bot(self, *permissions: str) -> None:
        """Let the bot do this here, whatever its roles say."""
        self._overwrite(self.server.bot.id, 1, allow=bits(*permissions), deny=0)

    def deny_bot(self, *permissions: str) -> None:
        """Take this from the bot here."""
        self._overwrite(self.server.bot.id, 1, allow=0, deny=bits(*permissions))

    def deny_everyone(self, *permissions: str) -> None:
        """Take this from @everyone here (the bot's own role does not help it: allow it again where it should)."""
        self._overwrite(self.state.guild_id or 0, 0, allow=0, deny=bits(*permissions))

    def _overwrite(self, target: int, kind: int, *, allow: int, deny: int) -> None:
        seen_before = self.server.bot_may(self.state, "view_channel")
        before = self.state.overwrites.get(target, Overwrite(kind))
        after = replace(before, allow=before.allow & ~deny | allow, deny=before.deny & ~allow | deny)
        self.state.overwrites[target] = after
        happenings.update_channel(self.server, self.state)
        if not seen_before and self.server.bot_may(self.state, "view_channel"):
            happenings.sync_threads(self.server, self.state)

    def delete(self) -> None:
        """Somebody deletes it."""
        happenings.delete_channel(self.server, self.state)

    def archive(self, *, locked: bool = False) -> None:
        """Discord (or a moderator) archives the thread."""
        happenings.update_thread(self.server, self.state, archived=True, locked=locked)

    def lock(self, *, locked: bool = True) -> None:
        """Lock the thread, which stays open to read, or unlock it."""
        happenings.update_thread(self.server, self.state, archived=False, locked=locked)

    def rename(self, name: str) -> None:
        """Somebody renames it."""
        self.state.name = name
        happenings.update_channel(self.server, self.state)

    def clear(self) -> None:
        """A moderator deletes all its messages at once."""
        happenings.delete(self.server, list(self.state.messages.values()))

    def webhook_says(self, text: str, name: str = "Webhook") -> MessageView:
        """A webhook posts here."""
        author = self.server.world.user(name, bot=True)
        message = happenings.draft(self.server, self.state, author, text)
        message.webhook_id = author.id
        return MessageView(self.server, happenings.post(self.server, message))

    def system_says(self, kind: int, text: str = "") -> MessageView:
        """A system message appears: 6 somebody pinned, 7 somebody joined, 8 somebody boosted …"""
        guild = self.server.world.guilds[self.state.guild_id or 0]
        message = happenings.draft(self.server, self.state, self.server.world.users[guild.owner_id], text, kind=kind)
        return MessageView(self.server, happenings.post(self.server, message))


@dataclass(frozen=True)
class GuildHand:
    """A guild."""

    server: DiscordServer
    state: Guild

    @property
    def id(self) -> int:
        return self.state.id

    @property
    def owner(self) -> MemberHand:
        """Who made it; may do everything."""
        return MemberHand(self.server, self.state, self.state.members[self.state.owner_id])

    @property
    def bot_role(self) -> Role:
        """The bot's own role."""
        return self.state.roles[self.state.members[self.server.bot.id].roles[0]]

    def text(self, name: str = "reading", topic: str | None = None) -> ChannelHand:
        """A new text channel."""
        return self._channel(name, TEXT, topic)

    def announcement(self, name: str = "announcements") -> ChannelHand:
        """A new announcement channel."""
        return self._channel(name, ANNOUNCEMENT)

    def category(self, name: str = "category") -> ChannelHand:
        """A new category."""
        return self._channel(name, CATEGORY)

    def forum(self, name: str = "rounds", tags: tuple[str, ...] = (), *, requires_tag: bool = False) -> ChannelHand:
        """A new forum with these tags."""
        hand = self._channel(name, FORUM)
        blank = {"moderated": False, "emoji_id": None, "emoji_name": None}
        hand.state.tags += [{"id": str(self.server.world.snowflake()), "name": tag, **blank} for tag in tags]
        hand.state.flags = REQUIRES_TAG if requires_tag else 0
        if tags or requires_tag:
            happenings.update_channel(self.server, hand.state)
        return hand

    def _channel(self, name: str, kind: int, topic: str | None = None) -> ChannelHand:
        channel = self.server.new_channel(self.state, name, kind, topic)
        return ChannelHand(self.server, happenings.create_channel(self.server, channel))

    def role(self, name: str, *permissions: str, mentionable: bool = False) -> Role:
        """A new role."""
        role = Role(self.server.world.snowflake(), name, bits(*permissions), 1, mentionable)
        self.state.roles[role.id] = role
        happenings.update_role(self.server, self.state, role, "GUILD_ROLE_CREATE")
        return role

    def member(self, name: str, *roles: Role, bot: bool = False) -> MemberHand:
        """Somebody new joins (a person who is elsewhere too: `let_in`)."""
        world = self.server.world
        return self._join(Member(world.user(name, bot=bot), world.now(), roles=[role.id for role in roles]))

    def let_in(self, person: MemberHand) -> MemberHand:
        """Somebody from another guild joins this one too, or one who left comes back."""
        return self._join(Member(person.user, self.server.world.now()))

    def _join(self, member: Member) -> MemberHand:
        self.state.members[member.user.id] = member
        data = {**payloads.member(member), "guild_id": str(self.state.id)}
        self.server.gateway.dispatch("GUILD_MEMBER_ADD", data, self.state, intents=MEMBERS)
        return MemberHand(self.server, self.state, member)

    def bot_loses(self, *permissions: str) -> None:
        """Take permissions from the bot's role and from @everyone."""
        for role in (self.bot_role, self.state.everyone):
            role.permissions &= ~bits(*permissions)
            happenings.update_role(self.server, self.state, role)

    def bot_gains(self, *permissions: str) -> None:
        """Give permissions to the bot's role."""
        self.bot_role.permissions |= bits(*permissions)
        happenings.update_role(self.server, self.state, self.bot_role)

    def bot_is_given(self, role: Role) -> None:
        """Give the bot one more role."""
        MemberHand(self.server, self.state, self.state.members[self.server.bot.id]).is_given(role)

    def kick_bot(self) -> None:
        """Somebody kicks the bot."""
        self.server.bot_leaves(self.state)

    def invite_bot(self) -> None:
        """Somebody invites the bot (again)."""
        self.server.bot_joins(self.state)

    def go_unavailable(self) -> None:
        """Discord has an outage for this guild."""
        data = {"id": str(self.state.id), "unavailable": True}
        self.server.gateway.dispatch("GUILD_DELETE", data, self.state, intents=1)
        self.state.available = False

    def come_back(self) -> None:
        """The outage is over."""
        self.state.available = True
        for session in self.server.gateway.sessions.values():
            if session.hears(self.state) and session.intents & MESSAGES:
                told = self.server.gateway.guild_create(session, self.state)
                session.dispatch("GUILD_CREATE", {**told, "unavailable": False})

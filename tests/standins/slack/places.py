"""Workspaces and channels in a test's hands: made, looked at, and what can happen to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import happenings, payloads
from .hands import MemberHand
from .state import DIRECT, PRIVATE, PUBLIC, Channel, Team, User, Usergroup
from .views import MessageView

if TYPE_CHECKING:
    from .server import SlackServer


@dataclass(frozen=True)
class ChannelHand:
    """A channel."""

    server: SlackServer
    state: Channel

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.name

    @property
    def mention(self) -> str:
        return f"<#{self.state.id}>"

    @property
    def team(self) -> Team:
        return self.server.world.team_of(self.state)

    def everything(self) -> list[MessageView]:
        """Every message in it, replies too, oldest first; tombstones are left out."""
        ordered = sorted(self.state.messages.values(), key=lambda message: message.ts)
        return [MessageView(self.server, message) for message in ordered if message.subtype != "tombstone"]

    def visible(self) -> list[MessageView]:
        """What stands in the channel itself, oldest first."""
        shown = self.everything()
        return [one for one in shown if not one.in_thread or one.state.subtype == "thread_broadcast"]

    async def message(self, containing: str = "", timeout: float = 5.0) -> MessageView:  # noqa: ASYNC109
        """Wait for the newest message, replies too, that shows this."""

        def found() -> MessageView | None:
            return next((one for one in reversed(self.everything()) if containing in one.text), None)

        result = await self.server.until(found, timeout)
        assert result is not None
        return result

    def archive(self) -> None:
        """An admin archives it."""
        happenings.tell_of_channel(self.server, self.state, "archive", self._owner, {"is_moved": 0})
        self.state.archived = True

    def unarchive(self) -> None:
        """An admin takes it back from the archive."""
        self.state.archived = False
        happenings.tell_of_channel(self.server, self.state, "unarchive", self._owner)

    def delete(self) -> None:
        """An admin deletes it."""
        happenings.tell_of_channel(self.server, self.state, "deleted", self._owner)
        del self.team.channels[self.id]

    def rename(self, name: str) -> None:
        """Somebody renames it."""
        self.state.name = name
        told = {**payloads.conversation(self.state, self._owner), "name": name}
        happenings.tell_of_channel(self.server, self.state, "rename", self._owner, {"channel": told})

    def share(self) -> None:
        """Somebody begins to share it, though private, with another workspace: it gets another id for good."""
        old, new = self.id, self.server.world.id("C")
        del self.team.channels[old]
        self.state.id = new
        self.team.channels[new] = self.state
        for message in self.state.messages.values():
            message.channel_id = new
        told = {"type": "channel_id_changed", "old_channel_id": old, "new_channel_id": new}
        self.server.events.tell(self.team, told, self.state)

    def restrict_posting(self) -> None:
        """Only some may post here, and the bot is not among them."""
        self.state.posting_restricted = True

    def remove_bot(self) -> None:
        """Somebody removes the bot."""
        assert self.team.bot is not None
        happenings.leave(self.server, self.state, self.team.bot, removed_by=self._owner)

    def invite_bot(self) -> None:
        """Somebody invites the bot."""
        assert self.team.bot is not None
        happenings.join(self.server, self.state, self.team.bot, self._owner)

    @property
    def _owner(self) -> User:
        return next(user for user in self.team.users.values() if user.is_owner)


@dataclass(frozen=True)
class TeamHand:
    """A workspace."""

    server: SlackServer
    state: Team

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def bot(self) -> User:
        assert self.state.bot is not None
        return self.state.bot

    @property
    def bot_mention(self) -> str:
        """What stands in a text that mentions the bot."""
        return f"<@{self.bot.id}>"

    @property
    def token(self) -> str:
        """The newest bot token of this workspace."""
        return [token.value for token in self.server.world.tokens.values() if token.team is self.state][-1]

    @property
    def owner(self) -> MemberHand:
        """Who made it; may do everything."""
        return MemberHand(self.server, self.state, next(u for u in self.state.users.values() if u.is_owner))

    def channel(self, name: str = "reading", *, private: bool = False, bot_inside: bool = True) -> ChannelHand:
        """A new channel with everybody who is there, and the bot."""
        kind, world = PRIVATE if private else PUBLIC, self.server.world
        channel = Channel(world.id("C"), self.id, name, kind, self.owner.id, world.seconds())
        channel.members = [user.id for user in self.state.users.values() if bot_inside or user is not self.state.bot]
        self.state.channels[channel.id] = channel
        return ChannelHand(self.server, channel)

    def between(self, *people: MemberHand) -> ChannelHand:
        """The direct messages between people, of which the bot knows nothing."""
        world = self.server.world
        channel = Channel(world.id("D"), self.id, "", DIRECT, people[0].id, world.seconds())
        channel.members = [one.id for one in people]
        self.state.channels[channel.id] = channel
        return ChannelHand(self.server, channel)

    def member(self, name: str, *, admin: bool = False, display_name: str = "") -> MemberHand:
        """Somebody new, in every channel that there is."""
        user = User(self.server.world.id("U"), self.id, name.lower().replace(" ", "."), name, display_name)
        user.is_admin, user.updated = admin, self.server.world.seconds()
        self.state.users[user.id] = user
        for channel in self.state.channels.values():
            if channel.kind in {PUBLIC, PRIVATE}:
                channel.members.append(user.id)
        self.server.events.tell(self.state, {"type": "team_join", "user": payloads.user(user, self.state)})
        return MemberHand(self.server, self.state, user)

    def other_bot(self, name: str) -> MemberHand:
        """Another app's bot, in every channel that there is."""
        hand = self.member(name)
        hand.state.bot_id = self.server.world.id("B")
        return hand

    def usergroup(self, handle: str, *people: MemberHand) -> Usergroup:
        """A user group of these people."""
        group = Usergroup(self.server.world.id("S"), handle, handle.title(), [one.id for one in people])
        self.state.usergroups[group.id] = group
        return group

    def lacks(self, *scopes: str) -> None:
        """The installation was made before the app asked for these scopes."""
        for token in self.server.world.tokens.values():
            if token.team is self.state:
                token.scopes = tuple(scope for scope in token.scopes if scope not in scopes)

    def refuse_token(self, error: str = "invalid_auth") -> None:
        """The bot's tokens stop working: `invalid_auth`, `token_revoked`, `account_inactive`."""
        for token in self.server.world.tokens.values():
            if token.team is self.state:
                token.refused = error

    def accept_token(self) -> None:
        """The bot's tokens work again."""
        for token in self.server.world.tokens.values():
            if token.team is self.state:
                token.refused = None

    def uninstall(self, *, told: bool = True) -> None:
        """An admin removes the app; Slack tells the app of it, or has given up to."""
        self.server.uninstalled(self.state, told=told)

    def install(self) -> str:
        """An admin installs the app (again) from its settings page; return the new token."""
        return self.server.install(self.state, self.server.app.scopes).value

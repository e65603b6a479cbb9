"""What people do: write, edit, delete, react, use commands, press, fill in, open the App Home, install the app."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import aiohttp
import yarl

from . import api_apps, happenings, payloads
from .interactions import Interaction
from .state import DIRECT, Channel, Json, Message, Team, User
from .typing_in import command_text, form_state
from .views import Answer, Control, Form, Home, MessageView, controls

if TYPE_CHECKING:
    from .places import ChannelHand
    from .server import SlackServer


@dataclass(frozen=True)
class MemberHand:
    """One person in one workspace. What Slack would not let her do raises AssertionError."""

    server: SlackServer
    team: Team
    state: User

    @property
    def id(self) -> str:
        return self.state.id

    @property
    def name(self) -> str:
        return self.state.shown

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def _inside(self, channel: Channel) -> Channel:
        if self.id not in channel.members:
            raise AssertionError(f"{self.name} is not in {channel.name}")
        if channel.archived:
            raise AssertionError(f"{channel.name} is archived")
        if channel.kind == DIRECT and self.team.bot and self.team.bot.id in channel.members:
            assert self.server.app.takes_messages, "Slack says: Sending messages to this app has been turned off."
        return channel

    def joins(self, place: ChannelHand) -> None:
        """Join a channel."""
        happenings.join(self.server, place.state, self.state)

    def leaves(self, place: ChannelHand) -> None:
        """Leave a channel."""
        happenings.leave(self.server, place.state, self.state)

    async def says(
        self,
        place: ChannelHand | MessageView,
        text: str,
        *,
        also_in_channel: bool = False,
        plainly: bool = False,
        files: Mapping[str, bytes] | None = None,
    ) -> MessageView:
        """Write in a channel, or below a message: then it is a reply in that message's thread.

        `plainly` keeps marks and emoji's names as they are typed.
        """
        channel, thread_ts = self._where(place)
        self._inside(channel)
        message = happenings.typed(self.server, channel, self.state, text, thread_ts, plainly=plainly)
        if self.state.bot_id:
            message.by_app, message.client_msg_id = True, None
        for name, data in (files or {}).items():
            it = payloads.file(self.server.world, self.server.url, self.state, name, data, name, "")
            message.files.append(it)
        happenings.post(self.server, channel, message, broadcast=also_in_channel)
        return MessageView(self.server, message)

    def _where(self, place: ChannelHand | MessageView) -> tuple[Channel, str | None]:
        if isinstance(place, MessageView):
            return place.channel.state, place.state.thread_ts or place.ts
        return place.state, None

    def inbox(self) -> list[MessageView]:
        """The direct messages between her and the bot."""
        return self.server.direct(self.team, self.state).visible()

    def whispers(self) -> list[MessageView]:
        """What was shown to her alone, oldest first."""
        return [MessageView(self.server, one) for one in self.server.ephemerals if one.ephemeral_to == self.id]

    async def edits(self, message: MessageView, text: str) -> None:
        """Change her own message."""
        if message.state.user is not self.state:
            raise AssertionError(f"{self.name} cannot edit what {message.author} wrote")
        happenings.edit(self.server, message.channel.state, message.state, text)

    async def deletes(self, message: MessageView) -> None:
        """Delete her own message; admins may delete every message."""
        if message.state.user is not self.state and not self.state.is_admin:
            raise AssertionError(f"{self.name} may not delete what {message.author} wrote")
        happenings.delete(self.server, message.channel.state, message.state)

    async def reacts(self, message: MessageView, name: str) -> None:
        """Put a reaction under a message, by its name: `+1`, `thumbsdown::skin-tone-3`."""
        channel = self._inside(message.channel.state)
        happenings.react(self.server, channel, message.state, self.state, name, present=True)

    async def unreacts(self, message: MessageView, name: str) -> None:
        """Take her reaction away."""
        happenings.react(self.server, message.channel.state, message.state, self.state, name, present=False)

    def is_called(self, display_name: str) -> None:
        """Change the name that she is shown with."""
        self.state.display_name = display_name
        self.state.updated = self.server.world.seconds()
        told = {"type": "user_change", "user": payloads.user(self.state, self.team)}
        self.server.events.tell(self.team, told | {"cache_ts": self.server.world.seconds()})

    async def uses(self, line: str, place: ChannelHand, *, quietly: bool = False) -> Answer:
        """Use a slash command in a channel; wait for what she sees, or, `quietly`, only until it was accepted.

        Slack offers none inside threads. Accounts and channels are typed as `@name` and `#name`.
        """
        command, _, text = line.partition(" ")
        if command not in self.server.app.commands:
            raise AssertionError(f"Slack says: {command} is not a valid command.")
        channel = self._inside(place.state)
        it = Interaction(self.state, self.team, channel)
        escape = self.server.app.commands[command]
        payload = {
            "token": self.server.app.verification_token,
            "team_id": self.team.id,
            "team_domain": self.team.domain,
            "channel_id": channel.id,
            "channel_name": payloads.channel_name(channel),
            "user_id": self.id,
            "user_name": self.state.name,
            "command": command,
            "text": command_text(self.team, text.strip(), escape=escape),
            "api_app_id": self.server.app.id,
            "is_enterprise_install": "false",
            "response_url": self.server.interactions.response_url(it),
            "trigger_id": self.server.interactions.trigger(it),
        }
        return await self._answered(it, "slash_commands", payload, quietly=quietly)

    async def asks(self, place: ChannelHand | MessageView, words: str) -> Answer:
        """Mention the bot in a channel or a thread with these words; wait for what she sees."""
        assert self.team.bot is not None
        channel, thread_ts = self._where(place)
        answer = self._answer(Interaction(self.state, self.team, channel, thread_ts))
        said = await self.says(place, f"<@{self.team.bot.id}> {words}")
        answer.since = said.ts
        await self._sees(answer)
        return answer

    async def presses(self, where: MessageView | Answer | Home | Form, label: str, *, quietly: bool = False) -> Answer:
        """Press a button by its label (or `action_id`)."""
        if isinstance(where, Answer):
            where = where.message if where.interaction.opened is None else where.form
        control = self._control(where, label)
        if control.kind != "button":
            raise AssertionError(f"{label!r} is no button")
        return await self._acts(where, control, {"value": control.element.get("value")}, quietly=quietly)

    async def chooses(self, where: MessageView | Answer | Home | Form, label: str, option: str) -> Answer:
        """Choose an option of a select by its label (or value)."""
        if isinstance(where, Answer):
            where = where.message if where.interaction.opened is None else where.form
        control = self._control(where, label)
        options = [one for one in control.element["options"] if option in {one["text"]["text"], one["value"]}]
        if not options:
            raise AssertionError(f"{label!r} does not offer {option!r}")
        return await self._acts(where, control, {"selected_option": options[0]}, quietly=False)

    def _control(self, where: MessageView | Home | Form, label: str) -> Control:
        if isinstance(where, MessageView) and (not where.exists or where.state.ephemeral_to not in {None, self.id}):
            raise AssertionError(f"{self.name} does not see this message")
        there = where.state.blocks if isinstance(where, MessageView) else where.view.body["blocks"]
        for control in controls(there):
            if label in {control.label, control.action_id}:
                return control
        raise AssertionError(f"there is no {label!r}, only {[control.label for control in controls(there)]}")

    async def _acts(self, where: MessageView | Home | Form, control: Control, value: Json, *, quietly: bool) -> Answer:
        it = Interaction(self.state, self.team)
        interactions = self.server.interactions
        action = {
            k: v for k, v in control.element.items() if k in {"action_id", "text", "type", "style", "placeholder"}
        }
        action |= {"block_id": control.block_id, "action_ts": self.server.world.ts()}
        action |= {key: one for key, one in value.items() if one is not None}
        if isinstance(where, MessageView):
            message = where.state
            it.channel, it.source = where.channel.state, message
            it.thread_ts = message.thread_ts if message.is_reply else None
            payload = interactions.common(it, "block_actions") | self._message_context(it, message)
            payload["response_url"] = interactions.response_url(it, "actions")
        else:
            it.view = where.view
            shown = payloads.view(self.server.app, where.view)
            payload = interactions.common(it, "block_actions")
            payload |= {"container": {"type": "view", "view_id": where.view.id}, "view": shown}
        payload |= {"state": {"values": {}}, "actions": [action]}
        return await self._answered(it, "interactive", payload, quietly=quietly)

    def _message_context(self, it: Interaction, message: Message) -> Json:
        assert it.channel is not None
        container: Json = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": it.channel.id,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.is_reply:
            container["thread_ts"] = message.thread_ts
        shown = payloads.with_thread(self.server.app, it.channel, message)
        context: Json = {
            "container": container,
            "channel": {"id": it.channel.id, "name": payloads.channel_name(it.channel)},
        }
        # An ephemeral message is not kept, so Slack cannot hand it over again.
        return context if message.ephemeral_to else context | {"message": shown}

    async def submits(
        self, form: Form | Answer, values: Mapping[str, Any] | None = None, /, *, quietly: bool = False, **named: Any
    ) -> Answer:
        """Fill in a form, by labels or ids, and send it; what is not named keeps what the form brought."""
        sheet = form.form if isinstance(form, Answer) else form
        if not sheet.view.open:
            raise AssertionError(f"the form {sheet.title!r} is closed")
        filled = form_state(self.server, self.state, sheet, {**(values or {}), **named})
        it = Interaction(self.state, self.team, self._around(form), view=sheet.view)
        payload = self.server.interactions.common(it, "view_submission")
        shown = payloads.view(self.server.app, sheet.view) | {"state": {"values": filled}}
        payload |= {"view": shown, "response_urls": []}
        return await self._answered(it, "interactive", payload, quietly=quietly)

    def _around(self, form: Form | Answer) -> Channel | None:
        return form.interaction.channel if isinstance(form, Answer) else None

    async def invokes_shortcut(self, name: str, message: MessageView, *, quietly: bool = False) -> Answer:
        """Use a message shortcut from the menu of a message."""
        if name not in self.server.app.shortcuts:
            raise AssertionError(f"there is no shortcut {name!r}, only {list(self.server.app.shortcuts)}")
        it = Interaction(self.state, self.team, self._inside(message.channel.state))
        it.thread_ts = message.state.thread_ts
        payload = self.server.interactions.common(it, "message_action") | self._message_context(it, message.state)
        del payload["container"]
        payload |= {
            "callback_id": self.server.app.shortcuts[name],
            "action_ts": self.server.world.ts(),
            "message_ts": message.ts,
            "response_url": self.server.interactions.response_url(it, "app"),
        }
        return await self._answered(it, "interactive", payload, quietly=quietly)

    async def looks_up(self, form: Form | Answer, field: str, typed: str) -> list[tuple[str, str]]:
        """Type into a select whose options the app looks up, and return what it suggests: labels and values."""
        sheet = form.form if isinstance(form, Answer) else form
        found = sheet.field(field)
        it = Interaction(self.state, self.team, view=sheet.view)
        payload = self.server.interactions.common(it, "block_suggestion")
        shown = payloads.view(self.server.app, sheet.view)
        payload |= {"container": {"type": "view", "view_id": sheet.view.id}, "view": shown, "value": typed}
        payload |= {"action_id": found.action_id, "block_id": found.block_id}
        await self.server.interactions.send(it, "interactive", payload)
        options = (it.answer or {}).get("options", [])
        assert all(len(one["text"]["text"]) <= 75 and len(one["value"]) <= 150 for one in options), options
        return [(one["text"]["text"], one["value"]) for one in options]

    async def opens_home(self, timeout: float = 5.0) -> Home:  # noqa: ASYNC109
        """Open the App Home; wait until the bot has drawn it."""
        key, homes = (self.team.id, self.id), self.server.world.homes
        before = homes[key].version if key in homes else 0
        channel = happenings.direct(self.server, self.team, self.state)
        told: Json = {"type": "app_home_opened", "user": self.id, "channel": channel.id, "tab": "home"}
        if key in homes:
            told["view"] = payloads.view(self.server.app, homes[key])
        self.server.events.tell(self.team, told)
        await self.server.until(lambda: key in homes and homes[key].version > before, timeout)
        return self.home()

    def home(self) -> Home:
        """The App Home as it was last drawn."""
        return Home(self.server, self.server.world.homes[self.team.id, self.id])

    async def installs(self, address: str, *, allows: bool = True) -> tuple[int, str]:
        """Open the app's install page, follow its link to Slack, allow (or refuse), and return what she sees then."""
        here = yarl.URL(address).origin()
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=here)
        ) as browser:
            asked = await _consent_page(browser, address)
            back = asked.get("redirect_uri") or self.server.app.redirect_urls[0]
            query = {"state": asked.get("state", "")}
            if allows:
                query["code"] = api_apps.consent(self.server, self.team, self.state, asked)
            else:
                query["error"] = "access_denied"
            async with browser.get(yarl.URL(back).update_query(query)) as page:
                return page.status, await page.text()

    async def _answered(self, it: Interaction, kind: str, payload: Json, *, quietly: bool) -> Answer:
        answer = self._answer(it)
        await self.server.interactions.send(it, kind, payload)
        if it.failure:
            raise AssertionError(f"Slack says that it did not work: {it.failure}")
        if not quietly:
            await self._sees(answer)
        return answer

    def _answer(self, it: Interaction) -> Answer:
        before = (it.source.text, it.source.blocks) if it.source else None
        return Answer(self.server, it, len(self.server.ephemerals), self.server.world.ts(), before)

    async def _sees(self, answer: Answer) -> None:
        try:
            await self.server.until(lambda: answer.visible, self.server.patience)
        except AssertionError:
            raise AssertionError(f"{self.name} sees nothing within {self.server.patience} s") from None

    def closes(self, form: Form) -> None:
        """Close a form without sending it."""
        form.view.open = False


async def _consent_page(browser: aiohttp.ClientSession, address: str) -> dict[str, str]:
    """What the link or redirection on an install page asks Slack for."""
    async with browser.get(address, allow_redirects=False) as page:
        text = page.headers.get("Location") or await page.text()
    found = re.search(r"https?://[^\s\"'<>]+/oauth/v2/authorize\?[^\s\"'<>]+", text)
    if found is None:
        raise AssertionError(f"the install page has no link to Slack: {text[:300]}")
    return dict(parse_qsl(urlsplit(found[0].replace("&amp;", "&")).query))

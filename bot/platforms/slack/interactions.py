"""Commands, buttons and forms: from Slack's requests to the chat desk, and its replies back.

Everything must be acknowledged within 3 seconds (https://docs.slack.dev/interactivity/handling-user-interaction/):
that comes first, and the work goes on in a task. Only a filled-in form waits a little, so that it can stay open with
what is wrong.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.help import TABLE
from bot.commands.table import HOSTS, MEMBERS
from bot.content import Form, Reply
from bot.errors import ChatError
from bot.events import Invocation, Place, Submission
from bot.model import Author
from bot.platforms.slack import askers
from bot.platforms.slack.answering import offer, opened, show
from bot.platforms.slack.askers import Asker, Body
from bot.platforms.slack.commands import Used, spoken, to_the_bot, used
from bot.platforms.slack.directory import Directory
from bot.platforms.slack.escape import Json
from bot.platforms.slack.files import pasted_file, read_text
from bot.platforms.slack.forms import (
    COMPLETION,
    PASTED,
    arguments_modal,
    files_in,
    filled_in,
    missing_file,
    modal_of,
    option,
    refused_fields,
    reply_modal,
    with_refusal,
)
from bot.platforms.slack.home import channels_of, home_view
from bot.platforms.slack.ids import ARGUMENTS, BUTTON, FORM, Origin, Press, menu_id, parse_press, parse_sheet
from bot.platforms.slack.markup import mentioned_ids
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, code_of
from bot.platforms.slack.recent import Recent
from bot.ports import Chat

log = structlog.get_logger(__name__)

PATIENCE = 2.0
"""Seconds that a form waits for what became of it; Slack allows 3."""

REMEMBERED, REMEMBERED_FOR = 5_000, 900.0
"""How many requests are known again if they come twice, and for how many seconds; Slack repeats within five minutes."""

T = TypeVar("T")
Work = Callable[[Author], Awaitable[Reply | Form]]

_OUT_OF_DATE = Reply.of(
    "This button is from an older version of me. Use the command instead; `/reading help` lists them."
)
_OUTSIDE = Reply.refused("You are not in the channel that this is about. Join it, and try again.")
_SILENT = Reply.refused("Slack does not tell me who you are right now, so nothing was changed. Try again in a minute.")


class Interactions:
    """What people ask of the bot, and what is under way for them."""

    def __init__(self, desk: Callable[[], Chat], directory: Directory) -> None:
        self._desk = desk
        self._directory = directory
        self._under_way: set[asyncio.Task[Any]] = set()
        self._seen: Recent[str, bool] = Recent(REMEMBERED, REMEMBERED_FOR)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def slash(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Carry out a slash command."""
        await ack()
        asker = askers.by_command(body, client, context)
        root, line = body["command"].removeprefix("/"), body.get("text") or ""
        self._begin(body, self._use(asker, lambda names: used(TABLE, root, line, names), line))

    async def mention(self, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Carry out what was written to the bot, at the beginning of a message.

        Slack tells of a mention again, as if it were new, when its message is edited.
        """
        event = body["event"]
        line = to_the_bot(event.get("text") or "", context.bot_user_id or "")
        if line is None or event.get("edited") or event.get("bot_id") or not event.get("user"):
            return
        asker = askers.by_mention(body, client, context)
        self._begin(body, self._use(asker, lambda names: spoken(TABLE, line, names), line))

    async def press(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Carry out the command of a button."""
        await ack()
        press = parse_press(body["actions"][0].get("value") or "")
        asker = askers.by_button(body, client, context, press)
        if asker is not None:
            self._begin(body, self._show(asker, _OUT_OF_DATE) if press is None else self._carry_out(asker, press))

    async def menu(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Carry out what was chosen in a message's menu."""
        await ack()
        names = {menu_id(command.full_name): command.full_name for command in TABLE.values() if command.menu}
        press = Press(names[body["callback_id"]], {"message": body["message"]["ts"]})
        self._begin(body, self._carry_out(askers.by_menu(body, client, context), press))

    async def submitted(self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Carry out a filled-in form of the core's."""
        view, sheet = body["view"], parse_sheet(body["view"].get("private_metadata") or "")
        if sheet is None or not self._is_new(body):
            await ack()
            return

        async def work(author: Author) -> Reply:
            submission = Submission(_place(sheet.origin), author, sheet.action, sheet.target, filled_in(view))
            return await self._desk().submit(submission)

        await self._settle(ack, view, askers.by_form(body, client, context, sheet), Press(sheet.action), work)

    async def arguments_given(
        self, ack: AsyncAck, body: Body, client: AsyncWebClient, context: AsyncBoltContext
    ) -> None:
        """Carry out a command whose arguments were asked for."""
        view, sheet = body["view"], parse_sheet(body["view"].get("private_metadata") or "")
        if sheet is None or not self._is_new(body):
            await ack()
            return
        values, described = filled_in(view), files_in(view)
        pasted = {name.removeprefix(PASTED): text for name, text in values.items() if name.startswith(PASTED)}
        if missing := [name for name, text in pasted.items() if not text.strip() and name not in described]:
            await ack(response_action="errors", errors=missing_file(missing[0]))
            return
        given = {name: value for name, value in values.items() if value and not name.startswith(PASTED)}

        async def work(author: Author) -> Reply | Form:
            files = {name: pasted_file(text) for name, text in pasted.items()}
            try:
                files |= {name: await read_text(client, one) for name, one in described.items()}
            except ChatError as error:
                return Reply.refused(str(error))
            arguments = given | {name: file.name for name, file in files.items()}
            return await self._desk().command(Invocation(_place(sheet.origin), author, sheet.action, arguments, files))

        await self._settle(ack, view, askers.by_form(body, client, context, sheet), Press(sheet.action, given), work)

    async def suggest(self, ack: AsyncAck, body: Body, client: AsyncWebClient) -> None:
        """Suggest what may be meant by what is being typed into a form."""
        sheet = parse_sheet((body.get("view") or {}).get("private_metadata") or "")
        match = COMPLETION.fullmatch(body.get("action_id") or "")
        options: list[Json] = []
        if sheet is not None and match is not None:
            parameter, typed = match["parameter"], body.get("value") or ""
            try:
                async with asyncio.timeout(PATIENCE):
                    author = await self._author(client, sheet.origin, body["user"]["id"])
                    asked = Invocation(_place(sheet.origin), author, sheet.action, {parameter: typed})
                    found = await self._desk().complete(asked, parameter)
                    options = [option(one.label, one.value) for one in found]
            except (SlackApiError, *CONNECTION_ERRORS):
                log.warning("nothing could be suggested in time")
        await ack(options=options)

    async def home(self, body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> None:
        """Show somebody the app's home."""
        if body["event"].get("tab") == "home":
            self._begin(body, self._publish(askers.at_home(body, client, context)))

    async def _use(self, asker: Asker, understood: Callable[[Mapping[str, str]], Used], line: str) -> None:
        """Carry out a line that was typed."""
        try:
            use = understood(await self._names(asker, mentioned_ids({"text": line})))
        except ChatError as error:
            await self._show(asker, Reply.of(str(error)))
        else:
            await self._carry_out(asker, Press(use.command.full_name, use.arguments))

    async def _carry_out(self, asker: Asker, press: Press) -> None:
        """Carry out a command; where a required argument is missing, ask for it in a form if there can be one."""
        command = TABLE.get(press.command)
        if asker.trigger and command is not None and not Used(command, press.arguments).is_complete:
            await self._open(asker, arguments_modal(command, press.arguments, asker.origin), press)
            return

        async def work(author: Author) -> Reply | Form:
            return await self._desk().command(Invocation(_place(asker.origin), author, press.command, press.arguments))

        await self._answer(asker, await self._worked(asker, press.command, work), press)

    async def _settle(self, ack: AsyncAck, view: Mapping[str, Any], asker: Asker, press: Press, work: Work) -> None:
        """Carry out a form: it closes if that was done or takes long, and stays with what is wrong if it was not."""
        task = self._keep(asyncio.ensure_future(self._worked(asker, press.command, work)))
        done, _ = await asyncio.wait({task}, timeout=PATIENCE)
        if not done:
            await ack()
            self._start(self._answer_later(asker, task, press))
            return
        match task.result():
            case Form() as form:
                await ack(response_action="update", view=modal_of(form, asker.origin))
            case Reply(refusal=why) if why and (fields := refused_fields(view, why)):
                await ack(response_action="errors", errors=fields)
            case Reply(refusal=why) if why:
                await ack(response_action="update", view=with_refusal(view, why))
            case Reply() as reply if asker.origin.at_home:
                await ack(response_action="update", view=reply_modal(reply, asker.origin))
                self._start(self._publish(asker))
            case Reply() as reply:
                await ack()
                self._start(self._show(asker, reply))

    async def _answer_later(self, asker: Asker, task: asyncio.Task[Reply | Form], press: Press) -> None:
        await self._answer(asker, await task, press)

    async def _answer(self, asker: Asker, answer: Reply | Form, press: Press) -> None:
        if isinstance(answer, Form):
            await self._open(asker, modal_of(answer, asker.origin), press)
            return
        await self._show(asker, answer)
        if asker.origin.at_home:
            await self._publish(asker)

    async def _open(self, asker: Asker, view: Json, press: Press) -> None:
        """Open a modal, or show the button that does if it is too late."""
        if not await opened(asker, view):
            await self._show(asker, offer(press, asker.origin.channel))

    async def _show(self, asker: Asker, reply: Reply) -> None:
        """Show a reply. Slash commands do not work in threads, so that commands are shown there as they are said."""
        names = await self._names(asker, {asker.bot}) if asker.origin.thread else {}
        await show(asker, reply, names.get(asker.bot, ""))

    async def _publish(self, asker: Asker) -> None:
        """Bring the app's home to how things are now."""
        author = await self._author(asker.client, asker.origin, asker.user)
        channels = await channels_of(asker.client, str(asker.origin.channel.workspace), asker.user)
        view = home_view(await self._desk().home(author, channels))
        await asker.client.views_publish(user_id=asker.user, view=view)

    async def _worked(self, asker: Asker, name: str, work: Work) -> Reply | Form:
        """Return what work for a command gives, once it is known who it is for and that they may read what it shows."""
        command = TABLE.get(name)
        team = str(asker.origin.channel.workspace)
        try:
            # Hosts may be told of a group whose channel they are not in.
            questionable = asker.apart and not (command and command.for_hosts)
            if questionable and asker.origin.channel not in await channels_of(asker.client, team, asker.user):
                return _OUTSIDE
            author = await self._author(asker.client, asker.origin, asker.user)
        except (SlackApiError, *CONNECTION_ERRORS) as error:
            log.warning("somebody could not be looked up", problem=_problem(error))
            return _SILENT
        return await work(author)

    async def _names(self, asker: Asker, ids: set[str]) -> Mapping[str, str]:
        """Return the names of people and channels by id; none if Slack does not tell them."""
        try:
            return await self._directory.names(asker.client, str(asker.origin.channel.workspace), ids)
        except (SlackApiError, *CONNECTION_ERRORS) as error:
            log.warning("names could not be looked up", problem=_problem(error))
            return {}

    async def _author(self, client: AsyncWebClient, origin: Origin, user: str) -> Author:
        return await self._directory.author(client, str(origin.channel.workspace), user)

    def _is_new(self, body: Body) -> bool:
        """Return whether a request comes for the first time, as far as is known."""
        key = str(body.get("event_id") or body.get("trigger_id") or "")
        if key and self._seen.get(key):
            return False
        self._seen.put(key, value=True)
        return True

    def _begin(self, body: Body, work: Coroutine[Any, Any, None]) -> None:
        """Begin work for a request, unless that came before."""
        if self._is_new(body):
            self._start(work)
        else:
            work.close()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.ensure_future(_logged(work)))

    def _keep(self, task: asyncio.Task[T]) -> asyncio.Task[T]:
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task


async def _logged(work: Awaitable[None]) -> None:
    try:
        await work
    except (SlackApiError, *CONNECTION_ERRORS) as error:
        log.warning("somebody could not be answered", problem=_problem(error))
    except Exception:
        log.exception("somebody could not be answered")


def _problem(error: Exception) -> str:
    """Return what went wrong, without what was said."""
    return code_of(error) if isinstance(error, SlackApiError) else type(error).__name__


def _place(origin: Origin) -> Place:
    return Place(origin.channel, origin.thread)


def register(app: AsyncApp, desk: Callable[[], Chat], directory: Directory) -> Interactions:
    """Have an app answer commands, mentions, shortcuts, buttons, forms and visits to its home; close what is returned.

    The app is made with `process_before_response=True`: every listener acknowledges at once and works on in a task.
    """
    interactions = Interactions(desk, directory)
    for root in (MEMBERS, HOSTS):
        app.command(f"/{root}")(interactions.slash)
    for command in TABLE.values():
        if command.menu:
            app.message_shortcut(menu_id(command.full_name))(interactions.menu)
    app.event("app_mention")(interactions.mention)
    app.event("app_home_opened")(interactions.home)
    app.block_action(BUTTON)(interactions.press)
    app.block_suggestion(COMPLETION)(interactions.suggest)
    app.view_submission(FORM)(interactions.submitted)
    app.view_submission(ARGUMENTS)(interactions.arguments_given)
    return interactions

"""Showing somebody what they asked for, where they asked, and to nobody else.

Slack's own address for an answer (`response_url`) works wherever the bot is not, five times within half an hour
(https://docs.slack.dev/interactivity/handling-user-interaction/#message_responses); where there is none, or no longer,
the bot shows it in the channel, and otherwise sends it as a direct message. In a thread that address takes only what
everybody sees, so that there the bot shows the rest itself if it may. A form opens within 3 seconds of what
somebody did (https://docs.slack.dev/reference/methods/views.open).
"""

from __future__ import annotations

from http import HTTPStatus

from slack_sdk.errors import SlackApiError
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.content import Action, Actions, Attachment, Paragraph, Reply
from bot.model import Channel
from bot.platforms.slack.askers import Asker
from bot.platforms.slack.escape import Json
from bot.platforms.slack.files import hand_out
from bot.platforms.slack.forms import reply_modal
from bot.platforms.slack.ids import Press
from bot.platforms.slack.logs import library_log
from bot.platforms.slack.outcomes import CONNECTION_ERRORS, code_of
from bot.platforms.slack.render import Message, reply_messages

LONGEST_REPLY = 5
"""Messages of one reply; what is longer ends in a hint to ask for less."""

NO_TRIGGER = ("expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id", "push_limit_reached")
OUT_OF_REACH = ("not_in_channel", "channel_not_found", "user_not_in_channel", "is_archived", "restricted_action")

_TOO_LONG = Reply.of("There is more than fits here; ask for less at a time.")
_DONE = Reply.of("Done.")
_FILES = "The files are in your direct messages with me."
_OPEN = "Press the button to open the form."


async def show(asker: Asker, reply: Reply, spoken: str = "") -> None:
    """Show a reply; where slash commands do not work, `spoken` is the name by which the bot is spoken to.

    Raises SlackApiError and what ends a connection.
    """
    if asker.origin.at_home and await _shown_as_modal(asker, reply):
        return
    attached = [block for block in reply.blocks if isinstance(block, Attachment)]
    if attached:
        await hand_out(asker.client, asker.user, attached)
        reply = Reply.of(*reply.blocks, _FILES, public=reply.public)
    for message in _messages(asker, reply, spoken):
        await _shown(asker, message, public=reply.public)


def offer(press: Press, channel: Channel) -> Reply:
    """Return what is shown where a form cannot be opened any more: the button that does.

    What is too long for the button has to be filled in again.
    """
    fits = Press(press.command, press.arguments, channel).fits
    given = tuple(press.arguments.items()) if fits else ()
    return Reply((Paragraph(_OPEN), Actions((Action("Open the form", press.command, given),))))


async def opened(asker: Asker, view: Json) -> bool:
    """Open a modal, and return whether that was still possible. Raises as `show` does."""
    if not asker.trigger:
        return False
    opening = asker.client.views_push if asker.modal else asker.client.views_open
    try:
        await opening(trigger_id=asker.trigger, view=view)
    except SlackApiError as error:
        if code_of(error) not in NO_TRIGGER:
            raise
        return False
    return True


async def _shown_as_modal(asker: Asker, reply: Reply) -> bool:
    """Show a reply over the app's home, which has no messages; return whether that was still possible."""
    view = reply_modal(reply, asker.origin)
    if any(isinstance(block, Attachment) for block in reply.blocks):
        return False
    if not asker.modal:
        return await opened(asker, view)
    await asker.client.views_update(view_id=asker.modal, view=view)
    return True


def _messages(asker: Asker, reply: Reply, spoken: str) -> list[Message]:
    found = reply_messages(reply, asker.origin.channel, spoken) or reply_messages(_DONE)
    if len(found) > LONGEST_REPLY:
        found = [*found[: LONGEST_REPLY - 1], *reply_messages(_TOO_LONG)]
    return found


async def _shown(asker: Asker, message: Message, *, public: bool) -> None:
    """Show a message in the first way that works."""
    aside = asker.origin.thread is not None and not public
    if not aside and await _responded(asker, message, public=public):
        return
    if not asker.origin.at_home and await _said_in_place(asker, message, public=public):
        return
    if not aside or not await _responded(asker, message, public=public):
        await _told(asker, message)


async def _responded(asker: Asker, message: Message, *, public: bool) -> bool:
    """Send a message to Slack's address for the answer, and return whether it was taken."""
    url, thread = asker.origin.response_url, asker.origin.thread
    if not url:
        return False
    body = {
        "text": message.text,
        "blocks": message.blocks,
        "response_type": "in_channel" if public else "ephemeral",
        "replace_original": False,
        **({"thread_ts": str(thread)} if thread else {}),
    }
    webhook = AsyncWebhookClient(url, session=asker.client.session, logger=library_log(), retry_handlers=[])
    try:
        answer = await webhook.send_dict(body)
    except CONNECTION_ERRORS:
        return False
    return answer.status_code == HTTPStatus.OK


async def _said_in_place(asker: Asker, message: Message, *, public: bool) -> bool:
    """Show a message in the channel, and return whether the bot may."""
    client, origin = asker.client, asker.origin
    channel, thread = str(origin.channel.channel), str(origin.thread) if origin.thread else None
    try:
        if public:
            await client.chat_postMessage(
                channel=channel, thread_ts=thread, text=message.text, blocks=message.blocks, unfurl_links=False
            )
        else:
            await client.chat_postEphemeral(
                channel=channel, user=asker.user, thread_ts=thread, text=message.text, blocks=message.blocks
            )
    except SlackApiError as error:
        if not code_of(error).startswith(OUT_OF_REACH):
            raise
        return False
    return True


async def _told(asker: Asker, message: Message) -> None:
    opened = await asker.client.conversations_open(users=[asker.user])
    await asker.client.chat_postMessage(
        channel=opened["channel"]["id"], text=message.text, blocks=message.blocks, unfurl_links=False
    )

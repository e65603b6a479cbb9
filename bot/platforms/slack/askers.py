"""Who asks the bot for something, and where, out of what Slack sends.

Payloads: https://docs.slack.dev/reference/interaction-payloads/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncBoltContext
from slack_sdk.web.async_client import AsyncWebClient

from bot.model import Channel, Ref
from bot.platforms.slack.ids import NAME, Origin, Press, Sheet, parse_sheet

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who waits for an answer.

    `bot` is the bot's own account there. `trigger` opens a form for as long as Slack allows; `modal` is the one that
    they pressed a button in. Somebody `apart` asks from elsewhere about a channel that they may not be in any more.
    """

    client: AsyncWebClient
    bot: str
    user: str
    origin: Origin
    trigger: str = ""
    modal: str = ""
    apart: bool = False


def by_command(body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> Asker:
    """Return who used a slash command; Slack has none in threads."""
    origin = Origin(_channel(context, body, body["channel_id"]), None, body.get("response_url") or "")
    return _asker(body, client, context, body["user_id"], origin)


def by_mention(body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> Asker:
    """Return who wrote to the bot."""
    event = body["event"]
    thread = event.get("thread_ts")
    origin = Origin(_channel(context, body, event["channel"]), Ref(str(thread)) if thread else None)
    return _asker(body, client, context, event["user"], origin)


def by_menu(body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> Asker:
    """Return who chose something in a message's menu: they look at the thread if it is a reply."""
    message = body["message"]
    thread = _thread_of(message.get("thread_ts"), message["ts"])
    origin = Origin(_channel(context, body, body["channel"]["id"]), thread, body.get("response_url") or "")
    return _asker(body, client, context, body["user"]["id"], origin)


def by_button(body: Body, client: AsyncWebClient, context: AsyncBoltContext, press: Press | None) -> Asker | None:
    """Return who pressed a button, in a message or in a view; None if it cannot be known which group that is about."""
    view, container = body.get("view") or {}, body.get("container") or {}
    about = press.channel if press else None
    here = (body.get("channel") or {}).get("id") or container.get("channel_id")
    if here:
        message = body.get("message") or {}
        thread = _thread_of(container.get("thread_ts") or message.get("thread_ts"), container.get("message_ts"))
        elsewhere = about is not None and about.channel != here
        channel = about or _channel(context, body, here)
        origin = Origin(channel, None if elsewhere else thread, body.get("response_url") or "")
        apart = elsewhere
    else:
        sheet = parse_sheet(view.get("private_metadata") or "")
        home = about or (sheet.origin.channel if sheet else None)
        if home is None:
            return None
        origin = Origin(home, at_home=True)
        apart = True
    modal = view["id"] if view.get("type") == "modal" else ""
    return _asker(body, client, context, body["user"]["id"], origin, modal, apart=apart)


def by_form(body: Body, client: AsyncWebClient, context: AsyncBoltContext, sheet: Sheet) -> Asker:
    """Return who filled in a form: they look at what was there before it."""
    return _asker(body, client, context, body["user"]["id"], sheet.origin, apart=sheet.origin.at_home)


def at_home(body: Body, client: AsyncWebClient, context: AsyncBoltContext) -> Asker:
    """Return who looks at the app's home."""
    event = body["event"]
    origin = Origin(_channel(context, body, event.get("channel") or ""), at_home=True)
    return _asker(body, client, context, event["user"], origin)


def _asker(
    body: Body,
    client: AsyncWebClient,
    context: AsyncBoltContext,
    user: str,
    origin: Origin,
    modal: str = "",
    *,
    apart: bool = False,
) -> Asker:
    return Asker(client, context.bot_user_id or "", user, origin, body.get("trigger_id") or "", modal, apart)


def _channel(context: AsyncBoltContext, body: Body, channel: str) -> Channel:
    team = context.team_id or body.get("team_id") or (body.get("team") or {}).get("id") or ""
    return Channel(NAME, Ref(str(team)), Ref(channel))


def _thread_of(thread: str | None, message: str | None) -> Ref | None:
    """Return the thread that a message stands in; the one that a thread hangs on stands in the channel."""
    return Ref(thread) if thread and thread != message else None

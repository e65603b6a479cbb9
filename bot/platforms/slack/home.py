"""The app's home: a page of one's own for each member of a workspace."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from bot.content import Paragraph, Reply
from bot.model import Channel, Ref
from bot.platforms.slack.escape import Json
from bot.platforms.slack.ids import NAME
from bot.platforms.slack.layout import MOST_IN_VIEW
from bot.platforms.slack.render import view_blocks

PAGE, MOST_CHANNELS = 200, 1_000

_EMPTY = Paragraph("There is nothing to show yet.")


async def channels_of(client: AsyncWebClient, team: str, user: str) -> list[Channel]:
    """Return the channels that both somebody and the bot are in. Raises SlackApiError and what ends a connection.

    What is said in others is none of their business.
    """
    found: list[Channel] = []
    cursor = ""
    while len(found) < MOST_CHANNELS:
        page = await client.users_conversations(
            user=user, types="public_channel,private_channel", exclude_archived=True, limit=PAGE, cursor=cursor
        )
        found += [Channel(NAME, Ref(team), Ref(one["id"])) for one in page["channels"]]
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            break
    return found


def home_view(reply: Reply) -> Json:
    """Return what a member sees as the view that Slack publishes."""
    return {"type": "home", "blocks": view_blocks(reply.blocks or (_EMPTY,), MOST_IN_VIEW)}

"""From what a bot sends to a message: validated, with files, embeds and components as Discord keeps them."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

from . import happenings, payloads
from .components import number
from .errors import ApiError, Problems
from .rest import Upload
from .state import DEFAULT, REPLY, Channel, Json, Message, User
from .validation import check_message

if TYPE_CHECKING:
    from .server import DiscordServer

SYSTEM_FLAGS_KEPT = (1 << 2) | (1 << 6) | (1 << 12) | (1 << 15)


def uploads_of(files: dict[str, Upload]) -> list[tuple[str, bytes]]:
    """Names and contents, as the validation wants them."""
    return [(upload.filename, upload.data) for upload in files.values()]


def compose(server: DiscordServer, channel: Channel, author: User, body: Any, files: dict[str, Upload]) -> Message:
    """A new message from a request's body; raises ApiError for what Discord would not take."""
    body = body or {}
    check_message(body, uploads_of(files))
    message = happenings.draft(server, channel, author, "")
    message.attachments = _keep(server, message, body.get("attachments") or [], files)
    _fill(server, message, body)
    message.flags = (body.get("flags") or 0) & SYSTEM_FLAGS_KEPT & ~(1 << 6)
    if body.get("message_reference"):
        _refer(server, channel, message, body["message_reference"], body.get("allowed_mentions"))
    return message


def change(
    server: DiscordServer, message: Message, body: Any, files: dict[str, Upload], *, quiet: bool = False
) -> None:
    """Apply an edit; fields that are missing stay as they are. `quiet` leaves `edited_timestamp` (a first filling)."""
    body = body or {}
    after: Json = {"content": message.content, "embeds": message.embeds, "components": message.components} | body
    kept = body["attachments"] if body.get("attachments") is not None else message.attachments
    named = {upload.filename for upload in files.values()} | {str(a["filename"]) for a in message.attachments}
    check_message(body, [(name, b"") for name in named if name] or uploads_of(files), creating=False)
    if not ((after["content"] or "").strip() or after["embeds"] or after["components"] or kept or files):
        raise ApiError(50006)
    old = {str(attachment["id"]): attachment for attachment in message.attachments}
    message.attachments = [old[str(a["id"])] for a in kept if str(a.get("id")) in old]
    message.attachments += _keep(server, message, body.get("attachments") or [], files)
    _fill(server, message, body)
    if body.get("flags") is not None:
        message.flags = body["flags"] & SYSTEM_FLAGS_KEPT & ~(1 << 6)
    if not quiet:
        message.edited_at = server.world.now()
    happenings.apply_mentions(server, message, happenings.Pings.from_json(body.get("allowed_mentions")))


def _fill(server: DiscordServer, message: Message, body: Json) -> None:
    if "content" in body:
        message.content = (body["content"] or "").strip()
    if "embeds" in body:
        message.embedded = set()
        message.embeds = [_embed(message, embed) for embed in body["embeds"] or []]
    if "components" in body:
        message.components = number(body["components"] or [])


def _keep(server: DiscordServer, message: Message, described: list[Json], files: dict[str, Upload]) -> list[Json]:
    """Store the uploads; return their attachment objects."""
    kept = []
    for name, upload in files.items():
        index = name.removeprefix("files[").removesuffix("]")
        told = next((a for a in described if str(a.get("id")) == index), {})
        file_id = server.world.snowflake()
        filename = str(told.get("filename") or upload.filename)
        kind = mimetypes.guess_type(filename)[0] or upload.content_type
        attachment = payloads.attachment(server.url, message.channel_id, file_id, filename, upload.data, kind)
        if told.get("description"):
            attachment["description"] = told["description"]
        server.world.files[file_id] = upload.data
        kept.append(attachment)
    return kept


def _embed(message: Message, embed: Json) -> Json:
    """An embed as Discord returns it: nulls dropped, texts stripped, files of the message by their address."""
    kept: Json = {key: value for key, value in embed.items() if value not in (None, {}, [])}
    kept["type"] = "rich"
    for key in ("title", "description"):
        if key in kept:
            kept[key] = str(kept[key]).strip()
    if "fields" in kept:
        kept["fields"] = [{"inline": False, **field} for field in kept["fields"]]
    for key in ("image", "thumbnail"):
        if key in kept:
            kept[key] = _picture(message, kept[key]["url"])
    return kept


def _picture(message: Message, url: str) -> Json:
    name = url.removeprefix("attachment://")
    for attachment in message.attachments:
        if url.startswith("attachment://") and attachment["filename"] == name:
            message.embedded.add(attachment["id"])
            return {k: attachment[k] for k in ("url", "proxy_url", "width", "height") if k in attachment}
    return {"url": url, "proxy_url": url}


def _refer(server: DiscordServer, channel: Channel, message: Message, reference: Json, mentions: Json | None) -> None:
    found = channel.messages.get(int(reference.get("message_id") or 0))
    if found is None:
        if reference.get("fail_if_not_exists", True):
            problems = Problems()
            problems.add("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
            problems.raise_if_any()
        return
    message.kind = REPLY if message.kind == DEFAULT else message.kind
    message.reference = {"type": 0, "channel_id": str(channel.id), "message_id": str(found.id)}
    if channel.guild_id is not None:
        message.reference["guild_id"] = str(channel.guild_id)
    if happenings.Pings.from_json(mentions).replied and found.author not in message.mentions:
        message.mentions.append(found.author)

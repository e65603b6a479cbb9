"""Methods `views.*` and `files.*`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from . import happenings, payloads
from .errors import SlackError, invalid_arguments
from .state import Json, Message, View
from .validation import check_view
from .web_api import Call, Method

if TYPE_CHECKING:
    from .server import SlackServer


async def open_view(call: Call) -> Json:
    body = check_view(call.arguments.get("view"), "modal")
    it = call.server.interactions.take_trigger(call.required("trigger_id"))
    return {"view": payloads.view(call.server.app, call.server.interactions.open(it, body))}


async def push(call: Call) -> Json:
    body = check_view(call.arguments.get("view"), "modal")
    it = call.server.interactions.take_trigger(call.required("trigger_id"))
    if it.view is None:
        raise SlackError("push_limit_reached")
    return {"view": payloads.view(call.server.app, call.server.interactions.open(it, body, previous=it.view))}


def _view(call: Call) -> View:
    views = call.server.world.views
    wanted, external = call.text("view_id"), call.text("external_id")
    if not wanted and not external:
        raise invalid_arguments("missing required field: view_id")
    found = views.get(wanted) if wanted else None
    found = found or next((v for v in views.values() if external and v.body.get("external_id") == external), None)
    if found is None or found.team is not call.team or not found.open:
        raise SlackError("not_found")
    return found


async def update(call: Call) -> Json:
    view = _view(call)
    body = check_view(call.arguments.get("view"), view.body["type"])
    given = call.text("hash")
    if given and given != payloads.view(call.server.app, view)["hash"]:
        raise SlackError("hash_conflict")
    call.server.interactions.replace(view, body)
    return {"view": payloads.view(call.server.app, view)}


async def publish(call: Call) -> Json:
    user = call.user("user_id")
    body = check_view(call.arguments.get("view"), "home")
    return {"view": payloads.view(call.server.app, call.server.interactions.publish(call.team, user, body))}


async def upload_url(call: Call) -> Json:
    name, length = call.required("filename"), call.number("length", 0, 1_000_000_000)
    it = payloads.file(call.server.world, call.server.url, call.bot, name, b"", name, call.text("alt_txt"))
    it["size"] = length
    return {"upload_url": f"{call.server.url}/upload/v1/{it['id']}", "file_id": it["id"]}


async def complete(call: Call) -> Json:
    given = call.arguments.get("files")
    if not isinstance(given, list) or not given:
        raise invalid_arguments("missing required field: files")
    world = call.server.world
    kept = []
    for one in given:
        if one.get("id") not in world.files:
            raise SlackError("file_not_found")
        if len(world.file_bytes[one["id"]]) != world.files[one["id"]]["size"]:
            raise SlackError("file_upload_size_mismatch")
        world.files[one["id"]]["title"] = one.get("title") or world.files[one["id"]]["name"]
        kept.append(world.files[one["id"]])
    wanted = call.text("channel_id") or call.text("channels").split(",")[0]
    if wanted:
        call.arguments["channel"] = wanted
        _share(call, kept)
    return {"files": [{"id": one["id"], "title": one["title"]} for one in kept]}


def _share(call: Call, files: list[Json]) -> None:
    channel = call.writable()
    thread_ts = call.text("thread_ts") or None
    if thread_ts and thread_ts not in channel.messages:
        thread_ts = None
    text = call.text("initial_comment")
    message = Message(call.server.world.ts(), channel.id, call.bot, text, thread_ts=thread_ts, by_app=True)
    message.files = files
    happenings.post(call.server, channel, message)


async def file_info(call: Call) -> Json:
    found = call.server.world.files.get(call.required("file"))
    if found is None:
        raise SlackError("file_not_found")
    return {"file": found, "comments": [], "response_metadata": {"next_cursor": ""}}


METHODS: dict[str, Method] = {
    "files.completeUploadExternal": complete,
    "files.getUploadURLExternal": upload_url,
    "files.info": file_info,
    "views.open": open_view,
    "views.publish": publish,
    "views.push": push,
    "views.update": update,
}


class FileStore:
    """The addresses that files are uploaded to and read from."""

    def __init__(self, server: SlackServer) -> None:
        self._server = server

    async def take(self, request: web.Request) -> web.Response:
        """Take the bytes of a file."""
        file_id = request.match_info["file_id"]
        if file_id not in self._server.world.files:
            return web.Response(status=404)
        if request.content_type == "multipart/form-data":
            parts = [part for part in (await request.post()).values() if isinstance(part, web.FileField)]
            data = parts[0].file.read() if parts else b""
        else:
            data = await request.read()
        self._server.world.file_bytes[file_id] = data
        return web.Response(text=f"OK - {len(data)}")

    async def give(self, request: web.Request) -> web.Response:
        """Give a file to a token that may read files; lead everybody else to the page where one signs in."""
        token = self._server.world.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None or token.refused or "files:read" not in token.scopes:
            return web.Response(status=302, headers={"Location": "https://slack.com/signin"})
        data = self._server.world.file_bytes.get(request.match_info["file"].partition("-")[2])
        return web.Response(status=404) if data is None else web.Response(body=data)

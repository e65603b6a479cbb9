"""Which scope each method of the Web API asks of a bot token; where several are named, one of them is enough."""

from __future__ import annotations

HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
READ = ("channels:read", "groups:read", "im:read", "mpim:read")
JOIN = ("channels:join",)
OPEN = ("channels:manage", "groups:write", "im:write", "mpim:write")

SCOPES: dict[str, tuple[str, ...]] = {
    "auth.test": (),
    "auth.revoke": (),
    "bots.info": ("users:read",),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": HISTORY,
    "conversations.info": READ,
    "conversations.join": JOIN,
    "conversations.list": READ,
    "conversations.members": READ,
    "conversations.open": OPEN,
    "conversations.replies": HISTORY,
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "files.info": ("files:read",),
    "reactions.add": ("reactions:write",),
    "reactions.get": ("reactions:read",),
    "reactions.remove": ("reactions:write",),
    "team.info": ("team:read",),
    "usergroups.list": ("usergroups:read",),
    "users.conversations": READ,
    "users.info": ("users:read",),
    "users.list": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.push": (),
    "views.update": (),
}

EVERY = tuple(
    sorted(
        {scope for scopes in SCOPES.values() for scope in scopes}
        | {"app_mentions:read", "commands", "channels:join", "metadata.message:read"}
    )
)

"""A server that speaks Discord's wire protocol, for tests: the real discord.py client connects to it over loopback.

    async with DiscordServer() as server:                   # port 0; several at once are fine
        guild = server.guild("Reading group")
        channel = guild.text("reading")                     # also: announcement, forum("rounds", tags=("Economics",))
        ada = guild.member("Ada")
        with server.serves_library():                       # Route.BASE and DiscordWebSocket.DEFAULT_GATEWAY
            client = MyClient(intents=…, guild_ready_timeout=0.05)   # otherwise discord.py waits 2 s before on_ready
            task = asyncio.create_task(client.start(server.token))
            await server.until_ready(client)

            answer = await ada.uses("/reading today", channel)       # what she sees: text, embeds, buttons, ephemeral
            form = (await ada.presses(await channel.message("Question"), "Answer")).form
            seen = await ada.submits(form, answer="…")               # by custom id, or {"Label": "…"}
            said = await ada.says(thread, "…")                       # edits, deletes, reacts, unreacts
            zones = await ada.types("/reading-host setup", channel, zone="par")     # {name: value}
            await ada.invokes_menu("Quote in digest", said)
            await server.until(lambda: channel.visible()[-1].thread)          # no sleeping

            server.faults.lose_reply("POST", "/channels/*/messages")          # fail, rate_limit, slow, hook, show_late
            server.faults.drop_sockets()                                      # RESUME; invalidate, ask_to_reconnect
            async with server.faults.gap(): ...                               # unseen by the client; session lost
            channel.deny_bot("send_messages"); thread.delete(); guild.kick_bot(); guild.go_unavailable()

`server.api_url`, `server.gateway_url` and `server.token` are for settings; `server.requests(method, template)` and
`server.rest.records` say what was asked. Addresses outside this stand-in answer 404 and fail the test when the block
ends (`server.refused`). `DiscordServer(content_allowed=False, members_allowed=False)` switches privileged intents off
(close 4014). discord.py sleeps 5 s before it identifies again after a lost session: a test's client overrides
`before_identify_hook`.

Where it is stricter than one expects, Discord is: no history has a nonce; an enforced nonce whose message was deleted
ends in 10008; a file that an embed shows is no attachment of its message; the first follow-up fills a deferred answer
and keeps its visibility; a thread under a message begins with an empty message of type 21; nothing is told of messages
in channels that the bot cannot see.
"""

from .errors import ApiError
from .hands import MemberHand
from .places import ChannelHand, GuildHand
from .rest import Record
from .server import DiscordServer
from .views import Answer, Form, MessageView

__all__ = [
    "Answer",
    "ApiError",
    "ChannelHand",
    "DiscordServer",
    "Form",
    "GuildHand",
    "MemberHand",
    "MessageView",
    "Record",
]

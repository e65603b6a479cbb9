"""A server that speaks Slack's wire protocol, for tests: the real slack_sdk and slack_bolt connect to it over loopback.

    async with SlackServer(manifest=manifest) as server:     # port 0; several at once are fine; without a manifest
        team = server.team("Readers")                        # the app may do everything
        channel = team.channel("reading")                    # also: private=True, bot_inside=False
        ada = team.member("Ada")                             # in every channel that there is
        client = AsyncWebClient(team.token, base_url=server.api_url)
        # Socket Mode: AsyncSocketModeHandler(app, server.app.app_token); HTTP: server.app.request_url = "http://…"
        await server.until(lambda: server.sockets.listening)

        said = await ada.says(channel, "…")                  # edits, deletes, reacts("+1"), unreacts; plainly=True
        await ada.says(said, "a reply", also_in_channel=True, files={"notes.txt": b"…"})    # keeps marks as typed
        answer = await ada.uses("/reading today", channel)   # what she sees: text, buttons, ephemeral
        form = (await ada.presses(await channel.message("Question"), "Answer")).form
        seen = await ada.submits(form, answer="…")           # by action id, or {"Label": "…"}; seen.errors, looks_up
        await ada.asks(said, "today")                        # mentions the bot in said's thread
        await ada.invokes_shortcut("Quote in digest", said)
        home = await ada.opens_home()                        # home.text, home.buttons, ada.presses(home, …)
        status, page = await team.owner.installs("http://…/slack/install")
        ada.whispers(); ada.inbox(); channel.visible(); said.replies; message.pings; message.links

        server.faults.lose_reply("chat.postMessage")         # error, fail, rate_limit, slow, hook, show_late,
        server.faults.drop_sockets()                         # restrict_history, duplicate, reorder, limit_events
        async with server.faults.gap(): ...                  # never told to the app
        channel.archive(); channel.remove_bot(); team.refuse_token("token_revoked"); team.uninstall()
        server.events.pauses = (0.01, 0.02, 0.03)            # between retries; Slack's own: at once, 1 min, 5 min

`server.calls("chat.postMessage")` says what was asked. Methods outside this stand-in answer `unknown_method` and fail
the test when the block ends (`server.refused`).

Where it is stricter than one expects, Slack is: a message posted into a thread whose parent is gone lands in the
channel without a word (its answer has no `thread_ts`); `edited.ts` has whole seconds; a parent that is deleted while
replies stand below it becomes a `tombstone`; every page of `conversations.replies` begins with the parent; a reply
"also sent to the channel" comes as `thread_broadcast` and once more as `message_changed` with the same words;
reactions may name fewer people than they count; typed emoji, mentions and addresses arrive as elements of rich text;
`chat.update` with blocks shows no "edited"; one trigger opens one form, within 3 s; the bot hears its own messages.
"""

from .errors import SlackError
from .hands import MemberHand
from .hooks import signature
from .places import ChannelHand, TeamHand
from .server import App, SlackServer
from .views import Answer, Form, Home, MessageView
from .web_api import Record

__all__ = [
    "Answer",
    "App",
    "ChannelHand",
    "Form",
    "Home",
    "MemberHand",
    "MessageView",
    "Record",
    "SlackError",
    "SlackServer",
    "TeamHand",
    "signature",
]

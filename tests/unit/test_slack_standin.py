"""The stand-in for Slack, used by the real slack_sdk and slack_bolt: what the bot's tests rely on."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.clock import ManualClock
from tests.standins.slack import ChannelHand, MemberHand, SlackServer, TeamHand, signature
from tests.standins.slack.samplebots import Heard, http_app, socket_app

START = datetime(2030, 1, 7, 9, tzinfo=UTC)
BUTTON = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": "Press"}}


class Readers:
    """A workspace with a channel, Ada, and the bot's client."""

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        self.team: TeamHand = server.team("Readers")
        self.channel: ChannelHand = self.team.channel("reading")
        self.ada: MemberHand = self.team.member("Ada")
        # Left to itself, slack_sdk posts again what may have been posted already.
        self.client = AsyncWebClient(self.team.token, base_url=server.api_url, retry_handlers=[])

    async def post(self, text: str = "Hello.", **more: Any) -> str:
        answer = await self.client.chat_postMessage(channel=self.channel.id, text=text, **more)
        return str(answer["ts"])


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    async with SlackServer() as server:
        server.app.commands["/reading"] = True
        server.app.shortcuts["Quote"] = "quote"
        yield Readers(server)


@asynccontextmanager
async def listening(readers: Readers) -> AsyncIterator[Heard]:
    async with socket_app(readers.server, readers.team.token) as heard:
        yield heard


async def refused(doing: Awaitable[Any]) -> str:
    with pytest.raises(SlackApiError) as caught:
        await doing
    return str(caught.value.response["error"])


class TestTokens:
    async def test_a_token_says_whose_it_is_and_what_it_may_do(self, readers: Readers) -> None:
        answer = await readers.client.auth_test()
        assert (answer["team_id"], answer["user_id"]) == (readers.team.id, readers.team.bot.id)
        assert "chat:write" in answer.headers["x-oauth-scopes"].split(",")

    async def test_tokens_that_are_missing_wrong_or_dead_are_refused(self, readers: Readers) -> None:
        url = readers.server.api_url
        assert await refused(AsyncWebClient(base_url=url).auth_test()) == "not_authed"
        assert await refused(AsyncWebClient("xoxb-wrong", base_url=url).auth_test()) == "invalid_auth"
        for error in ("token_revoked", "account_inactive"):
            readers.team.refuse_token(error)
            assert await refused(readers.client.auth_test()) == error
        readers.team.accept_token()
        await readers.client.auth_test()

    async def test_a_missing_scope_is_named(self, readers: Readers) -> None:
        readers.team.lacks("chat:write")
        with pytest.raises(SlackApiError) as caught:
            await readers.post()
        answer = caught.value.response
        assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
        assert "chat:write" not in answer["provided"].split(",")

    async def test_private_histories_need_a_scope_of_their_own(self, readers: Readers) -> None:
        private = readers.team.channel("secret", private=True)
        readers.team.lacks("groups:history")
        assert await refused(readers.client.conversations_history(channel=private.id)) == "missing_scope"
        await readers.client.conversations_history(channel=readers.channel.id)

    async def test_unknown_methods_are_refused_and_fail_the_test(self) -> None:
        async def ask() -> None:
            async with SlackServer() as server:
                assert await refused(Readers(server).client.api_call("admin.teams.list")) == "unknown_method"

        with pytest.raises(AssertionError, match=r"admin\.teams\.list"):
            await ask()

    async def test_a_rotated_token_expires(self) -> None:
        clock = ManualClock(START)
        async with SlackServer(now=clock.now) as server:
            server.app.rotates_tokens = True
            readers = Readers(server)
            await readers.client.auth_test()
            clock.move_to(START + timedelta(hours=12))
            assert await refused(readers.client.auth_test()) == "token_expired"


class TestPosting:
    async def test_a_post_is_seen_with_its_blocks_and_found_by_its_metadata(self, readers: Readers) -> None:
        metadata = {"event_type": "asked", "event_payload": {"key": "k"}}
        blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Question"}}]
        ts = await readers.post("Question", blocks=blocks, metadata=metadata)
        (seen,) = readers.channel.visible()
        assert (seen.ts, seen.text, seen.author, seen.by_bot) == (ts, "Question", "Reading Group Bot", True)
        plain = await readers.client.conversations_history(channel=readers.channel.id)
        full = await readers.client.conversations_history(channel=readers.channel.id, include_all_metadata=True)
        assert "metadata" not in plain["messages"][0]
        assert full["messages"][0]["metadata"] == metadata

    @pytest.mark.parametrize(
        ("happens", "error"),
        [
            ("delete", "channel_not_found"),
            ("archive", "is_archived"),
            ("remove_bot", "not_in_channel"),
            ("restrict_posting", "restricted_action"),
        ],
    )
    async def test_a_channel_that_takes_nothing_says_why(self, readers: Readers, happens: str, error: str) -> None:
        getattr(readers.channel, happens)()
        assert await refused(readers.post()) == error

    async def test_a_private_channel_without_the_bot_does_not_exist_for_it(self, readers: Readers) -> None:
        private = readers.team.channel("secret", private=True, bot_inside=False)
        for call in ("conversations_info", "conversations_history", "conversations_members"):
            assert await refused(getattr(readers.client, call)(channel=private.id)) == "channel_not_found"

    async def test_a_reply_joins_the_thread_and_one_without_a_parent_lands_in_the_channel(
        self, readers: Readers
    ) -> None:
        parent = await readers.post("Question")
        reply = await readers.client.chat_postMessage(channel=readers.channel.id, text="below", thread_ts=parent)
        assert reply["message"]["thread_ts"] == parent
        assert [one.text for one in readers.channel.visible()[0].replies] == ["below"]
        await readers.client.chat_delete(channel=readers.channel.id, ts=reply["ts"])
        await readers.client.chat_delete(channel=readers.channel.id, ts=parent)
        lost = await readers.client.chat_postMessage(channel=readers.channel.id, text="lost", thread_ts=parent)
        assert "thread_ts" not in lost["message"]
        assert [one.text for one in readers.channel.visible()] == ["lost"]

    async def test_only_own_messages_can_be_changed_and_deleted(self, readers: Readers) -> None:
        said = await readers.ada.says(readers.channel, "Mine.")
        where: dict[str, Any] = {"channel": readers.channel.id, "ts": said.ts}
        assert await refused(readers.client.chat_update(**where, text="yours")) == "cant_update_message"
        assert await refused(readers.client.chat_delete(**where)) == "cant_delete_message"
        gone: dict[str, Any] = {"channel": readers.channel.id, "ts": "1.000000"}
        assert await refused(readers.client.chat_update(**gone, text="x")) == "message_not_found"
        assert await refused(readers.client.chat_delete(**gone)) == "message_not_found"

    async def test_a_change_by_blocks_shows_no_sign_of_editing_and_keeps_the_metadata(self, readers: Readers) -> None:
        metadata = {"event_type": "asked", "event_payload": {"key": "k"}}
        ts = await readers.post("Question", metadata=metadata)
        blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Better"}}]
        await readers.client.chat_update(channel=readers.channel.id, ts=ts, text="Better", blocks=blocks)
        (message,) = readers.channel.visible()
        assert (message.text, message.state.edited, message.state.metadata) == ("Better", None, metadata)
        await readers.client.chat_update(channel=readers.channel.id, ts=ts, text="Plain")
        assert message.text == "Plain"
        assert message.state.edited is not None

    async def test_old_messages_cannot_be_changed_where_the_workspace_says_so(self) -> None:
        clock = ManualClock(START)
        async with SlackServer(now=clock.now) as server:
            readers = Readers(server)
            server.edit_window = timedelta(hours=1)
            ts = await readers.post()
            await readers.client.chat_update(channel=readers.channel.id, ts=ts, text="in time")
            clock.move_to(START + timedelta(hours=2))
            late = readers.client.chat_update(channel=readers.channel.id, ts=ts, text="too late")
            assert await refused(late) == "edit_window_closed"

    async def test_what_one_person_is_shown_the_others_do_not_see(self, readers: Readers) -> None:
        await readers.client.chat_postEphemeral(channel=readers.channel.id, user=readers.ada.id, text="psst")
        await readers.client.chat_postMessage(channel=readers.ada.id, text="in private")
        assert [one.text for one in readers.ada.whispers()] == ["psst"]
        assert [one.text for one in readers.ada.inbox()] == ["in private"]
        assert readers.channel.visible() == []
        stranger = readers.client.chat_postEphemeral(channel=readers.channel.id, user="U404", text="psst")
        assert await refused(stranger) == "user_not_in_channel"

    async def test_where_an_app_takes_no_messages_nobody_writes_to_it_or_uses_its_commands(self) -> None:
        features = {"app_home": {"messages_tab_read_only_enabled": True}, "slash_commands": [{"command": "/reading"}]}
        about = {"display_information": {"name": "Reading"}, "oauth_config": {"scopes": {"bot": ["chat:write"]}}}
        async with SlackServer(manifest={**about, "features": features}) as server:
            readers = Readers(server)
            inbox = server.direct(readers.team.state, readers.ada.state)
            with pytest.raises(AssertionError, match="has been turned off"):
                await readers.ada.says(inbox, "Hello?")
            with pytest.raises(AssertionError, match="has been turned off"):
                await readers.ada.uses("/reading today", inbox)

    async def test_permalinks_lead_to_threads(self, readers: Readers) -> None:
        parent = await readers.ada.says(readers.channel, "Question")
        reply = await readers.ada.says(parent, "Answer")
        answer = await readers.client.chat_getPermalink(channel=readers.channel.id, message_ts=reply.ts)
        assert answer["permalink"] == reply.link
        assert reply.link.endswith(f"?thread_ts={parent.ts}&cid={readers.channel.id}")

    async def test_a_file_is_shared_where_it_belongs(self, readers: Readers) -> None:
        await readers.client.files_upload_v2(
            channel=readers.channel.id, content="a,b", filename="all.csv", initial_comment="Here.", alt_txt="a table"
        )
        (seen,) = readers.channel.visible()
        assert (seen.text, seen.files) == ("Here.", {"all.csv": "a table"})
        (file,) = seen.state.files
        assert readers.server.world.file_bytes[file["id"]] == b"a,b"


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(elements)}]}


class TestLimits:
    @pytest.mark.parametrize(
        ("blocks", "problem"),
        [
            ([{"type": "divider"}] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
            ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
            ([section("")], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
            ([actions(*[BUTTON | {"action_id": str(n)} for n in range(26)])], "no more than 25 items allowed"),
            ([actions(BUTTON, BUTTON)], 'action_id "press" already exists'),
            ([actions(BUTTON | {"value": "x" * 2001})], "must be less than 2001 characters"),
            ([actions(BUTTON | {"action_id": "x" * 256})], "must be less than 256 characters"),
            ([actions(BUTTON | {"text": {"type": "plain_text", "text": "x" * 76}})], "must be less than 76"),
            ([actions(BUTTON | {"text": {"type": "mrkdwn", "text": "x"}})], "unsupported type: mrkdwn"),
            ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "must be less than 151"),
            ([{"type": "fancy"}], "unsupported type: fancy"),
            ([section("x") | {"colour": "red"}], "invalid additional property: colour"),
            ([rich({"type": "text", "text": ""})], "must be more than 0 characters"),
            ([rich({"type": "button"})], "unsupported type: button"),
            ([{"type": "image", "image_url": "https://a.example/b.png"}], "alt_text"),
        ],
    )
    async def test_blocks_that_slack_does_not_take_are_named(
        self, readers: Readers, blocks: list[dict[str, Any]], problem: str
    ) -> None:
        with pytest.raises(SlackApiError) as caught:
            await readers.post(blocks=blocks)
        assert caught.value.response["error"] == "invalid_blocks"
        assert problem in caught.value.response["errors"][0]
        assert readers.channel.visible() == []

    async def test_all_blocks_together_have_a_limit(self, readers: Readers) -> None:
        await readers.post(blocks=[section("x" * 3000)] * 4)
        assert await refused(readers.post(blocks=[section("x" * 3000)] * 5)) == "msg_blocks_too_long"

    async def test_texts_are_cut_when_posted_and_refused_when_changed(self, readers: Readers) -> None:
        ts = await readers.post("x" * 40_001)
        assert len(readers.channel.visible()[0].text) == 40_000
        change = readers.client.chat_update(channel=readers.channel.id, ts=ts, text="x" * 4_001)
        assert await refused(change) == "msg_too_long"
        silent = readers.client.api_call("chat.postMessage", json={"channel": readers.channel.id})
        assert await refused(silent) == "no_text"

    async def test_metadata_has_a_form_and_a_limit(self, readers: Readers) -> None:
        assert await refused(readers.post(metadata={"event_type": "a"})) == "invalid_metadata_format"
        large = {"event_type": "a", "event_payload": {"key": "x" * 20_000}}
        assert await refused(readers.post(metadata=large)) == "metadata_too_large"


class TestHistory:
    async def test_pages_lead_from_the_newest_message_to_the_oldest(self, readers: Readers) -> None:
        for number in range(7):
            await readers.ada.says(readers.channel, str(number))
        found, cursor = [], None
        while True:
            page = await readers.client.conversations_history(channel=readers.channel.id, limit=3, cursor=cursor)
            found += [message["text"] for message in page["messages"]]
            if not page["has_more"]:
                break
            cursor = page["response_metadata"]["next_cursor"]
        assert found == ["6", "5", "4", "3", "2", "1", "0"]
        wrong = readers.client.conversations_history(channel=readers.channel.id, cursor="nonsense")
        assert await refused(wrong) == "invalid_cursor"

    async def test_every_page_of_a_thread_begins_with_its_parent(self, readers: Readers) -> None:
        parent = await readers.ada.says(readers.channel, "parent")
        for number in range(5):
            await readers.ada.says(parent, str(number))
        pages, cursor = [], None
        while True:
            page = await readers.client.conversations_replies(
                channel=readers.channel.id, ts=parent.ts, limit=3, cursor=cursor
            )
            pages.append([message["text"] for message in page["messages"]])
            if not page["has_more"]:
                break
            cursor = page["response_metadata"]["next_cursor"]
        assert pages == [["parent", "0", "1"], ["parent", "2", "3"], ["parent", "4"]]
        missing = readers.client.conversations_replies(channel=readers.channel.id, ts="1.000000")
        assert await refused(missing) == "thread_not_found"

    async def test_times_limit_what_is_returned(self, readers: Readers) -> None:
        said = [await readers.ada.says(readers.channel, str(number)) for number in range(5)]
        where: dict[str, Any] = {"channel": readers.channel.id, "oldest": said[1].ts, "latest": said[3].ts}
        between = await readers.client.conversations_history(**where)
        assert [message["text"] for message in between["messages"]] == ["2"]
        inclusive = await readers.client.conversations_history(**where, inclusive=True)
        assert [message["text"] for message in inclusive["messages"]] == ["3", "2", "1"]

    async def test_a_thread_is_not_part_of_the_channel_unless_sent_there_too(self, readers: Readers) -> None:
        parent = await readers.ada.says(readers.channel, "parent")
        await readers.ada.says(parent, "hidden")
        await readers.ada.says(parent, "shown", also_in_channel=True)
        found = await readers.client.conversations_history(channel=readers.channel.id)
        broadcast, root = found["messages"]
        assert (broadcast["subtype"], broadcast["root"]["ts"]) == ("thread_broadcast", parent.ts)
        assert (root["reply_count"], root["thread_ts"]) == (2, parent.ts)

    async def test_reactions_name_some_people_and_count_all(self, readers: Readers) -> None:
        readers.server.shown_reactors = 1
        said = await readers.ada.says(readers.channel, "Indeed.")
        people = [readers.ada, readers.team.member("Ben")]
        for one in people:
            await one.reacts(said, "+1::skin-tone-3")
        found = await readers.client.conversations_history(channel=readers.channel.id)
        (reaction,) = found["messages"][0]["reactions"]
        assert (reaction["name"], len(reaction["users"]), reaction["count"]) == ("+1::skin-tone-3", 1, 2)
        full = await readers.client.reactions_get(channel=readers.channel.id, timestamp=said.ts, full=True)
        assert full["message"]["reactions"][0]["users"] == [one.id for one in people]

    async def test_a_deleted_parent_stays_as_a_tombstone_until_its_replies_are_gone(self, readers: Readers) -> None:
        parent = await readers.ada.says(readers.channel, "parent")
        reply = await readers.ada.says(parent, "reply")
        await readers.ada.deletes(parent)
        found = await readers.client.conversations_replies(channel=readers.channel.id, ts=parent.ts)
        assert [message.get("subtype") for message in found["messages"]] == ["tombstone", None]
        await readers.ada.deletes(reply)
        assert readers.channel.state.messages == {}

    async def test_tight_limits_allow_one_short_page_a_minute(self, readers: Readers) -> None:
        for number in range(20):
            await readers.ada.says(readers.channel, str(number))
        readers.server.faults.restrict_history()
        page = await readers.client.conversations_history(channel=readers.channel.id, limit=200)
        assert len(page["messages"]) == 15
        with pytest.raises(SlackApiError) as caught:
            await readers.client.conversations_history(channel=readers.channel.id)
        assert caught.value.response.status_code == 429
        assert 55 <= int(caught.value.response.headers["Retry-After"]) <= 61

    async def test_a_history_that_lags_shows_a_message_late(self, readers: Readers) -> None:
        readers.server.faults.show_late(1)
        await readers.post("late")
        first = await readers.client.conversations_history(channel=readers.channel.id)
        second = await readers.client.conversations_history(channel=readers.channel.id)
        assert [len(answer["messages"]) for answer in (first, second)] == [0, 1]


class TestFaults:
    async def test_a_reply_is_lost_after_slack_acted(self, readers: Readers) -> None:
        readers.server.faults.lose_reply("chat.postMessage")
        with pytest.raises(aiohttp.ClientError):
            await readers.post("there")
        assert [one.text for one in readers.channel.visible()] == ["there"]

    async def test_errors_limits_and_failures_are_made_on_demand(self, readers: Readers) -> None:
        faults = readers.server.faults
        faults.error("chat.postMessage", "restricted_action")
        assert await refused(readers.post()) == "restricted_action"
        faults.rate_limit("chat.*", retry_after=7)
        with pytest.raises(SlackApiError) as caught:
            await readers.post()
        assert caught.value.response.headers["Retry-After"] == "7"
        faults.fail(503, "chat.postMessage", acted=True)
        with pytest.raises(SlackApiError):
            await readers.post("done all the same")
        assert [one.text for one in readers.channel.visible()] == ["done all the same"]


class TestSocketMode:
    async def test_what_people_do_is_told_with_what_slack_tells(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            said = await readers.ada.says(readers.channel, "a < b")
            reply = await readers.ada.says(said, "hello", also_in_channel=True)
            await readers.ada.edits(reply, "hello *all*")
            await readers.ada.reacts(reply, "+1")
            await readers.ada.deletes(reply)
            await readers.server.until(lambda: len(heard.events) >= 6)
        assert heard.lines() == [
            "a &lt; b",
            "thread_broadcast hello",
            "message_changed hello",
            "message_changed hello *all*",
            f"message_deleted {reply.ts}",
        ]
        first, second, _, edited, reacted, deleted = heard.events
        assert (first["user"], first["channel_type"], first["ts"]) == (readers.ada.id, "channel", said.ts)
        assert first["blocks"][0]["elements"][0]["elements"] == [{"type": "text", "text": "a < b"}]
        assert (second["thread_ts"], second["parent_user_id"]) == (said.ts, readers.ada.id)
        assert edited["message"]["edited"]["ts"].endswith(".000000")
        assert edited["previous_message"]["text"] == "hello"
        assert reacted["item"] == {"type": "message", "channel": readers.channel.id, "ts": reply.ts}
        assert deleted["previous_message"]["thread_ts"] == said.ts
        body = heard.bodies[0]
        assert (body["team_id"], body["type"]) == (readers.team.id, "event_callback")
        assert body["authorizations"][0]["user_id"] == readers.team.bot.id

    async def test_typed_mentions_links_and_emoji_arrive_as_elements(self, readers: Readers) -> None:
        said = await readers.ada.says(
            readers.channel, f"{readers.ada.mention} @channel :tada: 🎉 https://a.example/x. `x` <@U1> @someone"
        )
        kinds = [one["type"] for one in said.state.blocks[0]["elements"][0]["elements"] if one.get("text") != " "]
        assert kinds == ["user", "broadcast", "emoji", "emoji", "link", "text", "text", "text"]
        assert said.state.text == (
            f"<@{readers.ada.id}> <!channel> :tada: :tada: <https://a.example/x>. `x` &lt;@U1&gt; @someone"
        )
        assert said.text == "@Ada @channel 🎉 🎉 https://a.example/x. x <@U1> @someone"

    async def test_the_bot_hears_itself_but_nothing_of_channels_without_it(self, readers: Readers) -> None:
        elsewhere = readers.team.channel("elsewhere", bot_inside=False)
        async with listening(readers) as heard:
            await readers.ada.says(elsewhere, "unheard")
            await readers.post("by the bot")
            await readers.ada.says(readers.channel, "by Ada")
            await readers.server.until(lambda: heard.lines() == ["by Ada"])
            told = [one["event"]["text"] for one in readers.server.events.told if one["event"]["type"] == "message"]
            assert told == ["by the bot", "by Ada"]

    async def test_only_what_the_manifest_subscribes_to_is_told(self) -> None:
        manifest = {
            "display_information": {"name": "Bot"},
            "oauth_config": {"scopes": {"bot": ["channels:history", "channels:read", "chat:write"]}},
            "settings": {"event_subscriptions": {"bot_events": ["message.channels", "reaction_added"]}},
        }
        async with SlackServer(manifest=manifest) as server:
            readers = Readers(server)
            said = await readers.ada.says(readers.channel, "told")
            await readers.ada.reacts(said, "+1")
            await readers.ada.says(readers.team.channel("secret", private=True), "not told")
            assert [one["event"]["type"] for one in server.events.told] == ["message"]

    async def test_an_event_that_is_not_acknowledged_comes_again(self, readers: Readers) -> None:
        readers.server.events.ack_within = 0.05
        readers.server.events.pauses = (0.01, 0.01, 0.01)
        async with listening(readers) as heard:
            heard.refuses = 2
            await readers.ada.says(readers.channel, "again")
            await readers.server.until(lambda: readers.server.events.acknowledged == 1)
            assert heard.lines() == ["again"] * 3
            assert len({body["event_id"] for body in heard.bodies}) == 1
            heard.refuses = 4
            await readers.ada.says(readers.channel, "never")
            await readers.server.until(lambda: readers.server.events.lost)

    async def test_what_a_dropped_socket_did_not_acknowledge_comes_on_the_next(self, readers: Readers) -> None:
        readers.server.events.pauses = (0.05, 0.3, 0.5)
        async with listening(readers) as heard:
            readers.server.faults.drop_sockets()
            await readers.ada.says(readers.channel, "while away")
            await readers.server.until(lambda: "while away" in heard.lines())
            assert readers.server.sockets.opened == 2

    async def test_a_client_that_is_asked_to_reconnect_does(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            await readers.server.faults.ask_to_reconnect()
            await readers.server.until(lambda: readers.server.sockets.opened == 2)
            await readers.ada.says(readers.channel, "still here")
            await readers.server.until(lambda: heard.lines() == ["still here"])

    async def test_several_connections_share_the_events(self, readers: Readers) -> None:
        async with listening(readers) as one, listening(readers) as other:
            for number in range(4):
                await readers.ada.says(readers.channel, str(number))
            await readers.server.until(lambda: len(one.events) + len(other.events) == 4)
            assert one.events
            assert other.events

    async def test_duplicates_and_another_order_are_made_on_demand(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            readers.server.faults.duplicate()
            await readers.ada.says(readers.channel, "twice")
            await readers.server.until(lambda: heard.lines() == ["twice", "twice"])
            assert heard.bodies[0]["event_id"] == heard.bodies[1]["event_id"]
            heard.events.clear()
            readers.server.faults.reorder(3)
            for number in range(3):
                await readers.ada.says(readers.channel, str(number))
            await readers.server.until(lambda: heard.lines() == ["2", "1", "0"])

    async def test_what_happens_in_a_gap_is_never_told(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            async with readers.server.faults.gap():
                await readers.ada.says(readers.channel, "unseen")
            await readers.server.until(lambda: readers.server.sockets.opened == 2)
            await readers.ada.says(readers.channel, "seen")
            await readers.server.until(lambda: heard.lines() == ["seen"])

    async def test_a_client_answers_pings(self, readers: Readers) -> None:
        async with listening(readers):
            await readers.server.sockets.ping()
            await readers.server.until(lambda: readers.server.sockets.pongs == 1)

    async def test_a_client_whose_pings_nobody_answers_connects_again(self, readers: Readers) -> None:
        async with listening(readers):
            await readers.server.until(lambda: readers.server.sockets.pings > 2)
            readers.server.sockets.answers_pings = False
            await readers.server.until(lambda: readers.server.sockets.opened == 2)

    async def test_mentions_channels_and_people_are_told_of(self, readers: Readers) -> None:
        bot = readers.team.bot_mention
        async with listening(readers) as heard:
            said = await readers.ada.says(readers.channel, f"{bot} hello")
            await readers.ada.says(said, f"{bot} again")
            readers.ada.is_called("Countess")
            readers.channel.rename("books")
            readers.team.member("Ben").joins(readers.team.channel("other"))
            readers.channel.archive()
            readers.channel.unarchive()
            readers.channel.remove_bot()
            readers.channel.invite_bot()
            bot_id = readers.team.bot.id
            await readers.server.until(lambda: any(event.get("user") == bot_id for event in heard.events))
        by_type = {event["type"]: event for event in heard.events}
        mentions = [event for event in heard.events if event["type"] == "app_mention"]
        assert [event.get("thread_ts") for event in mentions] == [None, said.ts]
        assert by_type["user_change"]["user"]["profile"]["display_name"] == "Countess"
        assert by_type["channel_rename"]["channel"]["name"] == "books"
        assert by_type["member_joined_channel"]["user"] == bot_id
        assert {"channel_archive", "channel_unarchive", "channel_left", "team_join"} <= by_type.keys()

    async def test_too_many_events_are_announced_without_an_event_in_them(self, readers: Readers) -> None:
        readers.server.faults.limit_events()
        told = readers.server.events.told[-1]
        assert (told["type"], told["team_id"], "event" in told) == ("app_rate_limited", readers.team.id, False)

    async def test_more_than_ten_connections_are_too_many(self, readers: Readers) -> None:
        async with aiohttp.ClientSession() as web:
            sockets = []
            for _ in range(11):
                answer = await readers.client.apps_connections_open(app_token=readers.server.app.app_token)
                sockets.append(await web.ws_connect(answer["url"]))
            frames = [await socket.receive_json() for socket in sockets]
            assert [frame["type"] for frame in frames] == ["hello"] * 10 + ["disconnect"]
            assert frames[10]["reason"] == "too_many_websockets"

    async def test_only_the_app_token_opens_connections_and_each_address_one(self, readers: Readers) -> None:
        opening = readers.client.apps_connections_open(app_token=readers.team.token)
        assert await refused(opening) == "not_allowed_token_type"
        answer = await readers.client.apps_connections_open(app_token=readers.server.app.app_token)
        async with aiohttp.ClientSession() as web, web.ws_connect(answer["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await web.ws_connect(answer["url"])


class TestInteractions:
    async def test_a_command_is_answered_to_her_alone(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            answer = await readers.ada.uses("/reading a & <b> @ada #reading", readers.channel)
            ids = f"<@{readers.ada.id}|ada> <#{readers.channel.id}|reading>"
            assert heard.bodies[0]["text"] == f"a &amp; &lt;b&gt; {ids}"
            assert answer.ephemeral
            assert readers.channel.visible() == []
            aloud = await readers.ada.uses("/reading aloud", readers.channel)
            assert (aloud.text, aloud.ephemeral) == ("hear, hear", False)
            assert (await readers.ada.uses("/reading at once", readers.channel)).text == "here you are"

    async def test_a_command_that_is_not_acknowledged_in_time_has_failed(self, readers: Readers) -> None:
        readers.server.events.ack_within = 0.05
        async with listening(readers):
            with pytest.raises(AssertionError, match="operation_timeout"):
                await readers.ada.uses("/reading never", readers.channel)
            with pytest.raises(AssertionError, match="not a valid command"):
                await readers.ada.uses("/nonsense", readers.channel)

    async def test_a_form_opens_takes_corrections_and_is_sent(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            opened = await readers.ada.uses("/reading form", readers.channel)
            assert [field.label for field in opened.form.fields] == ["Answer", "Pick"]
            with pytest.raises(AssertionError, match="required"):
                await readers.ada.submits(opened)
            with pytest.raises(AssertionError, match="50 characters"):
                await readers.ada.submits(opened, answer="x" * 51)
            wrong = await readers.ada.submits(opened, answer="wrong")
            assert wrong.errors == {"answer": "That is wrong."}
            await readers.ada.submits(opened, {"Answer": "right", "Pick": "Yes"}, quietly=True)
            view = heard.bodies[-1]["view"]
            assert view["private_metadata"] == "what it is about"
            assert view["state"]["values"]["pick"]["pick"]["selected_option"]["value"] == "yes"
            await readers.server.until(lambda: [one.text for one in readers.ada.inbox()] == ["Thank you."])
            with pytest.raises(AssertionError, match="closed"):
                await readers.ada.submits(opened, answer="again")

    async def test_a_button_answers_or_replaces_its_message(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            await readers.post("Press it.", blocks=[section("Press it."), actions(BUTTON)])
            (message,) = readers.channel.visible()
            assert (await readers.ada.presses(message, "Press")).text == "pressed"
            body = heard.bodies[-1]
            assert (body["container"]["message_ts"], body["message"]["text"]) == (message.ts, "Press it.")
            await readers.post("Press this.", blocks=[actions(BUTTON | {"value": "replace"})])
            answer = await readers.ada.presses(readers.channel.visible()[-1], "Press")
            assert answer.changed
            assert readers.channel.visible()[-1].text == "pressed"

    async def test_a_shortcut_is_about_its_message(self, readers: Readers) -> None:
        async with listening(readers):
            said = await readers.ada.says(readers.channel, "Quote me.")
            assert (await readers.ada.invokes_shortcut("Quote", said)).text == "about: Quote me."

    async def test_a_home_is_drawn_for_each_person_and_its_buttons_work(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            home = await readers.ada.opens_home()
            assert home.text == "Welcome, @Ada"
            await readers.ada.presses(home, "Press", quietly=True)
            assert heard.bodies[-1]["container"] == {"type": "view", "view_id": home.view.id}
            ben = readers.team.member("Ben")
            assert (await ben.opens_home()).text == "Welcome, @Ben"
            assert readers.ada.home().text == "Welcome, @Ada"

    async def test_a_trigger_opens_one_form_and_not_for_long(self, readers: Readers) -> None:
        from tests.standins.slack.interactions import Interaction
        from tests.standins.slack.samplebots import FORM

        it = Interaction(readers.ada.state, readers.team.state)
        trigger = readers.server.interactions.trigger(it)
        await readers.client.views_open(trigger_id=trigger, view=FORM)
        again = readers.client.views_open(trigger_id=trigger, view=FORM)
        assert await refused(again) == "exchanged_trigger_id"
        late = readers.server.interactions.trigger(it)
        it.trigger_ends = 0
        assert await refused(readers.client.views_open(trigger_id=late, view=FORM)) == "expired_trigger_id"
        wide = FORM | {"title": {"type": "plain_text", "text": "x" * 25}}
        with pytest.raises(SlackApiError, match="25 characters"):
            await readers.client.views_open(trigger_id=readers.server.interactions.trigger(it), view=wide)

    async def test_a_response_address_takes_five_answers_within_half_an_hour(self) -> None:
        from tests.standins.slack.interactions import Interaction

        clock = ManualClock(START)
        async with SlackServer(now=clock.now) as server, aiohttp.ClientSession() as web:
            readers = Readers(server)

            async def answer(address: str) -> tuple[int, str]:
                async with web.post(address, json={"text": "x"}) as response:
                    return response.status, await response.text()

            it = Interaction(readers.ada.state, readers.team.state, readers.channel.state)
            address = server.interactions.response_url(it)
            assert [(await answer(address))[0] for _ in range(6)] == [200] * 5 + [404]
            late = Interaction(readers.ada.state, readers.team.state, readers.channel.state)
            address = server.interactions.response_url(late)
            clock.move_to(START + timedelta(minutes=31))
            assert "expired_url" in (await answer(address))[1]


class TestHttp:
    async def test_an_app_is_installed_and_hears_signed_events(self, readers: Readers) -> None:
        async with http_app(readers.server) as (heard, address):
            await readers.server.hooks.verify_url()
            status, page = await readers.team.owner.installs(f"{address}/slack/install")
            assert (status, "Thank you" in page) == (200, True)
            await readers.ada.says(readers.channel, "over HTTP")
            await readers.server.until(lambda: heard.lines() == ["over HTTP"])
            assert (await readers.ada.uses("/reading aloud", readers.channel)).text == "hear, hear"
            assert (await readers.ada.uses("/reading at once", readers.channel)).text == "here you are"
            await readers.post("Press it.", blocks=[actions(BUTTON)])
            assert (await readers.ada.presses(readers.channel.visible()[-1], "Press")).text == "pressed"

    async def test_who_does_not_allow_it_or_brings_another_state_installs_nothing(self, readers: Readers) -> None:
        async with http_app(readers.server) as (_, address):
            _, page = await readers.team.owner.installs(f"{address}/slack/install", allows=False)
            assert "access_denied" in page
            forged = f"{address}/slack/oauth_redirect?code=1&state=2"
            async with aiohttp.ClientSession() as browser, browser.get(forged) as response:
                assert response.status == 400
            assert readers.server.calls("oauth.v2.access") == []

    async def test_a_failing_app_is_tried_again_with_the_reason(self, readers: Readers) -> None:
        readers.server.events.pauses = (0.01, 0.01, 0.01)
        async with http_app(readers.server) as (heard, address):
            await readers.team.owner.installs(f"{address}/slack/install")
            heard.refuses = 1
            await readers.ada.says(readers.channel, "again")
            await readers.server.until(lambda: heard.lines() == ["again", "again"])
            headers = readers.server.hooks.sent[-1][0]
            assert headers["X-Slack-Retry-Num"] == "1"
            assert headers["X-Slack-Retry-Reason"] == "http_error"

    async def test_signatures_are_what_slack_makes_of_secret_time_and_body(self, readers: Readers) -> None:
        # The worked example of Slack's page on verifying requests.
        body = (
            b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
            b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
            b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        expected = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        assert signature("8f742231b10e8888abcd99yyyzzz85a5", 1531420618, body) == expected

    @pytest.mark.parametrize("how", ["forged", "stale"])
    async def test_requests_that_slack_did_not_sign_are_refused(self, readers: Readers, how: str) -> None:
        async with http_app(readers.server) as (heard, address):
            await readers.team.owner.installs(f"{address}/slack/install")
            hooks = readers.server.hooks
            body = json.dumps({"type": "event_callback", "team_id": readers.team.id, "event": {"type": "message"}})
            headers = hooks.headers(body.encode(), "application/json", timestamp=int(time.time()) - 301)
            if how == "forged":
                headers = hooks.headers(b"another", "application/json")
            status, _, _ = await hooks.post(body.encode(), headers)
            assert status == 401
            assert heard.events == []

    async def test_a_removed_app_is_told_and_its_tokens_are_dead(self, readers: Readers) -> None:
        async with listening(readers) as heard:
            readers.team.uninstall()
            assert await refused(readers.client.auth_test()) == "account_inactive"
            told = {one["event"]["type"] for one in readers.server.events.told}
            assert {"app_uninstalled", "tokens_revoked"} <= told
            await readers.ada.says(readers.channel, "unheard")
            await asyncio.sleep(0)
            assert heard.lines() == []

    async def test_tokens_are_exchanged_for_fresh_ones(self) -> None:
        async with SlackServer() as server:
            server.app.rotates_tokens = True
            readers = Readers(server)
            token = server.world.tokens[readers.team.token]
            app: dict[str, Any] = {"client_id": server.app.client_id, "client_secret": server.app.client_secret}
            ask: dict[str, Any] = {"grant_type": "refresh_token", "refresh_token": token.refresh}
            answer = await readers.client.oauth_v2_access(**app, **ask)
            assert answer["access_token"] == readers.team.token != token.value
            assert answer["expires_in"] == 43_200
            assert await refused(readers.client.oauth_v2_access(**app, **ask)) == "invalid_refresh_token"

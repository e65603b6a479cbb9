"""The stand-in for Discord, used by the real discord.py client: what the bot's tests rely on."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest

from tests.standins import wire
from tests.standins.discord import ChannelHand, DiscordServer, GuildHand
from tests.standins.discord.samplebots import Listener, Sharded, with_commands

MESSAGES = "/channels/{channel_id}/messages"
FOLLOW_UP = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"


@asynccontextmanager
async def connected(server: DiscordServer, client: Listener | None = None) -> AsyncIterator[Listener]:
    client = client or Listener()
    with server.serves_library():
        running = asyncio.create_task(client.start(server.token))
        try:
            waiting = asyncio.create_task(server.until_ready(client))
            await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if running.done():
                running.result()
            yield client
        finally:
            await client.close()
            await asyncio.wait({running})
    running.result()


@asynccontextmanager
async def reading_group(client: Listener | None = None, **switches: bool) -> AsyncIterator[Any]:
    async with DiscordServer(**switches) as server:  # type: ignore[arg-type]
        guild = server.guild("Readers")
        channel = guild.text("reading")
        async with connected(server, client) as bot:
            bot.heard.clear()
            yield server, guild, channel, bot


def text(bot: discord.Client, channel: ChannelHand) -> discord.TextChannel:
    found = bot.get_channel(channel.id)
    assert isinstance(found, discord.TextChannel)
    return found


async def heard(server: DiscordServer, bot: Listener, *expected: str) -> None:
    await server.until(lambda: len(bot.heard) >= len(expected))
    assert bot.heard == list(expected)


async def refused(doing: Awaitable[object]) -> tuple[type[discord.HTTPException], int]:
    with pytest.raises(discord.HTTPException) as caught:
        await doing
    return type(caught.value), caught.value.code


class TestConnecting:
    async def test_a_client_logs_in_and_sees_its_guilds_channels_and_members(self) -> None:
        async with DiscordServer() as server:
            guild = server.guild("Readers")
            guild.text("reading", topic="AI 2027")
            guild.forum("rounds", tags=("Economics", "Alignment"))
            guild.member("Ada")
            server.guild("Elsewhere", bot_inside=False)
            async with connected(server) as bot:
                assert bot.application is not None
                assert bot.application.owner.display_name == "Operator"
                (seen,) = bot.guilds
                assert [channel.name for channel in seen.channels] == ["reading", "rounds"]
                assert {member.display_name for member in seen.members} == {"Owner", "Reading Group Bot", "Ada"}
                assert [tag.name for tag in seen.forums[0].available_tags] == ["Economics", "Alignment"]
                assert seen.text_channels[0].permissions_for(seen.me).send_messages

    async def test_a_wrong_token_is_refused_at_login(self) -> None:
        async with DiscordServer() as server:
            client = Listener()
            with server.serves_library(), pytest.raises(discord.LoginFailure):
                await client.start("wrong")
            await client.close()

    async def test_the_gateway_closes_with_4004_on_a_wrong_token(self) -> None:
        async with (
            DiscordServer() as server,
            aiohttp.ClientSession() as web,
            web.ws_connect(server.gateway_url) as socket,
        ):
            assert (await socket.receive_json())["op"] == 10
            await socket.send_json({"op": 2, "d": {"token": "wrong", "intents": 1, "properties": {}}})
            await socket.receive()
            assert socket.close_code == 4004

    async def test_a_token_that_was_reset_ends_the_client_with_4004(self) -> None:
        async with DiscordServer() as server:
            client = Listener()
            with server.serves_library():
                running = asyncio.create_task(client.start(server.token))
                await server.until_ready(client)
                server.token = "another"  # noqa: S105 - it opens nothing
                server.faults.drop_sockets()
                with pytest.raises(discord.ConnectionClosed) as closed:
                    await running
            assert closed.value.code == 4004

    async def test_shards_share_the_guilds(self) -> None:
        async with DiscordServer(shards=2) as server:
            guilds = [server.guild(f"Guild {number}") for number in range(4)]
            channels = [guild.text() for guild in guilds]
            client = Sharded()
            with server.serves_library():
                running = asyncio.create_task(client.start(server.token))
                await server.until_ready(client)
                assert {guild.id: guild.shard_id for guild in client.guilds} == {g.id: (g.id >> 22) % 2 for g in guilds}
                assert server.gateway.identified == 2
                for guild, channel in zip(guilds, channels, strict=True):
                    await guild.owner.says(channel, "hello")
                await server.until(lambda: len(client.heard) >= 4)
                assert sorted(client.heard) == [f"Guild {number}: hello" for number in range(4)]
                await client.close()
                await asyncio.wait({running})

    async def test_privileged_intents_that_are_switched_off_close_with_4014(self) -> None:
        for switches in ({"content_allowed": False}, {"members_allowed": False}):
            async with DiscordServer(**switches) as server:  # type: ignore[arg-type]
                with pytest.raises(discord.PrivilegedIntentsRequired):
                    async with connected(server):
                        pass

    async def test_without_the_content_intent_only_mentions_and_own_messages_have_words(self) -> None:
        async with reading_group(Listener(content=False)) as (server, guild, channel, bot):
            await guild.owner.says(channel, "secret")
            await guild.owner.says(channel, f"<@{server.bot.id}> today")
            await heard(server, bot, "Owner: ", f"Owner: <@{server.bot.id}> today")

    async def test_a_dropped_socket_resumes_and_hears_what_it_missed_once(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            owner = guild.owner
            await owner.says(channel, "one")
            server.faults.drop_sockets()
            for word in ("two", "three"):
                await owner.says(channel, word)
            await server.until(lambda: server.gateway.resumed == 1)
            await owner.says(channel, "four")
            await heard(server, bot, *(f"Owner: {word}" for word in ("one", "two", "three", "four")))
            assert server.gateway.identified == 1

    @pytest.mark.parametrize("how", ["reconnect", "resumable", "close"])
    async def test_every_resumable_break_is_resumed(self, how: str) -> None:
        async with reading_group() as (server, guild, channel, bot):
            breaks: dict[str, Callable[[], None]] = {
                "reconnect": server.faults.ask_to_reconnect,
                "resumable": lambda: server.faults.invalidate(resumable=True),
                "close": lambda: server.faults.drop_sockets(4000),
            }
            breaks[how]()
            await guild.owner.says(channel, "still here")
            await heard(server, bot, "Owner: still here")
            await server.until(lambda: server.gateway.resumed == 1)

    async def test_a_gateway_that_stops_answering_heartbeats_is_left_and_resumed(self) -> None:
        async with DiscordServer() as server:
            server.gateway.heartbeat_ms = 50
            async with connected(server, Listener(heartbeat_timeout=0.3)):
                await server.until(lambda: server.gateway.heartbeats > 3)
                assert server.gateway.resumed == 0
                server.gateway.answers_heartbeats = False
                await server.until(lambda: server.gateway.resumed)

    async def test_an_invalid_session_identifies_again(self) -> None:
        async with reading_group() as (server, _, _, _):
            server.faults.invalidate(resumable=False)
            await server.until(lambda: server.gateway.identified == 2)

    async def test_what_happens_in_a_gap_is_never_told(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            async with server.faults.gap():
                said = [await guild.owner.says(channel, f"unseen {number}") for number in range(5)]
                await guild.owner.edits(said[0], "changed")
                await guild.owner.deletes(said[1])
                await text(bot, channel).fetch_message(said[0].id)
            await server.until(lambda: server.gateway.identified == 2)
            await server.until(lambda: server.gateway.listening)
            await guild.owner.says(channel, "seen")
            await server.until(lambda: "Owner: seen" in bot.heard)
            assert [line for line in bot.heard if "unseen" in line or "changed" in line] == []
            history = [message.content async for message in text(bot, channel).history(limit=None, oldest_first=True)]
            assert history == ["changed", "unseen 2", "unseen 3", "unseen 4", "seen"]

    async def test_two_servers_in_one_process_know_nothing_of_each_other(self) -> None:
        async with DiscordServer() as one, DiscordServer() as other:
            one.guild("One")
            other.guild("Other")
            async with connected(one) as first, connected(other) as second:
                assert [guild.name for guild in first.guilds] == ["One"]
                assert [guild.name for guild in second.guilds] == ["Other"]

    async def test_an_address_that_is_not_there_fails_the_test(self) -> None:
        with pytest.raises(AssertionError, match="POST /api/v10/auth/logout"):
            async with reading_group() as (_, _, _, bot):
                assert await refused(bot.http.logout()) == (discord.NotFound, 0)


class TestHearing:
    async def test_people_write_edit_delete_and_react(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            ada = guild.member("Ada")
            said = await ada.says(channel, "Hello")
            await ada.edits(said, "Hello!")
            await ada.reacts(said, "👍")
            await ada.unreacts(said, "👍")
            await ada.reacts(said, "👎")
            await guild.owner.clears_reactions(said)
            await ada.deletes(said)
            two = [await ada.says(channel, word) for word in ("a", "b")]
            await ada.deletes(*two)
            await heard(
                server,
                bot,
                "Ada joined",
                "Ada: Hello",
                "edited: Hello!",
                "Ada 👍",
                "no 👍",
                "Ada 👎",
                "no reactions",
                f"deleted: {said.id}",
                "Ada: a",
                "Ada: b",
                "deleted at once: 2",
            )

    async def test_places_come_and_go(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            ada = guild.member("Ada")
            thread = await ada.opens_thread(channel, "Side talk", "hello")
            thread.delete()
            channel.delete()
            ada.leaves()
            guild.go_unavailable()
            guild.come_back()
            guild.kick_bot()
            guild.invite_bot()
            await heard(
                server,
                bot,
                "Ada joined",
                "thread Side talk",
                "Ada: hello",
                "thread gone",
                "channel reading gone",
                "Ada left",
                "Readers unavailable",
                "Readers available",
                "out of Readers",
                "into Readers",
            )

    async def test_a_channel_that_the_bot_cannot_see_is_silent(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            channel.deny_bot("view_channel")
            await guild.owner.says(channel, "unheard")
            channel.allow_bot("view_channel")
            await guild.owner.says(channel, "heard")
            await heard(server, bot, "Owner: heard")


class TestWriting:
    async def test_a_message_with_everything_looks_as_it_was_written(self) -> None:
        async with reading_group() as (_, _, channel, bot):
            embed = discord.Embed(title="Question 1", description="Why?", url="https://example.org")
            embed.add_field(name="Source", value="AI 2027").set_image(url="attachment://map.png").set_footer(text="fin")
            view = discord.ui.View(timeout=None)
            view.add_item(discord.ui.Button(label="Answer", custom_id="answer:1"))
            view.add_item(discord.ui.Button(label="Source", url="https://example.org"))
            picture = discord.File(io.BytesIO(b"\x89PNG\r\n\x1a\n" + bytes(16)), "map.png", description="A map")
            sent = await text(bot, channel).send("Today", embed=embed, view=view, file=picture)
            (seen,) = channel.visible()
            assert seen.text == "Today"
            assert seen.embeds == ["Question 1\nWhy?\nSource\nAI 2027\n[picture map.png]\nfin"]
            assert seen.buttons == ["Answer", "Source"]
            assert (seen.pictures, seen.files, sent.attachments) == ({"map.png": "A map"}, {}, [])
            assert sent.embeds[0].image.url is not None
            assert await bot.http.get_from_cdn(sent.embeds[0].image.url) == b"\x89PNG\r\n\x1a\n" + bytes(16)
            await sent.edit(embed=None)
            assert (seen.pictures, seen.files) == ({}, {"map.png": "A map"})
            await sent.edit(content="Tomorrow", view=None, attachments=[])
            assert (seen.text, seen.embeds, seen.buttons, seen.files) == ("Tomorrow", [], [], {})

    async def test_only_allowed_mentions_ping(self) -> None:
        async with reading_group() as (_, guild, channel, bot):
            readers, quiet = guild.role("Readers", mentionable=True), guild.role("Quiet")
            words = f"@everyone <@&{readers.id}> <@&{quiet.id}> {guild.owner.mention}"
            everyone = discord.AllowedMentions.all()
            await text(bot, channel).send(words, allowed_mentions=discord.AllowedMentions.none())
            await text(bot, channel).send(words, allowed_mentions=discord.AllowedMentions(everyone=False, users=False))
            await text(bot, channel).send(words, allowed_mentions=everyone)
            guild.bot_gains("mention_everyone")
            await text(bot, channel).send(words, allowed_mentions=everyone)
            assert [seen.pings for seen in channel.visible()] == [
                [],
                ["Readers"],
                ["Owner", "Readers"],
                ["Owner", "Readers", "Quiet", "@everyone"],
            ]

    async def test_an_enforced_nonce_posts_once(self) -> None:
        async with reading_group() as (_server, _, channel, bot):
            body = {"content": "once", "nonce": "round-1", "enforce_nonce": True}
            route = discord.http.Route("POST", MESSAGES, channel_id=channel.id)
            first, second = [await bot.http.request(route, json=body) for _ in range(2)]
            assert first["id"] == second["id"]
            assert first["nonce"] == second["nonce"] == "round-1"
            assert [m.nonce async for m in text(bot, channel).history()] == [None]
            del body["enforce_nonce"]
            await bot.http.request(route, json=body)
            assert [seen.text for seen in channel.visible()] == ["once", "once"]

    async def test_an_enforced_nonce_of_a_deleted_message_sends_nothing(self) -> None:
        async with reading_group() as (_, _, channel, bot):
            body = {"content": "once", "nonce": "round-1", "enforce_nonce": True}
            route = discord.http.Route("POST", MESSAGES, channel_id=channel.id)
            await bot.http.request(route, json=body)
            channel.clear()
            assert await refused(bot.http.request(route, json=body)) == (discord.NotFound, 10008)
            assert channel.visible() == []

    async def test_an_enforced_nonce_is_forgotten_after_some_minutes(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            now = server.world.now
            route = discord.http.Route("POST", MESSAGES, channel_id=channel.id)
            body = {"content": "once", "nonce": "round-1", "enforce_nonce": True}
            await bot.http.request(route, json=body)
            server.world.now = lambda: now() + timedelta(minutes=6)
            await bot.http.request(route, json=body)
            assert len(channel.visible()) == 2

    async def test_history_pages_in_every_direction(self) -> None:
        async with reading_group() as (_, guild, channel, bot):
            said = [await guild.owner.says(channel, str(number)) for number in range(250)]
            place = text(bot, channel)
            assert [m.content async for m in place.history(limit=None, oldest_first=True)] == [m.text for m in said]
            middle = discord.Object(said[100].id)
            assert [m.content async for m in place.history(limit=3, before=middle)] == ["99", "98", "97"]
            assert [m.content async for m in place.history(limit=3, after=middle)] == ["101", "102", "103"]
            assert [m.content async for m in place.history(limit=5, around=middle)] == ["102", "101", "100", "99", "98"]

    async def test_reactors_page(self) -> None:
        async with reading_group() as (_, guild, channel, bot):
            said = await guild.owner.says(channel, "vote")
            people = [guild.member(f"Reader {number}") for number in range(105)]
            for person in people:
                await person.reacts(said, "👍")
            message = await text(bot, channel).fetch_message(said.id)
            assert message.reactions[0].count == 105
            voters = [user.id async for user in message.reactions[0].users()]
            assert sorted(voters) == [person.id for person in people]
            guild.bot_gains("manage_messages")
            await message.add_reaction("🤷")
            await message.remove_reaction("👍", discord.Object(people[0].id))
            assert said.reactions == {"👍": 104, "🤷": 1}


class TestThreads:
    async def test_a_thread_has_its_messages_id_and_is_made_once(self) -> None:
        async with reading_group() as (_server, guild, channel, bot):
            message = await text(bot, channel).send("Question")
            thread = await message.create_thread(name="Answers", auto_archive_duration=4320)
            assert thread.id == message.id
            (seen,) = channel.visible()
            assert seen.thread is not None
            assert seen.thread.name == "Answers"
            assert await refused(message.create_thread(name="Again")) == (discord.HTTPException, 160004)
            await guild.owner.says(seen.thread, "Mine")
            await thread.send("Noted")
            assert [m.text for m in seen.thread.visible()] == ["Mine", "Noted"]
            assert (await text(bot, channel).fetch_message(message.id)).thread == thread

    async def test_an_archived_thread_is_listed_and_wakes_when_somebody_writes(self) -> None:
        async with reading_group() as (_server, guild, channel, bot):
            threads = [await guild.owner.opens_thread(channel, f"Round {number}", "?") for number in range(5)]
            for thread in threads[:4]:
                thread.archive()
            listed = [thread.name async for thread in text(bot, channel).archived_threads(limit=3)]
            assert listed == ["Round 3", "Round 2", "Round 1"]
            guild_seen = bot.get_guild(guild.id)
            assert guild_seen is not None
            assert [thread.name for thread in await guild_seen.active_threads()] == ["Round 4"]
            await guild.owner.says(threads[0], "late answer")
            assert not threads[0].archived
            own = await (await bot.fetch_channel(threads[1].id)).send("woken")
            assert not threads[1].archived
            threads[1].archive()
            assert await refused(own.edit(content="changed")) == (discord.HTTPException, 50083)

    async def test_a_forum_post_is_a_thread_whose_first_message_has_its_id(self) -> None:
        async with reading_group() as (server, guild, _, bot):
            forum = guild.forum("rounds", tags=("Economics", "Alignment"), requires_tag=True)
            place = await server.until(lambda: bot.get_channel(forum.id))
            assert isinstance(place, discord.ForumChannel)
            made = await place.create_thread(name="Round 1", content="Why?", applied_tags=[place.available_tags[0]])
            assert made.message.id == made.thread.id
            (post,) = forum.threads()
            assert post.tags == ["Economics"]
            assert [m.text for m in post.visible()] == ["Why?"]
            assert await refused(place.create_thread(name="Round 2", content="?")) == (discord.HTTPException, 40067)
            assert await refused(
                bot.http.request(discord.http.Route("POST", MESSAGES, channel_id=forum.id), json={"content": "?"})
            ) == (discord.HTTPException, 50008)


class TestErrors:
    @pytest.mark.parametrize(
        ("permission", "code"), [("view_channel", 50001), ("send_messages", 50013), ("embed_links", 50013)]
    )
    async def test_a_missing_permission_is_forbidden(self, permission: str, code: int) -> None:
        async with reading_group() as (_, _, channel, bot):
            place = text(bot, channel)
            channel.deny_bot(permission)
            assert await refused(place.send(embed=discord.Embed(title="x"))) == (discord.Forbidden, code)

    async def test_each_error_is_the_one_of_discord(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            place = text(bot, channel)
            assert await refused(place.send("")) == (discord.HTTPException, 50006)
            assert await refused(place.fetch_message(1)) == (discord.NotFound, 10008)
            assert await refused(bot.fetch_channel(1)) == (discord.NotFound, 10003)
            assert await refused(place.send("x" * 2001)) == (discord.HTTPException, 50035)
            other = await place.fetch_message((await guild.owner.says(channel, "mine")).id)
            assert await refused(other.edit(content="yours")) == (discord.Forbidden, 50005)
            own = await place.send("old")
            server.faults.freeze(channel.visible()[-1])
            assert await refused(own.edit(content="new")) == (discord.HTTPException, 30046)
            ada = guild.member("Ada")
            ada.closes_direct_messages()
            user = await bot.fetch_user(ada.id)
            assert await refused(user.send("psst")) == (discord.Forbidden, 50007)
            guild.kick_bot()
            assert await refused(place.send("hello?")) == (discord.Forbidden, 50001)

    async def test_an_invalid_form_names_the_field_as_deep_as_it_lies(self) -> None:
        async with reading_group() as (_, _, channel, bot):
            embeds = [discord.Embed(title="fine"), discord.Embed(title="t" * 257)]
            with pytest.raises(discord.HTTPException, match=r"In embeds\.1\.title: Must be 256 or fewer in length\."):
                await text(bot, channel).send(embeds=embeds)
            embeds = [discord.Embed(description="d" * 3500), discord.Embed(description="d" * 2600)]
            with pytest.raises(discord.HTTPException, match="Embed size exceeds maximum size of 6000"):
                await text(bot, channel).send(embeds=embeds)

    async def test_pins_bulk_deletion_and_replies(self) -> None:
        async with reading_group() as (server, guild, channel, bot):
            guild.bot_gains("manage_messages", "pin_messages")
            place = text(bot, channel)
            first = await place.send("one")
            await first.pin()
            assert [m.id async for m in place.pins()] == [first.id]
            await first.unpin()
            reply = await first.reply("two")
            assert reply.reference is not None
            assert isinstance(reply.reference.resolved, discord.Message)
            await place.typing()
            await place.delete_messages([first, reply])
            assert channel.visible() == []
            old = [await place.send(word) for word in "ab"]
            now = server.world.now
            server.world.now = lambda: now() + timedelta(days=15)
            assert await refused(place.delete_messages(old)) == (discord.HTTPException, 50034)

    async def test_what_needs_a_permission_is_refused_without_it(self) -> None:
        async with reading_group() as (_, guild, channel, bot):
            place = text(bot, channel)
            said = await place.fetch_message((await guild.owner.says(channel, "mine")).id)
            channel.deny_bot("create_public_threads", "add_reactions", "attach_files")
            for doing in (
                said.create_thread(name="x"),
                said.add_reaction("👍"),
                said.delete(),
                said.pin(),
                place.edit(name="other"),
                place.send(file=discord.File(io.BytesIO(b"x"), "x.txt")),
            ):
                assert await refused(doing) == (discord.Forbidden, 50013)
            channel.deny_bot("read_message_history")
            assert [m async for m in place.history()] == []
            assert await refused(place.fetch_message(said.id)) == (discord.Forbidden, 50013)

    async def test_members_are_read_and_the_bot_leaves(self) -> None:
        async with reading_group() as (_, guild, _, bot):
            ada = guild.member("Ada")
            seen = bot.get_guild(guild.id)
            assert seen is not None
            role = guild.role("Hosts")
            ada.is_given(role)
            assert [r.id for r in (await seen.fetch_member(ada.id)).roles] == [guild.id, role.id]
            assert len([m async for m in seen.fetch_members()]) == 3
            ada.leaves()
            assert await refused(seen.fetch_member(ada.id)) == (discord.NotFound, 10007)
            await seen.leave()
            assert await refused(bot.fetch_guild(guild.id)) == (discord.NotFound, 10004)

    async def test_a_direct_message_arrives(self) -> None:
        async with reading_group() as (server, guild, _, bot):
            ada = guild.member("Ada")
            await (await bot.fetch_user(ada.id)).send("Your reminder")
            assert [seen.text for seen in ada.inbox()] == ["Your reminder"]
            await ada.says_privately("thanks")
            await server.until(lambda: "Ada: thanks" in bot.heard)


class TestFaults:
    async def test_the_library_waits_out_a_rate_limit(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.rate_limit("POST", MESSAGES, 3)
            await text(bot, channel).send("patience")
            assert [record.status for record in server.requests("POST", MESSAGES)] == [429, 429, 429, 200]
            assert len(channel.visible()) == 1

    async def test_a_real_bucket_runs_empty_and_the_library_slows_down(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.rest.limits.limit, server.rest.limits.window = 2, 0.05
            await asyncio.gather(*(text(bot, channel).send(str(number)) for number in range(7)))
            assert len(channel.visible()) == 7

    async def test_a_lost_reply_leaves_the_message_behind(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.lose_reply("POST", MESSAGES)
            with pytest.raises(aiohttp.ClientError):
                await text(bot, channel).send("did it arrive?")
            assert [seen.text for seen in channel.visible()] == ["did it arrive?"]

    async def test_a_server_error_does_nothing(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.fail(503, "POST", MESSAGES)
            with pytest.raises(discord.DiscordServerError):
                await text(bot, channel).send("no")
            assert channel.visible() == []

    async def test_a_server_error_may_come_after_the_act(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.fail(503, "POST", MESSAGES, acted=True)
            with pytest.raises(discord.DiscordServerError):
                await text(bot, channel).send("yes")
            assert [seen.text for seen in channel.visible()] == ["yes"]

    async def test_a_slow_reply_comes_after_the_act(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.slow(0.2, "POST", MESSAGES)
            sending = asyncio.create_task(text(bot, channel).send("slowly"))
            await channel.message("slowly")
            assert not sending.done()
            await sending

    async def test_history_can_show_a_message_late(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            server.faults.show_late(2)
            await text(bot, channel).send("there")
            reads = [[m.content async for m in text(bot, channel).history()] for _ in range(3)]
            assert reads == [[], [], ["there"]]

    async def test_a_hook_runs_between_the_act_and_the_reply(self) -> None:
        async with reading_group() as (server, _, channel, bot):
            seen: list[int] = []
            server.faults.hook("POST", MESSAGES, after=lambda: seen.append(len(channel.visible())))
            await text(bot, channel).send("now")
            assert seen == [1]


@asynccontextmanager
async def commanded() -> AsyncIterator[Any]:
    async with reading_group(with_commands()) as (server, guild, channel, bot):
        await bot.tree.sync()
        yield server, guild, channel, bot


class TestInteractions:
    async def test_commands_with_options_and_subcommand_groups(self) -> None:
        async with commanded() as (_, guild, channel, _):
            ada = guild.member("Ada")
            shown = await ada.uses("/reading today", channel, times=3, who=guild.owner)
            assert (shown.text, shown.ephemeral) == ("Question for Owner, 3", False)
            assert channel.visible()[-1].buttons == ["Answer", "Slowly", "Quietly"]
            shown = await ada.uses("/reading queue add", channel, topic="x")
            assert (shown.text, shown.ephemeral) == ("added x", True)
            assert len(channel.visible()) == 1

    async def test_the_client_refuses_what_discords_client_would_refuse(self) -> None:
        async with commanded() as (_, guild, channel, _):
            for line, options in (
                ("/reading", {}),
                ("/reading nothing", {}),
                ("/reading queue add", {}),
                ("/reading today", {"times": "many"}),
                ("/reading today", {"unknown": 1}),
            ):
                with pytest.raises(AssertionError):
                    await guild.owner.uses(line, channel, **options)

    async def test_autocomplete_offers_names_with_values(self) -> None:
        async with commanded() as (_, guild, channel, _):
            assert await guild.owner.types("/reading queue add", channel, topic="eco") == {"Economics": "economics"}

    async def test_a_context_menu_gets_the_message(self) -> None:
        async with commanded() as (_, guild, channel, _):
            said = await guild.owner.says(channel, "wise words")
            assert (await guild.owner.invokes_menu("Quote in digest", said)).text == "quoted wise words"

    async def test_a_button_opens_a_form_and_the_form_answers(self) -> None:
        async with commanded() as (_, guild, channel, _):
            ada = guild.member("Ada")
            panel = await ada.uses("/reading today", channel)
            form = (await ada.presses(panel, "Answer")).form
            assert [field.label for field in form.fields] == ["Answer", "How sure?"]
            with pytest.raises(AssertionError, match="21 characters"):
                await ada.submits(form, {"Answer": "x" * 21, "How sure?": "Very"})
            assert (await ada.submits(form, {"Answer": "Yes", "How sure?": "Very"})).text == "Yes (9)"

    async def test_a_deferred_answer_is_awaited_and_follow_ups_too(self) -> None:
        async with commanded() as (_, guild, channel, _):
            panel = await guild.owner.uses("/reading today", channel)
            shown = await guild.owner.presses(panel, "Slowly")
            assert (shown.text, shown.ephemeral) == ("thought about it", True)
            assert (await shown.next()).text == "and more"

    async def test_a_select_changes_its_message(self) -> None:
        async with commanded() as (_, guild, channel, _):
            panel = await guild.owner.uses("/reading today", channel)
            shown = await guild.owner.chooses(panel, "Pick", "Yes")
            assert shown.text == panel.text == channel.visible()[-1].text == "picked y"
            assert panel.buttons == []

    async def test_answers_are_edited_and_deleted_afterwards(self) -> None:
        async with commanded() as (server, guild, channel, _):
            shown = await guild.owner.uses("/reading later", channel)
            await server.until(lambda: [m.text for m in shown.messages] == ["final", "more, edited"])
            await server.until(lambda: len(server.requests("DELETE", FOLLOW_UP)) == 1)
            assert [m.text for m in channel.visible()] == ["final"]

    async def test_a_press_may_change_its_message_later_or_say_nothing(self) -> None:
        async with commanded() as (server, guild, channel, _):
            panel = await guild.owner.uses("/reading today", channel)
            shown = await guild.owner.presses(panel, "Quietly")
            await server.until(lambda: panel.text == "changed quietly")
            assert shown.messages == []

    async def test_an_interaction_is_answered_once(self) -> None:
        async with commanded() as (server, guild, channel, bot):
            await guild.owner.uses("/reading twice", channel)
            await server.until(lambda: bot.heard and bot.heard[-1] == "40060")

    async def test_a_late_answer_is_unknown_and_the_user_sees_that_nothing_came(self) -> None:
        async with commanded() as (server, guild, channel, bot):
            failed: list[BaseException] = []

            async def note(_: discord.Interaction, error: discord.app_commands.AppCommandError) -> None:
                failed.append(error)

            bot.tree.on_error = note
            server.interactions.answer_within = -1.0
            used = asyncio.create_task(guild.owner.uses("/reading today", channel))
            await server.until(lambda: failed)
            used.cancel()
            assert isinstance(failed[0].__cause__ or failed[0], Exception)
            assert "10062" in str(failed[0])

    async def test_syncing_breaks_on_each_limit_of_a_command(self) -> None:
        async with reading_group() as (server, _, _, bot):
            good: dict[str, Any] = {"name": "a", "description": "b"}
            option = {"name": "o", "description": "d", "type": 3}
            choices = [{"name": str(n), "value": "v"} for n in range(26)]
            bad: list[list[dict[str, Any]]] = [
                [{**good, "name": "Upper"}],
                [{**good, "description": ""}],
                [{**good, "description": "x" * 101}],
                [{**good, "options": [{**option, "name": f"o{n}"} for n in range(26)]}],
                [{**good, "options": [option, {**option, "name": "p", "required": True}]}],
                [{**good, "options": [{**option, "choices": choices}]}],
                [good, good],
                [{**good, "options": [_large(n) for n in range(4)]}],
            ]
            for commands in bad:
                assert await refused(bot.http.bulk_upsert_global_commands(server.application_id, commands)) == (
                    discord.HTTPException,
                    50035,
                )
            first = await bot.http.bulk_upsert_global_commands(server.application_id, [good])
            again = await bot.http.bulk_upsert_global_commands(server.application_id, [good])
            assert first[0]["id"] == again[0]["id"]


def _large(number: int) -> dict[str, Any]:
    long = {"description": "d" * 90, "type": 3}
    options = [{"name": f"option-{inner}", **long} for inner in range(25)]
    return {"name": f"sub-{number}", "description": "s", "type": 1, "options": options}


async def test_hands_name_what_is_missing() -> None:
    async with DiscordServer() as server:
        guild: GuildHand = server.guild()
        channel = guild.text()
        channel.deny_everyone("send_messages")
        with pytest.raises(AssertionError, match="Ada may not"):
            await guild.member("Ada").says(channel, "hello")


async def test_what_goes_over_the_wire_is_logged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(wire.VARIABLE, str(tmp_path))
    async with reading_group() as (_, _, channel, bot):
        await text(bot, channel).send("hello")
    logged = [it for it in wire.read(tmp_path) if it.template in {MESSAGES, "MESSAGE_CREATE"}]
    assert [(it.method, it.answer["content"]) for it in logged] == [("POST", "hello"), ("EVENT", "hello")]


def test_what_deviates_from_a_published_document_is_named() -> None:
    pytest.importorskip("jsonschema")
    data = {"content": "hello", "id": "1"}
    exchanges = [
        wire.Exchange("discord", "POST", MESSAGES, None, 200, data),
        wire.Exchange("discord", "EVENT", "MESSAGE_CREATE", None, 200, data),
    ]
    message = {"type": "object", "properties": {"content": {"type": "integer"}, "id": {"type": "string"}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/MessageResponse"}}}}
    document = {
        "paths": {"/channels/{id}/messages": {"post": {"responses": {"200": answer}}}},
        "components": {"schemas": {"MessageResponse": message}},
    }
    checked = wire.Discord(document)
    wrong = "answer.content: 'hello' is not of type 'integer'"
    assert [list(checked.problems(it)) for it in exchanges] == [[wrong], [wrong]]

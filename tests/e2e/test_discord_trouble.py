"""What can go wrong in a Discord server has an outcome, and hosts hear of it once until it is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.content import Form, Reply
from bot.errors import DatabaseError, PlatformError
from bot.events import Invocation, Recordable
from bot.model import Author, Ref
from bot.platforms.discord.permissions import IN_FORUMS, NEEDED, invite_permissions
from bot.platforms.discord.platform import DiscordPlatform
from tests.contract.hands import Reports
from tests.standins.discord import DiscordServer, MemberHand
from tests.standins.meeting import Meeting, a_server, hurried, meeting
from tests.standins.program import problems_of

SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@pytest.fixture
async def m(tmp_path: Path) -> AsyncIterator[Meeting]:
    async with meeting(tmp_path) as m:
        yield m


def author(hand: MemberHand) -> Author:
    return Author("discord", Ref(str(hand.id)), hand.name)


def told(m: Meeting) -> list[str]:
    """Return what the host was told."""
    return [view.everything for view in m.host.inbox()]


async def diagnosed(m: Meeting, words: str = "") -> bool:
    """Return whether the bot knows that something is wrong with the channel, or that nothing is."""
    found = " ".join(await m.platform.diagnose(m.place))
    return words in found if words else not found


async def test_setup_and_status_name_each_missing_permission(m: Meeting) -> None:
    for permission, name in NEEDED.items():
        m.channel.deny_bot(permission)
        await m.until(partial(diagnosed, m, name))
        done = await m.host.uses("/reading-host setup", m.channel, zone="UTC")
        assert "Before it works" in done.everything
        status = await m.host.uses("/reading-host status", m.channel)
        for told in (done, status):
            assert name in told.everything
            assert "#reading" in told.everything
        m.channel.allow_bot(permission)
        await m.until(lambda: diagnosed(m))
    assert "All is well" in (await m.host.uses("/reading-host status", m.channel)).everything


async def test_each_missing_permission_of_a_forum_is_named_as_discord_does_there(tmp_path: Path) -> None:
    async with meeting(tmp_path, forum=True) as m:
        for permission, name in IN_FORUMS.items():
            m.channel.deny_bot(permission)
            await m.until(partial(diagnosed, m, name))
            m.channel.allow_bot(permission)
            await m.until(lambda: diagnosed(m))


async def test_setup_says_that_members_cannot_answer(m: Meeting) -> None:
    m.channel.deny_everyone("send_messages_in_threads")
    m.channel.allow_bot("send_messages_in_threads")
    done = await m.host.uses("/reading-host setup", m.channel, zone="UTC")
    assert "Members cannot answer" in done.everything


async def test_where_a_role_lets_members_answer_nothing_is_wrong(m: Meeting) -> None:
    """As in servers in which new members have to accept the rules first."""
    m.guild.bot_loses("send_messages_in_threads")
    m.guild.bot_gains("send_messages_in_threads")
    m.guild.role("Moderators", "view_channel", "send_messages_in_threads", "manage_messages")
    await m.until(lambda: diagnosed(m, "Members cannot answer"))
    m.guild.role("Verified", "view_channel", "send_messages_in_threads")
    await m.until(lambda: diagnosed(m))


async def test_no_permission_is_named_that_is_there(m: Meeting) -> None:
    """Discord takes some away from whoever may not send messages, though they are switched on."""
    m.channel.deny_bot("send_messages")
    await m.until(lambda: diagnosed(m, "Send Messages"))
    assert len(await m.platform.diagnose(m.place)) == 1


async def test_the_invite_link_asks_for_what_is_needed_and_no_more(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        m.guild.bot_role.permissions = m.guild.state.everyone.permissions = invite_permissions().value
        async with m.running():
            await m.a_group()
            await m.at(9)
            _, thread = await m.asked()
            said = await m.person("Ada").says(thread, SAID)
            await m.until_recorded(said.text)


POSTING = sorted(NEEDED.keys() - {"attach_files", "read_message_history"})


@pytest.mark.parametrize("permission", POSTING)
async def test_a_lost_permission_is_told_once_and_the_question_comes_when_it_is_back(
    m: Meeting, permission: str
) -> None:
    await m.a_group(hosts=[author(m.host)])
    m.channel.deny_bot(permission)
    await m.at(9)
    for _ in range(8):
        await m.later(minutes=11)
    (sentence,) = told(m)
    assert NEEDED[permission] in sentence
    m.channel.allow_bot(permission)
    await m.later(minutes=11)
    post, thread = await m.asked()
    assert [view.id for view in m.channel.visible() if "What about" in view.everything] == [post.id]
    assert sum("Answer here" in view.everything for view in thread.visible()) == 1
    m.channel.deny_bot(permission)
    await m.at(9)
    for _ in range(8):
        await m.later(minutes=11)
    assert len(told(m)) == 2


async def test_a_deleted_channel_is_told_once(m: Meeting) -> None:
    group = await m.a_group(hosts=[author(m.host)])
    m.channel.delete()
    for _ in range(3):
        await m.at(9)
        await m.later(minutes=30)
    assert len(told(m)) == 1
    assert "The channel is gone" in told(m)[0]
    assert await problems_of(m.app, group)


async def test_a_deleted_thread_keeps_what_was_said(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    await m.at(9)
    post, thread = await m.asked()
    said = await m.person("Ada").says(thread, SAID)
    await m.until_recorded(said.text)
    thread.delete()
    m.server.faults.invalidate(resumable=False)
    await m.server.until(lambda: m.server.gateway.identified >= 2)
    await m.person("Ada").submits(await m.person("Ada").presses(post, "Answer"), text="Some more of it, then.")
    await m.settle()
    assert SAID in [message.text for message in await m.said()]
    assert "The thread is gone" in " ".join(told(m))


@pytest.mark.parametrize(("closed", "sentence"), [(False, "The thread is locked."), (True, "The thread is closed.")])
async def test_a_thread_that_a_moderator_locked_is_told_and_brought_up_to_date_when_it_is_open(
    m: Meeting, closed: bool, sentence: str
) -> None:
    ada, ben = m.person("Ada"), m.person("Ben")
    await m.a_group(hosts=[author(m.host)])
    await m.at(9)
    post, thread = await m.asked()
    await ada.submits(await ada.presses(post, "Answer"), text=SAID)
    await m.settle()
    thread.archive(locked=True) if closed else thread.lock()
    changed = SAID.replace("Prices", "Wages")
    await ada.submits(await ada.presses(post, "Answer"), text=changed)
    for _ in range(4):
        await m.later(minutes=11)
    (told_once,) = told(m)
    assert sentence in told_once
    assert "could not" not in told_once
    thread.lock(locked=False)
    await ben.submits(await ben.presses(post, "Answer"), text="Rules last longer than prices, as old towns show.")
    await m.later(minutes=11)
    shown = " ".join(view.everything for view in thread.visible())
    assert changed in shown
    assert "Rules last longer" in shown


async def test_kicked_and_invited_again_the_question_comes_late(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    m.guild.kick_bot()
    await m.at(9)
    for _ in range(5):
        await m.later(minutes=11)
    assert m.channel.visible() == []
    m.guild.invite_bot()
    await m.server.until(lambda: m.platform_is_in(m.guild))
    await m.later(minutes=11)
    await m.asked()
    assert len(m.channel.visible()) == 1


async def test_during_an_outage_nothing_is_given_up(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    m.guild.go_unavailable()
    await m.server.until(lambda: not m.platform_is_in(m.guild))
    await m.at(9)
    await m.later(minutes=1)
    assert m.channel.visible() == []
    m.guild.come_back()
    await m.server.until(lambda: m.platform_is_in(m.guild))
    await m.later(minutes=11)
    await m.asked()


async def test_nobody_is_called_unknown_while_discord_does_not_answer(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    ada = m.person("Ada")
    m.server.faults.fail(503, "GET", "/guilds/*/members/*")
    first = await m.host.uses("/reading-host hosts add", m.channel, member=ada)
    assert "Try again later" in first.everything
    again = await m.host.uses("/reading-host hosts add", m.channel, member=ada)
    assert "Ada" in again.everything


async def test_somebody_who_takes_no_direct_messages_is_not_reached(m: Meeting) -> None:
    m.host.closes_direct_messages()
    await m.a_group(hosts=[author(m.host)])
    m.channel.delete()
    await m.at(9)
    assert told(m) == []


@pytest.mark.parametrize("permission", ["view_channel", "read_message_history"])
async def test_as_long_as_it_cannot_look_it_does_not_say_that_nothing_is_there(m: Meeting, permission: str) -> None:
    """Otherwise what an earlier attempt may have posted would be posted again once it can."""
    await m.a_group()
    m.server.faults.lose_reply("POST", "/channels/*/messages")
    await m.at(9)
    m.channel.deny_bot(permission)
    await m.until(lambda: diagnosed(m, NEEDED[permission]))
    for _ in range(5):
        await m.later(minutes=11)
    m.channel.allow_bot(permission)
    await m.until(lambda: diagnosed(m))
    await m.later(minutes=11)
    await m.asked()
    assert len(m.channel.visible()) == 1


async def test_a_forum_that_wants_tags_is_diagnosed_and_refused_with_a_sentence(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        m.channel = m.guild.forum("tagged", tags=("Other",), requires_tag=True)
        async with m.running():
            group = await m.a_group()
            assert "wants a tag" in " ".join(await m.platform.diagnose(m.place))
            await m.at(9)
            ((_, problem),) = await problems_of(m.app, group)
            assert "wants a tag" in problem


async def test_a_wrong_token_and_a_missing_intent_end_in_a_sentence(tmp_path: Path) -> None:
    async with DiscordServer(content_allowed=False) as server:
        with server.serves_library(), hurried():
            for token, sentence in ((server.token, "Message Content Intent"), ("wrong", "DISCORD_TOKEN")):
                platform = DiscordPlatform(token, SystemClock())
                with pytest.raises(PlatformError, match=sentence):
                    await platform.run(Reports())
                await platform.close()


class Refusing(Reports):
    """A chat desk whose database cannot be written at first."""

    refusals = 3

    async def record(self, event: Recordable) -> None:
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("The disk is full.")
        await super().record(event)

    async def connected(self, platform: str) -> None:
        await super().connected(platform)
        if self.refusals:
            self.refusals -= 1
            raise DatabaseError("The disk is full.")


async def test_what_the_database_does_not_take_is_fetched_again_until_it_does(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        reports = Refusing()
        platform = DiscordPlatform(m.server.token, m.clock)
        running = asyncio.create_task(platform.run(reports))
        await platform.diagnose(m.place)
        thread = await m.host.opens_thread(m.channel, "Thread")
        await m.person("Ada").says(thread, SAID)
        await m.server.until(lambda: reports.refusals == 0 and len(reports.connections) >= 3)
        await m.person("Ada").says(thread, SAID)
        await m.server.until(lambda: len(reports.events) == 1)
        await platform.close()
        await running


async def test_what_cannot_be_reached_at_the_start_is_tried_again(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        m.server.faults.fail(503, "GET", "/users/@me", times=2)
        m.server.faults.lose_reply("GET", "/users/@me", times=2)
        async with m.running():
            await m.a_group()
            await m.at(9)
            await m.asked()


async def test_a_gateway_that_cannot_be_found_at_the_start_is_looked_for_again(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        m.server.faults.fail(503, "GET", "/gateway/bot", times=2)
        m.server.faults.lose_reply("GET", "/gateway/bot", times=2)
        async with asyncio.timeout(10), m.running():
            await m.a_group()
            await m.at(9)
            await m.asked()


@pytest.mark.parametrize(("code", "sentence"), [(4004, "Put a fresh one"), (4014, "Message Content Intent")])
async def test_what_is_taken_from_the_bot_while_it_runs_is_told_in_a_sentence(
    tmp_path: Path, code: int, sentence: str
) -> None:
    """Its token was replaced, or its intent switched off."""
    async with a_server(tmp_path) as m:
        platform = DiscordPlatform(m.server.token, m.clock)
        running = asyncio.create_task(platform.run(Reports()))
        await platform.diagnose(m.place)
        m.server.faults.drop_sockets(code)
        with pytest.raises(PlatformError, match=sentence):
            await running
        await platform.close()


class Slow(Reports):
    """A chat desk that comes to the end of a command when it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = self.cancelled = False
        self.goes_on = asyncio.Event()

    async def command(self, invocation: Invocation) -> Reply | Form:
        self.begun = True
        try:
            await self.goes_on.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return await super().command(invocation)


async def test_a_command_that_is_at_work_ends_with_the_connection(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        desk = Slow()
        platform = DiscordPlatform(m.server.token, m.clock)
        running = asyncio.create_task(platform.run(desk))
        await platform.diagnose(m.place)
        asking = asyncio.create_task(m.host.uses("/reading today", m.channel))
        await m.server.until(lambda: desk.begun)
        await platform.close()
        assert desk.cancelled, "it would use a database that is closed next"
        asking.cancel()
        await asyncio.gather(asking, running, return_exceptions=True)


async def test_a_command_that_ends_while_the_bot_stops_is_answered(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        desk = Slow()
        platform = DiscordPlatform(m.server.token, m.clock)
        running = asyncio.create_task(platform.run(desk))
        await platform.diagnose(m.place)
        asking = asyncio.create_task(m.host.uses("/reading today", m.channel))
        await m.server.until(lambda: desk.begun)
        asyncio.get_running_loop().call_later(0.2, desk.goes_on.set)
        await platform.close()
        assert (await asking).messages
        await asyncio.gather(running, return_exceptions=True)

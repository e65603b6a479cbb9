"""What hosts decide beside the questions themselves, in a Discord server: quotes, pings, alerts; and being removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import PlatformError
from bot.model import Author, Ref
from bot.platforms.discord.platform import DiscordPlatform
from bot.platforms.discord.servers import SERVERS
from tests.contract.hands import Reports
from tests.standins.discord import MemberHand, MessageView
from tests.standins.meeting import Meeting, a_server, channel_of, meeting
from tests.standins.program import a_group

ODD = "My grandmother knew more about clouds than any satellite ever will, whatever they tell you."
SAID = "Prices move faster than rules, which is why nobody follows them for very long."


@pytest.fixture
async def m(tmp_path: Path) -> AsyncIterator[Meeting]:
    async with meeting(tmp_path) as m:
        yield m


def author(hand: MemberHand) -> Author:
    return Author("discord", Ref(str(hand.id)), hand.name)


async def discussed(m: Meeting) -> MessageView:
    """Let many say nearly the same, and one something else; return that one's message."""
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    texts = [f"Turbine number {number} has a queue, as turbines always had in such years." for number in range(8)]
    for number, text in enumerate(texts):
        await m.person(f"Member{number}").says(thread, text)
    odd = await m.person("Odile").says(thread, ODD)
    await m.until_recorded(*texts, ODD)
    return odd


def digest(m: Meeting) -> MessageView:
    return next(view for view in reversed(m.channel.visible()) if "What comes next" in view.everything)


async def to_the_digest(m: Meeting) -> None:
    for _ in range(6):
        await m.at(9)
    await m.at(18)


# Menus of messages


async def test_a_host_has_an_answer_quoted_from_its_menu(m: Meeting) -> None:
    odd = await discussed(m)
    done = await m.host.invokes_menu("Quote in digest", odd)
    assert done.ephemeral
    assert "The digest quotes this answer" in done.everything
    assert ODD in done.everything
    await to_the_digest(m)
    assert ODD in digest(m).everything
    assert m.host.name not in digest(m).everything, "nobody is told who chose it"


async def test_a_hidden_answer_leaves_the_posted_digest_until_that_is_taken_back(m: Meeting) -> None:
    odd = await discussed(m)
    await m.host.invokes_menu("Quote in digest", odd)
    await to_the_digest(m)
    posted = digest(m)
    hidden = await m.host.invokes_menu("Hide from digest", odd)
    await m.settle()
    assert ODD not in posted.everything
    undone = await m.host.presses(hidden, "Take it back")
    assert "Taken back" in undone.everything
    quoted = await m.host.uses("/reading-host quote", m.channel, message=odd.link)
    await m.settle()
    assert "The digest quotes this answer" in quoted.everything, "its link will do as well"
    assert ODD in posted.everything
    assert digest(m).id == posted.id


async def test_the_menus_are_for_hosts(m: Meeting) -> None:
    odd = await discussed(m)
    for name in ("Quote in digest", "Hide from digest"):
        refused = await m.person("Ada").invokes_menu(name, odd)
        assert refused.ephemeral
        assert "is for hosts" in refused.everything


async def test_what_the_bot_posted_for_somebody_can_be_chosen_and_what_is_none_of_it_cannot(m: Meeting) -> None:
    await m.a_group()
    await m.at(9)
    post, thread = await m.asked()
    ada = m.person("Ada")
    await ada.submits(await ada.presses(post, "Answer"), text=ODD)
    await m.settle()
    answer = await thread.message(ODD)
    assert "No digest quotes this message" in (await m.host.invokes_menu("Hide from digest", answer)).everything
    chatter = await ada.says(m.channel, "Has anybody read it yet?")
    for message in (post, chatter):
        refused = await m.host.invokes_menu("Quote in digest", message)
        assert "I have not recorded that message" in refused.everything


# Pings


@pytest.mark.parametrize("forum", [False, True])
async def test_a_question_pings_the_chosen_role_once_and_nothing_else(tmp_path: Path, forum: bool) -> None:
    async with meeting(tmp_path, forum=forum) as m:
        group = await m.a_group(hosts=[author(m.host)])
        readers, others = m.guild.role("readers", mentionable=True), m.guild.role("@everyone else", mentionable=True)
        place = None if forum else m.channel
        m.guild.text("lobby")
        async with m.app.context.database.write() as transaction:
            (room,) = await transaction.groups.rooms(group.id)
            if forum:
                await transaction.groups.set_mention(room.id, Ref(str(readers.id)))
        if place is not None:
            done = await m.host.uses("/reading-host settings", place, mention=readers)
            assert "Each question in #reading (Readers) pings readers." in done.everything
        await m.at(9)
        views = m.channel.threads()[0].visible() if forum else m.channel.visible()
        pings = [view.pings for view in views if "What about" in view.everything]
        assert pings == [["readers"]]
        everything = [view for one in (m.channel, *m.channel.threads()) for view in one.visible()]
        assert sum(bool(view.pings) for view in everything) == 1
        assert others.name not in str([view.pings for view in everything])


async def test_a_server_has_no_role_of_everyone_to_ping(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    assert await m.platform.role(m.place, m.place.workspace) is None
    assert await m.platform.role(m.place, Ref("123456789012345678")) is None


async def test_after_the_role_is_gone_the_question_comes_without_a_ping(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    readers = m.guild.role("readers", mentionable=True)
    await m.host.uses("/reading-host settings", m.channel, mention=readers)
    removed = await m.host.uses("/reading-host settings", m.channel, remove="mention")
    assert "Questions in #reading (Readers) ping nobody." in removed.everything
    await m.at(9)
    post, _ = await m.asked()
    assert post.pings == []


# Settings and alerts


async def test_settings_are_shown_and_changed_by_form(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    shown = await m.host.uses("/reading-host settings", m.channel)
    assert shown.ephemeral
    for expected in ("Meets in", "#reading (Readers)", "Alerts go to", "each host, in private", "Holidays"):
        assert expected in shown.everything
    form = await m.host.presses(shown, "Change the rest")
    done = await m.host.submits(form, tell_empty_week="one line", holidays="2030-01-07")
    assert "is changed" in done.everything
    assert "one line" in done.everything
    schedule = await m.host.presses(shown, "Change the schedule")
    assert "Europe/Paris" in (await m.host.submits(schedule, zone="paris")).everything


async def test_alerts_go_to_their_channel_and_to_hosts_while_it_is_out_of_reach(m: Meeting) -> None:
    await m.a_group(hosts=[author(m.host)])
    alerts = m.guild.text("alerts")
    await m.until(lambda: m.platform.whereabouts(channel_of(alerts)))
    set_up = await m.host.uses("/reading-host settings", m.channel, alerts=alerts)
    assert "Alerts go to #alerts (Readers)." in set_up.everything
    m.channel.delete()
    await m.at(9)
    await m.later(minutes=30)
    said = [view.everything for view in alerts.visible()]
    assert len(said) == 2
    assert "must know is said here" in said[0]
    assert "The channel is gone" in said[1]
    assert m.host.inbox() == []


async def test_hosts_hear_in_private_what_cannot_be_said_in_the_alert_channel(m: Meeting) -> None:
    alerts = m.guild.text("alerts")
    await m.a_group(hosts=[author(m.host)], alert_channel=channel_of(alerts))
    alerts.deny_bot("view_channel")
    m.channel.delete()
    await m.at(9)
    (told,) = (view.everything for view in m.host.inbox())
    assert "The channel is gone" in told
    assert "I cannot reach the alert channel" in told


@pytest.mark.parametrize("kind", ["hidden", "forum"])
async def test_where_nothing_can_be_said_alerts_cannot_go(m: Meeting, kind: str) -> None:
    await m.a_group(hosts=[author(m.host)])
    channel = m.guild.forum("alerts") if kind == "forum" else m.guild.text("alerts")
    if kind == "hidden":
        channel.deny_bot("send_messages")
    refused = await m.host.uses("/reading-host settings", m.channel, alerts=channel)
    assert "I cannot write in that channel." in refused.everything


# Being removed


async def groups(m: Meeting) -> int:
    async with m.app.context.database.read() as transaction:
        return len(await transaction.groups.all())


async def is_gone(m: Meeting) -> bool:
    async with m.app.context.database.read() as transaction:
        return await transaction.departures.has("discord", m.place.workspace)


async def test_a_month_after_it_was_removed_everything_is_forgotten(m: Meeting) -> None:
    await discussed(m)
    m.guild.kick_bot()
    await m.until(lambda: is_gone(m))
    await m.later(days=29)
    assert await groups(m) == 1
    await m.later(days=2)
    assert await groups(m) == 0


async def test_invited_again_nothing_is_forgotten(m: Meeting) -> None:
    await discussed(m)
    m.guild.kick_bot()
    await m.until(lambda: is_gone(m))
    await m.later(days=20)
    m.guild.invite_bot()
    await m.server.until(lambda: m.platform_is_in(m.guild))

    async def is_back() -> bool:
        return not await is_gone(m)

    await m.until(is_back)
    for _ in range(20):
        await m.at(9)
    assert await groups(m) == 1
    assert ODD in (await m.person("Ada").uses("/reading search", m.channel, words="grandmother")).everything


async def test_an_outage_is_no_removal(m: Meeting) -> None:
    await discussed(m)
    m.guild.go_unavailable()
    await m.server.until(lambda: not m.platform_is_in(m.guild))
    m.server.faults.invalidate(resumable=False)
    await m.server.until(lambda: m.server.gateway.identified >= 2)
    await m.later(days=40)
    assert not await is_gone(m)
    assert await groups(m) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_removal_that_nobody_heard_of_is_noticed_at_the_next_connection(
    tmp_path: Path,
    restarted: bool,
) -> None:
    async with a_server(tmp_path) as m:
        other = m.guild
        m.guild = m.server.guild("Others")
        async with m.running():
            await a_group(m.app, channel_of(m.channel))
            await m.until(lambda: noted(m))
            if not restarted:
                async with m.server.faults.gap():
                    other.kick_bot()
                await m.until(lambda: is_gone(m))
        if restarted:
            other.kick_bot()
            async with m.running():
                await m.until(lambda: is_gone(m))
                assert await groups(m) == 1


async def test_a_removal_that_was_noted_in_part_is_undone_where_the_bot_is(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        async with m.running():
            await a_group(m.app, channel_of(m.channel))
            await m.until(lambda: noted(m))
            # Killed before it noted in which servers it still is, and invited again before it ran again.
            await m.app.desk.left("discord", m.place.workspace)
        async with m.running():

            async def is_back() -> bool:
                return not await is_gone(m)

            await m.until(is_back)


async def noted(m: Meeting) -> bool:
    return await m.app.desk.recall(SERVERS) is not None


# Shards


async def test_two_shards_serve_their_servers_alike(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        places = {m.guild: m.channel}
        while {guild.id >> 22 & 1 for guild in places} != {0, 1}:
            m.clock.advance(timedelta(milliseconds=1))
            guild = m.server.guild(f"Readers {len(places)}")
            places[guild] = guild.text("reading")
        m.shards = 2
        async with m.running():
            sessions = m.server.gateway.sessions.values()
            assert sorted((one.shard, one.shards) for one in sessions) == [(0, 2), (1, 2)]
            for number, channel in enumerate(places.values()):
                await a_group(m.app, channel_of(channel), slug=f"group-{number}")
            await m.at(9)
            for guild, channel in places.items():
                thread = (await channel.message("What about")).thread
                assert thread is not None
                await guild.member("Ada").says(thread, SAID)
                answer = await guild.owner.uses("/reading-host status", channel)
                assert "All is well" in answer.everything
            await m.until(lambda: recorded(m, len(places)))


async def test_too_few_shards_end_in_a_sentence(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        platform = DiscordPlatform(m.server.token, m.clock, shards=1)
        running = asyncio.create_task(platform.run(Reports()))
        await m.server.until(lambda: m.server.gateway.listening)
        m.server.faults.drop_sockets(4011)
        with pytest.raises(PlatformError, match=r"code 4011\). Set `shards` under `discord` to auto\."):
            await asyncio.wait_for(running, 5)
        await platform.close()


async def recorded(m: Meeting, count: int) -> bool:
    """Return whether what was said is recorded in so many groups."""
    async with m.app.context.database.read() as transaction:
        found = [await transaction.search.messages(group.id, "prices", 5) for group in await transaction.groups.all()]
    return sum(map(bool, found)) == count

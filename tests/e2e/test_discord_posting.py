"""What is posted in a Discord server is there exactly once, whatever fails and wherever the program is killed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import chain
from pathlib import Path

import pytest

from bot.content import DigestPost, Quote
from bot.events import Place
from bot.ports import Outcome, Progress, Refs, Sent
from bot.services.posting import LEASE
from tests.standins.discord import ChannelHand, MessageView
from tests.standins.meeting import Meeting, a_server, channel_of, meeting

LATER = LEASE + timedelta(seconds=1)
NONCES_FORGOTTEN = timedelta(minutes=6)
"""After which Discord does not know any more what was sent under a nonce."""

MESSAGES = "/channels/*/messages"
EVERYWHERE = "/applications/{application_id}/commands"
IN_SERVER = "/applications/{application_id}/guilds/{guild_id}/commands"
WORDS = "Prices move faster than rules, which is why nobody follows them for very long."


def questions(place: ChannelHand) -> list[MessageView]:
    """Return the posts of questions in a channel or forum."""
    posts = [thread.visible()[0] for thread in place.threads()] if place.state.kind == 15 else place.visible()
    return [post for post in posts if "What about" in post.everything and "Background" in post.buttons]


def require_once(place: ChannelHand, count: int = 1) -> None:
    """Require so many questions, each with one thread that opens once."""
    found = questions(place)
    assert len(found) == count
    assert len(place.threads()) == count
    for thread in place.threads():
        assert sum("Answer here" in view.everything for view in thread.visible()) == 1


async def killed_at(m: Meeting, step: int, work: Callable[[], Awaitable[None]]) -> bool:
    """Begin some work and kill it at its nth request, which Discord still acts on; return whether it came so far."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            task.cancel()

    m.server.faults.hook("*", "/channels/*", before=count, times=10_000)
    m.server.faults.hook("*", "/guilds/*", before=count, times=10_000)
    task = asyncio.ensure_future(work())
    await asyncio.gather(task, return_exceptions=True)
    m.server.faults.clear()
    return left <= 0


@pytest.mark.parametrize(
    ("forum", "pause"),
    [(False, LATER), (False, NONCES_FORGOTTEN), (True, NONCES_FORGOTTEN)],
    ids=["text soon", "text later", "forum"],
)
async def test_killed_at_any_request_a_question_is_asked_once(tmp_path: Path, forum: bool, pause: timedelta) -> None:
    step = 0
    reached = True
    while reached:
        step += 1
        async with a_server(tmp_path / str(step), forum=forum) as m:
            async with m.running():
                await m.a_group()
                m.clock.advance(timedelta(hours=1))
                reached = await killed_at(m, step, m.settle)
            async with m.running():
                await m.go_to(m.clock.now() + pause)
            require_once(m.channel)
    assert step > (2 if forum else 3)


async def test_killed_at_any_request_an_answer_is_posted_and_withdrawn_once(tmp_path: Path) -> None:
    step = 0
    reached = True
    while reached:
        step += 1
        async with a_server(tmp_path / str(step)) as m:
            async with m.running():
                await m.a_group()
                await m.at(9)
                post, thread = await m.asked()
                ada = m.person("Ada")
                await ada.submits(await ada.presses(post, "Answer"), text=WORDS)
                reached = await killed_at(m, step, m.settle)
            async with m.running():
                await m.go_to(m.clock.now() + NONCES_FORGOTTEN)
                assert [WORDS in view.everything for view in thread.visible()].count(True) == 1
                await ada.submits(await ada.presses(post, "Answer"), text="")
                await killed_at(m, step, m.settle)
            async with m.running():
                await m.go_to(m.clock.now() + NONCES_FORGOTTEN)
                assert not any(WORDS in view.everything for view in thread.visible())
    assert step > 1


FAILURES = {
    "the reply is lost": lambda m: m.server.faults.lose_reply("*", "/channels/*"),
    "500": lambda m: m.server.faults.fail(500, "*", "/channels/*"),
    "500 though done": lambda m: m.server.faults.fail(500, "*", "/channels/*", acted=True),
    "503": lambda m: m.server.faults.fail(503, "*", "/channels/*"),
    "429": lambda m: m.server.faults.rate_limit("*", "/channels/*"),
    "429 for all": lambda m: m.server.faults.rate_limit("*", "/channels/*", is_global=True),
}


IN_A_FORUM = ("the reply is lost", "500 though done", "429")


@pytest.mark.parametrize(
    ("forum", "failure"), [*((False, each) for each in FAILURES), *((True, each) for each in IN_A_FORUM)]
)
async def test_whatever_fails_at_any_request_a_question_is_asked_once(
    tmp_path: Path, forum: bool, failure: str
) -> None:
    """Each day another request fails; the question is there once when the bot has tried again."""
    async with meeting(tmp_path, forum=forum) as m:
        await m.a_group()
        for step in range(4):
            m.server.faults.hook("*", "/channels/*", times=step)
            FAILURES[failure](m)
            await m.at(9)
            m.server.faults.clear()
            for _ in range(3):
                await m.later(minutes=6)
            require_once(m.channel, step + 1)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_that_is_not_about_the_post_is_not_the_last_word(tmp_path: Path, status: int) -> None:
    """Cloudflare refuses at times what Discord takes a minute later, and a token may just have been replaced."""
    async with meeting(tmp_path) as m:
        await m.a_group()
        m.server.faults.fail(status, "POST", MESSAGES)
        await m.at(9)
        assert m.channel.visible() == []
        await m.later(minutes=6)
        require_once(m.channel)


async def test_history_that_shows_a_message_late_does_not_make_the_bot_post_again(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        await m.a_group()
        m.server.faults.show_late(2)
        m.server.faults.lose_reply("POST", MESSAGES)
        await m.at(9)
        for _ in range(4):
            await m.later(seconds=40)
        require_once(m.channel)


async def test_a_storm_of_limits_and_errors_loses_nothing_and_posts_nothing_twice(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        await m.a_group()
        await m.at(9)
        post, thread = await m.asked()
        people = [m.person(f"Member {number}") for number in range(12)]
        for number, person in enumerate(people):
            await person.submits(await person.presses(post, "Answer"), text=f"{WORDS} ({number})")
        for number in range(40):
            match number % 4:
                case 0:
                    m.server.faults.rate_limit("POST", MESSAGES, retry_after=0.005)
                case 1:
                    m.server.faults.fail(500, "POST", MESSAGES, acted=number % 8 == 1)
                case 2:
                    m.server.faults.lose_reply("POST", MESSAGES)
                case 3:
                    m.server.faults.fail(503, "POST", MESSAGES)

        def posted() -> list[int]:
            shown = [view.everything for view in thread.visible()]
            return [sum(f"({number})" in words for words in shown) for number in range(len(people))]

        while 0 in posted():
            await m.later(minutes=11)
        m.server.faults.clear()
        for _ in range(3):
            await m.later(minutes=11)
        assert posted() == [1] * len(people)


async def test_a_thread_that_somebody_made_first_is_used(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        await m.a_group()

        async def make() -> None:
            await m.host.opens_thread(m.channel.visible()[-1], "Quick")

        m.server.faults.hook("POST", "/channels/*/messages/*/threads", before=make)
        await m.at(9)
        _, thread = await m.asked()
        assert thread.name == "Quick"
        assert "Answer here" in thread.visible()[-1].everything
        said = await m.person("Ada").says(thread, WORDS)
        await m.until_recorded(said.text)


async def test_a_digest_of_several_messages_grows_and_shrinks_and_is_never_there_twice(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        place = Place(channel_of(m.channel))
        key = "digest:1:1"
        refs = sent(await m.platform.ensure_post(place, key, digest(3), Progress(), nobody))
        assert numbers(m) == [[0, 1], [2]]
        assert refs.message is not None
        for progress in (Progress(unsure=True), Progress(refs), Progress(refs, unsure=True)):
            assert sent(await m.platform.ensure_post(place, key, digest(3), progress, nobody)) == refs
            assert numbers(m) == [[0, 1], [2]]
        for count in (1, 6, 6, 2, 6):
            for _ in range(2):
                assert sent(await m.platform.revise(place, refs.message, digest(count))) == refs
                assert [*chain(*numbers(m))] == list(range(count))
        await m.platform.retract(place, key, None)
        assert m.channel.visible() == []


async def test_killed_at_any_request_a_long_digest_is_posted_once(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        place = Place(channel_of(m.channel))
        reached, step = True, 0
        while reached:
            step += 1
            key = f"digest:{step}:1"

            async def post(key: str = key) -> None:
                await m.platform.ensure_post(place, key, digest(6), Progress(), nobody)

            reached = await killed_at(m, step, post)
            m.clock.advance(NONCES_FORGOTTEN)
            sent(await m.platform.ensure_post(place, key, digest(6), Progress(unsure=True), nobody))
            assert [*chain(*numbers(m))] == list(range(6)) * step
    assert step > 3


async def test_a_digest_that_discord_lets_nobody_edit_any_more_is_replaced(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        place = Place(channel_of(m.channel))
        refs = sent(await m.platform.ensure_post(place, "digest:1:1", digest(6), Progress(), nobody))
        assert refs.message is not None
        m.server.faults.freeze(m.channel.visible()[0])
        revised = sent(await m.platform.revise(place, refs.message, digest(1)))
        assert revised.message != refs.message
        assert numbers(m) == [[0]]
        again = await m.platform.ensure_post(place, "digest:1:1", digest(1), Progress(unsure=True), nobody)
        assert sent(again) == revised
        assert numbers(m) == [[0]]


async def test_commands_are_registered_only_when_they_changed(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        for _ in range(3):
            async with m.running():
                pass
        assert len(m.server.requests("PUT", EVERYWHERE)) == 1


async def test_commands_leave_the_servers_that_are_named_no_more_and_one_that_is_gone_is_let_be(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        other = m.server.guild("Others")
        m.named = (m.guild.id, other.id)
        async with m.running():
            there = m.server.requests("PUT", IN_SERVER)
        assert [bool(request.body) for request in there] == [True, True]
        assert not m.server.requests("PUT", EVERYWHERE)
        other.kick_bot()
        m.named = ()
        for _ in range(3):
            async with m.running():
                pass
        assert [bool(request.body) for request in m.server.requests("PUT", EVERYWHERE)] == [True]
        withdrawn = m.server.requests("PUT", IN_SERVER)[2:]
        assert len(withdrawn) == 2
        assert not any(request.body for request in withdrawn)


async def test_ready_many_times_asks_nothing_twice(tmp_path: Path) -> None:
    async with meeting(tmp_path) as m:
        await m.a_group()
        for hour in range(9, 19):
            sessions = m.server.gateway.identified
            m.server.faults.invalidate(resumable=False)

            def identified(sessions: int = sessions) -> bool:
                return m.server.gateway.identified > sessions

            await m.server.until(identified)
            await m.at(hour)
        require_once(m.channel)


def digest(count: int) -> DigestPost:
    """Return a digest of so many long quotes, of which two fit a message."""
    return DigestPost(
        "The week",
        tuple(Quote(f"#{number}. " + "word " * 300, "Ada", "https://chat.example/1") for number in range(count)),
    )


def numbers(m: Meeting) -> list[list[int]]:
    """Return which quotes are in each message."""
    return [[int(found) for found in re.findall(r"#(\d+)\.", view.everything)] for view in m.channel.visible()]


def sent(outcome: Outcome) -> Refs:
    assert isinstance(outcome, Sent)
    return outcome.refs


async def nobody(refs: Refs) -> None:
    """Hear what was found, and do nothing about it."""

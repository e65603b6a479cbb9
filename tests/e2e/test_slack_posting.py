"""What is posted in a Slack workspace is there exactly once, whatever fails and wherever the program is killed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.content import AnswerPost, DigestPost, Quote
from bot.events import Place
from bot.model import Ref
from bot.ports import NotSent, Outcome, Progress, Refs, Sent
from bot.services.posting import LEASE
from tests.standins.slack import ChannelHand, MessageView
from tests.standins.workspace import Office, a_workspace, office

LATER = LEASE + timedelta(seconds=1)
WORDS = "Prices move faster than rules, which is why nobody follows them for very long."


def questions(place: ChannelHand) -> list[MessageView]:
    """Return the posts of questions in a channel."""
    return [post for post in place.visible() if "What about" in post.text and "Background" in post.buttons]


def require_once(place: ChannelHand, count: int = 1) -> None:
    """Require so many questions, each with one thread that opens once, and nothing else."""
    found = questions(place)
    assert len(found) == count
    assert place.visible() == found
    for post in found:
        assert sum("Answer here" in reply.text for reply in post.replies) == 1


async def killed_at(o: Office, step: int, work: Callable[[], Awaitable[None]], *, early: bool) -> bool:
    """Begin some work and kill it at its nth call, before or after Slack acts; return whether it came so far."""
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            task.cancel()

    moment = {"before" if early else "after": count}
    o.server.faults.hook("*", **moment, times=10_000)
    task = asyncio.ensure_future(work())
    await asyncio.gather(task, return_exceptions=True)
    o.server.faults.clear()
    return left <= 0


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
@pytest.mark.parametrize("early", [True, False], ids=["before it is done", "after it is done"])
async def test_killed_at_any_call_a_question_is_asked_once(tmp_path: Path, early: bool, http: bool) -> None:
    step, reached = 0, True
    while reached:
        step += 1
        async with a_workspace(tmp_path / str(step), http=http) as o:
            async with o.running():
                await o.a_group()
                o.clock.advance(timedelta(hours=1))
                reached = await killed_at(o, step, o.settle, early=early)
            async with o.running():
                await o.go_to(o.clock.now() + LATER)
            require_once(o.channel)
    assert step > 2


async def test_killed_at_any_call_an_answer_is_posted_and_withdrawn_once(tmp_path: Path) -> None:
    step, reached = 0, True
    while reached:
        step += 1
        async with a_workspace(tmp_path / str(step)) as o:
            async with o.running():
                await o.a_group()
                await o.at(9)
                post = await o.asked()
                ada = o.person("Ada")
                await ada.submits(await ada.presses(post, "Answer"), text=WORDS)
                reached = await killed_at(o, step, o.settle, early=False)
            async with o.running():
                await o.go_to(o.clock.now() + LATER)
                assert [WORDS in reply.text for reply in post.replies].count(True) == 1
                await ada.submits(await ada.presses(post, "Answer"), text="")
                await killed_at(o, step, o.settle, early=False)
            async with o.running():
                await o.go_to(o.clock.now() + LATER)
                assert not any(WORDS in reply.text for reply in post.replies)
    assert step > 1


FAILURES = {
    "the reply is lost": lambda o: o.server.faults.lose_reply("*"),
    "500": lambda o: o.server.faults.fail(500),
    "500 though done": lambda o: o.server.faults.fail(500, acted=True),
    "503 and no answer of Slack's": lambda o: o.server.faults.fail(503),
    "internal_error": lambda o: o.server.faults.error("*", "internal_error"),
    "fatal_error": lambda o: o.server.faults.error("*", "fatal_error"),
    "429": lambda o: o.server.faults.rate_limit(),
    "429 for long": lambda o: o.server.faults.rate_limit("chat.*", retry_after=30),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_whatever_fails_at_any_call_a_question_is_asked_once(tmp_path: Path, failure: str) -> None:
    """Each day another call fails; the question is there once when the bot has tried again."""
    async with office(tmp_path) as o:
        await o.a_group()
        for step in range(4):
            o.server.faults.hook("*", times=step)
            FAILURES[failure](o)
            await o.at(9)
            o.server.faults.clear()
            for _ in range(3):
                await o.later(minutes=6)
            require_once(o.channel, step + 1)


async def test_history_that_shows_a_message_late_does_not_make_the_bot_post_again(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await o.a_group()
        o.server.faults.show_late(1)
        o.server.faults.lose_reply("chat.postMessage")
        await o.at(9)
        for _ in range(4):
            await o.later(seconds=40)
        require_once(o.channel)


async def test_a_storm_of_limits_and_errors_loses_nothing_and_posts_nothing_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await o.a_group()
        await o.at(9)
        post = await o.asked()
        people = [o.person(f"Member {number}") for number in range(12)]
        for number, person in enumerate(people):
            await person.submits(await person.presses(post, "Answer"), text=f"{WORDS} ({number})")
        for number in range(24):
            match number % 4:
                case 0:
                    o.server.faults.rate_limit("chat.postMessage")
                case 1:
                    o.server.faults.fail(500, "chat.postMessage", acted=number % 8 == 1)
                case 2:
                    o.server.faults.lose_reply("chat.postMessage")
                case 3:
                    o.server.faults.error("chat.postMessage", "internal_error")

        def posted() -> list[int]:
            shown = [reply.text for reply in post.replies]
            return [sum(f"({number})" in words for words in shown) for number in range(len(people))]

        while 0 in posted():
            await o.later(minutes=11)
        o.server.faults.clear()
        for _ in range(3):
            await o.later(minutes=11)
        assert posted() == [1] * len(people)
        require_once(o.channel)


async def test_an_answer_to_a_question_whose_post_is_gone_is_not_thrown_into_the_channel(tmp_path: Path) -> None:
    """Slack would put it there without a word, since the thread's first message does not exist any more."""
    async with office(tmp_path) as o:
        await o.a_group()
        await o.at(9)
        post = await o.asked()
        ada = o.person("Ada")
        opened = await ada.presses(post, "Answer")
        for reply in post.replies:
            await o.host.deletes(reply)
        await o.host.deletes(post)
        await ada.submits(opened, text=WORDS)
        for _ in range(3):
            await o.later(minutes=11)
        assert o.channel.visible() == []
        assert [message.text for message in await o.said()] == [WORDS]


@pytest.mark.parametrize("nth", [1, 2])
async def test_what_people_remove_in_the_moment_of_posting_leaves_nothing_in_the_channel(
    tmp_path: Path, nth: int
) -> None:
    """The first time an answer, the second time a question's opening has lost the message that it stands below."""
    async with office(tmp_path) as o:
        await o.a_group()

        async def remove() -> None:
            for view in reversed(o.channel.everything()):
                await o.host.deletes(view)

        if nth == 1:
            await o.at(9)
            post = await o.asked()
            o.server.faults.hook("chat.postMessage", before=remove)
            answer = AnswerPost("Ada", WORDS)
            place = Place(o.place, Ref(post.ts))
            outcome = await o.platform.ensure_post(place, "answer:9:1", answer, Progress(), nobody)
            assert isinstance(outcome, NotSent)
            assert outcome.permanent
        else:
            o.server.faults.hook("chat.postMessage", times=1)
            o.server.faults.hook("chat.postMessage", before=remove)
            await o.at(9)
            for _ in range(3):
                await o.later(minutes=11)
        assert o.channel.everything() == []


async def test_one_message_a_second_is_waited_for(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        o.server.web_api.limits["chat.postMessage"] = (1, 1.0)
        place = Place(o.place)
        sent(await o.platform.ensure_post(place, "digest:1:1", digest(9), Progress(), nobody))
        assert numbers(o) == list(range(9))
        assert any(call.status == 429 for call in o.server.calls("chat.postMessage"))


async def test_a_digest_of_several_messages_grows_and_shrinks_and_is_never_there_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        place, key = Place(o.place), "digest:1:1"
        refs = sent(await o.platform.ensure_post(place, key, digest(9), Progress(), nobody))
        assert refs.message is not None
        assert len(o.channel.everything()) > 1
        assert len(o.channel.visible()) == 1
        for progress in (Progress(unsure=True), Progress(refs), Progress(refs, unsure=True)):
            assert sent(await o.platform.ensure_post(place, key, digest(9), progress, nobody)) == refs
            assert numbers(o) == list(range(9))
        for count in (1, 20, 20, 2, 9):
            for _ in range(2):
                assert sent(await o.platform.revise(place, refs.message, digest(count))) == refs
                assert numbers(o) == list(range(count))
        await o.platform.retract(place, key, None)
        assert o.channel.everything() == []


async def test_killed_at_any_call_a_long_digest_is_posted_once(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        place = Place(o.place)
        reached, step = True, 0
        while reached:
            step += 1
            key = f"digest:{step}:1"

            async def post(key: str = key) -> None:
                await o.platform.ensure_post(place, key, digest(15), Progress(), nobody)

            reached = await killed_at(o, step, post, early=step % 2 == 0)
            sent(await o.platform.ensure_post(place, key, digest(15), Progress(unsure=True), nobody))
            assert sorted(numbers(o)) == sorted(list(range(15)) * step)
            assert len(o.channel.visible()) == step
    assert step > 2


@pytest.mark.parametrize("error", ["edit_window_closed", "cant_update_message"])
async def test_a_digest_that_slack_lets_nobody_edit_any_more_is_replaced(tmp_path: Path, error: str) -> None:
    async with office(tmp_path) as o:
        place = Place(o.place)
        refs = sent(await o.platform.ensure_post(place, "digest:1:1", digest(9), Progress(), nobody))
        assert refs.message is not None
        o.server.faults.error("chat.update", error)
        revised = sent(await o.platform.revise(place, refs.message, digest(1)))
        assert revised.message != refs.message
        assert numbers(o) == [0]
        again = await o.platform.ensure_post(place, "digest:1:1", digest(1), Progress(unsure=True), nobody)
        assert sent(again) == revised
        assert numbers(o) == [0]


async def test_connecting_many_times_asks_nothing_twice(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        await o.a_group()
        for hour in range(9, 19):
            opened = o.server.sockets.opened
            await o.server.faults.ask_to_reconnect()

            def connected(opened: int = opened) -> bool:
                return o.server.sockets.opened > opened and o.server.sockets.listening

            await o.server.until(connected)
            await o.at(hour)
        require_once(o.channel)


def digest(count: int) -> DigestPost:
    """Return a digest of so many long quotes, of which a few fit a message."""
    return DigestPost(
        "The week",
        tuple(Quote(f"#{number}. " + "word " * 400, "Ada", "https://chat.example/1") for number in range(count)),
    )


def numbers(o: Office) -> list[int]:
    """Return which quotes are there, in their order."""
    return [int(found) for view in o.channel.everything() for found in re.findall(r"#(\d+)\.", view.text)]


def sent(outcome: Outcome) -> Refs:
    assert isinstance(outcome, Sent)
    return outcome.refs


async def nobody(refs: Refs) -> None:
    """Hear what was found, and do nothing about it."""

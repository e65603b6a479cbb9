"""The history of a thread, as fast as Slack shows it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace
from unittest.mock import patch

import pytest

from bot.content import DigestPost, Paragraph
from bot.errors import PlatformError
from bot.events import MessageSeen, Place, ReactionsSeen, Recordable
from bot.model import Ref, Stance
from bot.platforms.slack import reading
from bot.platforms.slack.outcomes import UnreachableError
from bot.platforms.slack.scopes import SCOPES
from bot.platforms.slack.translate import moment, stance_of
from bot.platforms.slack.webapi import WebApi
from bot.platforms.slack.workspaces import signed_in
from bot.ports import Progress, Sent
from tests.standins.slack import MessageView
from tests.unit.slack_rig import Rig, keep, rigged
from tests.unit.test_slack_listening import asked


async def history(rig: Rig, question: MessageView) -> list[Recordable]:
    """Return what the history of a question's thread tells."""
    return [event async for event in rig.platform.history(Place(rig.channel, Ref(question.ts)))]


def texts(events: list[Recordable]) -> list[str]:
    """Return what was said."""
    return [event.text for event in events if isinstance(event, MessageSeen)]


async def test_a_long_thread_is_read_page_by_page_and_each_message_once() -> None:
    async with rigged() as rig:
        question, ada = await asked(rig), rig.person("Ada")
        with patch.object(reading, "PAGE", 4):
            for number in range(11):
                await ada.says(question, f"Thought {number}.")
            events = await history(rig, question)
        assert texts(events) == [f"Thought {number}." for number in range(11)]
        assert len(rig.server.calls("conversations.replies")) > 2


async def test_a_restricted_app_reads_a_page_at_a_time_and_holds_nothing_else_up() -> None:
    async with rigged(restricted=True) as rig:
        question, ada = await asked(rig), rig.person("Ada")
        for number in range(20):
            await ada.says(question, f"Thought {number}.")
        with patch.object(reading, "SECONDS_BETWEEN", 0.4), patch.object(reading, "RESTRICTED_PAGE", 8):
            began = time.monotonic()
            whole = asyncio.create_task(history(rig, question))
            await rig.until(lambda: rig.server.calls("conversations.replies"))
            assert await rig.platform.person(rig.channel, Ref(ada.id)) is not None
            assert not whole.done()
            assert len(texts(await whole)) == 20
            assert time.monotonic() - began >= 0.8
            assert {str(call.arguments["limit"]) for call in rig.server.calls("conversations.replies")} == {"8"}


async def test_a_new_token_does_not_read_faster_than_the_one_before() -> None:
    async with rigged() as rig:
        question, web = await asked(rig), WebApi(rig.server.api_url)
        tokens = (rig.team.token, rig.server.new_token(rig.team.state, tuple(SCOPES)).value)
        reader = reading.Reader(restricted=True)
        with patch.object(reading, "SECONDS_BETWEEN", 0.4):
            began = time.monotonic()
            for token in tokens:
                here = await signed_in(web.client(token))
                assert question.ts in [one["ts"] async for one in reader.thread(here, rig.room.id, question.ts)]
            assert time.monotonic() - began >= 0.4
        await web.close()


async def test_when_slack_says_how_long_to_wait_it_is_waited_for() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.person("Ada").says(question, "Memory.")
        rig.server.faults.rate_limit("conversations.replies", 2, retry_after=0)
        assert texts(await history(rig, question)) == ["Memory."]


async def test_votes_that_slack_does_not_name_all_of_are_asked_for() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        answer = await rig.person("Ada").says(question, "Memory.")
        people = [rig.person(f"Reader {number}") for number in range(60)]
        for one in people:
            await one.reacts(answer, "+1")
        (_, votes) = await history(rig, question)
        assert isinstance(votes, ReactionsSeen)
        assert len(rig.server.calls("reactions.get")) == 1
        assert {author.user for author, stance in votes.stances if stance is Stance.AGREE} == {one.id for one in people}


async def test_a_history_that_breaks_off_is_read_again_later() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.until(lambda: len(rig.desk.connections) == 1)
        rig.server.faults.error("conversations.replies", "internal_error")
        with pytest.raises(PlatformError):
            await history(rig, question)
        await rig.until(lambda: len(rig.desk.connections) == 2)


async def test_a_channel_that_the_bot_is_not_in_has_no_history() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        rig.room.remove_bot()
        with pytest.raises(UnreachableError, match="Invite me"):
            await history(rig, question)


async def test_what_remains_of_a_removed_question_still_has_a_history() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.person("Ada").says(question, "Memory.")
        await rig.team.owner.deletes(question)
        assert texts(await history(rig, question)) == ["Memory."]


async def test_the_channel_itself_has_none() -> None:
    async with rigged() as rig:
        with pytest.raises(PlatformError):
            _ = [event async for event in rig.platform.history(rig.place)]


async def test_the_history_says_what_was_reported_live() -> None:
    async with rigged() as rig:
        question, ada = await asked(rig), rig.person("Ada")
        answer = await ada.says(question, "Memory & <patience>.", files={"a.txt": b"a"})
        await ada.edits(answer, "Memory & <much patience>.")
        await rig.until(lambda: len(rig.desk.events) == 2)
        (told,) = [event for event in await history(rig, question) if isinstance(event, MessageSeen)]
        assert told == rig.desk.events[-1]
        assert told != replace(told, edited_at=None)


@pytest.mark.parametrize(
    ("ts", "text"),
    [
        ("1700000000.000100", "2023-11-14T22:13:20.000100+00:00"),
        ("1700000000.999999", "2023-11-14T22:13:20.999999+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        ("1700000000.5", "2023-11-14T22:13:20.500000+00:00"),
    ],
)
def test_a_ts_is_an_instant_to_the_microsecond(ts: str, text: str) -> None:
    assert moment(ts).isoformat() == text


def test_only_three_gestures_are_votes() -> None:
    found = {name: stance_of(name) for name in ("+1", "-1::skin-tone-4", "shrug", "woman-shrugging", "heart", "")}
    assert list(found.values()) == [Stance.AGREE, Stance.DISAGREE, Stance.PASS, Stance.PASS, None, None]


async def test_a_restricted_app_revises_posts_bit_by_bit_while_it_reads_a_long_thread() -> None:
    async with rigged(restricted=True) as rig:
        question, ada = await asked(rig), rig.person("Ada")
        for number in range(12):
            await ada.says(question, f"Thought {number}.")
        posted = await rig.platform.ensure_post(rig.place, "d", DigestPost("The week", ()), Progress(), keep)
        assert isinstance(posted, Sent)
        assert posted.refs.message is not None
        with patch.object(reading, "SECONDS_BETWEEN", 0.3), patch.object(reading, "RESTRICTED_PAGE", 3):
            whole = asyncio.create_task(history(rig, question))
            await rig.until(lambda: rig.server.calls("conversations.replies"))
            assert isinstance(await rig.platform.retract(rig.place, "never posted", None), Sent)
            revised = DigestPost("The week", (Paragraph("Somebody said something."),))
            attempts, outcome = 0, None
            while outcome is None:
                attempts += 1
                with contextlib.suppress(TimeoutError):
                    work = rig.platform.revise(rig.place, posted.refs.message, revised)
                    outcome = await asyncio.wait_for(work, 0.1)
            assert attempts > 1
            assert isinstance(outcome, Sent)
            assert "Somebody said something." in rig.message(posted.refs.message).text
            assert len(texts(await whole)) == 12


async def test_a_history_without_what_was_just_said_is_not_taken_for_whole() -> None:
    async with rigged() as rig:
        question, ada = await asked(rig), rig.person("Ada")
        await ada.says(question, "Memory.")
        rig.server.faults.show_late(2)
        late = await ada.says(question, "And patience.")
        await rig.until(lambda: len(rig.desk.events) == 2)
        with pytest.raises(PlatformError, match="behind"):
            await history(rig, question)
        await ada.deletes(late)
        await rig.until(lambda: len(rig.desk.events) == 3)
        assert texts(await history(rig, question)) == ["Memory."]

"""What people do in a workspace reaches the desk once, and nothing is acknowledged before it is recorded."""

from __future__ import annotations

import asyncio

import pytest

from bot.content import AnswerPost, NoticePost, QuestionPost
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged
from bot.model import Kind, Question, Ref, Stance
from bot.ports import Progress, Sent
from tests.standins.slack import MessageView
from tests.unit.slack_rig import Rig, keep, rigged

QUESTION = QuestionPost(
    1,
    "Slow Readers",
    Question("memory", "What do agents lack most?", "Agents", Kind.OPEN, "They lose the thread.", ("Since when?",)),
    "A document",
)


async def asked(rig: Rig) -> MessageView:
    """Return the message of a question that was just posted."""
    outcome = await rig.platform.ensure_post(rig.place, "k", QUESTION, Progress(), keep)
    assert isinstance(outcome, Sent)
    return rig.message(outcome.refs.message)


def said(rig: Rig) -> list[tuple[str, str]]:
    """Return who said what, as far as the desk heard."""
    return [(event.author.name, event.text) for event in rig.desk.events if isinstance(event, MessageSeen)]


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_what_could_not_be_recorded_is_not_acknowledged_and_comes_again(http: bool) -> None:
    async with rigged(http=http) as rig:
        question = await asked(rig)
        rig.desk.failures = 2
        await rig.person("Ada").says(question, "They lack memory.")
        await rig.until(lambda: said(rig))
        assert said(rig) == [("Ada", "They lack memory.")]
        assert rig.server.events.lost == []
        assert rig.desk.failures == 0


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_person_slack_does_not_name_yet_is_asked_for_again(http: bool) -> None:
    async with rigged(http=http) as rig:
        question = await asked(rig)
        rig.server.faults.error("users.info", "internal_error")
        await rig.person("Ada").says(question, "They lack memory.")
        await rig.until(lambda: said(rig))
        assert said(rig) == [("Ada", "They lack memory.")]


async def test_a_reply_that_also_goes_to_the_channel_and_one_with_a_file_count() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.person("Ada").says(question, "In both places.", also_in_channel=True)
        await rig.person("Ben").says(question, "See here.", files={"notes.txt": b"n", "a.png": b"p"})
        await rig.until(lambda: ("Ben", "See here.\n[notes.txt] [a.png]") in said(rig))
        assert ("Ada", "In both places.") in said(rig)


async def test_what_bots_say_and_what_is_said_outside_threads_is_left_out() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.team.other_bot("Weather").says(question, "Sunny.")
        await rig.person("Ada").says(rig.room, "Hello, all.")
        await rig.person("Ada").says(question, "They lack memory.")
        await rig.until(lambda: said(rig))
        assert said(rig) == [("Ada", "They lack memory.")]


async def test_people_who_are_mentioned_are_named() -> None:
    async with rigged() as rig:
        question, ben = await asked(rig), rig.person("Ben")
        await rig.person("Ada").says(question, "I think as @Ben does.")
        await rig.until(lambda: said(rig))
        assert said(rig) == [("Ada", f"I think as @{ben.name} does.")]


async def test_a_removed_message_is_told_with_its_thread_and_our_own_removals_are_not() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        message = await rig.person("Ada").says(question, "They lack memory.")
        place = Place(rig.channel, Ref(question.ts))
        outcome = await rig.platform.ensure_post(place, "a", AnswerPost("Ben", "Patience."), Progress(), keep)
        assert isinstance(outcome, Sent)
        await rig.platform.retract(place, "a", outcome.refs.message)
        await rig.person("Ada").deletes(message)
        await rig.until(lambda: any(isinstance(event, MessageDeleted) for event in rig.desk.events))
        gone = [event for event in rig.desk.events if isinstance(event, MessageDeleted)]
        assert [(event.place, event.message) for event in gone] == [(place, message.ts)]


async def test_what_was_edited_into_a_command_is_said_no_more() -> None:
    async with rigged() as rig:
        question, ada = await asked(rig), rig.person("Ada")
        message = await ada.says(question, f"{rig.team.bot_mention} knows what I earn.")
        await rig.until(lambda: said(rig))
        await ada.edits(message, f"{rig.team.bot_mention} today")
        await rig.until(lambda: any(isinstance(event, MessageDeleted) for event in rig.desk.events))
        (gone,) = (event for event in rig.desk.events if isinstance(event, MessageDeleted))
        assert (gone.place, gone.message) == (Place(rig.channel, Ref(question.ts)), message.ts)


async def test_an_answer_of_ours_that_a_person_removed_is_told() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        place = Place(rig.channel, Ref(question.ts))
        outcome = await rig.platform.ensure_post(place, "a", AnswerPost("Ben", "Patience."), Progress(), keep)
        assert isinstance(outcome, Sent)
        await rig.team.owner.deletes(rig.message(outcome.refs.message))
        await rig.until(lambda: rig.desk.events)
        (gone,) = rig.desk.events
        assert isinstance(gone, MessageDeleted)
        assert gone.message == outcome.refs.message


async def test_reactions_of_every_skin_tone_are_votes_and_others_are_not() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        message = await rig.person("Ada").says(question, "They lack memory.")
        for name in ("+1::skin-tone-2", "thumbsdown", "man-shrugging::skin-tone-6", "tada"):
            await rig.person("Ben").reacts(message, name)
        await rig.person("Ben").unreacts(message, "thumbsdown")
        await rig.until(lambda: len(rig.desk.events) >= 5)
        votes = [event for event in rig.desk.events if isinstance(event, ReactionChanged)]
        assert [(vote.author.name, vote.stance, vote.present) for vote in votes] == [
            ("Ben", Stance.AGREE, True),
            ("Ben", Stance.DISAGREE, True),
            ("Ben", Stance.PASS, True),
            ("Ben", Stance.DISAGREE, False),
        ]


async def test_a_reaction_that_is_told_after_it_was_taken_back_does_not_come_back() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        ben, message = rig.person("Ben"), await rig.person("Ada").says(question, "They lack memory.")
        await rig.until(lambda: said(rig))
        rig.server.faults.reorder(2)
        await ben.reacts(message, "+1")
        await ben.unreacts(message, "+1")
        await rig.until(lambda: rig.server.events.pending == 0)
        votes = [event for event in rig.desk.events if isinstance(event, ReactionChanged)]
        assert [vote.present for vote in votes] == [False]


@pytest.mark.parametrize("cause", ["gap", "refresh", "events held back", "invitation"])
async def test_after_whatever_may_have_been_missed_the_history_is_read(cause: str) -> None:
    async with rigged() as rig:
        assert rig.desk.connections == ["slack"]
        match cause:
            case "gap":
                rig.server.faults.drop_sockets()
            case "refresh":
                await rig.server.faults.ask_to_reconnect()
            case "events held back":
                rig.server.faults.limit_events()
            case _:
                rig.room.remove_bot()
                rig.room.invite_bot()
        await rig.until(lambda: len(rig.desk.connections) == 2)


async def test_an_uninstalled_app_is_told_to_the_desk() -> None:
    async with rigged() as rig:
        rig.team.uninstall()
        await rig.until(lambda: ("slack", rig.team.id) in rig.desk.gone)


async def test_the_name_and_rights_of_whoever_writes_are_known() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.team.member("Ada", admin=True, display_name="Countess").says(question, "They lack memory.")
        await rig.until(lambda: rig.desk.events)
        (event,) = rig.desk.events
        assert isinstance(event, MessageSeen)
        assert (event.author.name, event.author.admin) == ("Countess", True)
        assert await rig.platform.person(rig.channel, event.author.user) == event.author
        assert await rig.platform.person(rig.channel, Ref("U000NOBODY")) is None


async def test_what_waits_in_a_thread_of_a_notice_is_told_too() -> None:
    async with rigged() as rig:
        outcome = await rig.platform.ensure_post(rig.place, "n", NoticePost("We meet here."), Progress(), keep)
        assert isinstance(outcome, Sent)
        await rig.person("Ada").says(rig.message(outcome.refs.message), "Good.")
        await rig.until(lambda: said(rig))


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_removal_that_is_told_after_the_app_was_installed_again_removes_nothing(http: bool) -> None:
    async with rigged(http=http) as rig:
        rig.server.events.tell(rig.team.state, {"type": "tokens_revoked", "tokens": {"bot": [rig.team.bot.id]}})
        rig.server.events.tell(rig.team.state, {"type": "app_uninstalled"})
        await rig.until(lambda: rig.server.events.acknowledged >= 2)
        assert rig.desk.gone == set()
        assert isinstance(await rig.platform.ensure_post(rig.place, "k", QUESTION, Progress(), keep), Sent)


async def test_a_removal_is_told_again_while_slack_does_not_say_whether_it_is_so() -> None:
    async with rigged() as rig:
        rig.team.uninstall()
        rig.server.faults.error("auth.test", "internal_error", times=4)
        await rig.until(lambda: ("slack", rig.team.id) in rig.desk.gone)


async def test_what_is_said_to_the_bot_in_a_thread_is_no_part_of_the_discussion() -> None:
    async with rigged() as rig:
        question, bot = await asked(rig), rig.team.bot_mention
        await rig.person("Ada").says(question, f"{bot} search insurance against agents that break things")
        await rig.person("Ada").says(question, f"{bot} I would rather pay for insurance myself.")
        await rig.person("Ben").says(question, f"I think {bot} should search for answers itself.")
        await rig.until(lambda: len(said(rig)) >= 2)
        assert [words.partition("Bot ")[2] for _, words in said(rig)] == [
            "I would rather pay for insurance myself.",
            "should search for answers itself.",
        ]


async def test_after_slack_could_not_reach_the_bot_the_history_is_read() -> None:
    async with rigged(http=True) as rig:
        question, ada, address = await asked(rig), rig.person("Ada"), rig.server.app.request_url
        await rig.until(lambda: len(rig.desk.connections) == 2)
        rig.server.app.request_url = "http://127.0.0.1:9/slack/events"
        await ada.says(question, "They lack memory.")
        await rig.until(lambda: rig.server.events.lost)
        rig.server.events.pauses = (0.2, 0.2, 0.2)
        tries = len(rig.server.hooks.sent)
        await ada.says(question, "And patience.")
        await rig.until(lambda: len(rig.server.hooks.sent) > tries)
        rig.server.app.request_url = address
        await rig.until(lambda: said(rig))
        await rig.until(lambda: len(rig.desk.connections) == 3)


async def test_what_is_told_for_the_first_time_is_no_reason_to_read_the_history() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        rig.desk.reconnected.clear()
        await rig.person("Ada").says(question, "They lack memory.")
        await rig.until(lambda: said(rig))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(rig.desk.reconnected.wait(), 0.2)

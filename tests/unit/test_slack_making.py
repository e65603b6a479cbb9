"""Posts are made once, changed in place, and removed, whatever Slack answers."""

from __future__ import annotations

import asyncio

import pytest

from bot.content import AnswerPost, DigestPost, NoticePost, Paragraph, Post, Quote, Reply
from bot.events import Place
from bot.model import Ref
from bot.platforms.slack.once import mark_of
from bot.ports import NotSent, Outcome, Progress, Refs, Sent, Unknown
from tests.standins.slack import MessageView
from tests.unit.slack_rig import Rig, keep, rigged
from tests.unit.test_slack_listening import QUESTION, asked

DIGEST = DigestPost("The week", (Paragraph("Nobody said much."),))
NEW, UNSURE = Progress(), Progress(unsure=True)


def long_digest(quotes: int, words: str = "Memory, I would say. ") -> DigestPost:
    """Return a digest with so many long quotes."""
    return DigestPost("The week", tuple(Quote(words * 60, "Ada", "https://chat.example/1") for _ in range(quotes)))


async def post(rig: Rig, what: Post, key: str = "k", progress: Progress = NEW) -> Outcome:
    """Try to make a post."""
    return await rig.platform.ensure_post(rig.place, key, what, progress, keep)


def ref(outcome: Outcome) -> Ref:
    """Return the message of a post that is there."""
    assert isinstance(outcome, Sent)
    assert outcome.refs.message is not None
    return outcome.refs.message


def shown(rig: Rig) -> list[MessageView]:
    """Return every message of the bot's that is there."""
    return [one for one in rig.room.everything() if one.by_bot]


def words(rig: Rig) -> str:
    """Return all that the bot's messages say."""
    return "\n".join(one.text for one in shown(rig))


@pytest.mark.parametrize("message", [1, 2], ids=["the question", "what opens its thread"])
async def test_a_post_whose_answer_was_lost_is_found_and_completed(message: int) -> None:
    async with rigged() as rig:
        if message == 1:
            rig.server.faults.lose_reply("chat.postMessage")
        else:
            rig.server.faults.hook("chat.postMessage", after=lambda: rig.server.faults.lose_reply("chat.postMessage"))
        assert isinstance(await post(rig, QUESTION), Unknown)
        found = ref(await post(rig, QUESTION, progress=UNSURE))
        question, opening = shown(rig)
        assert (question.ts, opening.state.thread_ts) == (found, found)


async def test_a_post_that_slack_shows_late_is_not_made_again() -> None:
    async with rigged() as rig:
        rig.server.faults.lose_reply("chat.postMessage")
        rig.server.faults.show_late(1)
        rig.server.events.deaf = True
        assert isinstance(await post(rig, DIGEST), Unknown)
        assert ref(await post(rig, DIGEST, progress=UNSURE)) == shown(rig)[0].ts
        assert len(shown(rig)) == 1


@pytest.mark.parametrize("unreadable", [False, True])
async def test_a_post_that_slack_told_us_of_needs_no_history(unreadable: bool) -> None:
    async with rigged() as rig:
        rig.server.faults.lose_reply("chat.postMessage")
        rig.server.faults.show_late(99)
        assert isinstance(await post(rig, DIGEST), Unknown)
        await rig.until(lambda: rig.server.events.acknowledged)
        if unreadable:
            rig.server.faults.error("conversations.history", "missing_scope", times=9)
        assert ref(await post(rig, DIGEST, progress=UNSURE)) == shown(rig)[0].ts
        assert len(shown(rig)) == 1


@pytest.mark.parametrize("who", ["we", "people"])
async def test_a_post_that_is_gone_again_is_not_taken_for_there(who: str) -> None:
    async with rigged() as rig:
        first = ref(await post(rig, DIGEST))
        await rig.until(lambda: rig.server.events.acknowledged)
        if who == "we":
            await rig.platform.retract(rig.place, "k", first)
        else:
            await rig.team.owner.deletes(rig.message(first))
        await rig.until(lambda: rig.server.events.acknowledged == 2)
        again = ref(await post(rig, DIGEST, progress=UNSURE))
        assert [one.ts for one in shown(rig)] == [again] != [first]


async def test_an_attempt_that_was_given_up_while_slack_was_slow_is_seen_through() -> None:
    async with rigged() as rig:
        rig.server.faults.slow(0.3, "chat.postMessage")
        attempt = asyncio.create_task(post(rig, DIGEST))
        await rig.until(lambda: rig.server.calls("chat.postMessage"))
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        ref(await post(rig, DIGEST))
        assert len(shown(rig)) == 1


async def test_a_search_that_was_given_up_goes_on_for_the_next_attempt() -> None:
    async with rigged() as rig:
        here = ref(await post(rig, DIGEST))
        rig.server.faults.slow(0.2, "conversations.history")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(post(rig, DIGEST, progress=UNSURE), 0.05)
        assert ref(await post(rig, DIGEST, progress=UNSURE)) == here
        assert len(rig.server.calls("conversations.history")) == 1


async def test_what_cannot_be_looked_for_is_neither_sent_nor_given_up() -> None:
    async with rigged() as rig:
        rig.server.faults.error("conversations.history", "missing_scope", needed="channels:history")
        outcome = await post(rig, DIGEST, progress=UNSURE)
        assert outcome == Unknown(
            "The app lacks the permission channels:history. Add that scope to it, and install it again."
        )
        assert shown(rig) == []


async def test_a_long_digest_goes_on_in_the_thread_of_its_first_message() -> None:
    async with rigged() as rig:
        first = ref(await post(rig, long_digest(12)))
        head, *rest = shown(rig)
        assert head.ts == first
        assert rest
        assert {one.state.thread_ts for one in rest} == {first}
        assert words(rig).count("Memory, I would say.") == 12 * 60
        before = [one.ts for one in shown(rig)]
        assert ref(await post(rig, long_digest(12), progress=UNSURE)) == first
        assert [one.ts for one in shown(rig)] == before


async def test_a_digest_that_was_cut_short_is_completed() -> None:
    async with rigged() as rig:
        first = ref(await post(rig, long_digest(12)))
        total = len(shown(rig))
        await rig.team.owner.deletes(shown(rig)[-1])
        assert ref(await post(rig, long_digest(12), progress=Progress(Refs(first)))) == first
        assert len(shown(rig)) == total


async def test_a_revised_digest_grows_and_shrinks_in_place() -> None:
    async with rigged() as rig:
        first = ref(await post(rig, DIGEST))
        for size in (12, 4, 20, 0):
            revised = long_digest(size) if size else DIGEST
            assert ref(await rig.platform.revise(rig.place, first, revised)) == first
            assert words(rig).count("Memory, I would say.") == size * 60
            assert len([one for one in shown(rig) if not one.in_thread]) == 1
        assert len(shown(rig)) == 1


async def test_the_same_content_again_is_not_sent() -> None:
    async with rigged() as rig:
        first = ref(await post(rig, long_digest(12)))
        await rig.platform.revise(rig.place, first, long_digest(12))
        assert rig.server.calls("chat.update") == []


@pytest.mark.parametrize("code", ["edit_window_closed", "cant_update_message"])
async def test_a_post_that_can_be_edited_no_more_is_replaced_under_its_key(code: str) -> None:
    async with rigged() as rig:
        old = ref(await post(rig, long_digest(12)))
        rig.server.faults.error("chat.update", code)
        new = ref(await rig.platform.revise(rig.place, old, DIGEST))
        assert new != old
        assert [one.ts for one in shown(rig)] == [new]
        assert "Nobody said much." in words(rig)
        assert ref(await post(rig, DIGEST, progress=UNSURE)) == new


async def test_a_replacement_whose_answer_was_lost_is_found() -> None:
    async with rigged() as rig:
        old = ref(await post(rig, long_digest(2)))
        rig.server.faults.error("chat.update", "edit_window_closed", times=2)
        rig.server.faults.lose_reply("chat.postMessage")
        assert isinstance(await rig.platform.revise(rig.place, old, DIGEST), Unknown)
        new = ref(await rig.platform.revise(rig.place, old, DIGEST))
        assert [one.ts for one in shown(rig)] == [new]


async def test_an_answer_that_can_be_edited_no_more_is_replaced_in_its_thread() -> None:
    async with rigged() as rig:
        place = Place(rig.channel, Ref((await asked(rig)).ts))
        old = ref(await rig.platform.ensure_post(place, "a", AnswerPost("Ada", "Memory."), Progress(), keep))
        rig.server.faults.error("chat.update", "edit_window_closed")
        new = ref(await rig.platform.revise(place, old, AnswerPost("Ada", "Patience.")))
        assert "Patience." in rig.message(new).text
        assert rig.message(new).state.thread_ts == place.thread
        assert old not in [one.ts for one in shown(rig)]


async def test_a_question_that_can_be_edited_no_more_stays() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        rig.server.faults.error("chat.update", "edit_window_closed")
        changed = QUESTION.__class__(1, "Other Readers", QUESTION.question, "Another document")
        outcome = await rig.platform.revise(rig.place, Ref(question.ts), changed)
        assert outcome == NotSent("Slack takes no more changes to so old a message.", permanent=True)
        assert question.exists


async def test_a_retracted_digest_is_gone_with_all_its_messages() -> None:
    async with rigged() as rig:
        ref(await post(rig, long_digest(12)))
        assert isinstance(await rig.platform.retract(rig.place, "k", None), Sent)
        assert shown(rig) == []


async def test_a_thread_is_not_opened_below_a_message_that_is_gone() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        await rig.team.owner.deletes(question)
        for one in shown(rig):
            await rig.team.owner.deletes(one)
        outcome = await post(rig, QUESTION, progress=Progress(Refs(Ref(question.ts))))
        assert outcome == NotSent("The message was removed before its thread was opened.", permanent=True)
        answer = AnswerPost("Ada", "Memory.")
        place = Place(rig.channel, Ref(question.ts))
        outcome = await rig.platform.ensure_post(place, "a", answer, Progress(), keep)
        assert isinstance(outcome, NotSent)
        assert shown(rig) == []


async def test_each_message_carries_the_key_of_its_post() -> None:
    async with rigged() as rig:
        ref(await post(rig, QUESTION, "question:7"))
        marks = [mark_of({"metadata": one.state.metadata}) for one in shown(rig)]
        assert [(mark.key, mark.part) for mark in marks if mark] == [("question:7", 1), ("question:7", 0)]


REFUSED = {
    "ratelimited": (False, "wait"),
    "not_in_channel": (False, "/invite"),
    "channel_not_found": (True, "gone"),
    "is_archived": (False, "Unarchive"),
    "account_inactive": (False, "Install it again"),
    "token_revoked": (False, "Install it again"),
    "invalid_auth": (False, "token"),
    "msg_too_long": (True, "msg_too_long"),
    "invalid_blocks": (True, "invalid_blocks"),
    "restricted_action_read_only_channel": (False, "posting permissions"),
    "missing_scope": (False, "permission"),
    "something_new": (True, "something_new"),
}


@pytest.mark.parametrize(("code", "permanent", "told"), [(code, *rest) for code, rest in REFUSED.items()])
async def test_each_refusal_says_whether_it_lasts_and_what_to_do(code: str, permanent: bool, told: str) -> None:
    async with rigged() as rig:
        rig.server.faults.error("chat.postMessage", code)
        outcome = await post(rig, NoticePost("We meet here."))
        assert isinstance(outcome, NotSent)
        assert outcome.permanent is permanent
        assert told in outcome.reason
        assert outcome.reason.endswith(".")
        assert shown(rig) == []


@pytest.mark.parametrize("acted", [False, True])
async def test_a_failing_server_leaves_it_open_whether_it_posted(acted: bool) -> None:
    async with rigged() as rig:
        rig.server.faults.fail(503, "chat.postMessage", acted=acted)
        assert isinstance(await post(rig, DIGEST), Unknown)
        ref(await post(rig, DIGEST, progress=UNSURE))
        assert len(shown(rig)) == 1


async def test_a_post_is_sent_again_by_nobody_but_the_poster() -> None:
    async with rigged() as rig:
        rig.server.faults.fail(503, "chat.postMessage", times=9)
        assert isinstance(await post(rig, DIGEST), Unknown)
        assert len(rig.server.calls("chat.postMessage")) == 1


async def test_short_limits_are_waited_for_and_long_ones_are_not() -> None:
    async with rigged() as rig:
        rig.server.faults.rate_limit("chat.postMessage", 2, retry_after=0)
        ref(await post(rig, DIGEST))
        rig.server.faults.rate_limit("chat.postMessage", retry_after=60)
        assert await post(rig, DIGEST, "other") == NotSent("Slack wants me to wait before I say more.")


async def test_people_are_written_to_directly_and_else_in_the_channel() -> None:
    async with rigged() as rig:
        ada = rig.person("Ada")
        assert await rig.platform.tell(rig.channel, Ref(ada.id), Reply.of("The set is exhausted."))
        assert [one.text for one in ada.inbox()] == ["The set is exhausted."]
        rig.server.faults.error("conversations.open", "missing_scope", needed="im:write")
        assert await rig.platform.tell(rig.channel, Ref(ada.id), Reply.of("Once more."))
        assert [one.text for one in ada.whispers()] == ["Once more."]
        assert not await rig.platform.tell(rig.channel, Ref("U000NOBODY"), Reply.of("Hello?"))


async def test_what_is_announced_stands_in_the_channel() -> None:
    async with rigged() as rig:
        assert await rig.platform.announce(rig.channel, Reply.of("The question could not be posted."))
        assert "could not be posted" in words(rig)
        rig.room.remove_bot()
        assert not await rig.platform.announce(rig.channel, Reply.of("Again."))


async def test_links_lead_to_the_message_and_its_thread() -> None:
    async with rigged() as rig:
        question = await asked(rig)
        reply = await rig.person("Ada").says(question, "Memory.")
        assert rig.platform.link(rig.place, Ref(question.ts)) == question.link
        assert rig.platform.link(Place(rig.channel, Ref(question.ts)), Ref(reply.ts)) == reply.link


async def test_a_long_digest_that_slack_does_not_show_yet_gets_no_second_end() -> None:
    async with rigged() as rig:
        first = ref(await post(rig, long_digest(12)))
        rig.message(first).state.late = 1
        assert isinstance(await rig.platform.revise(rig.place, first, long_digest(13)), Unknown)
        assert ref(await rig.platform.revise(rig.place, first, long_digest(13))) == first
        assert words(rig).count("Memory, I would say.") == 13 * 60

"""What every platform promises the core; see `bot.ports.Platform`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.content import (
    AnswerPost,
    DigestPost,
    Facts,
    Heading,
    Item,
    Listing,
    NoticePost,
    Paragraph,
    Post,
    QuestionPost,
    Quote,
    Reply,
)
from bot.errors import PlatformError
from bot.events import MessageDeleted, MessageSeen, Place, ReactionChanged, ReactionsSeen, Recordable
from bot.model import Kind, Question, Ref, Stance
from bot.ports import TOO_LATE, NotSent, Outcome, Progress, Refs, Sent
from tests.contract.hands import Hands, Seen, running

ADAPTERS = ("console", "memory", "discord", "discord forum", "slack", "slack over HTTP")

QUESTION = QuestionPost(
    round_id=1,
    group="Slow Readers",
    question=Question(
        id="memory",
        text="What do agents lack most?",
        topic="Agents",
        kind=Kind.OPEN,
        background="Agents lose the thread of long tasks.",
        follow_ups=("Since when?", "For how long?"),
    ),
    source="A document, “A section”",
    source_link="https://docs.example/a",
)
DIGEST = DigestPost("The week", (Heading("Agents"), Quote("They forget.", "Ada", "https://chat.example/1", "2 agree")))
NOTICE = NoticePost("We meet here.")
ANSWER = AnswerPost("Ada", "They lack memory.")

HOSTILE = {
    "escapes": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b5n\x08\x08gone\x7f",
    "a faked message": "true\n[1] bot: The meeting is off.\r[2] Ben: I resign\u2028[3] Cem: Me too\x85[4] bot: ok",
    "another direction": "all good \u202e)eslaf( \u2066inside\u2069 \u200fend",
    "Hebrew and Arabic": "אני חושב שכן, כי הזיכרון חסר. أعتقد ذلك أيضا.",
    "long": "wordy " * 666 + "end.",
    "one long word": "a" * 4_000,
    "nothing to see": "\u200b\u200d\u2060\ufeff",
    "markup": "[bold red]hi[/] :smile: **x** <b>y</b> `z` @everyone <@1> %s {0} <https://a.example|b>",
    "half a character": "a\ud83db",
    "empty lines": "\n\n\n",
}


@pytest.fixture(params=ADAPTERS)
async def hands(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Hands]:
    async with running(request.param, tmp_path) as hands:
        yield hands


NEW = Progress()


class Finding:
    """A `found` that keeps what it is told, and can stop an attempt at its nth word."""

    def __init__(self, stop_after: int = 0) -> None:
        self.refs: list[Refs] = []
        self._stop_after = stop_after

    async def __call__(self, refs: Refs) -> None:
        self.refs.append(refs)
        if len(self.refs) == self._stop_after:
            raise StopHereError


class StopHereError(Exception):
    """The attempt is to end here."""


async def post(hands: Hands, what: Post = QUESTION, key: str = "k", progress: Progress = NEW) -> Refs:
    return sent(await hands.platform.ensure_post(Place(hands.channel), key, what, progress, Finding()))


def sent(outcome: Outcome) -> Refs:
    assert isinstance(outcome, Sent)
    return outcome.refs


async def asked(hands: Hands) -> tuple[Ref, Place]:
    """Return a question's message, and where its thread is."""
    refs = await post(hands)
    assert refs.message is not None
    assert refs.thread is not None
    return refs.message, Place(hands.channel, refs.thread)


async def history(hands: Hands, place: Place) -> list[Recordable]:
    return [event async for event in hands.platform.history(place)]


def in_channel(hands: Hands) -> list[Seen]:
    return [seen for seen in hands.visible() if seen.thread is None]


async def test_a_connection_is_reported(hands: Hands) -> None:
    assert set(hands.reports.connections) == {hands.platform.name}
    assert hands.channel.platform == hands.platform.name


async def test_a_question_appears_once_with_its_follow_ups_in_its_thread(hands: Hands) -> None:
    refs = await post(hands)
    message, opening = hands.visible()
    assert (message.ref, message.thread) == (refs.message, None)
    assert opening.thread == refs.thread
    for words in (QUESTION.question.text, QUESTION.question.background, QUESTION.source):
        assert words in message.text
    for follow_up in QUESTION.question.follow_ups:
        assert follow_up in opening.text


async def test_a_question_without_follow_ups_has_a_thread_too(hands: Hands) -> None:
    bare = replace(QUESTION, question=replace(QUESTION.question, follow_ups=(), background=""), source="")
    refs = await post(hands, bare)
    assert refs.thread is not None
    await history(hands, Place(hands.channel, refs.thread))
    assert len(in_channel(hands)) == 1


async def test_refs_are_told_as_soon_as_they_are_known(hands: Hands) -> None:
    found = Finding()
    outcome = await hands.platform.ensure_post(Place(hands.channel), "k", QUESTION, Progress(), found)
    assert isinstance(outcome, Sent)
    first, *_, last = found.refs
    assert first == Refs(outcome.refs.message)
    assert last == outcome.refs
    assert None not in (last.message, last.thread)


async def test_what_is_found_is_heard_before_the_thread_is_made(hands: Hands) -> None:
    with pytest.raises(StopHereError):
        await hands.platform.ensure_post(Place(hands.channel), "k", QUESTION, Progress(), Finding(stop_after=1))
    assert len(hands.visible()) == 1


@pytest.mark.parametrize("unsure", [True, False])
async def test_an_attempt_that_ended_after_the_message_is_completed(hands: Hands, unsure: bool) -> None:
    found = Finding(stop_after=1)
    with pytest.raises(StopHereError):
        await hands.platform.ensure_post(Place(hands.channel), "k", QUESTION, Progress(), found)
    refs = await post(hands, progress=Progress(found.refs[0], unsure=unsure))
    assert refs.message == found.refs[0].message
    message, opening = hands.visible()
    assert (message.ref, opening.thread) == (refs.message, refs.thread)


@pytest.mark.parametrize("known", ["nothing", "the message", "everything"])
async def test_what_is_there_is_never_posted_again(hands: Hands, known: str) -> None:
    refs = await post(hands)
    before = hands.visible()
    progress = {"nothing": Refs(), "the message": Refs(refs.message), "everything": refs}[known]
    assert await post(hands, progress=Progress(progress, unsure=True)) == refs
    assert await post(hands, progress=Progress(refs)) == refs
    assert hands.visible() == before


@pytest.mark.parametrize("what", [DIGEST, NOTICE], ids=["digest", "notice"])
async def test_other_posts_have_no_thread_and_are_found_by_their_key(hands: Hands, what: Post) -> None:
    refs = await post(hands, what)
    assert refs.thread is None
    assert await post(hands, what, progress=Progress(unsure=True)) == refs
    assert [seen.ref for seen in hands.visible()] == [refs.message]


async def test_an_answer_stands_in_the_thread_under_its_authors_name(hands: Hands) -> None:
    _, place = await asked(hands)
    for _ in range(2):
        refs = sent(await hands.platform.ensure_post(place, "a", ANSWER, Progress(unsure=True), Finding()))
    answer = hands.visible()[-1]
    assert (answer.ref, answer.thread) == (refs.message, place.thread)
    assert ANSWER.author in answer.text
    assert ANSWER.text in answer.text
    assert len(hands.visible()) == 3


async def test_cut_short_anywhere_and_resumed_a_question_is_there_once(hands: Hands) -> None:
    for steps in range(30):
        key = f"cut-{steps}"
        attempt = asyncio.create_task(
            hands.platform.ensure_post(Place(hands.channel), key, QUESTION, Progress(), Finding())
        )
        for _ in range(steps):
            await asyncio.sleep(0)
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)
        before = len(in_channel(hands))
        refs = await post(hands, key=key, progress=Progress(unsure=True))
        assert len(in_channel(hands)) - before <= 1
        assert [seen.thread for seen in hands.visible()].count(refs.thread) == 1
    assert len(in_channel(hands)) == 30


async def test_posts_made_at_once_are_all_there(hands: Hands) -> None:
    made = await asyncio.gather(*(post(hands, QUESTION, f"k{number}") for number in range(10)))
    assert {refs.message for refs in made} == {seen.ref for seen in in_channel(hands)}
    assert len({refs.thread for refs in made}) == 10


async def test_what_is_overdue_is_not_begun(hands: Hands) -> None:
    late = Progress(unsure=True, overdue=True)
    outcome = await hands.platform.ensure_post(Place(hands.channel), "k", QUESTION, late, Finding())
    assert outcome == TOO_LATE
    assert hands.visible() == []


@pytest.mark.parametrize("known", [True, False])
async def test_what_is_overdue_is_completed(hands: Hands, known: bool) -> None:
    found = Finding(stop_after=1)
    with pytest.raises(StopHereError):
        await hands.platform.ensure_post(Place(hands.channel), "k", QUESTION, Progress(), found)
    progress = Progress(found.refs[0] if known else Refs(), unsure=True, overdue=True)
    assert (await post(hands, progress=progress)).thread is not None
    assert len(hands.visible()) == 2


async def test_a_refusal_is_an_outcome_with_a_sentence(hands: Hands) -> None:
    refs = await post(hands, DIGEST)
    assert refs.message is not None
    await hands.refuse()
    place = Place(hands.channel)
    for outcome in (
        await hands.platform.ensure_post(place, "other", QUESTION, Progress(), Finding()),
        await hands.platform.revise(place, refs.message, NOTICE),
        await hands.platform.retract(place, "k", refs.message),
    ):
        assert isinstance(outcome, NotSent)
        assert outcome.reason.endswith(".")
    assert [seen.ref for seen in hands.visible()] == [refs.message]


async def test_a_channel_that_does_not_work_is_refused_and_diagnosed(hands: Hands) -> None:
    outcome = await hands.platform.ensure_post(Place(hands.elsewhere), "k", QUESTION, Progress(), Finding())
    assert isinstance(outcome, NotSent)
    assert outcome.permanent
    problems = await hands.platform.diagnose(hands.elsewhere)
    assert problems
    assert all(problem.endswith(".") for problem in problems)
    assert await hands.platform.diagnose(hands.channel) == ()


async def test_an_inspection_names_the_channels_that_do_not_work_and_no_others(hands: Hands) -> None:
    assert await hands.platform.inspect(hands.reports, [hands.channel], []) == ()
    found = await hands.platform.inspect(hands.reports, [hands.channel, hands.elsewhere], [])
    assert len(found) == 1
    assert found[0].endswith(".")
    assert len(await hands.platform.inspect(hands.reports, [hands.channel], [hands.elsewhere])) == 1


async def test_what_cannot_be_said_in_a_channel_is_told_to_be_so(hands: Hands) -> None:
    assert await hands.platform.announce(hands.elsewhere, Reply.of("Something is wrong.")) is False


async def test_nobody_is_pinged_by_a_reference_that_is_no_role(hands: Hands) -> None:
    assert await hands.platform.role(hands.channel, Ref("nobody")) is None


async def test_a_channel_and_its_workspace_have_names_that_people_know_without_marks(hands: Hands) -> None:
    names = await hands.platform.whereabouts(hands.channel)
    assert names is not None
    assert names.workspace.strip("# ") == names.workspace != ""
    assert names.channel.strip("# ") == names.channel != ""
    assert await hands.platform.whereabouts(hands.elsewhere) is None


async def test_a_revision_shows_and_the_same_again_changes_nothing(hands: Hands) -> None:
    refs = await post(hands, DIGEST)
    assert refs.message is not None
    place = Place(hands.channel)
    corrected = replace(DIGEST, blocks=(Paragraph("Nobody said anything after all."),))
    for _ in range(2):
        revised = sent(await hands.platform.revise(place, refs.message, corrected))
    (seen,) = hands.visible()
    assert seen.ref == revised.message
    assert "after all" in seen.text
    assert "They forget." not in seen.text
    assert await post(hands, corrected, progress=Progress(unsure=True)) == revised


async def test_a_revision_of_what_people_removed_stays_away(hands: Hands) -> None:
    refs = await post(hands, DIGEST)
    assert refs.message is not None
    await hands.remove_post(refs.message)
    assert isinstance(await hands.platform.revise(Place(hands.channel), refs.message, NOTICE), Sent)
    assert hands.visible() == []


@pytest.mark.parametrize("known", [True, False])
async def test_a_retracted_answer_is_gone_and_may_be_retracted_again(hands: Hands, known: bool) -> None:
    _, place = await asked(hands)
    before = hands.visible()
    outcome = await hands.platform.ensure_post(place, "a", ANSWER, Progress(), Finding())
    assert isinstance(outcome, Sent)
    message = outcome.refs.message if known else None
    for _ in range(2):
        assert isinstance(await hands.platform.retract(place, "a", message), Sent)
        assert hands.visible() == before
    assert isinstance(await hands.platform.retract(place, "never posted", None), Sent)


async def test_what_people_do_is_reported(hands: Hands) -> None:
    _, place = await asked(hands)
    assert place.thread is not None
    ref = await hands.write("Ada", place.thread, "They lack memory.")
    await hands.edit("Ada", ref, "They lack patience.")
    reply = await hands.write("Ben", place.thread, "Do they?", reply_to=ref)
    await hands.react("Ben", ref, Stance.AGREE)
    await hands.delete("Ben", reply)
    said, edited, replied, reacted, deleted = hands.reports.events
    assert isinstance(said, MessageSeen)
    assert (said.place, said.message, said.author.name) == (place, ref, "Ada")
    assert (said.text, said.edited_at, said.reply_to) == ("They lack memory.", None, None)
    assert isinstance(edited, MessageSeen)
    assert (edited.message, edited.text, edited.sent_at) == (ref, "They lack patience.", said.sent_at)
    assert edited.edited_at is not None
    assert isinstance(replied, MessageSeen)
    answers = ref if hands.replies_name_their_message else None
    assert (replied.message, replied.reply_to, replied.author.name) == (reply, answers, "Ben")
    assert isinstance(reacted, ReactionsSeen | ReactionChanged)
    assert reacted.message == ref
    assert isinstance(deleted, MessageDeleted)
    assert (deleted.place, deleted.message) == (place, reply)


async def test_the_bots_own_posts_are_not_reported(hands: Hands) -> None:
    _, place = await asked(hands)
    await hands.platform.ensure_post(place, "a", ANSWER, Progress(), Finding())
    assert hands.reports.events == []


async def test_history_tells_what_people_said_and_how_they_voted_in_order(hands: Hands) -> None:
    _, place = await asked(hands)
    assert place.thread is not None
    first = await hands.write("Ada", place.thread, "They lack memory.")
    await hands.platform.ensure_post(place, "a", ANSWER, Progress(), Finding())
    mine = hands.visible()[-1].ref
    second = await hands.write("Ben", place.thread, "Patience, I would say.", reply_to=first)
    third = await hands.write("Cem", place.thread, "Nothing.")
    await hands.delete("Cem", third)
    await hands.edit("Ben", second, "Patience, rather.")
    await hands.react("Cem", first, Stance.DISAGREE)
    await hands.react("Cem", first, Stance.AGREE)
    await hands.react("Ben", mine, Stance.PASS)
    events = await history(hands, place)
    said = [event for event in events if isinstance(event, MessageSeen)]
    assert [(one.message, one.author.name, one.text) for one in said] == [
        (first, "Ada", "They lack memory."),
        (second, "Ben", "Patience, rather."),
    ]
    assert said[1].reply_to == (first if hands.replies_name_their_message else None)
    assert said[1].edited_at is not None
    votes = {
        event.message: {(author.name, stance) for author, stance in event.stances}
        for event in events
        if isinstance(event, ReactionsSeen)
    }
    assert votes[first] == {("Cem", Stance.AGREE)}
    assert votes[second] == set()
    assert votes[mine] == {("Ben", Stance.PASS)}
    for event in said:
        snapshot = events[events.index(event) + 1]
        assert isinstance(snapshot, ReactionsSeen)
        assert snapshot.message == event.message
    assert all(event.place == place for event in events)
    live = {event.message: event for event in hands.reports.events if isinstance(event, MessageSeen)}
    assert live[first] == said[0]
    assert live[second] == said[1]


async def test_history_of_a_thread_that_cannot_be_found_is_no_empty_one(hands: Hands) -> None:
    await asked(hands)
    with pytest.raises(PlatformError):
        await history(hands, Place(hands.channel, Ref("999999999")))


async def test_what_one_person_is_told_the_others_do_not_see(hands: Hands) -> None:
    _, place = await asked(hands)
    assert place.thread is not None
    await hands.write("Ada", place.thread, "Hello there.")
    (event,) = hands.reports.events
    assert isinstance(event, MessageSeen)
    before = hands.visible()
    assert await hands.platform.tell(hands.channel, event.author.user, Reply.of("The set is exhausted.")) is True
    ((user, words),) = hands.told()
    assert user == event.author.user
    assert "The set is exhausted." in words
    assert hands.visible() == before


async def test_each_message_has_an_address_of_its_own(hands: Hands) -> None:
    message, place = await asked(hands)
    assert place.thread is not None
    said = await hands.write("Ada", place.thread, "Hello there.")
    links = [hands.platform.link(Place(hands.channel), message), hands.platform.link(place, said)]
    assert all(links)
    assert len(set(links)) == 2
    await hands.platform.close()
    assert hands.platform.link(place, said) == links[1]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_hostile_words_of_the_bots_neither_break_the_layout_nor_pass_for_another_message(
    hands: Hands, text: str
) -> None:
    _, place = await asked(hands)
    quotes = (
        Quote(text, text, "https://chat.example/1", "2 agree"),
        Listing((Item(text, text), Item("next"))),
        Facts((("Said", text),)),
    )
    for key, what, where in (
        ("answer", AnswerPost(text, text), place),
        ("digest", DigestPost("The week", quotes), Place(hands.channel)),
    ):
        assert isinstance(await hands.platform.ensure_post(where, key, what, Progress(), Finding()), Sent)
        before = hands.visible()
        assert isinstance(await hands.platform.ensure_post(where, key, what, Progress(unsure=True), Finding()), Sent)
        assert hands.visible() == before
    assert hands.forged() == []


@pytest.mark.parametrize("text", [text for text in HOSTILE.values() if len(text.splitlines()) == 1])
async def test_hostile_words_of_people_are_kept_as_they_are_and_shown_harmlessly(hands: Hands, text: str) -> None:
    _, place = await asked(hands)
    assert place.thread is not None
    ref = await hands.write("Ada", place.thread, text)
    (said,) = [event for event in await history(hands, place) if isinstance(event, MessageSeen)]
    assert (said.message, said.text) == (ref, text)
    assert len(hands.visible()) == 3
    assert hands.forged() == []

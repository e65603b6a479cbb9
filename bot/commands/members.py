"""Commands for everyone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date

from bot.commands.table import MEMBERS, Call, Command, Parameter, ParameterKind, form_id
from bot.content import Block, Facts, Field, Form, Heading, Item, Listing, Paragraph, Quote, Reply, plural
from bot.dates import describe_day, describe_moment
from bot.digest.render import digest_blocks, digest_title
from bot.errors import ChatError
from bot.model import Forecast, Kind, Question, Reading
from bot.schedule import next_question
from bot.services import answering, lookups
from bot.services.lookups import RoundView
from bot.services.posts import question_post

SHOWN = 10
"""Entries in a list."""

EXCERPT = 300
"""Characters of a message in a list of many."""

LONGEST_GAP = 20
"""Characters within which an excerpt from the middle of a text looks for the beginning of a word."""

LONGEST_LABEL = 45
"""Characters of a field's label on the strictest platform."""


def question_blocks(call: Call, view: RoundView) -> list[Block]:
    """Return a round as a reply shows it: the question with its background, source and answers so far."""
    post = question_post(call.context.catalogue, call.group, view.round)
    question = post.question
    facts = [("Asked", describe_day(view.round.local_date)), ("Topic", question.topic)]
    if post.source:
        facts.append(("Source", post.source))
    facts.append(("Answers", f"{view.answers:,} by {plural(view.members, 'member')}" if view.answers else "none yet"))
    facts.append(("Id", question.id))
    blocks: list[Block] = [Heading(question.text)]
    if question.options:
        blocks.append(Listing(tuple(Item(option) for option in question.options)))
    if question.forecast is not None:
        blocks.append(Paragraph(f"Settled by {describe_day(question.forecast.by)}: {question.forecast.resolves}"))
    blocks.append(Paragraph(question.background))
    if question.follow_ups:
        blocks.append(Listing(tuple(Item(follow_up) for follow_up in question.follow_ups)))
    blocks.append(Facts(tuple(facts)))
    if view.link:
        blocks.append(Listing((Item("Discussion", link=view.link),)))
    return blocks


async def today(call: Call) -> Reply:
    """Show the latest question."""
    latest = await lookups.recent_rounds(call.context, call.group, 1, call.room)
    if latest:
        return Reply.of(*question_blocks(call, latest[0]))
    first = next_question(call.group.schedule, None, call.context.clock.now())
    comes = f"The first comes {describe_moment(first[1], call.group.settings.zone)}." if first else ""
    return Reply.of(f"No question has been asked here yet. {comes}".strip())


async def answer(call: Call) -> Reply | Form:
    """Record an answer that was typed, or hand out the form."""
    standing = await answering.find_standing(
        call.context, call.group, call.invocation.author, call.get("question", str)
    )
    text = call.get("text", str)
    if text is None:
        return answer_form(standing)
    if standing.round.question.kind is Kind.OPEN:
        return await record_answer(call, standing.round.id, text)
    if not answering.is_pick(standing.round.question, text):
        return answer_form(standing, text)
    return await record_answer(call, standing.round.id, standing.mine.text if standing.mine else "", text)


def answer_form(standing: answering.Standing, text: str | None = None) -> Form:
    """Return the form for a member's answer to a round, filled with what they answered or typed.

    A first answer must be filled in; one that was given may be emptied, which withdraws it.
    """
    question, mine = standing.round.question, standing.mine
    written = text or (mine.text if mine else "")
    fields: tuple[Field, ...]
    if question.kind is Kind.OPEN:
        label = "Your answer (empty it to withdraw it)" if mine else "Your answer"
        fields = (Field("text", label, written, required=mine is None, long=True),)
    else:
        pick = mine.pick if mine else ""
        why = "Why? (optional; empty both to withdraw)" if mine else "Why? (optional)"
        fields = (
            Field("pick", _pick_label(question), pick, required=mine is None, limit=80, options=question.options),
            Field("text", why, written, required=False, long=True),
        )
    return Form(f"{MEMBERS} answer", str(standing.round.id), question.text, fields)


def _pick_label(question: Question) -> str:
    match question.forecast:
        case None:
            return "Your choice"
        case Forecast(answer="probability"):
            return "Your probability in percent (0 to 100)"
        case Forecast(answer="year"):
            return "Your year"
        case Forecast(unit=unit):
            label = f"Your estimate in {unit}" if unit else "Your estimate"
            return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


async def record_answer(call: Call, round_id: int, text: str, pick: str = "") -> Reply:
    """Record an answer to a round and say so."""
    if call.room is None:
        raise ChatError("Answers are given where the group meets.", "Write this in the group's channel.")
    given = await answering.give_answer(call.context, call.room, call.invocation.author, round_id, text, pick)
    facts = [("Question", given.round.question.text)]
    view = await lookups.seen_from(call.context, call.group, call.room)
    thread = f"thread {view.elsewhere.get(given.room_id, '')}".rstrip()
    match given.change:
        case answering.Change.GIVEN:
            done = f"Recorded. Your answer appears in the {thread} in a moment; `/reading answer` again changes it."
        case answering.Change.EDITED:
            done = f"Changed. The {thread} shows your answer as it is now in a moment."
        case answering.Change.WITHDRAWN:
            done = f"Withdrawn. Your answer is forgotten and leaves the {thread}."
    if given.pick:
        facts.append(("Your answer", given.pick))
    return Reply.of(done, Facts(tuple(facts)))


async def answered(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Record what was filled in; `target` is the round's id."""
    return await record_answer(call, form_id(target), values.get("text", ""), values.get("pick", ""))


async def question(call: Call) -> Reply:
    """Show one question that was asked, or the latest ones."""
    if (question_id := call.get("id", str)) is not None:
        return Reply.of(
            *question_blocks(call, await lookups.round_view(call.context, call.group, question_id, call.room))
        )
    views = await lookups.recent_rounds(call.context, call.group, SHOWN, call.room)
    if not views:
        return Reply.of("No question has been asked here yet.")
    return Reply.of(Heading("Latest questions"), _rounds(views))


def _rounds(views: list[RoundView]) -> Listing:
    return Listing(
        tuple(
            Item(
                view.round.question.text,
                f"{describe_day(view.round.local_date)}, {plural(view.answers, 'answer')}, id {view.round.question.id}",
                view.link,
            )
            for view in views
        )
    )


async def search(call: Call) -> Reply:
    """Search questions that were asked and what was said."""
    words = call.need("words", str)
    found = await lookups.search(call.context, call.group, words, SHOWN, call.room)
    blocks: list[Block] = []
    if found.questions:
        items = (Item(hit.text, describe_day(hit.local_date), link) for hit, link in found.questions)
        blocks += [Heading("Questions"), Listing(tuple(items))]
    if found.messages:
        blocks.append(Heading("What was said"))
        blocks += [
            Quote(excerpt(hit.text, words), f"{by}, {describe_day(hit.local_date)}", link)
            for hit, by, link in found.messages
        ]
    if not blocks:
        return Reply.of(f"Nothing that was asked or said here holds “{excerpt(words)}”. Try fewer or shorter words.")
    return Reply.of(*blocks)


def excerpt(text: str, words: str = "") -> str:
    """Return a text as it stands in a list of many: its beginning, or what is around the longest of `words` in it."""
    if len(text) <= EXCERPT:
        return text
    start = max(0, _position(text, words) - EXCERPT // 2)
    if start:
        start = text.find(" ", start, start + LONGEST_GAP) + 1 or start
    end = start + EXCERPT - 2
    return f"{'…' * bool(start)}{text[start:end].strip()}{'…' * (end < len(text))}"


def _position(text: str, words: str) -> int:
    """Return where the longest of words that is in a text is, if possible as the beginning of one, or 0."""
    where = _folded(text)
    for word in sorted(re.findall(r"\w+", _folded(words)), key=len, reverse=True):
        for pattern in (rf"\b{word}", word):
            if found := re.search(pattern, where):
                return found.start()
    return 0


def _folded(text: str) -> str:
    """Return a text of the same length in small letters without accents."""
    return "".join(map(_plain_letter, text))


def _plain_letter(char: str) -> str:
    decomposed = unicodedata.normalize("NFD", char)
    return decomposed[0].lower()[0] if all(map(unicodedata.combining, decomposed[1:])) else char


async def topics(call: Call) -> Reply:
    """Show the topics, or what was asked on one."""
    if (topic := call.get("topic", str)) is not None:
        name = await lookups.find_topic(call.context, call.group, topic)
        views = await lookups.asked_of_topic(call.context, call.group, name, call.room)
        if not views:
            return Reply.of(f"Nothing on {name} has been asked here yet.")
        heading = name if len(views) <= SHOWN else f"{name}: the latest {SHOWN} of {plural(len(views), 'question')}"
        return Reply.of(Heading(heading), _rounds(views[:SHOWN]))
    counts = await lookups.topics(call.context, call.group)
    items = (Item(topic, plural(count, "question")) for topic, count in sorted(counts.items()))
    return Reply.of(Heading("Topics"), Listing(tuple(items)))


async def readings(call: Call) -> Reply:
    """Show what the questions come from."""
    question_set = call.context.catalogue.get(call.group.settings.question_set)
    counts = lookups.question_counts(question_set)
    if (wanted := call.get("reading", str)) is not None:
        return _one_reading(lookups.find_reading(question_set, wanted), counts)
    items = []
    for reading in question_set.readings:
        total = sum(count for (of, _), count in counts.items() if of == reading.id)
        about = (reading.author, reading.kind, reading.date, plural(total, "question"))
        items.append(Item(reading.title, ", ".join(filter(None, about)), reading.link))
    return Reply.of(Heading(question_set.title), question_set.description, Listing(tuple(items)))


def _one_reading(reading: Reading, counts: Mapping[tuple[str, str], int]) -> Reply:
    about = ", ".join(filter(None, (reading.author, reading.kind, reading.date)))
    items = [
        Item(section.title, plural(counts.get((reading.id, section.id), 0), "question")) for section in reading.sections
    ]
    named = Item(about or reading.title, "", reading.link)
    return Reply.of(Heading(reading.title), Listing((named,)), Heading("Sections"), Listing(tuple(items)))


async def mine(call: Call) -> Reply:
    """Show the asker's own answers."""
    answers = await lookups.answers_by(call.context, call.group, call.invocation.author, SHOWN)
    view = await lookups.seen_from(call.context, call.group, call.room)
    if not answers:
        return Reply.of("You have not answered a question here yet. Start with `/reading answer`.")
    blocks: list[Block] = [Heading("Your latest answers")]
    for message, round_, link in answers:
        said = " — ".join(filter(None, (message.pick, message.text)))
        by = f"{view.signed('you', message.room_id)}, {describe_day(round_.local_date)}"
        blocks.append(Quote(excerpt(said), by, link, round_.question.text))
    return Reply.of(*blocks)


async def digest(call: Call) -> Reply:
    """Show a digest."""
    stored = await lookups.find_digest(call.context, call.group, call.get("date", date))
    view = await lookups.seen_from(call.context, call.group, call.room)
    return Reply.of(Heading(digest_title(stored.digest)), *digest_blocks(stored.digest, view))


async def stats(call: Call) -> Reply:
    """Show the group in numbers."""
    figures = await lookups.figures(call.context, call.group)
    facts = Facts(
        (
            ("Questions asked", f"{figures.rounds:,}"),
            ("Answers", f"{figures.answers:,}"),
            ("Members who answered", f"{len(figures.members):,}"),
            ("Questions not asked yet", f"{figures.left:,}"),
        )
    )
    items = tuple(
        Item(member.name, f"{plural(answers, 'answer')} to {plural(rounds, 'question')}")
        for member, answers, rounds in figures.members[:SHOWN]
    )
    return Reply.of(Heading(call.group.name), facts, *([Listing(items)] if items else []))


COMMANDS = (
    Command(MEMBERS, "today", "Show the latest question and where it is discussed", today),
    Command(
        MEMBERS,
        "answer",
        "Answer the latest question, or change your answer",
        answer,
        (
            Parameter("text", "your answer; leave it out for a form", rest=True),
            Parameter("question", "the id of another question that was asked", ParameterKind.QUESTION),
        ),
        on_submit=answered,
    ),
    Command(
        MEMBERS,
        "question",
        "Show a question that was asked, or the latest ones",
        question,
        (Parameter("id", "the question's id", ParameterKind.QUESTION),),
        lists=True,
    ),
    Command(
        MEMBERS,
        "search",
        "Search what was asked and what was said",
        search,
        (Parameter("words", "what to look for", required=True, rest=True),),
        lists=True,
    ),
    Command(
        MEMBERS,
        "topics",
        "Show the topics, or what was asked on one",
        topics,
        (Parameter("topic", "the topic", ParameterKind.TOPIC, rest=True),),
        lists=True,
    ),
    Command(
        MEMBERS,
        "readings",
        "Show the documents that the questions come from, or one of them",
        readings,
        (Parameter("reading", "the document whose sections to show", ParameterKind.READING, rest=True),),
        lists=True,
    ),
    Command(MEMBERS, "mine", "Show your own latest answers", mine, lists=True),
    Command(
        MEMBERS,
        "digest",
        "Show the latest weekly digest, or the one of a date",
        digest,
        (Parameter("date", "the day it was posted", ParameterKind.DIGEST),),
        lists=True,
    ),
    Command(MEMBERS, "stats", "Show the group in numbers", stats, lists=True),
)

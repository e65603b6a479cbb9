"""A group's own questions: private to it, kept in the database, chosen by the same rules as those of its set."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.errors import ChatError
from bot.model import Group, Kind, Question
from bot.nearest import nearest
from bot.questions.duplicates import alike, near_duplicates
from bot.services.context import Context
from bot.store.transaction import Transaction

LONGEST_QUESTION = 280
LONGEST_TEXT = 1_200
LONGEST_TOPIC = 80
LONGEST_ID = 48
MOST_OPTIONS = 5
MOST_FOLLOW_UPS = 3
MOST_AT_ONCE = 1_000
"""Questions of one table."""

_SPLIT = "Split the table."


@dataclass(frozen=True, slots=True)
class GroupQuestions:
    """All that a group may be asked: its set's questions and its own, with what it retired marked as such."""

    of_set: str
    own_set: str
    questions: tuple[Question, ...]
    own: frozenset[str]

    def get(self, question_id: str) -> Question | None:
        """Return the question with that id, or None."""
        return next((question for question in self.questions if question.id == question_id), None)

    def set_of(self, question_id: str) -> str:
        """Return the name under which the database keeps the set of a question."""
        return self.own_set if question_id in self.own else self.of_set

    @property
    def active(self) -> list[Question]:
        """Return the questions that may be asked."""
        return [question for question in self.questions if not (question.retired or question.draft)]

    def find(self, question_id: str) -> Question:
        """Return a question that may be asked. Raises ChatError with the nearest id."""
        question = self.get(question_id)
        if question is not None and not (question.retired or question.draft):
            return question
        near = nearest(question_id, [other.id for other in self.active])
        raise ChatError(
            f"There is no question “{question_id}” to ask here.",
            f"Did you mean `{near}`?" if near else "Find its id with `/reading-host questions list`.",
        )


def own_set(group: Group) -> str:
    """Return the name under which the database keeps a group's own questions; no set's folder can be called so."""
    return f"group/{group.id}"


async def group_questions(transaction: Transaction, context: Context, group: Group) -> GroupQuestions:
    """Return all that a group may be asked. Raises QuestionSetError if its set cannot be used."""
    question_set = context.catalogue.get(group.settings.question_set)
    own = await transaction.questions.of_set(own_set(group))
    retired = await transaction.questions.retired(group.id)
    questions = (
        replace(question, retired=True) if question.id in retired else question
        for question in (*question_set.questions, *own)
    )
    return GroupQuestions(
        of_set=group.settings.question_set,
        own_set=own_set(group),
        questions=tuple(questions),
        own=frozenset(question.id for question in own),
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """What a host or a member wrote of a question."""

    text: str
    topic: str = ""
    background: str = ""
    follow_ups: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    @classmethod
    def of_form(cls, values: Mapping[str, str]) -> Draft:
        """Return what was written into the fields of a form; follow-ups and options stand one a line."""
        return cls(
            text=" ".join(values.get("text", "").split()),
            topic=" ".join(values.get("topic", "").split()),
            background=values.get("background", "").strip(),
            follow_ups=_lines(values.get("follow_ups", "")),
            options=_lines(values.get("options", "")),
        )


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip(" -•\t") for line in re.split(r"[\n;]", text) if line.strip(" -•\t"))


def checked(draft: Draft) -> Draft:
    """Return a draft that can be a question. Raises ChatError with what is wrong with it."""
    lengths = (
        ("question", draft.text, LONGEST_QUESTION),
        ("topic", draft.topic, LONGEST_TOPIC),
        ("background", draft.background, LONGEST_TEXT),
        *(("follow-up", follow_up, LONGEST_QUESTION) for follow_up in draft.follow_ups),
        *(("option", option, LONGEST_TOPIC) for option in draft.options),
    )
    if not draft.text:
        raise ChatError("A question needs words.", "Write it in one sentence.")
    for what, text, limit in lengths:
        if len(text) > limit:
            raise ChatError(f"The {what} has {len(text):,} characters; at most {limit:,} fit.", "Shorten it.")
    if len(draft.follow_ups) > MOST_FOLLOW_UPS:
        raise ChatError(f"There are {len(draft.follow_ups)} follow-ups; at most {MOST_FOLLOW_UPS} fit.")
    if draft.options and not 2 <= len(set(draft.options)) <= MOST_OPTIONS:
        raise ChatError(f"A choice needs 2 to {MOST_OPTIONS} different options.", "Write them one a line, or none.")
    return draft


async def add_question(context: Context, group: Group, draft: Draft) -> tuple[Question, list[Question]]:
    """Add a question of the group's own; return it and those that it is nearly the same as. Raises ChatError."""
    draft = checked(draft)
    async with context.database.write() as transaction:
        return await add_in(transaction, context, group, draft)


async def add_many(
    context: Context, group: Group, drafts: Sequence[tuple[str, Draft]]
) -> tuple[list[Question], list[str]]:
    """Add questions of the group's own, each with the place that it comes from.

    Return those added, and a sentence for each that was not or that is nearly the same as another. Raises ChatError for
    too many at once.
    """
    if len(drafts) > MOST_AT_ONCE:
        raise ChatError(f"There are {len(drafts):,} questions; at most {MOST_AT_ONCE:,} can be added at once.", _SPLIT)
    added: dict[str, Question] = {}
    notes: dict[str, str] = {}
    async with context.database.write() as transaction:
        known = await group_questions(transaction, context, group)
        taken = {question.id for question in known.questions}
        for place, draft in drafts:
            try:
                question = _question(checked(draft), _free_id(draft.text, taken))
            except ChatError as error:
                notes[place] = f"{place}: {error}"
                continue
            taken.add(question.id)
            added[place] = question
        await transaction.questions.sync(own_set(group), added.values())
    # To compare them takes its time, which neither the event loop nor the one writer has.
    pairs = await asyncio.to_thread(near_duplicates, [*known.active, *added.values()])
    same = {pair.second.id: pair.first.id for pair in sorted(pairs, key=lambda pair: pair.likeness)}
    for place, question in added.items():
        if question.id in same:
            notes[place] = f"{place} was added, but is nearly the same as `{same[question.id]}`."
    return list(added.values()), [notes[place] for place, _ in drafts if place in notes]


async def add_in(
    transaction: Transaction, context: Context, group: Group, draft: Draft
) -> tuple[Question, list[Question]]:
    """Add a checked question inside a transaction; see `add_question`."""
    known = await group_questions(transaction, context, group)
    question = _question(draft, _free_id(draft.text, {question.id for question in known.questions}))
    await transaction.questions.sync(own_set(group), [question])
    return question, alike(question.text, known.active)


async def edit_question(context: Context, group: Group, question_id: str, draft: Draft) -> Question:
    """Change a question of the group's own, which keeps its id and its answers, and return it. Raises ChatError."""
    draft = checked(draft)
    async with context.database.write() as transaction:
        await _require_own(transaction, context, group, question_id)
        question = _question(draft, question_id)
        await transaction.questions.sync(own_set(group), [question])
    return question


async def find_own(context: Context, group: Group, question_id: str) -> Question:
    """Return a question of the group's own. Raises ChatError."""
    async with context.database.read() as transaction:
        return await _require_own(transaction, context, group, question_id)


async def _require_own(transaction: Transaction, context: Context, group: Group, question_id: str) -> Question:
    known = await group_questions(transaction, context, group)
    if question_id in known.own:
        return next(question for question in known.questions if question.id == question_id)
    if known.get(question_id) is not None:
        raise ChatError(
            f"“{question_id}” belongs to the question set, whose files decide it.",
            "Retire it for this group and add your own instead.",
        )
    near = nearest(question_id, known.own)
    raise ChatError(
        f"The group has no question “{question_id}” of its own.",
        f"Did you mean `{near}`?" if near else "See them with `/reading-host questions list`.",
    )


async def retire_question(context: Context, group: Group, question_id: str) -> Question:
    """Never ask a group a question again, its own or its set's; what was answered stays. Raises ChatError."""
    async with context.database.write() as transaction:
        known = await group_questions(transaction, context, group)
        question = known.find(question_id)
        key = await transaction.questions.key(known.set_of(question_id), question_id)
        await transaction.questions.retire(group.id, key)
    return question


async def own_questions(context: Context, group: Group) -> list[Question]:
    """Return the group's own questions, oldest first; retired ones are marked as such."""
    async with context.database.read() as transaction:
        known = await group_questions(transaction, context, group)
    return [question for question in known.questions if question.id in known.own]


def _question(draft: Draft, question_id: str) -> Question:
    return Question(
        id=question_id,
        text=draft.text,
        topic=draft.topic or "Our own",
        kind=Kind.CHOICE if draft.options else Kind.OPEN,
        background=draft.background,
        follow_ups=draft.follow_ups,
        options=tuple(dict.fromkeys(draft.options)),
    )


def _free_id(text: str, taken: Collection[str]) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)[:7]
    base = "-".join(words)[: LONGEST_ID - 4].strip("-") or "question"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug

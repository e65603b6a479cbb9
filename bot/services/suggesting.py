"""Members suggest questions, hosts decide, and whoever suggested one is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.content import Action, Actions, Heading, Listing, Paragraph, Quote, Reply
from bot.content import Item as Line
from bot.errors import ChatError
from bot.model import Author, Group, Member, Question
from bot.questions.duplicates import alike
from bot.services.context import Context
from bot.services.curating import Draft, add_in, checked, group_questions
from bot.services.telling import tell_hosts, tell_member
from bot.store.suggestions import Suggestion, SuggestionState
from bot.store.transaction import Transaction

A_DAY = timedelta(days=1)
MOST_A_DAY = 3
"""Suggestions by one member in 24 hours."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A suggestion that awaits a decision, with the questions that it is nearly the same as."""

    suggestion: Suggestion
    alike: list[Question]


async def suggest(context: Context, group: Group, author: Author, draft: Draft) -> int:
    """Put a member's question before the hosts and return its number. Raises ChatError."""
    draft = checked(draft)
    now = context.clock.now()
    async with context.database.write() as transaction:
        member = await transaction.members.ensure(author)
        if member.id in await transaction.members.opted_out():
            raise ChatError("You have opted out of being recorded.", "Write `/reading privacy opt-in` to suggest one.")
        if await transaction.suggestions.count_since(group.id, member.id, now - A_DAY) >= MOST_A_DAY:
            raise ChatError(
                f"You have suggested {MOST_A_DAY} questions within a day.", "Suggest the next one tomorrow."
            )
        number = await transaction.suggestions.add(group.id, member.id, draft.text, draft.background, draft.topic, now)
        waiting = await _waiting(transaction, context, group, number)
    await tell_hosts(context, group, suggestion_reply(waiting))
    return number


def suggestion_reply(waiting: Waiting) -> Reply:
    """Return what hosts are shown of a suggestion, with what they can do about it."""
    suggestion = waiting.suggestion
    number = (("number", str(suggestion.id)),)
    same = (Paragraph("Nearly the same as:"), Listing(tuple(Line(other.text, other.id) for other in waiting.alike)))
    return Reply.of(
        Heading(f"Suggestion {suggestion.id}" + (", deferred" if suggestion.state is SuggestionState.DEFERRED else "")),
        Quote(suggestion.text, suggestion.member.name, note=suggestion.topic),
        *([Paragraph(suggestion.background)] if suggestion.background else []),
        *(same if waiting.alike else ()),
        Actions(
            (
                Action("Accept", "reading-host suggestions accept", number),
                Action("Edit and accept", "reading-host suggestions edit", number),
                Action("Decline", "reading-host suggestions decline", number),
                Action("Later", "reading-host suggestions defer", number),
            )
        ),
    )


async def waiting_suggestions(context: Context, group: Group) -> list[Waiting]:
    """Return the group's suggestions that await a decision, deferred ones last."""
    async with context.database.read() as transaction:
        known = (await group_questions(transaction, context, group)).active
        return [Waiting(one, alike(one.text, known)) for one in await transaction.suggestions.waiting(group.id)]


async def find_suggestion(context: Context, group: Group, number: int) -> Suggestion:
    """Return a suggestion that awaits a decision. Raises ChatError."""
    async with context.database.read() as transaction:
        return (await _waiting(transaction, context, group, number)).suggestion


async def accept(context: Context, group: Group, number: int, edited: Draft | None = None) -> Question:
    """Make a suggestion, as a host edited it, one of the group's questions, and tell the member. Raises ChatError."""
    async with context.database.write() as transaction:
        suggestion = (await _waiting(transaction, context, group, number)).suggestion
        draft = checked(edited or Draft(suggestion.text, suggestion.topic, suggestion.background))
        question, _ = await add_in(transaction, context, group, draft)
        await transaction.suggestions.decide(number, SuggestionState.ACCEPTED, context.clock.now())
    await _tell(context, group, suggestion.member, f"Your question was accepted: {question.text}")
    return question


async def decline(context: Context, group: Group, number: int, reason: str) -> tuple[Suggestion, bool]:
    """Decline a suggestion and tell the member why; return it, and whether they could be told. Raises ChatError."""
    async with context.database.write() as transaction:
        suggestion = (await _waiting(transaction, context, group, number)).suggestion
        await transaction.suggestions.decide(number, SuggestionState.DECLINED, context.clock.now(), reason)
    text = f"Your question was not taken: {suggestion.text}"
    told = await _tell(context, group, suggestion.member, f"{text} The hosts say: {reason}")
    return replace(suggestion, state=SuggestionState.DECLINED, reason=reason), told


async def defer(context: Context, group: Group, number: int) -> Suggestion:
    """Leave a suggestion for later. Raises ChatError."""
    async with context.database.write() as transaction:
        suggestion = (await _waiting(transaction, context, group, number)).suggestion
        await transaction.suggestions.decide(number, SuggestionState.DEFERRED, context.clock.now())
    await _tell(context, group, suggestion.member, f"The hosts will come back to your question: {suggestion.text}")
    return replace(suggestion, state=SuggestionState.DEFERRED)


async def _waiting(transaction: Transaction, context: Context, group: Group, number: int) -> Waiting:
    suggestion = await transaction.suggestions.get(group.id, number)
    if suggestion is None:
        raise ChatError(f"There is no suggestion {number}.", "See them with `/reading-host suggestions list`.")
    if suggestion.state in (SuggestionState.ACCEPTED, SuggestionState.DECLINED):
        raise ChatError(f"Suggestion {number} was {suggestion.state} already.")
    known = await group_questions(transaction, context, group)
    return Waiting(suggestion, alike(suggestion.text, known.active))


async def _tell(context: Context, group: Group, member: Member, text: str) -> bool:
    return await tell_member(context, group, member, Reply.of(f"{group.name}: {text}"))

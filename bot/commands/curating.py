"""Commands for a group's own questions: suggested by members, added, changed and retired by hosts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.commands.table import HOSTS, MEMBERS, Call, Command, Parameter, ParameterKind, form_id
from bot.content import Attachment, Block, Field, Form, Heading, Item, Listing, Reply, plural
from bot.errors import ChatError
from bot.events import TextFile
from bot.importing.tables import read_table
from bot.model import Question
from bot.questions.export import set_files
from bot.services import curating, suggesting
from bot.services.curating import LONGEST_QUESTION, LONGEST_TEXT, LONGEST_TOPIC, Draft

SHOWN = 25


def question_fields(draft: Draft, *, for_host: bool) -> tuple[Field, ...]:
    """Return the fields in which a question is written; hosts have follow-ups and options as well."""
    fields = (
        Field("text", "The question", draft.text, limit=LONGEST_QUESTION, long=True),
        Field("topic", "Topic (optional)", draft.topic, required=False, limit=LONGEST_TOPIC),
        Field("background", "Background (optional)", draft.background, required=False, limit=LONGEST_TEXT, long=True),
    )
    if not for_host:
        return fields
    follow_ups, options = "\n".join(draft.follow_ups), "\n".join(draft.options)
    return (
        *fields,
        Field("follow_ups", "Follow-ups, one a line (optional)", follow_ups, required=False, long=True),
        Field("options", "Options, one a line, for a choice", options, required=False, long=True),
    )


async def suggest(call: Call) -> Form:
    """Hand out the form for a suggestion."""
    draft = Draft(call.get("question", str) or "")
    title = f"Suggest a question to {call.group.name}"
    return Form(f"{MEMBERS} suggest", "", title, question_fields(draft, for_host=False))


async def suggested(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Put a filled-in suggestion before the hosts."""
    number = await suggesting.suggest(call.context, call.group, call.invocation.author, Draft.of_form(values))
    return Reply.of(f"Thank you. Your question is suggestion {number}; you will be told what the hosts decide.")


async def suggestions_list(call: Call) -> Reply:
    """Show what members suggested."""
    waiting = await suggesting.waiting_suggestions(call.context, call.group)
    if not waiting:
        return Reply.of("No suggestion awaits a decision.")
    blocks: list[Block | str] = []
    for one in waiting[:SHOWN]:
        blocks += suggesting.suggestion_reply(one).blocks
    if len(waiting) > SHOWN:
        blocks.append(f"These are the first {SHOWN}; the others follow as these are decided.")
    return Reply.of(Heading(f"{plural(len(waiting), 'suggestion')} to decide on"), *blocks)


async def suggestions_accept(call: Call) -> Reply:
    """Take a suggestion as it is."""
    question = await suggesting.accept(call.context, call.group, call.need("number", int))
    return Reply.of(f"Accepted as `{question.id}`: {question.text}")


async def suggestions_edit(call: Call) -> Form:
    """Hand out the form in which a suggestion is edited before it is taken."""
    suggestion = await suggesting.find_suggestion(call.context, call.group, call.need("number", int))
    draft = Draft(suggestion.text, suggestion.topic, suggestion.background)
    fields = question_fields(draft, for_host=True)
    return Form(f"{HOSTS} suggestions edit", str(suggestion.id), f"Accept suggestion {suggestion.id}", fields)


async def suggestions_edited(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Take a suggestion as the host edited it."""
    question = await suggesting.accept(call.context, call.group, form_id(target), Draft.of_form(values))
    return Reply.of(f"Accepted as `{question.id}`: {question.text}")


async def suggestions_decline(call: Call) -> Reply | Form:
    """Decline a suggestion for a reason."""
    number, reason = call.need("number", int), call.get("reason", str)
    if reason is None:
        suggestion = await suggesting.find_suggestion(call.context, call.group, number)
        field = Field("reason", "Why? The member is told.", limit=LONGEST_QUESTION)
        return Form(f"{HOSTS} suggestions decline", str(number), f"Decline: {suggestion.text}", (field,))
    return await suggestions_declined(call, str(number), {"reason": reason})


async def suggestions_declined(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Decline a suggestion for the reason that was filled in."""
    reason = " ".join(values.get("reason", "").split())
    if not reason:
        raise ChatError("A suggestion is declined for a reason, which the member is told.", "Give one.")
    declined, told = await suggesting.decline(call.context, call.group, form_id(target), reason)
    name = declined.member.name
    if told:
        return Reply.of(f"Declined, and {name} is told why: {declined.text}")
    return Reply.of(f"Declined: {declined.text}", f"I cannot reach {name}, so tell them why yourself.")


async def suggestions_defer(call: Call) -> Reply:
    """Leave a suggestion for later."""
    deferred = await suggesting.defer(call.context, call.group, call.need("number", int))
    return Reply.of(f"Left for later: {deferred.text}")


async def questions_list(call: Call) -> Reply:
    """Show the group's own questions."""
    own = await curating.own_questions(call.context, call.group)
    if not own:
        return Reply.of("The group has no questions of its own. Add one with `/reading-host questions add`.")
    items = (
        Item(question.text, f"{question.topic}, id {question.id}" + (", retired" if question.retired else ""))
        for question in own[-SHOWN:]
    )
    more = [f"These are the latest {SHOWN}; `/reading-host export` gives all."] if len(own) > SHOWN else []
    heading = Heading(plural(len(own), "question of your own", "questions of your own"))
    return Reply.of(heading, Listing(tuple(items)), *more)


async def questions_add(call: Call) -> Form:
    """Hand out the form for a new question."""
    draft = Draft(call.get("question", str) or "")
    return Form(
        f"{HOSTS} questions add", "", f"A question for {call.group.name}", question_fields(draft, for_host=True)
    )


async def questions_added(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Add the question that was filled in."""
    question, alike = await curating.add_question(call.context, call.group, Draft.of_form(values))
    done = f"Added as `{question.id}`: {question.text}"
    if not alike:
        return Reply.of(done)
    same = Listing(tuple(Item(other.text, f"id {other.id}") for other in alike))
    return Reply.of(done, "It is nearly the same as:", same)


async def questions_import(call: Call) -> Reply:
    """Add the questions of an attached table."""
    file = call.need("file", TextFile)
    table = await asyncio.to_thread(read_table, file.text, Path(file.name))
    drafts = [(row.place, _draft(row.fields)) for row in table.rows]
    added, notes = await curating.add_many(call.context, call.group, drafts)
    told_of = (*table.notes, *notes)
    items = [Item(note) for note in told_of[:SHOWN]]
    if len(told_of) > SHOWN:
        items.append(Item(f"… and {plural(len(told_of) - SHOWN, 'more note')}."))
    told = f"Added {plural(len(added), 'question')} of {len(drafts)} in {file.name}."
    return Reply.of(told, *([Listing(tuple(items))] if items else []), "See them with `/reading-host questions list`.")


def _draft(fields: Mapping[str, object]) -> Draft:
    def listed(name: str) -> tuple[str, ...]:
        value = fields.get(name, ())
        return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)

    return Draft(
        text=str(fields.get("question", "")),
        topic=str(fields.get("topic", "")),
        background=str(fields.get("background", "")),
        follow_ups=listed("follow_ups"),
        options=listed("options"),
    )


async def questions_edit(call: Call) -> Form:
    """Hand out the form in which a question of the group's own is changed."""
    question = await curating.find_own(call.context, call.group, call.need("id", str))
    draft = Draft(question.text, question.topic, question.background, question.follow_ups, question.options)
    return Form(f"{HOSTS} questions edit", question.id, f"Change {question.id}", question_fields(draft, for_host=True))


async def questions_edited(call: Call, target: str, values: Mapping[str, str]) -> Reply:
    """Change a question as it was filled in."""
    question = await curating.edit_question(call.context, call.group, target, Draft.of_form(values))
    return Reply.of(f"Changed: {question.text}")


async def questions_retire(call: Call) -> Reply:
    """Never ask a question again."""
    question: Question = await curating.retire_question(call.context, call.group, call.need("id", str))
    return Reply.of(f"Retired, so it is not asked here any more; its answers stay: {question.text}")


async def export(call: Call) -> Reply:
    """Hand out the group's own questions as the files of a question set."""
    own = await curating.own_questions(call.context, call.group)
    if not own:
        return Reply.of("The group has no questions of its own to export.")
    files = set_files(call.group.name, own)
    told = f"{plural(len(own), 'question')} as a question set. Put both files into a folder of its own under `seeds/`."
    return Reply.of(told, *(Attachment(name, text) for name, text in files.items()))


_NUMBER = Parameter("number", "the suggestion's number", ParameterKind.NUMBER, required=True)
_ID = Parameter("id", "the question's id", ParameterKind.QUESTION, required=True)

SUGGEST = Command(
    MEMBERS,
    "suggest",
    "Suggest a question to the hosts",
    suggest,
    (Parameter("question", "the question; leave it out for an empty form", rest=True),),
    on_submit=suggested,
)

COMMANDS = (
    Command(HOSTS, "suggestions list", "Show the questions that members suggested", suggestions_list),
    Command(
        HOSTS, "suggestions accept", "Make a suggestion one of the group's questions", suggestions_accept, (_NUMBER,)
    ),
    Command(
        HOSTS,
        "suggestions edit",
        "Edit a suggestion, then accept it",
        suggestions_edit,
        (_NUMBER,),
        on_submit=suggestions_edited,
    ),
    Command(
        HOSTS,
        "suggestions decline",
        "Decline a suggestion and say why",
        suggestions_decline,
        (_NUMBER, Parameter("reason", "why, in a sentence that the member is told", rest=True)),
        on_submit=suggestions_declined,
    ),
    Command(HOSTS, "suggestions defer", "Leave a suggestion for later", suggestions_defer, (_NUMBER,)),
    Command(HOSTS, "questions list", "Show the group's own questions", questions_list),
    Command(
        HOSTS,
        "questions add",
        "Add a question of the group's own",
        questions_add,
        (Parameter("question", "the question; leave it out for an empty form", rest=True),),
        on_submit=questions_added,
    ),
    Command(
        HOSTS,
        "questions import",
        "Add the questions of an attached CSV, JSON or text file",
        questions_import,
        (Parameter("file", "a table with a column `question`", ParameterKind.ATTACHMENT, required=True),),
    ),
    Command(
        HOSTS,
        "questions edit",
        "Change a question of the group's own",
        questions_edit,
        (_ID,),
        on_submit=questions_edited,
    ),
    Command(HOSTS, "questions retire", "Never ask a question here again", questions_retire, (_ID,)),
    Command(HOSTS, "export", "Get the group's own questions as a question set", export),
)

"""`sets`: look at question sets, check them, and see what they would ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from bot.cli.errors import UsageError, errors_told, tell
from bot.content import plural
from bot.errors import BotError, QuestionSetError
from bot.model import Exhausted, Kind, Order, Question, QuestionSet, Source
from bot.nearest import nearest
from bot.questions.duplicates import near_duplicates
from bot.questions.loader import BrokenSetError, CheckedSet, check_set, set_folder, set_folders
from bot.questions.schema import write_schemas
from bot.selection import Progress, upcoming
from bot.yamlfile import Problem
from bot.yamlsentences import shown

UNWRAPPED = 10_000
"""Columns of output that is not a terminal's, so that no line is broken."""

app = typer.Typer(help="Look at question sets, check them, and see what they would ask.", no_args_is_help=True)

Seeds = Annotated[
    Path, typer.Option("--seeds", envvar="READING_GROUP_SEEDS", help="The folder that holds the question sets.")
]
Name = Annotated[str, typer.Argument(help="The set's name, which is that of its folder.")]


@app.command("list")
@errors_told()
def list_sets(seeds: Seeds = Path("seeds")) -> None:
    """List the question sets."""
    console = _console()
    table = _table(console, "Set", "Title", "Readings", "Questions")
    broken: list[BrokenSetError] = []
    for name, folder in set_folders(seeds).items():
        checked = check_set(folder)
        if found := checked.question_set:
            table.add_row(name, found.title, str(len(found.readings)), str(len(_asked(found.questions))))
        else:
            table.add_row(name, "(broken)", "", "")
            broken.append(BrokenSetError(name, checked.problems))
    _print(console, table if table.row_count else f"There are no question sets in {seeds}.")
    for error in broken:
        tell(str(error))
    if broken:
        raise typer.Exit(QuestionSetError.exit_code)


@app.command()
@errors_told()
def show(
    name: Name,
    question_id: Annotated[str | None, typer.Argument(help="Show one question with all that is known of it.")] = None,
    seeds: Seeds = Path("seeds"),
) -> None:
    """Show a set's readings, or one question."""
    question_set, checked = _load(seeds, name)
    if question_id is None:
        _show_set(_console(), question_set)
    else:
        question = _find(question_set, question_id)
        _show_question(_console(), question_set, question, str(checked.places[question.id]))


@app.command()
@errors_told()
def validate(
    names: Annotated[list[str] | None, typer.Argument(help="The sets to check; all if none is named.")] = None,
    seeds: Seeds = Path("seeds"),
) -> None:
    """Check sets and tell everything that is wrong, each with its file and line."""
    folders = [set_folder(seeds, name) for name in names] if names else list(set_folders(seeds).values())
    if not folders:
        raise QuestionSetError(f"There are no question sets in {seeds}.", "Name the right folder with --seeds.")
    console, failed = _console(), False
    for folder in folders:
        checked = check_set(folder)
        problems = [*checked.problems, *_likenesses(checked)]
        for problem in problems:
            tell(str(problem))
        if not problems:
            console.print(f"✓ {folder.name}: {plural(len(checked.questions), 'question')}, nothing wrong")
        failed = failed or bool(problems)
    if failed:
        raise typer.Exit(1)


@app.command()
@errors_told()
def stats(name: Name, seeds: Seeds = Path("seeds")) -> None:
    """Count a set's questions by reading, section, topic and kind."""
    question_set, _ = _load(seeds, name)
    console, asked = _console(), _asked(question_set.questions)
    sections = [Source(reading.id, section.id) for reading in question_set.readings for section in reading.sections]
    by_source = Counter(question.source for question in asked)
    by_reading = Counter(question.source.reading for question in asked if question.source)
    by_topic, by_kind = Counter(question.topic for question in asked), Counter(question.kind for question in asked)
    _print_counts(console, "Reading", [(reading.id, by_reading[reading.id]) for reading in question_set.readings])
    _print_counts(console, "Section", [(f"{place.reading}/{place.section}", by_source[place]) for place in sections])
    _print_counts(console, "Topic", [(topic, by_topic[topic]) for topic in question_set.topics])
    _print_counts(console, "Kind", [(kind.value, by_kind[kind]) for kind in Kind])
    console.print(_totals(question_set.questions))


@app.command()
@errors_told()
def preview(
    name: Name,
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days.")] = 30,
    order: Annotated[Order, typer.Option(help="How the group walks through the set.")] = Order.SHUFFLED,
    start: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day.", show_default="today")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed is another shuffle.")] = 1,
    seeds: Seeds = Path("seeds"),
) -> None:
    """Show what a new group would be asked, a question a day."""
    question_set, _ = _load(seeds, name)
    first = start.date() if start else datetime.now(UTC).astimezone().date()
    if date.max - first < timedelta(days=days):
        raise UsageError(f"--start: from {first} on there are no {days} days left.", "Name an earlier day.")
    dates = [first + timedelta(days=count) for count in range(days)]
    picks = upcoming(question_set.questions, order, seed, Progress(), (), dates, Exhausted.RESHUFFLE)
    console = _console()
    table = _table(console, "Day", "Topic", "Id", "Question")
    for day, pick in zip(dates, picks, strict=False):
        table.add_row(f"{day:%a} {day}", pick.question.topic, pick.question.id, pick.question.text)
    _print(console, table)
    if len(picks) < days:
        console.print(f"From {dates[len(picks)]} on there is nothing to ask.")


@app.command()
@errors_told()
def schema(seeds: Seeds = Path("seeds")) -> None:
    """Write the JSON Schemas that editors use, into the folder `schema` beside the sets."""
    try:
        written = write_schemas(seeds / "schema")
    except OSError as error:
        raise BotError(f"The schemas cannot be written to {seeds / 'schema'} ({error.strerror}).") from error
    for path, changed in written.items():
        _console().print(f"{path}: {'written' if changed else 'up to date'}")


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = UNWRAPPED
    return console


def _table(console: Console, *columns: str) -> Table:
    return Table(*columns, box=box.SIMPLE_HEAD if console.is_terminal else None, pad_edge=console.is_terminal)


def _print(console: Console, content: Table | str) -> None:
    with console.capture() as rendered:
        console.print(content)
    console.out("\n".join(line.rstrip() for line in rendered.get().splitlines()), highlight=False)


def _load(seeds: Path, name: str) -> tuple[QuestionSet, CheckedSet]:
    checked = check_set(set_folder(seeds, name))
    if checked.question_set is None:
        raise BrokenSetError(name, checked.problems)
    return checked.question_set, checked


def _asked(questions: Iterable[Question]) -> list[Question]:
    return [question for question in questions if not question.draft and not question.retired]


def _find(question_set: QuestionSet, question_id: str) -> Question:
    if (question := question_set.get(question_id)) is not None:
        return question
    near = nearest(question_id, [question.id for question in question_set.questions])
    hint = f"Did you mean “{near}”?" if near else "`sets preview` lists ids."
    raise QuestionSetError(f"“{question_set.name}” has no question {shown(question_id)}.", hint)


def _likenesses(checked: CheckedSet) -> Iterator[Problem]:
    for pair in near_duplicates(checked.questions):
        place, other = checked.places[pair.second.id], checked.places[pair.first.id]
        told = f"This asks nearly the same as “{pair.first.id}” ({other}); change or retire one of the two."
        yield Problem(place.file, place.line, f"questions[{pair.second.id}].question", told)


def _show_set(console: Console, question_set: QuestionSet) -> None:
    console.print(f"{question_set.title} ({question_set.name}, {question_set.language})", style="bold")
    console.print(question_set.description)
    by_source = Counter(question.source for question in _asked(question_set.questions))
    for reading in question_set.readings:
        counts = {section.id: by_source[Source(reading.id, section.id)] for section in reading.sections}
        total = sum(counts.values())
        about = ", ".join(filter(None, (reading.author, reading.kind, reading.date)))
        console.print()
        console.print(f"{reading.title} ({reading.id})" + (f": {about}" if about else ""), style="bold")
        if reading.link:
            console.print(reading.link)
        console.print(f"{plural(total, 'question')}, about {plural(total, 'day')} at one a day")
        table = _table(console, "Section", "Part", "Questions", "Title")
        for section in reading.sections:
            table.add_row(section.id, section.part, str(counts[section.id]), section.title)
        _print(console, table)
    console.print()
    console.print(_totals(question_set.questions))


def _show_question(console: Console, question_set: QuestionSet, question: Question, place: str) -> None:
    console.print(question.text, style="bold")
    for number, option in enumerate(question.options, 1):
        console.print(f"  {number}. {option}")
    if question.background:
        console.print(f"\n{question.background}")
    if question.follow_ups:
        console.print()
    for follow_up in question.follow_ups:
        console.print(f"  - {follow_up}")
    console.print()
    table = Table.grid(padding=(0, 2))
    for label, value in _facts(question_set, question, place):
        if value:
            table.add_row(label, value)
    _print(console, table)


def _facts(question_set: QuestionSet, question: Question, place: str) -> Iterator[tuple[str, str]]:
    state = "draft" if question.draft else "retired" if question.retired else ""
    yield "Id", question.id
    yield "State", f"{state}: never asked" if state else ""
    yield "Kind", question.kind.value
    if forecast := question.forecast:
        yield "Estimate", f"{forecast.answer}, in {forecast.unit}" if forecast.unit else forecast.answer
        yield "Settled by", str(forecast.by)
        yield "Settled how", forecast.resolves
    yield "Topic", question.topic
    yield "Tags", ", ".join(question.tags)
    if question.source:
        yield "Source", question_set.cite(question.source)
        yield "Link", question_set.reading(question.source.reading).link
    yield "Not before", str(question.not_before or "")
    yield "Asked on", str(question.ask_on or "")
    yield "File", place


def _print_counts(console: Console, what: str, counts: Sequence[tuple[str, int]]) -> None:
    total = sum(count for _, count in counts) or 1
    table = _table(console, what, "Questions", "Share")
    for name, count in counts:
        table.add_row(name, str(count), f"{count / total:.0%}")
    _print(console, table)
    console.print()


def _totals(questions: Sequence[Question]) -> str:
    drafts, retired = sum(q.draft for q in questions), sum(q.retired and not q.draft for q in questions)
    left_out = [f"{drafts} draft" if drafts else "", f"{retired} retired" if retired else ""]
    never = " and ".join(filter(None, left_out))
    return f"{plural(len(_asked(questions)), 'question')}" + (f"; {never} never asked" if never else "")

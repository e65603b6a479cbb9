"""`import`: make a draft question set of documents, or of a table of questions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bot.cli.errors import errors_told
from bot.cli.sets import Seeds
from bot.content import plural
from bot.importing.document import Watch
from bot.importing.importer import Imported, import_files


@errors_told()
def import_documents(
    files: Annotated[
        list[Path], typer.Argument(help="Markdown, text, HTML or PDF; or ready questions in CSV, JSON or one a line.")
    ],
    *,
    to: Annotated[Path, typer.Option("--to", help="The set to make or to add to: seeds/NAME.")],
    questions: Annotated[
        bool, typer.Option("--questions", help="Take every line of a text file as a question.")
    ] = False,
    seeds: Seeds = Path("seeds"),
) -> None:
    """Make a draft question set of documents, or add to one.

    A document brings a reading, its sections, the questions that it asks itself and, in passages.md, the passages most
    worth one. A table (CSV, JSON, or a text in which every line ends in a question mark) brings ready questions.

    All questions are drafts, which are never asked until a host completes them and deletes the line `draft: true`.
    Import again to add what is new: what the set has already, edited or retired, stays as it is.
    """
    with _progress() as watch:
        imported = import_files(files, to, seeds, watch, questions=questions)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in _summary(imported):
        console.print(line)


@contextmanager
def _progress() -> Iterator[Watch]:
    """Show a bar for each kind of long work on standard error, if that is a terminal; it goes when the work is done."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        tasks: dict[str, TaskID] = {}

        def watch(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what, total=total)
            progress.update(tasks[what], completed=done, total=total)

        yield watch


def _summary(imported: Imported) -> list[str]:
    """Return what an import did and what comes next, in lines for whoever ran it."""
    drafts = sum(reading.questions for reading in imported.readings)
    lines: list[str] = []
    for reading in imported.readings:
        known = f", {plural(reading.known, 'question')} already there or asked twice" if reading.known else ""
        state = "" if reading.new else " (in the set already)"
        lines.append(
            f"{reading.file}: “{reading.title}”{state}: {plural(reading.sections, 'new section')},"
            f" {plural(reading.questions, 'new draft')}{known}"
        )
        lines += [f"  {note}" for note in reading.notes]
    if not imported.files:
        return [*lines, f"Nothing was added: {imported.folder} has all of it already."]
    done = "Made" if imported.new else "Added to"
    counts = f"{plural(drafts, 'draft question')}, {imported.rhetorical} of which look rhetorical"
    lines.append(f"{done} {imported.folder}: {counts}; {plural(imported.passages, 'passage')}.")
    if drafts:
        lines += [
            "Drafts are never asked. To have one asked, give it a topic, a background and follow-ups, and delete its"
            " line `draft: true`.",
            f"Then check the set: reading-group-bot sets validate {imported.folder.name}",
        ]
    return lines

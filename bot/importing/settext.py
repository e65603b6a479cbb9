"""The text of a question set's files: new ones, and what is added to a `set.yaml` that a host has edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml

from bot.content import plural
from bot.errors import BotError
from bot.importing.document import TITLE_LENGTH, one_line, shortened
from bot.importing.plan import PlannedQuestion, PlannedReading, PlannedSection
from bot.yamlfile import Value

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDTH = 100
_ONE_LINE = 1_000_000
FIRST_TOPIC = "General"
"""The topic of a set that does not have any yet."""


def set_text(title: str, language: str, topics: Sequence[str], readings: Sequence[PlannedReading], schema: str) -> str:
    """Return a new `set.yaml`. `schema` is the path of its JSON Schema, or empty."""
    titles = [reading.about.title for reading in readings]
    told = ", ".join(f"“{shortened(name, 80)}”" for name in titles[:4])
    more = f" and {plural(len(titles) - 4, 'more reading')}" if len(titles) > 4 else ""
    head = {
        "title": shortened(title, TITLE_LENGTH),
        "description": f"Questions drawn from {told}{more}.",
        "language": language,
    }
    lines = [
        *([f"# yaml-language-server: $schema={schema}"] if schema else []),
        "# Made by `reading-group-bot import`. All of it is yours to change, except ids, which questions refer to.",
        *_dumped(head),
        *_dumped({"topics": list(topics) or [FIRST_TOPIC]}, indent=2),
        "readings:",
        *(f"  {line}" for reading in readings for line in _reading_lines(reading)),
    ]
    return "\n".join(lines) + "\n"


def questions_text(questions: Sequence[PlannedQuestion], reading: PlannedReading, schema: str) -> str:
    """Return a new file of draft questions, section by section, each with its comments."""
    lines = [
        *([f"# yaml-language-server: $schema={schema}"] if schema else []),
        f"# Drafts from {_comment(reading.file)}.",
        "# Complete a question and delete its line `draft: true` to have it asked.",
        "questions:",
    ]
    titles = {section.id: section.title for section in reading.sections}
    previous = ""
    for question in questions:
        if question.source.section != previous:
            previous = question.source.section
            lines += ["", f"  # --- {_comment(titles[previous])}"]
        lines += _question_lines(question)
    return "\n".join(lines) + "\n"


def passages_text(readings: Iterable[PlannedReading], before: str = "") -> str:
    """Return `passages.md`: what it held before and the passages of new sections. Without any, an empty string."""
    parts = [part for reading in readings for part in _passages(reading)]
    if not parts:
        return ""
    head = (
        "# Passages worth a question\n\nFor hosts: what each section says that a question could be made of, word for"
        " word, with its place. The bot does not read this file.\n"
    )
    return f"{before.rstrip() or head.rstrip()}\n\n" + "\n".join(parts)


def grown(text: str, topics: Sequence[str], readings: Sequence[PlannedReading], name: str) -> str:
    """Return an edited `set.yaml` with new topics, readings and sections at the ends of their lists.

    Nothing else in it changes. Raises BotError if there is no such list; `name` is what to call the file then.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    edits: list[_Edit] = []
    if topics:
        node = _list_at(root, ("topics",), name)
        edits.append(_appended(node, [[f"- {_flow(topic)}"] for topic in topics], [_flow(topic) for topic in topics]))
    if new := [reading for reading in readings if reading.new]:
        node = _list_at(root, ("readings",), name)
        edits.append(_appended(node, [list(_reading_lines(r)) for r in new], [_flow(_reading_value(r)) for r in new]))
    for reading in readings:
        sections = [_section_value(section) for section in reading.sections if section.new]
        if sections and not reading.new:
            node = _list_at(root, ("readings", reading.id, "sections"), name)
            edits.append(_appended(node, [[f"- {_flow(s)}"] for s in sections], [_flow(s) for s in sections]))
    return _edited(text, edits)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Whole lines to put in below a line, or words to put in at a column of it."""

    line: int
    lines: tuple[str, ...] = ()
    column: int = 0
    words: str = ""


def _appended(node: yaml.SequenceNode, blocks: Sequence[Sequence[str]], flows: Sequence[str]) -> _Edit:
    """Return how to append items to a list, as it is written: an item a line, or between brackets."""
    if node.flow_style:
        mark = node.end_mark
        return _Edit(mark.line, column=mark.column - 1, words=", ".join(flows))
    indent = " " * node.start_mark.column
    return _Edit(_last_line(node), tuple(indent + line for block in blocks for line in block))


def _edited(text: str, edits: Sequence[_Edit]) -> str:
    lines = text.split("\n")
    ending = "\r" if "\r\n" in text else ""
    for edit in sorted(edits, key=lambda edit: (edit.line, edit.column), reverse=True):
        if edit.words:
            line = lines[edit.line]
            before = "\n".join((*lines[: edit.line], line[: edit.column])).rstrip()
            comma = "" if before.endswith((",", "[")) else ", "
            lines[edit.line] = line[: edit.column] + comma + edit.words + line[edit.column :]
        else:
            lines[edit.line + 1 : edit.line + 1] = [line + ending for line in edit.lines]
    return "\n".join(lines)


def _list_at(root: yaml.Node | None, path: Sequence[str], name: str) -> yaml.SequenceNode:
    """Return the list at a path of keys and, in lists, ids."""
    node = root
    for step in path:
        match node:
            case yaml.MappingNode():
                node = next((value for key, value in node.value if key.value == step), None)
            case yaml.SequenceNode():
                node = next((item for item in node.value if _list_id(item) == step), None)
    if not isinstance(node, yaml.SequenceNode):
        raise BotError(f"Nothing can be added to the {path[-1]} in {name}, which is no list.")
    return node


def _list_id(item: yaml.Node) -> str:
    pairs = item.value if isinstance(item, yaml.MappingNode) else []
    return next((str(value.value) for key, value in pairs if key.value == "id"), "")


def _last_line(node: yaml.Node) -> int:
    """Return the line, from 0, of a node's last word; a block's own mark says only where the next one begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last_line(last[1] if isinstance(last, tuple) else last)
    mark = node.end_mark
    past = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"} and mark.column == 0
    return int(mark.line) - past


def _reading_lines(reading: PlannedReading) -> Iterator[str]:
    first, *rest = _dumped(_about(reading))
    yield f"- {first}"
    yield from (f"  {line}" for line in rest)
    yield "  sections:"
    yield from (f"    - {_flow(_section_value(section))}" for section in reading.sections)


def _reading_value(reading: PlannedReading) -> dict[str, Value]:
    return {**_about(reading), "sections": [_section_value(section) for section in reading.sections]}


def _about(reading: PlannedReading) -> dict[str, Value]:
    about = reading.about
    said: dict[str, Value] = {"id": reading.id, "title": shortened(one_line(about.title), TITLE_LENGTH)}
    for name in ("author", "kind", "date", "link"):
        if value := getattr(about, name):
            said[name] = value
    return said


def _section_value(section: PlannedSection) -> dict[str, Value]:
    said: dict[str, Value] = {"id": section.id, "title": section.title}
    if section.part:
        said["part"] = section.part
    return said


def _question_lines(question: PlannedQuestion) -> Iterator[str]:
    yield ""
    yield from (f"  # {_comment(comment)}" for comment in question.comments)
    source = {"reading": question.source.reading, "section": question.source.section}
    fields = {name: value for name, value in question.fields.items() if name != "tags"}
    lines = [
        f"id: {_flow(question.id)}",
        "draft: true",
        *_dumped(fields),
        f"source: {_flow(source)}",
        *([f"tags: {_flow(question.fields['tags'])}"] if "tags" in question.fields else []),
    ]
    yield f"  - {lines[0]}"
    yield from (f"    {line}" for line in lines[1:])


def _passages(reading: PlannedReading) -> Iterator[str]:
    sections = [section for section in reading.sections if section.new and section.passages]
    if not sections:
        return
    yield f"## {one_line(reading.about.title)}\n"
    for section in sections:
        yield f"### {section.title}\n"
        for passage in section.passages:
            where = ", ".join(filter(None, (f"paragraph {passage.paragraph}", str(passage.place))))
            yield f"- `{reading.id}/{section.id}`, {where}:\n\n  > {one_line(passage.text)}\n"


def _dumped(value: Value | Mapping[str, Value] | Sequence[str], indent: int = 0) -> list[str]:
    text = yaml.dump(value, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=_WIDTH, indent=2)
    return [" " * indent + line if indent and line.startswith("- ") else line for line in text.rstrip("\n").split("\n")]


def _flow(value: Value | Mapping[str, str]) -> str:
    text: str = yaml.dump(
        value, Dumper=_DUMPER, allow_unicode=True, sort_keys=False, width=_ONE_LINE, default_flow_style=True
    )
    return text.removesuffix("...\n").strip()


def _comment(text: str) -> str:
    return one_line(text)

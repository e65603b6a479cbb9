"""The table of commands against what the platforms allow, and the page made from it.

The numbers are Discord's: https://discord.com/developers/docs/interactions/application-commands (names, descriptions,
options, choices, 8,000 characters a command) and .../components/reference (labels and fields of modals).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.commands.curating import question_fields
from bot.commands.help import TABLE
from bot.commands.members import answer_form
from bot.commands.reference import reference
from bot.commands.table import HOSTS, MEMBERS, Command
from bot.content import Form
from bot.model import Kind, Member, Message, Question, QuestionSet, Ref, Round, Substance
from bot.questions.loader import load_set
from bot.services.answering import Standing
from bot.services.curating import (
    LONGEST_QUESTION,
    LONGEST_TEXT,
    LONGEST_TOPIC,
    MOST_FOLLOW_UPS,
    MOST_OPTIONS,
    Draft,
)
from tests.standins.builders import NOON
from tests.standins.limits import require_fits

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"[-_a-z0-9]{1,32}")
COMMANDS = list(TABLE.values())


def groups_of(root: str) -> set[str]:
    """Return the first words of a root's commands of two words."""
    return {command.name.split()[0] for command in COMMANDS if command.root == root and " " in command.name}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_each_word_of_a_command_and_each_parameter_has_a_name_that_every_platform_takes(command: Command) -> None:
    words = [command.root, *command.name.split()]
    assert 2 <= len(words) <= 3
    assert all(NAME.fullmatch(word) for word in (*words, *(one.name for one in command.parameters)))
    names = [parameter.name for parameter in command.parameters]
    assert len(set(names)) == len(names) <= 25


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_descriptions_fit_and_are_no_sentences_with_a_full_stop(command: Command) -> None:
    for text in (command.help, *(parameter.help for parameter in command.parameters)):
        assert 1 <= len(text) <= 100
        assert not text.endswith(".")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_parameters_that_must_be_given_come_first(command: Command) -> None:
    required = [parameter.required for parameter in command.parameters]
    assert required == sorted(required, reverse=True)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_choices_fit(command: Command) -> None:
    for parameter in command.parameters:
        assert len(parameter.choices) <= 25
        assert all(1 <= len(choice) <= 100 for choice in parameter.choices)
        assert all(choice == choice.lower() for choice in parameter.choices), "they are matched in lower case"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.full_name)
def test_one_parameter_at_most_takes_the_rest_of_the_line(command: Command) -> None:
    assert sum(parameter.rest for parameter in command.parameters) <= 1


@pytest.mark.parametrize("root", [MEMBERS, HOSTS])
def test_a_root_has_at_most_25_subcommands_and_groups_and_a_group_25_commands(root: str) -> None:
    alone = [command for command in COMMANDS if command.root == root and " " not in command.name]
    assert 1 <= len(alone) + len(groups_of(root)) <= 25
    for group in groups_of(root):
        inside = [command for command in COMMANDS if command.full_name.startswith(f"{root} {group} ")]
        assert len(inside) <= 25


@pytest.mark.parametrize("root", [MEMBERS, HOSTS])
def test_no_command_is_a_group_as_well(root: str) -> None:
    assert not groups_of(root) & {command.name for command in COMMANDS if command.root == root}


@pytest.mark.parametrize("root", [MEMBERS, HOSTS])
def test_a_root_has_at_most_8000_characters_of_names_descriptions_and_choices(root: str) -> None:
    count = len(root) + 100
    for group in groups_of(root):
        count += len(group) + 100
    for command in (command for command in COMMANDS if command.root == root):
        count += len(command.name) + len(command.help)
        for parameter in command.parameters:
            count += len(parameter.name) + len(parameter.help) + sum(2 * len(choice) for choice in parameter.choices)
    assert count <= 8_000


def test_the_table_knows_each_command_by_its_full_name() -> None:
    assert all(name == command.full_name for name, command in TABLE.items())
    assert {command.root for command in COMMANDS} == {MEMBERS, HOSTS}


def _round(asked: Question) -> Round:
    return Round(1, 1, NOON.date(), "any", asked, 1, NOON)


def _answer(asked: Question) -> Message:
    pick = "" if asked.kind is Kind.OPEN else "70%"
    ada = Member(1, "discord", Ref("u1"), "Ada")
    return Message(1, 1, 1, ada, "It depends.", Substance.ANSWER, NOON, pick=pick, by_form=True)


def every_set() -> list[QuestionSet]:
    return [load_set(folder.parent) for folder in sorted((ROOT / "seeds").glob("*/set.yaml"))]


def test_the_form_for_an_answer_fits_for_every_question_of_every_set() -> None:
    questions = [question for found in every_set() for question in found.questions if not question.draft]
    assert questions
    for asked in questions:
        for mine in (None, _answer(asked)):
            require_fits(answer_form(Standing(_round(asked), mine)))


def test_the_forms_for_questions_fit_with_the_longest_of_everything() -> None:
    draft = Draft(
        text="q" * LONGEST_QUESTION,
        topic="t" * LONGEST_TOPIC,
        background="b" * LONGEST_TEXT,
        follow_ups=("f" * LONGEST_QUESTION,) * MOST_FOLLOW_UPS,
        options=tuple(f"{number}" * LONGEST_TOPIC for number in range(MOST_OPTIONS)),
    )
    for fields in (question_fields(draft, for_host=True), question_fields(draft, for_host=False)):
        require_fits(Form(f"{HOSTS} questions add", "", "A question", fields))


def test_the_page_of_commands_is_what_the_table_says() -> None:
    written = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert written == reference(), "write it again: reading-group-bot commands > docs/commands.md"


def test_the_page_of_commands_shows_each_with_its_parameters() -> None:
    page = reference()
    for command in COMMANDS:
        assert f"`{command.usage}`" in page
        assert all(parameter.help in page for parameter in command.parameters)


def test_usage_says_what_must_be_given_and_what_is_named() -> None:
    assert TABLE["reading search"].usage == "/reading search <words>"
    assert TABLE["reading topics"].usage == "/reading topics [topic]"
    assert TABLE["reading answer"].usage == "/reading answer [question:…] [text]"
    assert TABLE["reading-host queue add"].usage == "/reading-host queue add <question> [on:…]"

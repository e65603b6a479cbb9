"""What is typed after a slash command, or to the bot, becomes the command that was meant."""

from __future__ import annotations

import pytest
from hypothesis import given

from bot.commands.help import TABLE
from bot.commands.table import HOSTS, MEMBERS
from bot.errors import ChatError
from bot.platforms.slack.commands import spoken, to_the_bot, used
from tests.standins.slack.composer import escaped
from tests.unit.slack_texts import TEXT


@pytest.mark.parametrize(
    ("root", "line", "command", "arguments"),
    [
        (MEMBERS, "", "reading help", {}),
        (MEMBERS, "today", "reading today", {}),
        (MEMBERS, "search R&amp;D &lt;b&gt;", "reading search", {"words": "R&D <b>"}),
        (MEMBERS, "answer I agree with <@U12345678|grace>", "reading answer", {"text": "I agree with @grace"}),
        (MEMBERS, "answer question:q-1 see <http://a.example|a.example>", "reading answer",
         {"question": "q-1", "text": "see a.example"}),
        (HOSTS, "hosts add <@U12345678|grace hopper>", "reading-host hosts add", {"member": "U12345678"}),
        (HOSTS, "hosts add U12345678", "reading-host hosts add", {"member": "U12345678"}),
        (HOSTS, "setup zone:Europe/Paris channel:<#C12345678|general> name:“Evening readers”", "reading-host setup",
         {"zone": "Europe/Paris", "channel": "C12345678", "name": "Evening readers"}),
        (HOSTS, "setup channel:<#G12345678|>", "reading-host setup", {"channel": "G12345678"}),
        (HOSTS, "settings mention:<!subteam^S12345678|@readers>", "reading-host settings", {"mention": "S12345678"}),
        (HOSTS, "hide <https://t.slack.com/archives/C1/p1700000000123456?thread_ts=1700000000.000100&amp;cid=C1>",
         "reading-host hide", {"message": "1700000000.123456"}),
        (HOSTS, "hide 1700000000.123456", "reading-host hide", {"message": "1700000000.123456"}),
    ],
)  # fmt: skip
def test_a_line_is_the_command_with_its_arguments(
    root: str, line: str, command: str, arguments: dict[str, str]
) -> None:
    use = used(TABLE, root, line)
    assert (use.command.full_name, use.arguments) == (command, arguments)


@pytest.mark.parametrize(
    ("root", "line", "told"),
    [
        (MEMBERS, "serch x", "`/reading search`"),
        (HOSTS, "hosts add @grace", "Type @ and pick the member"),
        (HOSTS, "hosts add <#C12345678|general>", "Type @ and pick the member"),
        (HOSTS, "setup channel:#general", "Type # and pick the channel"),
        (HOSTS, "setup channel:<@U12345678|ada>", "Type # and pick the channel"),
        (HOSTS, "settings mention:readers", "pick the user group"),
        (HOSTS, 'setup name:"Evening', "quotation mark"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_to_type(root: str, line: str, told: str) -> None:
    with pytest.raises(ChatError, match=told):
        used(TABLE, root, line)


@given(TEXT.filter(lambda text: text.strip() and not text.strip().lower().startswith(("question:", "text:"))))
def test_an_answer_arrives_as_it_was_typed(text: str) -> None:
    use = used(TABLE, MEMBERS, f"answer {escaped(text)}")
    assert use.arguments.get("text", "").split() == text.split()


@pytest.mark.parametrize(
    ("line", "command", "arguments"),
    [
        ("", "reading help", {}),
        ("today", "reading today", {}),
        ("Today", "reading today", {}),
        ("/reading today", "reading today", {}),
        ("reading search ai", "reading search", {"words": "ai"}),
        ("status", "reading-host status", {}),
        ("reading-host hosts list", "reading-host hosts list", {}),
        ("search what <@U12345678> said", "reading search", {"words": "what @Grace said"}),
        ("digest", "reading digest", {}),
    ],
)
def test_what_is_said_to_the_bot_goes_through_the_same_table(
    line: str, command: str, arguments: dict[str, str]
) -> None:
    use = spoken(TABLE, line, {"U12345678": "Grace"})
    assert (use.command.full_name, use.arguments) == (command, arguments)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("<@UBOT> today", "today"),
        ("  <@UBOT|reader>: search ai", "search ai"),
        ("<@UBOT>", ""),
        ("I asked <@UBOT> today", None),
        ("<@UBOTS> today", None),
        ("today", None),
    ],
)
def test_only_what_begins_with_the_bots_name_is_said_to_it(text: str, line: str | None) -> None:
    assert to_the_bot(text, "UBOT") == line


def test_what_must_be_given_and_is_not_makes_a_command_incomplete() -> None:
    assert not used(TABLE, MEMBERS, "search").is_complete
    assert not used(TABLE, HOSTS, "questions import").is_complete
    assert used(TABLE, MEMBERS, "search ai").is_complete
    assert used(TABLE, MEMBERS, "today").is_complete

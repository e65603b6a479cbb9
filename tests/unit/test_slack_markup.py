"""What people write on Slack is read as they see it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.slack.markup import incoming_text, mentioned_ids, readable, with_bare_ids
from tests.standins.slack.composer import escaped
from tests.unit.slack_texts import TEXT

NAMES = {"U1": "Ada", "C1": "reading", "S1": "readers"}


def rich(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"text": "not this", "blocks": [{"type": "rich_text", "block_id": "b", "elements": list(parts)}]}


def section(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(elements)}


def words(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("R&amp;D &lt;b&gt; &amp;lt;", "R&D <b> &lt;"),
        ("<@U1> and <@U2|grace> and <@U3>", "@Ada and @grace and @U3"),
        ("<#C1> <#C2|general> <#C3|>", "#reading #general #C3"),
        ("<!subteam^S1> <!subteam^S2|@owners>", "@readers @owners"),
        ("<!here> <!channel|channel>", "@here channel"),
        ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
        ("<http://a.example|a.example> <mailto:a@b.example|a@b.example>", "a.example a@b.example"),
        ("<https://a.example|my page>", "my page (https://a.example)"),
        ("*bold* _it_ `code`", "*bold* _it_ `code`"),
        ("", ""),
    ],
)
def test_marks_are_read_as_people_see_them(text: str, read: str) -> None:
    assert incoming_text({"text": text}, NAMES) == read


@given(TEXT)
def test_what_was_typed_comes_back_as_it_was(text: str) -> None:
    assert readable(escaped(text), {}) == text


@given(TEXT)
def test_words_in_rich_text_come_back_as_they_were(text: str) -> None:
    assert incoming_text(rich(section(words(text))), {}).strip("\n") == text.strip("\n")


def test_rich_text_is_read_with_its_names_lists_and_quotes() -> None:
    message = rich(
        section(
            {"type": "user", "user_id": "U1"},
            words(" says "),
            words("no", bold=True),
            words(" in "),
            {"type": "channel", "channel_id": "C1"},
            words(" to "),
            {"type": "usergroup", "usergroup_id": "S1"},
            {"type": "broadcast", "range": "here"},
            words(":\n"),
        ),
        {"type": "rich_text_quote", "elements": [words("one\ntwo")]},
        {
            "type": "rich_text_list",
            "style": "ordered",
            "indent": 0,
            "elements": [section(words("a")), section(words("b"))],
        },
        {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [section(words("c"))]},
        {"type": "rich_text_preformatted", "elements": [words("x = 1\n")]},
        section(
            {"type": "emoji", "name": "thumbsup", "unicode": "1f44d-1f3fd"},
            {"type": "emoji", "name": "parrot"},
            words(" "),
            {"type": "link", "url": "https://a.example", "text": "here"},
            {"type": "link", "url": "https://b.example"},
            {"type": "date", "timestamp": 1, "format": "{date}", "fallback": "1 Jan"},
            {"type": "color", "value": "#fff"},
        ),
    )
    assert incoming_text(message, NAMES) == (
        "@Ada says no in #reading to @readers@here:\n"
        "> one\n> two\n"
        "1. a\n2. b\n"
        "  • c\n"
        "x = 1\n"
        "👍🏽:parrot: here (https://a.example)https://b.example1 Jan#fff"
    )


def test_every_name_that_is_wanted_is_asked_for() -> None:
    assert mentioned_ids({"text": "<@U1> <#C2|x> <!subteam^S3> <!here> <https://a.example>"}) == {"U1", "C2", "S3"}
    message = rich(
        section({"type": "user", "user_id": "U1"}),
        {"type": "rich_text_list", "style": "bullet", "elements": [section({"type": "channel", "channel_id": "C1"})]},
        {"type": "rich_text_quote", "elements": [{"type": "usergroup", "usergroup_id": "S1"}]},
    )
    assert mentioned_ids(message) == {"U1", "C1", "S1"}


def test_a_command_line_has_no_space_inside_a_mark() -> None:
    line, labels = with_bare_ids("hosts add <@U1|ada lovelace> in <#C1|my room> <https://a.example|a.example> x &lt; y")
    assert line == "hosts add <@U1> in <#C1> https://a.example x &lt; y".replace("https://", "", 1)
    assert labels == {"U1": "ada lovelace", "C1": "my room"}


@given(st.text(max_size=200))
def test_nothing_that_slack_may_send_breaks_it(text: str) -> None:
    incoming_text({"text": text, "blocks": None}, {})
    mentioned_ids({"text": text})
    with_bare_ids(text)

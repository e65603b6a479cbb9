"""What the bot says on Slack fits its limits, means what it says and pings nobody, whatever words stand in it."""

from __future__ import annotations

import html
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content import (
    Action,
    Actions,
    AnswerPost,
    Block,
    DigestPost,
    Facts,
    Heading,
    Item,
    Listing,
    NoticePost,
    Paragraph,
    Post,
    QuestionPost,
    Quote,
    Reply,
)
from bot.model import ANSWER_LIMIT, Channel, Forecast, Kind, Question, Ref
from bot.plaintext import NOTHING, neutral
from bot.platforms.slack.escape import escaped, link_text, linked, own, plain
from bot.platforms.slack.ids import Press, parse_press
from bot.platforms.slack.render import Message, opening_message, post_message, reply_messages, view_blocks
from bot.questions.loader import load_set
from tests.standins.slack.validation import check_message_blocks, check_view
from tests.unit.slack_texts import PINGS, TEXT, blocks, elements

SEEDS = Path(__file__).parents[2] / "seeds" / "ai-futures"
PINGING = {"user", "usergroup", "broadcast", "channel", "team"}
TEXT_ON_EDIT = 4_000


def require_fits(message: Message) -> None:
    check_message_blocks(message.blocks)
    assert 0 < len(message.text) <= TEXT_ON_EDIT
    assert not re.search(r"<[^>]*>|@(?:channel|here|everyone)", message.text), "a notification must not ping"


def shown(message: Message) -> str:
    """Return all texts of a message, one after the other, as Slack's client puts them on the screen."""
    return "".join(str(one["text"]) for one in elements(message.blocks) if isinstance(one.get("text"), str))


@settings(max_examples=60)
@given(blocks())
def test_whatever_is_said_fits_and_pings_nobody(said: list[Block]) -> None:
    messages = reply_messages(Reply(tuple(said)))
    for message in messages:
        require_fits(message)
        assert not PINGING & {one.get("type") for one in elements(message.blocks)}
        assert not [one for one in elements(message.blocks) if one.get("type") == "mrkdwn"]
    links = [one for message in messages for one in elements(message.blocks) if one.get("text") == "↗"]
    assert len(links) == sum(isinstance(block, Quote) and bool(block.link) for block in said)
    rows = [one for message in messages for one in message.blocks if one["type"] == "actions"]
    assert len(rows) == sum(isinstance(block, Actions) for block in said)


@settings(max_examples=60)
@given(blocks())
def test_a_form_or_a_home_holds_whatever_is_said_on_its_one_page(said: list[Block]) -> None:
    page = view_blocks(said, 96)
    check_view({"type": "home", "blocks": page}, "home")


@given(TEXT)
def test_words_are_shown_as_they_are(text: str) -> None:
    said = "".join(one["text"] for one in plain(text))
    assert said in (neutral(text), NOTHING)
    assert all(set(one) == {"type", "text"} for one in plain(text)), "no style, no mark"


@given(st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=50).filter(lambda text: text.strip()))
def test_ordinary_characters_stay_as_they_are(text: str) -> None:
    assert plain(text) == [{"type": "text", "text": text}]


@given(TEXT | PINGS)
def test_a_notification_says_the_same_without_any_mark(text: str) -> None:
    notice = escaped(text)
    assert not re.search("[<>]|&(?!amp;|lt;|gt;)|@(?:channel|here|everyone)", notice)
    assert html.unescape(notice).replace("@\u200b", "@") == neutral(text).replace("@\u200b", "@")


def test_marks_without_end_are_one_text_that_fits() -> None:
    assert own("` " * 3) == [{"type": "text", "text": "` ` ` "}]
    (message,) = reply_messages(Reply.of(Listing((Item("`" * 900), Item("``" * 450)))))
    require_fits(message)


def test_commands_are_code_and_everything_else_is_a_word() -> None:
    assert own("Use `/reading help`, *not* `x`. A lone ` stays.") == [
        {"type": "text", "text": "Use "},
        {"type": "text", "text": "/reading help", "style": {"code": True}},
        {"type": "text", "text": ", *not* "},
        {"type": "text", "text": "x", "style": {"code": True}},
        {"type": "text", "text": ". A lone ` stays."},
    ]


@pytest.mark.parametrize(
    ("command", "typed"),
    [
        ("/reading today", "@Reading Group today"),
        ("/reading-host hosts list", "@Reading Group reading-host hosts list"),
        ("/reading", "@Reading Group"),
        ("/invite", "/invite"),
        ("seeds/", "seeds/"),
    ],
)
def test_in_a_thread_commands_are_shown_as_they_are_written_to_the_bot(command: str, typed: str) -> None:
    [message] = reply_messages(Reply.of(f"Try `{command}`."), spoken="Reading Group")
    assert shown(message) == f"Try {typed}."
    [elsewhere] = reply_messages(Reply.of(f"Try `{command}`."))
    assert shown(elsewhere) == f"Try {command}."


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "ftp://x.example", "https://x.example/" + "y" * 2_000])
def test_what_is_no_address_becomes_no_link(address: str) -> None:
    assert linked("words", address) == [{"type": "text", "text": "words"}]
    assert link_text("Read it", address) is None


def test_an_address_cannot_end_the_link_that_it_stands_in() -> None:
    assert linked("a", "https://x.example/a|b>c d") == [
        {"type": "link", "url": "https://x.example/a%7Cb%3Ec%20d", "text": "a"}
    ]
    link = link_text("Read it", "https://x.example/?a=1&b=<!channel>|x")
    assert link is not None
    assert link["text"] == "<https://x.example/?a=1&amp;b=%3C!channel%3E%7Cx|Read it>"


def test_a_long_quote_keeps_its_author_and_link_at_its_end() -> None:
    said = (Heading("Topic"), Quote("word " * 6_000, "Ada", "https://chat.example/1", "2 agree"))
    messages = reply_messages(Reply(said))
    assert len(messages) > 1
    for message in messages:
        require_fits(message)
    last = messages[-1].blocks[-1]["elements"]
    assert [part["type"] for part in last] == ["rich_text_quote", "rich_text_section"]
    assert "".join(one["text"] for one in last[1]["elements"]) == "— Ada · 2 agree ↗"
    assert sum(shown(message).count("word") for message in messages) == 6_000


def test_a_heading_stays_with_what_it_is_over() -> None:
    filler = [Paragraph("x" * 2_400) for _ in range(4)]
    for number in range(len(filler) + 1):
        for message in reply_messages(Reply((*filler[:number], Heading("Over"), Quote("y" * 1_700, "Ada")))):
            assert message.blocks[-1]["type"] != "header"


def test_what_is_too_long_for_a_header_is_shown_whole() -> None:
    [message] = post_message(question(text="Why " + "so " * 80 + "long?"), "key")
    assert "header" not in {block["type"] for block in message.blocks}
    assert "long?" in shown(message)


def test_buttons_of_one_message_never_share_an_id_and_carry_what_they_do() -> None:
    about = Channel("slack", Ref("T1"), Ref("C1"))
    accept = Actions((Action("Accept", "reading-host suggestions accept", (("number", "1"),)),))
    elsewhere = Channel("slack", Ref("T1"), Ref("C2"))
    read = Actions((Action("Read", "reading digest", (), elsewhere),))
    [message] = reply_messages(Reply((Paragraph("one"), accept, Paragraph("two"), accept, read)), about)
    buttons = [one for one in elements(message.blocks) if one.get("type") == "button"]
    assert len({button["action_id"] for button in buttons}) == 3
    assert [parse_press(button["value"]) for button in buttons] == [
        Press("reading-host suggestions accept", {"number": "1"}, about),
        Press("reading-host suggestions accept", {"number": "1"}, about),
        Press("reading digest", {}, elsewhere),
    ]


def question(**changes: object) -> QuestionPost:
    told: dict[str, object] = {
        "id": "q" * 48,
        "text": "What do you make of it?",
        "topic": "Rules",
        "kind": Kind.OPEN,
        "background": "Much was written.",
        "follow_ups": ("Why?",),
    }
    mention = changes.pop("mention", None)
    source = ("A document", "https://docs.example/a")
    return QuestionPost(1, "Readers", Question(**(told | changes)), *source, mention)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "post",
    [
        question(text="*" * 280, background="word & " * 500, follow_ups=("f" * 200,) * 3),
        question(text="", topic="", background="", follow_ups=()),
        question(kind=Kind.CHOICE, options=tuple(f"{number} " + "o" * 78 for number in range(5))),
        question(kind=Kind.CHOICE, options=tuple(f"option {number}" for number in range(25))),
        question(kind=Kind.FORECAST, forecast=Forecast("probability", "r" * 400, date(2030, 1, 1))),
        AnswerPost("n" * 400, "*" * ANSWER_LIMIT, "p" * 80),
        AnswerPost("Ada", "&" * ANSWER_LIMIT),
        AnswerPost("\n", "\n"),
        NoticePost("`" * 5_000),
        NoticePost(""),
        DigestPost("t" * 400, ()),
        DigestPost("", (Paragraph(""),)),
        DigestPost("Week", tuple(Quote("*" * 1_800, "Ada", "https://chat.example/1") for _ in range(9))),
        DigestPost("Week", tuple(Quote("中" * 1_800, "Ada", "https://chat.example/1") for _ in range(9))),
        DigestPost("Week", tuple(Paragraph(f"{number}") for number in range(120))),
    ],
    ids=lambda post: type(post).__name__,
)
def test_every_post_fits(post: Post) -> None:
    messages = post_message(post, "key:1:1")
    assert messages
    for message in messages:
        require_fits(message)
    if isinstance(post, QuestionPost):
        assert len(messages) == 1, "a thread has one root"
        require_fits(opening_message(post))


def test_every_question_of_the_first_set_fits_one_message() -> None:
    asked = load_set(SEEDS)
    for one in asked.questions:
        source = asked.cite(one.source) if one.source else ""
        post = QuestionPost(1, "Readers", one, source, "https://docs.example/a")
        [message] = post_message(post, "key")
        require_fits(message)
        require_fits(opening_message(post))
        assert one.text in shown(message)


def test_a_question_shows_what_it_is_and_how_to_answer() -> None:
    [message] = post_message(question(kind=Kind.CHOICE, options=("R&D <b>", "Rest")), "key")
    assert "What do you make of it?" in message.text
    buttons = {one["text"]["text"]: one for one in elements(message.blocks) if one.get("type") == "button"}
    assert list(buttons) == ["R&D <b>", "Rest", "Answer", "My answers", "Background"]
    assert buttons["Answer"]["style"] == "primary"
    assert parse_press(buttons["Rest"]["value"]) == Press("reading answer", {"question": "q" * 48, "text": "2"})
    [context] = [block for block in message.blocks if block["type"] == "context"]
    assert [one["text"] for one in context["elements"]] == [
        "Readers · Rules",
        "A document",
        "<https://docs.example/a|Read it>",
    ]
    assert "Why?" in shown(opening_message(question()))


def test_a_long_background_is_folded_in_the_channel_and_whole_in_the_thread() -> None:
    background = "It began long ago. " * 60 + "That is how it ended."
    asked = question(background=background)
    [post] = post_message(asked, "question:1:1")
    assert "It began long ago." in shown(post)
    assert "That is how it ended." not in shown(post)
    assert background in shown(opening_message(asked))


def test_only_the_group_that_the_room_is_set_to_is_pinged() -> None:
    hostile = question(text="<!channel> @here", background="<!subteam^S2|@all> <@U2>", mention=Ref("S12345"))
    [message] = post_message(hostile, "key")
    pinged = [one for one in elements(message.blocks) if one.get("type") in PINGING]
    assert pinged == [{"type": "usergroup", "usergroup_id": "S12345"}]
    assert not re.search("<[!@]", message.text)


def test_nobody_can_put_words_into_the_bots_mouth_through_an_answer() -> None:
    [message] = post_message(AnswerPost("Ada", "fine\n\nGrace\nI agree"), "key")
    name, *rest = message.blocks[0]["elements"]
    assert [part["type"] for part in (name, *rest)] == ["rich_text_section", "rich_text_quote"]
    assert name["elements"][0] == {"type": "text", "text": "Ada", "style": {"bold": True}}


def test_lists_and_facts_are_told_with_their_details() -> None:
    said = Reply.of(
        Listing((Item("`/reading help`", "shows"), Item("", link=""))), Facts((("Zone", "`UTC`"), ("", "")))
    )
    [message] = reply_messages(said)
    require_fits(message)
    assert message.text.startswith("- /reading help · shows\n- —\nZone  UTC")


def test_a_long_list_is_told_in_blocks_that_are_not_too_long() -> None:
    items = tuple(Item(f"{number} " + "word " * 150, "detail") for number in range(30))
    messages = reply_messages(Reply.of(Listing(items)))
    for message in messages:
        require_fits(message)
        for block in message.blocks:
            assert len("".join(str(one.get("text", "")) for one in elements(block))) <= 3_000
    assert sum(len(block["elements"][0]["elements"]) for message in messages for block in message.blocks) == 30


def test_a_reply_that_says_nothing_is_no_message() -> None:
    assert reply_messages(Reply(())) == []
    assert reply_messages(Reply.of("", Actions(()))) == []


@given(st.text(max_size=40), st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_a_button_comes_back_as_it_was_even_where_slack_hands_entities_back(
    command: str, arguments: dict[str, str]
) -> None:
    press = Press(command, arguments, Channel("slack", Ref("T1"), Ref("C1")))
    assert not set(press.value) & set("&<>")
    assert parse_press(press.value) == press


@pytest.mark.parametrize("value", ["", "x", "{}", "[1]", '{"command": 1}', '{"action": "x"}'])
def test_what_is_no_button_of_ours_does_nothing(value: str) -> None:
    assert parse_press(value) is None

"""What the bot says on Discord fits its limits and means what it says, whatever words stand in it."""

from __future__ import annotations

import re
from datetime import date

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
    Field,
    Form,
    Heading,
    Item,
    Listing,
    NoticePost,
    Paragraph,
    Post,
    QuestionPost,
    Quote,
)
from bot.model import ANSWER_LIMIT, Channel, Forecast, Kind, Question, Ref
from bot.plaintext import NOTHING
from bot.platforms.discord.forms import filled_in, modal_of
from bot.platforms.discord.ids import Press
from bot.platforms.discord.layout import pieces
from bot.platforms.discord.markup import linked, own, plain
from bot.platforms.discord.render import Page, post_pages, reply_pages, thread_name

DESCRIPTION, TITLE, AUTHOR, FIELD, ALL = 4_096, 256, 256, 1_024, 6_000

NASTY = st.sampled_from("*_~`|[]()<>#-+.@\\ \n\r\t\u2028\u202e\u200b\ud800é中1")
LONG = st.builds(lambda text, times: text * times, st.text(NASTY, max_size=3), st.sampled_from([300, 1_900]))
TEXT = st.text(NASTY, max_size=30) | st.text(max_size=20) | LONG
LINK = st.sampled_from(["", "https://chat.example/1", 'https://x.example/a(b) c"<>', "https://x.example/" + "y" * 480])


def blocks() -> st.SearchStrategy[list[Block]]:
    items = st.lists(st.builds(Item, TEXT, TEXT, LINK), min_size=1, max_size=4).map(tuple)
    pairs = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3).map(tuple)
    one: st.SearchStrategy[Block] = st.one_of(
        st.builds(Heading, TEXT),
        st.builds(Paragraph, TEXT),
        st.builds(Quote, TEXT, TEXT, LINK, TEXT),
        st.builds(Listing, items),
        st.builds(Facts, pairs),
        st.just(Actions((Action("Accept", "reading-host suggestions accept", (("number", "1"),)),))),
    )
    return st.lists(one, max_size=6)


def require_fits(page: Page) -> None:
    embed = page.embed
    assert len(embed.description or "") <= DESCRIPTION
    assert len(embed.title or "") <= TITLE
    assert len(embed.author.name or "") <= AUTHOR
    assert all(0 < len(field.value or "") <= FIELD for field in embed.fields)
    assert len(embed) <= ALL
    assert len(page.rows) <= 5
    assert all(len(row) <= 5 for row in page.rows)


@settings(max_examples=60)
@given(blocks())
def test_whatever_is_said_fits_and_every_quote_keeps_its_link(said: list[Block]) -> None:
    pages = reply_pages(said)
    for page in pages:
        require_fits(page)
    shown = "\n".join(page.embed.description or "" for page in pages)
    quotes = [block for block in said if isinstance(block, Quote) and block.link]
    assert shown.count("[↗](") >= len(quotes)
    assert sum(len(page.rows) for page in pages) == sum(isinstance(block, Actions) for block in said)


@given(TEXT)
def test_plain_text_has_no_mark_that_means_something(text: str) -> None:
    shown = re.sub(r"<https?://[^\s<>]+>|https?://\S+", "", plain(text))
    assert not re.search(r"(?<!\\)(?:\\\\)*[*_`~|<>\[\]]", shown)
    assert not re.search(r"^\s*(?:#|-|\d+\.)", shown, re.MULTILINE)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\ud800-\udfff]", shown)


@given(st.text(st.characters(categories=("L", "N", "Zs")), min_size=1, max_size=50).filter(lambda text: text.strip()))
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone hi", "@\u200beveryone hi"),
        ("<@1> <@&2> <#3> </x:4> <t:5:R>", r"\<@1\> \<@&2\> \<#3\> \</x:4\> \<t:5:R\>"),
        ("[text](https://evil.example)", r"\[text\](https://evil.example)"),
        ("see https://a.example/b_c_d", "see https://a.example/b_c_d"),
        ("see <https://a.example/b> there", "see <https://a.example/b> there"),
        ("**https://a.example/b** and https://c.example", r"\*\*<https://a.example/b>\*\* and https://c.example"),
        ("https://a.example|https://b.example<i>", r"<https://a.example>\|<https://b.example>\<i\>"),
        ("# a\n- b\n1. c\n-# d", "\\# a\n\\- b\n1\\. c\n\\-# d"),
        ("a\u202eb\x07c", "abc"),
        ("\u200b\u2060", NOTHING),
        ("a\r\nb\u2028c", "a\nb\nc"),
        ("half \ud83d", "half \ufffd"),
    ],
)
def test_words_that_mean_something_are_shown_as_words(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_commands_stay_code_in_the_bots_own_words() -> None:
    said = own("Use `/reading help`, *not* `x`. A lone ` stays.")
    assert said == "Use `/reading help`, \\*not\\* `x`. A lone \\` stays."
    assert own("- no list") == "\\- no list"


def test_a_link_stays_one_link() -> None:
    assert linked("a](https://evil.example) b", "https://x.example/(1)") == (
        r"[a\](evil.example) b](https://x.example/%281%29)"
    )
    assert linked("no address", "") == "no address"


def test_a_long_quote_keeps_its_author_and_link_at_its_end() -> None:
    found = pieces([Heading("Topic"), Quote("word " * 1_600, "Ada", "https://chat.example/1", "2 agree")])
    assert len(found) > 1
    assert found[0].text.startswith("### Topic\n> word")
    assert all(line.startswith(("> ", "### ", "— ")) for piece in found for line in piece.text.splitlines())
    assert found[-1].text.endswith("— Ada · 2 agree · [↗](https://chat.example/1)")
    assert sum(piece.text.count("word") for piece in found) == 1_600


def test_what_follows_buttons_is_a_message_of_its_own() -> None:
    accept = Actions((Action("Accept", "reading-host suggestions accept", (("number", "1"),)),))
    pages = reply_pages([Paragraph("one"), accept, Paragraph("two"), accept])
    assert [page.embed.description for page in pages] == ["one", "two"]


def test_a_button_that_is_about_another_channel_says_so() -> None:
    there = Channel("discord", Ref("1"), Ref("2"))
    [page] = reply_pages([Actions((Action("Read", "reading digest", (), there), Action("Help", "reading help")))])
    assert [press.channel for row in page.rows for _, press in row] == [there, None]


def question(**changes: object) -> QuestionPost:
    told: dict[str, object] = {
        "id": "q" * 48,
        "text": "What do you make of it?",
        "topic": "Rules",
        "kind": Kind.OPEN,
        "background": "Much was written.",
        "follow_ups": ("Why?",),
    }
    return QuestionPost(1, "Readers", Question(**(told | changes)), "A document", "https://docs.example/a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "post",
    [
        question(text="*" * 280, background="word _ " * 500, follow_ups=("f" * 200,) * 3),
        question(kind=Kind.CHOICE, options=tuple(f"{number} " + "o" * 78 for number in range(5))),
        question(kind=Kind.CHOICE, options=tuple(f"option {number}" for number in range(25))),
        question(kind=Kind.FORECAST, forecast=Forecast("probability", "r" * 400, date(2030, 1, 1))),
        AnswerPost("n" * 400, "*" * ANSWER_LIMIT, "p" * 80),
        AnswerPost("\n", "\n"),
        NoticePost("`" * 5_000),
        DigestPost("t" * 400, ()),
        DigestPost("Week", tuple(Quote("*" * 1_800, "Ada", "https://chat.example/1") for _ in range(9))),
    ],
    ids=lambda post: type(post).__name__,
)
async def test_every_post_fits_and_carries_its_key_once(post: Post) -> None:
    pages = post_pages(post, "key:1:1")
    for page in pages:
        require_fits(page)
        assert page.view.is_finished(), "discord.py must not wait for what the client answers itself"
    presses = [press for page in pages for row in page.rows for _, press in row]
    assert len({press.custom_id for press in presses}) == len(presses)
    assert sum(isinstance(press, Press) and bool(press.post) for press in presses) == 1
    assert 1 <= len(thread_name(post)) <= 100


async def test_a_form_fits_and_comes_back_as_it_was_filled_in() -> None:
    fields = (
        Field("text", "l" * 60, "v" * 3_000, limit=100, long=True),
        Field("pick", "Pick", "two", options=("one", "two"), required=False),
        Field("empty", "Empty", required=False),
    )
    modal = modal_of(Form("reading answer", "1", "t" * 60 + "\n", fields))
    assert modal.is_finished(), "discord.py must not wait for what the client answers itself"
    payload = modal.to_dict()
    assert len(payload["title"]) <= 45
    labels = payload["components"]
    assert all(len(label["label"]) <= 45 for label in labels)
    assert labels[0]["component"]["max_length"] == 3_000, "what was written before is not cut"
    assert [option["default"] for option in labels[1]["component"]["options"]] == [False, True]
    submitted = [
        {"type": 18, "component": {"custom_id": "text", "value": "words"}},
        {"type": 18, "component": {"custom_id": "pick", "values": ["two"]}},
        {"type": 18, "component": {"custom_id": "none", "values": []}},
        {"type": 1, "components": [{"custom_id": "old", "value": "layout"}]},
    ]
    assert filled_in(submitted) == {"text": "words", "pick": "two", "none": "", "old": "layout"}

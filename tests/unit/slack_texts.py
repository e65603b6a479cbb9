"""Texts that people might write to break something on Slack, for the tests of its rendering."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from bot.content import Action, Actions, Block, Facts, Heading, Item, Listing, Paragraph, Quote

NASTY = st.sampled_from("*_~`|[]()<>#&!@^\\ \n\r\t\u2028\u202e\u200b\ud800é中👍1")
PINGS = st.sampled_from(
    ["<!channel>", "<!here|here>", "<@U12345678>", "<!subteam^S1|@all>", "@channel", "<#C1>", "<https://x.example|y>"]
)
LONG = st.builds(lambda text, times: text * times, st.text(NASTY, max_size=3), st.sampled_from([300, 1_900]))
TEXT = st.text(NASTY, max_size=30) | st.text(max_size=20) | LONG | PINGS
LINK = st.sampled_from(["", "https://chat.example/1", 'https://x.example/a(b) c"<>|', "https://x.example/" + "y" * 480])


def blocks() -> st.SearchStrategy[list[Block]]:
    """Return lists of the core's blocks with such texts."""
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


def elements(value: object) -> Iterator[dict[str, Any]]:
    """Yield every object in Slack's blocks."""
    if isinstance(value, list):
        for one in value:
            yield from elements(one)
    elif isinstance(value, dict):
        yield value
        yield from elements(list(value.values()))

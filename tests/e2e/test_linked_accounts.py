"""A member with an account on each of two services: linked by a code, counted once, and separate again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.content import Reply
from bot.events import Invocation, Place
from bot.model import Stance
from bot.platforms.console.render import blocks_text
from tests.standins.bridge import ADA, BEN, BOSS, CAFE, CEM, EVE, HOST, PUB, Bridge, bridge
from tests.standins.memory import person
from tests.standins.program import MONDAY

NINE = MONDAY.replace(hour=9)
WEST_ADA = person("Ada L.", "west")
OTHER_ADA = person("Ada (work)", "east")
MEMORY = "Memory is what they lack, more than anything else that money could buy."
POWER = "Electricity will run out long before the chips do, whatever is said."
RIVERS = "Rivers carry what the fields have lost in every spring."


@pytest.fixture
async def b(tmp_path: Path) -> AsyncIterator[Bridge]:
    """Give a group that meets on two services, and was asked a minute ago."""
    async with bridge(tmp_path) as opened:
        await opened.joins()
        await opened.until(NINE + timedelta(minutes=1))
        yield opened


async def digest(b: Bridge) -> str:
    """Return the digest of what was said so far, as it is posted in the east."""
    b.clock.advance(timedelta(minutes=1))
    assert "Posted" in await b.reads(HOST, "/reading-host digest now")
    return b.texts(CAFE)[-1]


# Linking


async def test_two_accounts_are_linked_when_both_confirm(b: Bridge) -> None:
    made = await b.reads(ADA, "/reading link")
    assert "Never give this code to anybody else" in made
    code = made.splitlines()[1].removeprefix("Code: ")
    shown = await b.uses(WEST_ADA, f"/reading link {code}")
    assert isinstance(shown, Reply)
    assert "Is Ada on East your account, too?" in blocks_text(shown.blocks)
    assert "is asked now" in await b.presses(WEST_ADA, "Confirm", shown)
    assert "Of this account and of" not in await b.reads(ADA, "/reading privacy show")
    asked = b.told(ADA)
    assert "Ada L. on West used your code, and says that both accounts are yours." in blocks_text(asked.blocks)
    assert "This account and Ada L. on West are linked now" in await b.presses(ADA, "Confirm", asked)
    assert "This account and Ada on East are linked now." in blocks_text(b.told(WEST_ADA).blocks)
    assert "Of this account and of: Ada L. on West" in await b.reads(ADA, "/reading privacy show")
    assert "Of this account and of: Ada on East" in await b.reads(WEST_ADA, "/reading privacy show")


async def test_nobody_else_can_confirm_in_anothers_place(b: Bridge) -> None:
    shown = await b.uses(WEST_ADA, f"/reading link {await b.code(ADA, '/reading link')}")
    assert isinstance(shown, Reply)
    for stranger in (BEN, ADA, EVE):
        assert "That request is over." in await b.presses(stranger, "Confirm", shown)
        assert "That request is over." in await b.presses(stranger, "Refuse", shown)
    await b.presses(WEST_ADA, "Confirm", shown)
    again = await b.presses(WEST_ADA, "Confirm", shown)
    assert again == "This account has confirmed already. Now confirm as Ada on East."
    assert "That request is over." in await b.presses(EVE, "Confirm", b.told(ADA))
    assert "linked to no other" in await b.reads(ADA, "/reading unlink")


async def test_what_waits_is_shown_again_and_can_be_refused(b: Bridge) -> None:
    await b.uses(WEST_ADA, f"/reading link {await b.code(ADA, '/reading link')}")
    again = await b.uses(WEST_ADA, "/reading link")
    assert isinstance(again, Reply)
    await b.presses(WEST_ADA, "Confirm", again)
    again = await b.uses(ADA, "/reading link")
    assert isinstance(again, Reply)
    assert "Refused: this account and Ada L. on West are not linked." in await b.presses(ADA, "Refuse", again)
    assert "Code: " in await b.reads(ADA, "/reading link")
    assert "linked to no other" in await b.reads(WEST_ADA, "/reading unlink")


async def test_ones_own_code_a_groups_code_and_linked_accounts_are_told_apart(b: Bridge) -> None:
    code = await b.code(ADA, "/reading link")
    assert "This is your own code." in await b.reads(ADA, f"/reading link {code}")
    assert "There is no such code" in await b.reads(BOSS, f"/reading-host link {code}", PUB)
    assert "There is no such code" in await b.reads(WEST_ADA, f"/reading link {await b.code(HOST)}")
    await b.links(ADA, WEST_ADA)
    assert "linked already" in await b.reads(WEST_ADA, f"/reading link {await b.code(ADA, '/reading link')}")


async def test_rights_are_not_linked(b: Bridge) -> None:
    await b.links(HOST, CEM)
    assert "is for hosts" in await b.reads(CEM, "/reading-host status")


# Counting once


async def test_what_both_accounts_say_is_one_members_in_figures_and_digest(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    await b.says(ADA, MEMORY)
    await b.says(WEST_ADA, POWER)
    await b.says(BEN, RIVERS)
    assert "Answers: 3 by 2 members" in await b.reads(BEN, "/reading today")
    stats = await b.reads(BEN, "/reading stats")
    assert "Members who answered: 2" in stats
    assert "- Ada L. (2 answers to 1 question)" in stats
    posted = await digest(b)
    assert "3 answers from 2 members to 1 question" in posted
    assert "Ada L. (2), Ben (1)" in posted
    names = {MEMORY: "Ada", POWER: "Ada L., on West"}
    quoted = [text for text in names if text in posted]
    assert quoted
    assert all(f"{text!r}, by={names[text]!r}" in posted for text in quoted), "under the name that it was written under"


async def test_a_persons_share_of_a_digest_is_theirs_over_both_accounts(b: Bridge) -> None:
    """Of three places and two people, each gets two at most."""
    first = ("Grids take ten years to build and chips take two, so the grid is what we shall wait for.", MEMORY)
    second = ("Cooling water is scarcer than power in half of the regions where data centres are built.", POWER)
    for text in first:
        await b.says(ADA, text)
    for text in second:
        await b.says(WEST_ADA, text)
    await b.says(BEN, RIVERS)
    await b.links(ADA, WEST_ADA)
    posted = await digest(b)
    assert sum(text in posted for text in (*first, *second)) == 2
    assert RIVERS in posted


async def test_two_accounts_that_vote_alike_are_one_vote_and_that_disagree_are_none(b: Bridge) -> None:
    alike, opposed = await b.says(BEN, POWER), await b.says(BEN, RIVERS)
    for said, stances in ((alike, (Stance.AGREE, Stance.AGREE)), (opposed, (Stance.AGREE, Stance.DISAGREE))):
        for who, stance in zip((CEM, WEST_ADA), stances, strict=True):
            await b.votes(who, said, stance)
    await b.links(CEM, WEST_ADA)
    posted = await digest(b)
    assert "1 vote." in posted
    assert f"{POWER!r}, by='Ben, on West', link='west://pub/{alike.ref}', note='1 agree'" in posted


async def test_a_vote_on_the_words_of_ones_other_account_is_none(b: Bridge) -> None:
    said = await b.says(CEM, POWER)
    await b.votes(WEST_ADA, said, Stance.AGREE)
    await b.links(CEM, WEST_ADA)
    assert "vote" not in await digest(b)


async def test_a_posted_digest_follows_linking_and_unlinking(b: Bridge) -> None:
    await b.says(ADA, MEMORY)
    await b.says(WEST_ADA, POWER)
    assert "2 answers from 2 members" in await digest(b)
    await b.links(ADA, WEST_ADA)
    assert "2 answers from 1 member" in b.texts(CAFE)[-1]
    assert "2 answers from 1 member" in b.texts(PUB)[-1]
    assert "no longer linked" in await b.reads(ADA, "/reading unlink")
    assert "2 answers from 2 members" in b.texts(CAFE)[-1]


async def test_digests_of_long_ago_quote_no_account_that_linking_silences(b: Bridge) -> None:
    await b.says(ADA, MEMORY)
    assert MEMORY in await digest(b)
    number = len(b.texts(CAFE)) - 1
    await b.until(NINE + timedelta(days=30))
    await b.reads(WEST_ADA, "/reading privacy opt-out")
    await b.links(ADA, WEST_ADA)
    assert MEMORY not in b.texts(CAFE)[number]


async def test_unlinking_what_is_not_linked_makes_no_digest_anew(b: Bridge) -> None:
    await b.says(ADA, MEMORY)
    await digest(b)
    reply = await b.app.desk.command(Invocation(Place(CAFE), ADA, "reading unlink"))
    assert isinstance(reply, Reply)
    assert "linked to no other" in blocks_text(reply.blocks)
    async with b.app.context.database.read() as transaction:
        assert not await transaction.digests.stale()


# One's own words


async def test_an_answer_by_form_is_one_a_round_and_edited_from_either_account(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    await b.reads(ADA, f"/reading answer {MEMORY}")
    told = await b.reads(WEST_ADA, f"/reading answer {POWER}")
    assert "Changed. The thread on East shows your answer as it is now" in told
    assert b.in_thread(CAFE)[-1] == f"Ada {POWER}"
    assert POWER not in b.in_thread(PUB)[-1]
    assert "Answers: 1 by 1 member" in await b.reads(BEN, "/reading today")


async def test_mine_shows_what_was_said_from_both_accounts_and_where(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    await b.says(ADA, MEMORY)
    await b.says(WEST_ADA, POWER)
    mine = await b.reads(ADA, "/reading mine")
    assert MEMORY in mine
    assert POWER in mine
    assert "you, on West, " in mine
    assert MEMORY in await b.reads(WEST_ADA, "/reading mine")


async def test_erasing_from_one_account_forgets_both_and_the_link(b: Bridge) -> None:
    await b.links(CEM, WEST_ADA)
    await b.links(ADA, WEST_ADA)
    await b.says(ADA, MEMORY)
    await b.says(CEM, POWER)
    await b.reads(WEST_ADA, "/reading answer Water is what they all forget, and it is what they need.")
    voted = await b.says(BEN, RIVERS)
    await b.votes(WEST_ADA, voted, Stance.AGREE)
    assert MEMORY in await digest(b)
    shown = await b.reads(ADA, "/reading privacy show")
    assert "Messages recorded: 3" in shown
    assert "Votes recorded: 1" in shown
    assert "Forgotten: 3 messages and 1 vote." in await b.reads(ADA, "/reading privacy erase yes")
    for word in ("memory", "electricity", "water"):
        assert "holds" in await b.reads(BEN, f"/reading search {word}")
    assert MEMORY not in b.texts(PUB)[-1]
    assert not [text for text in b.in_thread(PUB) if "Water" in text]
    for who in (ADA, CEM, WEST_ADA):
        assert "linked to no other" in await b.reads(who, "/reading unlink")


async def test_opting_out_holds_for_both_accounts_and_so_does_opting_in(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    await b.reads(ADA, "/reading privacy opt-out")
    await b.says(WEST_ADA, POWER)
    assert "holds" in await b.reads(BEN, "/reading search electricity")
    await b.reads(WEST_ADA, "/reading privacy opt-in")
    await b.says(ADA, MEMORY)
    assert MEMORY in await b.reads(BEN, "/reading search memory")


async def test_linking_an_account_that_opted_out_silences_both_and_says_so_first(b: Bridge) -> None:
    await b.reads(ADA, "/reading privacy opt-out")
    shown = await b.uses(WEST_ADA, f"/reading link {await b.code(ADA, '/reading link')}")
    assert isinstance(shown, Reply)
    assert "then neither is recorded any more" in blocks_text(shown.blocks)
    await b.presses(WEST_ADA, "Confirm", shown)
    await b.presses(ADA, "Confirm", b.told(ADA))
    await b.says(WEST_ADA, POWER)
    assert "holds" in await b.reads(BEN, "/reading search electricity")


async def test_an_account_that_is_unlinked_counts_for_itself_and_leaves_others_linked(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    await b.links(OTHER_ADA, WEST_ADA)
    told = await b.reads(WEST_ADA, "/reading unlink")
    assert "Ada on East and Ada (work) on East are no longer linked" in told
    assert "Of this account and of: Ada (work) on East" in await b.reads(ADA, "/reading privacy show")
    await b.says(WEST_ADA, POWER)
    assert "You have not answered" in await b.reads(ADA, "/reading mine")


async def test_suggestions_from_both_accounts_count_as_one_members_and_are_erased_together(b: Bridge) -> None:
    await b.links(ADA, WEST_ADA)
    for who, number in ((ADA, 1), (WEST_ADA, 2), (ADA, 3)):
        assert "hosts" in await b.fills(who, f"/reading suggest Who owns the number {number} well, and since when?")
    told = await b.fills(WEST_ADA, "/reading suggest Who pays for the rain that falls on other people's land?")
    assert told.startswith("You have suggested 3 questions within a day.")
    await b.reads(WEST_ADA, "/reading privacy erase yes")
    assert "No suggestion" in await b.reads(HOST, "/reading-host suggestions list")

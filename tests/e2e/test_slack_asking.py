"""Who may be shown what on Slack, and what happens to requests that are repeated, changed or too long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.model import Order
from tests.standins.program import a_group
from tests.standins.seeds import write_set
from tests.standins.slack import happenings
from tests.standins.workspace import Office, channel_of, office


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        yield o


async def test_an_old_home_shows_nothing_more_to_whoever_left_the_channel(o: Office) -> None:
    secret = o.team.channel("secret", private=True)
    eve = o.person("Eve")
    eve.joins(secret)
    await a_group(o.app, channel_of(secret), slug="conspirators")
    await o.at(9)
    home = await eve.opens_home()
    opened = await eve.presses(home, "Answer")
    eve.leaves(secret)
    refused = await eve.presses(home, "Background")
    assert "What about" not in refused.form.text
    assert "not in the channel" in refused.form.text
    late = await eve.submits(opened, text="I have left, and yet I would like to have my say about this.")
    assert "not in the channel" in late.form.text


async def test_a_command_is_not_carried_out_again_when_its_message_is_edited(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await ada.asks(o.channel, "help")
    message = next(one for one in o.channel.visible() if one.text.endswith("help"))
    told = len(ada.whispers())
    await ada.edits(message, f"{o.team.bot_mention} help search")
    happenings._mentioned(o.server, o.channel.state, message.state)  # noqa: SLF001  (Slack tells of edited mentions)
    await o.server.until(lambda: o.server.events.pending == 0)
    await ada.uses("/reading help", o.channel)
    assert len(ada.whispers()) == told + 1


async def test_a_form_that_is_asked_for_with_very_long_words_is_offered_all_the_same(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds", "commons", {"choice-one": "kind: choice\n    options: [A queue, A lottery]"})
    async with office(tmp_path) as o:
        ada = o.person("Ada")
        await o.a_group(order=Order.READING)
        await o.at(9)
        post = next(one for one in reversed(o.channel.visible()) if one.by_bot)
        offered = await ada.asks(post, f"answer {'It depends on who is asked. ' * 90}")
        assert offered.buttons == ["Open the form"]
        assert (await ada.presses(offered, "Open the form")).form.fields

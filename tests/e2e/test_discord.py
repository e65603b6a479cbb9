"""A reading group in a Discord server, as its members and hosts live it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.model import Order
from bot.platforms.discord import directory, interactions
from tests.standins.discord import MessageView
from tests.standins.meeting import Meeting, a_server, meeting
from tests.standins.seeds import write_set

RULES = "Prices move faster than rules, which is why nobody follows them for very long."
DOUBT = "I doubt it, because a rule that is enforced moves prices, and not the other way round."
FORM = "A queue is fair only as long as everybody's time costs the same, which it never does."

KINDS = {
    "open-one": "",
    "choice-one": "kind: choice\n    options: [A queue, A price, A lottery]",
    "forecast-one": "kind: forecast\n    forecast: {answer: probability, resolves: A court says so., by: 2031-01-01}",
}


@pytest.fixture
async def m(tmp_path: Path) -> AsyncIterator[Meeting]:
    async with meeting(tmp_path) as m:
        yield m


def written(m: Meeting) -> MessageView:
    """Return the channel's latest message."""
    return m.channel.visible()[-1]


async def test_a_week_from_setup_to_digest(m: Meeting) -> None:
    ada, ben, cem = (m.person(name) for name in ("Ada", "Ben", "Cem"))
    assert "Europe/Paris" in await m.host.types("/reading-host setup", m.channel, zone="paris")
    assert await m.host.types("/reading-host setup", m.channel, set="com") == {"commons": "commons"}
    refused = await ada.uses("/reading-host setup", m.channel, zone="UTC")
    assert "for hosts" in refused.everything
    assert refused.ephemeral
    done = await m.host.uses("/reading-host setup", m.channel, zone="UTC", at="09:00", set="commons", name="Readers")
    assert "Readers is set up" in done.everything
    assert "Before it works" not in done.everything
    assert done.ephemeral
    await m.settle()
    assert "is recorded" in written(m).everything

    for day in range(7):
        await m.at(9)
        post, thread = await m.asked()
        assert post.buttons == ["Answer", "My answers", "Background"]
        assert thread.name.startswith("What about number-")
        if day == 0:
            said = await ada.says(thread, RULES)
            doubt = await ben.says(thread, DOUBT, reply_to=said)
            await ben.reacts(said, "👍🏿")
            await cem.reacts(said, "👍")
            await ada.reacts(doubt, "👎🏻")
            recorded = await cem.submits(await cem.presses(post, "Answer"), text=FORM)
            assert recorded.ephemeral
            await m.settle()
            form = await thread.message(FORM)
            assert form.author == "Reading Group Bot"
            assert "Cem" in form.everything
            await ada.reacts(form, "🤷🏽‍♀️")
            await m.until_recorded(RULES, DOUBT, FORM)
            await m.until_votes({RULES: (2, 0, 0), DOUBT: (0, 1, 0), FORM: (0, 0, 1)})
    await m.at(18)

    digest = written(m)
    for text, author, where in ((RULES, "Ada", said), (DOUBT, "Ben", doubt)):
        assert f"> {text}" in digest.everything
        assert author in digest.everything
        assert where.link in digest.everything
    assert "3 answers from 3 members" in digest.everything

    await ada.edits(said, edited := "Prices move faster than rules, and that suits some of us rather well.")
    await m.until(lambda: m.says_of_first_round(edited))
    await m.later(minutes=11)
    assert edited in digest.everything
    assert RULES not in digest.everything
    await ben.deletes(doubt)
    await m.until(lambda: m.says_of_first_round(DOUBT, there=False))
    await m.later(minutes=1)
    await m.settle()
    assert DOUBT not in digest.everything
    assert written(m).id == digest.id


async def test_lookups_are_for_the_asker_alone(m: Meeting) -> None:
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    await ada.says(thread, RULES)
    await m.until_recorded(RULES)
    for line, expected in (
        ("/reading today", "What about"),
        ("/reading question", "What about"),
        ("/reading topics", "Rules"),
        ("/reading readings", "The well"),
        ("/reading mine", RULES),
        ("/reading stats", "Answers"),
        ("/reading help", "/reading answer"),
    ):
        answer = await ada.uses(line, thread)
        assert expected in answer.everything
        assert answer.ephemeral
    found = await ada.uses("/reading search", m.channel, words="prices")
    assert RULES in found.everything
    assert len(m.channel.visible()) == 1


async def test_what_takes_long_is_announced_and_then_shown(m: Meeting) -> None:
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    with patch.object(interactions, "PATIENCE", 0.0):
        answer = await ada.uses("/reading today", m.channel)
        assert "What about" in answer.everything
        assert answer.ephemeral
        assert len(answer.messages) == 1
        form = await ada.uses("/reading answer", m.channel)
        assert "try again" in form.everything


async def a_long_discussion(m: Meeting) -> None:
    await m.a_group(days=frozenset(range(7)))
    await m.at(9)
    _, thread = await m.asked()
    texts = [f"Market number {number}" + ", the price of water rises in a drought" * 25 for number in range(10)]
    for text in texts:
        await m.person("Ada").says(thread, text)
    await m.until_recorded(*texts)


async def test_a_long_reply_has_pages_that_still_turn_after_a_restart(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        ada = m.person("Ada")
        async with m.running():
            await a_long_discussion(m)
            found = await ada.uses("/reading search", m.channel, words="market")
            assert found.ephemeral
            assert len(found.messages) == 1
            assert found.buttons[-1].startswith("Next (2 of ")
            count = int(found.buttons[-1].removeprefix("Next (2 of ").rstrip(")"))
            seen = [found.everything]
        async with m.running():
            view = found.message
            for page in range(2, count + 1):
                turned = await ada.presses(view, f"Next ({page} of {count})")
                assert turned.message.id == view.id, "it takes the place of the one before"
                assert turned.messages == []
                seen.append(view.everything)
            assert "".join(seen).count("Market number") == 10
            assert view.buttons == [f"Previous ({count - 1} of {count})"]
            for page in range(count - 1, 0, -1):
                await ada.presses(view, f"Previous ({page} of {count})")
            assert view.everything == seen[0]


async def test_a_page_that_takes_long_comes_all_the_same(m: Meeting) -> None:
    await a_long_discussion(m)
    ada = m.person("Ada")
    found = await ada.uses("/reading search", m.channel, words="market")
    first, leads = found.everything, found.buttons[-1]
    with patch.object(interactions, "PATIENCE", 0.0):
        turned = await ada.presses(found, leads)
        await m.server.until(lambda: turned.message.everything != first)


async def test_pages_that_do_not_fit_a_button_come_in_several_messages_in_order(m: Meeting) -> None:
    await a_long_discussion(m)
    words = "market number price water rises drought " + " ".join(["the"] * 20)
    found = await m.person("Ada").uses("/reading search", m.channel, words=words)
    await found.next()
    assert all(message.ephemeral for message in found.messages)
    assert found.everything.count("Market number") == 10


async def test_a_page_that_is_gone_is_the_last_one_there_is(m: Meeting) -> None:
    await a_long_discussion(m)
    ada = m.person("Ada")
    found = await ada.uses("/reading search", m.channel, words="market")
    await ada.uses("/reading privacy erase", m.channel, confirm="yes")
    await m.settle()
    turned = await ada.presses(found, next(label for label in found.buttons if label.startswith("Next")))
    assert turned.message.id == found.message.id
    assert "Market number" not in turned.everything
    assert turned.buttons == []


async def test_answers_by_button_choice_and_forecast(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds", "commons", KINDS)
    async with meeting(tmp_path) as m:
        ada = m.person("Ada")
        await m.a_group(order=Order.READING)
        for _ in range(3):
            await m.at(9)
        posts = {kind: next(v for v in m.channel.visible() if kind in v.everything) for kind in KINDS}

        opened = await ada.presses(posts["open-one"], "Answer")
        assert [field.label for field in opened.form.fields] == ["Your answer"]
        await ada.submits(opened, text=FORM)
        await m.settle()
        thread = posts["open-one"].thread
        assert thread is not None
        shown = await thread.message(FORM)
        again = await ada.presses(posts["open-one"], "Answer")
        assert again.form.field("text").value == FORM
        await ada.submits(again, text=RULES)
        await m.settle()
        assert RULES in shown.everything
        await ada.submits(await ada.presses(shown.channel.visible()[0], "Answer"), text="")
        await m.settle()
        assert not shown.exists

        assert posts["choice-one"].buttons[:3] == ["A queue", "A price", "A lottery"]
        picked = await ada.presses(posts["choice-one"], "A price")
        assert "A price" in picked.everything
        changed = await ada.presses(posts["choice-one"], "Answer")
        assert changed.form.field("pick").value == "A price"
        await ada.submits(changed, pick="A lottery", text=DOUBT)
        await m.settle()
        thread = posts["choice-one"].thread
        assert thread is not None
        assert "A lottery" in (await thread.message(DOUBT)).everything

        estimate = await ada.presses(posts["forecast-one"], "Answer")
        assert estimate.form.fields[0].label == "Your probability in percent (0 to 100)"
        wrong = await ada.submits(estimate, pick="lots", text=DOUBT)
        assert DOUBT in wrong.everything
        await ada.submits(await ada.presses(posts["forecast-one"], "Answer"), pick="0.7", text=DOUBT)
        await m.settle()
        thread = posts["forecast-one"].thread
        assert thread is not None
        assert "70%" in (await thread.message(DOUBT)).everything
        background = await ada.presses(posts["forecast-one"], "Background")
        assert "A court says so" in background.everything


async def test_whoever_may_not_write_in_threads_does_not_speak_through_the_bot(m: Meeting) -> None:
    """Moderators silence people so, and by a timeout, which takes the same permission away."""
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    post, thread = await m.asked()
    await ada.submits(await ada.presses(post, "Answer"), text=FORM)
    await m.settle()
    m.channel.deny_everyone("send_messages_in_threads")
    m.channel.allow_bot("send_messages_in_threads")
    by_form = await ada.submits(await ada.presses(post, "Answer"), text=RULES)
    by_command = await ada.uses("/reading answer", thread, text=RULES)
    await m.settle()
    assert "may not write" in by_form.everything
    assert "may not write" in by_command.everything
    assert not any(RULES in view.everything for view in thread.visible())
    await ada.submits(await ada.presses(post, "Answer"), text="")
    await m.settle()
    assert not any(FORM in view.everything for view in thread.visible()), "what was said can be taken back"


async def test_buttons_still_work_after_a_restart(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        async with m.running():
            await m.a_group()
            await m.at(9)
        async with m.running():
            post, thread = await m.asked()
            await m.person("Ada").submits(await m.person("Ada").presses(post, "Answer"), text=FORM)
            await m.settle()
            await thread.message(FORM)


async def test_only_people_are_recorded_and_only_in_threads_of_rounds(m: Meeting) -> None:
    ada, robot = m.person("Ada"), m.guild.member("Robot", bot=True)
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    other = await ada.opens_thread(m.channel, "Lunch", "Who comes along, and where do we go this time?")
    await robot.says(thread, "Beep, and I have quite a lot more to say about this question.")
    thread.webhook_says("News of the day, which nobody asked for but comes every morning.")
    thread.system_says(6)
    await ada.says(m.channel, "In the channel itself I only say hello to everyone of you.")
    await ada.says(other, "At noon, I would say, unless somebody has a better idea.")
    said = await ada.says(thread, RULES)
    await robot.reacts(said, "👍")
    await m.person("Ben").reacts(said, "🎉")
    await m.person("Ben").reacts(said, "👎")
    await m.until_votes({RULES: (0, 1, 0)})
    assert [message.text for message in await m.said()] == [RULES]


async def test_reactions_that_are_taken_back_or_cleared_count_no_more(m: Meeting) -> None:
    ada, ben = m.person("Ada"), m.person("Ben")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    said = await ada.says(thread, RULES)
    for _ in range(20):
        await ben.reacts(said, "👍")
        await ben.unreacts(said, "👍")
    await ben.reacts(said, "👍")
    await m.person("Cem").reacts(said, "👎")
    await m.until_votes({RULES: (1, 1, 0)})
    await m.host.clears_reactions(said, "👎")
    await m.until_votes({RULES: (1, 0, 0)})
    await m.host.clears_reactions(said)
    await m.until_votes({})


async def test_a_vote_in_two_colours_is_one_and_stays_until_both_are_taken_back(m: Meeting) -> None:
    ben = m.person("Ben")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    said = await m.person("Ada").says(thread, RULES)
    await ben.reacts(said, "👍")
    await ben.reacts(said, "👍🏽")
    await m.person("Cem").reacts(said, "👎")
    await m.until_votes({RULES: (1, 1, 0)})
    await ben.unreacts(said, "👍")
    await m.person("Cem").unreacts(said, "👎")
    await m.until_votes({RULES: (1, 0, 0)})
    await ben.unreacts(said, "👍🏽")
    await m.until_votes({})


async def test_a_super_reaction_is_a_vote_and_stays_when_the_ordinary_one_is_taken_back(m: Meeting) -> None:
    ben, cem = m.person("Ben"), m.person("Cem")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    said = await m.person("Ada").says(thread, RULES)
    await cem.reacts(said, "👎", burst=True)
    await ben.reacts(said, "👍")
    await ben.reacts(said, "👍", burst=True)
    await m.until_votes({RULES: (1, 1, 0)})
    await ben.unreacts(said, "👍")
    await cem.unreacts(said, "👎", burst=True)
    await m.until_votes({RULES: (1, 0, 0)})
    m.server.faults.invalidate(resumable=False)
    await m.server.until(lambda: m.server.gateway.identified >= 2)
    await ben.unreacts(said, "👍", burst=True)
    await m.until_votes({})


async def test_reactions_are_recorded_in_their_order_though_names_are_looked_up_in_between(tmp_path: Path) -> None:
    """Who takes a reaction back is told by number only, and may have to be asked for."""
    with patch.object(directory, "MOST_REMEMBERED", 1):
        async with meeting(tmp_path) as m:
            await m.a_group()
            await m.at(9)
            _, thread = await m.asked()
            said = await m.person("Ada").says(thread, RULES)
            await m.person("Ben").reacts(said, "👍")
            await m.person("Cem").reacts(said, "👍")
            await m.until_votes({RULES: (2, 0, 0)})
            m.server.faults.slow(0.05, "GET", "/guilds/*/members/*")
            await m.person("Ben").unreacts(said, "👍")
            await m.person("Ben").reacts(said, "👍")
            await m.person("Cem").unreacts(said, "👍")
            await m.until_votes({RULES: (1, 0, 0)})


async def test_deletions_one_by_one_and_at_once(m: Meeting) -> None:
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    said = [await ada.says(thread, f"{RULES} ({number})") for number in range(6)]
    await m.until_recorded(*(one.text for one in said))
    await ada.deletes(said[0])
    await m.host.deletes(*said[1:4])
    await m.until_recorded(said[4].text, said[5].text)


async def test_a_thread_that_was_folded_away_still_counts(m: Meeting) -> None:
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    post, thread = await m.asked()
    await ada.submits(await ada.presses(post, "Answer"), text=FORM)
    await m.settle()
    thread.archive()
    said = await ada.says(thread, RULES)
    await m.until_recorded(said.text, FORM)
    thread.archive()
    await m.host.deletes(said)
    await m.until_recorded(FORM)
    await ada.submits(await ada.presses(post, "Answer"), text="")
    await m.settle()
    assert not any(FORM in view.everything for view in thread.visible())


async def test_mentions_are_kept_as_names_and_files_by_name(m: Meeting) -> None:
    ada, ben = m.person("Ada"), m.person("Ben")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    await ada.says(
        thread, f"{ben.mention} see {m.channel.mention} <:wave:123456789012345678> <@1>", files={"a.png": b""}
    )
    await m.until_recorded("@Ben see #reading :wave: <@1>\n[a.png]")


async def test_a_channel_that_not_all_readers_see_is_not_named(m: Meeting) -> None:
    """Discord shows its name to those only who may see it; a digest would show it to all."""
    ada = m.person("Ada")
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    hidden, alike = m.guild.text("plans-to-fire-ben"), m.guild.text("library")
    hidden.deny_everyone("view_channel")
    hidden.allow_bot("view_channel")
    await ada.says(thread, f"As said in {hidden.mention}, and not in {alike.mention}")
    await m.until_recorded(first := f"As said in {hidden.mention}, and not in #library")
    for private in (m.channel, alike):
        private.deny_everyone("view_channel")
        private.allow_bot("view_channel")
    hidden.deny_everyone("send_messages")
    await m.host.says(thread, f"Among us it stands in {alike.mention} and {m.channel.mention}, not {hidden.mention}")
    await m.until_recorded(first, f"Among us it stands in #library and #reading, not {hidden.mention}")


async def test_in_an_announcement_channel(tmp_path: Path) -> None:
    async with a_server(tmp_path) as m:
        m.channel = m.guild.announcement("news")
        async with m.running():
            await m.a_group()
            await m.at(9)
            _, thread = await m.asked()
            said = await m.person("Ada").says(thread, RULES)
            await m.until_recorded(said.text)


async def test_in_a_forum_a_round_is_a_post_with_its_topic_as_tag(tmp_path: Path) -> None:
    async with meeting(tmp_path, forum=True) as m:
        ada, lobby = m.person("Ada"), m.guild.text("lobby")
        done = await m.host.uses("/reading-host setup", lobby, zone="UTC", channel=m.channel)
        assert "is set up" in done.everything
        assert "Before it works" not in done.everything
        await m.at(9)
        notice, thread = m.channel.threads()
        assert "is recorded" in notice.visible()[0].everything
        assert thread.tags == ["Rules"]
        first, opening = thread.visible()
        assert "What about" in first.everything
        assert "Answer here" in opening.everything
        said = await ada.says(thread, RULES)
        await ada.submits(await ada.presses(first, "Answer"), text=FORM)
        await m.settle()
        await m.until_recorded(said.text, FORM)
        for _ in range(6):
            await m.at(9)
        await m.at(18)
        digest = m.channel.threads()[-1].visible()[0]
        assert said.link in digest.everything
        assert f"/{thread.id}/{thread.id}" in digest.everything
        await ada.deletes(said)
        await m.until(lambda: m.says_of_first_round(RULES, there=False))
        await m.later(minutes=1)
        await m.settle()
        assert RULES not in digest.everything


async def test_a_host_decides_on_a_suggestion_in_direct_messages(m: Meeting) -> None:
    ada = m.person("Ada")
    await m.host.uses("/reading-host setup", m.channel, zone="UTC")
    form = await ada.uses("/reading suggest", m.channel)
    await ada.submits(form, text="Who pays for the well when it runs dry in summer?", topic="Rules")
    (told,) = m.host.inbox()
    assert told.buttons == ["Accept", "Edit and accept", "Decline", "Later"]
    declined = await m.host.presses(told, "Decline")
    await m.host.submits(declined, reason="We had that one.")
    assert "We had that one" in ada.inbox()[-1].everything


async def test_buttons_in_direct_messages_are_dead_for_whoever_left_the_server(m: Meeting) -> None:
    cleo = m.person("Cleo")
    await m.host.uses("/reading-host setup", m.channel, zone="UTC")
    await m.host.uses("/reading-host hosts add", m.channel, member=cleo)
    form = await m.person("Ada").uses("/reading suggest", m.channel)
    await m.person("Ada").submits(form, text="Who pays for the well when it runs dry in summer?", topic="Rules")
    cleo.leaves()
    refused = await cleo.presses(cleo.inbox()[-1], "Accept")
    assert "whoever sees the group's channel" in refused.everything
    accepted = await m.host.presses(m.host.inbox()[-1], "Accept")
    assert "ccepted" in accepted.everything


async def test_a_table_of_questions_is_taken_from_an_attached_file(m: Meeting) -> None:
    await m.host.uses("/reading-host setup", m.channel, zone="UTC")
    table = b"question,topic\nWho digs the well?,Rules\nWho closes it?,Rules\n"
    added = await m.host.uses("/reading-host questions import", m.channel, file=("q.csv", table))
    assert "Added 2 questions" in added.everything
    for name, content, told in (
        ("picture.csv", b"\x89PNG\r\n\x1a\n\0\0", "not a text file"),
        ("latin.csv", "question\nCafé?\n".encode("latin-1"), "not a text file"),
        ("huge.csv", b"x" * 1_000_001, "larger than 1 MB"),
    ):
        refused = await m.host.uses("/reading-host questions import", m.channel, file=(name, content))
        assert told in refused.everything
    exported = await m.host.uses("/reading-host export", m.channel)
    assert exported.message.files


HOSTILE_NAMES = ("@everyone", "`` ` ``", "\u202eada", "\u200b\u200b", "[Ada](https://evil.example)", "**#1**\n# x")


async def test_hostile_names_and_texts_ping_nobody_and_break_nothing(m: Meeting) -> None:
    people = [m.person(name) for name in HOSTILE_NAMES]
    eve, role = people[0], m.guild.role("everyone else", mentionable=True)
    await m.a_group()
    await m.at(9)
    post, thread = await m.asked()
    texts = [
        f"@everyone @here {eve.mention} <@&{role.id}> come and read this long answer of mine, all of you now",
        "```\nnever closed, because this is how somebody breaks the layout of a whole digest for fun",
        "[click](https://evil.example/x) ||spoiler|| ~~gone~~ > quoted and # a heading and - a list, all in a row",
        "\u202eesrever ni si siht dna\u2066 it goes on and on for a while until nobody can read it any more",
        "### Fake heading\n> fake quote of somebody else\n— Ben · 40 agree · [↗](https://evil.example)\n- and a list",
        "word " * 799,
    ]
    for number, person in enumerate(people):
        await person.says(thread, texts[number])
        await person.says(thread, texts[number - 1])
        await person.submits(await person.presses(post, "Answer"), text="@everyone " + texts[4])
    await m.settle()
    await m.until(lambda: m.count_said(3 * len(people)))
    for _ in range(6):
        await m.at(9)
    await m.at(18)
    seen = [view for place in (m.channel, *m.channel.threads()) for view in place.visible()]
    ours = [view for view in seen if view.state.author is m.server.bot]
    assert [view.pings for view in ours if view.pings] == []
    digest = next(view for view in ours if "answers from 6 members" in view.everything)
    for line in digest.everything.splitlines():
        assert not line.startswith(("# ", "```"))
    assert "](https://evil.example" not in digest.everything.replace("\\]\\(", "").replace("\\](", "")
    assert digest.everything.count("\n— ") == digest.everything.count("[↗](https://discord.com/")
    found = await eve.uses("/reading search", m.channel, words="@everyone")
    assert [view.pings for view in found.messages if view.pings] == []


async def test_a_member_who_is_called_differently_in_the_server_keeps_that_name(m: Meeting) -> None:
    ada = m.person("Ada")
    ada.state.nick = "Countess"
    await m.a_group()
    await m.at(9)
    _, thread = await m.asked()
    said = await ada.says(thread, RULES)
    await m.until_recorded(said.text)
    m.server.faults.invalidate(resumable=False)
    await m.server.until(lambda: m.server.requests("GET", "/channels/{channel_id}/messages"))
    m.clock.advance(timedelta(seconds=1))
    assert {message.member.name for message in await m.said()} == {"Countess"}

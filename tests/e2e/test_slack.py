"""A reading group in a Slack workspace, as its members and hosts live it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import nullcontext
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.model import Order
from bot.platforms.slack import interactions
from tests.standins.seeds import write_set
from tests.standins.slack import MessageView
from tests.standins.workspace import Office, a_workspace, office

RULES = "Prices move faster than rules, which is why nobody follows them for very long."
DOUBT = "I doubt it, because a rule that is enforced moves prices, and not the other way round."
FORM = "A queue is fair only as long as everybody's time costs the same, which it never does."

KINDS = {
    "open-one": "",
    "choice-one": "kind: choice\n    options: [A queue, A price, A lottery]",
    "forecast-one": "kind: forecast\n    forecast: {answer: probability, resolves: A court says so., by: 2031-01-01}",
}


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        yield o


def written(o: Office) -> MessageView:
    """Return the channel's latest message."""
    return o.channel.visible()[-1]


@pytest.mark.parametrize("http", [False, True], ids=["by socket", "over HTTP"])
async def test_a_week_from_setup_to_digest(tmp_path: Path, http: bool) -> None:
    async with office(tmp_path, http=http) as o:
        ada, ben, cem = (o.person(name) for name in ("Ada", "Ben", "Cem"))
        refused = await ada.uses("/reading-host setup zone:UTC", o.channel)
        assert "for hosts" in refused.text
        assert refused.ephemeral
        opened = await o.host.uses("/reading-host setup", o.channel)
        wrong = await o.host.submits(opened, zone="Atlantis")
        assert "Atlantis" in " ".join(wrong.errors.values())
        done = await o.host.submits(opened, zone="UTC", at="09:00", set="commons")
        assert "is set up" in done.text
        assert "Before it works" not in done.text
        assert done.ephemeral
        await o.settle()
        assert "is recorded" in written(o).text

        for day in range(7):
            await o.at(9)
            post = await o.asked()
            assert post.buttons == ["Answer", "My answers", "Background"]
            assert "What about number-" in post.notification
            if day == 0:
                said = await ada.says(post, RULES)
                doubt = await ben.says(post, DOUBT, also_in_channel=True)
                await ben.reacts(said, "+1::skin-tone-6")
                await cem.reacts(said, "thumbsup")
                await ada.reacts(doubt, "+1::skin-tone-2")
                recorded = await cem.submits(await cem.presses(post, "Answer"), text=FORM)
                assert recorded.ephemeral
                await o.settle()
                form = await o.channel.message(FORM)
                assert form.author == "Reading Group"
                assert "Cem" in form.text
                await ada.reacts(form, "woman-shrugging::skin-tone-4")
                await o.until_recorded(RULES, DOUBT, FORM)
                await o.until_votes({RULES: (2, 0, 0), DOUBT: (1, 0, 0), FORM: (0, 0, 1)})
        await o.at(18)

        digest = written(o)
        links = [url for _, url in digest.links]
        for text, author, where in ((RULES, "Ada", said), (DOUBT, "Ben", doubt)):
            assert text in digest.text
            assert f"— {author}" in digest.text
            assert where.link in links
        assert "3 answers from 3 members" in digest.text
        assert digest.pings == []

        await ada.edits(said, edited := "Prices move faster than rules, and that suits some of us rather well.")
        await o.until(lambda: o.says_of_first_round(edited))
        await o.later(minutes=11)
        assert edited in digest.text
        assert RULES not in digest.text
        await ben.deletes(doubt)
        await o.until(lambda: o.says_of_first_round(DOUBT, there=False))
        await o.later(minutes=1)
        await o.settle()
        assert DOUBT not in digest.text
        assert written(o).ts == digest.ts


async def test_lookups_are_for_the_asker_alone(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    await ada.says(await o.asked(), RULES)
    await o.until_recorded(RULES)
    for line, expected in (
        ("/reading", "/reading answer"),
        ("/reading today", "What about"),
        ("/reading question", "What about"),
        ("/reading topics", "Rules"),
        ("/reading readings", "The well"),
        ("/reading mine", RULES),
        ("/reading stats", "Answers"),
        ("/reading help", "/reading answer"),
        ("/reading search prices", RULES),
        ('/reading search words:"faster than"', RULES),
        ("/reading tody", "/reading today"),
    ):
        answer = await ada.uses(line, o.channel)
        assert expected in answer.text
        assert answer.ephemeral
    assert len(o.channel.visible()) == 1


async def test_in_threads_people_talk_to_the_bot_instead(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    post = await o.asked()
    said = await ada.says(post, RULES)
    await o.until_recorded(RULES)
    for words, expected in (("today", "What about"), ("search prices", RULES), ("help", "@Reading Group today")):
        answer = await ada.asks(post, words)
        assert expected in answer.text
        assert answer.ephemeral
        assert answer.message.state.thread_ts == post.ts
    in_channel = await ada.asks(o.channel, "mine")
    assert RULES in in_channel.text
    assert in_channel.message.state.thread_ts is None
    assert [one for one in post.replies if one.by_bot] == post.replies[:1]
    assert said.exists


async def test_what_takes_long_is_shown_all_the_same(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    with patch.object(interactions, "PATIENCE", 0.0):
        post = await o.asked()
        recorded = await ada.submits(await ada.presses(post, "Answer"), text=FORM)
        assert "Recorded" in recorded.text
        assert recorded.ephemeral


async def test_answers_by_button_choice_and_forecast(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds", "commons", KINDS)
    async with office(tmp_path) as o:
        ada = o.person("Ada")
        await o.a_group(order=Order.READING)
        for _ in range(3):
            await o.at(9)
        posts = {kind: next(v for v in o.channel.visible() if kind in v.text) for kind in KINDS}

        opened = await ada.presses(posts["open-one"], "Answer")
        assert [field.label for field in opened.form.fields] == ["Your answer"]
        await ada.submits(opened, text=FORM)
        await o.settle()
        shown = await o.channel.message(FORM)
        again = await ada.presses(posts["open-one"], "Answer")
        assert again.form.field("text").value == FORM
        await ada.submits(again, text=RULES)
        await o.settle()
        assert RULES in shown.text
        await ada.submits(await ada.presses(posts["open-one"], "Answer"), text="")
        await o.settle()
        assert not shown.exists

        assert posts["choice-one"].buttons[:3] == ["A queue", "A price", "A lottery"]
        picked = await ada.presses(posts["choice-one"], "A price")
        assert "A price" in picked.text
        changed = await ada.presses(posts["choice-one"], "Answer")
        assert changed.form.field("pick").value == "A price"
        await ada.submits(changed, pick="A lottery", text=DOUBT)
        await o.settle()
        assert "A lottery" in (await o.channel.message(DOUBT)).text

        estimate = await ada.presses(posts["forecast-one"], "Answer")
        assert estimate.form.fields[0].label == "Your probability in percent (0 to 100)"
        wrong = await ada.submits(estimate, pick="lots", text=DOUBT)
        assert "is not a probability" in wrong.form.text
        assert wrong.form.field("text").value == DOUBT
        await ada.submits(wrong, pick="0.7", text=DOUBT)
        await o.settle()
        assert "70%" in (await o.channel.message("70%")).text
        background = await ada.presses(posts["forecast-one"], "Background")
        assert "A court says so" in background.text


async def test_buttons_still_work_after_a_restart(tmp_path: Path) -> None:
    async with a_workspace(tmp_path) as o:
        async with o.running():
            await o.a_group()
            await o.at(9)
            post = await o.asked()
            opened = await o.person("Ada").presses(post, "Answer")
        async with o.running():
            await o.person("Ada").submits(opened, text=FORM)
            await o.settle()
            await o.channel.message(FORM)
            assert FORM in (await o.person("Ada").presses(post, "My answers")).text


async def test_hosts_choose_what_a_digest_quotes_from_a_messages_menu(o: Office) -> None:
    ada, ben = o.person("Ada"), o.person("Ben")
    await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
    await o.at(9)
    post = await o.asked()
    hidden, kept = await ada.says(post, RULES), await ben.says(post, DOUBT)
    await o.until_recorded(RULES, DOUBT)
    refused = await ada.invokes_shortcut("Hide from digest", kept)
    assert "for hosts" in refused.text
    answer = await o.host.invokes_shortcut("Hide from digest", hidden)
    assert answer.ephemeral
    for _ in range(6):
        await o.at(9)
    await o.at(18)
    assert DOUBT in written(o).text
    assert RULES not in written(o).text


async def test_a_home_of_ones_own_shows_questions_answers_and_for_hosts_the_settings(o: Office) -> None:
    ada = o.person("Ada")
    await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
    await o.at(9)
    home = await ada.opens_home()
    assert "What about number-" in home.text
    assert "Question set" not in home.text
    opened = await ada.presses(home, "Answer")
    shown = await ada.submits(opened, text=FORM)
    assert "Recorded" in shown.form.text
    await o.server.until(lambda: FORM in ada.home().text)
    await o.settle()
    assert FORM in (await o.channel.message(FORM)).text
    hosts = await o.host.opens_home()
    assert "Question set" in hosts.text
    settings = await o.host.presses(hosts, "Change the schedule")
    changed = await o.host.submits(settings, at="10:00")
    assert "10:00" in changed.form.text
    await o.server.until(lambda: "10:00" in o.host.home().text)


async def test_only_people_are_recorded_and_only_in_threads_of_rounds(o: Office) -> None:
    ada, robot = o.person("Ada"), o.team.other_bot("Robot")
    await o.a_group()
    await o.at(9)
    post = await o.asked()
    lunch = await ada.says(o.channel, "In the channel itself I only say hello to everyone of you.")
    await ada.says(lunch, "At noon, I would say, unless somebody has a better idea.")
    await robot.says(post, "Beep, and I have quite a lot more to say about this question.")
    o.team.member("Newcomer").joins(o.team.channel("other"))
    said = await ada.says(post, RULES, also_in_channel=True)
    await robot.reacts(said, "+1")
    await o.person("Ben").reacts(said, "tada")
    await o.person("Ben").reacts(said, "-1")
    await o.until_votes({RULES: (0, 1, 0)})
    assert [message.text for message in await o.said()] == [RULES]


async def test_reactions_that_are_taken_back_count_no_more(o: Office) -> None:
    ada, ben = o.person("Ada"), o.person("Ben")
    await o.a_group()
    await o.at(9)
    said = await ada.says(await o.asked(), RULES)
    for _ in range(20):
        await ben.reacts(said, "+1")
        await ben.unreacts(said, "+1")
    await ben.reacts(said, "+1")
    await o.person("Cem").reacts(said, "-1")
    await o.until_votes({RULES: (1, 1, 0)})
    await o.person("Cem").unreacts(said, "-1")
    await o.until_votes({RULES: (1, 0, 0)})


async def test_a_vote_in_two_colours_is_one_and_stays_until_both_are_taken_back(o: Office) -> None:
    ben = o.person("Ben")
    await o.a_group()
    await o.at(9)
    said = await o.person("Ada").says(await o.asked(), RULES)
    await ben.reacts(said, "+1")
    await ben.reacts(said, "+1::skin-tone-3")
    await o.until_votes({RULES: (1, 0, 0)})
    await ben.unreacts(said, "+1")
    told = len(o.server.events.told)
    await o.server.until(lambda: o.server.events.acknowledged >= told)
    assert await o.votes() == {RULES: (1, 0, 0)}
    await ben.unreacts(said, "+1::skin-tone-3")
    await o.until_votes({})


async def test_what_is_typed_is_kept_as_people_read_it(o: Office) -> None:
    ada, ben = o.person("Ada"), o.person("Ben")
    await o.a_group()
    await o.at(9)
    post = await o.asked()
    owls = f"<!subteam^{o.team.usergroup('night-owls', ben).id}>"
    words = f"{ben.mention} in {o.channel.mention} & {owls} @here: *see* https://a.example/x?a=1&b=2 :tada:"
    await ada.says(post, words, files={"a.png": b"", "b.txt": b"x"})
    await ada.says(post, "1 < 2 & 3 > 2, and <@U404> is nobody; `x` and\n```\ncode\n```")
    await o.until_recorded(
        "@Ben in #reading & @night-owls @here: see https://a.example/x?a=1&b=2 🎉\n[a.png] [b.txt]",
        "1 < 2 & 3 > 2, and <@U404> is nobody; x and\ncode",
    )


@pytest.mark.parametrize("unseen", [False, True], ids=["seen", "unseen"])
async def test_a_question_whose_post_is_deleted_keeps_its_answers_and_takes_new_ones(o: Office, unseen: bool) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    post = await o.asked()
    await ada.says(post, RULES)
    await o.until_recorded(RULES)
    async with o.server.faults.gap() if unseen else nullcontext():
        await o.host.deletes(post)
        await ada.says(post, DOUBT)
    await o.until_recorded(RULES, DOUBT)


HOSTILE_NAMES = ("<!channel>", "`` ` ``", "\u202eada", "\u200b\u200b", "<https://evil.example|Ada>", "*#1*\n> x")


async def test_hostile_names_and_texts_ping_nobody_and_break_nothing(o: Office) -> None:
    people = [o.person(name) for name in HOSTILE_NAMES]
    eve = people[0]
    await o.a_group()
    await o.at(9)
    post = await o.asked()
    texts = [
        f"<!channel> @channel @here <!everyone> {eve.mention} come and read this long answer of mine, all of you now",
        "```\nnever closed, because this is how somebody breaks the layout of a whole digest for fun",
        "<https://evil.example/x|click> *bold* _italic_ ~gone~ > quoted &lt;!channel&gt; and # a heading, all in a row",
        "\u202eesrever ni si siht dna\u2066 it goes on and on for a while until nobody can read it any more",
        ">>> fake quote of somebody else\n— Ben · 40 agree <https://evil.example|↗>\n• and a list\n:tada:",
        "word " * 799,
    ]
    for number, person in enumerate(people):
        await person.says(post, texts[number], plainly=True)
        await person.says(post, texts[number - 1])
        await person.submits(await person.presses(post, "Answer"), text="<!here> " + texts[4][:2900])
    await o.settle()
    await o.until(lambda: o.count_said(3 * len(people)))
    for _ in range(6):
        await o.at(9)
    await o.at(18)
    ours = [view for view in o.channel.everything() if view.by_bot]
    assert [view.pings for view in ours if view.pings] == []
    digest = next(view for view in ours if "answers from 6 members" in view.text)
    pieces = [digest, *digest.replies]
    assert not any(words != url and "evil" in url for piece in pieces for words, url in piece.links)
    assert not any("<" in piece.state.text for piece in pieces)
    everything = "\n".join(piece.text for piece in pieces)
    assert "<!channel> @channel" in everything
    assert everything.count("\n— ") >= everything.count(" ↗")
    found = await eve.uses("/reading search <!channel> @here", o.channel)
    assert [view.pings for view in found.messages if view.pings] == []


async def test_somebody_is_called_what_they_call_themselves_now(o: Office) -> None:
    ada = o.team.member("Ada Lovelace", display_name="Countess")
    await o.a_group()
    await o.at(9)
    await ada.says(await o.asked(), RULES)
    await o.until_recorded(RULES)
    assert {message.member.name for message in await o.said()} == {"Countess"}


async def test_in_a_private_channel(tmp_path: Path) -> None:
    async with a_workspace(tmp_path) as o:
        o.channel = o.team.channel("secret", private=True)
        async with o.running():
            done = await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
            assert "is set up" in done.text
            await o.at(9)
            await o.person("Ada").says(await o.asked(), RULES)
            await o.until_recorded(RULES)


async def test_commands_work_in_direct_messages_between_people(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    answer = await ada.uses("/reading today", o.team.between(ada, o.person("Ben")))
    assert answer.ephemeral
    assert "What about" in answer.text


async def test_a_host_decides_on_a_suggestion_in_direct_messages(o: Office) -> None:
    ada = o.person("Ada")
    await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
    form = await ada.uses("/reading suggest", o.channel)
    await ada.submits(form, text="Who pays for the well when it runs dry in summer?", topic="Rules")
    await o.server.until(lambda: o.host.inbox())
    told = o.host.inbox()[-1]
    assert told.buttons == ["Accept", "Edit and accept", "Decline", "Later"]
    declined = await o.host.presses(told, "Decline")
    await o.host.submits(declined, quietly=True, reason="We had that one.")
    await o.server.until(lambda: any("We had that one" in one.text for one in ada.inbox()))


async def test_a_table_of_questions_is_taken_from_a_file_and_given_back_as_one(o: Office) -> None:
    await o.host.uses("/reading-host setup zone:UTC at:09:00 set:commons", o.channel)
    table = b"question,topic\nWho digs the well?,Rules\nWho closes it?,Rules\n"
    opened = await o.host.uses("/reading-host questions import", o.channel)
    (upload,) = [field for field in opened.form.fields if field.kind == "file_input"]
    added = await o.host.submits(opened, {upload.label: {"q.csv": table}})
    assert "Added 2 questions" in added.text
    before = len(o.host.inbox())
    await o.host.uses("/reading-host export", o.channel)
    await o.server.until(lambda: any(one.files for one in o.host.inbox()[before:]))

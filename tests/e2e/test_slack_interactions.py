"""Commands, buttons and forms on Slack, as members and hosts use them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.model import Author, Order, Ref
from bot.platforms.slack import interactions
from tests.standins.program import a_group, rounds_of
from tests.standins.seeds import write_set
from tests.standins.slack import Answer
from tests.standins.workspace import Office, channel_of, office

SAID = "Prices move faster than rules, which is why nobody follows them for very long."
OTHER = "I doubt it, because a rule that is enforced moves prices, and not the other way round."
KINDS = {
    "choice-one": "kind: choice\n    options: [A queue, R&D <b>, A lottery]",
    "forecast-one": "kind: forecast\n    forecast: {answer: probability, resolves: A court says so., by: 2031-01-01}",
}
CSV = b"question,topic\nWho gains?,Rules\nWho loses?,Rules\n"


@pytest.fixture
async def o(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as o:
        yield o


@pytest.fixture(params=["socket", "http"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, http=request.param == "http") as o:
        yield o


async def test_a_reply_is_for_the_asker_alone_and_shows_commands_as_they_are_typed(o: Office) -> None:
    answer = await o.person("Ada").uses("/reading help", o.channel)
    assert answer.ephemeral
    assert "/reading answer [question:…] [text]" in answer.text
    assert "/reading-host" not in answer.text.replace("/reading-host setup", "")


async def test_a_command_that_does_not_exist_is_answered_with_the_nearest(o: Office) -> None:
    answer = await o.person("Ada").uses("/reading serch ai", o.channel)
    assert "Did you mean /reading search?" in answer.text


async def test_a_form_asks_for_what_is_missing(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    form = (await ada.uses("/reading search", o.channel)).form
    assert [field.required for field in form.fields] == [True]
    found = await ada.submits(form, words="number-")
    assert "What about number-" in found.text
    assert found.ephemeral


async def test_an_answer_is_given_changed_and_withdrawn_through_its_form(either: Office) -> None:
    o = either
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    question = await o.asked()
    answer = await ada.submits(await ada.presses(question, "Answer"), text=SAID)
    assert "Recorded" in answer.text
    assert answer.ephemeral
    await o.settle()
    await o.until(lambda: _shows(o, SAID))

    form = (await ada.presses(question, "Answer")).form
    assert form.field("text").value == SAID
    await ada.submits(form, text=OTHER)
    await o.settle()
    await o.until(lambda: _shows(o, OTHER))
    assert not await _shows(o, SAID)

    mine = await ada.presses(question, "My answers")
    assert OTHER in mine.text
    withdrawn = await ada.submits(await ada.uses("/reading answer", o.channel), text="")
    assert "Withdrawn" in withdrawn.text


async def _shows(o: Office, text: str) -> bool:
    return any(text in one.text for one in (await o.asked()).replies)


async def test_a_form_that_is_refused_stays_open_with_what_was_written(either: Office) -> None:
    o = either
    form = (await o.host.uses("/reading-host setup", o.channel)).form
    refused = await o.host.submits(form, zone="Atlantis", at="09:00", set="commons")
    assert list(refused.errors.values()) == ["there is no time zone “Atlantis”; write one such as Europe/Paris."] or (
        "Atlantis" in str(refused.errors)
    )
    assert form.view.open
    assert not refused.messages
    done = await o.host.submits(form, zone="UTC", at="09:00", set="commons")
    assert "is set up" in done.text


async def test_a_refusal_without_a_field_stands_above_the_form(o: Office) -> None:
    await o.a_group()
    form = (await o.host.uses("/reading-host questions add", o.channel)).form
    refused = await o.host.submits(form, text="Who gains?", follow_ups="Why? " * 100)
    assert "⚠️" in refused.form.text
    assert refused.form.view.open
    done = await o.host.submits(refused.form, text="Who gains from a rule that nobody keeps?", follow_ups="")
    assert "Added as" in done.text


async def test_choices_are_made_with_buttons_and_forecasts_in_a_form(tmp_path: Path) -> None:
    write_set(tmp_path / "seeds", "commons", KINDS)
    async with office(tmp_path) as o:
        ada = o.person("Ada")
        await o.a_group(order=Order.READING)
        await o.at(9)
        await o.at(9)
        choice, forecast = [await o.channel.message(kind) for kind in KINDS]
        assert choice.buttons == ["A queue", "R&D <b>", "A lottery", "Answer", "My answers", "Background"]
        done = await ada.presses(choice, "R&D <b>")
        assert "R&D <b>" in done.text
        form = (await ada.presses(choice, "Answer")).form
        assert form.field("pick").value == "R&D <b>"
        await ada.submits(form, pick="A lottery", text=SAID)
        assert "A lottery" in (await ada.presses(choice, "My answers")).text

        form = (await ada.presses(forecast, "Answer")).form
        refused = await ada.submits(form, pick="soon")
        assert refused.form.view.open
        assert "⚠️" in refused.form.text
        assert "40%" in (await ada.submits(refused.form, pick="40")).text


async def test_whoever_is_no_host_is_told_so_and_an_admin_is_one(o: Office) -> None:
    await o.a_group()
    ada, boss = o.person("Ada"), o.team.member("Boss", admin=True)
    assert "is for hosts" in (await ada.uses("/reading-host status", o.channel)).text
    assert "is for hosts" not in (await boss.uses("/reading-host status", o.channel)).text


async def test_a_host_is_named_by_mention_or_picked_from_the_form(o: Office) -> None:
    await o.a_group()
    ada, ben = o.person("Ada"), o.person("Ben")
    assert "Ada" in (await boss_uses(o, "/reading-host hosts add @ada")).text
    assert "is for hosts" not in (await ada.uses("/reading-host status", o.channel)).text
    form = (await boss_uses(o, "/reading-host hosts add")).form
    assert "Ben" in (await o.host.submits(form, member=ben.id)).text
    assert "Type @ and pick" in (await boss_uses(o, "/reading-host hosts add nobody")).text


async def boss_uses(o: Office, line: str) -> Answer:
    return await o.host.uses(line, o.channel)


async def test_what_is_looked_up_in_a_form_is_suggested_while_it_is_typed(either: Office) -> None:
    o = either
    ada = o.person("Ada")
    group = await o.a_group()
    await o.at(9)
    [asked] = await rounds_of(o.app, group)
    host_form = (await o.host.uses("/reading-host questions retire", o.channel)).form
    assert asked.question.id in [value for _, value in await o.host.looks_up(host_form, "reading-complete-id", "what")]
    theirs = await o.host.looks_up(host_form, "reading-complete-id", "")
    assert theirs
    assert await ada.looks_up(host_form, "reading-complete-id", "") == [], "hosts' questions are for hosts"


async def test_questions_are_imported_from_a_file_or_from_what_is_pasted(o: Office) -> None:
    await o.a_group()
    form = (await o.host.uses("/reading-host questions import", o.channel)).form
    nothing = await o.host.submits(form)
    assert list(nothing.errors.values()) == ["Choose a file, or paste its text below."]
    done = await o.host.submits(form, file={"questions.csv": CSV})
    assert "Added 2 questions of 2 in questions.csv." in done.text

    form = (await o.host.uses("/reading-host questions import", o.channel)).form
    refused = await o.host.submits(form, file={"picture.png": b"\x89PNG\x00\x01"})
    assert "is not a text file" in refused.form.text
    pasted = await o.host.submits(
        refused.form, {"Or paste its text here": "Who pays, and why?\nWho decides?\nWho cares?"}, file={}
    )
    assert "Added 3 questions of 3 in pasted.txt" in pasted.text
    form = (await o.host.uses("/reading-host questions import", o.channel)).form
    table = await o.host.submits(form, {"Or paste its text here": "Topic;Question\nRules;Who knows, really?"})
    assert "Added 1 question of 1 in pasted.csv" in table.text


async def test_a_file_that_is_too_large_or_out_of_reach_is_refused_in_the_form(o: Office) -> None:
    await o.a_group()
    form = (await o.host.uses("/reading-host questions import", o.channel)).form
    refused = await o.host.submits(form, file={"questions.csv": b"question\n" + b"x" * 1_000_000})
    assert "is larger than 1 MB" in refused.form.text
    o.team.lacks("files:read")
    refused = await o.host.submits(form, file={"questions.csv": CSV})
    assert "questions.csv could not be fetched. Choose it again." in refused.form.text


async def test_files_come_as_a_direct_message(o: Office) -> None:
    await o.a_group()
    form = (await o.host.uses("/reading-host questions add", o.channel)).form
    await o.host.submits(form, text="Who gains from a rule that nobody keeps?", topic="Rules")
    answer = await o.host.uses("/reading-host export", o.channel)
    assert "in your direct messages" in answer.text
    names = {name for message in o.host.inbox() for name in message.files}
    assert any(name.endswith(".yaml") for name in names)
    assert not any(message.files for message in o.channel.everything())


async def test_a_host_decides_on_a_suggestion_in_direct_messages(o: Office) -> None:
    ada = o.person("Ada")
    host = Author("slack", Ref(o.host.id), o.host.name)
    await a_group(o.app, o.place, hosts=[host])
    suggested = "Who gains from a rule that nobody keeps?"
    await ada.submits(await ada.uses("/reading suggest", o.channel), text=suggested)
    await o.server.until(lambda: any(suggested in one.text for one in o.host.inbox()))
    [told] = [one for one in o.host.inbox() if suggested in one.text]
    form = (await o.host.presses(told, "Edit and accept")).form
    assert form.field("text").value == suggested
    accepted = await o.host.submits(form)
    assert "Accepted as" in accepted.text
    assert accepted.ephemeral
    assert accepted.message.state.channel_id == told.state.channel_id, "it is answered where it was asked"
    assert any("accepted" in one.text.lower() for one in ada.inbox())


async def test_mentions_work_in_threads_where_slash_commands_do_not(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    question = await o.asked()
    today = await ada.asks(question, "today")
    assert "What about number-" in today.text
    assert today.ephemeral
    assert today.message.state.thread_ts == question.ts
    help_ = await ada.asks(question, "help")
    assert "@Reading Group answer" in help_.text
    assert "/reading answer" not in help_.text
    wrong = await ada.asks(question, "serch ai")
    assert "Did you mean @Reading Group search?" in wrong.text
    in_channel = await ada.asks(o.channel, "help")
    assert "/reading answer" in in_channel.text


async def test_a_form_asked_for_by_mention_opens_with_a_button(either: Office) -> None:
    o = either
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    offered = await ada.asks(await o.asked(), "answer")
    assert offered.buttons == ["Open the form"]
    done = await ada.submits(await ada.presses(offered, "Open the form"), text=SAID)
    assert "Recorded" in done.text


async def test_whoever_answers_in_the_thread_is_answered_there(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    question = await o.asked()
    [opening] = [one for one in question.replies if "Answer" in one.buttons]
    done = await ada.submits(await ada.presses(opening, "Answer"), text=SAID)
    assert "Recorded" in done.text
    assert done.message.state.thread_ts == question.ts
    assert "@Reading Group answer again changes it" in done.text
    o.server.faults.fail(500, "response_url")
    again = await ada.submits(await ada.presses(opening, "Answer"), text=OTHER)
    assert again.message.state.thread_ts == question.ts
    in_channel = await ada.submits(await ada.presses(question, "Answer"), text=SAID)
    assert in_channel.message.state.thread_ts is None


async def test_in_a_thread_that_the_bot_is_kept_out_of_whoever_asks_is_answered_in_the_channel(o: Office) -> None:
    await o.a_group()
    await o.at(9)
    said = await o.person("Ada").says(await o.asked(), SAID)
    await o.until_recorded(SAID)
    kept = await o.host.invokes_shortcut("Hide from digest", said)
    assert kept.message.state.thread_ts == said.state.thread_ts
    o.channel.remove_bot()
    told = await o.host.invokes_shortcut("Hide from digest", said)
    assert (told.ephemeral, told.message.state.thread_ts) == (True, None)
    assert o.host.inbox() == []


async def test_whoever_only_mentions_the_bot_in_passing_is_left_alone(o: Office) -> None:
    ada = o.person("Ada")
    await ada.says(o.channel, f"I like {o.team.bot_mention} today")
    await ada.uses("/reading help", o.channel)
    assert len(ada.whispers()) == 1


async def test_a_mention_that_comes_twice_is_answered_once(o: Office) -> None:
    await o.a_group()
    o.server.faults.duplicate(2)
    await o.host.asks(o.channel, "status")
    await o.host.uses("/reading help", o.channel)
    await o.server.until(lambda: not o.server.events.duplicate_next)
    assert len([one for one in o.host.whispers() if "Next question" in one.text]) == 1


async def test_hosts_hide_and_quote_messages_from_their_menu(either: Office) -> None:
    o = either
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    said = await ada.says(await o.asked(), SAID)
    await o.until_recorded(SAID)
    hidden = await o.host.invokes_shortcut("Hide from digest", said)
    assert "No digest quotes this message" in hidden.text
    assert hidden.ephemeral
    back = await o.host.presses(hidden, "Take it back")
    assert "Taken back" in back.text
    assert "quotes this answer" in (await o.host.invokes_shortcut("Quote in digest", said)).text
    assert "is for hosts" in (await ada.invokes_shortcut("Hide from digest", said)).text
    by_link = await o.host.uses(f"/reading-host hide {said.link}", o.channel)
    assert "No digest quotes this message" in by_link.text


async def test_where_the_bot_is_not_it_still_answers(o: Office) -> None:
    ada = o.person("Ada")
    elsewhere = o.team.channel("elsewhere", bot_inside=False)
    assert "/reading answer" in (await ada.uses("/reading help", elsewhere)).text
    form = (await o.host.uses("/reading-host setup", elsewhere)).form
    done = await o.host.submits(form, zone="UTC", set="commons")
    assert "is set up" in done.text
    assert "/invite" in done.text


async def test_when_slacks_address_for_the_answer_fails_the_answer_comes_all_the_same(o: Office) -> None:
    ada = o.person("Ada")
    o.server.faults.fail(500, "response_url")
    answer = await ada.uses("/reading help", o.channel)
    assert answer.ephemeral
    o.server.faults.fail(500, "response_url")
    elsewhere = o.team.channel("elsewhere", bot_inside=False)
    await ada.uses("/reading help", elsewhere, quietly=True)
    await o.server.until(lambda: any("/reading answer" in one.text for one in ada.inbox()))


async def test_a_form_that_comes_too_late_is_offered_with_a_button(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    o.server.faults.error("views.open", "expired_trigger_id")
    offered = await ada.uses("/reading answer", o.channel)
    assert offered.buttons == ["Open the form"]
    assert (await ada.presses(offered, "Open the form")).form.field("text").required


async def test_a_form_that_takes_long_closes_and_is_answered_later(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    form = (await ada.presses(await o.asked(), "Answer")).form
    with patch.object(interactions, "PATIENCE", 0.02):
        async with o.app.context.database.write():
            await ada.submits(form, text=SAID, quietly=True)
            assert not form.view.open
            assert not ada.whispers()
    await o.server.until(lambda: any("Recorded" in one.text for one in ada.whispers()))


async def test_what_was_written_comes_back_when_a_slow_form_is_refused(o: Office) -> None:
    await o.a_group()
    form = (await o.host.uses("/reading-host questions add", o.channel)).form
    written = "Who gains from a rule that nobody keeps, and how would we know?"
    with patch.object(interactions, "PATIENCE", 0):
        await o.host.submits(form, text=written, follow_ups="Why? " * 100, quietly=True)
    await o.server.until(lambda: any(written in one.text for one in o.host.whispers()))


async def test_a_long_reply_comes_in_several_messages_for_the_asker_alone(o: Office) -> None:
    await o.a_group()
    answer = await o.host.uses("/reading help", o.channel)
    await answer.next()
    assert all(one.ephemeral for one in answer.messages)
    assert "/reading today" in answer.messages[0].text
    assert "/reading-host hosts remove" in answer.messages[-1].text


async def test_somebody_whom_slack_does_not_name_is_told_to_try_again(o: Office) -> None:
    ada = o.person("Ada")
    o.server.faults.error("users.info", "fatal_error", times=9)
    assert "Try again" in (await ada.uses("/reading today", o.channel)).text
    o.server.faults.clear()
    assert "No reading group" in (await ada.uses("/reading today", o.channel)).text


async def test_the_home_shows_what_concerns_its_owner(either: Office) -> None:
    o = either
    ada, ben = o.person("Ada"), o.person("Ben")
    await o.a_group()
    await o.at(9)
    home = await ada.opens_home()
    assert "Readers" in home.text
    assert "What about number-" in home.text
    assert "You have not answered it yet." in home.text
    assert home.buttons == ["Answer", "Background"]

    before = home.view.version
    thanks = await ada.submits(await ada.presses(home, "Answer"), text=SAID)
    assert "Recorded" in thanks.form.text
    await o.server.until(lambda: home.view.version > before)
    assert SAID in home.text
    assert home.buttons[0] == "Change your answer"
    assert SAID not in (await ben.opens_home()).text
    background = await ada.presses(home, "Background")
    assert "What about number-" in background.form.text


async def test_the_home_of_a_host_has_the_groups_settings(o: Office) -> None:
    await o.a_group()
    home = await o.host.opens_home()
    assert "Next question" in home.text
    form = (await o.host.presses(home, "Change the schedule")).form
    assert form.field("zone").value == "UTC"
    before = home.view.version
    done = await o.host.submits(form, at="10:30")
    assert "is changed" in done.form.text
    await o.server.until(lambda: home.view.version > before)
    assert "10:30" in home.text
    rest = (await o.host.presses(home, "Change the rest")).form
    assert rest.field("name").value == "Readers"
    assert "Next question" in (await o.host.presses(home, "How it stands")).form.text


async def test_a_reply_over_the_home_has_buttons_that_work(o: Office) -> None:
    await o.a_group()
    home = await o.host.opens_home()
    form = (await o.host.presses(home, "Change the rest")).form
    done = await o.host.submits(form, name="Evening readers")
    assert "Evening readers is changed." in done.form.text
    again = await o.host.presses(done.form, done.form.buttons[0])
    assert again.form.fields
    await o.server.until(lambda: "Evening readers" in o.host.home().text)


async def test_what_comes_too_late_for_the_home_comes_as_a_direct_message(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    home = await ada.opens_home()
    o.server.faults.error("views.open", "expired_trigger_id")
    await ada.presses(home, "Background", quietly=True)
    await o.server.until(lambda: any("What about number-" in one.text for one in ada.inbox()))


async def test_the_home_says_nothing_of_a_channel_that_its_owner_is_not_in(o: Office) -> None:
    secret = o.team.channel("secret", private=True)
    eve = o.person("Eve")
    eve.leaves(secret)
    await a_group(o.app, channel_of(secret), slug="conspirators")
    await o.at(9)
    home = await eve.opens_home()
    assert "Conspirators" not in home.text
    assert "What about" not in home.text
    assert "Conspirators" in (await o.host.opens_home()).text


async def test_the_home_has_the_last_digests(o: Office) -> None:
    ada = o.person("Ada")
    await o.a_group()
    await o.at(9)
    await ada.says(await o.asked(), SAID)
    await o.until_recorded(SAID)
    await o.at(10)
    await o.host.uses("/reading-host digest now", o.channel)
    home = await ada.opens_home()
    [digest] = [label for label in home.buttons if label.startswith("Readers:")]
    assert SAID in (await ada.presses(home, digest)).form.text

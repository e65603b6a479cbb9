"""From what is typed after a slash to a command and its arguments."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.commands.arguments import check_arguments
from bot.commands.help import TABLE
from bot.commands.parse import parse_command
from bot.commands.table import HOSTS, MEMBERS, Command
from bot.errors import ChatError

TODAY = date(2030, 1, 7)
ROOTS = st.sampled_from([MEMBERS, HOSTS])
NAMES = st.sampled_from([command.name for command in TABLE.values()])


def parsed(line: str) -> tuple[str, dict[str, str]]:
    """Return the full name and the arguments of `/root command …`."""
    root, _, rest = line.removeprefix("/").partition(" ")
    command, arguments = parse_command(TABLE, root, rest)
    return command.full_name, arguments


def refusal(line: str) -> str:
    with pytest.raises(ChatError) as caught:
        parsed(line)
    return str(caught.value)


def parsed_or_refused(root: str, line: str) -> tuple[Command, dict[str, str]] | str:
    try:
        return parse_command(TABLE, root, line)
    except ChatError as error:
        return str(error)


def values(line: str) -> dict[str, object]:
    root, _, rest = line.removeprefix("/").partition(" ")
    command, arguments = parse_command(TABLE, root, rest)
    return check_arguments(command, arguments, TODAY)


def wrong(line: str) -> str:
    with pytest.raises(ChatError) as caught:
        values(line)
    return str(caught.value)


def test_a_command_is_known_by_its_words_in_any_case_and_spacing() -> None:
    assert parsed("/reading today") == ("reading today", {})
    assert parsed("/reading-host   Digest   NOW ") == ("reading-host digest now", {})


def test_nothing_after_the_slash_command_is_help() -> None:
    assert parsed("/reading") == parsed("/reading-host") == ("reading help", {})


def test_plain_words_are_arguments_in_the_order_of_the_parameters() -> None:
    assert parsed("/reading-host queue add some-id 2030-01-31")[1] == {"question": "some-id", "on": "2030-01-31"}


def test_named_arguments_come_in_any_order_and_before_plain_ones() -> None:
    assert parsed("/reading-host queue add on:tomorrow some-id")[1] == {"question": "some-id", "on": "tomorrow"}
    assert parsed("/reading-host queue add some-id ON:tomorrow")[1] == {"question": "some-id", "on": "tomorrow"}


def test_a_space_after_the_colon_makes_no_difference() -> None:
    assert parsed("/reading-host queue add on: tomorrow some-id")[1] == {"question": "some-id", "on": "tomorrow"}
    assert parsed("/reading-host setup zone: Europe/Paris at: 9:30 pm")[1] == {"zone": "Europe/Paris", "at": "9:30 pm"}


def test_a_named_argument_of_several_words_goes_on_until_the_next_name() -> None:
    schedule = "zone:new york at:9:30 pm days:mon, wed, fri digest:sun 18:00"
    assert parsed(f"/reading-host setup {schedule} name:Ada's circle order:topics")[1] == {
        "zone": "new york",
        "at": "9:30 pm",
        "days": "mon, wed, fri",
        "digest": "sun 18:00",
        "name": "Ada's circle",
        "order": "topics",
    }


@pytest.mark.parametrize("quoted", ['"fri 17:00"', "“fri 17:00”", "„fri 17:00“", "«fri 17:00»"])
def test_quoted_words_are_one_with_straight_and_curly_marks(quoted: str) -> None:
    assert parsed(f"/reading-host setup digest:{quoted} at:10:00")[1] == {"digest": "fri 17:00", "at": "10:00"}


def test_an_apostrophe_quotes_nothing() -> None:
    assert parsed("/reading-host setup name:Ada's readers\u2019 circle")[1] == {"name": "Ada's readers\u2019 circle"}


def test_a_mark_that_is_opened_must_be_closed() -> None:
    assert refusal('/reading-host setup name:"Evening') == (
        'A quotation mark is opened but never closed. Write "like this".'
    )


def test_one_word_too_many_is_told_with_the_usage() -> None:
    told = refusal("/reading today please")
    assert told == "I do not know what “please” is for in `/reading today`. Write `/reading today`."


def test_the_rest_of_a_line_is_taken_as_it_stands() -> None:
    text = 'It\'s "obvious": 5" of rain, isn\'t it? 🤷 so: yes'
    assert parsed(f"/reading answer {text}") == ("reading answer", {"text": text})
    assert parsed(f"/reading answer text:{text}")[1] == {"text": text}
    assert parsed(f"/reading answer question:some-id {text}")[1] == {"question": "some-id", "text": text}
    assert parsed("/reading answer one\ntwo  three")[1] == {"text": "one\ntwo  three"}


def test_what_must_be_given_comes_before_the_rest_of_a_line() -> None:
    assert parsed("/reading-host suggestions decline 3 we had this one")[1] == {
        "number": "3",
        "reason": "we had this one",
    }
    assert parsed("/reading-host suggestions decline 3")[1] == {"number": "3"}


def test_names_in_the_rest_of_a_line_lose_their_quotation_marks_and_words_keep_them() -> None:
    assert parsed('/reading topics "Everyday use"')[1] == {"topic": "Everyday use"}
    assert parsed('/reading search "exactly this"')[1] == {"words": '"exactly this"'}


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("/reading toady", "Did you mean `/reading today`?"),
        ("/reading serach compute", "Did you mean `/reading search`?"),
        ("/reading status", "Did you mean `/reading-host status`?"),
        ("/reading-host today", "Did you mean `/reading today`?"),
        ("/reading-host queue ad some-id", "Did you mean `/reading-host queue add`?"),
        ("/reading-host digest", "Try `/reading-host digest now`, `/reading-host digest preview`."),
        ("/reading xyzzy", "See them all with `/reading help`."),
    ],
)
def test_an_unknown_command_gets_one_line_with_the_nearest(line: str, hint: str) -> None:
    told = refusal(line)
    assert told.endswith(hint)
    assert "\n" not in told


def test_an_endless_unknown_command_is_not_repeated_whole() -> None:
    assert len(refusal("/reading " + "x" * 1_000_000)) < 200


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/reading-host next 7", {"count": 7}),
        ("/reading-host pause today", {"until": TODAY}),
        ("/reading-host pause tomorrow", {"until": date(2030, 1, 8)}),
        ("/reading-host pause 2030-01-31", {"until": date(2030, 1, 31)}),
        ("/reading-host setup at:9:30pm", {"at": time(21, 30)}),
        ("/reading-host setup days:mon-fri", {"days": frozenset(range(5))}),
        ("/reading-host setup zone:paris", {"zone": "Europe/Paris"}),
        ("/reading-host setup digest:sunday at 6pm", {"digest": (6, time(18))}),
        ("/reading-host setup order:Topics", {"order": "topics"}),
        ("/reading-host setup at:", {}),
    ],
)
def test_arguments_become_values(line: str, expected: dict[str, object]) -> None:
    assert values(line) == expected


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/reading-host next x", "count: “x” is not a number I can use; write one such as 3."),
        ("/reading-host next " + "9" * 5_000, "is not a number I can use; write one such as 3."),
        ("/reading-host next -1", "count: “-1” is not a number I can use; write one such as 3."),
        ("/reading-host pause someday", "until: “someday” is not a date; write it like 2030-01-07, today or tomorrow."),
        ("/reading-host pause 2030-02-30", "until: “2030-02-30” is not a date"),
        ("/reading-host setup at:25:00", "at: “25:00” is not a time of day"),
        ("/reading-host setup zone:Pari", "did you mean Europe/Paris"),
        ("/reading-host setup days:someday", "days: “someday” is not a day of the week"),
        ("/reading-host setup digest:sunday", "digest: “sunday” is not a weekday and a time; write it like sun 18:00."),
        ("/reading-host setup digest:mon-fri 9:00", "is not a weekday and a time"),
        ("/reading-host setup order:reeding", "order: “reeding” is not one of the choices. Did you mean reading?"),
        ("/reading-host setup order:random", "Write one of reading, shuffled, topics."),
        ("/reading search", "`/reading search` needs words: what to look for. Write `/reading search <words>`."),
    ],
)
def test_a_bad_or_missing_argument_is_told_in_one_line(line: str, told: str) -> None:
    found = wrong(line)
    assert told in found
    assert "\n" not in found
    assert len(found) < 300


@given(root=ROOTS, line=st.text())
@example(root=MEMBERS, line="\x00")
@example(root=HOSTS, line='setup name:"')
@example(root=HOSTS, line="setup :::")
@example(root=MEMBERS, line="answer\u2028text")
def test_any_line_is_a_command_or_one_sentence(root: str, line: str) -> None:
    outcome = parsed_or_refused(root, line)
    if isinstance(outcome, str):
        assert outcome.strip()
    else:
        command, arguments = outcome
        assert TABLE[command.full_name] is command
        assert arguments.keys() <= {parameter.name for parameter in command.parameters}


@given(name=NAMES, rest=st.text(st.sampled_from(list(" :\"“”'\u2019abz09/-,\n👍")), max_size=40))
def test_any_arguments_are_checked_or_refused_in_one_sentence(name: str, rest: str) -> None:
    root = next(command.root for command in TABLE.values() if command.name == name)
    outcome = parsed_or_refused(root, f"{name} {rest}")
    if isinstance(outcome, str):
        return
    command, arguments = outcome
    try:
        checked = check_arguments(command, arguments, TODAY)
    except ChatError:
        return
    assert checked.keys() <= {parameter.name for parameter in command.parameters}


@given(st.text(min_size=1).map(str.strip).filter(bool))
def test_an_answer_is_taken_word_for_word(text: str) -> None:
    command, arguments = parse_command(TABLE, MEMBERS, f"answer text:{text}")
    assert (command.full_name, arguments) == ("reading answer", {"text": text})


def _typed(command: Command, given_values: dict[str, str]) -> str:
    return " ".join((command.name, *(f'{name}:"{value}"' for name, value in given_values.items())))


QUOTABLE = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='"“”„«»'), min_size=1)


@given(st.data())
def test_quoted_named_arguments_come_back_as_they_were_given(data: st.DataObject) -> None:
    several = [one for one in TABLE.values() if one.parameters and not any(p.rest for p in one.parameters)]
    command = data.draw(st.sampled_from(several))
    names = data.draw(st.lists(st.sampled_from([one.name for one in command.parameters]), unique=True))
    given_values = {name: " ".join(data.draw(st.lists(QUOTABLE, min_size=1, max_size=3))) for name in names}
    assert parse_command(TABLE, command.root, _typed(command, given_values)) == (command, given_values)


def test_halves_of_characters_are_replaced_in_what_is_looked_up() -> None:
    command = TABLE[f"{MEMBERS} question"]
    assert check_arguments(command, {"id": "a\ud800b"}, TODAY) == {"id": "a?b"}

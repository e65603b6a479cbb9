"""Forms fit Slack's limits, and come back as they were filled in."""

from __future__ import annotations

import pytest

from bot.commands.help import TABLE
from bot.commands.table import Command
from bot.content import Actions, Field, Form, Reply
from bot.model import Channel, Ref
from bot.platforms.slack.forms import (
    arguments_modal,
    files_in,
    filled_in,
    modal_of,
    refused_fields,
    reply_modal,
    with_refusal,
)
from bot.platforms.slack.home import home_view
from bot.platforms.slack.ids import Origin, Sheet, parse_sheet
from tests.standins.slack.validation import check_view
from tests.unit.slack_texts import elements

HERE = Channel("slack", Ref("T1"), Ref("C1"))
ORIGIN = Origin(HERE, Ref("1700000000.000100"), "https://hooks.slack.example/actions/T1/1/x")
FIELDS = (
    Field("text", "l" * 60, "v" * 2_500, limit=100, long=True),
    Field("pick", "Pick", "two", options=("one", "two", "o" * 80), required=False),
    Field("empty", "Empty", required=False),
)


def test_a_form_fits_and_keeps_what_was_written_before() -> None:
    view = modal_of(Form("reading answer", "1", "t" * 300 + "\n", FIELDS), ORIGIN)
    check_view(view, "modal")
    first, second, third = (block for block in view["blocks"] if block["type"] == "input")
    assert first["element"]["initial_value"] == "v" * 2_500
    assert first["element"]["max_length"] == 2_500, "what was written before is not cut"
    assert second["element"]["initial_option"]["value"] == "two"
    assert (first["optional"], second["optional"], third["optional"]) == (False, True, True)
    assert "t" * 300 in [one.get("text") for one in elements(view["blocks"])], "what the title cannot show is shown"
    assert parse_sheet(view["private_metadata"]) == Sheet("reading answer", "1", ORIGIN)


@pytest.mark.parametrize("command", TABLE.values(), ids=lambda command: command.full_name)
def test_every_command_can_be_asked_for_its_arguments(command: Command) -> None:
    if not command.parameters:
        return
    view = arguments_modal(command, {}, ORIGIN)
    check_view(view, "modal")
    names = {block["block_id"].removeprefix("reading-field-") for block in view["blocks"] if block["type"] == "input"}
    assert {parameter.name for parameter in command.parameters} <= names


@pytest.mark.parametrize(
    ("command", "given", "part"),
    [
        ("reading-host hosts add", {"member": "U1"}, {"type": "users_select", "initial_user": "U1"}),
        ("reading-host setup", {"channel": "C1"}, {"type": "conversations_select", "initial_conversation": "C1"}),
        ("reading-host queue add", {"on": "2030-01-31"}, {"type": "datepicker", "initial_date": "2030-01-31"}),
        ("reading search", {"words": "ai"}, {"type": "plain_text_input", "initial_value": "ai"}),
        ("reading question", {}, {"type": "external_select", "action_id": "reading-complete-id"}),
        ("reading-host questions import", {}, {"type": "file_input", "max_files": 1}),
    ],
)
def test_arguments_are_asked_for_in_slacks_own_way(
    command: str, given: dict[str, str], part: dict[str, object]
) -> None:
    found = elements(arguments_modal(TABLE[command], given, ORIGIN)["blocks"])
    assert any(part.items() <= one.items() for one in found)


def test_a_date_in_words_is_left_to_be_chosen() -> None:
    view = arguments_modal(TABLE["reading digest"], {"date": "today"}, ORIGIN)
    check_view(view, "modal")
    assert not any("initial_date" in one for one in elements(view["blocks"]))


def test_what_was_filled_in_comes_back_by_field() -> None:
    submitted = {
        "state": {
            "values": {
                "reading-field-text": {"text": {"type": "plain_text_input", "value": "words"}},
                "reading-field-none": {"none": {"type": "plain_text_input", "value": None}},
                "reading-field-pick": {"pick": {"type": "static_select", "selected_option": {"value": "two"}}},
                "reading-field-unpicked": {"unpicked": {"type": "static_select", "selected_option": None}},
                "reading-field-id": {
                    "reading-complete-id": {"type": "external_select", "selected_option": {"value": "q-1"}}
                },
                "reading-field-member": {"member": {"type": "users_select", "selected_user": "U1"}},
                "reading-field-channel": {"channel": {"type": "conversations_select", "selected_conversation": "C1"}},
                "reading-field-date": {"date": {"type": "datepicker", "selected_date": "2030-01-31"}},
                "reading-field-file": {"file": {"type": "file_input", "files": [{"id": "F1", "name": "q.csv"}]}},
                "reading-field-nofile": {"nofile": {"type": "file_input", "files": []}},
                "someone-elses": {"x": {"type": "plain_text_input", "value": "y"}},
            }
        }
    }
    assert filled_in(submitted) == {
        "text": "words",
        "none": "",
        "pick": "two",
        "unpicked": "",
        "id": "q-1",
        "member": "U1",
        "channel": "C1",
        "date": "2030-01-31",
    }
    assert files_in(submitted) == {"file": {"id": "F1", "name": "q.csv"}}


def test_a_form_that_is_refused_says_why_once_and_keeps_its_fields() -> None:
    view = modal_of(Form("reading answer", "1", "Answer", FIELDS), ORIGIN) | {"id": "V1", "state": {}, "hash": "h"}
    once = with_refusal(view, "Too long. See `/reading help`.")
    again = with_refusal(once | {"id": "V1", "hash": "i"}, "Still too long.")
    check_view(once, "modal")
    check_view(again, "modal")
    assert [block for block in again["blocks"] if block["type"] == "input"] == view["blocks"][-3:]
    assert len(again["blocks"]) == len(once["blocks"]) == len(view["blocks"]) + 1
    assert "Still too long." in str(again["blocks"][0])


def test_a_refusal_that_names_a_field_stands_below_it() -> None:
    view = modal_of(Form("reading-host setup", "C1", "Setup", FIELDS), ORIGIN)
    assert refused_fields(view, "pick: “x” is none of them.") == {"reading-field-pick": "“x” is none of them."}
    assert refused_fields(view, "Sorry: that is too long.") == {}
    assert refused_fields(view, "No colon.") == {}


def test_a_reply_over_the_home_fits_and_knows_where_it_is_about() -> None:
    at_home = Origin(HERE, at_home=True)
    view = reply_modal(Reply.of("Recorded."), at_home)
    check_view(view, "modal")
    sheet = parse_sheet(view["private_metadata"])
    assert sheet is not None
    assert sheet.origin == at_home
    check_view(reply_modal(Reply(()), at_home), "modal")


def test_a_home_is_never_empty_and_never_too_long() -> None:
    check_view(home_view(Reply(())), "home")
    long = home_view(Reply.of(*("word " * 400 for _ in range(120)), Actions(())))
    check_view(long, "home")
    assert "ask for less" in str(long["blocks"][-1])


@pytest.mark.parametrize("metadata", ["", "{}", "[]", '{"action": "x"}', '{"action": "x", "channel": "C1"}'])
def test_what_is_no_form_of_ours_is_left_alone(metadata: str) -> None:
    assert parse_sheet(metadata) is None

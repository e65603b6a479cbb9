"""Slack's rules for block elements: buttons, selects, inputs."""

from __future__ import annotations

from collections.abc import Callable

from .checker import Checker
from .state import Json

SELECTS = ["static_select", "external_select", "users_select", "conversations_select", "channels_select"]
MULTIPLE = [f"multi_{kind}" for kind in SELECTS]
CHOICES = ("radio_buttons", "checkboxes")
INPUTS = (
    "plain_text_input",
    "email_text_input",
    "url_text_input",
    "number_input",
    "file_input",
    "datepicker",
    "timepicker",
    "datetimepicker",
    *SELECTS,
    *MULTIPLE,
    *CHOICES,
)
IN_ACTIONS = (
    "button",
    "overflow",
    "datepicker",
    "timepicker",
    "datetimepicker",
    *SELECTS,
    *CHOICES,
)
ACCESSORIES = (*IN_ACTIONS, *MULTIPLE, "image")


def check_element(checker: Checker, it: Json, where: str, allowed: tuple[str, ...]) -> None:
    """An interactive element of one of the allowed kinds."""
    kind = it.get("type", "")
    if kind not in allowed:
        checker.wrong(where, f"unsupported type: {kind}")
        return
    checker.optional_length(it, "action_id", where, 255, 1)
    if it.get("confirm") is not None:
        _confirm(checker, it["confirm"], f"{where}/confirm")
    _rule(kind)(checker, it, where)


def _rule(kind: str) -> Callable[[Checker, Json, str], None]:
    if kind in SELECTS or kind in MULTIPLE:
        return _select
    if kind in CHOICES:
        return _choices
    rules = {"button": _button, "plain_text_input": _typing, "file_input": _file, "image": image, "overflow": _overflow}
    return rules.get(kind, _simple_input)


def _button(checker: Checker, it: Json, where: str) -> None:
    if checker.fields(it, where, "text", "action_id url value style confirm accessibility_label"):
        checker.text(it["text"], f"{where}/text", 75)
    checker.optional_length(it, "value", where, 2000)
    checker.optional_length(it, "url", where, 3000)
    checker.optional_length(it, "accessibility_label", where, 75)
    if it.get("style") not in {None, "primary", "danger"}:
        checker.wrong(f"{where}/style", "must be a valid enum value")


def _confirm(checker: Checker, it: Json, where: str) -> None:
    for name, most in (("title", 100), ("confirm", 30), ("deny", 30)):
        checker.text(it.get(name), f"{where}/{name}", most)
    checker.text(it.get("text"), f"{where}/text", 300, plain=False)


def _option(checker: Checker, it: Json, where: str, *, plain: bool) -> None:
    if {"text", "value"} <= it.keys():
        checker.text(it["text"], f"{where}/text", 75, plain=plain)
        checker.length(it["value"], f"{where}/value", 150)
    else:
        checker.wrong(where, "missing required field: text, value")
    if it.get("description") is not None:
        checker.text(it["description"], f"{where}/description", 75, plain=plain)


def _known(checker: Checker, it: Json, where: str) -> None:
    """What is chosen to begin with must be among the options, exactly as it stands there."""
    options = list(it.get("options") or [])
    options += [option for group in it.get("option_groups") or [] for option in group["options"]]
    chosen = [it["initial_option"]] if it.get("initial_option") else it.get("initial_options") or []
    for one in chosen:
        if one not in options:
            checker.wrong(f"{where}/initial_option", "must match one of the provided options")


def _select(checker: Checker, it: Json, where: str) -> None:
    plural = "initial_options initial_users initial_conversations initial_channels max_selected_items"
    rest = "initial_option initial_user initial_conversation initial_channel default_to_current_conversation filter"
    more = "action_id placeholder options option_groups focus_on_load confirm min_query_length response_url_enabled"
    checker.fields(it, where, "", f"{plural} {rest} {more}")
    checker.plain(it, "placeholder", where, 150)
    if "static_select" not in it["type"]:
        return
    if ("options" in it) == ("option_groups" in it):
        checker.wrong(where, "must define either `options` or `option_groups`")
    if "options" in it:
        checker.items(it, "options", where, 100, lambda option, place: _option(checker, option, place, plain=True))
    if "option_groups" in it:
        checker.items(it, "option_groups", where, 100, lambda group, place: _group(checker, group, place))
    _known(checker, it, where)


def _group(checker: Checker, it: Json, where: str) -> None:
    checker.text(it.get("label"), f"{where}/label", 75)
    checker.items(it, "options", where, 100, lambda option, place: _option(checker, option, place, plain=True))


def _choices(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "options", "action_id initial_option initial_options confirm focus_on_load")
    checker.items(it, "options", where, 10, lambda option, place: _option(checker, option, place, plain=False))
    _known(checker, it, where)


def _overflow(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "options", "action_id confirm")
    checker.items(it, "options", where, 5, lambda option, place: _option(checker, option, place, plain=True))


def _typing(checker: Checker, it: Json, where: str) -> None:
    names = "action_id initial_value multiline min_length max_length dispatch_action_config focus_on_load placeholder"
    checker.fields(it, where, "", names)
    checker.plain(it, "placeholder", where, 150)
    most = it.get("max_length", 3000)
    for name in ("min_length", "max_length"):
        if name in it and not 0 <= it[name] <= 3000:
            checker.wrong(f"{where}/{name}", "must be less than 3001")
    checker.optional_length(it, "initial_value", where, min(most, 3000))


def _file(checker: Checker, it: Json, where: str) -> None:
    checker.fields(it, where, "", "action_id filetypes max_files")
    if not 1 <= it.get("max_files", 10) <= 10:
        checker.wrong(f"{where}/max_files", "must be less than 11")


def _simple_input(checker: Checker, it: Json, where: str) -> None:
    checker.plain(it, "placeholder", where, 150)


def image(checker: Checker, it: Json, where: str) -> None:
    """An image: a block, an accessory, or a small one in a context."""
    if ("image_url" in it) == ("slack_file" in it):
        checker.wrong(where, "must define either `image_url` or `slack_file`")
    checker.optional_length(it, "image_url", where, 3000, 1)
    checker.length(it.get("alt_text"), f"{where}/alt_text", 2000)
    checker.plain(it, "title", where, 2000)

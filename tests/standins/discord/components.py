"""Discord's limits on what can be pressed, chosen and filled in: buttons, selects, modals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import Problems
from .state import Json

ROW, BUTTON, SELECT, INPUT, USERS, ROLES, MENTIONABLES, CHANNELS = 1, 2, 3, 4, 5, 6, 7, 8
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER, LABEL = 9, 10, 11, 12, 13, 14, 17, 18
SELECTS = frozenset({SELECT, USERS, ROLES, MENTIONABLES, CHANNELS})
TOP_LEVEL = {ROW}
TOP_LEVEL_V2 = {ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER}
LINK, PREMIUM = 5, 6
ROWS, BUTTONS_IN_ROW, OPTIONS, MODAL_FIELDS = 5, 5, 25, 5


def every(components: list[Json]) -> Iterator[Json]:
    """Each component, however deep."""
    for component in components:
        yield component
        yield from every(component.get("components") or [])
        for inner in ("component", "accessory"):
            if component.get(inner):
                yield from every([component[inner]])


def number(components: list[Json]) -> list[Json]:
    """The components as Discord returns them: each with an `id` of its own."""
    taken = {c["id"] for c in every(components) if c.get("id")}
    free = (i for i in range(1, 1000) if i not in taken)
    for component in every(components):
        component["id"] = component.get("id") or next(free)
    return components


def check_components(problems: Problems, components: Any, *, version_2: bool) -> None:
    """Check the components of a message."""
    if not problems.count("components", components, 40 if version_2 else ROWS):
        return
    for index, component in enumerate(components):
        path = f"components.{index}"
        allowed = TOP_LEVEL_V2 if version_2 else TOP_LEVEL
        problems.choice(f"{path}.type", component.get("type"), allowed)
        _check_nested(problems, path, component)
    _check_unique(problems, "components", components)
    if version_2:
        if sum(1 for _ in every(components)) > 40:
            problems.add("components", "BASE_TYPE_MAX_LENGTH", "Must be 40 or fewer in length.")
        shown = sum(len(c.get("content", "")) for c in every(components) if c["type"] == TEXT_DISPLAY)
        if shown > 4000:
            problems.add("components", "COMPONENT_MAX_TOTAL_COMPONENT_TEXT_LENGTH_EXCEEDED", "Must be 4000 or fewer.")


def _check_nested(problems: Problems, path: str, component: Json) -> None:
    match component.get("type"):
        case 1:
            _check_row(problems, path, component)
        case 9 | 17:
            problems.count(f"{path}.components", component.get("components"), 40, least=1)
            for index, inner in enumerate(component.get("components") or []):
                _check_nested(problems, f"{path}.components.{index}", inner)
            if component.get("accessory"):
                _check_nested(problems, f"{path}.accessory", component["accessory"])
        case 10:
            problems.text(f"{path}.content", component.get("content", ""), 4000, shortest=1)
        case 2:
            _check_button(problems, path, component)
        case kind if kind in SELECTS:
            _check_select(problems, path, component)


def _check_row(problems: Problems, path: str, row: Json) -> None:
    inner = row.get("components")
    if not problems.count(f"{path}.components", inner, BUTTONS_IN_ROW, least=1) or not isinstance(inner, list):
        return
    kinds = [component.get("type") for component in inner]
    if any(kind in SELECTS for kind in kinds) and len(kinds) > 1:
        words = "The specified component exceeds the maximum width"
        problems.add(f"{path}.components.{len(kinds) - 1}", "COMPONENT_LAYOUT_WIDTH_EXCEEDED", words)
    for index, component in enumerate(inner):
        at = f"{path}.components.{index}"
        problems.choice(f"{at}.type", component.get("type"), {BUTTON, *SELECTS})
        _check_nested(problems, at, component)


def _check_button(problems: Problems, path: str, button: Json) -> None:
    style = button.get("style")
    problems.choice(f"{path}.style", style, {1, 2, 3, 4, 5, 6})
    if button.get("label") is not None:
        problems.text(f"{path}.label", button["label"], 80)
    if not button.get("label") and not button.get("emoji") and style != PREMIUM:
        problems.add(path, "BUTTON_COMPONENT_LABEL_OR_EMOJI_REQUIRED", "A label or an emoji is required.")
    if style == LINK:
        problems.text(f"{path}.url", button.get("url", ""), 512, shortest=1)
        if button.get("custom_id"):
            problems.add(
                path,
                "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE",
                "A custom id and url cannot both be specified",
            )
    else:
        _check_custom_id(problems, path, button)


def _check_custom_id(problems: Problems, path: str, component: Json) -> None:
    if component.get("custom_id") is None:
        problems.required(f"{path}.custom_id")
    else:
        problems.text(f"{path}.custom_id", component["custom_id"], 100, shortest=1)


def _check_select(problems: Problems, path: str, select: Json) -> None:
    _check_custom_id(problems, path, select)
    if select.get("placeholder") is not None:
        problems.text(f"{path}.placeholder", select["placeholder"], 150)
    options = select.get("options") or []
    if select["type"] == SELECT and problems.count(f"{path}.options", options, OPTIONS, least=1):
        for index, option in enumerate(options):
            at = f"{path}.options.{index}"
            for key in ("label", "value"):
                problems.text(f"{at}.{key}", option.get(key, ""), 100, shortest=1)
            if option.get("description") is not None:
                problems.text(f"{at}.description", option["description"], 100)
        values = [option.get("value") for option in options]
        for index, value in enumerate(values):
            if value in values[:index]:
                words = "The specified option value is already used"
                problems.add(f"{path}.options.{index}.value", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", words)
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not 0 <= least <= OPTIONS or not 1 <= most <= OPTIONS or least > most:
        problems.add(f"{path}.max_values", "BASE_TYPE_BAD_INT", "Must be between 1 and 25, and at least min_values.")


def _check_unique(problems: Problems, path: str, components: list[Json]) -> None:
    seen: set[str] = set()
    for component in every(components):
        custom_id = component.get("custom_id")
        if custom_id in seen:
            words = "Component custom id cannot be duplicated"
            problems.add(path, "COMPONENT_CUSTOM_ID_DUPLICATED", words)
        if custom_id is not None:
            seen.add(custom_id)


def check_modal(problems: Problems, modal: Json) -> None:
    """Check a modal: title of at most 45, one to five fields."""
    path = "data"
    problems.text(f"{path}.title", modal.get("title") or "", 45, shortest=1)
    _check_custom_id(problems, path, modal)
    parts = modal.get("components")
    if not problems.count(f"{path}.components", parts, MODAL_FIELDS, least=1) or not isinstance(parts, list):
        return
    for index, part in enumerate(parts):
        at = f"{path}.components.{index}"
        match part.get("type"):
            case 1:
                if problems.count(f"{at}.components", part.get("components"), 1, least=1):
                    _check_input(problems, f"{at}.components.0", part["components"][0], labelled=False)
            case 18:
                problems.text(f"{at}.label", part.get("label") or "", 45, shortest=1)
                if part.get("description") is not None:
                    problems.text(f"{at}.description", part["description"], 100)
                _check_input(problems, f"{at}.component", part.get("component") or {}, labelled=True)
            case 10:
                problems.text(f"{at}.content", part.get("content", ""), 4000, shortest=1)
            case _:
                problems.choice(f"{at}.type", part.get("type"), {ROW, TEXT_DISPLAY, LABEL})
    _check_unique(problems, f"{path}.components", parts)


def _check_input(problems: Problems, path: str, field: Json, *, labelled: bool) -> None:
    if labelled and field.get("type") in SELECTS:
        _check_select(problems, path, field)
        return
    if labelled and field.get("type") in {19, 21, 22, 23}:
        _check_custom_id(problems, path, field)
        return
    problems.choice(f"{path}.type", field.get("type"), {INPUT})
    _check_custom_id(problems, path, field)
    problems.choice(f"{path}.style", field.get("style"), {1, 2})
    if not labelled:
        problems.text(f"{path}.label", field.get("label") or "", 45, shortest=1)
    if field.get("placeholder") is not None:
        problems.text(f"{path}.placeholder", field["placeholder"], 100)
    least, most = field.get("min_length") or 0, field.get("max_length") or 4000
    if not 0 <= least <= 4000 or not 1 <= most <= 4000 or least > most:
        problems.add(f"{path}.max_length", "NUMBER_TYPE_MAX", "Must be between 1 and 4000, and at least min_length.")
    if field.get("value"):
        problems.text(f"{path}.value", field["value"], most)

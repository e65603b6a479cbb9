"""What Discord's own client does before a command or form reaches the bot: it checks and types what was entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import payloads
from .commandrules import CHAT, GROUP, INTEGER, NUMBER, STRING, SUBCOMMAND
from .components import INPUT, LABEL, ROW
from .permissions import base
from .state import Guild, Json, Member
from .views import Form, FormField

if TYPE_CHECKING:
    from .server import DiscordServer

BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, ATTACHMENT = 5, 6, 7, 8, 9, 11


def find(server: DiscordServer, guild: Guild, name: str, *, kind: int = CHAT) -> Json:
    """A command as its user finds it: the guild's own, then those of everywhere."""
    for place in (guild.id, None):
        for command in server.world.commands.get(place, {}).values():
            if command["name"] == name and command["type"] == kind:
                return command
    known = sorted(c["name"] for place in (guild.id, None) for c in server.world.commands.get(place, {}).values())
    raise AssertionError(f"there is no command {name!r}, only {known}")


def _descend(server: DiscordServer, guild: Guild, member: Member, line: str) -> tuple[Json, list[Json], Json]:
    """The command of a line like `/reading today`: itself, the path of subcommands, and where its options are."""
    words = line.removeprefix("/").split()
    command = find(server, guild, words[0])
    needed = command["default_member_permissions"]
    if needed is not None and base(guild, member) & int(needed) != int(needed):
        raise AssertionError(f"{member.user.username} does not see {line!r}")
    path: list[Json] = []
    here = command
    for word in words[1:]:
        inner = [o for o in here.get("options") or [] if o["type"] in {SUBCOMMAND, GROUP}]
        found = next((o for o in inner if o["name"] == word), None)
        if found is None:
            raise AssertionError(f"{line!r}: there is no {word!r}, only {[o['name'] for o in inner]}")
        path.append(found)
        here = found
    if any(o["type"] in {SUBCOMMAND, GROUP} for o in here.get("options") or []):
        raise AssertionError(f"{line!r} needs a subcommand: {[o['name'] for o in here['options']]}")
    return command, path, here


def _data(guild: Guild, command: Json, path: list[Json], options: list[Json], resolved: Json) -> Json:
    for step in reversed(path):
        options = [{"type": step["type"], "name": step["name"], "options": options}]
    data: Json = {"id": command["id"], "name": command["name"], "type": CHAT, "options": options}
    if resolved:
        data["resolved"] = resolved
    if "guild_id" in command:
        data["guild_id"] = str(guild.id)
    return data


def filled(server: DiscordServer, guild: Guild, member: Member, line: str, options: dict[str, Any]) -> Json:
    """The data of a used command."""
    command, path, here = _descend(server, guild, member, line)
    known = {o["name"]: o for o in here.get("options") or []}
    if unknown := options.keys() - known.keys():
        raise AssertionError(f"{line!r} has no option {sorted(unknown)}, only {list(known)}")
    if missing := [name for name, o in known.items() if o.get("required") and name not in options]:
        raise AssertionError(f"{line!r} needs {missing}")
    resolved: Json = {}
    sent = [
        {"type": o["type"], "name": name, "value": _value(server, guild, line, o, options[name], resolved)}
        for name, o in known.items()
        if name in options
    ]
    return _data(guild, command, path, sent, resolved)


def typed(server: DiscordServer, guild: Guild, member: Member, line: str, options: dict[str, Any]) -> Json:
    """The data while the last named option is being typed."""
    command, path, here = _descend(server, guild, member, line)
    known = {o["name"]: o for o in here.get("options") or []}
    *before, focused = options
    if not known.get(focused, {}).get("autocomplete"):
        raise AssertionError(f"{line!r} has no autocomplete for {focused!r}")
    sent = [
        {"type": known[n]["type"], "name": n, "value": _value(server, guild, line, known[n], options[n], {})}
        for n in before
    ]
    sent.append({"type": known[focused]["type"], "name": focused, "value": str(options[focused]), "focused": True})
    return _data(guild, command, path, sent, {})


def _value(server: DiscordServer, guild: Guild, line: str, option: Json, value: Any, resolved: Json) -> Any:
    name, kind = option["name"], option["type"]
    if choices := option.get("choices"):
        for choice in choices:
            if value in (choice["name"], choice["value"]):
                return choice["value"]
        raise AssertionError(f"{line!r}: {name} is one of {[c['name'] for c in choices]}, not {value!r}")
    wanted = {STRING: str, INTEGER: int, NUMBER: (int, float), BOOLEAN: bool}.get(kind)
    if wanted is None:
        return _mention(server, guild, kind, value, resolved)
    if not isinstance(value, wanted) or (kind in {INTEGER, NUMBER} and isinstance(value, bool)):  # type: ignore[arg-type]
        raise AssertionError(f"{line!r}: {name} cannot be {value!r}")
    size = len(value) if kind == STRING else value
    least, most = ("min_length", "max_length") if kind == STRING else ("min_value", "max_value")
    if kind != BOOLEAN and not option.get(least, size) <= size <= option.get(most, 6000 if kind == STRING else size):
        raise AssertionError(f"{line!r}: {name} is out of bounds: {value!r}")
    return value


def _mention(server: DiscordServer, guild: Guild, kind: int, value: Any, resolved: Json) -> str:
    if kind == ATTACHMENT:
        name, data = value
        return _upload(server, name, data, resolved)
    key = str(value.id)
    if kind in {USER, MENTIONABLE} and value.id in guild.members:
        resolved.setdefault("users", {})[key] = payloads.user(guild.members[value.id].user)
        about = payloads.member(guild.members[value.id], with_user=False)
        resolved.setdefault("members", {})[key] = {**about, "permissions": str(base(guild, guild.members[value.id]))}
    elif kind == CHANNEL:
        it = server.world.channels[value.id]
        resolved.setdefault("channels", {})[key] = {**payloads.channel(server.world, it), "permissions": "0"}
    else:
        resolved.setdefault("roles", {})[key] = payloads.role(guild.roles[value.id])
    return key


def _upload(server: DiscordServer, name: str, data: bytes, resolved: Json) -> str:
    """Keep a file that is attached to a command: its name and what is in it."""
    number = server.world.snowflake()
    server.world.files[number] = data
    described = payloads.attachment(server.url, 0, number, name, data, "text/csv; charset=utf-8")
    resolved.setdefault("attachments", {})[str(number)] = {**described, "ephemeral": True}
    return str(number)


def form_values(form: Form, components: list[Json], values: dict[str, Any]) -> list[Json]:
    """What a submitted form sends for each of its parts; a field that cannot be so raises AssertionError."""
    sent: list[Json] = []
    for part in components:
        if part["type"] == ROW:
            inner = _entered(form.field(part["components"][0]["custom_id"]), values)
            sent.append({"type": ROW, "id": len(sent) + 1, "components": [{**inner, "id": 100 + len(sent)}]})
        elif part["type"] == LABEL:
            inner = _entered(form.field(part["component"]["custom_id"]), values)
            sent.append({"type": LABEL, "id": len(sent) + 1, "component": {**inner, "id": 100 + len(sent)}})
        else:
            sent.append({"type": part["type"], "id": len(sent) + 1})
    return sent


def _entered(field: FormField, values: dict[str, Any]) -> Json:
    value = values.get(field.custom_id, field.value)
    if field.kind == INPUT:
        text = str(value)
        if (field.required and not text) or not (field.least if text else 0) <= len(text) <= field.most:
            raise AssertionError(f"Discord does not let {field.label!r} be {len(text)} characters long")
        return {"type": INPUT, "custom_id": field.custom_id, "value": text}
    chosen = [value] if isinstance(value, str) and value else list(value)
    known = {**{v: v for _, v in field.options}, **dict(field.options)}
    if (field.required and not chosen) or any(choice not in known for choice in chosen):
        raise AssertionError(f"{field.label!r} offers {[name for name, _ in field.options]}, not {chosen}")
    return {"type": field.kind, "custom_id": field.custom_id, "values": [known[choice] for choice in chosen]}

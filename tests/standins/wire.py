"""Checks what went over the wire in a test run against what the platforms publish about themselves.

With `WIRE_LOG=FOLDER` in the environment every stand-in server writes its requests and answers there, one JSON object
a line. `python -m tests.standins.wire SPECS FOLDER` then validates each against the OpenAPI documents in `SPECS`,
prints each kind of deviation once with how often it came, and ends with 1 where there was any. Requests that the server
answered with an error are not validated: tests send those on purpose.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "WIRE_LOG"
DISCORD_SPEC = "discord-openapi.json"
SLACK_SPEC = "slack-web-openapi-v2.json"
# The document describes no events, but the objects that these carry (whole, or under a key).
DISCORD_EVENTS = {
    "MESSAGE_CREATE": ("MessageResponse", None),
    "MESSAGE_UPDATE": ("MessageResponse", None),
    "CHANNEL_CREATE": ("GuildChannelResponse", None),
    "CHANNEL_UPDATE": ("GuildChannelResponse", None),
    "CHANNEL_DELETE": ("GuildChannelResponse", None),
    "THREAD_CREATE": ("ThreadResponse", None),
    "THREAD_UPDATE": ("ThreadResponse", None),
    "GUILD_MEMBER_ADD": ("GuildMemberResponse", None),
    "GUILD_MEMBER_UPDATE": ("GuildMemberResponse", None),
    "GUILD_ROLE_CREATE": ("GuildRoleResponse", "role"),
    "GUILD_ROLE_UPDATE": ("GuildRoleResponse", "role"),
    "MESSAGE_REACTION_ADD": ("GuildMemberResponse", "member"),
    "INTERACTION_CREATE": ("MessageResponse", "message"),
}
# What that document holds against exchanges that are right today: empty channels, a message's blocks, refresh tokens.
SLACK_OUTDATED = ("answer.messages: [] should", "answer.message.blocks: [", "request: code is missing")
# Arguments come as JSON or as a form.
SLACK_TAKES = {
    "string": (str, int, float, list, dict),
    "boolean": (bool, str),
    "integer": (int, str),
    "number": (float, int, str),
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer; `template` is the path with its parameters' names.

    An event of the gateway has the method `EVENT`, its name as `template`, and its data as `answer`.
    """

    platform: str
    method: str
    template: str
    request: Any
    status: int
    answer: Any


def write(exchanges: Iterable[Exchange]) -> None:
    """Append to the log of this process; nothing happens without `WIRE_LOG`."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as log:
        log.writelines(json.dumps(asdict(exchange)) + "\n" for exchange in exchanges)


def read(folder: Path) -> Iterator[Exchange]:
    """Every exchange that was logged there."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open(encoding="utf-8") as log:
            yield from (Exchange(**json.loads(line)) for line in log)


class Discord:
    """Discord's OpenAPI 3.1 document, asked about single exchanges."""

    def __init__(self, document: dict[str, Any]) -> None:
        import jsonschema  # type: ignore[import-untyped, import-not-found, unused-ignore]

        self._validator = jsonschema.Draft202012Validator
        self._document = document
        self._components = {"answer": document["components"], "request": _lenient(document["components"])}
        self._by_shape = {self._shape(path): path for path in document["paths"]}
        self._prepared: dict[str, Any] = {}

    @staticmethod
    def _shape(template: str) -> str:
        parts = ["{}" if part.startswith("{") else part for part in template.split("/")]
        return "/".join(parts)

    def problems(self, it: Exchange) -> Iterator[str]:
        """What deviates from the document in this exchange."""
        if it.method == "EVENT":
            yield from self._event(it)
            return
        path = self._by_shape.get(self._shape(it.template))
        operation = self._document["paths"].get(path, {}).get(it.method.lower())
        if operation is None:
            yield "not in the document"
            return
        if it.status >= 400:
            return
        responses = operation["responses"]
        if str(it.status) not in responses:
            yield f"answered {it.status}, documented {sorted(responses)}"
            return
        if it.answer is not None:
            yield from self._check("answer", responses[str(it.status)], it.answer)
        if it.request is not None and "requestBody" in operation:
            yield from self._check("request", operation["requestBody"], it.request)

    def _event(self, it: Exchange) -> Iterator[str]:
        name, key = DISCORD_EVENTS.get(it.template, (None, None))
        value = it.answer.get(key) if key else it.answer
        if name and value is not None:
            schema = {"$ref": f"#/components/schemas/{name}"}
            yield from self._check("answer", {"content": {"application/json": {"schema": schema}}}, value)

    def _check(self, what: str, holder: dict[str, Any], value: Any) -> Iterator[str]:
        schema = holder.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return
        key = what + json.dumps(schema)
        if key not in self._prepared:
            self._prepared[key] = self._validator({**schema, "components": self._components[what]})
        for error in self._prepared[key].iter_errors(value):
            yield from (f"{what}{place}: {words}" for place, words in _deepest(error))


class Slack:
    """Slack's archived OpenAPI 2.0 document, which knows nothing of later methods, arguments and fields."""

    def __init__(self, document: dict[str, Any]) -> None:
        import jsonschema

        self._validator = jsonschema.Draft7Validator
        self._paths = document["paths"]
        self._definitions = _readable(document["definitions"])
        self._prepared: dict[str, Any] = {}

    def problems(self, it: Exchange) -> Iterator[str]:
        """What deviates from the document in this exchange."""
        operations = self._paths.get(it.template, {})
        if operations and it.status == 200 and it.answer.get("ok"):
            operation = next(iter(operations.values()))
            found = [*self._request(operation, it.request), *self._answer(it.template, operation, it.answer)]
            yield from (problem for problem in found if not problem.startswith(SLACK_OUTDATED + _lonely(it)))

    def _request(self, operation: dict[str, Any], arguments: dict[str, Any]) -> Iterator[str]:
        for parameter in operation["parameters"]:
            name, kind = parameter["name"], parameter["type"]
            if parameter.get("required") and name not in arguments and name != "token":
                yield f"request: {name} is missing"
            if name in arguments and not isinstance(arguments[name], SLACK_TAKES[kind]):
                yield f"request.{name}: {type(arguments[name]).__name__} is no {kind}"

    def _answer(self, template: str, operation: dict[str, Any], answer: Any) -> Iterator[str]:
        if template not in self._prepared:
            schema = _readable(operation["responses"]["200"]["schema"])
            self._prepared[template] = self._validator({**schema, "definitions": self._definitions})
        for error in self._prepared[template].iter_errors(answer):
            yield from (f"answer{place}: {words}" for place, words in _deepest(error))


def _lonely(it: Exchange) -> tuple[str, ...]:
    """What the document misses in a message that nobody replied to, since it was asked for as a thread."""
    alone = it.template == "/conversations.replies" and len(it.answer["messages"]) == 1
    return tuple(f"answer.messages[]: '{name}' is a required" for name in ("thread_ts", "parent_user_id") if alone)


def _readable(schema: Any) -> Any:
    """A schema as JSON Schema has it: its lists of `items` mean "one of these". Objects may have more than it names."""
    if isinstance(schema, list):
        return [_readable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: _readable(value) for name, value in schema.items() if name != "additionalProperties"}
    if isinstance(kept.get("items"), list):
        choice = {"anyOf": kept.pop("items")}
        return kept | ({"items": choice} if kept.get("type") == "array" else choice)
    return kept


def _lenient(components: dict[str, Any]) -> dict[str, Any]:
    """The same, with ids that may be numbers: in requests Discord takes both, and discord.py sends numbers."""
    number_or_text = {"type": ["string", "integer"]}
    return {**components, "schemas": {**components["schemas"], "SnowflakeType": number_or_text}}


def _deepest(error: Any) -> list[tuple[str, str]]:
    """Where a value fits none of several schemas, what is wrong with it for the one that it fits best."""
    if not error.context:
        place = "".join(f".{part}" if isinstance(part, str) else "[]" for part in error.absolute_path)
        return [(place, error.message[:160])]
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)

    def misfit(errors: list[Any]) -> tuple[int, int]:
        wrong_kind = sum(e.validator in {"type", "enum", "const"} and len(e.path) <= 1 for e in errors)
        return wrong_kind, len(errors)

    return [found for inner in min(branches.values(), key=misfit) for found in _deepest(inner)]


def main(specs: Path, folder: Path) -> int:
    """Print the deviations of a logged run; return how the process should end."""
    documents: dict[str, Discord | Slack] = {
        "discord": Discord(json.loads((specs / DISCORD_SPEC).read_text(encoding="utf-8"))),
        "slack": Slack(json.loads((specs / SLACK_SPEC).read_text(encoding="utf-8"))),
    }
    found: Counter[str] = Counter()
    count = 0
    for exchange in read(folder):
        count += 1
        problems = set(documents[exchange.platform].problems(exchange))
        found.update(f"{exchange.method} {exchange.template}: {problem}" for problem in problems)
    lines = [f"{times:6}  {problem}" for problem, times in found.most_common()]
    sys.stdout.write("\n".join([*lines, f"{count} exchanges, {len(found)} kinds of deviation", ""]))
    return 1 if found or not count else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))

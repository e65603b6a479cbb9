"""Discord's limits on messages, embeds and threads. What breaks them ends in error 50035 (or a code of its own)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .components import check_components
from .errors import ApiError, Problems
from .state import COMPONENTS_V2, Json

LONGEST_CONTENT = 2000
LONGEST_EMBEDS = 6000
MOST_EMBEDS = 10
MOST_FILES = 10
LARGEST_UPLOAD = 10 * 1024 * 1024
ARCHIVE_AFTER = {60, 1440, 4320, 10080}
EMBED_TEXTS = {"title": 256, "description": 4096}


def check_message(body: Json, files: list[tuple[str, bytes]], *, creating: bool = True) -> None:
    """Check what a bot wants to send or to change; an empty message is 50006.

    `files` are names and contents of what the same request uploads.
    """
    problems = Problems()
    if sum(len(data) for _, data in files) > LARGEST_UPLOAD:
        raise ApiError(40005)
    content = body.get("content")
    if content is not None:
        problems.text("content", content, LONGEST_CONTENT)
    embeds = body.get("embeds") or []
    if problems.count("embeds", embeds, MOST_EMBEDS):
        check_embeds(problems, embeds, {name for name, _ in files})
    version_2 = bool((body.get("flags") or 0) & COMPONENTS_V2)
    if version_2 and (content or embeds):
        problems.add("content" if content else "embeds", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "no")
    check_components(problems, body.get("components") or [], version_2=version_2)
    _check_mentions(problems, body.get("allowed_mentions") or {})
    _check_attachments(problems, body.get("attachments") or [], len(files))
    nonce = body.get("nonce")
    if isinstance(nonce, str):
        problems.text("nonce", nonce, 25)
    if body.get("enforce_nonce") and nonce is None:
        problems.required("nonce")
    problems.raise_if_any()
    says_something = (content or "").strip() or embeds or body.get("components") or files or body.get("sticker_ids")
    if creating and not says_something:
        raise ApiError(50006)


def _check_mentions(problems: Problems, allowed: Json) -> None:
    parse = allowed.get("parse") or []
    for index, kind in enumerate(parse):
        if kind not in {"roles", "users", "everyone"}:
            words = "Value must be one of ('everyone', 'users', 'roles')."
            problems.add(f"allowed_mentions.parse.{index}", "BASE_TYPE_CHOICES", words)
    for kind in ("users", "roles"):
        ids = allowed.get(kind) or []
        problems.count(f"allowed_mentions.{kind}", ids, 100)
        if ids and kind in parse:
            words = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            problems.add("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", words)


def _check_attachments(problems: Problems, attachments: list[Json], uploads: int) -> None:
    problems.count("attachments", attachments, MOST_FILES)
    for index, attachment in enumerate(attachments):
        if attachment.get("description") is not None:
            problems.text(f"attachments.{index}.description", attachment["description"], 1024)
    if uploads > MOST_FILES:
        problems.add("files", "BASE_TYPE_MAX_LENGTH", f"Must be {MOST_FILES} or fewer in length.")


def check_embeds(problems: Problems, embeds: list[Any], uploads: set[str]) -> None:
    """Check each embed, and the length of all together."""
    total = 0
    for index, embed in enumerate(embeds):
        path = f"embeds.{index}"
        if not isinstance(embed, dict):
            problems.add(path, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")
            continue
        total += _check_embed(problems, path, embed)
        for name in ("image", "thumbnail"):
            url = (embed.get(name) or {}).get("url", "")
            if url.startswith("attachment://") and url.removeprefix("attachment://") not in uploads:
                words = f"Not a well formed URL or unknown attachment {url!r}."
                problems.add(f"{path}.{name}.url", "URL_TYPE_INVALID_URL", words)
    if total > LONGEST_EMBEDS:
        words = f"Embed size exceeds maximum size of {LONGEST_EMBEDS}"
        problems.add("embeds", "MAX_EMBED_SIZE_EXCEEDED", words)


def _check_embed(problems: Problems, path: str, embed: Json) -> int:
    """Check one embed; return how many characters it counts."""
    total = 0
    for name, longest in EMBED_TEXTS.items():
        if embed.get(name) is not None:
            problems.text(f"{path}.{name}", embed[name], longest)
            total += len(str(embed[name]).strip())
    for name, key, longest in (("footer", "text", 2048), ("author", "name", 256)):
        if embed.get(name):
            problems.text(f"{path}.{name}.{key}", embed[name].get(key, ""), longest)
            total += len(str(embed[name].get(key, "")).strip())
    fields = embed.get("fields") or []
    if problems.count(f"{path}.fields", fields, 25):
        for index, entry in enumerate(fields):
            total += _check_field(problems, f"{path}.fields.{index}", entry)
    _check_addresses(problems, path, embed)
    if embed.get("color") is not None and not 0 <= embed["color"] <= 0xFFFFFF:
        problems.add(f"{path}.color", "NUMBER_TYPE_MAX", "int value should be less than or equal to 16777215.")
    has_picture = any(embed.get(name) for name in ("image", "thumbnail", "author", "footer", "fields"))
    if not total and not has_picture:
        problems.required(f"{path}.description")
    return total


def _check_addresses(problems: Problems, path: str, embed: Json) -> None:
    for owner, key in (("", "url"), ("author", "url"), ("author", "icon_url"), ("footer", "icon_url")):
        holder = (embed.get(owner) or {}) if owner else embed
        if holder.get(key):
            check_url(problems, ".".join(filter(None, (path, owner, key))), holder[key])
    for owner in ("image", "thumbnail"):
        if embed.get(owner):
            check_url(problems, f"{path}.{owner}.url", embed[owner].get("url", ""), attachment=True)


def _check_field(problems: Problems, path: str, entry: Json) -> int:
    for key, longest in (("name", 256), ("value", 1024)):
        if not str(entry.get(key) or "").strip():
            problems.required(f"{path}.{key}")
        else:
            problems.text(f"{path}.{key}", entry[key], longest)
    return len(str(entry.get("name") or "").strip()) + len(str(entry.get("value") or "").strip())


def check_url(problems: Problems, path: str, url: object, *, attachment: bool = False) -> None:
    """An address that Discord shows: http(s), at most 2,048 characters."""
    problems.text(path, url, 2048)
    schemes = {"http", "https", "discord"} | ({"attachment"} if attachment else set())
    parts = urlsplit(str(url))
    if parts.scheme not in schemes:
        words = f"Scheme {parts.scheme!r} must be one of {tuple(sorted(schemes))}."
        problems.add(path, "URL_TYPE_INVALID_SCHEME", words)
    elif not parts.netloc or any(c.isspace() for c in str(url)):
        problems.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.")


def check_thread(body: Json, tags: list[Json] | None = None) -> None:
    """Check a new or changed thread's name, archive time and, in a forum, its tags."""
    problems = Problems()
    if "name" in body:
        problems.text("name", (body["name"] or "").strip(), 100, shortest=1)
    if body.get("auto_archive_duration") is not None:
        problems.choice("auto_archive_duration", body["auto_archive_duration"], ARCHIVE_AFTER)
    applied = body.get("applied_tags") or []
    problems.count("applied_tags", applied, 5)
    known = {tag["id"] for tag in tags or []}
    for index, tag in enumerate(applied):
        if str(tag) not in known:
            problems.add(f"applied_tags.{index}", "BASE_TYPE_CHOICES", "Tag is not available in this channel.")
    problems.raise_if_any()

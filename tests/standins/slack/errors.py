"""What Slack answers instead of doing it."""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """`{"ok": false, "error": …}` with what Slack adds to it, and with the status and headers of the answer."""

    def __init__(self, error: str, *, status: int = 200, headers: dict[str, str] | None = None, **more: Any) -> None:
        self.error = error
        self.status = status
        self.headers = headers or {}
        self.body = {"ok": False, "error": error, **more}
        super().__init__(error)


def invalid_blocks(problems: list[str], error: str = "invalid_blocks") -> SlackError:
    """Every problem with its place, as `must be less than 151 characters [json-pointer:/blocks/0/text/text]`."""
    return SlackError(
        error,
        errors=problems,
        response_metadata={"messages": [f"[ERROR] {problem}" for problem in problems]},
    )


def invalid_arguments(*problems: str) -> SlackError:
    """What is wrong with a method's arguments."""
    return SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] {one}" for one in problems]})


def rate_limited(seconds: float) -> SlackError:
    """Too many requests. Slack says in whole seconds how long to wait."""
    return SlackError("ratelimited", status=429, headers={"Retry-After": str(max(0, round(seconds)))})

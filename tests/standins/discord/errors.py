"""Discord's own errors: status, code, sentence, and the nested `errors` of an invalid form."""

from __future__ import annotations

from .state import Json

KNOWN = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10014: (400, "Unknown Emoji"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    30003: (400, "Maximum number of pins reached for the channel (50)"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30032: (400, "Maximum number of application commands reached (100)."),
    30046: (400, "Maximum number of edits to messages older than 1 hour reached. Try again later."),
    40005: (413, "Request entity too large"),
    40060: (400, "Interaction has already been acknowledged."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on this channel type"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50016: (
        400,
        "Provided too few or too many messages to delete. Must provide at least 2 and fewer than 100 messages",
    ),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50034: (400, "A message provided was too old to bulk delete"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
}


class ApiError(Exception):
    """What Discord answers instead of doing it."""

    def __init__(self, code: int, *, status: int | None = None, message: str | None = None, errors: Json | None = None):
        known_status, known_message = KNOWN.get(code, (400, "Bad Request"))
        self.status = status or known_status
        self.body: Json = {"message": message or known_message, "code": code}
        if errors is not None:
            self.body["errors"] = errors
        super().__init__(f"{self.status} {self.body}")


class Problems:
    """Gathers what is wrong with a request; ends in one error 50035 whose `errors` nest as the request does."""

    def __init__(self) -> None:
        self.errors: Json = {}

    def add(self, path: str, code: str, message: str) -> None:
        """`path` is dotted: `embeds.0.title`."""
        node = self.errors
        for part in path.split(".") if path else ():
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def required(self, path: str) -> None:
        self.add(path, "BASE_TYPE_REQUIRED", "This field is required")

    def text(self, path: str, value: object, longest: int, *, shortest: int = 0) -> None:
        """Text of a length that Discord takes."""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif longest and shortest and not shortest <= len(value) <= longest:
            words = f"Must be between {shortest} and {longest} in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH", words)
        elif len(value) > longest:
            self.add(path, "BASE_TYPE_MAX_LENGTH", f"Must be {longest} or fewer in length.")

    def count(self, path: str, values: object, most: int, *, least: int = 0) -> bool:
        """A list of as many as Discord takes; False where it is no list at all."""
        if not isinstance(values, list):
            self.add(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return False
        if not least <= len(values) <= most:
            words = f"Must be between {least} and {most} in length." if least else f"Must be {most} or fewer in length."
            self.add(path, "BASE_TYPE_BAD_LENGTH" if least else "BASE_TYPE_MAX_LENGTH", words)
        return True

    def choice(self, path: str, value: object, allowed: set[int]) -> None:
        if value not in allowed:
            shown = ", ".join(str(v) for v in sorted(allowed))
            self.add(path, "BASE_TYPE_CHOICES", f"Value must be one of ({shown}).")

    def raise_if_any(self) -> None:
        """Raise ApiError 50035 when something was wrong."""
        if self.errors:
            raise ApiError(50035, status=400, message="Invalid Form Body", errors=self.errors)

"""What a Jira site says in its answers about how much more may be asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from requests import Response


class Rate:
    """The latest word of the site: Data Center sends it with every answer, Cloud near the limit only.

    Headers with a Beta- prefix announce what will count one day, so they are passed over.
    """

    def __init__(self) -> None:
        self.maximum: int | None = None
        self.left: int | None = None
        self.near = False

    def note(self, response: Response) -> None:
        maximum = _number(response.headers.get("X-RateLimit-Limit"))
        left = _number(response.headers.get("X-RateLimit-Remaining"))
        if maximum is not None and left is not None:
            self.maximum, self.left = maximum, left
        self.near = self.near or response.headers.get("X-RateLimit-NearLimit", "").casefold() == "true"


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None

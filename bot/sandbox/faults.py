"""A script of failures: what the next matching calls meet instead of an answer."""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any


class Way(StrEnum):
    """How a call fails."""

    ANSWER = "answer"
    RESET = "reset"
    ACCEPTED = "accepted"


class ConnectionLost(Exception):  # noqa: N818 - the network's doing, raised to the transport
    """The connection broke before the API took the call."""


class AnswerLost(Exception):  # noqa: N818 - as above
    """The API took the call, and the answer never came."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One failure; for ANSWER with the status, text and parameters to give."""

    way: Way
    code: int = 0
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the answer as JSON."""
        body = {"ok": False, "error_code": self.code, "description": self.description}
        return body | ({"parameters": self.parameters} if self.parameters else {})


def too_many(retry_after_s: int) -> Fault:
    """Return a 429 that asks to wait."""
    text = f"Too Many Requests: retry after {retry_after_s}"
    return Fault(Way.ANSWER, 429, text, {"retry_after": retry_after_s})


def status(code: int, description: str = "") -> Fault:
    """Return an answer with this status, such as 500, 502 or 409."""
    return Fault(Way.ANSWER, code, description or {502: "Bad Gateway"}.get(code, "Internal Error"))


RESET = Fault(Way.RESET)
ACCEPTED_THEN_TIMED_OUT = Fault(Way.ACCEPTED)


class Script:
    """Faults to come, first in first out among those whose glob fits the method."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, Fault]] = []

    def add(self, fault: Fault, *, times: int, methods: str) -> None:
        """Let the next `times` calls of methods matching the glob fail so."""
        self._rows.extend([(methods, fault)] * times)

    def take(self, method: str) -> Fault | None:
        """Return and strike the first fault for this method, if any."""
        for place, (glob, fault) in enumerate(self._rows):
            if any(fnmatchcase(method, one) for one in glob.split("|")):
                del self._rows[place]
                return fault
        return None

    @property
    def left(self) -> int:
        """How many faults have not struck yet."""
        return len(self._rows)

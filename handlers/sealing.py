"""Seals on buttons that replace something: good for one press, in one chat, for five minutes."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from storage.records import Moment

MINUTE_S = 60
LASTS_MINUTES = 5
MAC_LENGTH = 8


@dataclass(slots=True)
class Seals:
    """Makes and breaks seals; the key is made anew at each start, so none outlives the program."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    broken: dict[str, int] = field(default_factory=dict)

    def make(self, *about: str | int, at: Moment) -> str:
        """Return a seal for exactly this: the chat, the verb, what it is done to."""
        return self._seal(_minute(at), about)

    def break_(self, seal: str, *about: str | int, at: Moment) -> bool:
        """Return whether the seal is good for this, and let it be good no more."""
        now, (word, _, _) = _minute(at), seal.partition("-")
        if not (word.isascii() and word.isdigit() and len(word) < 12):  # noqa: PLR2004
            return False
        made = int(word)
        self.broken = {known: at for known, at in self.broken.items() if now - at <= LASTS_MINUTES}
        fresh = 0 <= now - made <= LASTS_MINUTES and seal not in self.broken
        good = hmac.compare_digest(seal.encode(), self._seal(made, about).encode())
        if not (fresh and good):
            return False
        self.broken[seal] = made
        return True

    def _seal(self, minute: int, about: tuple[str | int, ...]) -> str:
        said = "\n".join(map(str, (minute, *about))).encode()
        return f"{minute}-{hmac.new(self.key, said, hashlib.sha256).hexdigest()[:MAC_LENGTH]}"


def _minute(at: Moment) -> int:
    """Return the minute on the clock that nobody sets."""
    return int(at.logical_s // MINUTE_S)

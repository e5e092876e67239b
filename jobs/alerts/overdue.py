"""How long alerts wait that nothing holds back: what tells that Telegram is away."""

import math
from collections.abc import Callable, Iterable

from jobs.alerts.enqueue import OWN_WORDS, SOUNDLESS
from storage.chats import is_relay
from storage.incidents import Delivery
from storage.records import Moment

NO_ALERTS = SOUNDLESS | OWN_WORDS


def alerts(rows: Iterable[Delivery]) -> list[Delivery]:
    """Return the rows that tell a chat of an alert."""
    return [row for row in rows if row.kind not in NO_ALERTS and not is_relay(row.channel)]


class Overdue:
    """Remembers from one look to the next which rows were held: their wait begins when let go."""

    def __init__(self) -> None:
        self._since_s: dict[int, float] = {}

    def oldest_s(
        self, waiting: Iterable[Delivery], held: Callable[[Delivery], bool], *, at: Moment
    ) -> float:
        """Return the longest wait of an alert that may go, in seconds; 0 for none."""
        before, now_s = self._since_s, at.logical_s
        self._since_s = since_s = {}
        for row in alerts(waiting):
            known_s = before.get(row.id, row.created_s)
            if held(row):
                since_s[row.id] = math.inf
            else:
                since_s[row.id] = min(known_s, now_s)
        return max((now_s - one for one in since_s.values() if one < math.inf), default=0.0)

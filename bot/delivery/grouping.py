"""Which alerts leave together: the first at once, the next as one message, a storm as a digest.

What is decided here lives as long as the process: a storm's digest is edited as it grows, and
after a restart the next alerts begin anew.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.delivery.outcome import Outcome, Sent
from jobs.alerts.enqueue import OWN_WORDS, SOUNDLESS
from storage.incidents import Delivery, Kind
from storage.records import Severity

WINDOW_S = 30.0
LATE_S = 60.0
STORM_ABOVE = 5
STORM_QUIET_S = 60.0
EDIT_EVERY_S = 10.0
ALONE, ALONE_WITHIN_S = 2, 60.0
NEWS = frozenset({Kind.FIRED, Kind.WORSE})
NO_ALERTS = SOUNDLESS | OWN_WORDS
NEVER_S = -1e18


@dataclass(slots=True)
class Storm:
    """A digest that may still grow: its message, and the last row of each incident it told."""

    message_id: int
    changed_s: float
    rows: dict[int, Delivery]


@dataclass(frozen=True, slots=True)
class Turn:
    """The rows of the next message, or none and how long to wait; `grows` is edited by it."""

    rows: tuple[Delivery, ...] = ()
    wait_s: float = 0.0
    grows: Storm | None = None


@dataclass(slots=True)
class Group:
    """What one channel was sent lately; times are logical seconds.

    With `whole`, everything that is due leaves as one text, and nothing passes alone: a relay's
    texts are not edited, and nobody wants ten mails.
    """

    factor: float = 1.0
    whole: bool = False
    opened_s: float = NEVER_S
    waiting: bool = False
    storm: Storm | None = None
    alone_s: deque[float] = field(default_factory=lambda: deque((NEVER_S,) * ALONE, maxlen=ALONE))

    def turn(self, due: Sequence[Delivery], *, now_s: float) -> Turn:
        """Return what the next message tells; `due` has the most urgent first."""
        alerts = tuple(row for row in due if row.kind not in NO_ALERTS)
        calls = tuple(row for row in alerts if row.kind is Kind.ESCALATED)
        if not alerts or 0 < len(calls) <= ALONE:  # who is called in a digest does not feel meant
            return Turn(calls[:1])
        if (storm := self._storm(now_s)) is not None:
            return self._alone(alerts, now_s) or self._growth(storm, alerts, now_s)
        wait_s = self.opened_s + WINDOW_S * self.factor - now_s
        if self.whole:
            return Turn(wait_s=wait_s) if wait_s > 0 else Turn(alerts)
        if len(alerts) > STORM_ABOVE:
            return Turn(alerts)
        if wait_s > 0:
            self.waiting = True
            return self._alone(alerts, now_s) or Turn(wait_s=wait_s)
        late = sum(now_s - row.created_s > LATE_S for row in alerts)
        return Turn(alerts if self.waiting or late > 1 else alerts[:1])

    def begun(self, turn: Turn, *, now_s: float) -> None:
        """Note that a turn is under way; what is critical and alone does not open a window."""
        if len(turn.rows) == 1 and turn.rows[0].level is Severity.CRITICAL:
            self.alone_s.append(now_s)
        if now_s - self.opened_s >= WINDOW_S * self.factor:
            self.opened_s, self.waiting = now_s, False

    def ended(self, turn: Turn, outcome: Outcome | None, *, now_s: float) -> None:
        """Note what became of it; a digest of many may grow, a failure is tried as a first one."""
        if turn.rows and turn.rows[0].kind in NO_ALERTS:
            return
        if not isinstance(outcome, Sent):
            self.opened_s = NEVER_S
            return
        rows = {row.incident: row for row in turn.rows}
        if turn.grows is not None and turn.grows.message_id == outcome.message_id:
            turn.grows.rows.update(rows)
            turn.grows.changed_s = now_s
        elif len(rows) > STORM_ABOVE and outcome.message_id is not None:
            self.storm = Storm(outcome.message_id, now_s, rows)
        elif turn.grows is not None:
            self.storm = None

    def _storm(self, now_s: float) -> Storm | None:
        storm = self.storm
        if storm is not None and now_s - storm.changed_s >= STORM_QUIET_S * self.factor:
            self.storm = None
        return self.storm

    def _alone(self, alerts: Sequence[Delivery], now_s: float) -> Turn | None:
        first = alerts[0]
        if first.level is not Severity.CRITICAL or first.kind not in NEWS:
            return None
        free = now_s - self.alone_s[0] >= ALONE_WITHIN_S * self.factor
        return Turn((first,)) if free else None

    def _growth(self, storm: Storm, alerts: tuple[Delivery, ...], now_s: float) -> Turn:
        wait_s = storm.changed_s + EDIT_EVERY_S * self.factor - now_s
        return Turn(wait_s=wait_s) if wait_s > 0 else Turn(alerts, grows=storm)

"""X of the last Y: a check that fails every other time must not hide behind its oks. Pure."""

from dataclasses import replace

from storage.incidents import AlertState
from storage.records import Moment, Outcome

LONGEST = 16
FAILS_FACTOR, LOOKS_FACTOR = 2, 4  # where N in a row fire, so do 2 N of the last 4 N

Window = tuple[float | None, ...]


def looked(alert: AlertState, outcome: Outcome, *, at: Moment) -> AlertState:
    """Return the state with one more look: the time of a fail, None for an ok."""
    look = at.logical_s if outcome is Outcome.FAIL else None
    window = (*alert.window, look)[-LONGEST:]
    while window and window[0] is None:
        window = window[1:]
    return alert if window == alert.window else replace(alert, window=window)


def reached(window: Window, *, fails: int, hold_s: float, at: Moment) -> bool:
    """Return whether enough of the last looks failed, over the time that is asked for."""
    times = [look for look in window[-LOOKS_FACTOR * fails :] if look is not None]
    return len(times) >= FAILS_FACTOR * fails and at.logical_s - times[0] >= hold_s

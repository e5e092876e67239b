"""Is the bot itself well?"""

from dataclasses import dataclass
from datetime import datetime

from jobs.checks import diary
from jobs.checks.result import Verdict
from jobs.checks.saying import Ladder, Limit, Subject
from jobs.facts import Facts, Own, Shelf, Unknown
from storage.records import Observation, Phrase, Severity, Value

NAME = "bot"
MIB = 2**20
RSS = Subject(key="bot:rss", check=NAME)
LOOP = Subject(key="bot:loop", check=NAME)
STATE = Subject(key="bot:state", check=NAME)
TOKEN = Subject(key="bot:token", check=NAME)
RSS_LIMITS = Ladder(limits=(Limit(Severity.WARNING, 400.0 * MIB),), margin=50.0 * MIB)
OUTBOX = Subject(key="bot:outbox", check=NAME)
HISTORY = Subject(key="bot:history", check=NAME)
LAG_LIMITS = Ladder(limits=(Limit(Severity.WARNING, 0.5),), margin=0.1)
WAIT_LIMITS = Ladder(limits=(Limit(Severity.ERROR, 300.0),), margin=240.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Itself:
    """Limits on the bot's memory and lag; a state that cannot be kept is CRITICAL."""

    rss_bytes: Ladder = RSS_LIMITS
    loop_s: Ladder = LAG_LIMITS
    outbox_s: Ladder = WAIT_LIMITS
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:  # noqa: ARG002
        """Return memory, lag and outbox (once known), state, history, and each calendar job."""
        own = facts.own
        if isinstance(own, Unknown):
            return Verdict(tuple(one.unknown(own.reason) for one in (RSS, LOOP, STATE)))
        index_error = "" if isinstance(facts.data, Unknown) else facts.data.index_error
        seen = [_against(RSS, self.rss_bytes, float(own.rss_bytes), "rss_bytes", "limit_bytes")]
        if own.loop_lag_p95_s is not None:
            seen.append(_against(LOOP, self.loop_s, own.loop_lag_p95_s, "lag_s", "limit_s"))
        if own.outbox_s is not None:
            seen.append(_against(OUTBOX, self.outbox_s, own.outbox_s, "waited_s", "limit_s"))
        seen.append(_state(own, index_error))
        if own.shelf is not None:
            seen.append(_shelf(own.shelf))
        seen += [diary.judge(job, check=NAME) for job in own.jobs]
        return Verdict(tuple(seen), frozenset({diary.PREFIX}))


def reason(error: OSError) -> str:
    """Return the system's word for an error ("No space left on device"), never a path."""
    return error.strerror or type(error).__name__


def unsaved(error: str) -> Observation:
    """Return the finding that the bot's state could not be written."""
    return STATE.fail(Severity.CRITICAL, Phrase("own.state.failed", {"error": error}))


def unsaved_in_time(limit_s: float) -> Observation:
    """Return the finding that writing the bot's state took too long."""
    return STATE.fail(Severity.CRITICAL, Phrase("own.state.timeout", {"limit_s": limit_s}))


def token(*, refused: bool) -> Observation:
    """Return whether Telegram takes the bot's token."""
    if refused:
        return TOKEN.fail(Severity.ERROR, Phrase("own.token.refused"))
    return TOKEN.ok(Phrase("own.token.ok"))


def _state(own: Own, index_error: str) -> Observation:
    if own.state_error or index_error:
        return unsaved(own.state_error or index_error)
    if own.damaged:
        values: dict[str, Value] = {"file": own.damaged[0], "n": len(own.damaged)}
        return STATE.fail(Severity.CRITICAL, Phrase("own.state.damaged", values))
    return STATE.ok(Phrase("own.state.ok"))


def _shelf(shelf: Shelf) -> Observation:
    values: dict[str, Value] = {"size_bytes": shelf.size_bytes, "days": shelf.days}
    if shelf.lost:
        key = "own.history.damaged" if shelf.replaced else "own.history.unreadable"
        return HISTORY.fail(Severity.WARNING, Phrase(key, values))
    return HISTORY.ok(Phrase("own.history.ok", values))


def _against(
    subject: Subject, limits: Ladder, value: float, name: str, limit_name: str
) -> Observation:
    what = subject.key.partition(":")[2]
    limit = limits.reached(value)
    if limit is None:
        fact = Phrase(f"own.{what}.ok", {name: value, limit_name: limits.lowest.value})
        return subject.ok(fact, value=value, limit=limits.lowest, clears=limits.clears(value))
    fact = Phrase(f"own.{what}.high", {name: value, limit_name: limit.value})
    return subject.fail(limit.level, fact, value=value, threshold=limit.value)

"""When relays are asked to tell, and since when an alert waits: the pure decisions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.alerts import enqueue, fallback, rows
from jobs.alerts.overdue import Overdue
from jobs.alerts.policy import Tell
from storage.incidents import Delivery, Incident, Kind, Status
from storage.records import Phrase, Severity
from tests.jobs.seen import NOON, at

FACT = Phrase("fresh.stale")
CRITICAL = Incident(
    number=1, key="fresh:all", check="fresh", level=Severity.CRITICAL, peak=Severity.CRITICAL,
    since=NOON, opened=NOON, opened_s=0.0, fact=FACT, latest=FACT,
)  # fmt: skip
CLOSED = replace(CRITICAL, closed=NOON)
MAIL = "relay:0"


def row(
    kind: Kind = Kind.FIRED,
    level: Severity = Severity.CRITICAL,
    status: Status = Status.QUEUED,
    channel: str = "7",
) -> Delivery:
    return replace(rows.of(CRITICAL, Tell(kind, level), channel, at=at(0)), status=status)


@pytest.mark.parametrize(
    ("waiting", "reachable", "heard"),
    [
        ([row()], True, False),
        ([row(Kind.WORSE)], True, False),
        ([row(status=Status.SENDING)], True, False),
        ([row(status=Status.DEAD)], True, False),
        ([row(status=Status.SENT)], True, True),
        ([row(status=Status.SUPERSEDED)], True, True),
        ([row(level=Severity.ERROR)], True, True),
        ([row(Kind.UPDATE)], True, True),
        ([row(channel=MAIL)], True, True),
        ([replace(row(), incident=2)], True, True),
        ([], True, True),
        ([], False, False),
    ],
)
def test_who_has_not_heard(waiting: list[Delivery], *, reachable: bool, heard: bool) -> None:
    """News waits or died in a chat, or there is no chat left; what was never said is no news."""
    unheard = fallback.unheard(CRITICAL, waiting, reachable=reachable, at=at(1))
    assert unheard is not heard


def test_who_took_it_or_was_told_has_heard() -> None:
    """An acknowledgement counts until it is over."""
    taken = replace(CRITICAL, ack_by="Ada", ack_at=NOON, ack_until_s=10.0)
    assert not fallback.unheard(taken, [row()], reachable=True, at=at(9))
    assert fallback.unheard(taken, [row()], reachable=True, at=at(11))
    told = replace(CRITICAL, reached=True)
    assert not fallback.unheard(told, [row()], reachable=False, at=at(9))


@pytest.mark.parametrize(
    ("told", "hears"),
    [
        (row(), True),
        (row(Kind.REPEAT), True),
        (row(Kind.ESCALATED), True),
        (row(level=Severity.ERROR), False),
        (row(Kind.UPDATE), False),
        (row(Kind.RESOLVED), False),
        (replace(row(level=Severity.ERROR), key=fallback.OUTBOX), True),
    ],
)
def test_what_tells_that_it_is_critical(told: Delivery, *, hears: bool) -> None:
    """Not an edit without a sound, and nothing that was written before it was so bad."""
    assert fallback.hears(told) is hears


def test_only_what_is_open_and_critical_concerns_relays() -> None:
    """And what is wrong with delivery itself, whatever its level."""
    error = replace(CRITICAL, level=Severity.ERROR)
    assert fallback.concerns(CRITICAL)
    assert not fallback.concerns(CLOSED)
    assert not fallback.concerns(error)
    assert fallback.concerns(replace(error, key=fallback.TOKEN))
    assert not fallback.touched(CRITICAL)
    for touched in (replace(error, reached=True), replace(error, untold_s=0.0)):
        assert fallback.touched(touched)
        assert fallback.eased(touched) == error


@given(
    since_s=st.none() | st.floats(0, 1e6),
    now_s=st.floats(0, 1e6),
    from_s=st.floats(0, 1e6),
    factor=st.sampled_from([1.0, 1 / 60]),
    key=st.sampled_from(["fresh:all", fallback.OUTBOX]),
)
def test_due_means_the_whole_patience_and_no_sooner_than_allowed(
    *, since_s: float | None, now_s: float, from_s: float, factor: float, key: str
) -> None:
    """Five minutes since nobody could be told, nothing before `from_s`; then never again."""
    incident = replace(CRITICAL, untold_s=since_s, key=key)
    seen = fallback.watched(incident, waits=True, at=at(now_s), from_s=from_s, factor=factor)
    begun_s = now_s if since_s is None else since_s
    due_s = max(begun_s + (0.0 if fallback.own(key) else 300.0 * factor), from_s)
    assert seen.due is (now_s >= due_s)
    assert seen.incident.reached is seen.due
    assert seen.incident.untold_s == (None if seen.due else begun_s)
    assert seen.at_s == (None if seen.due else due_s)
    held = fallback.watched(incident, waits=False, at=at(now_s), from_s=from_s, factor=factor)
    assert (held.incident, held.due, held.at_s) == (replace(incident, untold_s=None), False, None)


@pytest.mark.parametrize(
    ("incident", "live", "kind", "kinds", "superseded"),
    [
        (CLOSED, [], Kind.RESOLVED, (), 0),
        (replace(CLOSED, told=(MAIL,)), [], Kind.RESOLVED, (Kind.RESOLVED,), 0),
        (replace(CLOSED, told=("7",)), [row(channel=MAIL)], Kind.RESOLVED, (), 1),
        (CLOSED, [row(status=Status.SENDING)], Kind.RESOLVED, (Kind.RESOLVED,), 0),
        (replace(CLOSED, told=(MAIL,)), [], Kind.UPDATE, (Kind.RESOLVED,), 0),
        (replace(CLOSED, told=(MAIL,), stripped=True), [], Kind.UPDATE, (), 0),
        (replace(CRITICAL, told=(MAIL,)), [row()], Kind.REPEAT, (), 0),
        (replace(CRITICAL, told=(MAIL,)), [row()], Kind.UPDATE, (), 0),
        (CRITICAL, [row()], Kind.WORSE, (), 0),
    ],
)
def test_what_a_tell_becomes_for_a_relay(
    incident: Incident,
    live: list[Delivery],
    kind: Kind,
    kinds: tuple[Kind, ...],
    superseded: int,
) -> None:
    """The end for whoever heard the beginning; nothing else, and buttons are no news."""
    plan = enqueue.relayed(Tell(kind, Severity.CRITICAL), incident, channel=MAIL, live=live)
    assert (plan.kinds, len(plan.superseded)) == (kinds, superseded)


def test_the_oldest_wait_begins_when_a_row_is_let_go() -> None:
    """What a mute held for hours has waited for nothing when it ends."""
    overdue = Overdue()
    old, muted = replace(row(), id=1), replace(row(), id=2)

    def oldest_s(now_s: float, *held: Delivery) -> float:
        return overdue.oldest_s([old, muted], lambda one: one in held, at=at(now_s))

    assert oldest_s(100.0, muted) == 100.0
    assert oldest_s(400.0, muted, old) == 0.0
    assert oldest_s(700.0, muted) == 0.0
    assert oldest_s(1000.0) == 300.0
    assert oldest_s(1300.0) == 600.0


@pytest.mark.parametrize("other", [row(Kind.UPDATE), row(Kind.NOTE), row(channel=MAIL)])
def test_only_alerts_to_chats_are_overdue(other: Delivery) -> None:
    """A card that waits for its edit alarms nobody, and a relay has no relay."""
    overdue = Overdue()
    assert overdue.oldest_s([other], lambda _: False, at=at(9000.0)) == 0.0
    assert overdue.oldest_s([], lambda _: False, at=at(9000.0)) == 0.0

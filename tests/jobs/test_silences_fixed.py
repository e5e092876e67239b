"""A mute until fixed ends by itself, and a mute is part of the story of what it is about."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.alerts import muting
from jobs.alerts.rules import Row, Rules
from storage.incidents import Kind, TimelineKind
from storage.records import Observation, Severity
from tests.jobs.office import Office
from tests.jobs.seen import at, fail, ok, unknown

WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
MUTED, UNMUTED = TimelineKind.MUTED, TimelineKind.UNMUTED
HOUR = 3600.0


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_it_ends_with_what_it_was_about(office: Office) -> None:
    """In the very commit that closes it: the ordinary closing says so, and no line sums up."""
    office.see(fail(key="a"), fail(key="b"))
    office.mute("a", until_fixed=True)
    office.heard()
    for _ in range(5):
        office.see(fail(key="a"), fail(key="b"))
    assert len(office.mutes.all()) == 1
    office.see(ok("a"), fail(key="b"))
    assert office.mutes.all() == []
    assert office.heard() == [(Kind.RESOLVED, "a"), (Kind.UPDATE, "a")]
    assert office.notes() == []


def test_closings_it_held_flow_when_the_last_is_fixed(office: Office) -> None:
    """Two incidents: the first one's end waits for the second's."""
    office.see(fail(key="a"), fail(key="b"))
    office.mute(until_fixed=True)
    office.heard()
    office.see(ok("a"), fail(key="b"))
    assert office.heard() == [(Kind.UPDATE, "a")]
    office.see(ok("a"), ok("b"))
    assert sorted(office.heard()) == [
        (Kind.RESOLVED, "a"), (Kind.RESOLVED, "b"), (Kind.UPDATE, "b"),
    ]  # fmt: skip
    assert office.notes() == []


def test_what_opens_meanwhile_keeps_it_and_is_never_told_as_fired(office: Office) -> None:
    """It came and went under the mute: one line tells of it afterwards."""
    office.see(fail(key="a"))
    office.mute(until_fixed=True)
    office.heard()
    office.see(fail(key="a"), fail(key="b"))
    office.see(ok("a"), fail(key="b"))
    assert len(office.mutes.all()) == 1
    office.see(ok("b"))
    assert (Kind.BRIEF, "b") in office.heard()
    assert office.mutes.all() == []


def test_a_rise_to_critical_is_not_fixed(office: Office) -> None:
    """It rings once; its reminders still wait for its end."""
    office.see(fail(key="a"))
    office.mute("a", until_fixed=True)
    office.heard()
    for _ in range(9):
        office.see(fail(CRITICAL, "a"))
    assert office.heard() == [(Kind.WORSE, "a"), (Kind.UPDATE, "a")]
    office.see(ok("a"))
    assert (Kind.RESOLVED, "a") in office.heard()
    assert office.mutes.all() == []


def test_a_mute_of_warnings_ends_when_the_last_one_is_worse(office: Office) -> None:
    """It has nothing left to hold back."""
    office.see(fail(WARNING, "a"))
    office.mute(level=WARNING, until_fixed=True)
    office.see(fail(ERROR, "a"))
    assert office.mutes.all() == []


def test_unknown_is_not_fixed(office: Office) -> None:
    """A check that gives no answer ends no mute (I13)."""
    office.see(fail(key="a"))
    office.mute("a", until_fixed=True)
    office.see(unknown("a"))
    assert len(office.mutes.all()) == 1


def test_a_restart_does_not_end_it(office: Office) -> None:
    """Nothing is fixed before it was looked at again."""
    office.see(fail(key="a"))
    office.mute("a", until_fixed=True)
    office.start()
    office.see(fail(key="a"))
    assert len(office.mutes.all()) == 1
    office.see(ok("a"))
    assert office.mutes.all() == []


def test_one_ok_does_not_end_it_for_a_key_that_flaps(office: Office) -> None:
    """Until it is steady; then one line says that."""
    for seen in (fail(key="a"), ok("a"), fail(key="a"), ok("a"), fail(key="a")):
        office.see(seen)
    office.mute("a", until_fixed=True)
    office.heard()
    for seen in (ok("a"), fail(key="a"), ok("a"), ok("a"), ok("a"), ok("a")):
        office.see(seen)
        assert len(office.mutes.all()) == 1
    assert {kind for kind, _ in office.heard()} <= {Kind.UPDATE}
    for _ in range(3):
        office.see(ok("a"))
    assert office.mutes.all() == []
    assert office.notes()[-1].key == "flap.over"


@pytest.mark.parametrize(("level", "lasts"), [(ERROR, 7 * 24.0), (CRITICAL, 4.0)])
def test_it_has_a_latest_end_that_is_summed_up(
    office: Office, level: Severity, lasts: float
) -> None:
    """Nobody is deaf for ever because nobody repairs: a week, four hours for what is CRITICAL."""
    office.see(fail(key="a"))
    mute = office.mute("a", level, until_fixed=True)
    assert mute.until_s == office.now_s + lasts * HOUR
    office.see(fail(key="a"), after_s=lasts * HOUR)
    assert office.mutes.all() == []
    assert office.notes()[-1].values == {"glob": "a", "n": 1, "held": 0}


def test_ended_early_it_is_summed_up_like_any_other(office: Office) -> None:
    """A person asks to hear again: what was over meanwhile is a number."""
    office.see(fail(key="a"), fail(key="b"))
    mute = office.mute(until_fixed=True)
    office.see(ok("a"), fail(key="b"))
    assert office.alerts.unmute(mute.id, by="Max", at=at(office.now_s))
    assert office.notes()[-1].values == {"glob": "*", "n": 1, "held": 1}


def test_a_mute_is_part_of_the_story(office: Office) -> None:
    """Who muted it, who lifted that or that its time was up; the card is edited each time."""
    office.see(fail(key="a"))
    mute = office.mute("a")
    office.alerts.unmute(mute.id, by="Max", at=at(office.now_s))
    office.deliver()
    office.mute("a", by="Max")
    office.see(fail(key="a"), after_s=HOUR)
    assert office.story()[1:] == [
        (MUTED, "Lina"),
        (UNMUTED, "Max"),
        (MUTED, "Max"),
        (UNMUTED, ""),
        (TimelineKind.REMINDED, ""),
    ]
    assert office.heard().count((Kind.UPDATE, "a")) == 4


def test_a_reminder_that_was_held_back_is_no_part_of_the_story(office: Office) -> None:
    """Only what somebody heard is told as having been said."""
    office.see(fail(CRITICAL, "a"))
    office.mute("a", CRITICAL, until_fixed=True)
    for _ in range(40):
        office.see(fail(CRITICAL, "a"))
    assert office.incident().reminders > 3
    assert TimelineKind.REMINDED not in [kind for kind, _ in office.story()]


def test_a_card_is_edited_under_a_mute(office: Office) -> None:
    """No sound is made, and what is on the screen stays true: taken, better, over."""
    office.see(fail(CRITICAL, "a"))
    office.mute("a", CRITICAL)
    office.heard()
    assert office.alerts.ack(1, by="Lina", at=at(office.now_s))
    office.deliver()
    office.see(fail(ERROR, "a"))
    office.see(ok("a"))
    assert office.heard() == [(Kind.UPDATE, "a")] * 3
    assert office.waiting(Kind.RESOLVED) == 1


def test_what_another_mute_still_holds_is_not_called_unmuted(office: Office) -> None:
    """Its card names the later end; the sum counts only what is told again."""
    office.see(fail(key="a"), fail(key="b"))
    office.mute("a")
    everything = office.mute("*")
    office.heard()
    office.alerts.unmute(everything.id, by="Lina", at=at(office.now_s))
    office.deliver()
    assert UNMUTED not in [kind for kind, _ in office.story(1)]
    assert office.story(2)[-1] == (UNMUTED, "Lina")
    assert office.notes()[-1].values == {"glob": "*", "n": 1, "held": 0}
    assert sorted(office.heard())[1:] == [(Kind.UPDATE, "a"), (Kind.UPDATE, "b")]


def test_a_mute_of_everything_in_a_storm_edits_a_few_cards(office: Office) -> None:
    """The worst and the newest; the story of each is kept all the same."""
    keys = [f"disk:{n}" for n in range(200)]
    office.see(*(fail(key=key) for key in keys), fail(WARNING, "last"))
    office.heard()
    office.mute()
    edited = office.heard()
    assert len(edited) == muting.EDITED
    assert (Kind.UPDATE, "disk:199") in edited
    assert (Kind.UPDATE, "last") not in edited
    assert {office.story(number)[-1] for number in range(1, 202)} == {(MUTED, "Lina")}


def test_the_same_mute_again_takes_the_place_of_the_first(office: Office) -> None:
    """Longer or shorter, the last word counts; the number stays, so its button works."""
    office.see(fail(key="a"))
    first = office.mute("a")
    for hours in (5, 1):
        again = office.alerts.mute(
            glob="a", for_=timedelta(hours=hours), by="Max", reason="x", at=at(office.now_s)
        )
        assert (again.id, again.until_s) == (first.id, office.now_s + hours * HOUR)
        assert office.mutes.all() == [again]
    assert office.story()[1:] == [(MUTED, "Lina"), (MUTED, "Max")]
    office.alerts.unmute(first.id, at=at(office.now_s))
    assert office.mutes.all() == []


@pytest.mark.parametrize(
    ("glob", "level", "mutes"),
    [("*", ERROR, 1), ("all", ERROR, 1), ("a", ERROR, 2), ("*", CRITICAL, 2), ("*", WARNING, 2)],
)
def test_only_a_mute_of_the_same_things_is_replaced(
    office: Office, glob: str, level: Severity, mutes: int
) -> None:
    """`all` is `*` by another name."""
    office.mute("*")
    office.mute(glob, level)
    assert len(office.mutes.all()) == mutes


def test_until_fixed_may_become_an_hour_and_back(office: Office) -> None:
    """The last word counts here, too."""
    office.see(fail(key="a"))
    office.mute("a", until_fixed=True)
    office.mute("a")
    office.see(ok("a"))
    assert [mute.until_fixed for mute in office.mutes.all()] == [False]


def test_a_mute_that_ran_out_is_not_revived(office: Office) -> None:
    """It is summed up; the new one has its own number."""
    office.see(fail(key="a"))
    first = office.mute("a")
    office.now_s += 2 * HOUR
    second = office.mute("a")
    assert second.id != first.id
    office.see(fail(key="a"), after_s=1.0)
    assert [mute.id for mute in office.mutes.all()] == [second.id]


LOOKS = st.sampled_from(["ok", "fail", "critical", "unknown", "warning"])
SEEN: dict[str, Callable[[str], Observation]] = {
    "ok": ok, "unknown": unknown, "fail": lambda key: fail(ERROR, key),
    "warning": lambda key: fail(WARNING, key), "critical": lambda key: fail(CRITICAL, key),
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    looks=st.lists(st.tuples(LOOKS, LOOKS), min_size=1, max_size=25),
    level=st.sampled_from([WARNING, ERROR, CRITICAL]),
    restarts=st.sets(st.integers(0, 24), max_size=2),
)
def test_it_lasts_exactly_as_long_as_something_it_holds_is_broken(
    tmp_path_factory: pytest.TempPathFactory,
    looks: list[tuple[str, str]],
    level: Severity,
    restarts: set[int],
) -> None:
    """Whatever two keys do: no longer, no shorter, and everybody hears of every end."""
    rules = Rules(table=(Row(glob="*", fails=1, passes=2),), gap_s=0.0)
    office = Office(tmp_path_factory.mktemp("fixed"), rules=rules)
    office.see(fail(WARNING, "a"), fail(WARNING, "b"))
    office.mute("*", level, until_fixed=True)
    lasts = True
    for n, pair in enumerate(looks):
        if n in restarts:
            office.start()
        seen = zip(("a", "b"), pair, strict=True)
        office.see(*(SEEN[look](key) for key, look in seen), after_s=60.0)
        held = any(
            one.level <= level or (level is ERROR and one.level is CRITICAL)
            for one in office.alerts.open()
        )
        flaps = any(
            state.flap_told_s is not None and (level >= ERROR or state.flap_level <= level)
            for state in office.store.states()
        )
        lasts = lasts and (held or flaps)
        assert bool(office.mutes.all()) is lasts
        assert lasts or not office.waiting(Kind.RESOLVED, Kind.BRIEF)
    assert not [note for note in office.notes() if note.key == "mute.ended"]

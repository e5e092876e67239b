"""What lies in BACKUP_DIR is judged, whatever the job says: old, broken, shrunk, doubtful, few."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from handlers.views import i18n
from jobs.calendar import Job, start
from jobs.checks.backups import Safekeeping
from jobs.checks.standard import Limits, standard
from jobs.copies import Copies, Failure
from jobs.facts import Absence, Facts, Why
from jobs.snapshots import Backup, Backups
from storage.archives.keep.retention import Health, Policy
from storage.archives.manifest import Flag, Loss, Note, stamp
from storage.records import Moment, Observation, Outcome, Phrase, Severity, Value
from tests.jobs.looks import BLIND, HEALTHY, NOON, judge

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN
WARNING, ERROR, CRITICAL = Severity.WARNING, Severity.ERROR, Severity.CRITICAL
NIGHTLY = Safekeeping(policy=Policy())
LAST = NOON - 10 * HOUR  # 02:00


def made(at: datetime = LAST, *, files: int = 100, flags: str = "", **more: object) -> Backup:
    """Return a snapshot; `flags` are `path=flag` with blanks between."""
    notes = tuple(
        Note(path, Flag(flag)) for path, _, flag in (one.partition("=") for one in flags.split())
    )
    one = Backup(at=at, verified=at + timedelta(minutes=1), files=files, size_bytes=18_400_000)
    return replace(one, notes=notes, **more)  # type: ignore[arg-type]


def broken(at: datetime = LAST) -> Backup:
    return made(at, health=Health.BROKEN, broken="base-x.tar.zst is missing")


def lost(at: datetime = LAST, *, found: datetime = LAST, flag: str = "shrunk") -> Backup:
    """Return a snapshot made while a loss was open, first found then."""
    before = found - DAY
    loss = Loss(root="data", id=stamp(before), at=before, files=100, found=found, gone=("data/a",))
    return made(at, files=40, flags=f"data={flag}", losses=(loss,))


def found_lost(found: datetime = LAST, *, flag: str = "shrunk") -> list[Backup]:
    """Return the last good one, and the newest, which says what was lost behind it."""
    return [made(found - DAY), lost(found=found, flag=flag)]


def nights(n: int, *, until: datetime = LAST) -> tuple[Backup, ...]:
    """Return the snapshots of so many nights."""
    return tuple(made(until - number * DAY) for number in reversed(range(n)))


def facts(*snapshots: Backup, **known: object) -> Facts:
    found = Backups(snapshots=snapshots, up_s=90_000.0)
    return replace(HEALTHY, backups=replace(found, **known))  # type: ignore[arg-type]


def seen(key: str, look: Facts, *, check: Safekeeping = NIGHTLY) -> Observation:
    return judge(check, look, now=look.at.wall)[f"backup:{key}"]


def said(one: Observation) -> tuple[Outcome, Severity, str]:
    return one.outcome, one.level, one.fact.key


async def nothing(_: date) -> str:
    return ""


def at(now: datetime) -> Moment:
    return Moment(wall=now, logical_s=1000.0 + (now - NOON).total_seconds())


def test_a_week_of_good_nights_is_well() -> None:
    """Every key says so, each with figures."""
    found = judge(NIGHTLY, facts(*nights(7), nights=7, drilled=NOON - DAY))
    assert {key: one.outcome for key, one in found.items()} == dict.fromkeys(
        ["backup:verify", "backup:content", "backup:run", "backup:drill", "backup:age",
         "backup:count"], OK,
    )  # fmt: skip
    assert found["backup:age"].fact.values["age_s"] == 36_000.0
    assert found["backup:count"].value == 7


@pytest.mark.parametrize(
    ("age", "outcome", "level"),
    [
        (timedelta(0), OK, Severity.OK),
        (26 * HOUR - timedelta(seconds=1), OK, Severity.OK),
        (26 * HOUR, FAIL, ERROR),
        (50 * HOUR - timedelta(seconds=1), FAIL, ERROR),
        (50 * HOUR, FAIL, CRITICAL),
        (-4 * timedelta(minutes=1), OK, Severity.OK),
    ],
)
def test_the_age_of_the_last_verified_one(
    age: timedelta, outcome: Outcome, level: Severity
) -> None:
    """26 h is an error, 50 h critical, to the second; a clock a little ahead is no age."""
    one = seen("age", facts(made(NOON - age)))
    assert (one.outcome, one.level) == (outcome, level)


def test_a_broken_one_has_no_age() -> None:
    """Only what can be restored counts, however young the others are."""
    one = seen("age", facts(made(NOON - 30 * HOUR), broken(NOON - HOUR)))
    assert said(one) == (FAIL, ERROR, "backups.age.old")
    assert one.value == 30 * 3600


def test_a_snapshot_of_the_future_says_nothing_of_today() -> None:
    """Else a clock that was wrong for a minute would silence the alarm for years."""
    look = facts(made(NOON - 60 * HOUR), made(NOON + 900 * DAY))
    assert said(seen("age", look)) == (FAIL, CRITICAL, "backups.age.old")
    assert said(seen("count", look)) == (FAIL, WARNING, "backups.count.future")


@pytest.mark.parametrize(
    ("since", "outcome", "level", "key"),
    [
        (None, OK, Severity.OK, "backups.none"),
        (NOON - 25 * HOUR, OK, Severity.OK, "backups.none"),
        (NOON - 26 * HOUR, FAIL, ERROR, "backups.age.never"),
        (NOON - 50 * HOUR, FAIL, CRITICAL, "backups.age.never"),
    ],
)
def test_where_none_was_ever_made(
    since: datetime | None, outcome: Outcome, level: Severity, key: str
) -> None:
    """A fresh install has its first 26 hours; then silence is an alarm, too."""
    one = seen("age", facts(since=since))
    assert said(one) == (outcome, level, key)
    assert not one.clears or outcome is FAIL


@pytest.mark.parametrize(
    ("known", "waits"),
    [
        ({"running_s": 60.0}, True),
        ({"running_s": 7200.0}, False),
        ({"up_s": 899.0}, True),
        ({"up_s": 900.0}, False),
        ({"up_s": None}, False),
    ],
)
def test_an_old_one_is_no_alarm_while_the_next_is_made(
    known: dict[str, float | None],
    waits: bool,  # noqa: FBT001
) -> None:
    """After a weekend off, the start makes up for it; but a job that hangs is no excuse."""
    one = seen("age", facts(made(NOON - 60 * HOUR), **known))
    assert (one.outcome is UNKNOWN, one.waits) == (waits, waits)
    assert one.fact.key == ("backups.age.due" if waits else "backups.age.old")


@pytest.mark.parametrize(("back_s", "waits"), [(0.0, True), (899.0, True), (900.0, False)])
def test_nor_after_the_machine_slept(back_s: float, waits: bool) -> None:  # noqa: FBT001
    """The calendar has a quarter of an hour to catch up."""
    ended = Moment(wall=NOON, logical_s=HEALTHY.at.logical_s - back_s)
    look = facts(made(NOON - 60 * HOUR))
    look = replace(look, absence=Absence(why=Why.SLEPT, for_s=200_000.0, ended=ended))
    assert seen("age", look).waits is waits


@pytest.mark.parametrize(
    ("snapshots", "level", "key"),
    [
        ([*nights(3), broken()], CRITICAL, "backups.verify.broken"),
        ([broken(LAST - DAY), broken()], CRITICAL, "backups.verify.all_broken"),
        ([broken(LAST - 2 * DAY), broken(LAST - DAY), made()], WARNING, "backups.verify.older"),
        (found_lost(), CRITICAL, "backups.verify.shrunk"),
        (found_lost(LAST - 3 * DAY), CRITICAL, "backups.verify.shrunk"),
        (found_lost(LAST - 4 * DAY), WARNING, "backups.verify.shrunk"),
        (found_lost(flag="empty"), CRITICAL, "backups.verify.empty"),
        (found_lost(LAST - 400 * DAY, flag="empty"), CRITICAL, "backups.verify.empty"),
        (found_lost(LAST - 400 * DAY), WARNING, "backups.verify.shrunk"),
        ([broken(LAST - 3 * DAY), *found_lost(LAST)], CRITICAL, "backups.verify.shrunk"),
        ([lost()], CRITICAL, "backups.verify.unkept"),
        ([broken(LAST - DAY), lost()], CRITICAL, "backups.verify.unkept"),
    ],
)
def test_what_cannot_be_relied_on(snapshots: list[Backup], level: Severity, key: str) -> None:
    """The newest broken or shrunk is critical; earlier ones only narrow the choice."""
    assert said(seen("verify", facts(*snapshots))) == (FAIL, level, key)


@pytest.mark.parametrize(
    "snapshots",
    [
        [],
        [made(files=1)],
        [lost(LAST - DAY), made()],
    ],
)
def test_what_can_be_relied_on(snapshots: list[Backup]) -> None:
    """What was lost and came back, or was meant to go, is past: the newest one says so."""
    assert seen("verify", facts(*snapshots)).outcome is OK


def test_backups_that_are_gone_are_critical() -> None:
    """A disk that is not mounted looks like a folder without backups."""
    one = seen("verify", facts(done=LAST))
    assert said(one) == (FAIL, CRITICAL, "backups.verify.gone")


def test_a_folder_that_cannot_be_read_is_critical() -> None:
    """And then nothing else is known."""
    found = judge(NIGHTLY, facts(*nights(7), error="Permission denied"))
    assert said(found["backup:verify"]) == (FAIL, CRITICAL, "backups.verify.unreadable")
    assert found["backup:age"].outcome is UNKNOWN
    assert set(found) == {"backup:verify", "backup:age"}


def test_nobody_looked() -> None:
    """Neither good nor bad, and no alert is closed."""
    verdict = NIGHTLY.judge(replace(HEALTHY, backups=BLIND), now=NOON)
    assert {one.outcome for one in verdict.observations} == {UNKNOWN}
    assert verdict.complete == frozenset()


@pytest.mark.parametrize(
    ("before", "now", "level", "key", "file"),
    [
        ("", "data/a=invalid_json", WARNING, "invalid_json", "data/a"),
        ("data/a=invalid_json", "data/a=invalid_json", WARNING, "invalid_json", "data/a"),
        ("", "data/a=unstable", WARNING, "unstable", "data/a"),
        ("data/a=unstable", "data/a=unstable", ERROR, "again", "data/a"),
        ("data/a=unreadable", "data/a=missing", ERROR, "again", "data/a"),
        ("data/b=unstable", "data/a=unstable", WARNING, "unstable", "data/a"),
        ("data/z=unstable", "data/a=missing data/z=unstable", ERROR, "again", "data/z"),
        ("", "data/a=invalid_json data/z=missing", WARNING, "missing", "data/z"),
        ("", "data/a=unreadable state/h=damaged", WARNING, "damaged", "state/h"),
    ],
)
def test_what_was_odd_in_the_newest(
    before: str, now: str, level: Severity, key: str, file: str
) -> None:
    """The worst is named; a file not copied twice in a row is an error, bad JSON stays one."""
    one = seen("content", facts(made(LAST - DAY, flags=before), made(flags=now)))
    assert said(one) == (FAIL, level, f"backups.content.{key}")
    assert one.fact.values["file"] == file
    assert one.fact.values["n"] == len(one.evidence) == len(now.split())


def test_a_link_in_the_folder_is_not_odd() -> None:
    """Neither is what another key tells: an empty folder, a shrunk one."""
    look = facts(made(flags="data/link=special data=empty data=shrunk"))
    assert seen("content", look).outcome is OK
    assert seen("content", facts()).fact.key == "backups.none"


def failed(key: str, when: datetime = NOON) -> Failure:
    return Failure(when, Phrase(key, {"error": "x"}))


@pytest.mark.parametrize(
    ("look", "outcome", "level"),
    [
        (facts(made(), failed=failed("backups.run.no_space")), FAIL, ERROR),
        (facts(failed=failed("backups.run.disk")), FAIL, ERROR),
        (facts(made(), failed=failed("backups.run.locked")), FAIL, WARNING),
        (facts(made(), failed=failed("backups.run.not_pruned")), FAIL, WARNING),
        (facts(made(), failed=failed("backups.run.disk", LAST)), OK, Severity.OK),
        (facts(made()), OK, Severity.OK),
        (facts(), OK, Severity.OK),
    ],
)
def test_a_run_that_failed_is_told_until_one_does_not(
    look: Facts, outcome: Outcome, level: Severity
) -> None:
    """With its reason; a backup made later closes it, whoever made it."""
    one = seen("run", look)
    assert (one.outcome, one.level) == (outcome, level)


@pytest.mark.parametrize(
    ("known", "outcome", "level", "key"),
    [
        ({}, OK, Severity.OK, "backups.drill.none"),
        ({"drilled": LAST}, OK, Severity.OK, "backups.drill.ok"),
        ({"drill_failed": failed("backups.drill.bad")}, FAIL, CRITICAL, "backups.drill.bad"),
        ({"drill_failed": failed("backups.drill.failed"), "drilled": LAST}, FAIL, ERROR,
         "backups.drill.failed"),
        ({"drill_failed": failed("backups.drill.bad", LAST), "drilled": NOON}, OK, Severity.OK,
         "backups.drill.ok"),
    ],
)  # fmt: skip
def test_a_trial_restore_that_failed(
    known: dict[str, object], outcome: Outcome, level: Severity, key: str
) -> None:
    """A wrong byte is critical, no room for the trial an error; the next good one closes it."""
    assert said(seen("drill", facts(made(), **known))) == (outcome, level, key)


AWAY = "s3://bucket/vigie"
NO_ANSWER = Failure(NOON, Phrase("offsite.unreachable", {"place": AWAY}))


@pytest.mark.parametrize(
    ("copies", "known", "outcome", "level", "key"),
    [
        (Copies(place=AWAY, pushed_at=LAST), {}, OK, Severity.OK, "backups.offsite.ok"),
        (Copies(place=AWAY), {"since": LAST}, OK, Severity.OK, "backups.offsite.none"),
        (Copies(place=AWAY), {}, OK, Severity.OK, "backups.offsite.none"),
        (Copies(place=AWAY, pushed_at=NOON - 26 * HOUR), {}, FAIL, WARNING, "backups.offsite.old"),
        (Copies(place=AWAY), {"since": NOON - 50 * HOUR}, FAIL, ERROR, "backups.offsite.old"),
        (Copies(place=AWAY, pushed_at=LAST - DAY, failed=NO_ANSWER), {}, FAIL, WARNING,
         "offsite.unreachable"),
        (Copies(place=AWAY, pushed_at=LAST - 2 * DAY, failed=NO_ANSWER), {}, FAIL, ERROR,
         "offsite.unreachable"),
        (Copies(place=AWAY, pushed_at=LAST, damaged=2), {}, FAIL, ERROR, "backups.offsite.damaged"),
    ],
)  # fmt: skip
def test_the_copies_off_this_machine(
    copies: Copies, known: dict[str, object], outcome: Outcome, level: Severity, key: str
) -> None:
    """One night without is a warning with its reason, two are an error, and so is damage."""
    assert said(seen("offsite", facts(made(), copies=copies, **known))) == (outcome, level, key)


@pytest.mark.parametrize(
    ("snapshots", "made_on", "key", "outcome"),
    [
        (nights(7), 30, "ok", OK),
        (nights(1), 1, "ok", OK),
        ((nights(9)[0], *nights(3)), 9, "few", FAIL),
        ((nights(9)[0], *nights(3)), None, "few", FAIL),
        ((nights(9)[0], *nights(3)), 4, "ok", OK),  # the bot was off for the other nights
        (nights(9), 9, "ok", OK),
        (nights(10), 10, "ok", OK),  # nine before today: the policy's, the newest, the clean one
        (nights(11), 11, "many", FAIL),
        ((*nights(7), *(made(NOON - n * HOUR) for n in (5, 4, 3, 2, 1))), 7, "ok", OK),
        ((broken(),), 1, "none", OK),
    ],
)
def test_how_many_are_kept(
    snapshots: tuple[Backup, ...], made_on: int | None, key: str, outcome: Outcome
) -> None:
    """One for each of the last nights that made one, and no more than the policy says."""
    one = seen("count", facts(*snapshots, nights=made_on))
    wanted = "backups.none" if key == "none" else f"backups.count.{key}"
    assert (one.fact.key, one.outcome) == (wanted, outcome)


def test_weeks_and_months_count_too() -> None:
    """Eleven are not too many where four weeks are kept."""
    check = Safekeeping(policy=Policy(weekly=4))
    assert seen("count", facts(*nights(14), nights=14), check=check).outcome is OK


def test_without_an_hour_nobody_expects_one() -> None:
    """BACKUP_AT empty: neither age nor count; what lies there is judged all the same."""
    found = judge(Safekeeping(), facts(broken(NOON - 90 * DAY)))
    assert set(found) == {"backup:verify", "backup:content", "backup:run", "backup:drill"}
    assert found["backup:verify"].level is CRITICAL
    assert Safekeeping().judge(facts(), now=NOON).complete == {"backup:"}


def test_the_standard_checks_hold_it() -> None:
    """With the owner's policy, or none."""
    for policy in (None, Policy(daily=3)):
        checks = {one.name: one for one in standard(Limits(backups=policy))}
        assert checks["backup"] == Safekeeping(policy=policy)


def test_a_year_of_good_nights_says_nothing() -> None:
    """Looked at every hour, through both changes of the clocks, from the first start on."""
    zone = ZoneInfo("Europe/Paris")
    check = Safekeeping(policy=Policy(zone=zone))
    job = Job(name="backup", at=time(2), catch_up=DAY, zone=zone, work=nothing)
    begin = datetime(2026, 1, 1, 15, tzinfo=UTC)
    kept: list[Backup] = []
    for hour in range(24 * 365):
        now = begin + hour * HOUR
        if start(job, now.astimezone(zone).date()) == now:
            kept = [*kept, made(now, files=100 + hour // 24)][-7:]
        look = replace(facts(*kept, since=begin, nights=hour // 24), at=at(now))
        bad = [one for one in check.judge(look, now=now).observations if one.outcome is not OK]
        assert not bad, (now, bad)


def test_a_job_that_stops_is_noticed_in_time() -> None:
    """The last good night at 02:00, nothing after: an error at 04:00 the next day, then worse."""
    levels: dict[Severity, int] = {}
    for hour in range(60):
        now = LAST + hour * HOUR
        one = seen("age", replace(facts(*nights(7), nights=7), at=at(now)))
        levels.setdefault(one.level, hour)
    assert levels == {Severity.OK: 0, ERROR: 26, CRITICAL: 50}


def looks() -> Iterator[Facts]:
    """Yield looks at which, between them, everything there is to say is said."""
    yield facts(*nights(7), nights=7, drilled=LAST)
    yield from (facts(), facts(done=LAST), facts(error="Permission denied"))
    yield from (facts(since=NOON - 3 * DAY), facts(made(NOON - 3 * DAY), running_s=1.0))
    yield facts(made(NOON - 3 * DAY), made(NOON + DAY))
    yield from (
        facts(broken()),
        facts(made(LAST - DAY), broken()),
        facts(broken(LAST - DAY), made()),
    )
    yield from (facts(*found_lost(flag="empty")), facts(*found_lost()), facts(lost()))
    for flag in ("missing", "damaged", "unreadable", "unstable", "invalid_json"):
        for before in ("", f"data/a={flag}"):
            yield facts(made(flags=before), made(flags=f"data/a={flag}"))
        yield facts(made(flags=f"data/a={flag} data/b=invalid_json"))
    yield from (facts(*nights(2), nights=7), facts(*nights(9)[:1], made()), facts(*nights(12)))
    reasons: dict[str, Value] = {
        "error": "Input/output error", "file": "base-x.tar.zst", "needed_bytes": 900_000_000,
        "free_bytes": 300_000, "n": 2,
    }  # fmt: skip
    for kind in (
        "locked",
        "no_space",
        "full",
        "empty",
        "disk",
        "read_back",
        "failed",
        "not_pruned",
    ):
        yield facts(failed=Failure(NOON, Phrase(f"backups.run.{kind}", reasons)))
    yield from (
        facts(copies=Copies(place="s3://b")),
        facts(copies=Copies(place="s3://b", damaged=2)),
    )
    for hours in (1, 30, 60):
        yield facts(copies=Copies(place="s3://b", pushed_at=NOON - hours * HOUR))
    for kind in ("bad", "failed"):
        yield facts(drill_failed=Failure(NOON, Phrase(f"backups.drill.{kind}", reasons)))


@pytest.mark.parametrize("code", i18n.LANGUAGES)
def test_everything_it_says_has_words(code: str) -> None:
    """Whole sentences with their figures; what fails also says what it means and what to do."""
    language = i18n.language(code, UTC)
    found: dict[str, Observation] = {}
    for look in looks():
        found |= {one.fact.key: one for one in NIGHTLY.judge(look, now=NOON).observations}
    assert len(found) > 35
    for one in found.values():
        keys = [one.fact.key]
        if one.outcome is FAIL:
            keys += [f"{one.fact.key}.effect", f"{one.fact.key}.try"]
        sentences = [language.plain(Phrase(key, one.fact.values)) for key in keys]
        sentences += [language.plain(proof) for proof in one.evidence]
        assert all(language.has(key) for key in keys), keys
        for words in sentences:
            assert words
            assert "{" not in words
            assert "?" not in re.sub(r"(?<=\w)\u202f?\?", "", words), words  # a missing value

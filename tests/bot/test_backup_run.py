"""The whole program makes its backup, knows it, tells of trouble at once, and of its end."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from bot import settings
from bot.app import Program, build
from bot.reporter import reporter
from bot.settings import Settings
from jobs.facts import Unknown
from storage.records import Phrase, Severity
from tests.waiting import until

TOKEN = "123:" + "x" * 20


@pytest.fixture
def found(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a.json").write_text('[{"title": "x"}]')
    return settings.load(
        telegram_bot_token=TOKEN, telegram_admin_ids="7", telegram_chat_ids="7",
        state_dir=tmp_path / "var", data_dir=tmp_path / "data", backup_dir=tmp_path / "backups",
        backup_at="02:00", expected_sources="", scraper_commands="",
    )  # fmt: skip


@pytest.fixture
async def program(found: Settings) -> AsyncIterator[Program]:
    made = build(found)
    yield made
    await made.close()


def nightly(program: Program, *names: str) -> Callable[[], bool]:
    """Return whether the calendar's jobs of those names have all ended."""
    at = program.services.clock
    return lambda: all(
        job.state.value in {"well", "retrying", "failed"}
        for job in program.timetable.standings(at())
        if job.name in (names or ("backup", "drill"))
    )


def incident(program: Program, key: str) -> Phrase | None:
    """Return what the open incident of that key says, None where there is none."""
    found = [one for one in program.services.alerts.known() if one.key == key]
    return found[0].latest if found and found[0].closed is None else None


async def test_a_fresh_install_makes_its_first_backup_and_tries_it(program: Program) -> None:
    """At the first tick, whatever the hour; then the trial restore; nothing is alarmed about."""
    await program.timetable.tick()
    await until(nightly(program, "backup"))
    await program.timetable.tick()
    await until(nightly(program))
    listing = await program.services.backups.listing()
    assert len(listing.good) == 1
    assert listing.next_at is not None
    await program.look()
    last = program.services.watch.last
    assert last is not None
    assert not isinstance(last.facts.backups, Unknown)
    assert last.facts.backups.newest is not None
    assert last.facts.backups.drilled is not None
    bad = [one for one in last.observations if one.check == "backup" and one.level]
    assert bad == []
    before = len(listing.snapshots)
    await program.timetable.tick()
    assert program.services.backups.under_way is None
    assert len((await program.services.backups.listing()).snapshots) == before


async def test_a_start_clears_what_a_killed_trial_left(found: Settings) -> None:
    """It took as much room as the data, until the next trial on a Sunday."""
    left = found.backup_dir / ".drill/data/a.json"
    left.parent.mkdir(parents=True)
    left.write_text("[]")
    made = build(found)
    await made.close()
    assert not list(found.backup_dir.iterdir())


async def test_the_report_says_what_there_is(program: Program) -> None:
    """None yet in words; then when, how large, how many."""
    await program.look()
    maker = reporter(program.settings, program.services.history, watch=program.services.watch)
    at = program.services.clock()
    assert maker.build(day=None, at=at).backup == Phrase("backups.none")
    await program.services.backups.run()
    await program.look()
    fact = maker.build(day=None, at=program.services.clock()).backup
    assert fact is not None
    assert (fact.key, fact.values["n"]) == ("backups.report", 1)


async def test_a_night_that_failed_is_an_alert_at_once_and_closes(program: Program) -> None:
    """With the reason; a backup made later by hand ends it, and the calendar is not asked."""
    folder = program.settings.backup_dir
    folder.write_text("in the way")
    await program.look()
    await program.timetable.tick()
    await until(nightly(program, "backup"))
    said = incident(program, "backup:run") or incident(program, "backup:verify")
    assert said is not None
    assert said.key in {"backups.run.disk", "backups.verify.unreadable"}
    folder.unlink()
    assert (await program.services.backups.run()).trouble is None
    await program.look()
    assert incident(program, "backup:run") is None
    assert incident(program, "backup:verify") is None
    (running,) = [
        job for job in program.timetable.standings(program.services.clock())
        if job.name == "backup"
    ]  # fmt: skip
    assert running.level is Severity.WARNING

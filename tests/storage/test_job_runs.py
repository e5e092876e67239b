"""Runs of calendar jobs, and starts of the machine, survive on disk and stay few."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from storage.boots import Boots
from storage.database import Database
from storage.job_runs import KEPT, JobRun, JobRuns, RunStatus

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def run(job: str, day: date, *, at_s: float) -> JobRun:
    return JobRun(
        job=job, local_date=day, status=RunStatus.DONE, tries=1, started=NOON, started_s=at_s,
        finished=NOON, finished_s=at_s + 1, error="",
    )  # fmt: skip


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    """Date, status, times and all; each job has its own."""
    runs = JobRuns(Database(tmp_path / "state.json"))
    kept = [run("backup", date(2026, 6, 1), at_s=1), run("report", date(2026, 6, 1), at_s=2)]
    for one in kept:
        runs.keep(one)
    again = JobRuns(Database(tmp_path / "state.json"))
    assert again.of("backup") == {date(2026, 6, 1): kept[0]}
    assert again.of("report") == {date(2026, 6, 1): kept[1]}
    assert again.of("else") == {}


def test_only_the_latest_are_kept(tmp_path: Path) -> None:
    """The latest by when they ran, whatever date a wrong clock gave them; other jobs' stay."""
    runs = JobRuns(Database(tmp_path / "state.json"))
    runs.keep(run("report", date(2020, 1, 1), at_s=0))
    runs.keep(run("backup", date(2038, 1, 1), at_s=1))
    for number in range(KEPT):
        runs.keep(run("backup", date(2026, 1, 1) + timedelta(days=number), at_s=2.0 + number))
    kept = runs.of("backup")
    assert len(kept) == KEPT
    assert date(2038, 1, 1) not in kept
    assert date(2026, 1, 1) in kept
    assert len(runs.of("report")) == 1


def test_a_start_of_the_machine_is_noticed_once(tmp_path: Path) -> None:
    """Not the first that is seen, not the bot's own restarts, and not where nothing tells."""
    path = tmp_path / "state.json"
    asked: list[str] = []

    def reads(mark: str) -> bool:
        def read(known: str) -> str:
            asked.append(known)
            return mark

        return Boots(Database(path)).changed(read)

    assert [reads(mark) for mark in ("a", "a", "b", "b", "", "a")] == [
        False, False, True, False, False, True,
    ]  # fmt: skip
    assert asked == ["", "a", "a", "b", "b", "b"]

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from jobs.probes.processes import (
    RESCAN_S,
    WINDOW_S,
    Candidate,
    ProcessProbe,
    scan_proc,
    scan_psutil,
)
from tests.jobs.children import LAUNCHER, become_zombie, child, now, script

pytestmark = pytest.mark.process

NAME = f"watched_scraper_{os.getpid()}.py"  # nobody else runs it
SCANS = [scan_psutil, pytest.param(scan_proc, marks=pytest.mark.skipif(
    not psutil.LINUX, reason="there is no /proc here"))]  # fmt: skip


class CountingScan:
    """The real scan, counted."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, names: Sequence[str]) -> list[Candidate]:
        self.calls += 1
        return list(scan_psutil(names))


@pytest.mark.parametrize("scan", SCANS)
def test_a_running_scraper_is_found(tmp_path: Path, scan: object) -> None:
    """By its argument, with its pid and start; gone, it is down and was last seen then."""
    probe = ProcessProbe([NAME, "other_scraper.py"], scan=scan)  # type: ignore[arg-type]
    with child(script(tmp_path, NAME)) as process:
        first = now()
        one, other = probe(first).scrapers
        assert (one.command, one.trees, one.pids, one.starts) == (NAME, 1, (process.pid,), 1)
        assert one.started is not None
        assert abs((first.wall - one.started).total_seconds()) < 30
        assert (other.trees, other.started, other.last_seen) == (0, None, None)
    gone = probe(now()).scrapers[0]
    assert (gone.trees, gone.pids, gone.started, gone.last_seen) == (0, (), None, first.wall)


@pytest.mark.parametrize("scan", SCANS)
def test_a_similar_name_is_no_scraper(tmp_path: Path, scan: object) -> None:
    """`not_watched_scraper.py` holds the name, but is another script."""
    with child(script(tmp_path, f"not_{NAME}"), NAME + ".bak"):
        probe = ProcessProbe([NAME], scan=scan)  # type: ignore[arg-type]
        assert probe(now()).scrapers[0].trees == 0


def test_a_launcher_and_its_child_are_one(tmp_path: Path) -> None:
    """A tree counts once, by its topmost process; a second start is a second tree."""
    path = script(tmp_path, NAME, LAUNCHER)
    with child(path) as process:
        inner = psutil.Process(process.pid).children()
        assert len(inner) == 1
        one = ProcessProbe([NAME])(now()).scrapers[0]
        assert (one.trees, one.pids) == (1, (process.pid,))
        with child(path, "inner") as second:
            one = ProcessProbe([NAME])(now()).scrapers[0]
            assert set(one.pids) == {process.pid, second.pid}


def test_a_relative_script_is_told_by_its_folder(tmp_path: Path) -> None:
    """Two trackers with one script name: the longer command finds only its own."""
    script(tmp_path / "mine", NAME)
    with child(script(tmp_path / "theirs", NAME), cwd=tmp_path / "theirs"):
        assert ProcessProbe([f"mine/{NAME}"])(now()).scrapers[0].trees == 0
        assert ProcessProbe([f"theirs/{NAME}"])(now()).scrapers[0].trees == 1


def test_a_zombie_is_down(tmp_path: Path) -> None:
    """A process that ended and was not collected is told as such, as long as it lingers."""
    probe = ProcessProbe([NAME])
    with child(script(tmp_path, NAME)) as process:
        assert probe(now()).scrapers[0].trees == 1
        become_zombie(process)
        for _ in range(2):
            one = probe(now()).scrapers[0]
            assert (one.trees, one.zombie) == (0, True)
        with child(script(tmp_path, NAME)):
            one = probe(now()).scrapers[0]
            assert (one.trees, one.zombie) == (1, False)
    assert not probe(now()).scrapers[0].zombie


def test_a_zombie_seen_first_is_down_too(tmp_path: Path) -> None:
    """A scan never takes a zombie for a scraper."""

    class Listed:
        def __call__(self, names: Sequence[str]) -> list[Candidate]:
            return [Candidate(process.pid, (sys.executable, *names))]

    with child(script(tmp_path, NAME)) as process:
        become_zombie(process)
        assert ProcessProbe([NAME], scan=Listed())(now()).scrapers[0].trees == 0


def test_restarts_are_remembered(tmp_path: Path) -> None:
    """Each start counts once however often it is seen, and half an hour long."""
    probe = ProcessProbe([NAME])
    path = script(tmp_path, NAME)
    for number in (1, 2, 3):
        with child(path):
            assert probe(now(60.0 * number)).scrapers[0].starts == number
            assert probe(now(60.0 * number + 1)).scrapers[0].starts == number
    assert probe(now(240.0)).scrapers[0].starts == 3
    assert probe(now(60.0 + WINDOW_S)).scrapers[0].starts == 2
    assert probe(now(200.0 + WINDOW_S)).scrapers[0].starts == 0


def test_an_old_process_does_not_count_as_started_again(tmp_path: Path) -> None:
    """A start long ago leaves the window while the process runs on, and never returns."""
    probe = ProcessProbe([NAME])
    with child(script(tmp_path, NAME)):
        assert probe(now(0.0)).scrapers[0].starts == 1
        for later_s in (WINDOW_S + 60.0, WINDOW_S + 120.0, 2 * WINDOW_S):
            one = probe(now(later_s)).scrapers[0]
            assert (one.trees, one.starts) == (1, 0)


def test_a_known_process_saves_the_scan(tmp_path: Path) -> None:
    """All processes are scanned once, then when a known one is gone, or after a while."""
    scan = CountingScan()
    probe = ProcessProbe([NAME], scan=scan)
    with child(script(tmp_path, NAME)):
        for at_s in (0.0, 1.0, RESCAN_S - 1):
            assert probe(now(at_s)).scrapers[0].trees == 1
        assert scan.calls == 1
        assert probe(now(RESCAN_S)).scrapers[0].trees == 1
        assert scan.calls == 2
    assert probe(now(RESCAN_S + 1)).scrapers[0].trees == 0
    assert scan.calls == 3


def test_no_command_needs_no_scan() -> None:
    """Without a process check the machine's processes are left alone."""
    scan = CountingScan()
    assert ProcessProbe([], scan=scan)(now()).scrapers == ()
    assert scan.calls == 0


def test_the_bot_is_no_scraper() -> None:
    """The process that looks never finds itself, whatever its arguments are."""

    class OnlyMe:
        def __call__(self, names: Sequence[str]) -> list[Candidate]:
            return [Candidate(os.getpid(), ("python", *names))]

    assert ProcessProbe([NAME], scan=OnlyMe())(now()).scrapers[0].trees == 0


def test_secret_arguments_make_the_answer_unknown_only_if_none_is_found(tmp_path: Path) -> None:
    """AccessDenied is no proof of death; a scraper that is found is proof of life."""

    class Secretive:
        def __init__(self, program: str) -> None:
            self.program = program

        def __call__(self, names: Sequence[str]) -> list[Candidate]:
            return [Candidate(1, None, self.program), *scan_psutil(names)]

    assert ProcessProbe([NAME], scan=Secretive("python"))(now()).scrapers[0].denied
    assert not ProcessProbe([NAME], scan=Secretive("launchd"))(now()).scrapers[0].denied
    with child(script(tmp_path, NAME)):
        one = ProcessProbe([NAME], scan=Secretive("python"))(now()).scrapers[0]
        assert (one.trees, one.denied) == (1, False)


def test_a_process_that_ends_during_the_scan_is_left_out() -> None:
    """A pid that is gone when it is asked for more is no crash."""

    class Late:
        def __call__(self, names: Sequence[str]) -> list[Candidate]:
            return [Candidate(2**22 - 1, ("python", *names)), Candidate(2**22 - 2, ("x", *names))]

    assert ProcessProbe([NAME, f"folder/{NAME}"], scan=Late())(now()).scrapers[0].trees == 0


@pytest.mark.skipif(not psutil.LINUX, reason="there is no /proc here")
def test_the_quick_scan_sees_what_psutil_sees(tmp_path: Path) -> None:
    """Both scans give the same arguments, odd characters included."""
    with child(script(tmp_path, NAME), "é ü", "", "a b") as process:
        quick = {one.pid: one.argv for one in scan_proc([NAME])}
        slow = {one.pid: one.argv for one in scan_psutil([NAME])}
        assert quick[process.pid] == slow[process.pid]
        assert quick[process.pid] is not None
        assert "é ü" in quick[process.pid]  # type: ignore[operator]


def test_the_quick_scan_meets_what_it_may_not_read(tmp_path: Path) -> None:
    """A vanished process is skipped, a secret one told as such."""
    (tmp_path / "17").mkdir()
    (tmp_path / "18").mkdir()
    (tmp_path / "18" / "cmdline").write_bytes(b"python\0main.py\0")
    (tmp_path / "19" / "cmdline").mkdir(parents=True)
    (tmp_path / "self").mkdir()
    found = list(scan_proc(["main.py"], root=str(tmp_path)))
    assert found == [Candidate(18, ("python", "main.py"))]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all")
def test_the_quick_scan_tells_secret_arguments(tmp_path: Path) -> None:
    """No permission is not the same as no process."""
    (tmp_path / "17").mkdir()
    (tmp_path / "17" / "cmdline").touch(mode=0)
    assert list(scan_proc(["main.py"], root=str(tmp_path))) == [Candidate(17, None)]

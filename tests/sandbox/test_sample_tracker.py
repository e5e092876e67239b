import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from bot.sandbox.controls import TRACKER_ACTIONS
from bot.sandbox.sample import main as program
from bot.sandbox.sample_tracker import UNDONE_BY, SampleTracker

pytestmark = pytest.mark.process
NOW = 1_790_000_000


def wait_for(holds: Callable[[], object], *, within_s: float = 8.0) -> None:
    """Look again and again until it holds."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)


@pytest.fixture
def tracker() -> Iterator[SampleTracker]:
    made = SampleTracker(cores=1)
    yield made
    made.close()


def children() -> list[psutil.Process]:
    """Return the living ones that this test started."""
    mine = [one for one in psutil.Process().children() if one.pid not in EARLIER]
    return [one for one in mine if one.status() != psutil.STATUS_ZOMBIE]


EARLIER: set[int] = set()


@pytest.fixture(autouse=True)
def _count_only_ours() -> None:
    """What other tests in this process started (a chart worker) is not ours."""
    EARLIER.clear()
    EARLIER.update(one.pid for one in psutil.Process().children())


def records(path: Path) -> list[dict[str, Any]]:
    body = json.loads(path.read_text("utf-8"))
    found: list[dict[str, Any]] = (
        body if isinstance(body, list) else body["processed_opportunities"]
    )
    return found


def test_the_history_is_believable(tmp_path: Path) -> None:
    """Hours of files in every published shape, with returns given, computable and unknown."""
    program.write_history(tmp_path, now=NOW)
    files = sorted(tmp_path.rglob("*.json"))
    names = [path.name for path in files]
    assert sum(name.startswith("opportunities_1") for name in names) == 10
    assert any(name.startswith("processed_opportunities_") for name in names)
    assert any(name.startswith("opportunities_layer3_2") for name in names)
    every = [record for path in files for record in records(path)]
    assert {one["source"] for one in every} == {"Galxe", "Zealy", "Layer3", "TwitterRSS"}
    assert all(str(one["title"]).startswith(program.LABEL) for one in every)
    assert any("<script>" in one["title"] or "</pre>" in one["title"] for one in every)
    assert any("roi_usd_per_min" in one for one in every)
    assert any(str(one.get("reward", "")).startswith("$") for one in every)
    assert any("reward" not in one for one in every)
    for path in files[:10]:
        assert {one["source"] for one in records(path)} == {
            "Galxe",
            "Zealy",
            "Layer3",
            "TwitterRSS",
        }
    keys = {(one["source"], one.get("url") or one.get("link") or one.get("id")) for one in every}
    assert 60 < len(keys) < 300


def test_of_the_sources_that_pay_one_quest_a_day_is_unclear() -> None:
    """The demo starts calm by construction: two unclear ones in 24 h are within any limit."""
    for day in range(40):
        quests = [program._quest(NOW + day * program.DAY_S, number) for number in range(264)]
        paid = [one for one in quests if one["source"] != "Galxe"]
        unclear = [
            one
            for one in paid
            if "roi_usd_per_min" not in one and not str(one["reward"])[1:].isdigit()
        ]
        assert len(unclear) == 1
        assert all("reward" not in one for one in quests if one["source"] == "Galxe")


def test_the_same_quest_is_the_same_again(tmp_path: Path) -> None:
    """Quests repeat from file to file, so distinct ones can be told from listed ones."""
    program.write_history(tmp_path / "a", now=NOW)
    program.write_history(tmp_path / "b", now=NOW + 60)

    def titles(folder: str) -> set[str]:
        files = (tmp_path / folder).rglob("opportunities_1*.json")
        return {str(one["title"]) for path in files for one in records(path)}

    assert len(titles("a") & titles("b")) > 20


def test_it_runs_as_the_real_one_does(tracker: SampleTracker) -> None:
    """A child named main.py, in its own folder, writes new files until it is stopped."""
    tracker.start()
    (child,) = children()
    assert child.cmdline()[1:] == ["main.py"]
    assert Path(child.cwd()) == tracker.folder.resolve()
    before = set(tracker.data.rglob("*.json"))
    wait_for(
        lambda: set(tracker.data.rglob("*.json")) - before or (tracker.folder / "started").exists()
    )
    assert tracker.status()["running"] is True
    tracker.stop_scrapers()
    assert children() == []
    assert tracker.status()["running"] is False
    tracker.start_scrapers()
    tracker.start_scrapers()
    assert len(children()) == 1


def test_corrupt_and_repair(tracker: SampleTracker) -> None:
    """Exactly one file of the history becomes invalid, and is whole again afterwards."""
    program.write_history(tracker.data, now=NOW)
    whole = {path: path.read_bytes() for path in tracker.data.rglob("*.json")}
    times = {path: path.stat().st_mtime for path in whole}
    tracker.corrupt()
    tracker.corrupt()
    broken = [path for path, content in whole.items() if path.read_bytes() != content]
    assert [path.name for path in broken] == [tracker.status()["corrupted"]]
    with pytest.raises(ValueError, match=r".+"):
        json.loads(broken[0].read_text("utf-8"))
    tracker.repair()
    tracker.repair()
    assert all(path.read_bytes() == content for path, content in whole.items())
    assert all(path.stat().st_mtime == times[path] for path in whole)
    assert tracker.status()["corrupted"] == ""


def test_frozen_means_alive_and_silent(tracker: SampleTracker) -> None:
    """A frozen tracker runs and writes nothing; thawed it writes again."""
    tracker.freeze()
    tracker.start()
    time.sleep(0.05)
    assert not (tracker.folder / "started").exists()
    assert tracker.status()["running"] is True
    assert "freeze" in dict(tracker.status()["broken"])  # type: ignore[call-overload]
    tracker.thaw()
    wait_for((tracker.folder / "started").exists)


def test_a_deleted_folder_comes_back_from_wherever(tracker: SampleTracker) -> None:
    """Gone, and nobody writes it anew; put back it is as it was, restored by others as theirs."""
    tracker.start()
    files = {path.name for path in tracker.data.rglob("opportunities_1*.json")}
    tracker.delete_data()
    tracker.delete_data()
    assert not tracker.data.exists()
    assert tracker.status()["files"] == 0
    assert tracker.status()["running"] is True
    tracker.corrupt()  # there is nothing to corrupt
    tracker.put_back()
    tracker.put_back()
    assert files <= {path.name for path in tracker.data.rglob("*.json")}
    assert tracker.status()["broken"] == {}
    tracker.delete_data()
    (tracker.data / "opportunities").mkdir(parents=True)
    assert tracker.status()["broken"] == {}
    tracker.put_back()
    assert {path.name for path in tracker.data.iterdir()} == {"opportunities"}


def test_busy_processes_are_real_and_polite(tracker: SampleTracker) -> None:
    """CPU load is a real process at the lowest priority, ended on release."""
    tracker.load_cpu()
    tracker.load_cpu()
    (busy,) = children()
    if os.name == "posix":
        wait_for(lambda: busy.nice() == 19)
    wait_for(lambda: busy.cpu_times().user > 0.05)
    assert tracker.status()["busy"] == 1
    tracker.release_cpu()
    assert children() == []


def test_every_action_of_the_panel(tracker: SampleTracker) -> None:
    """Each action works by name, doing all and undoing all leaves nothing broken."""
    tracker.start()
    for action, undo in UNDONE_BY.items():
        tracker.act(action)
        assert action in dict(tracker.status()["broken"])  # type: ignore[call-overload]
        tracker.act(undo)
    assert tracker.status()["broken"] == {}
    assert {*UNDONE_BY, *UNDONE_BY.values()} == set(TRACKER_ACTIONS)
    with pytest.raises(ValueError, match="close"):
        tracker.act("close")


def test_nothing_is_left_behind(tracker: SampleTracker) -> None:
    """After close there is no process and no folder; closing again is harmless."""
    tracker.start()
    tracker.load_cpu()
    tracker.close()
    tracker.close()
    assert children() == []
    assert not tracker.folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="kills its parent the POSIX way")
def test_children_die_with_a_killed_parent() -> None:
    """Even when the demo is killed outright, the tracker and the busy processes end."""
    code = (
        "import sys, time\n"
        "from bot.sandbox.sample_tracker import SampleTracker\n"
        "t = SampleTracker(cores=1); t.start(); t.load_cpu()\n"
        "print(t.folder, *[p.pid for p in (t._runner, *t._busy)], flush=True)\n"
        "time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        folder, *pids = parent.stdout.readline().decode().split()
        parent.kill()
    wait_for(lambda: all(_gone(int(pid)) for pid in pids))
    for path in sorted(Path(folder).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    Path(folder).rmdir()


def _gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True

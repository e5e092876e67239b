"""`health` as a real process: exit codes, JSON, the suites, and every kind of trouble."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jobs.alerts.manager import AlertManager
from storage.clock import wall_now
from storage.database import Database
from storage.outbox import Outbox
from storage.records import Moment, Severity
from tests.bot.real import collect, environment
from tests.jobs.seen import fail

pytestmark = pytest.mark.process
QUIET = {"SCRAPER_COMMANDS": "", "EXPECTED_SOURCES": "", "LOW_VOLUME_PER_DAY": "0"}


def health(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "health", *words],
        cwd=folder, env=environment(**(QUIET | settings)), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


def document(folder: Path, **settings: str) -> dict[str, Any]:
    done = health(folder, "--json", **settings)
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == found["exit_code"]
    return found


def by_key(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["key"]: row for row in found["checks"]}


@pytest.mark.parametrize(("age_s", "code"), [(60, 0), (3 * 3600, 1), (5 * 3600, 2), (8 * 3600, 2)])
def test_exit_codes(tmp_path: Path, age_s: int, code: int) -> None:
    """0 OK, 1 WARNING, 2 ERROR and CRITICAL, as monitoring plugins do."""
    collect(tmp_path / "data", age_s=age_s)
    done = health(tmp_path)
    assert done.returncode == code, done.stdout + done.stderr
    assert not done.stderr


def test_no_telegram_is_imported(tmp_path: Path) -> None:
    """A one-shot does not pay for Telegram's library, nor for matplotlib."""
    script = (
        "import sys, runpy\n"
        "sys.argv = ['bot', 'health']\n"
        "try: runpy.run_module('bot', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(sorted({'telegram', 'matplotlib', 'numpy', 'starlette'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment(**QUIET),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_the_json_suite(shared_data: Path, tmp_path: Path) -> None:
    """318 files in one cycle under 5 s: every n_ file invalid once, no y_ file invalid."""
    suite = shared_data / "json_test_suite"
    names = sorted(path.name for path in suite.glob("*.json"))
    assert len(names) == 318
    found = document(tmp_path, DATA_DIR=str(suite))
    assert found["took_s"] < 5
    invalid = [
        row["key"].removeprefix("integrity:")
        for row in found["checks"]
        if row["key"].startswith("integrity:") and row["level"] not in {"OK", "INFO"}
    ]
    assert len(invalid) == len(set(invalid))
    assert {name for name in names if name.startswith("n_")} <= set(invalid)
    assert not [name for name in invalid if name.startswith("y_")]


def test_the_real_tracker(shared_data: Path, tmp_path: Path) -> None:
    """The two data files are read, the two analysis files are unknown shapes, not zero."""
    found = by_key(document(tmp_path, DATA_DIR=str(shared_data / "tracker")))
    unknown = [
        key for key, row in found.items() if "unknown" in row["fact"] or row["level"] == "INFO"
    ]
    assert [key for key in unknown if key.startswith("integrity:")] == [
        "integrity:direct_rss_analysis_20250801_173006.json",
        "integrity:galxe_test_results.json",
    ]
    assert found["data:folder"]["outcome"] == "ok"


def test_no_folder(tmp_path: Path) -> None:
    """A folder that is not there is one CRITICAL finding, and what hangs on it is unknown."""
    found = document(tmp_path, DATA_DIR="nowhere")
    rows = by_key(found)
    assert found["exit_code"] == 2
    assert rows["data:folder"]["level"] == "CRITICAL"
    assert rows["fresh:all"]["outcome"] == "unknown"


def test_no_data(tmp_path: Path) -> None:
    """An empty folder says that there is no data; no figure is invented."""
    (tmp_path / "data").mkdir()
    found = by_key(document(tmp_path))
    assert found["fresh:all"]["level"] == "CRITICAL"
    assert found["fresh:all"]["value"] is None


@pytest.mark.skipif(os.name != "posix", reason="folder modes are POSIX's")
def test_unreadable_folder(tmp_path: Path) -> None:
    """A folder the bot may not read is named as such (also where the tests run as root)."""
    data = tmp_path / "data"
    data.write_text("not a folder", encoding="utf-8")
    found = by_key(document(tmp_path))
    assert found["data:folder"]["level"] == "CRITICAL"


def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The look goes on, and says why nothing can be kept."""
    collect(tmp_path / "data", age_s=60)
    (tmp_path / "var").write_text("a file, not a folder", encoding="utf-8")
    done = health(tmp_path, "--json")
    found = by_key(json.loads(done.stdout))
    assert found["bot:state"]["level"] == "CRITICAL"
    assert found["fresh:all"]["outcome"] == "ok"
    assert done.returncode == 2


def test_unknown_alone_is_three(tmp_path: Path) -> None:
    """Nothing fails, something could not be judged: 3."""
    collect(tmp_path / "data", age_s=-3 * 3600)
    found = document(tmp_path)
    assert {row["outcome"] for row in found["checks"]} >= {"unknown"}
    assert found["exit_code"] in {1, 3}


def test_a_bad_setting_is_two(tmp_path: Path) -> None:
    """Wrong settings are listed on standard error, with exit code 2."""
    done = health(tmp_path, HEALTH_EVERY="often")
    assert done.returncode == 2
    assert "HEALTH_EVERY" in done.stderr


def test_alerts_that_do_not_get_through_are_found(tmp_path: Path) -> None:
    """From the service's state, which stays as it is; nothing is said where there is none."""
    collect(tmp_path / "data", age_s=60)
    assert "bot:outbox" not in by_key(document(tmp_path))
    path = tmp_path / "var" / "state.json"
    database = Database(path)
    alerts = AlertManager(database=database, channels=["7"])
    now = wall_now()
    for age_s in (900.0, 600.0):
        at = Moment(wall=now - timedelta(seconds=age_s), logical_s=5000.0 - age_s)
        alerts.observe([fail(Severity.CRITICAL)], at=at)
    assert by_key(document(tmp_path))["bot:outbox"]["outcome"] == "ok"
    (row,) = Outbox(database).live()
    alerts.ledger.claim([row], at=Moment(wall=now, logical_s=5000.0))
    before = path.read_bytes()
    found = document(tmp_path)
    assert by_key(found)["bot:outbox"]["level"] == "ERROR"
    assert 550 < by_key(found)["bot:outbox"]["value"] < 700
    assert found["exit_code"] == 2
    assert path.read_bytes() == before

"""Real child processes for the probes' tests."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from storage.records import Moment

FOREVER = "import sys\nprint('up', flush=True)\nsys.stdin.read()\n"
# Runs the script once more below itself, as a Windows virtual environment's python.exe does.
LAUNCHER = (
    "import subprocess, sys\n"
    "if len(sys.argv) > 1:\n"
    "    print('up', flush=True)\n"
    "    sys.stdin.read()\n"
    "else:\n"
    "    subprocess.run([sys.executable, __file__, 'inner'], check=False)\n"
)


def now(logical_s: float = 1000.0) -> Moment:
    """Return the real wall clock beside a logical time of choice."""
    return Moment(wall=datetime.now(UTC), logical_s=logical_s)


def script(folder: Path, name: str, text: str = FOREVER) -> Path:
    """Write a script to run."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return path


@contextmanager
def child(
    path: Path, *arguments: str, cwd: Path | None = None
) -> Iterator["subprocess.Popen[str]"]:
    """Run a script until the block ends; it is up when the block begins."""
    argv = [sys.executable, "-S", str(path) if cwd is None else path.name, *arguments]
    with subprocess.Popen(
        argv, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            yield process
        finally:
            for one in psutil.Process(process.pid).children(recursive=True):
                one.kill()
            process.kill()


def become_zombie(process: "subprocess.Popen[str]") -> None:
    """Kill the child and leave it uncollected."""
    process.kill()
    one = psutil.Process(process.pid)
    for _ in range(500):
        if one.status() == psutil.STATUS_ZOMBIE:
            return
        time.sleep(0.01)
    raise AssertionError

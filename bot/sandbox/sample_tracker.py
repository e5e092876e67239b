"""Runs the sample tracker in a temporary folder, and breaks and repairs it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bot.sandbox.controls import TRACKER_ACTIONS, Status
from bot.sandbox.sample import main as program

STOP_WAIT_S = 3.0
UNDONE_BY = {
    "stop_scrapers": "start_scrapers",
    "corrupt": "repair",
    "freeze": "thaw",
    "load_cpu": "release_cpu",
    "delete_data": "put_back",
}
HINTS_S: Mapping[str, int] = MappingProxyType(
    {"stop_scrapers": 20, "corrupt": 20, "freeze": 30, "load_cpu": 20, "delete_data": 20}
)
BUSY = (
    "import os, sys, threading\n"
    "threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()\n"
    "if hasattr(os, 'nice'): os.nice(19)\n"
    "while True: pass\n"
)


class SampleTracker:
    """A real child process writing real files; everything is gone after `close`.

    `data` is what DATA_DIR is set to. `hints_s` says how long after each action an alert is due.
    Methods block for moments, may come from any thread, and doing one twice is harmless.
    """

    def __init__(self, *, hints_s: Mapping[str, int] = HINTS_S, cores: int | None = None) -> None:
        self._hints_s = dict(hints_s)
        self._cores = cores or os.cpu_count() or 1
        self._lock = threading.RLock()
        self._broken: dict[str, float] = {}
        self._runner: subprocess.Popen[bytes] | None = None
        self._busy: list[subprocess.Popen[bytes]] = []
        self._whole: tuple[Path, bytes] | None = None
        self.folder = Path(tempfile.mkdtemp(prefix="sample-"))
        self.data = self.folder / "data"
        self._aside = self.folder / "deleted"

    def __enter__(self) -> "SampleTracker":
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def start(self) -> None:
        """Write the history and start the scrapers."""
        source = Path(program.__file__).read_text("utf-8")
        (self.folder / "main.py").write_text(source, "utf-8")
        program.write_history(self.data, now=int(time.time()))
        self.start_scrapers()

    def stop_scrapers(self) -> None:
        """End the tracker's process, as a crash would."""
        with self._lock:
            if self._runner is not None:
                _end(self._runner)
            self._runner = None
            self._broken.setdefault("stop_scrapers", time.time())

    def start_scrapers(self) -> None:
        """Start the tracker's process, if it does not run."""
        with self._lock:
            if not self._running():
                self._runner = _start(["main.py"], self.folder)
            self._broken.pop("stop_scrapers", None)

    def corrupt(self) -> None:
        """Cut one file of the history in half, in place."""
        with self._lock:
            victims = sorted((self.data / "opportunities").glob("opportunities_*.json"))
            if self._whole is None and victims:
                victim = victims[0]
                self._whole = (victim, victim.read_bytes())
                victim.write_bytes(self._whole[1][: len(self._whole[1]) // 2])
                self._broken["corrupt"] = time.time()

    def repair(self) -> None:
        """Put the file back as it was."""
        with self._lock:
            if self._whole is not None and self.data.exists():
                path, content = self._whole
                path.write_bytes(content)
                at = program.epoch(path)
                os.utime(path, (at, at))
            self._whole = None
            self._broken.pop("corrupt", None)

    def freeze(self) -> None:
        """Let the scrapers live on without writing; the files' ages grow from now."""
        with self._lock:
            (self.folder / "freeze").touch()
            self._broken.setdefault("freeze", time.time())

    def thaw(self) -> None:
        """Let them write again."""
        with self._lock:
            (self.folder / "freeze").unlink(missing_ok=True)
            self._broken.pop("freeze", None)

    def load_cpu(self) -> None:
        """Keep every core busy at the lowest priority."""
        with self._lock:
            if not self._busy:
                self._busy = [_start(["-c", BUSY], self.folder) for _ in range(self._cores)]
                self._broken["load_cpu"] = time.time()

    def release_cpu(self) -> None:
        """End the busy processes."""
        with self._lock:
            for one in self._busy:
                _end(one)
            self._busy = []
            self._broken.pop("load_cpu", None)

    def delete_data(self) -> None:
        """Take the whole data folder away, as a slip of the hand would; the scrapers live on."""
        with self._lock:
            if self.data.exists():
                shutil.rmtree(self._aside, ignore_errors=True)
                self.data.rename(self._aside)
                self._broken["delete_data"] = time.time()

    def put_back(self) -> None:
        """Bring it back without the bot, unless somebody has restored it."""
        with self._lock:
            if not self.data.exists() and self._aside.exists():
                self._aside.rename(self.data)
            self._note_restored()

    def _note_restored(self) -> None:
        if self.data.exists() and self._broken.pop("delete_data", None) is not None:
            shutil.rmtree(self._aside, ignore_errors=True)

    def act(self, action: str) -> None:
        """Do one of `controls.TRACKER_ACTIONS`; ValueError for another name."""
        if action not in TRACKER_ACTIONS:
            raise ValueError(action)
        getattr(self, action)()

    def status(self) -> Status:
        """Return what the page's panel shows; `broken` maps action to Unix time."""
        with self._lock:
            self._note_restored()
            names = [path for path in self._files() if path != (self._whole or (None,))[0]]
            newest = [path.stat().st_mtime for path in names if path.exists()]
            return {
                "broken": dict(self._broken),
                "hints": self._hints_s,
                "running": self._running(),
                "files": len(self._files()),
                "newest_at": int(max(newest)) if newest else None,
                "busy": len(self._busy),
                "corrupted": self._whole[0].name if self._whole else "",
            }

    def close(self) -> None:
        """End every process and delete the folder; harmless twice."""
        with self._lock:
            self.stop_scrapers()
            self.release_cpu()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _running(self) -> bool:
        return self._runner is not None and self._runner.poll() is None

    def _files(self) -> list[Path]:
        return list(self.data.rglob("*.json"))


def _start(arguments: list[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start Python away from the terminal's signals; the child ends when its input closes."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.IDLE_PRIORITY_CLASS
    return subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=os.name == "posix",
        creationflags=flags,
    )


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child and reap it."""
    child.terminate()
    try:
        child.wait(STOP_WAIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOP_WAIT_S)
    if child.stdin is not None:
        with contextlib.suppress(OSError):
            child.stdin.close()

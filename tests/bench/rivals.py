"""Backups three ways: Vigie's, and restic's and borg's as Debian ships and sets them up."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench import watched
from tests.bench.watched import Cost
from tests.bot.real import environment

ROOT = Path(__file__).parents[2]
PROGRAMS = ("restic", "borg")
DOOR = "import sys; from tests.bench.door import main; main(*sys.argv[1:])"
FLOOR = """
import hashlib, os, sys
for name in sorted(os.listdir(sys.argv[1])):
    with open(f"{sys.argv[1]}/{name}", "rb") as file:
        hashlib.file_digest(file, "sha256")
"""


class Side:
    """One way, with a repository of its own; its cache lies beside that."""

    name = ""

    def __init__(self, top: Path, data: Path) -> None:
        self.top = top / self.name
        self.repo = self.top / "repo"
        self.data = data
        self.top.mkdir(parents=True)
        self.start()

    def start(self) -> None:
        """Make an empty repository; not measured."""

    def create(self, day: int) -> Cost:
        """Back the data up."""
        raise NotImplementedError

    def verify(self) -> Cost:
        """Read everything back that was ever stored, and compare it."""
        raise NotImplementedError

    def restore(self) -> Cost:
        """Bring the newest backup back into an empty folder.

        `durable_ms` is the time until the disk itself has it: only Vigie waits for that. What was
        restored stays: ext4 makes new files slowly, by a second in 2,000, soon after many went.
        """
        target = self.top / "back"
        target.mkdir()
        os.sync()
        began_s = time.perf_counter()
        cost = self.bring(target)
        os.sync()
        cost = cost._replace(durable_ms=1000 * (time.perf_counter() - began_s))
        found = sum(1 for path in target.rglob("*.json"))
        if found != len(os.listdir(self.data)):  # noqa: PTH208 (thousands, counted)
            raise RuntimeError(self.name, found)
        return cost

    def bring(self, target: Path) -> Cost:
        """Do that."""
        raise NotImplementedError

    def size(self) -> int:
        """Return the bytes the repository takes."""
        return sum(path.stat().st_size for path in self.repo.rglob("*") if path.is_file())

    def env(self) -> Mapping[str, str]:
        """Return what the program is told by its environment."""
        return {}

    def _run(self, *words: str, folder: Path | None = None) -> Cost:
        os.sync()  # so that nobody waits for what another one wrote
        env = {"PATH": os.environ["PATH"], "HOME": str(self.top), "LC_ALL": "C.UTF-8"}
        return watched.run(words, folder=folder or self.top, env={**env, **self.env()})


class Vigie(Side):
    """The library, in a process that was just started; each create reads back what it wrote."""

    name = "vigie"

    def create(self, day: int) -> Cost:
        return self._door("create", day)

    def verify(self) -> Cost:
        return self._door("verify")

    def bring(self, target: Path) -> Cost:
        return self._door("restore", target=target)

    def list(self) -> Cost:
        """Say which backups there are."""
        return self._door("list")

    def _door(self, work: str, day: int = 0, target: Path | None = None) -> Cost:
        words = [work, str(day), str(self.repo), str(self.data), str(target)]
        return self._run(sys.executable, "-c", DOOR, *words, folder=ROOT)


class Command(Side):
    """The whole of `python -m bot backup`: settings, state, thinning out, and what it says."""

    name = "command"

    def create(self, day: int) -> Cost:
        _ = day
        return self._run(sys.executable, "-m", "bot", "backup", folder=ROOT)

    def env(self) -> Mapping[str, str]:
        return environment(
            DATA_DIR=str(self.data), STATE_DIR=str(self.top / "var"), BACKUP_DIR=str(self.repo)
        )


class Restic(Side):
    """restic with what it does by itself, and its password at hand."""

    name = "restic"

    def start(self) -> None:
        self._run("restic", "init")

    def create(self, day: int) -> Cost:
        _ = day
        return self._run("restic", "backup", str(self.data))

    def verify(self) -> Cost:
        return self._run("restic", "check", "--read-data")

    def bring(self, target: Path) -> Cost:
        return self._run("restic", "restore", "latest", "--target", str(target))

    def env(self) -> Mapping[str, str]:
        return {
            "RESTIC_REPOSITORY": str(self.repo),
            "RESTIC_PASSWORD": "bench",
            "RESTIC_CACHE_DIR": str(self.top / "cache"),
        }


class Borg(Side):
    """borg with its key in the repository, and otherwise what it does by itself."""

    name = "borg"

    def start(self) -> None:
        self._run("borg", "init", "--encryption", "repokey")

    def create(self, day: int) -> Cost:
        self._newest = f"day-{day}"
        return self._run("borg", "create", f"::{self._newest}", str(self.data))

    def verify(self) -> Cost:
        return self._run("borg", "check", "--verify-data")

    def bring(self, target: Path) -> Cost:
        return self._run("borg", "extract", f"::{self._newest}", folder=target)

    def env(self) -> Mapping[str, str]:
        return {
            "BORG_REPO": str(self.repo),
            "BORG_PASSPHRASE": "bench",
            "BORG_BASE_DIR": str(self.top / "cache"),
        }


SIDES = (Vigie, Restic, Borg)


def floor(data: Path) -> Cost:
    """Read the sources' SHA-256 alone, in a fresh process."""
    words = [sys.executable, "-c", FLOOR, str(data)]
    return watched.run(words, folder=data, env={"PATH": os.environ["PATH"]})

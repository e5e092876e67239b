"""A copy in a process of its own, which a test may kill, or which kills its own children."""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from storage.offsite.copies import Offsite
from storage.offsite.folder import FolderPlace
from storage.offsite.opening import open_place
from storage.offsite.reading import manifest_of
from storage.offsite.target import Target
from tests.storage.offsite.disks import FailingDisk
from tests.storage.offsite.servers import KEY, SECRET


def push(url: str, endpoint: str, folder: Path) -> None:
    """Push the newest snapshot of a folder."""
    target = Target(url=url, endpoint=endpoint, key_id=KEY, secret=SECRET)
    newest = max(folder.glob("snap-*.json.zst"))
    copies = Offsite(open_place(target), folder, clock=now)
    copies.push(manifest_of(newest.read_bytes()))
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):  # the most it ever took, without what its parent did
            sys.stdout.write(line.split()[1])


def killed(verb: str, folder: Path, home: Path) -> None:
    """Copy from or to `<folder>/<n>`, killed at the n-th disk call, n = 1 and on until done."""
    newest = manifest_of(max(home.glob("snap-*.json.zst")).read_bytes())
    at, status = 0, -1
    while status != 0:
        at += 1
        child = os.fork()
        if child == 0:
            disk, mine = FailingDisk(at, None), folder / str(at)
            if verb == "pull":
                Offsite(FolderPlace(home), mine, clock=now, disk=disk).pull()
            else:
                mine.mkdir()
                Offsite(FolderPlace(mine, disk=disk), home, clock=now, disk=disk).push(newest)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
    sys.stdout.write(f"{at}\n")


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


if __name__ == "__main__":
    if sys.argv[1] == "push":
        push(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        killed(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))

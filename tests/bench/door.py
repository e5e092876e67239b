"""What a fresh process pays that has the library make, list, verify or restore backups."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage.archives.keep.retention import Policy
from storage.archives.store import BackupStore


def main(work: str, day: str, backups: str, data: str, target: str) -> None:
    """Do one work as if that day had come."""
    store = BackupStore(
        Path(backups),
        {"data": Path(data)},
        clock=lambda: datetime.now(UTC) + timedelta(days=int(day)),
        policy=Policy(),
    )
    if work == "create":
        good = store.create().manifest.clean
    elif work == "verify":
        good = store.verify("all").good
    elif work == "list":
        good = all(not each.broken for each in store.snapshots())
    else:
        good = store.restore("latest", Path(target)).complete
    if not good:
        sys.exit(f"{work} found fault with a sound set")

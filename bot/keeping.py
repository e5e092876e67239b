"""Builds what makes backups; the bot and the one-shots share it, and neither Telegram."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bot.settings import Settings
from jobs.backup_work import Workbench
from storage.archives.keep.retention import Policy
from storage.clock import wall_now
from storage.files import ProcessLock
from storage.offsite import record
from storage.offsite.record import Record

DATA, STATE = "data", "state"
STATE_FILE = "state.json"


def policy(found: Settings) -> Policy:
    """Return how much the owner keeps, and by which dates."""
    return Policy(
        daily=found.backup_keep_daily,
        weekly=found.backup_keep_weekly,
        monthly=found.backup_keep_monthly,
        zone=found.timezone,
    )


def bench(found: Settings) -> Workbench:
    """Return what is backed up, and where to."""
    return Workbench(
        folder=found.backup_dir,
        roots={DATA: found.data_dir, STATE: found.state_dir},
        clock=wall_now,
        policy=policy(found),
        exclude=found.backup_exclude,
        record=partial(_record, found),
    )


def _record(found: Settings) -> Record | None:
    """Return what is remembered of the copies off this machine; asks nobody else."""
    return record.load(found.backup_dir, found.offsite.where) if found.backup_offsite else None


@contextmanager
def nobody_in(state: Path) -> Iterator[None]:
    """Hold the state's lock while its folder is replaced. Raise LockedError where a bot has it."""
    if not state.is_dir():
        yield
        return
    lock = ProcessLock(state / "lock")
    lock.acquire()
    if sys.platform == "win32":  # an open file would keep its folder from being renamed
        lock.release()
    try:
        yield
    finally:
        lock.release()

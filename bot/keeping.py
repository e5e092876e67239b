"""Builds what makes backups; the bot and the one-shots share it, and neither Telegram."""

from functools import partial

from bot.settings import Settings
from jobs.backup_work import Workbench
from storage.archives.keep.retention import Policy
from storage.clock import wall_now
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

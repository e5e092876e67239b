"""What a wiped disk gets back before anything opens the state: the newest copy kept elsewhere."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import copies
from bot.keeping import STATE, STATE_FILE, bench
from bot.settings import Settings
from storage.archives.disk import Disk
from storage.archives.errors import BackupError, RefusedError
from storage.archives.manifest import SNAP
from storage.archives.workshop import Workshop
from storage.files import LockedError, ProcessLock
from storage.offsite.copies import Offsite
from storage.offsite.trouble import OffsiteError, Trouble

LOG = logging.getLogger("vigie.homecoming")


def fetch(found: Settings) -> str:
    """Bring the newest copy into a BACKUP_DIR without any; return its id, "" where none came.

    Raises OffsiteError and BackupError where there is one, and it could not be brought back.
    """
    away = copies.copies(found)
    if away is None or (any(found.backup_dir.glob(f"{SNAP}*")) and not away.record.owed):
        return ""
    try:
        with Workshop(Disk(), found.backup_dir):
            pulled = away.pull()
    except OffsiteError as error:
        if error.trouble is Trouble.NOTHING:  # the first start of all
            away.owe(owed=False)
            return ""
        raise
    LOG.warning("backup %s was brought back from %s", pulled.id, away.where)
    return pulled.id


def come_home(found: Settings) -> None:
    """Fetch it, and restore Vigie's own state where there is none; the data are left alone.

    What does not succeed is logged: to watch with an empty state is better than not to watch. It
    is an alert too, nothing is copied there, and each start tries again until it succeeds; the
    state of the meantime is then kept beside. Raises OffsiteError where BACKUP_OFFSITE or its
    keys can never do.
    """
    away = copies.copies(found)
    empty = not (found.state_dir / STATE_FILE).exists()
    owed = away is not None and away.record.owed
    try:
        fetched = fetch(found)
        if fetched and (empty or owed):
            with _nobody_in(found.state_dir):
                _restore(found, fetched)
    except LockedError:
        return  # another Vigie runs on that state: it is not empty
    except (OffsiteError, BackupError) as error:
        LOG.error("the copy elsewhere could not be brought back: %s", error)  # noqa: TRY400
        _owe(away, owed=owed or empty)
    else:
        _owe(away, owed=False)


def _restore(found: Settings, snapshot_id: str) -> None:
    """Put its state in place, if it holds any. Raises BackupError where that is not whole."""
    try:
        restored = bench(found).store().restore(snapshot_id, None, only=(f"{STATE}/*",))
    except RefusedError as error:
        if error.why == "nothing":  # it was made before there was a state
            return
        raise
    if not restored.placed:
        msg = f"{snapshot_id}: not every file of the state is good"
        raise BackupError(msg)
    LOG.warning("the state is that of backup %s", snapshot_id)


@contextmanager
def _nobody_in(state: Path) -> Iterator[None]:
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


def _owe(away: Offsite | None, *, owed: bool) -> None:
    if away is None:
        return
    try:
        away.owe(owed=owed)
    except OffsiteError as error:
        LOG.error("that could not be written down: %s", error)  # noqa: TRY400

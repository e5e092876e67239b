"""What a wiped disk gets back before anything opens the state: the newest copy kept elsewhere."""

import logging

from bot import copies
from bot.keeping import STATE, STATE_FILE, bench
from bot.settings import Settings
from storage.archives.disk import Disk
from storage.archives.errors import BackupError
from storage.archives.manifest import SNAP
from storage.archives.workshop import Workshop
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
            bench(found).store().restore(fetched, None, only=(f"{STATE}/*",))
            LOG.warning("the state is that of backup %s", fetched)
    except (OffsiteError, BackupError) as error:
        LOG.error("the copy elsewhere could not be brought back: %s", error)  # noqa: TRY400
        _owe(away, owed=owed or empty)
    else:
        _owe(away, owed=False)


def _owe(away: Offsite | None, *, owed: bool) -> None:
    if away is None:
        return
    try:
        away.owe(owed=owed)
    except OffsiteError as error:
        LOG.error("that could not be written down: %s", error)  # noqa: TRY400

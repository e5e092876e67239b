"""What a machine without a state gets back before anything opens it: that of the newest backup."""

import logging
from contextlib import suppress

from bot import copies
from bot.keeping import STATE, STATE_FILE, bench, nobody_in
from bot.settings import Settings
from storage.archives import errors
from storage.archives.disk import Disk
from storage.archives.errors import BackupError
from storage.archives.findings import Placed
from storage.archives.manifest import SNAP
from storage.archives.results import Listed
from storage.archives.store import BackupStore
from storage.archives.workshop import Workshop
from storage.files import LockedError, previous
from storage.offsite.copies import Offsite
from storage.offsite.trouble import OffsiteError, Trouble

LOG = logging.getLogger("vigie.homecoming")
STATE_PATH = f"{STATE}/{STATE_FILE}"  # as a manifest has it


def fetch(found: Settings) -> str:
    """Bring the newest copy into a BACKUP_DIR without any; return its id, "" where none came.

    Raises OffsiteError and BackupError where there is one, and it could not be brought back.
    """
    away = copies.copies(found)
    if away is None or (_any_here(found) and not away.record.owed):
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


def _any_here(found: Settings) -> bool:
    return any(found.backup_dir.glob(f"{SNAP}*"))


def stateless(found: Settings) -> bool:
    """Tell whether a start would begin with an empty state, and could write to it."""
    file = found.state_dir / STATE_FILE
    try:
        return not file.exists() and not previous(file).exists()
    except OSError:  # no permission: a finding of the bot's own, and no reason to replace it
        return False


def come_home(found: Settings) -> None:
    """Restore Vigie's own state where there is none; the data are left alone.

    It is that of the newest backup that holds one, fetched first where BACKUP_DIR has none, and
    at last where none there is whole. What does not succeed is logged: to watch with an empty
    state is better than not to watch. Where copies lie elsewhere it is an alert too, nothing is
    copied there, and each start tries again until it succeeds; the state of the meantime is then
    kept beside.

    Raises OffsiteError where BACKUP_OFFSITE or its keys can never do, and the BackupError
    LockedError where another program is at work on the backups just now.
    """
    away = copies.copies(found)
    empty = stateless(found)
    owed = away is not None and away.record.owed
    try:
        fetched = fetch(found)
        if empty or (fetched and owed):
            with nobody_in(found.state_dir):
                _bring(found, away, fetched)
    except LockedError:
        return  # another Vigie runs on that state: it is not empty
    except OSError as error:  # STATE_DIR cannot be written: that does not end the bot
        LOG.error("the state could not be brought back: %s", error.strerror)  # noqa: TRY400
    except (OffsiteError, BackupError) as error:
        if empty and isinstance(error, errors.LockedError):
            raise
        LOG.error("the state could not be brought back: %s", error)  # noqa: TRY400
        _owe(away, owed=owed or empty)
    else:
        _owe(away, owed=False)


def _bring(found: Settings, away: Offsite | None, fetched: str) -> None:
    """Restore from what was fetched, or else from what lies here, or else from what lies there."""
    trouble: BackupError | None = None
    try:
        done = _restore(found, fetched)
    except errors.LockedError:
        raise
    except BackupError as error:
        done, trouble = False, error
    enough = done or (trouble is None and away is not None and _stateless_copy(found, away))
    if not enough and not fetched and away is not None and _any_here(found):
        away.owe(owed=True)  # else nothing is fetched beside what lies here
        fetched = fetch(found)
        if fetched:
            _restore(found, fetched)
            return
    if trouble is not None:
        raise trouble


def _stateless_copy(found: Settings, away: Offsite) -> bool:
    """Tell whether the newest copy there is of a backup here that was made before any state.

    There is nothing to fetch then, and so no key is missed that need not be on this machine.
    """
    return any(
        each.id == away.record.pushed
        and not each.broken
        and not each.strangers
        and each.manifest is not None
        and STATE not in each.manifest.figures
        for each in bench(found).store().snapshots()
    )


def _restore(found: Settings, fetched: str) -> bool:
    """Put the newest state that is whole in place; none that is newer than what was `fetched`.

    Returns whether there was any. Raises BackupError where there is, and none is whole.
    """
    store = bench(found).store()
    known = [one for one in reversed(store.snapshots()) if not fetched or one.id <= fetched]
    holding = [each for each in known if _holds(store, each)]
    trouble: BackupError | None = None
    for each in sorted((one for one in holding if not one.strangers), key=_doubted):
        try:
            _place(store, each.id)
        except errors.LockedError:
            raise
        except BackupError as error:
            trouble = trouble or error
        else:
            return True
    if trouble is not None:
        raise trouble
    if holding:
        theirs = ", ".join(holding[0].strangers)
        LOG.warning("the backups are another Vigie's (%s): no state was taken from them", theirs)
    return False


def _holds(store: BackupStore, each: Listed) -> bool:
    """Tell whether there is a state to be had from it, as far as its manifest knows."""
    if each.manifest is None or each.broken:
        return False
    if STATE not in each.manifest.figures:
        return False
    try:
        return any(member.path == STATE_PATH for member in store.manifest(each.id).members)
    except BackupError:
        return False


def _doubted(each: Listed) -> bool:
    notes = () if each.manifest is None else each.manifest.notes
    return any(note.path in {STATE, STATE_PATH} for note in notes)


def _place(store: BackupStore, snapshot_id: str) -> None:
    """Restore it, all of it or nothing. Raises BackupError."""
    placed: tuple[Placed, ...] = ()
    try:
        placed = store.restore(snapshot_id, None, only=(f"{STATE}/*",)).placed
    finally:
        if not placed:
            with suppress(BackupError):
                store.give_up([STATE])  # else each start would say that it waits
    if not placed:
        msg = f"{snapshot_id}: not every file of the state is good"
        raise BackupError(msg)
    kept = [f"; what was there: {one.kept}" for one in placed if one.kept]
    LOG.warning("the state is that of backup %s%s", snapshot_id, "".join(kept))


def _owe(away: Offsite | None, *, owed: bool) -> None:
    if away is None:
        return
    try:
        away.owe(owed=owed)
    except OffsiteError as error:
        LOG.error("that could not be written down: %s", error)  # noqa: TRY400

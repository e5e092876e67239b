"""What is mended before anything opens the state: a restore that was cut short."""

import logging

from bot.keeping import bench
from bot.settings import Settings

LOG = logging.getLogger("vigie.restore")


def finish_restore(found: Settings) -> None:
    """Put in place what a restore had decided to; leave what is still to be read for its repeat.

    Raises BackupError where that cannot be finished, LockedError where the restore still runs.
    """
    for one in bench(found).store().resume():
        if one.outcome == "finished":
            LOG.warning("the interrupted restore of %s from %s is finished", one.root, one.id)
        else:
            LOG.warning(
                "a restore of %s from %s was interrupted before it changed anything: repeat it",
                one.root,
                one.id,
            )

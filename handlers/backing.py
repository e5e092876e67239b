"""What the chat asks of the backups, whoever does it (`jobs.backup`)."""

from pathlib import Path
from typing import Protocol

from jobs.backup_results import Listing, Made, Retrieved, UnderWay


class Backups(Protocol):
    """Makes, tests, lists and restores backups, one thing at a time; nothing of it raises.

    Asked for what is under way already, it is joined, and its outcome returned; asked for
    anything else meanwhile, the outcome has the trouble that says so.
    """

    @property
    def folder(self) -> Path:
        """Where the archives and manifests lie."""
        ...

    @property
    def under_way(self) -> UnderWay | None:
        """What is being done now, also at the schedule's behest."""
        ...

    async def run(self, *, meant: bool = False) -> Made:
        """Make a backup, read it back, delete what is too old.

        With `meant`, what was lost by the last one was to go; one under way is not joined.
        """
        ...

    async def drill(self) -> Retrieved:
        """Restore the newest backup into a temporary folder, compare every file, delete it."""
        ...

    async def restore_data(self, snapshot_id: str) -> Retrieved:
        """Put a backup's data folder in place; what is there is kept beside it."""
        ...

    async def listing(self) -> Listing:
        """Return what there is; reads manifests, never archives."""
        ...

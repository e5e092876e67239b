"""Why a backup or a restore did not come about; raised only where nothing was published."""

from storage.archives.names import WORK

MB = 1_000_000


class BackupError(Exception):
    """Nothing was published, nothing earlier was touched; the text says what to do."""


class LockedError(BackupError):
    """Another process is at work on these backups; `pid` says which, None where unknown."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"process {pid or 'unknown'} is at work on these backups; try again later")
        self.pid = pid


class NoSpaceError(BackupError):
    """The disk of the backups is, or would be, full; figures in bytes, `needed` 0 if unknown."""

    def __init__(self, *, needed: int, free: int) -> None:
        wanted = f"{needed} bytes are needed, " if needed else ""
        super().__init__(f"{wanted}{free} bytes are free: make room beside the backups")
        self.needed = needed
        self.free = free


class EmptyError(BackupError):
    """There was no file at all to back up."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        super().__init__(f"no file in {', '.join(roots)}: see that the folders are the right ones")
        self.roots = roots


class OthersError(BackupError):
    """The newest backup there is of other folders, which still exist: of another Vigie."""

    def __init__(self, folders: tuple[str, ...]) -> None:
        super().__init__(
            f"BACKUP_DIR holds backups of {', '.join(folders)}, which are still there: give this "
            "Vigie another BACKUP_DIR, or move those folders away"
        )
        self.folders = folders


class DiskError(BackupError):
    """The system refused a file of the backups; `name` says which, `detail` why."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class ReadBackError(BackupError):
    """An archive did not read back as it was written; it was thrown away."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name} did not read back as written ({detail}): see to that disk")
        self.name = name
        self.detail = detail


class UnknownError(BackupError):
    """There is no snapshot of that id, or none at all."""

    def __init__(self, snapshot_id: str) -> None:
        super().__init__(f"no snapshot {snapshot_id}: see the list")
        self.id = snapshot_id


class RefusedError(BackupError):
    """A restore would do harm, or nothing: `root` says where, `why` which, for a view to word."""

    def __init__(self, root: str, why: str) -> None:
        super().__init__(f"{root}: {REFUSALS[why]}")
        self.root = root
        self.why = why


class NoRoomError(NoSpaceError):
    """The disk a restore goes to is, or would be, full; the files are staged before the swap."""

    def __init__(self, root: str, *, needed: int, free: int) -> None:
        super().__init__(needed=needed, free=free)
        figures = f"{needed / MB:,.1f} MB are needed, {free / MB:,.1f} MB are free"
        self.args = (f"{root}: {figures}: make room on that disk, or use --to",)
        self.root = root


REFUSALS = {
    "occupied": "the folder to restore to is not empty; name a new one",
    "overlap": "it lies in another folder that is restored; use --to",
    "backups": "the backups lie inside it; use --to",
    "mount": "another file system is mounted inside it; use --to",
    "closed": "it, or a folder in it, cannot be written to; use --to",
    "depot": f"something that is no folder is called {WORK} in it; move it away",
    "strangers": "they are still there, so it is another Vigie's; use --to, or move them away",
    "unknown": "the snapshot holds it, but no such folder is set; use --to",
    "file": "something that is no folder has its name; move it away",
    "nothing": "no file of the snapshot is chosen; name some as 'data/layer1/*'",
}

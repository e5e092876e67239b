"""Why a backup or a restore did not come about; raised only where nothing was published."""


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

"""The state file: TinyDB over a Storage that is written whole, atomically, once per transaction."""
from pathlib import Path
from contextlib import AbstractContextManager


class Database:
    """One file of typed tables, held in memory; see `transaction`."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        raise NotImplementedError

    def transaction(self, *, durable: bool = True) -> AbstractContextManager[None]:
        """ONE write per transaction; OSError leaves memory and disk at the previous state."""
        raise NotImplementedError

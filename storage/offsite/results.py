"""What copying, checking and bringing back come to. Figures only, no language."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Why(StrEnum):
    """Why a file, or a snapshot, off-site is not good."""

    MISSING = "missing"
    CHANGED = "changed"  # its bytes are not those that were put there
    SEAL = "seal"  # it is encrypted, and does not open whole
    CONTENT = "content"  # it opens, to something else than its manifest says
    LIST = "list"  # its list of checksums is missing or makes no sense


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A snapshot that is off-site whole: what was sent for it, and what was there already."""

    id: str
    sent: tuple[str, ...]
    kept: tuple[str, ...]
    sent_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """A snapshot as it lies off-site, by names and sizes alone.

    `archives` are the names they have at home, None where its list is unreadable; `missing`
    what of it is not there, or of another size. Complete: nothing is missing. `started`, `empty`
    and `whole` are those of its manifest, as far as its list says them.
    """

    id: str
    clean: bool
    complete: bool
    archives: tuple[str, ...] | None
    missing: tuple[str, ...]
    size_bytes: int
    started: datetime | None = None
    empty: bool = False
    whole: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A file that did not come back as it was put there."""

    name: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What re-reading a snapshot from afar came to; `opened`: its content was compared too."""

    id: str
    files: int
    read_bytes: int
    opened: bool
    damaged: tuple[Damage, ...]

    @property
    def ok(self) -> bool:
        """Whether all of it is what was put there."""
        return not self.damaged


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A newer snapshot that could not be brought back, for the first file that was not good."""

    id: str
    damage: Damage


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """The snapshot that was brought back; `kept` files were here already, and right."""

    id: str
    fetched: tuple[str, ...]
    kept: tuple[str, ...]
    fetched_bytes: int
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """What was deleted off-site: snapshots, and how many files."""

    ids: tuple[str, ...]
    files: int
    freed_bytes: int

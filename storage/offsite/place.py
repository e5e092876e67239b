"""What an off-site destination must be able to do, whatever it is made of."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from storage.offsite.trouble import Trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What lies somewhere: its bytes, and their SHA-256.

    `plain_sha256` is that of the content before it was encrypted, "" where nobody noted it.
    """

    size: int
    sha256: str
    plain_sha256: str = ""


class Place(Protocol):
    """A flat set of named objects. Every method may raise OffsiteError, and nothing else."""

    @property
    def where(self) -> str:
        """The destination as a person knows it, without any secret."""

    @property
    def if_empty(self) -> Trouble | None:
        """What is to be feared where copies were and none are; None: they were deleted there."""

    def names(self) -> Mapping[str, int]:
        """Return every object there with its size in bytes."""

    def stored(self, name: str) -> Stored | None:
        """Return what is known to lie there, None where that is not known."""

    def put(self, name: str, source: Path, content: Stored) -> None:
        """Let `name` be the bytes of `source`; return once they are there, whole.

        Whoever reads finds them so from then on. After a failure it is as before, or whole where
        the place did not say so; half of it has not the size of `content`, and counts as absent.
        """

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield an object's bytes as they lie there; Trouble.DAMAGED where there is none."""

    def remove(self, name: str) -> None:
        """Remove an object; nothing happens where there is none."""

"""A strict reader of tar streams: regular files by their names, and a flaw for everything else.

It trusts nothing it reads: memory is bounded whatever the stream says, and after a bad header it
looks for the next good one. Only what GNU tar writes for regular files is known.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from storage.archives import zst
from storage.archives.findings import Fault
from storage.archives.read.heads import LONG_NAME, REGULAR, Head, parse
from storage.archives.read.safety import safe
from storage.archives.tar import BLOCK, RECORD_BYTES, padding

ZERO: Final = bytes(BLOCK)
LONGEST_NAME = 16 * 1024
MOST_FLAWS = 10_000  # a stream of nothing but flaws is left alone after so many
BODILESS = b"123456"
KINDS = {
    b"1": "hard link",
    b"2": "symbolic link",
    b"3": "character device",
    b"4": "block device",
    b"5": "folder",
    b"6": "pipe",
    b"7": "contiguous file",
    b"K": "long link",
    b"S": "sparse file",
    b"g": "extended header",
    b"x": "extended header",
}


class Header(msgspec.Struct, frozen=True):
    """One regular file: its name as stored, and the bytes of its body."""

    name: bytes
    size: int


class Flaw(msgspec.Struct, frozen=True):
    """Something the stream must not hold, by name where it has one."""

    fault: Fault
    name: bytes = b""
    detail: str = ""


class Tape:
    """The members of one tar stream, in its order.

    Iterate to get headers and flaws; between two steps `body` gives the last header's content,
    and what is not taken is skipped. A stream that ends early shows as its last flaw.
    """

    def __init__(self, pieces: Iterable[bytes], *, windows: bool = False) -> None:
        self._feed = _Feed(pieces)
        self._left = 0
        self._windows = windows

    def __iter__(self) -> Iterator[Header | Flaw]:
        """Give every regular file, and every flaw, until the end mark or the end."""
        flaws = 0
        for item in self._items():
            yield item
            flaws += isinstance(item, Flaw)
            if flaws > MOST_FLAWS:
                yield Flaw(Fault.BOMB, detail=f"more than {MOST_FLAWS} faults")
                return
        if self._feed.fault is not None:
            yield Flaw(self._feed.fault, detail=self._feed.detail)

    def body(self) -> Iterator[memoryview]:
        """Give the content of the member whose header came last; less where the stream ends."""
        while self._left and (view := self._feed.some(self._left)):
            self._left -= len(view)
            yield view

    @property
    def fault(self) -> Fault:
        """Why a body came short."""
        return self._feed.fault or Fault.TRUNCATED

    def _items(self) -> Iterator[Header | Flaw]:
        long: bytes | None = None
        lost = ended = False
        while block := self._feed.take(BLOCK):
            if block == ZERO:
                if ended:
                    yield from self._behind()
                    return
                ended = True
                continue
            head = parse(block)
            if head is None or ended:
                if not lost:
                    yield Flaw(Fault.HEADER, detail="no header where one must be")
                lost = head is None
                ended = False
            if head is None:
                long = None
                continue
            lost = False
            if head.kind == LONG_NAME:
                long = self._long_name(head.size)
                continue
            name = head.name if long is None else long
            long = None
            yield from self._member(head, name)

    def _member(self, head: Head, name: bytes) -> Iterator[Header | Flaw]:
        self._left = 0 if head.kind in BODILESS else head.size
        if head.kind != REGULAR:
            yield Flaw(Fault.KIND, name, KINDS.get(head.kind, "unknown kind"))
        elif not safe(name, windows=self._windows):
            yield Flaw(Fault.NAME, name)
        else:
            yield Header(name, head.size)
        behind = 0 if head.kind in BODILESS else padding(head.size)
        self._feed.skip(self._left + behind)
        self._left = 0

    def _long_name(self, size: int) -> bytes:
        """Return the name that follows; one no file may have where it is longer than any is."""
        if size > LONGEST_NAME:
            self._feed.skip(size + padding(size))
            return b""
        return self._feed.take(size + padding(size))[:size].removesuffix(b"\0")

    def _behind(self) -> Iterator[Flaw]:
        """Look behind the end mark: only the padding of one record may lie there."""
        left = RECORD_BYTES
        while view := self._feed.some(RECORD_BYTES):
            left -= len(view)
            if left < 0 or any(view):
                self._feed.stop()
                yield Flaw(Fault.TRAILING)
                return
        if self._feed.over:
            self._feed.fault = None


class _Feed:
    """The stream's bytes however its pieces are cut; at its end, why it ended."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._view = memoryview(b"")
        self.fault: Fault | None = None
        self.detail = ""
        self.over = False  # all of it was given: whether it may end there is not known here

    def some(self, most: int) -> memoryview:
        """Return up to `most` bytes, none at the end."""
        while not self._view and self.fault is None:
            self._view = memoryview(self._next())
        got, self._view = self._view[:most], self._view[most:]
        return got

    def take(self, size: int) -> bytes:
        """Return exactly so many bytes, none where there are fewer."""
        first = self.some(size)
        if len(first) == size:
            return bytes(first)
        parts = [first]
        left = size - len(first)
        while left and (view := self.some(left)):
            parts.append(view)
            left -= len(view)
        return b"" if left else b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over so many bytes."""
        while size and (view := self.some(size)):
            size -= len(view)

    def stop(self) -> None:
        """Give nothing more, and no reason."""
        self._view = memoryview(b"")
        self._pieces = iter(())
        self.fault = None

    def _next(self) -> bytes:
        try:
            piece = next(self._pieces, None)
        except zst.TooLargeError as error:
            self.fault, self.detail = Fault.BOMB, str(error)
        except zst.ZstdError as error:
            self.fault, self.detail = Fault.DAMAGED, str(error)
        except EOFError as error:
            self.fault, self.detail = Fault.TRUNCATED, str(error)
        except ValueError as error:
            self.fault, self.detail = Fault.TRAILING, str(error)
        else:
            if piece is not None:
                return piece
            self.fault, self.over = Fault.TRUNCATED, True
        return b""

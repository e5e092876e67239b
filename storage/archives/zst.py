"""The only door to zstd: compressing with a bounded window, decompressing to a bounded size."""

import sys
from collections.abc import Iterable, Iterator

from storage.archives.manifest import WINDOW_LOG

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = (
    2  # on lists like the tracker's: 3 % less than 3 makes of them, in three quarters of the time
)
WRITTEN_WINDOW_LOG = 22  # twenty of the tracker's files; WINDOW_LOG is what is accepted
PIECE_BYTES = 512 * 1024  # of what is decompressed at once
FOLLOWED = "bytes follow the end of the frame"
ZstdError = zstd.ZstdError
Compressor = zstd.ZstdCompressor


class TooLargeError(ValueError):
    """What was decompressed went past the limit: a damaged file, or a bomb."""


def compressor() -> Compressor:
    """Return a compressor for one long frame, which any zstd opens without flags in 4 MB.

    Measured on files that resemble each other, and left out: long-distance matching (three times
    the time, more bytes), a thread of its own (for a tenth of the wall time, more CPU and memory).
    """
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {
        parameter.compression_level: LEVEL,
        parameter.window_log: WRITTEN_WINDOW_LOG,
        parameter.checksum_flag: 1,
    }
    return Compressor(options=options)


def packed(content: bytes) -> bytes:
    """Return small content as one frame with a checksum."""
    return packed_pieces([content])


def packed_pieces(content: Iterable[bytes]) -> bytes:
    """Return the same of content that is never in memory whole."""
    parameter = zstd.CompressionParameter
    options: dict[int, int] = {parameter.compression_level: LEVEL, parameter.checksum_flag: 1}
    frame = Compressor(options=options)
    whole = bytearray()
    for piece in content:
        whole += frame.compress(piece)
    return bytes(whole + frame.flush())


def unpacked(chunks: Iterable[bytes], *, limit: int) -> bytearray:
    """Return what one frame holds, once in memory. Raises as `pieces` does."""
    whole = bytearray()
    for piece in pieces(chunks, limit=limit):
        whole += piece
    return whole


def pieces(chunks: Iterable[bytes], *, limit: int) -> Iterator[bytes]:
    """Yield what one frame holds, in pieces of at most PIECE_BYTES, in bounded memory.

    Raises ZstdError where it is damaged or wants a larger window, EOFError where it ends before
    its frame does, TooLargeError past `limit` bytes, ValueError where bytes follow the frame.
    """
    options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: WINDOW_LOG}
    frame = zstd.ZstdDecompressor(options=options)
    left = limit
    for chunk in chunks:
        if frame.eof and chunk:
            raise ValueError(FOLLOWED)
        for piece in _out(frame, chunk):
            left -= len(piece)
            if left < 0:
                msg = f"more than {limit} bytes"
                raise TooLargeError(msg)
            yield piece
        if frame.unused_data:
            raise ValueError(FOLLOWED)
    if not frame.eof:
        msg = "the frame is cut off"
        raise EOFError(msg)


def _out(frame: zstd.ZstdDecompressor, chunk: bytes) -> Iterator[bytes]:
    """Yield everything this much input gives."""
    given = chunk
    while not frame.eof:
        piece = frame.decompress(given, PIECE_BYTES)
        given = b""
        if piece:
            yield piece
        elif frame.needs_input:
            return

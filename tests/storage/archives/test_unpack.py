import tarfile
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.archives import zst
from storage.archives.findings import Fault
from storage.archives.read.safety import safe
from storage.archives.read.unpack import LONGEST_NAME, MOST_FLAWS, Flaw, Header, Tape
from storage.archives.tar import BLOCK, RECORD_BYTES
from tests.memory import grown, measured
from tests.storage.archives.built import Entry, packed, tar

GOOD = Entry("data/good.json", b'{"good": 1}' * 100)
WINDOW_LOG = 101  # ZSTD_c_windowLog
LATER = Entry("data/later.json", b"later")


def read(stream: bytes, *, piece: int = 4096, windows: bool = False) -> list[Header | Flaw]:
    """Return everything a tape says of a stream that comes in pieces of that size."""
    pieces = (stream[at : at + piece] for at in range(0, len(stream), piece))
    return list(Tape(pieces, windows=windows))


def names(items: list[Header | Flaw]) -> list[bytes]:
    return [item.name for item in items if isinstance(item, Header)]


def flaws(items: list[Header | Flaw]) -> list[Fault]:
    return [item.fault for item in items if isinstance(item, Flaw)]


@pytest.mark.parametrize("piece", [1, 7, 511, 512, 513, 1 << 20])
def test_members_come_with_their_content_however_the_stream_is_cut(piece: int) -> None:
    """Names, sizes and bodies are those that went in; long names and empty files too."""
    long = Entry("data/" + "sub/" * 60 + "n" * 200, b"long")
    entries = [GOOD, Entry("data/empty"), long, LATER]
    stream = tar(entries)
    tape = Tape(stream[at : at + piece] for at in range(0, len(stream), piece))
    found = {}
    for item in tape:
        assert isinstance(item, Header)
        found[item.name] = b"".join(tape.body())
    assert found == {entry.name.encode(): entry.content for entry in entries}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (Entry("../escape", b"x"), Fault.NAME),
        (Entry("data/../../escape", b"x"), Fault.NAME),
        (Entry("data/..", b"x"), Fault.NAME),
        (Entry("/etc/passwd", b"x"), Fault.NAME),
        (Entry("data//double", b"x"), Fault.NAME),
        (Entry("data/./here", b"x"), Fault.NAME),
        (Entry("C:/windows", b"x"), Fault.NAME),
        (Entry("", b"x"), Fault.NAME),
        (Entry("data/" + "n" * (LONGEST_NAME + 1), b"x"), Fault.NAME),
        (Entry("data/link", kind=tarfile.SYMTYPE, link="/etc/passwd"), Fault.KIND),
        (Entry("data/hard", kind=tarfile.LNKTYPE, link="data/good.json"), Fault.KIND),
        (Entry("data/char", kind=tarfile.CHRTYPE), Fault.KIND),
        (Entry("data/block", kind=tarfile.BLKTYPE), Fault.KIND),
        (Entry("data/pipe", kind=tarfile.FIFOTYPE), Fault.KIND),
        (Entry("data/folder", kind=tarfile.DIRTYPE), Fault.KIND),
        (Entry("data/contiguous", b"x", kind=tarfile.CONTTYPE), Fault.KIND),
        (Entry("data/sparse", b"x" * 600, kind=tarfile.GNUTYPE_SPARSE), Fault.KIND),
        (Entry("data/future", b"x" * 600, kind=b"Q"), Fault.KIND),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_no_backup_holds_is_a_flaw_and_the_rest_is_read(entry: Entry, fault: Fault) -> None:
    """Each hostile member is named once; those before and behind it are found."""
    found = read(tar([GOOD, entry, LATER]))
    assert flaws(found) == [fault]
    assert names(found) == [b"data/good.json", b"data/later.json"]


def test_extended_headers_are_flaws() -> None:
    """What pax says of a member is not listened to, in either kind of archive."""
    found = read(tar([Entry("data/" + "é" * 80, b"x")], form=tarfile.PAX_FORMAT))
    assert flaws(found) == [Fault.HEADER]
    assert not names(found)
    record = Entry("data/pax", b"19 path=../escaped\n", kind=tarfile.XHDTYPE)
    assert flaws(read(tar([record, LATER]))) == [Fault.KIND]
    assert names(read(tar([record, LATER]))) == [b"data/later.json"]


def test_a_name_with_a_hidden_end_is_none() -> None:
    """Bytes behind a NUL in a name are not dropped in silence; a long name's neither."""
    stream = bytearray(tar([Entry("data/a.json", b"x"), LATER]))
    stream[12:16] = b"evil"
    _mend(stream, 0)
    assert flaws(read(bytes(stream))) == [Fault.NAME]
    long = tar([Entry("data/" + "n" * 200, b"x")]).replace(b"n" * 200, b"n" * 99 + b"\0" * 101, 1)
    assert Fault.NAME in flaws(read(long))


def test_backslashes_and_devices_are_names_elsewhere_than_on_windows() -> None:
    """What separates, or means a device, there is refused there alone."""
    for name in (b"data/a\\b", b"data/a:b", b"data/nul.json", b"data/end.", b"data/COM1"):
        assert safe(name, windows=False)
        assert not safe(name, windows=True)
    found = read(tar([Entry("data/a\\..\\b", b"x"), LATER]), windows=True)
    assert flaws(found) == [Fault.NAME]
    assert names(found) == [b"data/later.json"]


def test_a_wrong_checksum_is_found_and_the_next_header_looked_for() -> None:
    """One flaw, however long the way to the next good header is."""
    stream = bytearray(tar([GOOD, Entry("data/bad.json", b"z" * 5000), LATER]))
    at = stream.index(b"data/bad.json")
    stream[at] ^= 1
    found = read(bytes(stream))
    assert flaws(found) == [Fault.HEADER]
    assert names(found) == [b"data/good.json", b"data/later.json"]


@pytest.mark.parametrize("field", [b"99999999999\0", b"-0000000001\0", b"\xff" * 12, b" " * 12])
def test_a_size_that_is_none_is_no_header(field: bytes) -> None:
    """A size is octal digits, or a positive binary number."""
    stream = bytearray(tar([Entry("data/bad.json", b"z"), LATER]))
    stream[124:136] = field
    _mend(stream, 0)
    found = read(bytes(stream))
    assert flaws(found) == [Fault.HEADER]
    assert names(found) == [b"data/later.json"]


def test_a_member_larger_than_the_stream_ends_it() -> None:
    """A size of many exabytes is skipped in no memory, to the end of what there is."""
    stream = bytearray(tar([Entry("data/huge.json", b"z"), LATER]))
    stream[124:136] = b"\x80" + (1 << 62).to_bytes(11, "big")
    _mend(stream, 0)
    assert flaws(read(bytes(stream))) == [Fault.TRUNCATED]


@pytest.mark.parametrize("cut", [100, BLOCK, BLOCK + 40, 4 * BLOCK, 4 * BLOCK + 1])
def test_a_stream_that_ends_early_is_truncated(cut: int) -> None:
    """Wherever it is cut before its end mark."""
    stream = tar([GOOD, LATER])
    assert flaws(read(stream[:cut])) == [Fault.TRUNCATED]


def test_the_end_is_two_empty_blocks_and_nothing_behind() -> None:
    """One block is none; more than a record of zeros, or anything else, trails."""
    stream = tar([LATER])
    end = 2 * BLOCK
    assert flaws(read(stream[: end + 2 * BLOCK])) == []
    assert flaws(read(stream[: end + BLOCK])) == [Fault.TRUNCATED]
    assert flaws(read(stream + b"x")) == [Fault.TRAILING]
    assert flaws(read(stream + tar([GOOD]))) == [Fault.TRAILING]
    assert flaws(read(stream + bytes(RECORD_BYTES))) == [Fault.TRAILING]
    lone = stream[:end] + bytes(BLOCK) + tar([GOOD])
    assert flaws(read(lone)) == [Fault.HEADER]
    assert names(read(lone)) == [b"data/later.json", b"data/good.json"]


def test_a_stream_of_flaws_is_given_up() -> None:
    """Findings are bounded like everything else."""
    link = tar([Entry("data/link", kind=tarfile.SYMTYPE, link="x")])[:BLOCK]
    found = list(Tape(link for _ in range(MOST_FLAWS * 3)))
    assert len(found) == MOST_FLAWS + 2
    assert flaws(found)[-1] is Fault.BOMB


@measured
def test_a_bomb_is_stopped_in_bounded_memory() -> None:
    """A member of ten gigabytes of zeros is refused at the limit, without being held."""

    def zeros() -> Iterator[bytes]:
        compressor = zst.compressor()
        piece = bytes(1 << 22)
        head = bytearray(tar([Entry("data/bomb", b"")])[:BLOCK])
        head[124:136] = b"\x80" + (10**10).to_bytes(11, "big")
        _mend(head, 0)
        yield compressor.compress(head)
        for _ in range(2500):
            yield compressor.compress(piece)

    found, bytes_more = grown(lambda: list(Tape(zst.pieces(zeros(), limit=50_000_000))))
    assert flaws(found)[-1] is Fault.BOMB
    assert bytes_more < 64 << 20


def test_faults_of_the_packing_are_told_apart() -> None:
    """Damaged, cut off, followed by something, and no zstd at all."""
    good = packed(tar([GOOD, LATER]))
    torn = bytearray(packed(tar([Entry("data/noise", bytes(range(256)) * 40), GOOD])))
    torn[len(torn) // 2] ^= 0xFF

    def faults(content: bytes) -> set[Fault]:
        return set(flaws(list(Tape(zst.pieces([content], limit=1 << 20)))))

    assert faults(good) == set()
    assert faults(good[:-8]) == {Fault.TRUNCATED}
    assert faults(good + b"more") == {Fault.TRAILING}
    assert faults(good + good) == {Fault.TRAILING}
    assert faults(b"no zstd at all") == {Fault.DAMAGED}
    assert Fault.DAMAGED in faults(bytes(torn))


def test_a_window_larger_than_promised_is_refused() -> None:
    """A frame that wants 128 MiB to be unpacked is not unpacked."""
    wide = zst.Compressor(options={WINDOW_LOG: 27})
    frame = wide.compress(tar([GOOD])) + wide.flush()
    assert flaws(list(Tape(zst.pieces([frame], limit=1 << 20)))) == [Fault.DAMAGED]


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_no_stream_whatever_makes_the_reader_fail(data: st.DataObject) -> None:
    """Flipped, cut, doubled, and pure noise: it always comes to an end, without an exception."""
    stream = bytearray(tar([GOOD, Entry("data/" + "l" * 150, b"long" * 300), LATER]))
    for _ in range(data.draw(st.integers(0, 8))):
        stream[data.draw(st.integers(0, 5000))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(stream)))
    noise = data.draw(st.binary(max_size=1500))
    tape = Tape([bytes(stream[:cut]), noise, bytes(stream[cut:])])
    for item in tape:
        if isinstance(item, Header):
            assert sum(map(len, tape.body())) <= item.size


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name),
            st.binary(max_size=2000),
        ),
        max_size=8,
    )
)
def test_any_name_that_python_writes_is_read_or_refused(pairs: list[tuple[bytes, bytes]]) -> None:
    """Safe names come back with their content, whatever their bytes; no other name does."""
    tape = Tape([tar(Entry(name.decode("utf-8", "surrogateescape"), body) for name, body in pairs)])
    found = [(item.name, b"".join(tape.body())) for item in tape if isinstance(item, Header)]
    assert found == [pair for pair in pairs if safe(pair[0], windows=False)]


def _mend(stream: bytearray, at: int) -> None:
    """Set the checksum of the header there right."""
    stream[at + 148 : at + 156] = b" " * 8
    stream[at + 148 : at + 156] = b"%06o\0 " % sum(stream[at : at + BLOCK])

import tarfile

import pytest

from storage.archives import tar
from storage.archives.tar import About


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("data/a.json", About(5, 0o644, 1000, 1000, 1_700_000_000)),
        ("data/" + "x" * 95, About(0)),
        ("data/" + "é" * 47, About(8**11 - 1, 0o777, 8**7 - 1, 8**7 - 1, 8**11 - 1)),
        ("data/huge", About(9 * 2**30, 0o600, 3_000_000, 3_000_000, 2**40)),
    ],
)
def test_a_header_is_what_python_writes(name: str, about: About) -> None:
    """Byte for byte, numbers too large for octal digits included."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = about.size, about.mode, about.mtime
    info.uid, info.gid = about.owner, about.group
    assert tar.header(name, about) == info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")


def test_a_time_before_1970_is_1970() -> None:
    """A header has no sign."""
    assert tar.header("a", About(0, mtime=-5)) == tar.header("a", About(0))


@pytest.mark.parametrize("written", [0, 512, 9216, 9728, 10240])
def test_an_archive_is_whole_records(written: int) -> None:
    """Two empty blocks, and up to 10,240."""
    end = tar.end(written)
    assert len(end) >= 1024
    assert (written + len(end)) % 10240 == 0
    assert not any(end)

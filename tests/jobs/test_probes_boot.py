"""A start of the machine has a name, or at least a time."""

from pathlib import Path

import psutil

from jobs.probes.boot import boot_mark


def test_linux_names_each_start(tmp_path: Path) -> None:
    """Whatever was known before."""
    place = tmp_path / "proc/sys/kernel/random"
    place.mkdir(parents=True)
    (place / "boot_id").write_text("3c0e5f0a-1\n")
    assert boot_mark(root=tmp_path) == boot_mark("123", root=tmp_path) == "3c0e5f0a-1"


def test_elsewhere_it_is_the_time_give_or_take_a_few_seconds(tmp_path: Path) -> None:
    """A mark that is near stays as it is; another, or one from another system, does not."""
    mark = boot_mark(root=tmp_path)
    assert abs(int(mark) - psutil.boot_time()) < 2
    near, far = str(int(mark) + 20), str(int(mark) - 4000)
    assert boot_mark(near, root=tmp_path) == near
    assert boot_mark(far, root=tmp_path) != far
    assert boot_mark("3c0e5f0a-1", root=tmp_path).isdecimal()


def test_a_system_that_tells_nothing_is_no_reboot(tmp_path: Path) -> None:
    """No mark, whatever was known."""

    def refused() -> float:
        raise PermissionError

    assert boot_mark("123", root=tmp_path, boot_time=refused) == ""

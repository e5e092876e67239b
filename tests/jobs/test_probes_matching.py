from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.probes.matching import Pattern


def nowhere() -> str:
    """Fail: the working folder must not be asked for."""
    pytest.fail("asked for the working folder")


@pytest.mark.parametrize(
    ("argv", "matches"),
    [
        (("python", "main.py"), True),
        (("python3.12", "-u", "/srv/tracker/main.py", "--test"), True),
        ((r"C:\t\.venv312\Scripts\python.exe", r"C:\t\main.py"), True),
        (("./main.py",), True),
        (("sh", "-c", "./main.py"), True),
        (("timeout", "60", "python", "main.py"), True),
        (("python", "domain.py"), False),
        (("python", "main.py.bak"), False),
        (("python", "main.pyc"), False),
        (("python", "-c", "import main.py"), False),
        (("sh", "-c", "python main.py"), False),
        (("python", "--script=main.py"), False),
        (("python", "main.py/"), True),
        (("python", "main"), False),
        (("/usr/bin/vim", "main.py"), False),
        (("tail", "-f", "main.py"), False),
        (("python", "-m", "bot", "health", "main.py"), False),
        (("python", "-m", "robot", "main.py"), True),
        ((), False),
        (("",), False),
    ],
)
def test_a_script_is_a_whole_argument(argv: tuple[str, ...], *, matches: bool) -> None:
    """The tail of a path, never a substring; neither an editor's nor the bot's own."""
    assert Pattern("main.py").matches(argv, nowhere) is matches


@pytest.mark.parametrize(
    ("argv", "folder", "matches"),
    [
        (("python", "/srv/tracker/main.py"), "/", True),
        (("python", "/srv/other/main.py"), "/srv/tracker", False),
        (("python", "main.py"), "/srv/tracker", True),
        (("python", "./main.py"), "/srv/tracker/", True),
        (("python", "main.py"), "/srv/other", False),
        (("python", "main.py"), "", False),
    ],
)
def test_a_longer_command_tells_two_trackers_apart(
    argv: tuple[str, ...], folder: str, *, matches: bool
) -> None:
    """`tracker/main.py` is matched against the working folder where the argument is relative."""
    assert Pattern("tracker/main.py").matches(argv, lambda: folder) is matches


@pytest.mark.parametrize("command", ["", "/", "."])
def test_an_empty_command_matches_nothing(command: str) -> None:
    """A stray comma in the settings must not find every process."""
    assert not Pattern(command).matches(("python", "main.py", ""), nowhere)


@given(
    st.lists(st.text(max_size=12), max_size=4),
    st.lists(st.text(st.characters(exclude_characters="/\\"), min_size=1, max_size=6), max_size=3),
)
def test_any_folder_before_the_script_matches(others: list[str], folders: list[str]) -> None:
    """Whatever stands before the name and beside the argument, the script is found."""
    argv = ("python", "/".join(["", *folders, "main.py"]), *others)
    ours = ("-m", "bot") in set(pairwise(argv))
    assert Pattern("main.py").matches(argv, str) is not ours


@pytest.mark.parametrize(
    ("program", "may"),
    [
        ("python3.12", True), ("Python.EXE", True), ("pythonw.exe", True), ("", True),
        ("main.py", True), ("uv", True), ("svchost.exe", False), ("systemd", False),
    ],
)  # fmt: skip
def test_only_a_likely_process_can_hide_a_scraper(program: str, *, may: bool) -> None:
    """A system process nobody may look into does not make the scraper's state unknown."""
    assert Pattern("main.py").may_hide_in(program) is may

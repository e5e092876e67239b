"""Whether a process's arguments are those of a configured scraper command."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

SEPARATORS = re.compile(r"[\\/]+")
# They hold a script's name among their arguments without running it.
VIEWERS = frozenset({"vi", "vim", "nvim", "nano", "emacs", "less", "more", "tail", "cat", "grep"})


def parts(path: str) -> tuple[str, ...]:
    """Return the components of a path of either system, as this system compares names."""
    text = path.casefold() if os.name == "nt" else path
    return tuple(part for part in SEPARATORS.split(text) if part not in {"", "."})


@dataclass(frozen=True, slots=True)
class Pattern:
    """One configured command: `main.py`, or a longer tail such as `tracker/main.py`."""

    command: str

    @property
    def name(self) -> str:
        """Return the file name alone."""
        return (parts(self.command) or ("",))[-1]

    def matches(self, argv: Sequence[str], folder: Callable[[], str]) -> bool:
        """Tell whether one whole argument's path ends in the command; never a substring.

        `folder` is asked for the process's working folder only where a relative argument is
        too short to tell. Editors, and the bot's own commands, never match.
        """
        wanted = parts(self.command)
        if not wanted or not argv or _is_ours(argv) or _program(argv[0]) in VIEWERS:
            return False
        for argument in argv:
            found = parts(argument)
            if found[-1:] != wanted[-1:]:
                continue
            if len(found) < len(wanted) and wanted[-len(found) :] == found:
                found = (*parts(folder()), *found)
            if found[-len(wanted) :] == wanted:
                return True
        return False

    def may_hide_in(self, program: str) -> bool:
        """Tell whether a process of this name, whose arguments are secret, may be the scraper."""
        name = _program(program)
        return not name or name.startswith(("py", "uv")) or name == _program(self.name)


def _program(path: str) -> str:
    """Return a program's bare name: `…/Python.EXE` is `python`."""
    return (parts(path) or ("",))[-1].lower().removesuffix(".exe")


def _is_ours(argv: Sequence[str]) -> bool:
    """Tell the service and its one-shots (`python -m bot …`) from a scraper."""
    return ("-m", "bot") in pairwise(argv)

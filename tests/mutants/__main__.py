"""`make test-deep`: many long stories, fifty kills in a storm, and every mutant must be killed.

`--stories`, `--storm`, `--mutants` do one of the three; a name after them picks mutants.
"""

import asyncio
import logging
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

from tests.bot.storm import check, raised
from tests.conftest import ROOT
from tests.mutants.table import MUTANTS, Mutant

AT_ONCE = 2
EXAMPLES, STEPS = 300, 60
INCIDENTS, KILLS = 200, 50
COPIED = ("bot", "handlers", "jobs", "storage", "tests", "pyproject.toml", ".env.example")
PYTEST = (sys.executable, "-B", "-m", "pytest", "-qx", "-p", "no:cacheprovider")


def main() -> int:
    """Return 0 when every invariant holds, no kill is noticed in the chat, no mutant survives."""
    asked = {word for word in sys.argv[1:] if word.startswith("--")}
    asked = asked or {"--stories", "--storm", "--mutants"}
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    good = True
    if "--stories" in asked:
        good &= _stories()
    if "--storm" in asked:
        good &= _storm()
    if "--mutants" in asked:
        good &= _mutants([one for one in MUTANTS if not names or one.name in names])
    return 0 if good else 1


def _stories() -> bool:
    """Tell the stories in two processes, each with half of them."""
    began_s = time.monotonic()
    half = (sys.executable, "-m", "tests.mutants.stories", str(EXAMPLES // AT_ONCE), str(STEPS))
    told = [subprocess.Popen(half, cwd=ROOT) for _ in range(AT_ONCE)]
    codes = [one.wait() for one in told]
    good = not any(codes)
    verdict = "every invariant holds" if good else "AN INVARIANT IS BROKEN"
    _say(f"{EXAMPLES} stories of {STEPS} steps: {verdict}", began_s)
    return good


def _storm() -> bool:
    """Kill the bot in a storm, and read the chat afterwards."""
    began_s = time.monotonic()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        storm = asyncio.run(raised(Path(folder), incidents=INCIDENTS, kills=KILLS))
    _say(storm.figures(), began_s)
    check(storm)
    return True


def _mutants(mutants: list[Mutant]) -> bool:
    """Try each mutant on a copy of the tree whose tests are green without it."""
    began_s = time.monotonic()
    stale = [one.name for one in mutants if not _fits(one)]
    if stale:
        _say(f"STALE, what they change is no longer in the code: {stale}", began_s)
        return False
    with _copies() as copies, ThreadPoolExecutor(AT_ONCE) as pool:
        if not _green(copies, sorted({test for one in mutants for test in one.tests})):
            _say("RED without any mutant: they prove nothing", began_s)
            return False
        _say("green without a mutant", began_s)
        tries = {pool.submit(_killed, one, copies): one for one in mutants}
        survivors = []
        for done, tried in enumerate(as_completed(tries), 1):
            verdict = "killed" if tried.result() else "SURVIVED"
            survivors += [] if tried.result() else [tries[tried].name]
            mutant = tries[tried]
            _say(f"{done}/{len(mutants)} {verdict} {mutant.guards:9} {mutant.name}", began_s)
    _say(f"{len(mutants) - len(survivors)} of {len(mutants)} mutants killed", began_s)
    return not survivors


def _fits(mutant: Mutant) -> bool:
    text = (ROOT / mutant.path).read_text(encoding="utf-8")
    return text.count(mutant.before) == 1 and mutant.before != mutant.after


@contextmanager
def _copies() -> Iterator[SimpleQueue[Path]]:
    """Make a copy of the tree for each that works at once; nobody edits those meanwhile."""
    copies: SimpleQueue[Path] = SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(AT_ONCE):
            copy = Path(folder) / str(number)
            copy.mkdir()
            for name in COPIED:
                source = ROOT / name
                if source.is_dir():
                    left_out = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(source, copy / name, ignore=left_out)
                else:
                    shutil.copy(source, copy / name)
            copies.put(copy)
        yield copies


def _green(copies: "SimpleQueue[Path]", tests: list[str]) -> bool:
    copy = copies.get()
    try:
        return _pytest(copy, tests) == 0
    finally:
        copies.put(copy)


def _killed(mutant: Mutant, copies: "SimpleQueue[Path]") -> bool:
    """Return whether its tests fail on a copy with that one mistake in it."""
    copy = copies.get()
    path = copy / mutant.path
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace(mutant.before, mutant.after), encoding="utf-8")
        return _pytest(copy, mutant.tests) == 1
    finally:
        path.write_text(text, encoding="utf-8")
        copies.put(copy)


def _pytest(copy: Path, tests: tuple[str, ...] | list[str]) -> int:
    """Return pytest's exit code; without compiled files, which may be of another source."""
    done = subprocess.run([*PYTEST, *tests], cwd=copy, capture_output=True, check=False)
    return done.returncode


def _say(line: str, began_s: float) -> None:
    sys.stdout.write(f"{line} ({time.monotonic() - began_s:.0f} s)\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

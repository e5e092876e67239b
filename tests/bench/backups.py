"""Backups beside restic and borg, on 400 MB of the tracker's lists and a week of days of 1 %."""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tests.bench import listings
from tests.bench.listings import Listings
from tests.bench.rivals import PROGRAMS, SIDES, Command, Side, Vigie, floor
from tests.bench.row import Row
from tests.bench.watched import Cost
from tests.small_files import small

ROUNDS = 3
DAYS = 7  # of backups: the first run, and six of what a day brings
MOST_MB = 64
MANY = 100_000  # small files
MANY_MB = 192
OLD_S = 2.1  # what was written later than 2 s before a backup is read again by the next
MISSING = "backups: not measured, for want of {} (on Debian: apt install restic borgbackup)\n"
FIRST, DAILY, VERIFY, RESTORE, WEEK = ("first", "daily", "verify", "restore", "week")
US, RESTIC, BORG = (side.name for side in SIDES)


class Book:
    """What every run cost, and what the repositories took after a week."""

    def __init__(self) -> None:
        self._costs: dict[tuple[str, str], list[Cost]] = {}
        self.sizes: dict[str, float] = {}

    def note(self, work: str, name: str, cost: Cost) -> None:
        """Keep one run."""
        self._costs.setdefault((work, name), []).append(cost)

    def cpu(self, work: str, name: str) -> float:
        """Return the median of its CPU time in ms."""
        return statistics.median(cost.cpu_ms for cost in self._costs[work, name])

    def wall(self, work: str, name: str) -> float:
        """Return the median of its wall time in ms."""
        return statistics.median(cost.wall_ms for cost in self._costs[work, name])

    def durable(self, work: str, name: str) -> float:
        """Return the median of the wall time in ms until the disk had it."""
        return statistics.median(cost.durable_ms for cost in self._costs[work, name])

    def peak(self, works: Iterable[str], name: str) -> float:
        """Return the most memory any run of these took, in MiB."""
        return max(cost.peak_mb for work in works for cost in self._costs[work, name])


def rows() -> list[Row]:
    """Return the rows of the backups, about five minutes; none where a rival is not installed."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        sys.stderr.write(MISSING.format(" and ".join(missing)))
        return []
    book = Book()
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as temp:
        top = Path(temp)
        made = Listings()
        listings.fill(top / "set", made, range(listings.FILES))
        for number in range(ROUNDS):
            _round(book, made, top, number)
        many = _many(top / "many")
    return [*_first(book), *_daily(book), *_read(book), *_room(book), *many]


def _many(here: Path) -> list[Row]:
    """Measure what many files cost in memory, of which a hundredth is another on the second day."""
    side = Vigie(here, small(here / "data", MANY))
    made = [side.create(0)]
    for path in sorted(side.data.rglob("*.json"))[::100]:
        path.write_text("[]", encoding="utf-8")
    time.sleep(OLD_S)
    made.append(side.create(1))
    what, dyno = f"peak memory of a backup of {MANY:,} small files", "a 512 MB dyno"
    peaks = (
        (f"{what}, first and next", max(cost.peak_mb for cost in made), MANY_MB),
        (f"{what}, listed", side.list().peak_mb, MOST_MB),
    )
    return [
        Row(name, dyno, peak, 512.0, None, f"≤ {most} MiB", peak <= most, "MiB")
        for name, peak, most in peaks
    ]


def _round(book: Book, made: Listings, top: Path, number: int) -> None:
    """Go through a week with every side, each time another one first."""
    here = top / f"round-{number}"
    data = listings.twin(top / "set", here / "data")
    time.sleep(OLD_S)
    sides: list[Side] = [side(here, data) for side in SIDES]
    command = Command(here, data)

    def each(work: str, do: Callable[[Side], Cost]) -> None:
        for place in range(len(sides)):
            side = sides[(number + place) % len(sides)]
            book.note(work, side.name, do(side))

    each(FIRST, lambda side: side.create(0))
    book.note(FIRST, command.name, command.create(0))
    book.note("floor", US, floor(data))
    each(VERIFY, lambda side: side.verify())
    each(RESTORE, lambda side: side.restore())
    for day in range(1, DAYS):
        listings.day(data, made, day - 1)
        time.sleep(OLD_S)
        each(DAILY, partial(_create, day))
        book.note(DAILY, command.name, command.create(day))
    each(WEEK, lambda side: side.verify())
    book.sizes = {side.name: side.size() / 1e6 for side in sides}


def _create(day: int, side: Side) -> Cost:
    return side.create(day)


def _ratio(what: str, ours: float, theirs: tuple[str, float], goal: float, unit: str) -> Row:
    """Return a row that is met at `goal` times the reference."""
    name, value = theirs
    return Row(what, name, ours, value, None, f"≤ {goal}×", ours <= goal * value, unit)


def _cpu(book: Book, what: str, work: str, other: str, goal: float) -> Row:
    theirs = (other, book.cpu(work, other))
    return _ratio(what, book.cpu(work, US), theirs, goal, "ms CPU")


def _wall(book: Book, what: str, work: str, other: str, goal: float) -> Row:
    theirs = (other, book.wall(work, other))
    return _ratio(f"{what}, wall", book.wall(work, US), theirs, goal, "ms")


def _first(book: Book) -> list[Row]:
    what = "backup of 400 MB, first run, read back and validated"
    return [
        _cpu(book, what, FIRST, RESTIC, 0.85),
        _wall(book, what, FIRST, RESTIC, 1.0),
    ]


def _daily(book: Book) -> list[Row]:
    what = "backup of a day's 1 %, read back and validated"
    both = (RESTIC, BORG)
    return [
        *(_cpu(book, what, DAILY, other, 0.35) for other in both),
        *(_wall(book, what, DAILY, other, 0.35) for other in both),
        _ratio(
            f"{what}, by the whole command `python -m bot backup`",
            book.cpu(DAILY, Command.name), (RESTIC, book.cpu(DAILY, RESTIC)), 1.0, "ms CPU",
        ),
    ]  # fmt: skip


def _read(book: Book) -> list[Row]:
    what = "deep verify of 400 MB"
    goals = ((RESTIC, 0.45), (BORG, 0.6))
    back = "restore of 400 MB, hashes checked"
    bare = ("SHA-256 of the sources alone, hashlib", book.cpu("floor", US))
    return [
        *(_cpu(book, what, VERIFY, other, goal) for other, goal in goals),
        _ratio(what, book.cpu(VERIFY, US), bare, 1.5, "ms CPU"),
        *(_cpu(book, "deep verify of a whole week", WEEK, other, goal) for other, goal in goals),
        *(_wall(book, back, RESTORE, other, 0.75) for other in (RESTIC, BORG)),
        *(
            _ratio(
                f"{back}, wall until it is on the disk", book.durable(RESTORE, US),
                (f"{other}, then sync", book.durable(RESTORE, other)), 0.75, "ms",
            )
            for other in (RESTIC, BORG)
        ),
    ]  # fmt: skip


def _room(book: Book) -> list[Row]:
    what = f"repository after {DAYS} days"
    ours = book.sizes[US]
    peak, theirs = (book.peak((FIRST, DAILY, VERIFY, RESTORE), name) for name in (US, RESTIC))
    most = min(0.7 * theirs, MOST_MB)
    whole = book.peak((FIRST, DAILY), Command.name)
    return [
        *(_ratio(what, ours, (name, book.sizes[name]), 0.12, "MB") for name in (RESTIC, BORG)),
        Row(
            "peak memory of any of these backups, reads and restores", RESTIC,
            peak, theirs, None, f"≤ 0.7× and ≤ {MOST_MB} MiB", peak <= most, "MiB",
        ),
        Row(
            "peak memory of the whole command `python -m bot backup`", RESTIC,
            whole, theirs, None, f"≤ {MOST_MB} MiB", whole <= MOST_MB, "MiB",
        ),
    ]  # fmt: skip

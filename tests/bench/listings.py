"""The set that backups are measured on: 2,000 lists of about 200 kB, as the tracker writes them.

In the proportions of a real list (40 records in 108 are Galxe's, 57 the feeds', 11 the airdrops'),
with text of words that come as often as words do. A record is listed in eight and more files in a
row, the newest first, and only `scraped_at` differs: a real series had 37 items in 296 records.
"""

import os
import random
import shutil
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

FILES = 2_000
RECORDS = 600  # in a list: 200 kB
NEW = 30  # of them were in no list before
START_S = 1_735_689_600
STEP_S = 7_200
DAY_NEW, DAY_CHANGED = 18, 2  # 1 % of the files
NEW_STAMP = b"\0"  # where a list's own time goes
SYLLABLES = [first + last for first in "bcdfghklmnprstvxz" for last in "aeio"]
WORDS = 4_000
COINS = ("USDT", "USDC", "SUI", "ETH", "BTC", "Points", "GAL", "XP")
HEAD = "    "


class Listings:
    """The lists by number, each the same whenever and in whatever order it is asked for."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        dice = random.Random(seed)  # noqa: S311 (made-up text, not a secret)
        words = {
            "".join(dice.choices(SYLLABLES, k=dice.choice((1, 2, 2, 3, 3, 4)))) for _ in range(9000)
        }
        self._words = dice.sample(sorted(words), WORDS)
        self._weights = list(accumulate(1 / (rank + 5) for rank in range(WORDS)))
        self._known: dict[int, bytes] = {}

    def content(self, number: int) -> bytes:
        """Return one list. Numbers that rise from one call to the next are made quickly."""
        first = number * NEW
        wanted = [at for at in range(first, first - 3 * RECORDS, -1) if self._listed(at, number)]
        known = self._known
        self._known = {at: known.get(at) or self._record(at) for at in wanted[:RECORDS]}
        stamp = f"2025-{1 + number // 336:02}-{1 + number // 12 % 28:02}T{number % 12 * 2:02}:30:06"
        body = b",\n".join(self._known.values())
        return b"[\n" + body.replace(NEW_STAMP, stamp.encode()) + b"\n]"

    def _listed(self, item: int, number: int) -> bool:
        """Tell whether an item is still there: each stays for 8 to 32 files."""
        stay = 8 + (item * 2_654_435_761 >> 7) % 25
        return item > (number - stay) * NEW

    def _record(self, item: int) -> bytes:
        dice = random.Random(self._seed << 32 ^ item & 0xFFFFFFFF)  # noqa: S311
        kind = dice.randrange(108)
        title = " ".join(self._text(dice, 9)).capitalize()
        fields = self._galxe(dice, title) if kind < 40 else self._feed(dice, title, kind < 97)
        lines = ",\n".join(f'{HEAD}"{name}": {value}' for name, value in fields.items())
        return f"  {{\n{lines}\n  }}".encode()

    def _galxe(self, dice: random.Random, title: str) -> dict[str, str]:
        space = "".join(self._text(dice, 2))
        coin = dice.choice(COINS)
        short = f"{dice.randrange(1, 900)} {coin}30{title}{dice.random() * 99:.2f}K  participants"
        code = "".join(dice.choices("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ", k=6))
        return {
            "title": f'"{short[:100]}"',
            "link": f'"https://galxe.com/quest/{space}/GC{code}"',
            "source": '"Galxe"',
            "hash": f'"{dice.getrandbits(128):032x}"',
        }

    def _feed(self, dice: random.Random, title: str, news: bool) -> dict[str, str]:  # noqa: FBT001
        paid = dice.randrange(4) == 0
        return {
            "id": f'"rss_{dice.getrandbits(32):08x}"',
            "title": f'"{title[:60]}..."',
            "description": '""',
            "reward": f'"${dice.randrange(1, 900)}"' if paid else '"$10-30 estimated"',
            "estimated_time": "5",
            "deadline": "null",
            "source": '"TwitterRSS"' if news else '"AirdropsFallback"',
            "url": '""',
            "published_date": '""',
            "source_feed": '""',
            "scraped_at": f'"{NEW_STAMP.decode()}"',
            "hash": f'"{dice.getrandbits(128):032x}"',
        }

    def _text(self, dice: random.Random, count: int) -> list[str]:
        return dice.choices(self._words, cum_weights=self._weights, k=count)


def name(number: int) -> str:
    """Return the file name of a list."""
    return f"opportunities_{START_S + number * STEP_S}.json"


def fill(folder: Path, listings: Listings, numbers: Iterable[int]) -> None:
    """Write these lists, dated by their numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        path = folder / name(number)
        path.write_bytes(listings.content(number))
        at = START_S + number * STEP_S
        os.utime(path, (at, at))


def day(folder: Path, listings: Listings, number: int) -> None:
    """Let a day pass: its new lists, and the last of the day before, written anew with one more.

    The set shares its files with other rounds, so that a list is replaced, never written to.
    """
    first = FILES + number * DAY_NEW
    fill(folder, listings, range(first, first + DAY_NEW))
    for again in range(first - DAY_CHANGED, first):
        path = folder / name(again)
        beside = path.with_suffix(".new")
        last = f',\n  {{\n{HEAD}"hash": "{again:032x}"\n  }}\n]'
        beside.write_bytes(path.read_bytes().removesuffix(b"\n]") + last.encode())
        beside.replace(path)


def twin(folder: Path, target: Path) -> Path:
    """Return a second folder of the same files, for one round to change."""
    shutil.copytree(folder, target, copy_function=os.link)
    return target

"""Tracker folders to measure with: made up, in the tracker's formats and proportions."""

import hashlib
import os
from pathlib import Path

import orjson

START_S = 1_735_689_600
LISTED = 8  # how often one item is listed: a real day held 296 records of 37 items
FEED = "Feed text with <b>HTML</b>, as scraped, of which nothing is used. " * 3


def record(item: int, run: int = 0) -> dict[str, object]:
    """Return one record as a scraper writes it: 4 in 10 Galxe's, 5 the feeds', 1 Zealy's."""
    digest = hashlib.md5(str(item).encode(), usedforsecurity=False).hexdigest()
    if item % 10 < 4:
        return {
            "title": f"{item % 900} USDT30Quest {item}: Leaderboard Campaign63.55K  participants",
            "link": f"https://galxe.com/quest/{digest[:8]}/{item}",
            "source": "Galxe",
            "hash": digest,
        }
    if item % 10 < 9:
        return {
            "id": f"rss_{digest[:8]}",
            "title": f"NFT sales soar — US${item}K in a day…",
            "description": FEED,
            "reward": f"${item % 900}" if item % 3 else "$10-30 estimated",
            "estimated_time": 5,
            "deadline": None,
            "source": "TwitterRSS",
            "url": f"https://example.org/{item}",
            "published_date": "Fri, 01 Aug 2025 12:00:00 +0000",
            "source_feed": "https://example.org/feed/",
            "scraped_at": f"2025-08-01T17:30:06.{run:06}",
            "hash": digest,
        }
    return {
        "id": f"quest-{item}",
        "title": f"Quest {item}",
        "description": "Do it",
        "reward": float(item % 500),
        "reward_currency": "XP",
        "time_est_min": 3,
        "roi_usd_per_min": round(item % 500 * 0.01 / 3, 4),
        "start_time": "",
        "end_time": "",
        "source": "Zealy",
        "hash": digest,
    }


def fill(folder: Path, *, files: int, records: int, bad_every: int = 0) -> Path:
    """Write `files` lists of `records` each, two hours apart; some with one bad record."""
    folder.mkdir(parents=True)
    step = max(records // LISTED, 1)
    for number in range(files):
        rows = [record(item, number) for item in range(number * step, number * step + records)]
        if bad_every and number % bad_every == 0:
            rows[records // 2]["title"] = 5
        add(folder, number, rows)
    return folder


def add(folder: Path, number: int, rows: list[dict[str, object]]) -> None:
    """Write one list, dated by its number."""
    at = START_S + number * 7200
    path = folder / f"opportunities_{at}.json"
    path.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    os.utime(path, (at, at))

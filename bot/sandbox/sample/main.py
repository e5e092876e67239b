"""A sample tracker: writes invented quests in the real tracker's file formats. Standard library.

Run in its own folder: `python main.py`. It ends when its standard input closes, so it never
outlives whoever started it. A file named `freeze` beside it makes it live without writing; so
does the loss of its data folder, which it leaves to others to restore.
"""

import hashlib
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import TypeAlias

Record: TypeAlias = dict[str, object]

LABEL = "[sample]"
WRITE_EVERY_S = 4.0
LOOK_EVERY_S = 0.25
KEPT_LIVE_FILES = 6
HISTORY_HOURS = 10
QUESTS_AT_MIDNIGHT = 120
SOURCES = 4
DAY_S = 86_400
HOSTILE_SHARE = 0.06
UNCLEAR_QUEST = 99  # one a day: two in 24 h are never more than the bot takes without a word
CHAINS = ("Arbitrum", "Base", "Linea", "Optimism", "Scroll", "Starknet", "zkSync Era", "Zora")
DEEDS = (
    "Bridge Week",
    "Odyssey",
    "Liquidity Sprint",
    "Mint Festival",
    "Governance Quest",
    "Builders' Guild",
    "Swap Marathon",
    "Early Adopter Pass",
    "Testnet Patrol",
    "Lighthouse Keepers",
)
HOSTILE = (
    "<b>Free</b> NFT & <script>alert('x')</script>",
    "5 < 7 && 7 > 5: \"quotes\" and 'apostrophes'",
    "Ünïcode ☕ 空投 إسقاط 🧑‍🚀 zero\u200bwidth",
    "</pre></blockquote>[link](tg://user?id=1)*_`~",
    "A very long title that goes on " + "and on " * 28,
)


def main() -> int:
    """Write a file every few seconds until standard input closes."""
    folder, dice = Path.cwd() / "data", random.Random()  # noqa: S311 - nothing secret here
    threading.Thread(target=_end_with_parent, daemon=True).start()
    turn, written = 0, -WRITE_EVERY_S
    while True:
        idle = Path("freeze").exists() or not folder.exists()
        if time.monotonic() - written > WRITE_EVERY_S and not idle:
            turn, written = turn + 1, time.monotonic()
            _write(folder, dice, now=int(time.time()), turn=turn)
        time.sleep(LOOK_EVERY_S)


def write_history(folder: Path, *, now: int) -> None:
    """Write several hours of files, as a tracker that ran all the while would have left them."""
    dice = random.Random(now // DAY_S)  # noqa: S311 - the same quests all day
    (folder / "opportunities").mkdir(parents=True, exist_ok=True)
    for hours in range(HISTORY_HOURS, 0, -1):
        at = now - hours * 3600 + dice.randrange(600)
        records = _mixed(dice, at, most=4)
        _dump(folder / "opportunities" / f"opportunities_{at}.json", records, at)
    campaigns = [_hashed(_quest(now, number)) for number in range(2, 30, SOURCES)]
    _dump(folder / f"opportunities_layer3_{_date(now)}.json", campaigns, now - 1800)
    at = now - 5400
    path = folder / "opportunities" / f"processed_opportunities_{at}.json"
    _dump(path, _processed(dice, at), at)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _write(folder: Path, dice: random.Random, *, now: int, turn: int) -> None:
    """Write in place like the real one, and take away this run's oldest files."""
    target = folder / "opportunities" / f"opportunities_{now}.json"
    _dump(target, _mixed(dice, now, most=3), now)
    print(f"{LABEL} {target.name}: {turn}", flush=True)  # noqa: T201 - its log, as in the real one
    started = Path("started")
    if not started.exists():
        started.write_text(str(now), encoding="utf-8")
    first = int(started.read_text(encoding="utf-8"))
    live = [p for p in target.parent.glob("opportunities_*.json") if epoch(p) >= first]
    for old in sorted(live, key=epoch)[:-KEPT_LIVE_FILES]:
        old.unlink(missing_ok=True)


def epoch(path: Path) -> int:
    """Return the time in a file's name."""
    return int(path.stem.rpartition("_")[2])


def _dump(path: Path, body: object, at: int) -> None:
    path.write_text(json.dumps(body, indent=2, ensure_ascii=False), encoding="utf-8")
    os.utime(path, (at, at))


def _mixed(dice: random.Random, at: int, *, most: int) -> list[Record]:
    """Return two to `most` quests of each source; the day's pool grows every ten minutes."""
    pool = QUESTS_AT_MIDNIGHT + at % DAY_S // 600
    picked = [
        number
        for source in range(SOURCES)
        for number in dice.sample(range(source, pool, SOURCES), dice.randrange(2, most + 1))
    ]
    dice.shuffle(picked)
    return [_hashed(_quest(at, number)) for number in picked]


def _quest(at: int, number: int) -> Record:
    """Return the same quest for the same number all day."""
    own = random.Random(at // DAY_S * 10_000 + number)  # noqa: S311 - a repeatable invention
    record = (_galxe, _zealy, _layer3, _twitter)[number % SOURCES](own, at)
    if number == UNCLEAR_QUEST:
        record["reward"] = own.choice(("50 BTC", "$10-30 estimated", "soon", ""))
    return record


def _hashed(record: Record) -> Record:
    text = f"{record['source']}-{record.get('id')}-{record.get('title')}"
    return record | {"hash": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}


def _title(dice: random.Random) -> str:
    if dice.random() < HOSTILE_SHARE:
        return f"{LABEL} {dice.choice(HOSTILE)}"
    return f"{LABEL} {dice.choice(CHAINS)} {dice.choice(DEEDS)} {dice.randrange(1, 40)}"


def _galxe(dice: random.Random, _at: int) -> Record:
    """Return a card without any reward field: its return is unknown."""
    people = f"{dice.randrange(1, 99)}.{dice.randrange(99):02d}K  participants "
    return {
        "title": f"{_title(dice)} {people}",
        "link": f"https://example.org/galxe/{dice.randrange(10_000)}",
        "source": "Galxe",
    }


def _zealy(dice: random.Random, at: int) -> Record:
    """Return a quest whose return is given by the source."""
    reward, minutes = dice.randrange(50, 900, 10), dice.choice((1, 3, 10))
    return {
        "id": f"z{dice.randrange(10_000)}",
        "title": _title(dice),
        "description": "Join, read, answer three questions.",
        "reward": float(reward),
        "reward_currency": "XP",
        "time_est_min": minutes,
        "roi_usd_per_min": round(reward * 0.01 / minutes, 4),
        "start_time": time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(at - DAY_S)),
        "end_time": "",
        "source": "Zealy",
    }


def _layer3(dice: random.Random, _at: int) -> Record:
    """Return a campaign paid in points, with the small returns these have."""
    reward, minutes = dice.randrange(40, 800, 10), dice.choice((5, 10))
    return {
        "id": f"layer3-{dice.randrange(10_000)}",
        "title": _title(dice),
        "description": "Swap once on the named chain.",
        "reward": reward,
        "reward_currency": "POINTS",
        "time_est_min": minutes,
        "roi_usd_per_min": round(reward * 0.005 / minutes, 4),
        "chain": dice.choice(CHAINS),
        "category": "quest",
        "source": "Layer3",
    }


def _twitter(dice: random.Random, at: int) -> Record:
    """Return a feed item whose reward is text: computed where it is clearly money."""
    link = f"https://example.org/feed/{dice.randrange(10_000)}"
    digest = hashlib.md5(link.encode(), usedforsecurity=False).hexdigest()
    scraped = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at))
    return {
        "id": f"rss_{digest[:8]}",
        "title": _title(dice),
        "url": link,
        "description": "<p>Invented for the demo &amp; nothing else</p>",
        "reward": f"${dice.randrange(4, 64)}",
        "estimated_time": 5,
        "deadline": None,
        "published_date": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at)),
        "scraped_at": f"{scraped}.{dice.randrange(10**6):06d}",
        "source_feed": "https://example.org/feed.xml",
        "source": "TwitterRSS",
    }


def _processed(dice: random.Random, at: int) -> Record:
    found: list[Record] = []
    for number in range(3, 51, SOURCES):
        record = _quest(at, number)
        amount = dice.choice((12.0, 18.5, 24.0, 36.0, 55.0))
        money = {"reward": f"${amount}", "roi": amount / 5, "reward_amount_extracted": amount}
        found.append(_hashed(record | money | {"currency_detected": "USD", "time_estimated": 5}))
    found.sort(key=lambda one: -float(str(one["roi"])))
    rois = [float(str(one["roi"])) for one in found]
    high = [one for one in found if float(str(one["roi"])) >= 5]  # noqa: PLR2004 - its own limit
    return {
        "timestamp": at,
        "datetime": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(at)),
        "pipeline_version": "Jour_6_Processing",
        "processing_stats": {
            "total_raw": len(found),
            "after_deduplication": len(found),
            "after_roi_filter": len(found),
            "avg_roi": round(sum(rois) / len(rois), 2),
            "max_roi": round(max(rois), 2),
        },
        "categories": {
            "high": high,
            "medium": [one for one in found if one not in high],
            "low": [],
        },
        "processed_opportunities": found,
    }


def _date(at: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at))


if __name__ == "__main__":
    sys.exit(main())

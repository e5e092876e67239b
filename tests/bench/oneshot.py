"""The one-shot `python -m bot health`: what a monitoring script pays each time it asks."""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.row import Row
from tests.bot.real import collect, environment

ROUNDS = 7


def cpu_ms(words: list[str], folder: Path) -> float:
    """Return the user and system time of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder, env=environment(SCRAPER_COMMANDS=""), check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in range(4):
        raise RuntimeError(words)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def rows() -> list[Row]:
    """Return the row of the one-shot."""
    works = {
        "ours": ["-m", "bot", "health"],
        "telegram": ["-c", "import telegram.ext"],
        "floor": ["-c", "import msgspec, psutil"],
    }
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        collect(folder / "data", age_s=60)
        for _ in range(ROUNDS):
            for name, words in works.items():
                best[name] = min(cpu_ms(words, folder), best.get(name, float("inf")))
    return [
        Row(
            name="one-shot `python -m bot health`, start to exit",
            reference="importing telegram.ext",
            ours=best["ours"],
            reference_value=best["telegram"],
            limit=best["floor"],
            goal="≤ 1/2 of importing telegram.ext",
            met=best["ours"] <= best["telegram"] / 2,
        )
    ]

"""A real `python -m bot …` process, talking HTTP to a Bot API on loopback."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.settings import Settings
from tests.conftest import ROOT
from tests.waiting import PATIENCE_S, until

ADA = 7


def environment(**settings: str) -> dict[str, str]:
    """Return this process's environment with these settings alone; nothing comes by itself."""
    names = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    ours = {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", "REPORT_AT": "", "BACKUP_AT": ""}
    return kept | ours | settings


@dataclass(slots=True)
class Running:
    """A bot process and everything it printed so far."""

    process: asyncio.subprocess.Process
    log: Path

    @property
    def said(self) -> str:
        """Return its standard output and error."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def stop(self) -> int:
        """Send SIGTERM; return the exit code."""
        self.process.terminate()
        return await self.ended()

    async def ended(self, *, within_s: float = PATIENCE_S) -> int:
        """Return the exit code, TimeoutError if it goes on."""
        async with asyncio.timeout(within_s):
            return await self.process.wait()

    async def until_said(self, words: str) -> None:
        """Wait until the words were printed."""
        await self.until(lambda: words in self.said)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds; the process has to live meanwhile."""

        def held() -> object:
            held = holds()
            assert held or self.process.returncode is None, self.said
            return held

        await until(held, every_s=0.02, said=lambda: self.said)


@asynccontextmanager
async def running(
    folder: Path,
    *words: str,
    settings: Mapping[str, str],
    before: tuple[str, ...] = (),
    module: str = "bot",
) -> AsyncIterator[Running]:
    """Run `python -m bot WORDS` in `folder`; whatever happens, it is gone afterwards."""
    log = folder / f"log-{time.monotonic_ns()}.txt"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *before,
            sys.executable,
            "-m",
            module,
            *words,
            cwd=folder,
            env=environment(**settings),
            stdout=out,
            stderr=out,
        )
    try:
        yield Running(process, log)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def collect(folder: Path, *, age_s: float, sources: tuple[str, ...] = ("Galxe",)) -> Path:
    """Write one file of the tracker's, this old."""
    epoch = int(time.time() - age_s)
    rows = [
        {"title": f"Quest {n}", "link": f"https://example.org/{source}/{n}", "source": source}
        for source in sources
        for n in range(3)
    ]
    path = folder / "opportunities" / f"opportunities_{epoch}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path

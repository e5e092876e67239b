"""The memory of the running bot: idle, and over 2,000 cycles with 1,000 charts."""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
from telegram.ext import Application

from bot import settings
from bot.app import Transport, build
from bot.sandbox import BotApi, SandboxRequest
from tests.bench import folders
from tests.bench.row import Row

CYCLES = 2_000
CHART_EVERY = 2
LOOK_EVERY = 50
IDLE_GOAL_MB = 80
PEAK_GOAL_MB = 200
GROWTH_GOAL = 1.05
ADA = 7


def tree_mb() -> float:
    """Return the resident memory of this process and its children (the chart worker)."""
    me = psutil.Process()
    return sum(one.memory_info().rss for one in (me, *me.children(recursive=True))) / 1e6


async def bare() -> dict[str, Any]:
    """Return what PTB alone needs, started and polling."""
    api = BotApi()
    app: Any = (
        Application.builder()
        .token(api.token)
        .request(SandboxRequest(api))
        .get_updates_request(SandboxRequest(api))
        .build()
    )
    async with app:
        await app.start()
        await app.updater.start_polling()
        await asyncio.sleep(0.5)
        found = {"idle": tree_mb()}
        await app.updater.stop()
        await app.stop()
    return found


async def ours() -> dict[str, Any]:
    """Return what the bot needs idle, and at every look while it works hard."""
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        folders.fill(folder / "data", files=50, records=100)
        api = BotApi()
        api.person(ADA, "Ada")
        found = settings.load(
            telegram_chat_ids=str(ADA), telegram_admin_ids=str(ADA),
            data_dir=folder / "data", state_dir=folder / "var", scraper_commands="",
            backup_dir=folder / "backups",
        )  # fmt: skip
        transport = Transport(
            token=api.token, calls=SandboxRequest(api), polls=SandboxRequest(api), root="sandbox:"
        )
        program = build(found, transport)
        app = program.application
        async with app:
            await app.start()
            await program.updater.start_polling()
            deliver = asyncio.create_task(program.worker.run())
            await program.services.watch.run()
            await asyncio.sleep(0.5)
            idle, looks = tree_mb(), []
            for number in range(CYCLES):
                await program.services.watch.run()
                if number % CHART_EVERY == 0:
                    await _ask(api, number)
                if number % LOOK_EVERY == LOOK_EVERY - 1:
                    looks.append(tree_mb())
            program.worker.stop()
            await deliver
            await program.updater.stop()
            await app.stop()
        await program.close()
    return {"idle": idle, "looks": looks}


async def _ask(api: BotApi, number: int) -> None:
    """Ask for /health or /top5 and wait for the answer; old messages are forgotten."""
    before = len(api.said(ADA))
    await api.say(ADA, ADA, "/health" if number % (2 * CHART_EVERY) else "/top5 all")
    await api.until(lambda: len(api.said(ADA)) > before, within_s=30)
    api.calls.clear()
    api.world.posts[ADA].clear()
    api.world.files.clear()


def rows() -> list[Row]:
    """Return the rows of the memory; about two minutes."""
    seen = {}
    for name in ("bare", "ours"):
        # Not `-m`: the chart worker imports its parent's main module, and the bot's is small.
        work = f"from tests.bench import memory; memory.main({name!r})"
        command = [sys.executable, "-c", work]
        seen[name] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    bare_mb, idle_mb, looks = seen["bare"]["idle"], seen["ours"]["idle"], seen["ours"]["looks"]
    half = looks[len(looks) // 2]
    span = f"{CYCLES:,} cycles with {CYCLES // CHART_EVERY:,} charts"
    return [
        Row(
            "memory of the idle bot", "PTB alone, polling", idle_mb, bare_mb, None,
            f"≤ {IDLE_GOAL_MB} MB", idle_mb <= IDLE_GOAL_MB, "MB",
        ),
        Row(
            f"memory after {span}", "the same at half time", looks[-1], half, None,
            "≤ 1.05×", looks[-1] <= GROWTH_GOAL * half, "MB",
        ),
        Row(
            f"peak memory over {span}, chart worker included", "a 512 MB dyno",
            max(looks), 512.0, None, f"≤ {PEAK_GOAL_MB} MB", max(looks) <= PEAK_GOAL_MB, "MB",
        ),
    ]  # fmt: skip


def main(name: str) -> None:
    """Measure one of the two, in this process, and print what was seen as JSON."""
    print(json.dumps(asyncio.run({"bare": bare, "ours": ours}[name]())))

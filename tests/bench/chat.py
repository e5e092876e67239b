"""What an answer and a picture cost, against PTB and matplotlib used plainly."""

import asyncio
import gc
import io
import math
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from telegram import Update
from telegram.ext import ApplicationBuilder, CommandHandler

from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest
from handlers.charting import Charts
from handlers.sending import NO_PREVIEW
from handlers.views.charts import paint
from handlers.views.plots import HealthChart, Panel, Words
from tests.bench.row import Row
from tests.handlers.chat import ADA, build

COMMANDS = 200
CHARTS = 12
ROUNDS = 5
LAG_TICK_S = 0.002
NOON_S = 1_786_690_920.0
DAY_S = 86_400.0


def spec() -> HealthChart:
    """Return a full day of four series, a sample every five minutes."""
    times = [NOON_S - DAY_S + 300 * i for i in range(288)]
    panels = tuple(
        Panel(
            title=title,
            points=tuple((at, 40 + 30 * math.sin(at / 9000 + phase)) for at in times),
            limit=85,
            limit_text="limit 85 %",
        )
        for phase, title in enumerate(("CPU", "Memory", "Disk", "Age"))
    )
    words = Words(no_data="no data")
    return HealthChart(
        panels=panels, since_s=NOON_S - DAY_S, until_s=NOON_S, zone="Europe/Paris", gap_s=900,
        words=words,
    )  # fmt: skip


def plain(chart: HealthChart) -> bytes:
    """Draw the same figure the usual way: subplots, fill_between, axhline, savefig."""
    figure = Figure(figsize=(9, 10.15), dpi=100, facecolor="#1B222C")
    FigureCanvasAgg(figure)
    all_axes: Any = figure.subplots(len(chart.panels), 1, sharex=True)
    for axes, panel in zip(all_axes, chart.panels, strict=True):
        xs, ys = [at for at, _ in panel.points], [value for _, value in panel.points]
        axes.set_facecolor("#232C38")
        axes.fill_between(xs, ys, alpha=0.18, linewidth=0)
        axes.plot(xs, ys, linewidth=3)
        axes.set_ylim(0, 100)
        axes.grid(color="#384556")
        axes.tick_params(length=0, colors="#9FB0C0", labelsize=17)
        axes.set_title(panel.title, loc="left", color="#F2F5F8", size=20)
        axes.set_title(f"{ys[-1]:.0f} %", loc="right", color="#56B4E9", size=24)
        axes.axhline(panel.limit, color="#FF8A6B", linestyle="--")
    ticks = [chart.since_s + n * 21_600 for n in range(1, 4)]
    all_axes[-1].set_xticks(ticks, ["15:00", "21:00", "03:00"])
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """Return the median CPU time of one call, in milliseconds."""
    work()
    spent = []
    for _ in range(times):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1000)
    return statistics.median(spent)


async def commands_ms(app: Any, api: BotApi) -> list[float]:  # noqa: ANN401
    """Return the CPU time of each of many commands, update to accepted answer."""
    spent = []
    for n in range(COMMANDS):
        post = await api.say(ADA, ADA, "/mutes")
        api.updates.drop()
        update = Update.de_json({"update_id": n, "message": post.json}, app.bot)
        start = time.process_time()
        await app.process_update(update)
        spent.append((time.process_time() - start) * 1000)
    return spent


async def replies() -> Row:
    """Measure our /mutes against a bare handler that sends the same words."""
    with tempfile.TemporaryDirectory() as name:
        world = await build(Path(name))
        words = "🔔 Nothing is muted."

        async def bare(_: Update, context: Any) -> None:  # noqa: ANN401
            await context.bot.send_message(
                ADA, words, parse_mode="HTML", link_preview_options=NO_PREVIEW
            )

        api = BotApi()
        api.person(ADA)
        request = SandboxRequest(api)
        builder = ApplicationBuilder().token(api.token).request(request)
        reference = builder.updater(None).job_queue(None).build()
        reference.add_handler(CommandHandler("mutes", bare))
        await reference.initialize()
        ours, theirs = [], []
        gc.disable()
        for _ in range(4):  # in turns, so that a slow moment hits both
            ours += await commands_ms(world.app, world.api)
            theirs += await commands_ms(reference, api)
        gc.enable()
        await reference.shutdown()
        await world.app.stop()
        await world.app.shutdown()
        world.services.history.close()
    mine, bare_ms = statistics.median(ours), statistics.median(theirs)
    return Row("command → reply (in-process fake, median)", "bare PTB CommandHandler", mine,
               bare_ms, None, "≤ 1.5×", mine <= 1.5 * bare_ms)  # fmt: skip


async def lag_ms(work: Awaitable[object] | None, seconds: float) -> float:
    """Return the event loop's p99 lag while something else is awaited."""
    task = None if work is None else asyncio.ensure_future(work)
    lags, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until and (task is None or not task.done()):
        start = time.perf_counter()
        await asyncio.sleep(LAG_TICK_S)
        lags.append((time.perf_counter() - start - LAG_TICK_S) * 1000)
    if task is not None:
        await task
    return statistics.quantiles(lags, n=100)[98]


async def lags() -> Row:
    """Measure how late the loop is while charts are drawn, and idle, in turns."""
    charts, chart = Charts(), spec()
    await charts.draw(chart)

    async def draw_some() -> None:
        for _ in range(CHARTS):
            await charts.draw(chart)

    idle, drawing = [], []
    for _ in range(ROUNDS):
        idle.append(await lag_ms(None, 1.0))
        drawing.append(await lag_ms(draw_some(), 30.0))
    await charts.close()
    ours, reference = statistics.median(drawing), statistics.median(idle)
    return Row("event loop p99 lag while drawing charts", "the idle loop", ours, reference, None,
               "≤ 2× idle", ours <= 2 * reference, "ms")  # fmt: skip


def rows() -> list[Row]:
    """Return the rows of the chat side; about a quarter of a minute."""
    chart = spec()
    ours, reference = cpu_ms(lambda: paint(chart), CHARTS), cpu_ms(lambda: plain(chart), CHARTS)
    picture = Row("a warm chart", "the same figure in plain matplotlib", ours, reference, None,
                  "≤ 1.0×", ours <= reference)  # fmt: skip
    return [asyncio.run(replies()), picture, asyncio.run(lags())]


if __name__ == "__main__":
    for row in rows():
        print(f"{row.name:45} {row.ours:8.2f} | {row.reference_value:8.2f} {row.unit} "
              f"{row.ours / row.reference_value:6.2f}× {row.goal} {row.met}")  # fmt: skip

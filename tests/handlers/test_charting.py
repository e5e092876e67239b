"""The worker process: draws, is replaced when it dies or hangs, and ends with the bot."""

import os
import signal
from collections.abc import AsyncIterator

import psutil
import pytest

from handlers.charting import Charts
from handlers.views.plots import Bar, BarChart

SPEC = BarChart(bars=(Bar(rank=1, label="x", value=1.0, text="x"),))

pytestmark = pytest.mark.process


@pytest.fixture
async def charts() -> AsyncIterator[Charts]:
    """A worker, ended afterwards."""
    made = Charts(timeout_s=20.0)
    yield made
    await made.close()


def workers() -> list[psutil.Process]:
    """Return the chart workers among this process's children."""
    found = psutil.Process().children()
    return [one for one in found if "spawn_main" in " ".join(one.cmdline())]


async def test_the_worker_is_replaced_when_it_dies_or_hangs(charts: Charts) -> None:
    """Killed: the next chart comes all the same. Hung: one chart is missing. Closed: gone."""
    impossible = BarChart(bars=(Bar(rank=1, label=None, value=1.0, text=""),))  # type: ignore[arg-type]
    assert await charts.draw(impossible) is None
    (first,) = workers()
    os.kill(first.pid, signal.SIGKILL)
    first.wait(5)
    assert (await charts.draw(SPEC) or b"").startswith(b"\x89PNG")
    (second,) = workers()
    assert second.pid != first.pid
    os.kill(second.pid, signal.SIGSTOP)
    charts.timeout_s = 0.05
    assert await charts.draw(SPEC) is None
    charts.timeout_s = 20.0
    assert await charts.draw(SPEC)
    await charts.close()
    assert workers() == []


class Renewed:
    """What a worker started after an update may make of an older program's wishes."""

    def __reduce__(self) -> tuple[object, tuple[str, ...]]:
        """Become nothing a picture can be drawn of."""
        return str, ("no chart",)


async def test_a_picture_that_cannot_be_drawn_costs_no_answer(charts: Charts) -> None:
    """Whatever goes wrong over there, the text goes alone."""
    assert await charts.draw(Renewed()) is None  # type: ignore[arg-type]
    assert await charts.draw(SPEC)

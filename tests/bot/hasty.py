"""`run` in a hurry, as a process: five minutes are a second, half a minute is a blink."""

import asyncio
import sys

from bot import logs, settings
from bot.app import build
from bot.run import Service, on_signals
from jobs.alerts.rules import Rules

FACTOR = 1 / 300


async def run() -> int:
    """Serve until a signal, with the real transport and every duration shortened."""
    found = settings.load()
    logs.set_up(level=found.log_level, form=found.log_format, secrets=found.secrets)
    service = Service(build(found, rules=Rules(factor=FACTOR)))
    on_signals(service.stop)
    return await service.serve()


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))

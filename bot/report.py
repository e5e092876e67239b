"""`report`: the report on the console, and with `--send` in every chat; it changes no state."""

import argparse
import asyncio
import importlib
import sys
from contextlib import closing
from datetime import date
from typing import Protocol, cast

from bot.looking import Looking, Ours, looking
from bot.reporter import channels, reporter
from bot.settings import Settings
from handlers import report_day
from handlers.views import i18n
from handlers.views import report as view
from jobs.reporter import Reporter
from storage.alerts import Alerts
from storage.clock import resume
from storage.database import Database
from storage.history import History
from storage.records import Moment

EXIT_OK, EXIT_UNREACHED, EXIT_NOWHERE = 0, 1, 2


class Postman(Protocol):
    """The module that knows Telegram; a report on the console does not pay for it."""

    async def send(
        self, found: Settings, made: Reporter, database: Database, *, day: date | None, at: Moment
    ) -> dict[str, str]:
        """Post it to every chat; return why some did not take it."""
        ...


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Print the report; with `--send` post it, too. It is not the one of REPORT_AT."""
    if arguments.send and not (found.telegram_bot_token.get_secret_value() and channels(found)):
        sys.stderr.write("Nowhere to send it: set TELEGRAM_BOT_TOKEN and TELEGRAM_CHAT_IDS.\n")
        return EXIT_NOWHERE
    database = Database(found.state_dir / "state.json", read_only=True)
    clock = resume(Alerts(database).moment())
    at = clock()
    try:
        day = report_day.parse(arguments.day, today=at.wall.astimezone(found.timezone).date())
    except ValueError:
        sys.stderr.write(f"No report of {' '.join(arguments.day)!r}: write a date as 2026-08-14.\n")
        return EXIT_NOWHERE
    path = found.state_dir / "history.sqlite"
    with Ours(found.state_dir) as lock, closing(History(path, read_only=not lock.ours)) as history:
        parts = looking(found, clock=clock, history=history)
        asyncio.run(_look(parts))
        made = reporter(found, history, watch=parts.watch, incidents=Alerts(database).incidents)
        words = i18n.language(found.language, found.timezone, at.wall)
        sys.stdout.write(f"{view.text(made.build(day=day, at=at), words)}\n")
        sys.stdout.flush()
        _tell_damage(history)
        return _send(found, made, database, day=day, at=at) if arguments.send else EXIT_OK


def _tell_damage(history: History) -> None:
    """Say on standard error why the report knows so little; the bot tells it in the chat."""
    if history.damaged:
        known = "this report knows only what the data folder and the state still hold"
        left = " The running bot sets it aside, and says so." if history.read_only else ""
        sys.stderr.write(f"history.sqlite is damaged ({history.damaged}): {known}.{left}\n")


async def _look(parts: Looking) -> None:
    await parts.watch.run()


def _send(
    found: Settings, made: Reporter, database: Database, *, day: date | None, at: Moment
) -> int:
    postman = cast(Postman, importlib.import_module("bot.postman"))
    refused = asyncio.run(postman.send(found, made, database, day=day, at=at))
    for channel in channels(found):
        sys.stdout.write(f"{channel}: {refused.get(channel, 'sent')}\n")
    return EXIT_UNREACHED if refused else EXIT_OK

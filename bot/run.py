"""`run`: the bot on Telegram, from start to a stop that loses nothing."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from itertools import chain, repeat
from typing import Any

from pydantic import HttpUrl
from telegram.error import InvalidToken, TelegramError

from bot.app import Program, build
from bot.homecoming import come_home
from bot.mending import finish_restore
from bot.polling import ConflictWatch
from bot.schedule import LOOK_AT_HISTORY, LOOK_AT_THE_CALENDAR, Schedule, Tick
from bot.settings import OFFICIAL_API, Settings
from jobs.checks import own
from storage.archives.errors import BackupError
from storage.clock import monotonic_s
from storage.files import LockedError
from storage.offsite.trouble import OffsiteError

LOG = logging.getLogger("vigie.run")
EXIT_SETTINGS = 2
EXIT_SECOND_POLLER = 4
EXIT_LOCKED = 5
CONNECT_AGAIN_S = (1.0, 2.0, 5.0, 10.0)
CONNECT_AGAIN_AT_MOST_S = 30.0
TOKEN_AGAIN_S = 300.0
POLLER = "Updater:start_polling"
STOP_WITHIN_S = 8.0
GIVE_UP_AFTER_S = 8.5
LEAVE_WITHIN_S = 1.0
# Nothing else is asked for: no edits, no channel posts (the gate refuses them all the same).
ALLOWED_UPDATES = ["message", "callback_query"]


def main(found: Settings, _: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; 0 then, 2 bad token, 4 second poller, 5 state not to be had."""
    if not found.telegram_bot_token.get_secret_value():
        sys.stderr.write(
            "TELEGRAM_BOT_TOKEN is not set: write it to .env (see .env.example), from @BotFather.\n"
            "To look around without any token: python -m bot demo\n"
        )
        return EXIT_SETTINGS
    try:
        finish_restore(found)
        come_home(found)
        return asyncio.run(_run(found))
    except BackupError as error:
        sys.stderr.write(f"A restore is unfinished, so Vigie does not start: {error}\n")
        return EXIT_LOCKED
    except OffsiteError as error:
        sys.stderr.write(f"BACKUP_OFFSITE does not do as it is: {error}\n")
        return EXIT_SETTINGS
    except LockedError as error:
        sys.stderr.write(f"Another Vigie (process {error.pid or '?'}) uses {found.state_dir}.\n")
        return EXIT_LOCKED


async def _run(found: Settings) -> int:
    service = Service(build(found))
    on_signals(service.stop)
    code = await service.serve()
    _leave_after(LEAVE_WITHIN_S, code)
    return code


def _leave_after(seconds: float, code: int) -> threading.Timer:
    """End the process then, whatever hangs: a disk may hold a thread; the rest is committed."""
    forced = threading.Timer(seconds, os._exit, (code or 1,))
    forced.daemon = True
    forced.start()
    return forced


def on_signals(stop: Callable[[], None]) -> None:
    """Call `stop`, on the running loop, at SIGTERM and Ctrl-C."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: the handler runs in the main thread, off the loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))


async def _insist(work: Callable[[], Awaitable[object]]) -> None:
    """Do it until Telegram takes it. Raise InvalidToken where it never will."""
    for pause_s in chain(CONNECT_AGAIN_S, repeat(CONNECT_AGAIN_AT_MOST_S)):
        try:
            await work()
        except InvalidToken:
            raise
        except TelegramError as error:
            LOG.warning("Telegram does not answer yet", extra={"error": str(error)})
        else:
            return
        await asyncio.sleep(pause_s)


class Service:
    """The running bot: health cycles at once, Telegram as soon as it answers."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._app = program.application
        self._stop = asyncio.Event()
        self._refused = asyncio.Event()
        self._exit_code = 0
        program.sieve.on_bad_token = self._on_bad_token
        self._schedule = Schedule(
            queue=program.queue,
            ticks=(
                Tick("watch", program.settings.health_every, program.look),
                Tick("calendar", LOOK_AT_THE_CALENDAR, program.timetable.tick),
                Tick("history", LOOK_AT_HISTORY, program.looking.examine),
            ),
        )

    def stop(self, exit_code: int = 0) -> None:
        """Ask the service to end; the first exit code wins."""
        if not self._stop.is_set():
            self._exit_code = exit_code
            self._stop.set()

    async def serve(self) -> int:
        """Run until `stop`; return the exit code. A part that fails is a bug and ends the run."""
        LOG.info(
            "started", extra={"pid": os.getpid(), "every": self._program.settings.health_every}
        )
        await self._schedule.start()
        parts: dict[str, Coroutine[Any, Any, None]] = {
            "connect": self._connect(),
            "deliver": self._program.worker.run(),
            "guard": self._schedule.guard(),
            "lag": self._program.looking.lag.run(),
        }
        tasks = {name: asyncio.create_task(part, name=name) for name, part in parts.items()}
        for task in tasks.values():
            task.add_done_callback(self._on_end)
        await self._stop.wait()
        forced = _leave_after(GIVE_UP_AFTER_S, self._exit_code)
        await self._shut_down(tasks)
        forced.cancel()
        return self._exit_code

    def _on_end(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self._stop.is_set():
            return
        error = task.exception()
        if isinstance(error, InvalidToken):  # PTB's poller: `_on_bad_token` decided
            return
        if error is not None:
            LOG.critical("%s failed; ending", task.get_name(), exc_info=error)
            self.stop(1)

    async def _connect(self) -> None:
        """Reach Telegram, however long it takes; then poll and push the command menus.

        Where the token is refused and there are fallbacks, tell them, and try again for ever.
        """
        while True:
            try:
                await self._meet()
            except InvalidToken:
                self._on_bad_token()
            await self._refused.wait()
            await self._note_token(refused=True)
            await asyncio.sleep(TOKEN_AGAIN_S)
            self._refused.clear()
            if self._program.updater.running:
                with suppress(TelegramError):
                    await self._program.updater.stop()

    async def _meet(self) -> None:
        await _insist(self._app.initialize)
        if not self._app.running:
            await _insist(self._program.settle_leftovers)  # before anything new is under way
            await self._app.start()
        await self._poll()
        LOG.info("connected", extra={"bot": self._app.bot.username})
        await self._note_token(refused=False)
        await _insist(self._program.push_menus)

    async def _note_token(self, *, refused: bool) -> None:
        """Make it an alert of its own where somebody can hear of it."""
        if self._program.settings.fallback_urls:
            services = self._program.services
            await asyncio.to_thread(
                services.alerts.observe, [own.token(refused=refused)], at=services.clock()
            )

    async def _poll(self) -> None:
        """Start PTB's poller; if it ever ends by itself, no deaf bot is left running."""
        before = asyncio.all_tasks()
        conflicts = ConflictWatch(on_second_poller=self._on_second_poller, steady_s=monotonic_s)
        await self._program.updater.start_polling(
            allowed_updates=ALLOWED_UPDATES, bootstrap_retries=-1, error_callback=conflicts
        )
        for task in asyncio.all_tasks() - before:
            if task.get_name().startswith(POLLER):
                task.add_done_callback(self._on_end)

    def _on_bad_token(self) -> None:
        root = self._program.settings.telegram_api_url
        where = "" if root == HttpUrl(OFFICIAL_API) else ", and check TELEGRAM_API_URL"
        if not self._refused.is_set():
            LOG.critical(
                "Telegram refuses TELEGRAM_BOT_TOKEN: ask @BotFather for the current one%s", where
            )
        self._refused.set()
        if not self._program.settings.fallback_urls:
            self.stop(EXIT_SETTINGS)

    def _on_second_poller(self) -> None:
        if not self._stop.is_set():
            LOG.critical(
                "another program polls with this token; stop one of the two, "
                "or revoke the token at @BotFather if the other is not yours"
            )
        self.stop(EXIT_SECOND_POLLER)

    async def _shut_down(self, tasks: dict[str, asyncio.Task[None]]) -> None:
        LOG.info("stopping")
        try:
            async with asyncio.timeout(STOP_WITHIN_S):
                if self._program.updater.running:
                    await self._program.updater.stop()
                self._program.worker.stop()
                await asyncio.wait({tasks["deliver"]})
                if self._app.running:
                    await self._app.stop()
                else:
                    await self._program.queue.stop()
                await self._app.shutdown()
        except (TimeoutError, TelegramError) as error:
            LOG.warning("stopped without waiting any longer", extra={"error": repr(error)})
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await self._program.close()
        LOG.info("stopped", extra={"exit_code": self._exit_code})

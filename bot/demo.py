"""`demo`: the whole bot on its sandbox and a sample tracker, in a browser, without a token."""

import argparse
import asyncio
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path
from shlex import quote

from bot import settings
from bot.app import Program, Transport, build
from bot.run import Service, on_signals
from bot.sandbox import demo
from bot.sandbox.api import BotApi
from bot.sandbox.demo import NoPortError, Place
from bot.sandbox.request import SandboxRequest
from bot.sandbox.sample_tracker import SampleTracker
from bot.sandbox.server import VIEWER
from bot.sandbox.switch import Switch
from bot.settings import Settings
from bot.showing import COMMAND
from jobs.alerts.rules import Rules

EXIT_NO_PORT = 2
# Short, so that an alert, its acknowledgement and its recovery are seen within a minute.
LIMITS = {
    "health_every": "3s",
    "fresh_warning": "15s",
    "fresh_error": "30s",
    "fresh_critical": "60s",
    "report_at": "",  # it comes when asked for: whatever the hour, nothing else speaks up
    "backup_at": "02:00",  # caught up at the start: there is one to restore from, whenever
}
REPEAT_FACTOR = 1 / 60
# Until each alert with these limits, measured: two cycles, two more after the first limit, the
# CPU's ten minutes by the factor.
HINTS_S = {"stop_scrapers": 6, "corrupt": 6, "freeze": 20, "load_cpu": 15, "delete_data": 6}


def main(_: Settings, arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C, then leave nothing behind; 2 where no port is free."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="vigie-demo-") as folder,
            SampleTracker(hints_s=HINTS_S) as sample,
        ):
            return asyncio.run(_run(Path(folder), sample, arguments))
    except NoPortError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NO_PORT


async def _run(folder: Path, sample: SampleTracker, arguments: argparse.Namespace) -> int:
    api = BotApi()
    found = replaced(folder, sample.data, arguments.lang)
    name = "Vous" if found.language == "fr" else "You"
    api.person(VIEWER, name, language=found.language)
    switch = Switch(sample)
    on_signals(switch.end)
    page = asyncio.create_task(
        demo.serve(api=api, tracker=switch, port=arguments.port, on_ready=_greeter(arguments))
    )
    page.add_done_callback(lambda _: switch.end())
    code = await switch.keep(lambda: Service(_program(found, api)))
    page.cancel()
    await asyncio.wait({page})
    if not page.cancelled() and (error := page.exception()) is not None:
        raise error
    return code


def replaced(folder: Path, data: Path, language: str | None) -> Settings:
    """Return the owner's settings, with a folder and a tracker's data of the demo's own.

    Nothing of theirs is reached: no chat, no fallback, no copies of their backups.
    """
    chosen = {} if language is None else {"language": language}
    return settings.load(
        **LIMITS,
        **chosen,
        telegram_bot_token="",
        telegram_chat_ids=str(VIEWER),
        telegram_admin_ids=str(VIEWER),
        fallback_urls="",
        backup_offsite="",
        data_dir=data,
        state_dir=folder / "var",
        backup_dir=folder / "backups",
        # Its folder too: another demo on this machine runs a main.py of its own.
        scraper_commands=f"{data.parent.name}/main.py",
    )


def _program(found: Settings, api: BotApi) -> Program:
    transport = Transport(
        token=api.token, calls=SandboxRequest(api), polls=SandboxRequest(api), root="sandbox:"
    )
    rules = Rules(factor=REPEAT_FACTOR)
    return build(found, transport, rules=rules, command=_command(found))


def _command(found: Settings) -> str:
    """Return Vigie's command line with the demo's folders, to be typed in another terminal."""
    if sys.platform == "win32":
        return COMMAND
    folders = {"DATA_DIR": found.data_dir, "STATE_DIR": found.state_dir}
    folders["BACKUP_DIR"] = found.backup_dir
    named = " ".join(f"{name}={quote(str(folder))}" for name, folder in folders.items())
    return f"{named} {COMMAND}"


def _greeter(arguments: argparse.Namespace) -> Callable[[Place], None]:
    def greet(place: Place) -> None:
        sys.stdout.write(
            f"Vigie's demo, on sample data. {place}\n"
            "Type /health there, or break something in the panel. Ctrl-C here ends it.\n"
        )
        sys.stdout.flush()
        if not arguments.no_browser:
            webbrowser.open(place.url)

    return greet

"""The command line: arguments, settings, exit codes; each command lives in its own module."""

import argparse
import importlib
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from bot import logs, settings
from bot.settings import Settings

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001
LOG = logging.getLogger("vigie.settings")
BAD_SETTINGS = 2


class Command(Protocol):
    """A module that carries out one command."""

    def main(self, found: Settings, arguments: argparse.Namespace) -> int:
        """Carry it out; return the exit code."""
        ...


def parser() -> argparse.ArgumentParser:
    """Return the parser; `command` names the module below `bot` that is imported for it.

    Only that module is imported: a one-shot does not pay for Telegram's library.
    """
    top = argparse.ArgumentParser(
        prog="python -m bot",
        description="Vigie watches over a Web3 opportunities tracker and speaks on Telegram.",
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("run", help="the bot itself, until SIGTERM or Ctrl-C")
    demo = commands.add_parser("demo", help="the whole bot on a sandbox, in a browser; no token")
    demo.add_argument("--port", type=int, default=8475, help="port on loopback (default: 8475)")
    demo.add_argument("--lang", choices=("en", "fr"), default=None, help="language of the chat")
    demo.add_argument(
        "--no-browser", action="store_true", help="print the address, open no browser"
    )
    health = commands.add_parser(
        "health",
        help="one health check on the console",
        description="Exit code: 0 OK, 1 WARNING, 2 ERROR or CRITICAL, 3 unknown.",
    )
    health.add_argument("--json", action="store_true", help="everything, as one JSON document")
    report = commands.add_parser(
        "report",
        help="the report of the last 24 hours, or of a morning, on the console",
        description="Exit code: 0; with --send 1 where a chat could not be reached, 2 where there "
        "is none. It changes nothing: the report of REPORT_AT comes all the same.",
    )
    report.add_argument(
        "day", nargs="*", help="yesterday, friday, 2026-08-14 … (default: the 24 hours until now)"
    )
    report.add_argument("--send", action="store_true", help="post it to every chat as well, now")
    _about_backups(commands)
    selftest = commands.add_parser(
        "selftest", help="check token, chats, fallbacks, folders, time zone and clock"
    )
    selftest.add_argument(
        "--send-fallback", action="store_true", help="send each of FALLBACK_URLS a test message"
    )
    return top


def _about_backups(commands: "Commands") -> None:
    codes = "Exit code: 0 good, 1 made but with notes, 2 refused, 3 failed."
    backup = commands.add_parser(
        "backup", help="make a backup now, and read it back", description=codes
    )
    backup.add_argument(
        "--meant", action="store_true", help="the files found lost were to go: end that alert"
    )
    verify = commands.add_parser(
        "verify", help="read backups back and compare every file", description=codes
    )
    verify.add_argument(
        "id", nargs="?", default="all", help="one of `list`, or latest (default: all)"
    )
    verify.add_argument(
        "--quick", action="store_true", help="compare the archives alone, not every file in them"
    )
    restore = commands.add_parser(
        "restore",
        help="bring a backup back; what is there now is kept beside it",
        description=f"{codes} An interrupted one goes on when it is repeated.",
    )
    restore.add_argument(
        "id", nargs="?", default="latest", help="one of `list` (default: the latest good one)"
    )
    restore.add_argument("--to", type=Path, metavar="DIR", help="into this empty folder instead")
    restore.add_argument(
        "--only", action="append", default=[], metavar="GLOB", help="such as 'data/*'; repeatable"
    )
    restore.add_argument("--dry-run", action="store_true", help="say what it would change")
    restore.add_argument("--yes", action="store_true", help="do not ask")
    restore.add_argument(
        "--salvage", action="store_true", help="bring back what is good where not everything is"
    )
    listing = commands.add_parser("list", help="the backups there are", description=codes)
    listing.add_argument("--json", action="store_true", help="everything, as one JSON document")


def main(words: Sequence[str] | None = None) -> int:
    """Carry out one command; return its exit code, 2 for wrong arguments or settings."""
    arguments = parser().parse_args(words)
    try:
        found = settings.load()
    except settings.SettingsError as error:
        said = logs.Redactor([])(str(error))  # a token written into another setting
        sys.stderr.write(f"These settings need a change (environment or .env):\n{said}\n")
        return BAD_SETTINGS
    # A one-shot's answer is on standard output: what a service would log is noise beside it.
    quiet = arguments.command != "run" and found.log_level == "INFO"
    logs.set_up(
        level="WARNING" if quiet else found.log_level,
        form=found.log_format,
        secrets=found.secrets,
    )
    for name, meant in settings.misspelt().items():
        LOG.warning("%s in .env is no setting of Vigie's; is %s meant?", name, meant)
    module = cast(Command, importlib.import_module(f"bot.{arguments.command}"))
    return module.main(found, arguments)

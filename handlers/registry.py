"""The one table of commands: the menu, /help, the docs, the roles and the tests read it."""

from typing import Any, TypeAlias

from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    MessageHandler,
    TypeHandler,
    filters,
)

from handlers import buttons, errors
from handlers.access import Role
from handlers.ack import ack
from handlers.alerts import alerts
from handlers.backup import CHANGING, backup
from handlers.call import Command
from handlers.chart import chart
from handlers.context import Services
from handlers.dispatch import Fallback, Runner
from handlers.gate import Gate
from handlers.health import check, health
from handlers.help import help_, start
from handlers.mute import mute
from handlers.mutes import mutes, unmute
from handlers.report import report
from handlers.sources import sources
from handlers.top5 import top5
from handlers.whoami import whoami

App: TypeAlias = Application[Any, Any, Any, Any, Any, Any]

COMMANDS: tuple[Command, ...] = (
    Command(name="health", aliases=("sante",), handler=health, slow=True),
    Command(name="alerts", aliases=("alertes",), handler=alerts),
    Command(name="top5", aliases=("top",), handler=top5, slow=True),
    Command(name="report", aliases=("rapport",), handler=report, slow=True),
    Command(name="chart", aliases=("courbe",), handler=chart, slow=True),
    Command(name="sources", handler=sources, slow=True),
    Command(name="check", aliases=("verifier",), handler=check, role=Role.OPERATOR, slow=True),
    Command(name="ack", aliases=("prendre",), handler=ack, role=Role.OPERATOR, changes=True),
    Command(name="mute", aliases=("silence",), handler=mute, role=Role.OPERATOR, changes=True),
    Command(name="unmute", aliases=("parler",), handler=unmute, role=Role.OPERATOR, changes=True),
    Command(name="mutes", aliases=("silences",), handler=mutes),
    Command(
        name="backup",
        aliases=("sauvegarde",),
        handler=backup,
        role=Role.OPERATOR,
        changing=CHANGING,
        slow=True,
    ),
    Command(name="help", aliases=("aide",), handler=help_),
    Command(name="start", handler=start),
    Command(name="whoami", handler=whoami, role=Role.STRANGER),
)


def register(application: App, services: Services) -> None:
    """Add everything the chat side does: the gate first, commands, buttons, the error handler."""
    application.bot_data["services"] = services
    application.add_handler(TypeHandler(Update, Gate()), group=-1)
    for command in COMMANDS:
        runner = Runner(command, COMMANDS)
        application.add_handler(CommandHandler(command.names, runner, block=not command.slow))
    application.add_handler(CallbackQueryHandler(buttons.press, block=False))
    application.add_handler(MessageHandler(filters.TEXT, Fallback(COMMANDS)))
    application.add_error_handler(errors.failed)

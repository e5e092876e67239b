"""Posts a report to every chat at once, past the outbox: somebody stands by and sees it happen."""

from dataclasses import replace
from datetime import date

from telegram import Bot

from bot.app import over_http
from bot.delivery.outcome import Failed, Fault, Outcome
from bot.delivery.telegram import TelegramSender, plain
from bot.reporter import channels
from bot.settings import Settings
from handlers.charting import Charts
from handlers.reporting import Reports
from handlers.views.i18n import language
from handlers.views.message import Message
from jobs.reporter import Reporter
from storage.chats import Chats, parts
from storage.database import Database
from storage.records import Moment

POORER = {Fault.MARKUP, Fault.REJECTED}  # without markup or picture it may be taken


async def send(
    found: Settings, made: Reporter, database: Database, *, day: date | None, at: Moment
) -> dict[str, str]:
    """Post it to every chat, each in its language; return why some did not take it."""
    transport = over_http(found)
    chats = Chats(database, default=found.language)
    charts = Charts()
    reports = Reports(made, charts)
    refused: dict[str, str] = {}
    bot = Bot(transport.token, base_url=f"{transport.root}/bot", request=transport.calls)
    try:
        await transport.calls.initialize()
        sender = TelegramSender(bot, chats)
        for channel in channels(found):
            chat_id = parts(channel)[0]
            words = language(chats.language(chat_id), found.timezone, at.wall)
            message = await reports.message(day, chat_id=chat_id, language=words, at=at)
            outcome = await _posted(sender, channel, message)
            if isinstance(outcome, Failed):
                refused[channel] = outcome.text
    finally:
        await transport.calls.shutdown()
        await charts.close()
    return refused


async def _posted(sender: TelegramSender, channel: str, message: Message) -> Outcome:
    outcome = await sender.send(channel, message)
    if isinstance(outcome, Failed) and outcome.fault in POORER:
        return await sender.send(channel, plain(replace(message, photo=None)))
    return outcome

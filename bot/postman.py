"""Posts a report to every chat at once, past the outbox: somebody stands by and sees it happen."""

from dataclasses import replace
from datetime import date
from types import MappingProxyType

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

SAID = MappingProxyType({
    Fault.PASSING: "Telegram cannot be reached: check the network and TELEGRAM_API_URL",
    Fault.UNSURE: "no answer from Telegram in time: it may have arrived all the same",
    Fault.TOKEN: "Telegram refuses TELEGRAM_BOT_TOKEN: ask @BotFather for the current one",
})  # fmt: skip
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
                refused[channel] = _why(outcome)
    finally:
        await transport.calls.shutdown()
        await charts.close()
    return refused


def _why(failed: Failed) -> str:
    """Return why it was not taken as somebody at a console reads it; what a chat says, as it is."""
    if failed.fault is Fault.PAUSED:
        return f"too many messages, Telegram takes more in {failed.retry_after_s:.0f} s"
    return SAID.get(failed.fault, failed.text)


async def _posted(sender: TelegramSender, channel: str, message: Message) -> Outcome:
    outcome = await sender.send(channel, message)
    if isinstance(outcome, Failed) and outcome.fault in POORER:
        return await sender.send(channel, plain(replace(message, photo=None)))
    return outcome

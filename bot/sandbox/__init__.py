"""An in-process Telegram, a chat page and a sample tracker: the demo and the tests."""

from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest

__all__ = ["BotApi", "SandboxRequest"]

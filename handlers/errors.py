"""What nobody expected: logged whole for the owner, excused in one sentence to the asker."""

import logging

from telegram import Update
from telegram.error import BadRequest, NetworkError, RetryAfter, TelegramError

from handlers.access import Role
from handlers.call import call
from handlers.context import Context
from handlers.dispatch import answer
from handlers.views.message import Message

log = logging.getLogger(__name__)


async def failed(update: object, context: Context) -> None:
    """Log the error; tell the person who asked, if Telegram can be reached."""
    error = context.error
    # PTB counts BadRequest among network errors, but it is a message of ours that was refused.
    if isinstance(error, RetryAfter | NetworkError) and not isinstance(error, BadRequest):
        log.warning("Telegram did not take an answer: %s", type(error).__name__)
        log.debug("the details", exc_info=error)
        return
    log.error("a handler failed", exc_info=error)
    if not isinstance(update, Update) or update.effective_user is None:
        return
    try:
        asked = call(update, context)
        if asked.role == Role.STRANGER:
            return
        await answer(update, context, Message(html=asked.language.say("error.sorry")))
    except TelegramError as second:
        log.warning("nor could the excuse be sent: %s", type(second).__name__)

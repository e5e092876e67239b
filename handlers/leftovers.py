"""After a restart: messages that still say something is under way are told the truth."""

import logging

from telegram import Bot
from telegram.error import BadRequest, Forbidden

from handlers.call import blocking
from handlers.context import Services
from handlers.sending import edit, send
from handlers.views.backup_work import interrupted
from handlers.views.i18n import language
from storage.unfinished import NOT_YET

log = logging.getLogger(__name__)


async def settle(bot: Bot, services: Services) -> int:
    """Edit each message that was under way when Vigie stopped; return how many there were.

    PTB's passing errors pass through: what is left is settled next time.
    """
    rows = services.unfinished.all()
    for row in rows:
        words = language(row.language, services.display.timezone, services.clock().wall)
        told = interrupted(row.what, language=words)
        try:
            if row.message_id == NOT_YET:  # killed in mid-sending: nobody knows what arrived
                await send(bot, row.chat_id, None, told)
            else:
                await edit(bot, row.chat_id, row.message_id, told)
        except (BadRequest, Forbidden) as error:
            log.info("a message under way is gone: %s", error.message)
        await blocking(services.unfinished.end, row)
    return len(rows)

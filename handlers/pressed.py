"""What a press is about: everything in a button's data is looked up again, nothing is trusted."""

from telegram import Update

from handlers.alerts import listing
from handlers.call import Call, Effect
from handlers.mute import around
from handlers.views import card
from handlers.views.message import Message
from storage.chats import parts
from storage.incidents import Incident

STALE = Effect(toast="button.stale")
LIST = "l"


def number(text: str, most: int = 10**9) -> int | None:
    """Return a whole number from 0 to `most`, or nothing."""
    good = text.isascii() and text.isdigit() and len(text) <= 10  # noqa: PLR2004
    return int(text) if good and int(text) <= most else None


def incident(asked: Call) -> Incident | None:
    """Return the incident of the button's first argument, if it is still known."""
    found = number(asked.args[0])
    return None if found is None else asked.services.alerts.incident(found)


def gone(asked: Call) -> Effect:
    """Return what to say where the incident is known no more, or never was."""
    found = number(asked.args[0])
    return STALE if found is None else Effect(toast="button.forgotten", values={"number": found})


def anew(asked: Call) -> Message | None:
    """Return the pressed message as it reads now: the list it was, or the incident's card."""
    if asked.args[-1] == LIST:
        return listing(asked)
    found = incident(asked)
    if found is None:
        return None
    return card.card(found, at=asked.at, language=asked.language, around=around(asked, found))


def pressed_id(update: Update) -> int:
    """Return the id of the message that was pressed, 0 where there is none to edit."""
    query = update.callback_query
    return 0 if query is None or query.message is None else query.message.message_id


def is_beside(asked: Call, message_id: int) -> bool:
    """Return whether the pressed message only told of an incident whose card is another one.

    A reminder read as the card would go on telling how it stood at the press: it loses its
    buttons instead, and the card is edited.
    """
    found, chats = incident(asked), asked.services.chats
    if found is None or asked.args[-1] == LIST:
        return False
    cards = {
        card_id
        for channel, card_id in found.messages.items()
        if chats.current(parts(channel)[0]) == asked.chat_id
    }
    return bool(cards) and message_id not in cards

"""What a press is about: everything in a button's data is looked up again, nothing is trusted."""

from handlers.alerts import listing
from handlers.call import Call, Effect
from handlers.mute import around
from handlers.views import card
from handlers.views.message import Message
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

"""/whoami: ids, role, and how to get in; the one thing a stranger may ask."""

from handlers.access import Role
from handlers.call import Call
from handlers.views import welcome
from handlers.views.message import Message


async def whoami(call: Call) -> Message:
    """Return who is asking, as Vigie sees it."""
    person = welcome.Person(
        name=call.who,
        user_id=call.user_id,
        chat_id=call.chat_id,
        thread_id=call.thread_id,
        role=call.role.name.lower(),
        known=call.role > Role.STRANGER,
        sees_all=call.sees_all and not call.private,
    )
    return welcome.whoami(person, language=call.language)

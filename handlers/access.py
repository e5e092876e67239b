"""Who may what: the lists of the settings, and the role they give a person in a chat."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What somebody may do in a chat; ordered, each includes the ones before."""

    STRANGER = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Chats that are told, and people who administer; empty lists let nobody in.

    A listed private chat (its id is its user's id) makes that user an operator; a listed group
    makes its members viewers.
    """

    chat_ids: frozenset[int]
    admin_ids: frozenset[int] = frozenset()

    def person(self, user_id: int) -> Role:
        """Return what this user is by name, in whichever chat."""
        if user_id in self.admin_ids:
            return Role.ADMIN
        return Role.OPERATOR if user_id in self.chat_ids else Role.STRANGER

    def role(self, user_id: int, chat_id: int) -> Role:
        """Return what this user may do in this chat; a group must be listed itself."""
        if chat_id > 0:
            return self.person(user_id) if chat_id == user_id else Role.STRANGER
        if chat_id not in self.chat_ids:
            return Role.STRANGER
        return max(Role.VIEWER, self.person(user_id))

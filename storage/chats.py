"""What is known of the chats: their language, where they moved, which channels are shut."""

from storage.database import Database


class Chats:
    """One table of chats and one of channels (`chat` or `chat:topic`)."""

    def __init__(self, database: Database, *, default: str = "en") -> None:
        raise NotImplementedError

    def language(self, chat_id: int, user_language: str = "") -> str:
        """Return the chat's chosen language, else one that fits the user's, else the default."""
        raise NotImplementedError

    def remember(self, chat_id: int, language: str) -> None:
        """Keep the language chosen in a chat."""
        raise NotImplementedError

"""What Telegram allows: sizes and counts, and the UTF-16 measure it counts text in."""

from typing import Any, NoReturn

TEXT_UNITS = 4096
CAPTION_UNITS = 1024
ENTITIES = 100
CALLBACK_BYTES = 64
COPY_UNITS = 256
TOAST_UNITS = 200
ROW_BUTTONS = 8
KEYBOARD_BUTTONS = 100
COMMANDS = 100
COMMAND_DESCRIPTION_UNITS = 256
PHOTO_BYTES = 10 * 1024 * 1024
DOCUMENT_BYTES = 50 * 1024 * 1024
FETCH_BYTES = 20 * 1024 * 1024
TOPIC_NAME_UNITS = 128
QUERY_LIFE_S = 15 * 60


class Refusal(Exception):  # noqa: N818 - an answer of the API, not a fault of ours
    """The call is answered with this code and description instead of a result."""

    def __init__(self, description: str, *, code: int, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def refuse(description: str, *, code: int, **parameters: Any) -> NoReturn:
    """Refuse with this code, description and response parameters."""
    raise Refusal(description, code=code, **parameters)


def bad(text: str) -> NoReturn:
    """Refuse with 400 and Telegram's prefix."""
    refuse(f"Bad Request: {text}", code=400)


def units(text: str) -> int:
    """Return the length in UTF-16 code units, lone surrogates counting one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2

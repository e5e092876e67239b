"""Telegram's rules for one message, checked without Telegram."""

import re
import unicodedata

from bot.sandbox.texts import formatted
from handlers.views.message import Message
from handlers.views.text import units, visible

PRE = re.compile(r"<pre>(.*?)</pre>", re.DOTALL)


def problems(message: Message) -> list[str]:
    """Return everything Telegram, or the house, would not accept in a message."""
    found = []
    limit = 1024 if message.photo is not None or message.document is not None else 4096
    body = formatted({"text": message.html, "parse_mode": "HTML"})
    text = str(body["text"])
    if not text.strip():
        found.append("no text")
    if units(text) > limit:
        found.append(f"{units(text)} units of {limit}")
    if len(body.get("entities", ())) > 100:
        found.append("over 100 entities")
    for table in PRE.findall(message.html):
        found += [f"wide line: {line}" for line in visible(table).split("\n") if _wide(line)]
    return found + _keyboard(message)


def _wide(line: str) -> bool:
    """Return whether it takes more than 34 columns: a mark takes none, a wide sign two."""
    signs = [sign for sign in line if unicodedata.category(sign) not in {"Mn", "Me"}]
    return len(signs) + sum(unicodedata.east_asian_width(sign) in "WF" for sign in signs) > 34


def _keyboard(message: Message) -> list[str]:
    found = []
    buttons = [button for row in message.buttons for button in row]
    if len(buttons) > 100 or any(len(row) > 8 for row in message.buttons):
        found.append("too many buttons")
    for button in buttons:
        kinds = sum(bool(each) for each in (button.data, button.copy, button.url))
        if kinds != 1 or not button.label.strip() or units(button.label) > 64:
            found.append(f"bad button {button.label!r}")
        if len(button.data.encode()) > 64 or len(button.copy) > 256:
            found.append(f"long data {button.data}")
    return found

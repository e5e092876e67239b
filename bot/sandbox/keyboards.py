"""Checks buttons as Telegram does, and what it only shows wrongly."""

import re
from collections.abc import Mapping
from typing import Any

from bot.sandbox.limits import (
    CALLBACK_BYTES,
    COPY_UNITS,
    KEYBOARD_BUTTONS,
    ROW_BUTTONS,
    bad,
    units,
)

ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
STYLES = ("", "primary", "success", "danger")


def check(markup: Mapping[str, Any]) -> None:
    """Refuse a reply markup Telegram would not take."""
    rows = markup.get("inline_keyboard")
    if rows is None:
        return
    if sum(map(len, rows)) > KEYBOARD_BUTTONS:
        bad("REPLY_MARKUP_TOO_LONG")
    for row in rows:
        if len(row) > ROW_BUTTONS:
            bad(f"sandbox: {len(row)} buttons in a row, {ROW_BUTTONS} are shown")
        for button in row:
            _button(button)


def kept(markup: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the message fields that show the markup: inline keyboards stay, empty ones go."""
    rows = [row for row in (markup or {}).get("inline_keyboard", []) if row]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _button(button: Mapping[str, Any]) -> None:
    if not button["text"].strip():
        bad("can't parse inline keyboard button: Button text must be non-empty")
    actions = [name for name in ACTIONS if name in button]
    if not actions:
        bad("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        bad(f"sandbox: a button does one thing, this one {' and '.join(actions)}")
    if not 1 <= len(button.get("callback_data", "-").encode()) <= CALLBACK_BYTES:
        bad("BUTTON_DATA_INVALID")
    if button.get("style", "") not in STYLES:
        bad(f'can\'t parse inline keyboard button: invalid button style "{button["style"]}"')
    if not 1 <= units(button.get("copy_text", {"text": "-"})["text"]) <= COPY_UNITS:
        bad("BUTTON_COPY_TEXT_INVALID")
    _url(button.get("url", "https://example.org"))


def _url(url: str) -> None:
    if re.fullmatch(r"(?:https?://[^\s/?#]+\S*|tg://\S+)", url) is None:
        bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")

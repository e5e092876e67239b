"""Messages to Telegram: the one place where a view's `Message` becomes Bot API calls."""

import logging

from telegram import (
    Bot,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    LinkPreviewOptions,
    ReplyParameters,
)
from telegram import Message as Posted
from telegram.constants import ParseMode
from telegram.error import BadRequest

from handlers.views.message import Button, Message, Style

log = logging.getLogger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
LEAST_UPLOAD_S = 20.0
SLOWEST_BYTES_S = 100_000.0


def _upload_s(size_bytes: int) -> float:
    """Return how long an upload may take: a slow line still sends a large file."""
    return LEAST_UPLOAD_S + size_bytes / SLOWEST_BYTES_S


def keyboard(message: Message) -> InlineKeyboardMarkup | None:
    """Return the message's inline keyboard, None where it has no buttons."""
    if not message.buttons:
        return None
    return InlineKeyboardMarkup([[_button(button) for button in row] for row in message.buttons])


async def send(
    bot: Bot,
    chat_id: int,
    thread_id: int | None,
    message: Message,
    reply_to: int | None = None,
) -> Posted:
    """Send it and return what Telegram posted; PTB's errors pass through.

    A photo goes before a document, and either takes the text as its caption. That the message
    to reply to is gone is no reason to stay silent.
    """
    target = None
    if reply_to is not None:
        target = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
    if message.photo is not None:
        return await bot.send_photo(
            chat_id,
            message.photo,
            caption=message.html,
            parse_mode=ParseMode.HTML,
            message_thread_id=thread_id,
            disable_notification=message.silent,
            reply_parameters=target,
            reply_markup=keyboard(message),
        )
    if message.document is not None:
        return await bot.send_document(
            chat_id,
            message.document.content,
            filename=message.document.name,
            caption=message.html,
            parse_mode=ParseMode.HTML,
            message_thread_id=thread_id,
            write_timeout=_upload_s(len(message.document.content)),
            read_timeout=_upload_s(len(message.document.content)),
            disable_notification=message.silent,
            reply_parameters=target,
            reply_markup=keyboard(message),
        )
    return await bot.send_message(
        chat_id,
        message.html,
        parse_mode=ParseMode.HTML,
        message_thread_id=thread_id,
        disable_notification=message.silent,
        reply_parameters=target,
        reply_markup=keyboard(message),
        link_preview_options=NO_PREVIEW,
    )


async def edit(
    bot: Bot, chat_id: int, message_id: int, message: Message, *, captioned: bool = False
) -> None:
    """Edit a message into this one; one that already reads so is a success.

    `captioned` says that the message on screen shows a photo or a document. A message with a
    picture replaces either kind; PTB's other errors pass through.
    """
    try:
        await _edit(bot, chat_id, message_id, message, captioned=captioned)
    except BadRequest as error:
        if "message is not modified" not in error.message.lower():
            raise


async def strip(bot: Bot, chat_id: int, message_id: int) -> None:
    """Take the buttons off a message; one that has none, or is gone, is as wanted."""
    try:
        await bot.edit_message_reply_markup(chat_id=chat_id, message_id=message_id)
    except BadRequest as error:
        log.debug("no buttons to take off: %s", error.message)


async def _edit(
    bot: Bot, chat_id: int, message_id: int, message: Message, *, captioned: bool
) -> None:
    media = _media(message)
    if media is not None:
        await bot.edit_message_media(
            media, chat_id=chat_id, message_id=message_id, reply_markup=keyboard(message)
        )
    elif captioned:
        await bot.edit_message_caption(
            chat_id=chat_id,
            message_id=message_id,
            caption=message.html,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(message),
        )
    else:
        await bot.edit_message_text(
            message.html,
            chat_id=chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=keyboard(message),
            link_preview_options=NO_PREVIEW,
        )


def _media(message: Message) -> InputMediaPhoto | InputMediaDocument | None:
    if message.photo is not None:
        return InputMediaPhoto(message.photo, caption=message.html, parse_mode=ParseMode.HTML)
    if message.document is not None:
        return InputMediaDocument(
            message.document.content,
            caption=message.html,
            parse_mode=ParseMode.HTML,
            filename=message.document.name,
        )
    return None


def _button(button: Button) -> InlineKeyboardButton:
    style = None if button.style is Style.PLAIN else button.style.value
    if button.copy:
        return InlineKeyboardButton(
            button.label, copy_text=CopyTextButton(button.copy), style=style
        )
    if button.url:
        return InlineKeyboardButton(button.label, url=button.url, style=style)
    return InlineKeyboardButton(button.label, callback_data=button.data, style=style)

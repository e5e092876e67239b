"""What a delivery says to its channel: rendered when it is sent, in the channel's language."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Protocol

from handlers.reporting import Reports
from handlers.views import alert as view
from handlers.views.blocks import fits
from handlers.views.card import ALONE, Around
from handlers.views.i18n import Language, language
from handlers.views.message import Message
from handlers.views.text import CAPTION_UNITS, TEXT_UNITS, Markup, hostile
from jobs.alerts import fallback
from jobs.alerts.manager import AlertManager
from jobs.alerts.rows import report_day
from storage.chats import Chats, is_relay, parts
from storage.incidents import Delivery, Incident, Kind
from storage.records import Moment, Phrase

MENTIONS = 5  # Telegram tells no more people of one message
PICTURE_TRIES = 3  # one that takes too long to upload must not keep the text back


class Renderer(Protocol):
    """Says what delivery has to say; `Texts` is the real one."""

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        """Return what the row says about its incident."""
        ...

    def card(self, incident: Incident, channel: str, *, at: Moment) -> Message:
        """Return the incident's own message as it stands now, for an edit."""
        ...

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        """Return many rows in one message."""
        ...

    def note(self, row: Delivery, *, at: Moment) -> Message:
        """Return the row's line, which belongs to no incident."""
        ...

    async def report(self, row: Delivery, *, at: Moment) -> Message:
        """Return the report of the row's date, with its picture where that can be drawn."""
        ...


class Texts:
    """Renders deliveries; the incident is passed as it stands now."""

    def __init__(
        self,
        chats: Chats,
        *,
        timezone: tzinfo,
        alerts: AlertManager | None = None,
        admins: Sequence[int] = (),
        reports: Reports | None = None,
    ) -> None:
        self._reports = reports
        self._chats = chats
        self._timezone = timezone
        self._alerts = alerts
        self._admins = admins

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        """Return what the row says about its incident."""
        words = self._language(row.channel)
        around = self._around(incident, at=at)
        group = parts(row.channel)[0] < 0 and not is_relay(row.channel)
        if row.kind is Kind.ESCALATED and group:
            around = replace(around, call=self._mentions(words))
        message = view.render(row, incident, at=at, language=words, around=around)
        return _explained([row], message, words)

    def card(self, incident: Incident, channel: str, *, at: Moment) -> Message:
        """Return the incident's own message as it stands now, for an edit."""
        around = self._around(incident, at=at)
        return view.card(incident, at=at, language=self._language(channel), around=around)

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        """Return many rows in one message."""
        words = self._language(channel)
        told = [row for row, _ in rows]
        return _explained(told, view.digest(rows, at=at, language=words), words)

    def note(self, row: Delivery, *, at: Moment) -> Message:
        """Return the row's line, which belongs to no incident."""
        words = self._language(row.channel)
        phrase = row.note or Phrase(row.key)
        return view.marked(view.note(phrase, words), row, at=at, language=words)

    async def report(self, row: Delivery, *, at: Moment) -> Message:
        """Return the report of the row's date, made from what is known now.

        Its picture is left out where sending it has failed before, and where the words that it is
        late find no room below it.
        """
        if self._reports is None:
            return self.note(row, at=at)
        words, chat_id = self._language(row.channel), parts(row.channel)[0]
        for picture in (row.attempts <= PICTURE_TRIES, False):
            message = await self._reports.message(
                report_day(row), chat_id=chat_id, language=words, at=at, picture=picture
            )
            marked = view.marked(message, row, at=at, language=words)
            room = TEXT_UNITS if marked.photo is None else CAPTION_UNITS
            if fits(marked.html, room):
                return marked
        return message

    def _around(self, incident: Incident, *, at: Moment) -> Around:
        """Return what holds the incident back, and what it follows from, at this moment."""
        if self._alerts is None or incident.closed is not None:
            return ALONE
        mute = self._alerts.covering(incident, at=at)
        return Around(mute=mute, cause=self._alerts.cause(incident))

    def _mentions(self, words: Language) -> tuple[Markup, ...]:
        """Return a link to each admin that a group's message calls, by name where it is known."""
        return tuple(
            Markup(f'<a href="tg://user?id={admin}">{self._name(admin, words)}</a>')
            for admin in self._admins[:MENTIONS]
        )

    def _name(self, admin: int, words: Language) -> Markup:
        return hostile(self._chats.get(admin).name, 40) or words.say("role.admin")

    def _language(self, channel: str) -> Language:
        return language(self._chats.language(parts(channel)[0]), self._timezone)


def _explained(rows: Sequence[Delivery], message: Message, words: Language) -> Message:
    """Return what goes past Telegram with the reason; what is about delivery says it itself."""
    if not any(
        is_relay(row.channel) and row.kind is Kind.FIRED and not fallback.own(row.key)
        for row in rows
    ):
        return message
    return replace(message, html=Markup(f"{message.html}\n\n{words.say('relay.why')}"))

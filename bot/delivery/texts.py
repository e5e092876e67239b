"""What a delivery says to its channel: rendered when it is sent, in the channel's language."""

from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from handlers.views import alert as view
from handlers.views.i18n import Language, language
from handlers.views.message import Message
from storage.chats import Chats, parts
from storage.incidents import Delivery, Incident
from storage.records import Moment, Phrase


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

    def note(self, phrase: Phrase, channel: str) -> Message:
        """Return a line that belongs to no incident."""
        ...


class Texts:
    """Renders deliveries; the incident is passed as it stands now."""

    def __init__(self, chats: Chats, *, timezone: tzinfo) -> None:
        self._chats = chats
        self._timezone = timezone

    def news(self, row: Delivery, incident: Incident, *, at: Moment) -> Message:
        """Return what the row says about its incident."""
        return view.render(row, incident, at=at, language=self._language(row.channel))

    def card(self, incident: Incident, channel: str, *, at: Moment) -> Message:
        """Return the incident's own message as it stands now, for an edit."""
        return view.card(incident, at=at, language=self._language(channel))

    def digest(
        self, rows: Sequence[tuple[Delivery, Incident]], channel: str, *, at: Moment
    ) -> Message:
        """Return many rows in one message."""
        return view.digest(rows, at=at, language=self._language(channel))

    def note(self, phrase: Phrase, channel: str) -> Message:
        """Return a line that belongs to no incident."""
        return Message(html=self._language(channel).say(phrase), silent=True)

    def _language(self, channel: str) -> Language:
        return language(self._chats.language(parts(channel)[0]), self._timezone)

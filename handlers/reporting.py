"""Has the report made, drawn and worded: the schedule, the command and the buttons ask here."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from handlers.artist import Artist
from handlers.views import report as view
from handlers.views.i18n import Language
from handlers.views.message import Message
from handlers.views.report_keys import FOLDED, Picking
from jobs.report import Report
from jobs.reporter import Reporter
from storage.chats import Chats
from storage.picks import Picks
from storage.records import Moment

FRESH = timedelta(seconds=60)  # many chats are told the same morning


def _nothing(_: int) -> Collection[str]:
    return ()


def put_away(chats: Chats, picks: Picks) -> Callable[[int], Collection[str]]:
    """Return what tells the keys of the opportunities a chat has put away."""
    return lambda chat_id: [pick.key for pick in picks.of(chats.homes(chat_id))]


@dataclass(frozen=True, slots=True)
class Made:
    """A report and its pictures, by language, as long as they are fresh."""

    report: Report
    pictures: dict[str, bytes] = field(default_factory=dict)


class Reports:
    """`without` tells which opportunities a chat has put away."""

    def __init__(
        self,
        reporter: Reporter,
        artist: Artist,
        *,
        without: Callable[[int], Collection[str]] = _nothing,
    ) -> None:
        self.reporter = reporter
        self._artist = artist
        self._without = without
        self._turn = asyncio.Lock()
        self._made: Made | None = None

    async def message(  # noqa: PLR0913 - one request, all named
        self,
        day: date | None,
        *,
        chat_id: int,
        language: Language,
        at: Moment,
        picture: bool = True,
        picking: Picking = FOLDED,
    ) -> Message:
        """Return the report of a local date, or of the 24 hours until now, for one chat.

        Where the picture cannot be drawn, is not wanted or would be empty, the text goes alone.
        """
        async with self._turn:
            made = await self._fresh(day, at)
            wanted = picture and not view.blank(made.report)
            drawn = await self._drawn(made, language) if wanted else None
        report = await self._own(made.report, chat_id)
        return view.render(report, language=language, picture=drawn, picking=picking)

    async def report(self, day: date | None, *, chat_id: int, at: Moment) -> Report:
        """Return the report alone, with what this chat has put away left out."""
        async with self._turn:
            made = await self._fresh(day, at)
        return await self._own(made.report, chat_id)

    async def _fresh(self, day: date | None, at: Moment) -> Made:
        """Return what was made for another chat just now, or make it."""
        made = self._made
        if made is not None and day is not None and made.report.day == day:
            age = at.wall - made.report.at
            if not made.report.rolling and timedelta(0) <= age <= FRESH:
                return made
        report = await asyncio.to_thread(self.reporter.build, day=day, at=at)
        self._made = Made(report)
        return self._made

    async def _drawn(self, made: Made, language: Language) -> bytes | None:
        code = language.code
        if code not in made.pictures:
            picture = await self._artist.draw(view.chart(made.report, language))
            if picture is None:
                return None
            made.pictures[code] = picture
        return made.pictures[code]

    async def _own(self, report: Report, chat_id: int) -> Report:
        without = self._without(chat_id)
        if not without:
            return report
        best = await asyncio.to_thread(self.reporter.best, report, without=without)
        return replace(report, top=best.rows, ended=best.ended)

"""A chat with the real handlers: sandbox Telegram, real stores, a settable clock, a real folder."""

import asyncio
import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update
from telegram.ext import ApplicationBuilder

from bot.sandbox.api import BotApi
from bot.sandbox.request import SandboxRequest
from bot.sandbox.world import Post, Press
from handlers.access import Access
from handlers.context import Display, Limits, Services
from handlers.registry import App, register
from handlers.reporting import Reports, put_away
from handlers.views.charts import paint
from handlers.views.plots import Spec
from jobs.alerts.manager import AlertManager
from jobs.checks import standard
from jobs.gather import Gatherer, Sources
from jobs.reporter import Now, Reporter, Terms
from jobs.watch import Watch
from storage.chats import Chats
from storage.database import Database
from storage.history import History
from storage.opportunities import Opportunities
from storage.picks import Picks
from storage.records import (
    Moment,
    Observation,
    Outcome,
    Phrase,
    Severity,
)
from storage.tracker import FileReport, ReadOptions, Snapshot, Tracker
from storage.unfinished import UnfinishedMessages
from tests.handlers.vault import Vault
from tests.jobs.looks import HEALTHY

START = datetime(2026, 8, 14, 7, 2, tzinfo=UTC)
ADA, BOB, EVE, TEAM, ELSEWHERE = 7, 8, 666, -100, -200


painted = lru_cache(maxsize=256)(paint)  # many tests end in the same picture


class Easel:
    """Draws in this process, and counts; `broken` draws nothing."""

    def __init__(self) -> None:
        self.drawn: list[Spec] = []
        self.broken = False

    async def draw(self, spec: Spec) -> bytes | None:
        """Return the picture."""
        self.drawn.append(spec)
        return None if self.broken else painted(spec)

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(slots=True)
class World:
    """Ada is an operator, Bob a member of the team's group, Eve nobody."""

    folder: Path
    api: BotApi
    app: App
    services: Services
    easel: Easel
    vault: Vault
    now: list[datetime] = field(default_factory=lambda: [START])

    @property
    def at(self) -> Moment:
        """The time in this world."""
        return self.services.clock()

    def later(self, gap: timedelta) -> None:
        """Let time pass."""
        self.now[0] += gap

    async def say(
        self, text: str, *, user: int = ADA, chat: int | None = None, thread: int | None = None
    ) -> list[Post]:
        """Let somebody write and return what the bot then said in that chat."""
        place = user if chat is None else chat
        topic = {"message_thread_id": thread, "is_topic_message": True}
        extra = {} if thread is None else topic
        return await self.after(lambda: self.api.say(place, user, text, extra=extra), place)

    async def press(self, post: Post, button: str, *, user: int = ADA) -> Press:
        """Let somebody press a button, by its label or data, and everything run its course."""
        made: list[Press] = []

        async def push() -> None:
            made.append(await self.api.press(post, button, user=user))

        await self.after(push, post.chat)
        return made[0]

    async def after(self, act: Callable[[], Any], chat: int) -> list[Post]:
        """Return what the bot says in a chat because of an act."""
        known = {post.id for post in self.api.said(chat)}
        await act()
        await self.settle()
        return [post for post in self.api.said(chat) if post.id not in known]

    async def settle(self) -> None:
        """Process every waiting update, and what it started."""
        updates = await self.api.updates.get(offset=0, limit=100, timeout_s=0, allowed=None)
        self.api.updates.drop()
        before = asyncio.all_tasks()
        for raw in updates:
            update = Update.de_json(raw, self.app.bot)
            await self.app.process_update(update)
        await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)

    def write(
        self, name: str, records: list[dict[str, Any]], *, age: timedelta = timedelta()
    ) -> Path:
        """Write one of the tracker's files, of that age."""
        epoch = int((self.now[0] - age).timestamp())
        path = self.folder / f"{name}_{epoch}.json"
        path.write_text(json.dumps(records), encoding="utf-8")
        return path

    def fire(self, key: str = "fresh:Galxe", level: Severity = Severity.CRITICAL) -> int:
        """Make an incident and return its number."""
        fact = Phrase(
            "freshness.source.stale", {"source": "Galxe", "age_s": 11_520, "limit_s": 7200}
        )
        for _ in range(4):
            seen = Observation(
                key=key, check="freshness", outcome=Outcome.FAIL, level=level, fact=fact
            )
            self.services.alerts.observe([seen], at=self.at)
            self.later(timedelta(minutes=5))
        return max(each.number for each in self.services.alerts.open() if each.key == key)


def opportunity(
    title: str, *, source: str = "Galxe", n: int = 0, roi: float | None = None
) -> dict[str, Any]:
    """Return a record as the tracker writes it; its ROI follows from reward and time."""
    pays = 10.0 + n if roi is None else roi
    return {
        "title": title,
        "source": source,
        "url": f"https://example.org/{source}/{n}",
        "reward": f"${pays * 10:.0f}",
        "roi": pays,
        "estimated_time": 10,
    }


async def build(folder: Path) -> World:
    """Return a running world over an empty folder."""
    data, state = folder / "data", folder / "state"
    data.mkdir()
    state.mkdir()
    now = [START]

    def clock() -> Moment:
        return Moment(wall=now[0], logical_s=(now[0] - START).total_seconds() + 1000)

    api = BotApi(clock=lambda: now[0])
    for user, name in ((ADA, "Ada"), (BOB, "Bob"), (EVE, "Eve")):
        api.person(user, name)
    api.group(TEAM, members=(ADA, BOB), topics={5: "Alerts"})
    api.group(ELSEWHERE, members=(ADA, EVE))
    easel = Easel()
    vault = Vault(folder=folder / "backups", clock=clock)
    services = _services(data, state, clock, easel, vault)
    request = SandboxRequest(api)
    builder = ApplicationBuilder().token(api.token).updater(None).job_queue(None)
    app = (
        builder.request(request).get_updates_request(SandboxRequest(api)).build()
    )  # PTB's own: 40 ms
    register(app, services)
    await app.initialize()
    await app.start()
    return World(
        folder=data, api=api, app=app, services=services, easel=easel, vault=vault, now=now
    )


def _services(
    data: Path, state: Path, clock: Callable[[], Moment], easel: Easel, vault: Vault
) -> Services:
    database = Database(state / "state.json")
    history = History(state / "history.sqlite")
    index = Opportunities(history)
    options = ReadOptions(rates={"$": 1.0, "USD": 1.0}, settle_s=0.0)
    tracker = Tracker(data, index=index, options=options)
    manager = AlertManager(database=database, channels=[str(ADA), str(TEAM)])
    sources = Sources(
        tracker=tracker,
        opportunities=index,
        processes=lambda _: HEALTHY.processes,  # type: ignore[arg-type,return-value]
        host=lambda _: HEALTHY.host,  # type: ignore[arg-type,return-value]
        own=lambda _: HEALTHY.own,  # type: ignore[arg-type,return-value]
    )
    checks = standard.standard(standard.Limits(commands=("main.py",), sources=("Galxe",)))
    watch = Watch(
        gatherer=Gatherer(sources), checks=checks, clock=clock, alerts=manager, history=history
    )
    terms = Terms(zone=ZoneInfo("Europe/Paris"), sources=("Galxe",))
    now = Now(files=lambda: _files(watch), incidents=manager.known)
    chats, picks = Chats(database), Picks(database)
    reporter = Reporter(history, terms=terms, now=now)
    return Services(
        watch=watch,
        alerts=manager,
        opportunities=index,
        picks=picks,
        history=history,
        chats=chats,
        access=Access(chat_ids=frozenset({ADA, TEAM}), admin_ids=frozenset()),
        charts=easel,
        clock=clock,
        display=Display(
            timezone=ZoneInfo("Europe/Paris"),
            limits=Limits(cpu_pct=85, data_age_s=7200),
            edit_every_s=0.01,
        ),
        reports=Reports(reporter, easel, without=put_away(chats, picks)),
        unfinished=UnfinishedMessages(database),
        backups=vault,
    )


def _files(watch: Watch) -> Collection[FileReport]:
    data = None if watch.last is None else watch.last.facts.data
    return data.files if isinstance(data, Snapshot) else ()

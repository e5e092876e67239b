"""A storm of incidents while the bot is killed again and again, and what the chat made of it."""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.sandbox import BotApi
from bot.sandbox.faults import ACCEPTED_THEN_TIMED_OUT, RESET, status, too_many
from storage.incidents import Delivery, Incident, Kind, Status
from tests.bot.real import ADA, Running, collect, running
from tests.bot.storm_seen import Chat, Witness, ours
from tests.bot.test_run import TOKEN, Place
from tests.sandbox.conftest import serving

SPEED = 10  # how many of the bot's seconds pass in one of ours
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
REPEAT = "may be a repeat"
OPENING = frozenset({Kind.FIRED, Kind.WORSE})
CLOSING = frozenset({Kind.RESOLVED, Kind.BRIEF})
GOOD = '[{"title": "Quest", "link": "https://example.org/1", "source": "Galxe"}]'
MOMENTS = ("answering", "marking", "commit", "sending", "lost", "starting", "random")
WEATHER = (RESET, status(502), too_many(2), ACCEPTED_THEN_TIMED_OUT)
LONGEST_LIFE_S = 4.0
SETTLED_WITHIN_S = 240.0
LEAST_SLEEP_S = 0.02


@dataclass
class Storm:
    """Files that break and mend; each calm one breaks once, the others all the time."""

    place: Place
    incidents: int
    kills: int
    luck: random.Random
    chat: Chat = field(default_factory=Chat)
    moments: Counter[str] = field(default_factory=Counter)
    lost: int = 0

    def __post_init__(self) -> None:
        self.folder = self.place.data / "opportunities"
        self.witness = Witness(self.place.folder / "var")
        self.fresh = [f"calm{number:03}" for number in range(self.incidents)]
        self.broken: list[str] = []
        self.flapping = [f"flapping{number}" for number in range(max(2, self.incidents // 20))]
        self.place.settings |= {
            "HEALTH_EVERY": "1s",
            "LOG_LEVEL": "INFO",
            "LD_PRELOAD": str(LIBRARIES[0]),
            "PYTHONDONTWRITEBYTECODE": "1",  # a faked clock fakes the age of files, too
            "FAKETIME": f"+0 x{SPEED}",
        }

    def write(self, name: str, content: str) -> None:
        """Replace a file; it is a minute old, so that nobody waits for its writer."""
        beside = self.folder / f".{name}"
        beside.write_text(content, encoding="utf-8")
        at = time.time() - 60
        os.utime(beside, (at, at))
        beside.replace(self.folder / f"{name}.json")

    def breaks(self, number: int) -> None:
        """Break so many files for the first time."""
        taken, self.fresh = self.fresh[:number], self.fresh[number:]
        for name in taken:
            self.write(name, "{not json")
        self.broken += taken

    def mends(self, number: int) -> None:
        """Mend so many of the files that were seen to be broken, any."""
        seen = [name for name in self.broken if name in self.fired()]
        for name in self.luck.sample(seen, min(number, len(seen))):
            self.broken.remove(name)
            self.write(name, GOOD)

    def fired(self) -> set[str]:
        """Return the files that had an incident."""
        return {Path(one.key).stem for one in self.witness.incidents.values() if ours(one.key)}

    def turns(self, life: int) -> None:
        """Break or mend each of the files that flap."""
        for name in self.flapping:
            self.write(name, GOOD if life % 2 else "{not json")

    async def run(self) -> None:
        """Live and die as often as asked, then mend everything and let the bot tell it all."""
        with self.place.api.world.listening(self.chat.heard):
            self.breaks(self.incidents // 4)
            each = -(-len(self.fresh) // max(1, self.kills - 2))
            for life in range(self.kills):
                self.turns(life)
                self.breaks(each)
                self.mends(self.luck.randrange(2 * each + 1))
                await self._live_and_die(MOMENTS[life % len(MOMENTS)])
            self.breaks(len(self.fresh))
            await self.settle()

    async def _live_and_die(self, moment: str) -> None:
        api, luck = self.place.api, self.luck
        if moment == "lost":
            api.fail_next(ACCEPTED_THEN_TIMED_OUT, methods="sendMessage|edit*")
        elif luck.random() < 0.3:
            fault = luck.choice(WEATHER)
            self.lost += fault is ACCEPTED_THEN_TIMED_OUT
            api.fail_next(fault, methods="sendMessage|edit*")
        async with running(self.place.folder, "run", settings=self.place.settings) as bot:
            hit = await self._wait_for(moment, bot)
            bot.process.kill()
            await bot.process.wait()
        waiting = self.witness.look() if (self.witness.folder / "state.json").exists() else []
        self.moments[moment if hit else "late"] += 1
        self.moments["died writing"] += self.witness.half_written()
        self.moments["died sending"] += any(row.status is Status.SENDING for row in waiting)

    async def _wait_for(self, moment: str, bot: Running) -> bool:
        """Wait for the moment to kill it; return whether it came."""
        state = self.witness.folder / "state.json"
        if moment == "starting":
            await asyncio.sleep(1.4 * self.luck.random())
            return True
        await bot.until_said("vigie.watch cycle")
        if moment == "random":
            await asyncio.sleep(LONGEST_LIFE_S * self.luck.random())
            return True
        if moment == "commit":
            return await _holds(self.witness.half_written)
        if moment == "sending":
            return await _holds(lambda: b'"sending"' in state.read_bytes())
        with self._killed_at_acceptance(bot, moment) as accepted, contextlib.suppress(TimeoutError):
            await asyncio.wait_for(accepted.wait(), LONGEST_LIFE_S)
        return accepted.is_set()

    @contextlib.contextmanager
    def _killed_at_acceptance(self, bot: Running, moment: str) -> Iterator[asyncio.Event]:
        """Kill it from within the API: before it answers, or a few milliseconds later."""
        accepted, after_s = asyncio.Event(), 0.015 * self.luck.random()

        def heard(event: Mapping[str, Any]) -> None:
            if accepted.is_set() or event["kind"] not in {"message", "changed"}:
                return
            if moment != "marking":
                os.kill(bot.process.pid, signal.SIGKILL)
                accepted.set()
            else:
                asyncio.get_running_loop().call_later(after_s, accepted.set)

        with self.place.api.world.listening(heard):
            yield accepted

    async def settle(self) -> None:
        """Run until all is told that broke, mend it, and run until that is told."""
        async with running(self.place.folder, "run", settings=self.place.settings) as bot:
            await self.until(lambda: self.fired() >= set(self.broken))
            self.mends(len(self.broken))
            for name in self.flapping:
                self.write(name, GOOD)
            await self.until(lambda: not self.witness.open())
            assert "Traceback" not in bot.said

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds and nothing waits to be told."""
        end = time.monotonic() + SETTLED_WITHIN_S
        while True:
            began = time.monotonic()
            waiting = await asyncio.to_thread(self.witness.look)
            if holds() and not waiting:
                return
            assert began < end, (waiting, self.witness.open())
            spent_s = time.monotonic() - began
            await asyncio.sleep(max(LEAST_SLEEP_S, 4 * spent_s))  # the Bot API lives here, too

    def untold(self) -> list[int]:
        """Return the incidents that nobody can have read of, flapping keys apart."""
        known = self.chat.first_shown()
        return [
            number
            for number, one in self.witness.incidents.items()
            if self._calm(one) and number not in known and not self._in_a_digest(number)
        ]

    def unclosed(self) -> list[int]:
        """Return the incidents whose end is not to be read, flapping keys apart."""
        return [
            number
            for number, one in self.witness.incidents.items()
            if self._calm(one)
            and not self.chat.closes(number)
            and not any(row.message_id in self.chat.versions for row in self._sent(number, CLOSING))
        ]

    def unmarked(self) -> list[str]:
        """Return what was said again without saying so."""
        again = self.chat.repeats().values()
        return [text for texts in again for text in texts if REPEAT not in text]

    def _in_a_digest(self, number: int) -> bool:
        rows = self._sent(number, OPENING | CLOSING)
        return any(self._all_counted(row.message_id) for row in rows if row.message_id)

    def _all_counted(self, message: int) -> bool:
        """Return whether a digest counts every incident that was marked as told by it."""
        told = {row.incident for row in self.witness.rows.values() if row.message_id == message}
        return self.chat.count(message) >= len(told)

    def _sent(self, number: int, kinds: frozenset[Kind]) -> list[Delivery]:
        return self.witness.of(number, kinds)

    def _calm(self, one: Incident) -> bool:
        return ours(one.key) and "flapping" not in one.key

    def figures(self) -> str:
        """Return what happened, in one line."""
        calm = sum(self._calm(one) for one in self.witness.incidents.values())
        again = self.chat.repeats()
        marked = sum(any(REPEAT in text for text in texts) for texts in again.values())
        return (
            f"{self.kills} kills {dict(self.moments)}; {len(self.witness.incidents)} incidents, "
            f"{calm} of calm files; {len(self.chat.versions)} messages, "
            f"{sum(map(len, self.chat.versions.values()))} with edits; "
            f"{len(again)} said something again, {marked} of them marked; "
            f"{len(self.untold())} untold, {len(self.unclosed())} not closed"
        )


async def raised(folder: Path, *, incidents: int, kills: int, seed: int = 20261123) -> Storm:
    """Return what is left of a storm in a folder of its own."""
    api = BotApi(token=TOKEN)
    api.person(ADA, "Ada")
    collect(folder / "data", age_s=1)
    async with serving(api) as where:
        place = Place(folder, api, where.url)
        luck = random.Random(seed)  # noqa: S311
        storm = Storm(place, incidents=incidents, kills=kills, luck=luck)
        await storm.run()
    return storm


def check(storm: Storm) -> None:
    """Assert what is promised of a storm of kills."""
    assert storm.untold() == []
    assert storm.unclosed() == []
    assert storm.unmarked() == []
    assert len(storm.chat.repeats()) <= storm.kills + storm.lost
    calm = [one for one in storm.witness.incidents.values() if "calm" in one.key]
    assert len({one.key for one in calm}) == storm.incidents


async def _holds(condition: Callable[[], bool]) -> bool:
    """Look as often as possible; return whether it ever held."""
    end = time.monotonic() + LONGEST_LIFE_S
    while time.monotonic() < end:
        if condition():
            return True
        await asyncio.sleep(0.0005)
    return False

import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict, deque
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.delivery.outcome import Failed, Fault
from jobs.alerts.quiet import QuietHours
from jobs.alerts.rules import Row, Rules
from storage.chats import parts
from storage.incidents import Incident, Kind, Status
from storage.records import Observation, Phrase, Severity
from tests.bot.outbox_world import NOT_THERE, Death, PowerCutError, World
from tests.bot.promises import ACKS_S, CLOSING, LOUD, Promises, Silence
from tests.bot.scribe import Scribe
from tests.jobs.seen import fail, ok, unknown

CAUSE, CONSEQUENCE, SLOW = "fresh:all", "fresh:Galxe", "cpu"
HOSTILE = "<b>&amp;</b> \u202e𝔘\u200d\ufeff]]> `#1`"
LONG = Phrase("fresh.stale", {"source": HOSTILE + "<i>𓀀" * 60, "age_s": 1e308})
KEYS = (CAUSE, CONSEQUENCE, SLOW, HOSTILE)
CHANNELS = ("7", "8:1", "8:2")
CHATS = ("7", "8")
ADMIN = "9"
LEVELS = (Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL)
RULES = Rules(
    table=(
        Row(glob="channel:*", fails=1, passes=1),
        Row(glob=SLOW, fails=3, passes=3, hold_s=600.0),
    )
)
NIGHT = QuietHours(start=time(22, 30), end=time(7), zone=UTC)
WEATHER = (
    Failed(fault=Fault.PASSING, text="refused"),
    Failed(fault=Fault.UNSURE, text="timed out after it arrived"),
    Failed(fault=Fault.UNSURE, text=NOT_THERE),
    Failed(fault=Fault.PAUSED, text="too many requests", retry_after_s=20.0),
    Failed(fault=Fault.PAUSED, text="too many requests", retry_after_s=900.0),
    Failed(fault=Fault.MARKUP, text="can't parse entities"),
)
ANNOUNCED_WITHIN_S = 2 * 30.0 + 300.0 * 1.2


class Alerting(RuleBasedStateMachine):
    """The whole alert path under any weather; `promises` says what has to hold after every step."""

    @initialize()
    def begin(self) -> None:
        """Start on an empty disk."""
        self.folder = Path(tempfile.mkdtemp())
        self.scribe = Scribe(self.folder)
        self.world = World(
            self.folder,
            channels=CHANNELS,
            rules=RULES,
            quiet_hours=NIGHT,
            admins=(ADMIN,),
            texts=self.scribe,
        )
        causes = {CONSEQUENCE: CAUSE}
        self.promises = Promises(self.world, self.scribe, causes)
        self.looks: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        self.known: dict[int, Incident] = {}
        self.folded: set[str] = set()
        self.hushed: set[int] = set()
        self.cut_off: set[str] = set()
        self.bursts = 0

    def teardown(self) -> None:
        """I10: in good weather all is told within a bound, every story ends, the outbox empties."""
        if hasattr(self, "bursts"):
            self.good_weather()
            self.deliver(ANNOUNCED_WITHIN_S, step_s=10.0)
            self.deliver(300.0, step_s=30.0)  # the gap a key keeps is suppression, too
            for incident in self.world.alerts.open():
                self.is_told(incident)
            for key in {*KEYS, *(one.key for one in self.world.alerts.open())}:
                self.passing(key, 3)
            for _ in range(40):  # cards are edited ten times a minute
                if self.world.outbox.live():
                    self.deliver(60.0, step_s=6.0)
            assert not self.world.outbox.live(), "I10"
            for number in self.known:
                self.is_over(number)
        shutil.rmtree(self.folder, ignore_errors=True)

    def good_weather(self) -> None:
        """End whatever suppresses, and bring everybody back."""
        self.world.telegram.scripts.clear()
        self.set_the_clock(12)
        for mute in self.world.alerts.mutes(at=self.world.clock()):
            self.unmute(mute.id)
        self.world.telegram.unreachable.clear()
        chats = self.world.alerts.ledger.chats.all()
        waits_s = [max(chat.probe_s, chat.paused_s) for chat in chats]  # also of a later clock
        self.world.clock.now_s = max(self.world.clock.now_s + 900.0, *waits_s, 0.0)
        self.deliver(30.0, step_s=3.0)

    def is_told(self, incident: Incident) -> None:
        """I10: every open incident was announced, unless it is a consequence or flaps."""
        if incident.held or self.folds(incident.key):
            return
        for channel in CHANNELS:
            told = self.promises.told[channel, incident.number]
            lost = channel.partition(":")[0] in self.cut_off  # before it could be said again
            again = (
                incident.number in self.promises.again
            )  # who knew of the end sees the card edited
            maybe = (lost or again) and (channel, incident.number) in self.promises.maybe
            heard = maybe or any(one.row.kind in LOUD for one in told)
            assert heard, ("I10", channel, incident)

    def is_over(self, number: int) -> None:
        """I10: whoever was told of an incident was told of its end, and so was who was not."""
        incident = self.known[number]
        for channel in CHANNELS:
            kinds = {one.row.kind for one in self.promises.told[channel, number]}
            faint = {Severity.INFO} if kinds & LOUD else {Severity.INFO, Severity.WARNING}
            silent = incident.peak in faint or self.folds(incident.key) or number in self.hushed
            silent = silent or channel.partition(":")[0] in self.cut_off
            assert silent or kinds & CLOSING, ("I10", channel, incident)

    @rule(
        key=st.sampled_from(KEYS),
        level=st.sampled_from(LEVELS),
        times=st.integers(1, 3),
        after_s=st.sampled_from([1.0, 60.0, 400.0, 900.0, 4000.0]),
    )
    def failing(self, key: str, level: Severity, times: int, after_s: float) -> None:
        """One key fails a few times in a row."""
        for _ in range(times):
            self.pass_time(after_s)
            self.look([fail(level, key)])

    @rule(key=st.sampled_from(KEYS), times=st.integers(1, 3))
    def passing(self, key: str, times: int) -> None:
        """One key passes."""
        for _ in range(times):
            self.pass_time(30.0)
            self.look([ok(key)])

    @rule(failing=st.sets(st.sampled_from(KEYS), max_size=2), level=st.sampled_from(LEVELS))
    def whole_look(self, failing: set[str], level: Severity) -> None:
        """A whole cycle: what it does not mention any more is over."""
        for _ in range(2):
            self.pass_time(60.0)
            self.look([fail(level, key) for key in sorted(failing)], complete=True)

    @rule(key=st.sampled_from(KEYS))
    def silent(self, key: str) -> None:
        """I13: unknown alone opens and closes nothing, and queues nothing."""
        before = self.story(key)
        for _ in range(4):
            self.pass_time(30.0)
            self.world.alerts.observe([unknown(key)], at=self.world.clock())
        assert {*self.story(key)} <= {*before}, "I13"

    def story(self, key: str) -> list[object]:
        """Return what stands of a key: its open incident, and what waits to be told of it."""
        firing = [one for one in self.world.alerts.open() if one.key == key]
        rows = [row.id for row in self.world.outbox.live() if row.key == key and not row.note]
        return [*((one.number, one.level) for one in firing), len(firing), *rows]

    @rule(fault=st.sampled_from(WEATHER), channel=st.sampled_from(CHANNELS))
    def weather(self, fault: Failed, channel: str) -> None:
        """The next call to a channel fails; what is refused twice for its markup is given up."""
        script = self.world.telegram.scripts.setdefault(channel, deque())
        if fault.fault is not Fault.MARKUP or [*script][-1:] != [fault]:
            script.append(fault)

    @rule(chat=st.sampled_from(CHATS))
    def blocked(self, chat: str) -> None:
        """Nobody is reached there any more; what waits for them is given up."""
        self.world.telegram.unreachable.add(chat)
        self.cut_off.add(chat)

    @rule(chat=st.sampled_from(CHATS))
    def welcome_back(self, chat: str) -> None:
        """They can be reached again, which an hourly probe finds out."""
        if chat in self.world.telegram.unreachable:
            self.world.telegram.unreachable.remove(chat)
            self.pass_time(3600.0)
            self.deliver(3.0)

    @rule()
    def migrated(self) -> None:
        """The group becomes a supergroup, once: what waited goes there."""
        chats = self.world.alerts.ledger.chats
        if chats.current(8) == 8:
            moved = Failed(fault=Fault.MIGRATED, text="chat migrated", chat_id=-1008)
            self.weather(moved, "8:1")

    @rule(for_s=st.sampled_from([1.0, 3.0, 20.0, 300.0]))
    def deliver(self, for_s: float, step_s: float = 0.0) -> None:
        """Time passes while the worker works."""
        end_s = self.world.clock.now_s + for_s
        while self.world.clock.now_s < end_s:
            asyncio.run(self.world.worker.drain_once())
            self.listen()
            self.pass_time(max(1.0, step_s or for_s / 20))

    @rule(
        glob=st.sampled_from([*KEYS, "fresh:*", "all"]),
        hours=st.sampled_from([0.1, 1.0, 6.0]),
        max_level=st.sampled_from([Severity.ERROR, Severity.CRITICAL]),
    )
    def mute(self, glob: str, hours: float, max_level: Severity) -> None:
        """Somebody mutes keys for a while; what is CRITICAL for four hours at most."""
        at = self.world.clock()
        made = self.world.alerts.mute(
            glob=glob, for_=timedelta(hours=hours), by="Lina", at=at, max_level=max_level
        )
        lasts_s = 3600.0 * (min(hours, 4.0) if max_level is Severity.CRITICAL else hours)
        until_s = at.logical_s + lasts_s
        self.promises.silences[made.id] = Silence(glob, until_s, max_level)

    @rule()
    def unmute_one(self) -> None:
        """Somebody ends a mute."""
        for mute in self.world.alerts.mutes(at=self.world.clock())[:1]:
            self.unmute(mute.id)

    def unmute(self, number: int) -> None:
        self.promises.silences.pop(number, None)
        assert self.world.alerts.unmute(number, at=self.world.clock())

    @rule()
    def restart(self) -> None:
        """I11: a crash and a new process say nothing new by themselves."""
        self.restarted(self.world.restart)

    @rule(gap_s=st.sampled_from([5.0, 400.0, 90_000.0]), step_s=st.sampled_from([0.0, -7200.0]))
    def downtime(self, gap_s: float, step_s: float) -> None:
        """I11, I12: it was down for a while, and the wall clock may have been set meanwhile."""
        self.restarted(lambda: self.world.away(gap_s, wall_step_s=step_s))

    def restarted(self, how: object) -> None:
        """I11: neither rows nor messages come from looking at the disk again."""
        assert callable(how)
        before = Counter((row.id, row.kind) for row in self.world.rows())
        mid_call = self.world.telegram.last_state is not None
        how()
        rows = [row for row in self.world.rows() if row.status is Status.SENDING]
        after = Counter((row.id, row.kind) for row in self.world.rows())
        assert mid_call or after == before, "I11"
        self.promises.ended(rows, live=len(self.world.outbox.live()), mid_call=mid_call)
        self.world.alerts.ledger.recover()
        told = Counter({place: len(one) for place, one in self.promises.told.items()})
        asyncio.run(self.world.worker.drain_once())
        self.listen()
        new = [one for place, every in self.promises.told.items() for one in every[told[place] :]]
        early = [one for one in new if one.row.kind in LOUD and "channel:" not in one.row.key]
        assert not early, ("I11", early)  # that a chat is lost was found out just now

    @rule(death=st.sampled_from(Death))
    def crash_in_a_call(self, death: Death) -> None:
        """The process dies before or after Telegram took a message."""
        self.world.telegram.dies = death
        self.deliver(1.0)
        self.world.telegram.dies = None
        if self.world.telegram.last_state is not None:
            self.restart()

    @rule(key=st.sampled_from(KEYS))
    def crash_in_a_commit(self, key: str) -> None:
        """I15: the machine is off in the middle of a write: the last good state is back."""
        before = self.world.path.read_bytes() if self.world.path.exists() else b""
        self.world.database.power_cut = True
        try:
            self.world.alerts.observe([fail(key=key)], at=self.world.clock())
        except PowerCutError:
            assert (self.world.path.read_bytes() if before else b"") == before, "I15"
        self.world.database.power_cut = False
        self.restart()

    @rule(step_s=st.sampled_from([-7200.0, -60.0, 60.0, 7200.0, 1e7]))
    def wall_step(self, step_s: float) -> None:
        """I12: the wall clock is stepped; nothing becomes due or undone by it, day or night."""
        dark = NIGHT.left_s(self.world.clock().wall) > 0
        before = self.deadlines()
        self.world.clock.wall_step_s += step_s
        if not dark and NIGHT.left_s(self.world.clock().wall) == 0:
            assert self.deadlines() == before, "I12"

    def deadlines(self) -> tuple[object, ...]:
        """Return everything that is due, or waits for a time."""
        at, alerts = self.world.clock(), self.world.alerts
        alerts.expire(at=at)
        return alerts.ledger.agenda(at=at), alerts.open(), alerts.mutes(at=at), self.world.rows()

    @rule(hour=st.sampled_from([12, 23]))
    def set_the_clock(self, hour: int) -> None:
        """It becomes noon, or night: the one thing that follows the wall clock."""
        wall = self.world.clock().wall
        wanted = datetime.combine(wall.date(), time(hour), tzinfo=UTC)
        self.world.clock.wall_step_s += (wanted - wall).total_seconds()

    @rule(taken=st.booleans())
    def take(self, taken: bool) -> None:  # noqa: FBT001
        """Somebody takes the worst open incident, or gives it back."""
        for incident in self.world.alerts.open()[:1]:
            at = self.world.clock()
            if taken:
                hers = incident.ack_until_s is not None and at.logical_s < incident.ack_until_s
                assert self.world.alerts.ack(incident.number, by="Lina", at=at) is not hers
                if not hers:
                    self.promises.acked[incident.number] = at.logical_s + ACKS_S[incident.level]
            elif self.world.alerts.release(incident.number, by="Lina", at=at):
                self.promises.acked.pop(incident.number, None)

    @rule()
    def not_fixed(self) -> None:
        """Somebody says that what closed last is not fixed."""
        for number in sorted(self.known)[-1:]:
            if self.world.alerts.reopen(number, by="Lina", at=self.world.clock()):
                self.promises.reopened(number)

    @precondition(lambda self: not self.bursts)
    @rule(n=st.sampled_from([50, 50, 120, 300]))
    def burst(self, n: int) -> None:
        """I14: so many keys at once are three messages in a minute, and each is counted once."""
        self.bursts += 1
        self.good_weather()
        self.deliver(60.0, step_s=6.0)
        if self.cut_off:
            return
        keys = [f"disk:{number}" for number in range(n)]
        for _ in range(2):
            self.look([fail(Severity.ERROR, key) for key in keys])
            self.pass_time(1.0)
        known, began_s = len(self.world.telegram.calls), self.world.clock.now_s
        self.deliver(60.0, step_s=4.0)
        calls = self.world.telegram.calls[known:]
        for channel in CHANNELS:
            posts = [call for call in calls if call.channel == channel and call.edited is None]
            assert len([one for one in posts if one.at_s < began_s + 60.0]) <= 3, "I14"
            for incident in self.world.alerts.open():
                if incident.key in keys:
                    kinds = [one.row.kind for one in self.promises.told[channel, incident.number]]
                    assert kinds == [Kind.FIRED], ("I14", incident, kinds)
        for _ in range(2):
            self.look([ok(key) for key in keys])
        self.deliver(60.0, step_s=4.0)

    def pass_time(self, seconds: float) -> None:
        """Let the hand-moved clock go on."""
        self.world.clock.now_s += seconds

    def look(self, seen: list[Observation], *, complete: bool = False) -> None:
        """Observe, and hold every incident that opens against what was seen."""
        at = self.world.clock()
        names = {one.key for one in seen}
        gone = [key for key in KEYS if complete and key not in names]
        seen = [replace(one, fact=LONG) if one.key == HOSTILE else one for one in seen]
        before = {one.number: one for one in self.world.alerts.open()}
        whole = frozenset(KEYS) if complete else None
        self.world.alerts.observe(seen, at=at, complete=whole)
        for key, failed in [
            *((one.key, one.level > 0) for one in seen),
            *((k, False) for k in gone),
        ]:
            self.looks[key].append((at.logical_s, failed))
        for incident in self.world.alerts.open():
            was = before.get(incident.number)
            new = was is None and incident.number not in self.known
            if new and incident.key in self.looks:
                self.promises.i1_patience(incident, self.looks[incident.key])
            elif was is not None and was.level != incident.level:
                self.promises.relevelled[incident.number] += 1
                if incident.level > was.level:
                    self.promises.acked.pop(incident.number, None)

    def listen(self) -> None:
        """Hold what was said against the promises; by night only what is bad is said."""
        dark = NIGHT.left_s(self.world.clock().wall) > 0
        for call in self.promises.listen():
            rows = self.scribe.rows[call.channel, call.text] if call.edited is None else ()
            news = [row for row in rows if row.kind in LOUD | {Kind.BRIEF}]
            assert not dark or all(row.level > Severity.WARNING for row in news), "quiet hours"
            loud = dark and any(row.level is not Severity.CRITICAL for row in news)
            assert not loud or call.silent or len(news) > 1, "quiet hours"

    def folds(self, key: str) -> bool:
        """Return whether the key has flapped: its stories are folded into a line an hour."""
        if self.world.alerts._alerts.state(key).flap_told_s is not None:
            self.folded.add(key)
        return key in self.folded

    @invariant()
    def the_books_agree(self) -> None:
        """I15, I18, and no open incident is forgotten: told, or waiting to be."""
        self.promises.i15_disk()
        self.promises.i18_conserved()
        rows = self.world.rows()
        assert not [row for row in rows if row.status is Status.SENDING]
        queued = [row for row in rows if row.status is Status.QUEUED]
        waiting = {(row.incident, row.channel) for row in queued}
        over = {one.number for one in self.world.alerts._alerts.incidents() if one.closed}
        late = [row for row in queued if row.incident in over and row.kind in LOUD]
        late = [row for row in late if row.channel != ADMIN]  # put aside when it is looked at
        assert not late, ("I3", late)
        for state in self.world.alerts._alerts.states():
            self.folds(state.key)
        for incident in self.world.alerts._alerts.incidents():
            self.known[incident.number] = incident
            if incident.held or self.promises.muted(incident):
                self.hushed.add(incident.number)
        for incident in self.world.alerts.open():
            for channel in () if self.folds(incident.key) else CHANNELS:
                lost = self.world.alerts.ledger.chats.get(parts(channel)[0]).disabled
                told = channel in incident.told or (incident.number, channel) in waiting
                assert lost or told, ("I10", channel, incident)


TestAlerting = Alerting.TestCase
TestAlerting.settings = settings(
    max_examples=10,
    stateful_step_count=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
)

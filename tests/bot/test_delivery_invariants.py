import asyncio
import shutil
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bot.delivery.outcome import Failed, Fault
from jobs.alerts.rules import Rules
from jobs.alerts.silences import matches
from storage.database import Database
from storage.incidents import Incident, Kind, Status
from storage.records import Severity
from tests.bot.outbox_world import Call, World
from tests.jobs.seen import fail, ok, unknown

CAUSE, CONSEQUENCE = "fresh:all", "fresh:Galxe"
KEYS = (CAUSE, CONSEQUENCE, "cpu")
CHANNELS = ("7", "8")
LEVELS = (Severity.INFO, Severity.WARNING, Severity.ERROR, Severity.CRITICAL)
PASSING = (Fault.PASSING, Fault.UNSURE, Fault.PAUSED)
CLOSING = {"resolved", "brief"}
LOUD = {"fired", "worse", "repeat"}


class Alerting(RuleBasedStateMachine):
    """The whole alert path under any weather: what is promised holds after every step.

    Faults, crashes before and after acceptance, restarts, wall steps, acks, storms.
    """

    @initialize()
    def begin(self) -> None:
        """Start on an empty disk."""
        self.folder = Path(tempfile.mkdtemp())
        self.world = World(self.folder, channels=CHANNELS, rules=Rules(table=()))
        self.crashes = 0
        self.unsure = 0
        self.fails: dict[str, int] = defaultdict(int)
        self.opened: dict[int, Incident] = {}
        self.acked: dict[int, tuple[float, float]] = {}
        self.looks: dict[str, list[bool]] = defaultdict(list)
        self.flapped: set[str] = set()
        self.unheard: set[int] = set()

    def teardown(self) -> None:
        """I10: in good weather everything is told, every story ends, and the outbox empties."""
        if hasattr(self, "world"):
            self.world.telegram.scripts.clear()
            self.world.telegram.script.clear()
            for mute in self.world.alerts.mutes(at=self.world.clock()):
                self.world.alerts.unmute(mute.id, at=self.world.clock())
            for key in KEYS:
                self.passing(key, 2)
            self.deliver(900.0)
            for _ in range(20):  # one call a chat in each pass, however much there is to say
                if self.world.outbox.live():
                    self.deliver(60.0)
            assert not self.world.outbox.live()
            told = self.accepted()
            for number, incident in self.opened.items():
                for channel in CHANNELS:
                    kinds = {call.text.split()[0] for call in told[channel, number]}
                    faint = {Severity.INFO} if LOUD & kinds else {Severity.INFO, Severity.WARNING}
                    folded = incident.peak in faint or self.folds(incident.key)
                    folded = folded or number in self.unheard
                    assert folded or CLOSING & kinds
        shutil.rmtree(self.folder, ignore_errors=True)

    @rule(
        key=st.sampled_from(KEYS),
        level=st.sampled_from(LEVELS),
        times=st.integers(1, 3),
        after_s=st.sampled_from([1.0, 60.0, 900.0]),
    )
    def failing(self, key: str, level: Severity, times: int, after_s: float) -> None:
        """One key fails a few times in a row."""
        for _ in range(times):
            self.pass_time(after_s)
            self.fails[key] += 1
            self.looks[key].append(True)
            self.look(key, level)

    @rule(key=st.sampled_from(KEYS), times=st.integers(1, 2))
    def passing(self, key: str, times: int) -> None:
        """One key passes."""
        for _ in range(times):
            self.pass_time(30.0)
            self.fails[key] = 0
            self.looks[key].append(False)
            self.world.alerts.observe([ok(key)], at=self.world.clock())

    @rule(key=st.sampled_from(KEYS))
    def silent(self, key: str) -> None:
        """I13: unknown alone opens and closes nothing, and queues nothing."""
        before = (self.world.statuses(), self.world.alerts.open())
        for _ in range(4):
            self.pass_time(30.0)
            self.world.alerts.observe([unknown(key)], at=self.world.clock())
        assert (self.world.statuses(), self.world.alerts.open()) == before

    @rule(fault=st.sampled_from(PASSING), channel=st.sampled_from(CHANNELS))
    def weather(self, fault: Fault, channel: str) -> None:
        """The next call to a channel fails."""
        script = self.world.telegram.scripts.setdefault(channel, self.world.telegram.script.copy())
        self.unsure += fault is Fault.UNSURE
        script.append(Failed(fault=fault, text=fault.value, retry_after_s=20.0))

    @rule(for_s=st.sampled_from([1.0, 3.0, 20.0, 300.0]))
    def deliver(self, for_s: float) -> None:
        """Time passes while the worker works."""
        end_s = self.world.clock.now_s + for_s
        while self.world.clock.now_s < end_s:
            known = len(self.world.telegram.calls)
            asyncio.run(self.world.worker.drain_once())
            self.suppression_is_kept(self.world.telegram.calls[known:])
            self.pass_time(max(1.0, for_s / 20))

    @rule(key=st.sampled_from(KEYS))
    def mute(self, key: str) -> None:
        """Somebody mutes a key for an hour."""
        self.world.alerts.mute(glob=key, for_=None, by="Lina", at=self.world.clock())

    def suppression_is_kept(self, calls: list[Call]) -> None:
        """I7, I8: nothing told of what is muted, no consequence announced beside its cause."""
        at = self.world.clock()
        firing = {incident.key for incident in self.world.alerts.open()}
        mutes = self.world.alerts.mutes(at=at)
        for text in (text for call in calls for text in call.parts() if "#" in text):
            number = int(text.split()[1].removeprefix("#"))
            incident = self.world.alerts.incident(number)
            if incident is None:
                continue
            assert not any(matches(mute, incident.key, incident.peak) for mute in mutes)
            inhibited = incident.key == CONSEQUENCE and CAUSE in firing
            assert not (inhibited and text.startswith("fired"))

    @rule()
    def restart(self) -> None:
        """I11: a crash and a new process say nothing new by themselves."""
        before = Counter(row.kind for row in self.world.rows())
        self.world.restart()
        self.world.alerts.ledger.recover()
        assert Counter(row.kind for row in self.world.rows()) == before

    @rule(accepted=st.booleans(), channel=st.sampled_from(CHANNELS))
    def crash_in_a_call(self, accepted: bool, channel: str) -> None:  # noqa: FBT001
        """The process dies between the mark `sending` and the mark `sent`."""
        ledger, at = self.world.alerts.ledger, self.world.clock()
        rows = ledger.agenda(at=at).due.get(channel, ())[:1]
        claimed = ledger.claim(rows, at=at)
        if accepted and claimed:
            self.crashes += 1
            (row,) = claimed
            again = " again?" if row.maybe_dup else ""
            text = f"{row.kind} #{row.incident} X{again}"
            edited = 1 if row.kind is Kind.UPDATE else None
            self.world.telegram.calls.append(Call(at.logical_s, channel, text, edited=edited))
        self.world.restart()
        self.world.alerts.ledger.recover()

    @rule(step_s=st.sampled_from([-7200.0, -60.0, 60.0, 7200.0, 1e7]))
    def wall_step(self, step_s: float) -> None:
        """I12: the wall clock is stepped; nothing becomes due or undone by it."""
        at = self.world.clock()
        before = (self.world.alerts.ledger.agenda(at=at), self.world.alerts.open())
        self.world.clock.wall_step_s += step_s
        at = self.world.clock()
        assert (self.world.alerts.ledger.agenda(at=at), self.world.alerts.open()) == before

    @rule()
    def take(self) -> None:
        """Somebody takes the worst open incident."""
        for incident in self.world.alerts.open()[:1]:
            at = self.world.clock()
            assert self.world.alerts.ack(incident.number, by="Lina", at=at)
            taken = self.world.alerts.incident(incident.number)
            assert taken is not None
            assert taken.ack_until_s is not None
            self.acked[incident.number] = (at.logical_s, taken.ack_until_s)

    def pass_time(self, seconds: float) -> None:
        """Let the hand-moved clock go on."""
        self.world.clock.now_s += seconds

    def look(self, key: str, level: Severity) -> None:
        """I1: observe a failure; FIRED comes only after N of them in a row."""
        known = {incident.number for incident in self.world.alerts.open()}
        self.world.alerts.observe([fail(level, key)], at=self.world.clock())
        for incident in self.world.alerts.open():
            if incident.number not in known:
                needed = self.world.rules.rule(key).at(level).fails
                x_of_y = sum(self.looks[key][-4 * needed :]) >= 2 * needed
                assert self.fails[key] >= needed or x_of_y
                self.opened[incident.number] = incident
            elif incident.level > incident.peak or not incident.ack_by:
                self.acked.pop(incident.number, None)

    def folds(self, key: str) -> bool:
        """Return whether the key has flapped: its stories are folded into a line an hour."""
        if self.world.alerts._alerts.state(key).flap_told_s is not None:
            self.flapped.add(key)
        return key in self.flapped

    def accepted(self) -> dict[tuple[str, int], list[Call]]:
        """Return what each channel accepted of each incident as messages, in order."""
        calls: dict[tuple[str, int], list[Call]] = defaultdict(list)
        for call in self.world.telegram.calls:
            if call.accepted and call.edited is None:
                for text in call.parts():
                    if "#" not in text:  # a note about no incident
                        continue
                    number = int(text.split()[1].removeprefix("#"))
                    calls[call.channel, number].append(replace(call, text=text))
        return calls

    @invariant()
    def each_story_is_told_in_order_and_once(self) -> None:
        """I2, I3, I4: FIRED first, one kind of closing last, extras only after a lost answer."""
        extra = 0
        for calls in self.accepted().values():
            kinds = [call.text.split()[0] for call in calls]
            first = [kind for kind in kinds if kind in {"fired", *CLOSING}]
            extra += len(first) - len(set(first))
            closing = [place for place, kind in enumerate(kinds) if kind in CLOSING]
            if closing:
                assert all(kind in CLOSING for kind in kinds[closing[0] :])
                assert len({kinds[place] for place in closing}) == 1
            if "brief" in kinds:
                assert not LOUD & set(kinds)
            if "resolved" in kinds and not self.crashes and not self.unsure:
                assert LOUD & set(kinds[: closing[0]])
            for kind, later in pairwise(kinds):
                assert not (later == "fired" and kind in {"worse", "repeat"})
        lost = [call for call in self.world.telegram.calls if call.lost]
        assert extra <= self.crashes + sum(len(call.parts()) for call in lost)

    @invariant()
    def audible_messages_of_a_key_keep_their_distance(self) -> None:
        """I5: five minutes per key and channel, WORSE aside; a lost answer is not known of."""
        if self.crashes or self.unsure:
            return
        last: dict[tuple[str, str], float] = {}
        told = [
            (call.at_s, call.channel, number, call.text)
            for (_, number), calls in self.accepted().items()
            for call in calls
        ]
        for at_s, channel, number, text in sorted(told):
            kind = text.split()[0]
            if kind not in LOUD or "INFO" in text:
                continue
            place = (self.opened[number].key, channel)
            if kind != "worse":
                assert at_s - last.get(place, -1e9) >= 300.0
            last[place] = at_s

    @invariant()
    def no_reminder_while_somebody_has_it(self) -> None:
        """I6: an ack stops reminders until it ends."""
        for (_, number), calls in self.accepted().items():
            since_s, until_s = self.acked.get(number, (0.0, 0.0))
            for call in calls:
                taken = since_s < call.at_s < until_s
                assert not (taken and call.text.startswith("repeat"))

    @invariant()
    def pauses_and_windows_are_kept(self) -> None:
        """I9 within one process: one call a second, fifteen a minute per chat."""
        if self.crashes:
            return
        for channel in CHANNELS:
            times = [c.at_s for c in self.world.telegram.calls if c.channel == channel]
            assert all(sum(t <= u < t + 60.0 for u in times) <= 20 for t in times)

    @invariant()
    def nothing_is_lost(self) -> None:
        """I18 and I15: every row is somewhere, the dead say why, the disk says the same."""
        rows = self.world.rows()
        assert all(row.last_error for row in rows if row.status is Status.DEAD)
        assert not [row for row in rows if row.status is Status.SENDING]
        again = Database(self.world.path, read_only=True)
        assert sorted(again.table("outbox", type(rows[0])).all(), key=_id) == rows if rows else True
        waiting = {(row.incident, row.channel) for row in rows if row.status is Status.QUEUED}
        for row in rows:
            incident = self.world.alerts.incident(row.incident)
            over = incident is not None and incident.closed is not None
            assert not (over and row.status is Status.QUEUED and row.kind.value in LOUD)
        for key in KEYS:
            self.folds(key)
        for incident in self.world.alerts._alerts.incidents():
            mutes = self.world.alerts._mutes.all()
            muted = any(matches(mute, incident.key, incident.peak) for mute in mutes)
            if incident.held or muted:
                self.unheard.add(incident.number)
        for incident in self.world.alerts.open():
            for channel in () if self.folds(incident.key) else CHANNELS:
                assert channel in incident.told or (incident.number, channel) in waiting


def _id(row: object) -> int:
    return int(getattr(row, "id", 0))


TestAlerting = Alerting.TestCase
TestAlerting.settings = settings(
    max_examples=15,
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # to shrink takes minutes
    suppress_health_check=list(HealthCheck),
)

"""What is promised of alerting (spec, section 7), each by its number, asked of every call.

I1   FIRED after N fails in a row that span the time asked for, or X of Y  `i1_patience`
I2   FIRED and closing once; again only where nobody knew, and marked      `i2_once`
I3   RESOLVED after news that was, or may have been, told; BRIEF otherwise `i3_closing`
I4   FIRED before WORSE and REPEAT before the closing                      `i4_order`
I5   five minutes between two sounds of a key, across incidents            `i5_distance`
I6   reminder k+1 after k by base x 2^k up to the cap; none while taken    `i6_reminders`
I7   nothing of what is muted, by a book of mutes of our own               `i7_mutes`
I8   no news of a consequence while its cause fires                        `i8_causes`
I9   one call a second, 15 a minute, none before `retry_after` is over     `i9_pace`
I10  told in two windows and the longest back-off; the outbox empties      `Alerting.teardown`
I11  a new process adds nothing and announces nothing unseen               `Alerting.restarted`
I12  no step of the wall clock makes anything due or undone                `Alerting.wall_step`
I13  unknown neither opens nor closes                                      `Alerting.silent`
I14  a burst is three messages a minute at most, each key counted once     `Alerting.burst`
I15  the disk says what memory says; a torn write leaves the last one      `i15_disk`
I16  calendar jobs once per local date                                     tests of the calendar
I17  every message keeps Telegram's limits and parses, whatever is in it   `Scribe`
I18  made = waiting + sent + superseded + dead; the dead have a reason     `i18_conserved`
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from bot.delivery.outcome import Fault
from storage.chats import Chat
from storage.database import Database
from storage.incidents import AlertState, Delivery, Incident, Kind, Mute, Status
from storage.outbox import LIVE
from storage.records import Moment, Severity
from tests.bot.outbox_world import NOT_THERE, Call, World
from tests.bot.scribe import Scribe

ASKING = frozenset({Kind.REPEAT, Kind.ESCALATED})
LOUD = frozenset({Kind.FIRED, Kind.WORSE}) | ASKING
CLOSING = frozenset({Kind.RESOLVED, Kind.BRIEF})
HOUR_S = 3600.0
REPEATS_S = {
    Severity.WARNING: (6 * HOUR_S, 24 * HOUR_S),
    Severity.ERROR: (HOUR_S, 4 * HOUR_S),
    Severity.CRITICAL: (HOUR_S / 4, HOUR_S),
}
ACKS_S = dict.fromkeys(Severity, 24 * HOUR_S) | {Severity.CRITICAL: 4 * HOUR_S}
GAP_S = 300.0
TABLES: dict[str, type] = {
    "alerts": AlertState,
    "incidents": Incident,
    "outbox": Delivery,
    "mutes": Mute,
    "chats": Chat,
    "clock": Moment,
}


@dataclass
class Telling:
    """One incident told in one message of a channel."""

    row: Delivery
    at_s: float
    unsure: bool
    relevelled: int = 0


@dataclass(frozen=True)
class Silence:
    """A mute, as whoever asked for it remembers it."""

    glob: str
    until_s: float
    max_level: Severity

    def about(self, key: str, level: Severity) -> bool:
        """Return whether it is about this key at this level."""
        return level <= self.max_level and (self.glob == "all" or fnmatchcase(key, self.glob))

    def covers(self, row: Delivery, *, at_s: float) -> bool:
        """Return whether this may not be told now; CRITICAL breaks through, its reminders not."""
        level = row.level
        if row.kind in ASKING | {Kind.NOTE} and self.max_level is Severity.ERROR:
            level = min(level, Severity.ERROR)
        return at_s < self.until_s and self.about(row.key, level)


@dataclass
class Promises:
    """Reads every call to Telegram once, and holds it against what was said before."""

    world: World
    scribe: Scribe
    causes: dict[str, str]
    told: dict[tuple[str, int], list[Telling]] = field(default_factory=lambda: defaultdict(list))
    maybe: set[tuple[str, int]] = field(default_factory=set)
    loud: dict[tuple[str, str], Telling] = field(default_factory=dict)
    silences: dict[int, Silence] = field(default_factory=dict)
    acked: dict[int, float] = field(default_factory=dict)
    relevelled: Counter[int] = field(default_factory=Counter)
    not_before_s: dict[str, float] = field(default_factory=dict)
    lately_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    within: dict[int, set[tuple[int, str]]] = field(default_factory=lambda: defaultdict(set))
    again: set[int] = field(default_factory=set)
    read: int = 0
    kept: int = 0

    def listen(self) -> list[Call]:
        """Ask everything of the calls since the last time; return them."""
        calls = self.world.telegram.calls[self.read :]
        self.read = len(self.world.telegram.calls)
        for call in calls:
            self.i9_pace(call)
            rows = self._news(call)
            if not call.accepted:
                if call.fault is not None and call.fault.text == NOT_THERE:
                    self.maybe |= {(row.channel, row.incident) for row in rows if row.kind in LOUD}
                continue
            for row in rows:
                self.i7_mutes(row, call)
                if row.kind in LOUD | CLOSING:
                    self._told(Telling(row, call.at_s, call.lost, self.relevelled[row.incident]))
        return calls

    def _news(self, call: Call) -> list[Delivery]:
        """Return what a call tells that its message did not tell before."""
        rows = self.scribe.rows[call.channel, call.text]
        if call.message_id is None:
            return list(rows)
        known = self.within[call.message_id]
        fresh = [row for row in rows if (row.incident, row.kind.value) not in known]
        if call.edited is None or len(rows) > 1:
            known |= {(row.incident, row.kind.value) for row in rows}
        return fresh

    def _told(self, now: Telling) -> None:
        before = self.told[now.row.channel, now.row.incident]
        self.i2_once(now, before)
        self.i3_closing(now, before)
        self.i4_order(now, before)
        self.i5_distance(now)
        self.i6_reminders(now, before)
        self.i8_causes(now.row)
        before.append(now)

    def i1_patience(self, incident: Incident, looks: list[tuple[float, bool]]) -> None:
        """FIRED needs N fails in a row over the time, or twice as many of the last 4 N looks."""
        terms = self.world.rules.rule(incident.key).at(incident.level)
        row = [at_s for at_s, _ in _last_fails(looks)]
        enough = len(row) >= terms.fails and row[-1] - row[0] >= terms.hold_s
        window = [at_s for at_s, failed in looks[-4 * terms.fails :][-16:] if failed]
        often = len(window) >= 2 * terms.fails and window[-1] - window[0] >= terms.hold_s
        assert enough or often, ("I1", incident, looks)

    def i2_once(self, now: Telling, before: Iterable[Telling]) -> None:
        """What is told again was marked, and the last time nobody could know."""
        kinds = CLOSING if now.row.kind in CLOSING else {now.row.kind} & {Kind.FIRED}
        same = [one for one in before if one.row.kind in kinds]
        assert not same or (same[-1].unsure and now.row.maybe_dup), ("I2", now, same)

    def i3_closing(self, now: Telling, before: list[Telling]) -> None:
        """One kind of closing, the right one, and nothing after it."""
        closings = {one.row.kind for one in before} & CLOSING
        assert not closings or closings == {now.row.kind}, ("I3", now, before)
        known = any(one.row.kind in LOUD for one in before)
        known = known or (now.row.channel, now.row.incident) in self.maybe
        if now.row.kind is Kind.RESOLVED:
            assert known, ("I3", now, before)
        elif not closings and now.row.incident not in self.again:
            assert now.row.kind is not Kind.BRIEF or not known, ("I3", now, before)

    def i4_order(self, now: Telling, before: list[Telling]) -> None:
        """FIRED comes first."""
        kinds = {one.row.kind for one in before}
        assert now.row.kind is not Kind.FIRED or not kinds - {Kind.FIRED}, ("I4", now, before)

    def i5_distance(self, now: Telling) -> None:
        """Two messages with sound keep their distance, WORSE aside, which keeps others off."""
        if now.row.kind not in LOUD or now.row.level < Severity.WARNING:
            return
        place = (now.row.channel, now.row.key)
        last = self.loud.get(place)
        if last is not None and now.row.kind is not Kind.WORSE:
            unknown = last.unsure or now.row.maybe_dup
            assert unknown or now.at_s - last.at_s >= GAP_S, ("I5", now, last)
        self.loud[place] = now

    def i6_reminders(self, now: Telling, before: list[Telling]) -> None:
        """Reminders come later and later while nothing changes, and not while somebody has it."""
        if now.row.kind not in ASKING or now.row.maybe_dup:
            return
        assert now.at_s >= self.acked.get(now.row.incident, now.at_s), ("I6", now)
        news = [one for one in before if one.row.kind in LOUD]
        if now.row.kind is Kind.ESCALATED or not news or news[-1].unsure:
            return
        base_s, cap_s = REPEATS_S[now.row.level]
        k = 0
        for one in reversed(news):
            if one.row.kind not in ASKING or one.relevelled != now.relevelled:
                break
            k += 1
        assert now.at_s - news[-1].at_s >= min(base_s * 2**k, cap_s), ("I6", now, news[-1], k)

    def i7_mutes(self, row: Delivery, call: Call) -> None:
        """A mute holds back every message its key and level cover; an edit makes no sound."""
        if row.kind is Kind.UPDATE:
            return
        muting = [one for one in self.silences.values() if one.covers(row, at_s=call.at_s)]
        assert not muting, ("I7", row, muting)

    def muted(self, incident: Incident) -> bool:
        """Return whether a mute, in force or not summed up yet, is about the incident."""
        return any(one.about(incident.key, incident.peak) for one in self.silences.values())

    def i8_causes(self, row: Delivery) -> None:
        """A consequence is not announced beside its cause."""
        cause = self.causes.get(row.key)
        firing = {incident.key for incident in self.world.alerts.open()}
        assert row.kind is not Kind.FIRED or cause not in firing, ("I8", row)

    def i9_pace(self, call: Call) -> None:
        """Telegram's limits, with room for answers, per chat whatever its topics."""
        chat = call.channel.partition(":")[0]
        assert call.at_s >= self.not_before_s.get(chat, 0.0), ("I9", call)
        if call.fault is not None and call.fault.fault is Fault.PAUSED:
            self.not_before_s[chat] = call.at_s + call.fault.retry_after_s
        lately = [at_s for at_s in self.lately_s[chat] if at_s > call.at_s - 60.0]
        again = bool(lately) and self.refused[chat] == call.text
        assert again or all(call.at_s - at_s >= 1.0 for at_s in lately), ("I9", call, lately)
        assert len(lately) < 15 + again, ("I9", call, lately)
        refused = call.fault is not None and call.fault.fault is Fault.MARKUP
        self.refused[chat] = call.text if refused else ""
        moved = call.fault is not None and call.fault.fault is Fault.MIGRATED
        self.lately_s[chat] = [] if moved else [*lately, call.at_s]  # another chat to Telegram

    def i15_disk(self) -> None:
        """The disk says what memory says."""
        if not self.world.path.exists():
            return
        again = Database(self.world.path, read_only=True)
        assert not again.damaged
        for name, kind in TABLES.items():
            here: list[object] = self.world.database.table(name, kind).all()
            assert _rows(here) == _rows(again.table(name, kind).all()), ("I15", name)

    def i18_conserved(self) -> None:
        """Every delivery made is somewhere, and what was given up says why."""
        tally, rows = self.world.alerts.ledger.tally, self.world.outbox.all()
        live = sum(row.status in LIVE for row in rows)
        sent, dead = sum(tally.sent.values()), sum(tally.dead.values())
        made, done = self.kept + tally.created, tally.superseded + sent + dead
        assert made == live + done, ("I18", made, live, tally.superseded, sent, dead)
        assert all(row.last_error for row in rows if row.status is Status.DEAD), "I18"

    def reopened(self, number: int) -> None:
        """Note that somebody says it is not fixed: it may close once more, one way or the other."""
        self.again.add(number)
        for (channel, told), tellings in self.told.items():
            if told == number and tellings:
                self.maybe.add((channel, number))
                tellings[:] = [one for one in tellings if one.row.kind in LOUD]

    def ended(self, sending: Iterable[Delivery], *, live: int, mid_call: bool) -> None:
        """Note that the process died, with these rows under way, and what the next one finds."""
        self.kept = live
        if mid_call:  # what another chat answered just then died with it
            for chat in self.not_before_s:
                kept_s = self.world.alerts.ledger.chats.get(int(chat)).paused_s
                self.not_before_s[chat] = min(self.not_before_s[chat], kept_s)
        self.lately_s.clear()
        for row in sending:
            if row.kind in LOUD:
                self.maybe.add((row.channel, row.incident))
            for one in self.told[row.channel, row.incident]:
                one.unsure = one.unsure or one.row.id == row.id
        for place, one in self.loud.items():
            sure = [row for row in sending if row.id == one.row.id]
            self.loud[place] = replace(one, unsure=one.unsure or bool(sure))


def _last_fails(looks: list[tuple[float, bool]]) -> list[tuple[float, bool]]:
    row: list[tuple[float, bool]] = []
    for look in reversed(looks):
        if not look[1]:
            break
        row.insert(0, look)
    return row


def _rows(rows: Iterable[object]) -> list[str]:
    return sorted(map(repr, rows))

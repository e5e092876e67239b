"""The mutants: one small, plausible mistake each, and the tests that must fail on it."""

from dataclasses import dataclass

WORKER = "tests/bot/test_delivery_worker.py"
SHUT = "tests/bot/test_delivery_shut.py"
PACE = "tests/bot/test_delivery_pace.py"
MANAGER = "tests/jobs/test_manager.py"
POLICY = "tests/jobs/test_policy.py"
MUTES = "tests/jobs/test_silences_mutes.py"
INHIBITION = "tests/jobs/test_silences_inhibition.py"
BOOT = "tests/jobs/test_manager_boot.py"
FIXED = "tests/jobs/test_silences_fixed.py"
REOPENING = "tests/jobs/test_manager_reopening.py"
ESCALATION = "tests/jobs/test_silences_escalation.py"
FLAPPING = "tests/jobs/test_policy_flapping.py"
CALENDAR = "tests/jobs/test_calendar.py"
FALLBACK = "tests/jobs/test_fallback.py"
RELAYS = "tests/bot/test_relay_alerts.py"
RELAY = "tests/bot/test_relay.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A mistake in one file; `guards` is the invariant it breaks."""

    name: str
    guards: str
    path: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="mark sent before sending",
        guards="I2",
        path="bot/delivery/worker.py",
        before="                outcome = await self._called(channel, turn)\n",
        after="                from bot.delivery.outcome import Sent\n"
        "                await self._settler.settle(channel, claimed, Sent(), own=True)\n"
        "                outcome = await self._called(channel, turn)\n",
        tests=(WORKER,),
    ),
    Mutant(
        name="drop the closing message when the send failed once",
        guards="I10",
        path="jobs/alerts/entries.py",
        before="            self._tally.failed[trouble.reason] += 1\n",
        after="            self._tally.failed[trouble.reason] += 1\n"
        "            if row.kind is Kind.RESOLVED:\n"
        "                self.supersede(row)\n"
        "                continue\n",
        tests=(WORKER,),
    ),
    Mutant(
        name="forget maybe_dup",
        guards="I2",
        path="jobs/alerts/entries.py",
        before="maybe_dup=row.maybe_dup or trouble.unsure",
        after="maybe_dup=row.maybe_dup",
        tests=(WORKER, MANAGER),
    ),
    Mutant(
        name="reset the repeat gap on re-fire",
        guards="I5",
        path="jobs/alerts/policy.py",
        before='KEPT = ("last_told_s", "told_s", ',
        after="KEPT = (",
        tests=(POLICY, MANAGER),
    ),
    Mutant(
        name="never double the gap between reminders",
        guards="I6",
        path="jobs/alerts/policy.py",
        before="doublings = min(alert.repeats, 32)",
        after="doublings = 0",
        tests=(POLICY,),
    ),
    Mutant(
        name="let a mute hold back CRITICAL for ever",
        guards="I7",
        path="jobs/alerts/silences.py",
        before="return level <= mute.max_level and",
        after="return",
        tests=(MANAGER, MUTES),
    ),
    Mutant(
        name="let CRITICAL ring through a mute again and again",
        guards="I7",
        path="jobs/alerts/silences.py",
        before="level = min(level, Severity.ERROR)",
        after="pass",
        tests=(MUTES,),
    ),
    Mutant(
        name="count unknown as ok",
        guards="I13",
        path="jobs/alerts/policy.py",
        before="    if seen.outcome is Outcome.UNKNOWN:\n        return Step(alert, incident)\n",
        after="    if seen.outcome is Outcome.UNKNOWN:\n"
        "        seen = replace(seen, outcome=Outcome.OK)\n",
        tests=(POLICY,),
    ),
    Mutant(
        name="apply inhibition while the source is only pending",
        guards="I8",
        path="jobs/alerts/policy.py",
        before="return in_a_row or window.reached(",
        after="return alert.fails > 0 or window.reached(",
        tests=(POLICY, INHIBITION),
    ),
    Mutant(
        name="announce a consequence beside its cause",
        guards="I8",
        path="jobs/alerts/holding.py",
        before="return silences.CONSEQUENCE",
        after="pass",
        tests=(INHIBITION,),
    ),
    Mutant(
        name="release a consequence in the cycle that closes its cause",
        guards="I8",
        path="jobs/alerts/book.py",
        before="if before.of(incident.key) or after.of(incident.key):",
        after="if after.of(incident.key):",
        tests=(INHIBITION,),
    ),
    Mutant(
        name="let a wall-clock step end a mute",
        guards="I12",
        path="jobs/alerts/silences.py",
        before="if at.logical_s < mute.until_s and _covers(mute, row)",
        after="if at.wall < mute.until and _covers(mute, row)",
        tests=("tests/mutants/test_wall_steps.py",),
    ),
    Mutant(
        name="send before retry_after has passed",
        guards="I9",
        path="bot/delivery/settle.py",
        before="return outcome.retry_after_s + MARGIN_S",
        after="return 0.0",
        tests=(WORKER,),
    ),
    Mutant(
        name="call a chat twice within a second",
        guards="I9",
        path="bot/delivery/pace.py",
        before="waits.append(calls[-1] + GAP_S - now_s)",
        after="pass",
        tests=(WORKER, PACE),
    ),
    Mutant(
        name="use up the room of the answers to commands",
        guards="I9",
        path="bot/delivery/pace.py",
        before="waits.append(calls[len(calls) - limit] + WINDOW_S - now_s)",
        after="pass",
        tests=(PACE,),
    ),
    Mutant(
        name="announce after a restart before looking again",
        guards="I11",
        path="jobs/alerts/boot.py",
        before="waits = self.lasts(at=at) and",
        after="waits = False and",
        tests=(BOOT,),
    ),
    Mutant(
        name="say an overdue reminder once per interval missed",
        guards="I11",
        path="jobs/alerts/enqueue.py",
        before="    return Plan(waiting, (Kind.REPEAT if told else Kind.FIRED,))",
        after="    return Plan((), (Kind.REPEAT if told else Kind.FIRED,))",
        tests=(MANAGER,),
    ),
    Mutant(
        name="fire one fail early",
        guards="I1",
        path="jobs/alerts/policy.py",
        before="alert.fails >= terms.fails and",
        after="alert.fails >= terms.fails - 1 and",
        tests=(POLICY,),
    ),
    Mutant(
        name="call what was never told fixed",
        guards="I3",
        path="jobs/alerts/enqueue.py",
        before="return () if incident.held else (Kind.BRIEF,)",
        after="return () if incident.held else (Kind.RESOLVED,)",
        tests=(MANAGER,),
    ),
    Mutant(
        name="send an alert after its incident was closed",
        guards="I4",
        path="jobs/alerts/enqueue.py",
        before="(incident.closed is not None and row.kind is not Kind.UPDATE)",
        after="False",
        tests=(MANAGER,),
    ),
    Mutant(
        name="count an incident of a storm twice",
        guards="I14",
        path="bot/delivery/call.py",
        before="told = {**storm.rows, **{row.incident: row for row in rows}}",
        after="told = {**storm.rows, **{-row.id: row for row in rows}}",
        tests=(WORKER,),
    ),
    Mutant(
        name="post a storm one by one",
        guards="I14",
        path="bot/delivery/grouping.py",
        before="return Turn(alerts if self.waiting or late > 1 else alerts[:1])",
        after="return Turn(alerts[:1])",
        tests=(WORKER,),
    ),
    Mutant(
        name="tell every change of a flapping key",
        guards="flapping",
        path="jobs/alerts/flapping.py",
        before="    return replace(step, tells=_kept(step, worst))\n",
        after="    return step\n",
        tests=(FLAPPING,),
    ),
    Mutant(
        name="write the state in place",
        guards="I15",
        path="storage/files.py",
        before="beside.replace(path)",
        after="path.write_bytes(content)",
        tests=("tests/storage/test_files.py", "tests/storage/test_database_killed.py"),
    ),
    Mutant(
        name="run a calendar job twice on the 25-hour day",
        guards="I16",
        path="jobs/calendar.py",
        before="        if open_now and _may_start(job, runs.get(day), at=at):\n",
        after="        again = at.wall.astimezone(job.zone).fold == 1  # an hour like any other\n"
        "        if open_now and _may_start(job, None if again else runs.get(day), at=at):\n",
        tests=(CALENDAR,),
    ),
    Mutant(
        name="run a calendar job again after the clock was set back",
        guards="I16",
        path="jobs/calendar.py",
        before="    again_s = _again_s(job, run)\n    return again_s is not None",
        after="    again_s = _again_s(job, run)\n    if at.wall < run.started:\n"
        "        return True\n    return again_s is not None",
        tests=(CALENDAR,),
    ),
    Mutant(
        name="forget that a calendar job runs",
        guards="I16",
        path="jobs/timetable.py",
        before="            if job.name in self._under_way:\n                continue\n",
        after="",
        tests=("tests/jobs/test_timetable.py",),
    ),
    Mutant(
        name="say of old data after a sleep that they are well",
        guards="I13",
        path="jobs/checks/waiting.py",
        before="outcome=Outcome.UNKNOWN,",
        after="outcome=Outcome.OK,",
        tests=("tests/jobs/test_checks_waiting.py",),
    ),
    Mutant(
        name="bury a delivery without its reason",
        guards="I18",
        path="jobs/alerts/entries.py",
        before="status=Status.DEAD, last_error=reason",
        after='status=Status.DEAD, last_error=""',
        tests=(WORKER, MANAGER),
    ),
    Mutant(
        name="end a mute until fixed on a rise to CRITICAL",
        guards="I7",
        path="jobs/alerts/muting.py",
        before="any(silences.thins(mute, one.key, one.level)",
        after="any(silences.matches(mute, one.key, one.level)",
        tests=(FIXED,),
    ),
    Mutant(
        name="keep a mute until fixed for ever",
        guards="I10",
        path="jobs/alerts/muting.py",
        before="if mute.until_fixed and not self._needed(mute):",
        after="if False:",
        tests=(FIXED,),
    ),
    Mutant(
        name="sum up a mute that ended with what it was about",
        guards="until fixed",
        path="jobs/alerts/muting.py",
        before="                self._mutes.remove(mute.id)\n",
        after="                self.end(mute.id, at=at)\n",
        tests=(FIXED,),
    ),
    Mutant(
        name="end a mute until fixed on one ok of a flapping key",
        guards="flapping",
        path="jobs/alerts/muting.py",
        before="state.flap_told_s is not None and silences.thins",
        after="False and silences.thins",
        tests=(FIXED,),
    ),
    Mutant(
        name="leave a card as it was under a mute",
        guards="I7",
        path="jobs/alerts/silences.py",
        before="if row.kind is Kind.UPDATE:",
        after="if False:",
        tests=(FIXED,),
    ),
    Mutant(
        name="edit a thousand cards for one mute",
        guards="I9",
        path="jobs/alerts/muting.py",
        before="if one.messages][:EDITED]",
        after="if one.messages]",
        tests=(FIXED,),
    ),
    Mutant(
        name="keep two mutes of the same things",
        guards="I7",
        path="jobs/alerts/muting.py",
        before="if (same := next(alike, None)) is None:",
        after="if (same := next(alike, None)) is None or not None:",
        tests=(FIXED,),
    ),
    Mutant(
        name="reopen beside another open incident",
        guards="I4",
        path="jobs/alerts/reopening.py",
        before=" or alert.incident is not None or over",
        after=" or over",
        tests=(REOPENING,),
    ),
    Mutant(
        name="reopen at any age",
        guards="reopening",
        path="jobs/alerts/reopening.py",
        before=" or alert.incident is not None or over",
        after=" or alert.incident is not None",
        tests=(REOPENING,),
    ),
    Mutant(
        name="tell the end of what is open again",
        guards="I3",
        path="jobs/alerts/enqueue.py",
        before="reopened = incident is not None and incident.closed is None",
        after="reopened = False",
        tests=(REOPENING,),
    ),
    Mutant(
        name="leave the old end beside a reopening",
        guards="I3",
        path="jobs/alerts/enqueue.py",
        before="over = tuple(row for row in queued if row.kind in CLOSING)",
        after="over = ()",
        tests=(REOPENING,),
    ),
    Mutant(
        name="close a reopened incident by its old passes",
        guards="I4",
        path="jobs/alerts/reopening.py",
        before="        policy.quiet(alert),\n",
        after="        policy.quiet(alert),\n        passes=1,\n",
        tests=(REOPENING,),
    ),
    Mutant(
        name="call the admins at every look",
        guards="I2",
        path="jobs/alerts/escalation.py",
        before="replace(incident, escalated=True)",
        after="replace(incident, reminders=incident.reminders)",
        tests=(ESCALATION,),
    ),
    Mutant(
        name="call the admins for what nobody could know",
        guards="escalation",
        path="jobs/alerts/escalation.py",
        before=" and untaken and not unheard",
        after=" and untaken",
        tests=(ESCALATION,),
    ),
    Mutant(
        name="call the admins for what somebody has",
        guards="I6",
        path="jobs/alerts/escalation.py",
        before=" and untaken and not unheard",
        after=" and not unheard",
        tests=(ESCALATION,),
    ),
    Mutant(
        name="remind beside the call to the admins",
        guards="I5",
        path="jobs/alerts/policy.py",
        before="AUDIBLE = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED})",
        after="AUDIBLE = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT})",
        tests=(ESCALATION,),
    ),
    Mutant(
        name="strip a card again and again",
        guards="stripping",
        path="jobs/alerts/stripping.py",
        before="        and not incident.stripped\n",
        after="",
        tests=(REOPENING,),
    ),
    Mutant(
        name="strip every card at once",
        guards="I9",
        path="jobs/alerts/stripping.py",
        before="    ][:A_CYCLE]",
        after="    ]",
        tests=(REOPENING,),
    ),
    Mutant(
        name="call a reboot a restart",
        guards="start-up",
        path="jobs/alerts/boot.py",
        before="why = Gap.RESTART if resumed is None else resumed.why",
        after="why = Gap.RESTART",
        tests=(BOOT,),
    ),
    Mutant(
        name="take a look in between for the rhythm",
        guards="start-up",
        path="storage/alerts.py",
        before="every_s=max(gap_s, last.gap_s)",
        after="every_s=gap_s",
        tests=(BOOT,),
    ),
    Mutant(
        name="mail what Telegram took",
        guards="fallback",
        path="jobs/alerts/entries.py",
        before="            self._note_heard(number, (row for row, _ in told))\n",
        after="",
        tests=(RELAYS,),
    ),
    Mutant(
        name="mail what is muted",
        guards="I7",
        path="jobs/alerts/relaying.py",
        before="                and holding.hold(_row(one, self._relays[0], at=at)) is None,\n",
        after="                ,\n",
        tests=(RELAYS,),
    ),
    Mutant(
        name="mail nothing of what a chat refused",
        guards="fallback",
        path="jobs/alerts/fallback.py",
        before="UNHEARD = LIVE | {Status.DEAD}",
        after="UNHEARD = LIVE",
        tests=(FALLBACK, RELAYS),
    ),
    Mutant(
        name="ask the relays again and again",
        guards="I2",
        path="jobs/alerts/fallback.py",
        before="return Watched(replace(incident, untold_s=None, reached=True), due=True)",
        after="return Watched(replace(incident, untold_s=None), due=True)",
        tests=(FALLBACK, RELAYS),
    ),
    Mutant(
        name="never mail the end of what ended on the way",
        guards="I10",
        path="jobs/alerts/entries.py",
        before="                self._follow(row, Kind.RESOLVED)  # it ended while",
        after="                pass  # it ended while",
        tests=(RELAYS,),
    ),
    Mutant(
        name="be sure of a mail whose answer was lost",
        guards="I2",
        path="bot/delivery/relay.py",
        before='fault = Fault.UNSURE if stage == "data" else Fault.PASSING',
        after="fault = Fault.PASSING",
        tests=(RELAY,),
    ),
    Mutant(
        name="cut text after the markup is on",
        guards="I17",
        path="handlers/views/text.py",
        before="return escape(defuse(clip(clean(text), limit)))",
        after="return Markup(clip(escape(defuse(clean(text))), limit))",
        tests=("tests/mutants/test_cut_text.py",),
    ),
    Mutant(
        name="bring back to life what a lost chat will never read",
        guards="I18",
        path="jobs/alerts/entries.py",
        before="            now = self._outbox.get(row.id)",
        after="            now = row",
        tests=(SHUT,),
    ),
    Mutant(
        name="welcome a group under the number it had",
        guards="I10",
        path="jobs/alerts/telling.py",
        before="here = self._chats.current(parts(channel)[0]) == chat_id",
        after="here = parts(channel)[0] == chat_id",
        tests=(SHUT,),
    ),
    Mutant(
        name="forget what a growing digest counts",
        guards="I14",
        path="jobs/alerts/tidy.py",
        before="CLOSED_AT_LEAST_S if place < excess",
        after="0.0 if place < excess",
        tests=("tests/jobs/test_tidy.py",),
    ),
    Mutant(
        name="post the news of an outage one by one",
        guards="I14",
        path="bot/delivery/grouping.py",
        before="if len(alerts) > STORM_ABOVE:",
        after="if len(alerts) > 10**9:",
        tests=("tests/bot/test_outage_long.py", WORKER),
    ),
)

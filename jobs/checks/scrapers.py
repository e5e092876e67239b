"""Do the scrapers run, and does what they write have content?"""

from dataclasses import dataclass
from datetime import datetime

from jobs.checks.data import Source, judged, source
from jobs.checks.result import Verdict
from jobs.checks.saying import Subject
from jobs.checks.volume import GAPS, of
from jobs.facts import Facts, Processes, Scraper, Unknown
from storage.records import Observation, Phrase, Severity, Value

NAME = "scrapers"
PREFIX = "scraper:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrapers:
    """Processes by command, and sources by what their newest file holds.

    The sources are classes inside one process: only their data shows whether each one lives.
    """

    commands: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    max_starts: int = 3
    name: str = NAME

    def judge(self, facts: Facts, *, now: datetime) -> Verdict:
        """Call a command without process ERROR, CRITICAL if none has one; stubs are WARNING."""
        seen = [*self._processes(facts.processes, now), *self._sources(facts)]
        if not self.commands and not self.sources:
            seen.append(_subject("none").ok(Phrase("scraper.none")))
        known = not isinstance(facts.processes, Unknown) and not isinstance(judged(facts), Unknown)
        return Verdict(tuple(seen), frozenset({PREFIX}) if known else frozenset())

    def _processes(self, processes: Processes | Unknown, now: datetime) -> list[Observation]:
        if isinstance(processes, Unknown):
            return [
                _subject(f"{command}:{what}").unknown(processes.reason)
                for command in self.commands
                for what in ("process", "restarts")
            ]
        all_down = all(one.trees == 0 and not one.denied for one in processes.scrapers)
        level = Severity.CRITICAL if all_down else Severity.ERROR
        return [
            seen
            for scraper in processes.scrapers
            for seen in (self._process(scraper, level, now), self._restarts(scraper))
        ]

    def _process(self, scraper: Scraper, level: Severity, now: datetime) -> Observation:
        subject = _subject(f"{scraper.command}:process")
        values: dict[str, Value] = {"command": self._shown(scraper.command)}
        if scraper.trees:
            up_s = 0.0 if scraper.started is None else (now - scraper.started).total_seconds()
            values |= {"n": scraper.trees, "up_s": max(0.0, up_s)}
            return subject.ok(Phrase("scraper.process.ok", values), value=float(scraper.trees))
        if scraper.denied:
            return subject.unknown(Phrase("unknown.denied", values))
        if scraper.zombie:
            return subject.fail(level, Phrase("scraper.process.zombie", values))
        if scraper.last_seen is None:
            return subject.fail(level, Phrase("scraper.process.never", values))
        values["gone_s"] = max(0.0, (now - scraper.last_seen).total_seconds())
        return subject.fail(level, Phrase("scraper.process.down", values))

    def _shown(self, command: str) -> str:
        """Return the script's name alone, where no other command shares it."""
        names = [_name(one) for one in self.commands]
        return _name(command) if names.count(_name(command)) == 1 else command

    def _restarts(self, scraper: Scraper) -> Observation:
        subject = _subject(f"{scraper.command}:restarts")
        values: dict[str, Value] = {
            "command": self._shown(scraper.command),
            "n": scraper.starts,
            "window_s": scraper.window_s,
        }
        value, threshold = float(scraper.starts), float(self.max_starts)
        if scraper.starts < self.max_starts:
            return subject.ok(Phrase("scraper.restarts.ok", values), value=value)
        fact = Phrase("scraper.restarts.loop", values)
        return subject.fail(Severity.WARNING, fact, value=value, threshold=threshold)

    def _sources(self, facts: Facts) -> list[Observation]:
        data = judged(facts)
        if isinstance(data, Unknown):
            return [_subject(f"{name}:data").unknown(data.reason) for name in self.sources]
        seen = []
        for name in self.sources:
            found = source(data, name)
            if found is None or found.newest is None:  # freshness says so: nothing, or the future
                continue
            subject = _subject(f"{name}:data")
            bad = _content(found, name, facts)
            if bad is None:
                values: dict[str, Value] = {"source": name, "n": found.last_count}
                seen.append(subject.ok(Phrase("scraper.source.ok", values)))
            else:
                seen.append(subject.fail(Severity.WARNING, bad))
        return seen


def _content(found: Source, name: str, facts: Facts) -> Phrase | None:
    """Return what is wrong with what the source writes, None if nothing is."""
    values: dict[str, Value] = {"source": name}
    if found.frozen and found.newest_key is not None:
        quiet = facts.at.wall - found.newest_key
        gap = None if isinstance(facts.habits, Unknown) else of(facts.habits, name).gap
        if gap is None or quiet >= GAPS * gap:
            return Phrase("scraper.source.frozen", values | {"quiet_s": quiet.total_seconds()})
    elif found.stub:
        return Phrase("scraper.source.stub", values)
    if found.last_count == 0:
        return Phrase("scraper.source.empty", values)
    if found.shrunk is not None:
        values |= {"n": found.shrunk.most_lately, "usual": round(found.shrunk.usual_count or 0)}
        return Phrase("scraper.source.shrunk", values)
    return None


def _subject(rest: str) -> Subject:
    return Subject(key=f"{PREFIX}{rest}", check=NAME)


def _name(command: str) -> str:
    return command.replace("\\", "/").rstrip("/").rpartition("/")[2]

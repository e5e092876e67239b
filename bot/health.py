"""`health`: one look on the console, for people and for monitoring; knows nothing of Telegram."""

import argparse
import asyncio
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

from bot.looking import Ours, looking
from bot.settings import Settings
from handlers.views import i18n
from handlers.views.health import SUMMARIES, families, family_name, status, verdict
from handlers.views.text import visible
from jobs.alerts.overdue import alerts
from jobs.backup import NIGHTLY, WEEKLY
from jobs.lately import remembered
from jobs.probes.host import CpuMean, CpuReading
from jobs.snapshots import Backups
from jobs.watch import Cycle
from storage.alerts import Alerts
from storage.clock import resume, wall_now
from storage.database import Database
from storage.files import write_atomic
from storage.history import History
from storage.job_runs import JobRuns
from storage.outbox import Outbox
from storage.records import (
    Moment,
    Observation,
    Outcome,
    Phrase,
    Severity,
)

EXIT_OK, EXIT_WARNING, EXIT_FAILED, EXIT_UNKNOWN = 0, 1, 2, 3


def main(found: Settings, arguments: argparse.Namespace) -> int:
    """Print what one cycle found; the exit code is the one monitoring plugins use."""
    language = i18n.language(found.language, found.timezone)
    with Ours(found.state_dir) as lock, closing(_history(found.state_dir, lock.ours)) as history:
        cycle = asyncio.run(_look(found, history))
    code = exit_code(cycle)
    if arguments.json:
        document = as_document(cycle, language, code=code, service=lock.holder)
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(document)).decode() + "\n")
    else:
        sys.stdout.write("\n".join(as_lines(cycle, language)) + "\n")
    return code


def _history(folder: Path, ours: bool) -> History:  # noqa: FBT001 — a private two-way switch
    return History(folder / "history.sqlite", read_only=not ours)


async def _look(found: Settings, history: History) -> Cycle:
    """Run one cycle; the CPU's mean is counted from the last one-shots before this."""
    base = found.state_dir / "cpu.json"
    now = wall_now()
    parts = looking(
        found,
        clock=lambda: Moment(wall=now, logical_s=now.timestamp()),
        history=history,
    )
    parts.host.cpu = CpuMean(_cpu_base(base))
    parts.own.outbox_s = lambda _: _outbox_s(found.state_dir / "state.json")
    parts.backups.known = lambda at: _known(found.state_dir / "state.json", at)
    cycle = await parts.watch.run()
    if (cpu := parts.host.cpu.handover) is not None and not history.read_only:
        try:
            write_atomic(base, msgspec.json.encode(cpu))
        except OSError:
            return cycle  # the cycle's own finding about the state folder says so
    return cycle


def _outbox_s(path: Path) -> float | None:
    """Return how long the oldest alert was tried in vain, None where there is no state yet."""
    if not path.exists():
        return None
    database = Database(path, read_only=True)
    now_s = resume(Alerts(database).moment())().logical_s
    tried = [row for row in alerts(Outbox(database).live()) if row.attempts]
    return max((now_s - row.created_s for row in tried), default=0.0)


def _known(path: Path, at: Moment) -> Backups:
    """Return what the service's calendar remembers of the backups; nothing where there is none."""
    if not path.exists():
        return Backups()
    runs = JobRuns(Database(path, read_only=True))
    nightly, weekly = (runs.of(name).values() for name in (NIGHTLY, WEEKLY))
    return remembered(Backups(), nightly=nightly, weekly=weekly, begun=at)


def _cpu_base(path: Path) -> CpuReading | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=CpuReading)
    except (OSError, msgspec.DecodeError):
        return None


def exit_code(cycle: Cycle) -> int:
    """Return 2 for ERROR and CRITICAL, 1 for WARNING, 3 where only something is unknown."""
    if cycle.level >= Severity.ERROR:
        return EXIT_FAILED
    if cycle.level == Severity.WARNING:
        return EXIT_WARNING
    unknown = any(seen.outcome is Outcome.UNKNOWN for seen in cycle.observations)
    return EXIT_UNKNOWN if unknown else EXIT_OK


def as_lines(cycle: Cycle, language: i18n.Language) -> list[str]:
    """Return the verdict, a line per family, then everything that is not well."""
    lines = [visible(verdict(cycle, language)), ""]
    for family in families(cycle):
        seen = [each for each in cycle.observations if each.check == family]
        word = language.plain(f"status.{status(seen)}")
        name = family_name(family, language)
        said = SUMMARIES[family](cycle.facts, seen, language) if family in SUMMARIES else ""
        lines.append(f"{name:<12} {word:<9} {said}".rstrip())
    troubles = [seen for seen in cycle.observations if seen.outcome is not Outcome.OK]
    for trouble in sorted(troubles, key=lambda each: (-each.level, each.key)):
        unknown = trouble.outcome is Outcome.UNKNOWN
        word = language.plain(
            "status.unknown" if unknown else f"level.{trouble.level.name.lower()}"
        )
        lines += ["", f"{word} {language.plain(trouble.fact)}  [{trouble.key}]"]
        lines += [f"    {language.plain(proof)}" for proof in trouble.evidence]
        hint = Phrase(f"{trouble.fact.key}.try", trouble.fact.values)
        if language.has(hint.key):
            lines.append(f"    → {language.plain(hint)}")
    return lines


def as_document(
    cycle: Cycle, language: i18n.Language, *, code: int, service: int | None
) -> dict[str, Any]:
    """Return everything the cycle found; times are ISO 8601 in UTC, `service` a process id."""
    return {
        "level": cycle.level.name,
        "exit_code": code,
        "at": cycle.at.wall,
        "took_s": round(cycle.took_s, 3),
        "service": service,
        "checks": [_as_row(seen, language) for seen in cycle.observations],
    }


def _as_row(seen: Observation, language: i18n.Language) -> dict[str, Any]:
    return {
        "key": seen.key,
        "family": seen.check,
        "outcome": seen.outcome,
        "level": seen.level.name,
        "fact": language.plain(seen.fact),
        "value": seen.value,
        "threshold": seen.threshold,
        "evidence": [language.plain(proof) for proof in seen.evidence],
    }

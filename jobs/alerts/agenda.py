"""What may be sent now, by channel, and when to look again; a look costs little in a storm."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jobs.alerts.boot import Boot
from jobs.alerts.enqueue import SOUNDLESS
from jobs.alerts.holding import Holding
from jobs.alerts.waits import Waits
from storage.chats import Chats, parts
from storage.incidents import Delivery, Status
from storage.outbox import Outbox
from storage.records import Moment


@dataclass(frozen=True, slots=True)
class Agenda:
    """What may be sent now, by channel and most urgent first; and when to look again."""

    due: Mapping[str, tuple[Delivery, ...]]
    next_s: float = math.inf


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A channel's rows in order of urgency, as long as no commit touched them."""

    group: Mapping[str, Delivery]
    rows: tuple[Delivery, ...]


class Looking:
    """Looks through what waits; remembers the order of the channels nothing happened to."""

    def __init__(self, outbox: Outbox, chats: Chats, boot: Boot) -> None:
        self._outbox = outbox
        self._chats = chats
        self._boot = boot
        self._known: dict[str, _Ranked] = {}
        self.waits = Waits()

    def agenda(self, holding: Holding, *, at: Moment) -> Agenda:
        """Return what may go now; rows held back, paused or shut out wait for `next_s`."""
        due: dict[str, tuple[Delivery, ...]] = {}
        later = [mute.until_s for mute in holding.mutes]
        later += [chat.probe_s for chat in self._chats.all() if chat.disabled]
        waiting = self._outbox.channels()
        ranked = {channel: self._ranked(channel, group) for channel, group in waiting.items()}
        self._known = ranked
        self.waits.forget(row for group in waiting.values() for row in group.values())
        for channel, found in ranked.items():
            chat = self._chats.get(parts(channel)[0])
            if chat.disabled:
                continue
            if chat.paused_s > at.logical_s:
                later.append(chat.paused_s)
                continue
            if holding.free(channel) and not self._boot.lasts(at=at):
                free = tuple(row for row in found.rows if row.status is not Status.SENDING)
                self.waits.free(free, at_s=at.logical_s)
            else:
                free, next_s = self._free(found.rows, holding, at=at)
                later.append(next_s)
            if free:
                due[channel] = free
        return Agenda(due, min(later, default=math.inf))

    def _free(
        self, rows: Iterable[Delivery], holding: Holding, *, at: Moment
    ) -> tuple[tuple[Delivery, ...], float]:
        """Return the rows that may go now, and when the next of the others may."""
        free: list[Delivery] = []
        next_s, now_s = math.inf, at.logical_s
        starting = self._boot.lasts(at=at)
        for row in rows:
            if row.status is Status.SENDING:
                continue
            hold = holding.hold(row)
            if hold is None:
                self.waits.free((row,), at_s=now_s)
            else:
                self.waits.hold(row, until_s=hold.until_s)
            if hold is None and not starting:
                free.append(row)
                continue
            wait_s = -math.inf if hold is None else hold.until_s
            if starting:
                wait_s = max(wait_s, self._boot.until_s(row, at=at))
            if wait_s > now_s:
                next_s = min(next_s, wait_s)
            else:
                free.append(row)
        return tuple(free), next_s

    def _ranked(self, channel: str, group: Mapping[str, Delivery]) -> _Ranked:
        known = self._known.get(channel)
        if known is not None and known.group is group:
            return known
        return _Ranked(group, tuple(sorted(group.values(), key=_urgency)))


def _urgency(row: Delivery) -> tuple[bool, int, int]:
    return (row.kind in SOUNDLESS, -row.level, row.id)

"""What a storm left behind: in the chat, by what can be read there; on the disk, by every look."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from handlers.views.card import GLYPHS
from storage.database import Database
from storage.incidents import Delivery, Incident, Kind, Status
from storage.outbox import LIVE
from storage.records import Severity


@dataclass
class Chat:
    """Everything that was ever to be read in the chat: the versions of each message."""

    versions: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))

    def heard(self, event: Mapping[str, Any]) -> None:
        """Note what the bot posted or edited."""
        if event["kind"] in {"message", "changed"} and event["post"].by_bot:
            self.versions[event["post"].id].append(event["post"].text)

    def first_shown(self) -> dict[int, dict[int, tuple[bool, str]]]:
        """Return, by incident and message: did it first stand there as open, and in which text."""
        found: dict[int, dict[int, tuple[bool, str]]] = defaultdict(dict)
        for message, texts in sorted(self.versions.items()):
            for text in texts:
                for number, is_open in shown(text).items():
                    found[number].setdefault(message, (is_open, text))
        return found

    def count(self, message: int) -> int:
        """Return of how many alerts a message told at most."""
        return max((counted(text) for text in self.versions.get(message, ())), default=0)

    def closes(self, number: int) -> bool:
        """Return whether some message, as it stands, shows the incident as over."""
        return any(shown(texts[-1]).get(number) is False for texts in self.versions.values())

    def repeats(self) -> dict[int, list[str]]:
        """Return the messages that say what another one said before, with those versions."""
        again: dict[int, list[str]] = defaultdict(list)
        for places in self.first_shown().values():
            for wanted in (True, False):
                same = [(m, text) for m, (is_open, text) in places.items() if is_open is wanted]
                for message, text in same[1:]:
                    again[message].append(text)
        return again


def shown(text: str) -> dict[int, bool]:
    """Return the incidents one can read of in a message, and whether each is open there."""
    over = GLYPHS[Severity.OK]
    if counted(text) > 1:
        rows = re.findall(r"^(\S+) #(\d+) ", text, re.MULTILINE)
        return {int(number): glyph != over for glyph, number in rows}
    numbers = re.findall(r"^#(\d+) · ", text, re.MULTILINE)
    return {int(number): not text.startswith(over) for number in numbers[-1:]}


def counted(text: str) -> int:
    """Return of how many alerts a message says it tells."""
    found = re.match(r"\S+ (\d+) alerts?$", text.partition("\n")[0])
    return int(found[1]) if found else len(re.findall(r"^#\d+ · ", text, re.MULTILINE)[-1:])


@dataclass
class Witness:
    """Every incident and delivery that ever stood on the disk, as it stood last."""

    folder: Path
    incidents: dict[int, Incident] = field(default_factory=dict)
    rows: dict[int, Delivery] = field(default_factory=dict)
    _open: list[Incident] = field(default_factory=list)

    def look(self) -> list[Delivery]:
        """Read the state, which has to open and to be whole; return what waits to be told."""
        found = Database(self.folder / "state.json", read_only=True)
        assert not found.damaged
        rows = found.table("outbox", Delivery).all()
        self.rows.update((row.id, row) for row in rows)
        incidents = found.table("incidents", Incident).all()
        self.incidents.update((one.number, one) for one in incidents)
        self._open = [one for one in incidents if one.closed is None and ours(one.key)]
        return [row for row in rows if row.status in LIVE and ours(row.key)]

    def half_written(self) -> bool:
        """Return whether a write of the state was under way when the bot died."""
        return any((self.folder / f".state.json{end}.tmp").exists() for end in ("", ".prev"))

    def open(self) -> list[Incident]:
        """Return what was open at the last look; what is over is soon forgotten."""
        return self._open

    def of(self, number: int, kinds: frozenset[Kind]) -> list[Delivery]:
        """Return the deliveries of an incident that were accepted."""
        rows = self.rows.values()
        return [
            row
            for row in rows
            if row.incident == number and row.kind in kinds and row.status is Status.SENT
        ]


def ours(key: str) -> bool:
    """Return whether a key is of the storm, and not of the machine it runs on."""
    return key.startswith("integrity:")

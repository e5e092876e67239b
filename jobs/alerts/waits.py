"""When what was held back became free to go: from then on, a delay is Vigie's or Telegram's.

Kept in memory: a process that starts anew sees again what is still held.
"""

from collections.abc import Iterable

from storage.incidents import Delivery


class Waits:
    """Rows that are held back, and since when others no longer are (logical seconds)."""

    def __init__(self) -> None:
        self._held: dict[int, float] = {}
        self._freed: dict[int, float] = {}

    def hold(self, row: Delivery, *, until_s: float) -> None:
        """Note that a row is held back until then, or until it is seen free before."""
        self._held[row.id] = until_s

    def free(self, rows: Iterable[Delivery], *, at_s: float) -> None:
        """Note that nothing holds these rows at that time."""
        for row in rows if self._held else ():
            until_s = self._held.pop(row.id, None)
            if until_s is not None:
                self._freed[row.id] = min(until_s, at_s)

    def free_s(self, row: Delivery) -> float | None:
        """Return since when a row may go, what it knows itself where it was never held since."""
        return self._freed.get(row.id, row.free_s)

    def forget(self, live: Iterable[Delivery]) -> None:
        """Forget all rows but these: the others are done."""
        if self._held or self._freed:
            ids = {row.id for row in live}
            self._held = {key: at for key, at in self._held.items() if key in ids}
            self._freed = {key: at for key, at in self._freed.items() if key in ids}

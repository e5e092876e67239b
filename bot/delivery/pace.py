"""How fast delivery may speak: inside Telegram's limits, with room for replies. Pure."""

from collections import defaultdict, deque

GAP_S = 1.0
WINDOW_S = 60.0
PER_WINDOW = 15  # Telegram allows a group 20; five are kept for answers to commands
EDITS_PER_WINDOW = 10  # edits of the cards never take the room of an alert
ALL_PER_S = 28  # Telegram allows 30 a second over all chats


class Pace:
    """When each chat may be called next; times are seconds of one steady clock."""

    def __init__(self) -> None:
        self._calls: dict[int, deque[float]] = defaultdict(deque)
        self._begun: deque[float] = deque(maxlen=ALL_PER_S)

    def wait_s(self, chat_id: int, *, now_s: float, edit: bool = False) -> float:
        """Return how long to wait before a call to the chat, 0 for none."""
        calls = self._calls[chat_id]
        while calls and calls[0] <= now_s - WINDOW_S:
            calls.popleft()
        limit = EDITS_PER_WINDOW if edit else PER_WINDOW
        waits = [0.0]
        if len(self._begun) == ALL_PER_S:
            waits.append(self._begun[0] + 1.0 - now_s)
        if calls:
            waits.append(calls[-1] + GAP_S - now_s)
        if len(calls) >= limit:
            waits.append(calls[len(calls) - limit] + WINDOW_S - now_s)
        return max(waits)

    def begun(self, *, now_s: float) -> None:
        """Note that a call starts now, to whatever chat."""
        self._begun.append(now_s)

    def called(self, chat_id: int, *, now_s: float) -> None:
        """Note that a call to the chat ended now: Telegram counts it between its start and here."""
        self._calls[chat_id].append(now_s)

    def moved(self, old: int, new: int) -> None:
        """Count a chat's calls for the one it became: its members read them all."""
        calls = sorted([*self._calls.pop(old, ()), *self._calls[new]])
        self._calls[new] = deque(calls)

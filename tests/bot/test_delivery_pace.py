from collections.abc import Callable

import pytest

from bot.delivery.pace import EDITS_PER_WINDOW, PER_WINDOW, Pace


def calls(pace: Pace, chat: Callable[[int], int], *, edit: bool = False) -> list[float]:
    """Call as fast as the pace allows, a hundred times; return when."""
    now_s, times = 0.0, []
    for number in range(100):
        wait_s = pace.wait_s(chat(number), now_s=now_s, edit=edit)
        now_s += max(0.0, wait_s)
        pace.begun(now_s=now_s)
        pace.called(chat(number), now_s=now_s)
        times.append(now_s)
    return times


def most(times: list[float], within_s: float) -> int:
    """Return the most calls in any such span."""
    return max(sum(start <= time < start + within_s for time in times) for start in times)


@pytest.mark.parametrize(("edit", "limit"), [(False, PER_WINDOW), (True, EDITS_PER_WINDOW)])
def test_one_chat_keeps_its_windows(edit: bool, limit: int) -> None:  # noqa: FBT001
    """I9: one a second and fifteen a minute, ten where they are edits; no slower than that."""
    times = calls(Pace(), lambda _: 7, edit=edit)
    assert most(times, 1.0) == 1
    assert most(times, 60.0) == limit


def test_a_group_keeps_its_window_when_it_becomes_a_supergroup() -> None:
    """What was said under the old id counts: nobody reads thirty messages in a minute."""
    pace = Pace()
    for second in range(PER_WINDOW):
        pace.called(-5, now_s=float(second))
    pace.called(-1005, now_s=3.5)
    pace.moved(-5, -1005)
    assert pace.wait_s(-1005, now_s=20.0) == 41.0
    assert pace.wait_s(-5, now_s=20.0) == 0.0


def test_all_chats_together_stay_below_thirty_a_second() -> None:
    """Twenty-eight, whatever the number of chats."""
    assert most(calls(Pace(), lambda number: number), 1.0) == 28

from datetime import timedelta
from pathlib import Path

from storage.database import Database
from storage.picks import KEPT, Pick, Picks, Verdict
from tests.storage.folder import NOON

GROUP, SUPERGROUP = -7, -1007


def pick(n: int, verdict: Verdict = Verdict.HIDDEN, *, minutes: int = 0) -> Pick:
    at = NOON + timedelta(minutes=minutes or n)
    return Pick(key=f"{n:016x}", verdict=verdict, title=f"Quest {n}", by="Ada", at=at)


def picks(folder: Path) -> Picks:
    return Picks(Database(folder / "state.json"))


def test_what_is_put_away_outlives_a_restart_in_its_chat_alone(tmp_path: Path) -> None:
    """The latest first; a second press changes the verdict, and nothing is there twice."""
    kept = picks(tmp_path)
    for each in (pick(1), pick(2), pick(1, Verdict.DONE, minutes=9)):
        kept.put([7], each)
    again = picks(tmp_path)
    assert [(p.key[-1], p.verdict) for p in again.of([7])] == [("1", "done"), ("2", "hidden")]
    assert again.of([8]) == ()


def test_taken_back_it_is_gone(tmp_path: Path) -> None:
    """What it was is returned once."""
    kept = picks(tmp_path)
    kept.put([7], pick(1))
    assert kept.take_back([7], pick(1).key) == pick(1)
    assert kept.take_back([7], pick(1).key) is None
    assert picks(tmp_path).of([7]) == ()


def test_beyond_the_bound_the_oldest_come_back(tmp_path: Path) -> None:
    """The state file stays small, whoever hides a thousand things."""
    kept = picks(tmp_path)
    for n in range(1, KEPT + 4):
        kept.put([7], pick(n))
    found = kept.of([7])
    assert len(found) == KEPT
    assert (found[0].title, found[-1].title) == (f"Quest {KEPT + 3}", "Quest 4")
    assert (tmp_path / "state.json").stat().st_size < 60_000


def test_a_group_that_moved_keeps_what_it_put_away(tmp_path: Path) -> None:
    """Under both ids, from then on under the present one."""
    kept = picks(tmp_path)
    kept.put([GROUP], pick(1))
    moved = [SUPERGROUP, GROUP]
    kept.put(moved, pick(2))
    assert [p.title for p in kept.of(moved)] == ["Quest 2", "Quest 1"]
    assert kept.of([GROUP]) == ()
    assert kept.take_back(moved, pick(1).key) == pick(1)
    assert [p.title for p in kept.of(moved)] == ["Quest 2"]

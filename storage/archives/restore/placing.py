"""The one moment a restore becomes irrevocable, and everything after it, however interrupted."""

import contextlib
from collections.abc import Mapping
from typing import Literal

import msgspec

from storage.archives.disk import Disk
from storage.archives.findings import Placed
from storage.archives.restore import journal as journals
from storage.archives.restore.folders import discard
from storage.archives.restore.journal import Journal
from storage.archives.restore.moves import Moves, clear_away
from storage.archives.restore.places import Place
from storage.archives.restore.swapping import put


class Resumed(msgspec.Struct, frozen=True):
    """What became of one root's unfinished restore.

    `waiting`: nothing of the root was touched; the same restore goes on where it stopped.
    """

    id: str
    root: str
    outcome: Literal["finished", "waiting"]
    only: tuple[str, ...] = ()
    placed: Placed | None = None


def place(
    disk: Disk, places: Mapping[str, Place], plans: Mapping[str, Journal]
) -> tuple[Placed, ...]:
    """Put all staged roots in place, together.

    The first journal that says `placing` decides for all; it is also the last to go. Raises
    OSError: then either everything is where it was and waits again, or `resume` goes on.
    """
    moves, begun = Moves(disk), any(plan.phase == "placing" for plan in plans.values())
    try:
        for root in sorted(plans):
            _say(disk, places[root], plans[root], "placing")
        for root in sorted(plans, reverse=True):
            put(moves, places[root], plans[root])
    except OSError:
        if not begun and moves.take_back():  # what is refused for good would be at each start
            _wait_again(disk, places, plans)
        raise
    placed = []
    for root, plan in sorted(plans.items(), reverse=True):
        depot = places[root].depot
        discard(disk, depot / plan.staging)
        journals.drop(disk, places[root])
        kept = depot / plan.kept
        there = kept if disk.exists(kept) else None
        placed.append(Placed(root=root, path=places[root].target, kept=there))
    return tuple(placed[::-1])


def give_up(disk: Disk, where: Place, plan: Journal) -> None:
    """Delete what is staged and not decided. Raises OSError."""
    discard(disk, where.depot / plan.staging)
    journals.drop(disk, where)


def _wait_again(disk: Disk, places: Mapping[str, Place], plans: Mapping[str, Journal]) -> None:
    """Have it decided anew; the last journal to say so lets all of them wait."""
    with contextlib.suppress(OSError):
        for root, plan in sorted(plans.items(), reverse=True):
            clear_away(disk, places[root].depot / plan.kept)
            _say(disk, places[root], plan, "staging")


def _say(disk: Disk, where: Place, plan: Journal, phase: Literal["staging", "placing"]) -> None:
    journals.save(disk, where, msgspec.structs.replace(plan, phase=phase))


def resume(disk: Disk, places: Mapping[str, Place]) -> tuple[Resumed, ...]:
    """Finish every restore of these roots that was decided; say which others wait.

    Cheap where there is none. Raises OSError, and can be called again then.
    """
    found = {root: journals.load(disk, where) for root, where in places.items()}
    plans = {root: journal for root, journal in found.items() if journal is not None}
    decided = {plan.token for plan in plans.values() if plan.phase == "placing"}
    due = {root: plan for root, plan in plans.items() if plan.token in decided}
    placed = {each.root: each for each in place(disk, places, due)}
    return tuple(
        Resumed(
            id=plan.id,
            root=root,
            outcome="finished" if root in placed else "waiting",
            only=plan.only,
            placed=placed.get(root),
        )
        for root, plan in plans.items()
    )

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
from storage.archives.restore.places import Place
from storage.archives.restore.swapping import finish


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
    OSError: then either nothing was moved and all of it waits again, or `resume` goes on.
    """
    for root in sorted(plans):
        _say(disk, places[root], plans[root], "placing")
    placed: list[Placed] = []
    for root in sorted(plans, reverse=True):
        try:
            placed.append(finish(disk, places[root], plans[root]))
        except OSError:
            if not placed:
                _take_back(disk, places, plans, moved=root)
            raise
    return tuple(placed[::-1])


def give_up(disk: Disk, where: Place, plan: Journal) -> None:
    """Delete what is staged and not decided. Raises OSError."""
    discard(disk, where.depot / plan.staging)
    journals.drop(disk, where)


def _take_back(
    disk: Disk, places: Mapping[str, Place], plans: Mapping[str, Journal], *, moved: str
) -> None:
    """Let a restore wait again, where the system refused to move its very first folder.

    Otherwise a folder that can never be moved would be tried again at every start.
    """
    plan, depot = plans[moved], places[moved].depot
    with contextlib.suppress(OSError):
        staged = disk.exists(depot / plan.staging)
        touched = plan.way != "swap" or disk.exists(depot / plan.kept)
        if staged and not touched:
            for root in sorted(plans, reverse=True):
                _say(disk, places[root], plans[root], "staging")


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

"""Roots that hold much less than they did: a snapshot of them is one, and no good news. No I/O.

A loss, once found, is handed on from snapshot to snapshot: it ends when the files are back, or
when somebody says that it was meant so; never because time passed.
"""

import statistics
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import msgspec

from storage.archives.manifest import Figures, Flag, Head, Loss, Night, Note

HALF = 2
USUAL_OF = 7  # snapshots: what a root usually holds is their median
LEAST_USUAL = 4  # files: below that, half of them says nothing
SAMPLE = 100  # paths: enough to tell whether half of them are back


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot in the making: how much each root holds, and which paths there are.

    `paths_of` gives those of an earlier snapshot by its id, none where it cannot be read.
    """

    night: Night
    roots: Collection[str]
    present: Collection[str]
    paths_of: Callable[[str], Iterable[str]]


class Found(msgspec.Struct, frozen=True):
    """The losses that are open, a note for each, and how much there was in the last nights."""

    losses: tuple[Loss, ...]
    notes: tuple[Note, ...]
    nights: tuple[Night, ...]


def counts(figures: Mapping[str, Figures]) -> dict[str, int]:
    """Return the number of files by root."""
    return {root: each.files for root, each in figures.items()}


def look(seen: Look, previous: Head | None, *, meant: bool) -> Found:
    """Return what is lost, beside the `previous` snapshot and what that hands on.

    With `meant`, what was told of by then is as it should be; what is new is told all the same.
    """
    nights = () if previous is None else _nights(previous)
    known = () if previous is None or meant else previous.losses
    if meant:
        nights = nights[-1:]
    losses = [loss for loss in known if loss.root in seen.roots and not _back(loss, seen.present)]
    for root in sorted(set(seen.roots) - {loss.root for loss in losses}):
        whole = _whole(root, seen.night.files.get(root, 0), nights)
        if whole is not None:
            losses.append(_loss(root, whole, seen))
    return Found(
        losses=tuple(losses),
        notes=tuple(_note(loss, seen.night.files.get(loss.root, 0)) for loss in losses),
        nights=(*nights, seen.night)[-USUAL_OF:],
    )


def recalled(known: Iterable[Head], paths_of: Callable[[str], Iterable[str]]) -> Head | None:
    """Return the last of these, oldest first, with what it would hand on had it known how.

    An earlier Vigie handed nothing on: what it lost is found again by what each snapshot held.
    """
    last: Head | None = None
    for each in known:
        seen = Look(
            night=Night(each.id, each.started, counts(each.figures)),
            roots=each.roots,
            present=frozenset(paths_of(each.id)),
            paths_of=paths_of,
        )
        found = look(seen, last, meant=False)
        last = msgspec.structs.replace(each, losses=found.losses, nights=found.nights)
    return last


def behind(each: Head, losses: Iterable[Loss]) -> bool:
    """Tell whether it was made after a loss, by its own notes or by what the newest hands on.

    An earlier Vigie told of a loss once, and not in what it made the nights behind.
    """
    return each.after_loss or any(loss.found <= each.started for loss in losses)


def _nights(previous: Head) -> tuple[Night, ...]:
    """Return what it hands on; where an earlier Vigie made it, what it holds itself."""
    own = Night(previous.id, previous.started, counts(previous.figures))
    return previous.nights or (own,)


def _whole(root: str, n: int, nights: Sequence[Night]) -> Night | None:
    """Return the last night with more than twice as many files, None where there is no loss.

    There is one where half is gone since the night before, or is of what is usual.
    """
    held = [night.files.get(root, 0) for night in nights]
    if not held or n >= held[-1]:
        return None
    usual = statistics.median(held)
    if n * HALF >= held[-1] and (usual < LEAST_USUAL or n * HALF >= usual):
        return None
    return next(night for night in reversed(nights) if night.files.get(root, 0) > n * HALF)


def _loss(root: str, whole: Night, seen: Look) -> Loss:
    before = (path for path in seen.paths_of(whole.id) if path.startswith(f"{root}/"))
    gone = sorted(path for path in before if path not in seen.present)
    return Loss(
        root=root,
        id=whole.id,
        at=whole.at,
        files=whole.files.get(root, 0),
        found=seen.night.at,
        gone=tuple(gone[:: len(gone) // SAMPLE + 1]),
    )


def _back(loss: Loss, present: Collection[str]) -> bool:
    """Tell whether half of what was lost is there again, whatever it holds by now."""
    back = sum(path in present for path in loss.gone)
    return bool(loss.gone) and back * HALF >= len(loss.gone)


def _note(loss: Loss, n: int) -> Note:
    if not n:
        return Note(loss.root, Flag.EMPTY)
    return Note(loss.root, Flag.SHRUNK, f"{n} of {loss.files} files")

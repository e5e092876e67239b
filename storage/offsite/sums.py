"""The list beside each off-site snapshot: what belongs to it, as `sha256sum -c` reads it. Pure.

It says in the clear which archives a snapshot needs, and what lies there as SHA-256, before and
after encryption: so a machine that holds no secret key can still check, prune and go on. It
names archives only; the names of the files inside are in the manifest, which is encrypted. What
else a machine must know that has no manifest, to thin out as one that has, are comments.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from storage.archives.manifest import SNAP, manifest_name

SUMS_END = ".sha256"
SEALED_END = ".age"
SUMS_NAME = re.compile(r"snap-(\d{8}T\d{6}Z)\.sha256")
SEALED = re.compile(r"(?P<plain>.+)\.[0-9a-f]{8}\.age")
LINE = re.compile(r"([0-9a-f]{64})  ([\w.-]+)")
SIZE = re.compile(r"# (\d+) bytes  ([\w.-]+)")
BEGUN = re.compile(r"# begun (\S+)")
WHOLE = re.compile(r"# files were lost behind (\d{8}T\d{6}Z)")
EMPTY = "# a folder was found empty"
CLEAN, SOUND = "clean", "sound"
STATE = re.compile(rf"# Vigie snapshot \d{{8}}T\d{{6}}Z, ({CLEAN}|{SOUND})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of a snapshot: its own name and hash, and how it lies off-site."""

    name: str
    sha256: str
    stored_name: str
    stored_sha256: str
    stored_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a snapshot consists of off-site; the manifest is the last item.

    `started`, `empty` and `whole` are those of the manifest; an older list says none of them.
    """

    id: str
    clean: bool
    items: tuple[Item, ...]
    started: datetime | None = None
    empty: bool = False
    whole: tuple[str, ...] = ()

    @property
    def manifest(self) -> Item:
        """The manifest among its items."""
        return self.items[-1]

    @property
    def archives(self) -> tuple[Item, ...]:
        """The archives among its items, in the order they are unpacked in."""
        return self.items[:-1]


def sums_name(snapshot_id: str) -> str:
    """Return the name of a snapshot's list."""
    return f"{SNAP}{snapshot_id}{SUMS_END}"


def sealed_name(name: str, mark: str) -> str:
    """Return the name a file has once it is encrypted; `mark` tells for whom."""
    return f"{name}.{mark}{SEALED_END}"


def plain_name(stored_name: str) -> str:
    """Return the name a file has at home."""
    found = SEALED.fullmatch(stored_name)
    return stored_name if found is None else found["plain"]


def write(sums: Sums) -> str:
    """Return the list as text."""
    lines = [
        f"# Vigie snapshot {sums.id}, {CLEAN if sums.clean else SOUND}",
        f"# sha256sum -c --ignore-missing {sums_name(sums.id)}",
    ]
    if sums.started is not None:
        lines.append(f"# begun {sums.started.isoformat()}")
    if sums.empty:
        lines.append(EMPTY)
    lines += [f"# files were lost behind {one}" for one in sums.whole]
    for item in sums.items:
        lines.append(f"# {item.stored_bytes} bytes  {item.stored_name}")
        lines.append(f"{item.stored_sha256}  {item.stored_name}")
        if item.stored_name != item.name:
            lines.append(f"{item.sha256}  {item.name}")
    return "\n".join([*lines, ""])


def read(snapshot_id: str, text: str) -> Sums:
    """Return what the list says. Raise ValueError where it is no whole list of that snapshot."""
    lines = text.splitlines()
    state = STATE.fullmatch(lines[0]) if lines else None
    hashes = {found[2]: found[1] for line in lines if (found := LINE.fullmatch(line))}
    sizes = {found[2]: int(found[1]) for line in lines if (found := SIZE.fullmatch(line))}
    items = tuple(
        Item(
            name=plain_name(name),
            sha256=hashes.get(plain_name(name), ""),
            stored_name=name,
            stored_sha256=hashes.get(name, ""),
            stored_bytes=size,
        )
        for name, size in sizes.items()
    )
    whole = all(item.sha256 and item.stored_sha256 for item in items)
    if state is None or not whole or not text.endswith("\n"):
        msg = "is no whole list"
        raise ValueError(msg)
    if [item.name for item in items[-1:]] != [manifest_name(snapshot_id)]:
        msg = "names no manifest of its own"
        raise ValueError(msg)
    begun = next((found[1] for line in lines if (found := BEGUN.fullmatch(line))), "")
    return Sums(
        id=snapshot_id,
        clean=state[1] == CLEAN,
        items=items,
        started=aware(begun) if begun else None,
        empty=EMPTY in lines,
        whole=tuple(found[1] for line in lines if (found := WHOLE.fullmatch(line))),
    )


def aware(text: str) -> datetime:
    """Return a time as it is written there. Raise ValueError for what is none, or has no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        msg = "has a time without a zone"
        raise ValueError(msg)
    return at

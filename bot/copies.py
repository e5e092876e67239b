"""The copies of the backups off this machine, and what their troubles are called in the chat."""

import importlib
import logging
from collections.abc import Callable
from typing import Protocol, TypeAlias, cast

from bot.settings import Settings
from jobs.copies import phrase
from storage.archives.keep.retention import Policy
from storage.archives.manifest import Manifest
from storage.clock import wall_now
from storage.offsite.chat import Chat, ChatPlace
from storage.offsite.copies import Offsite
from storage.offsite.opening import open_offsite, open_seal
from storage.offsite.results import Pushed
from storage.offsite.trouble import OffsiteError, Trouble
from storage.records import Phrase

LOG = logging.getLogger("vigie.offsite")
Copy: TypeAlias = Callable[[Manifest], Phrase | None]


class _Module(Protocol):
    def chat(self, found: Settings) -> Chat: ...


def copies(found: Settings) -> Offsite | None:
    """Return the off-site copies, None where no destination is set; asks nobody yet.

    Raises OffsiteError where destination or keys can never do.
    """
    if not found.backup_offsite:
        return None
    if not found.backup_offsite.startswith("telegram:"):
        return open_offsite(found.offsite, found.backup_dir, clock=wall_now)
    module = cast(_Module, importlib.import_module("bot.chat_copies"))
    place = ChatPlace(module.chat(found))
    return Offsite(place, found.backup_dir, clock=wall_now, seal=open_seal(found.offsite))


def pushing(made: Offsite, policy: Policy) -> Copy:
    """Return what copies a snapshot and then thins the copies out; blocks, raises nothing."""

    def push(manifest: Manifest) -> Phrase | None:
        try:
            pushed = _pushed(made, manifest, policy)
            dropped = made.thin_out(policy)
        except OffsiteError as error:
            LOG.warning("%s", error)
            return phrase(error)
        LOG.info(
            "copied %s to %s: %d bytes sent, %d files deleted there",
            pushed.id, made.where, pushed.sent_bytes, dropped.files,
        )  # fmt: skip
        return None

    return push


def _pushed(made: Offsite, manifest: Manifest, policy: Policy) -> Pushed:
    """Copy it; where there is no room, what need not stay there goes first."""
    try:
        return made.push(manifest)
    except OffsiteError as error:
        if error.trouble is not Trouble.FULL or not made.thin_out(policy).files:
            raise
    return made.push(manifest)


def checking(made: Offsite) -> Copy:
    """Return what reads a snapshot's copy back, every byte; blocks, raises nothing."""

    def check(manifest: Manifest) -> Phrase | None:
        try:
            checked = made.check(manifest)
        except OffsiteError as error:
            LOG.warning("%s", error)
            return phrase(error)
        if checked.ok:
            return None
        first = checked.damaged[0]
        found = OffsiteError(Trouble.DAMAGED, made.where, name=first.name, said=first.why)
        LOG.warning("%s", found)
        return phrase(found)

    return check

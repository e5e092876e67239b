"""From a destination's URL to its copies; who sets none loads none of the libraries."""

import importlib
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from storage.offsite.copies import Offsite
from storage.offsite.place import Place
from storage.offsite.target import Target
from storage.offsite.trouble import OffsiteError, Trouble

if TYPE_CHECKING:
    from storage.offsite.sealing import Seal

MODULES: Mapping[str, str] = {"s3": "storage.offsite.s3", "file": "storage.offsite.folder"}


class _Module(Protocol):
    def place(self, target: Target) -> Place: ...


def open_offsite(target: Target, folder: Path, *, clock: Callable[[], datetime]) -> Offsite:
    """Return the off-site copies of a folder of backups; asks nobody yet.

    Raises OffsiteError: Trouble.URL for a destination of no known kind, Trouble.RECIPIENTS for
    keys of age that are none, or do not belong together.
    """
    place = open_place(target)
    return Offsite(place, folder, clock=clock, seal=open_seal(target))


def open_place(target: Target) -> Place:
    """Return the destination. Raise OffsiteError, Trouble.URL, for one of no known kind."""
    scheme = target.url.partition("://")[0]
    if scheme not in MODULES:
        raise OffsiteError(Trouble.URL, f"{scheme}://…")
    return cast(_Module, importlib.import_module(MODULES[scheme])).place(target)


def open_seal(target: Target) -> "Seal | None":
    """Return what encrypts, None without recipients. Raise OffsiteError, Trouble.RECIPIENTS."""
    if not target.recipients:
        return None
    sealing = importlib.import_module("storage.offsite.sealing")
    try:
        return cast("Seal", sealing.Seal(target.recipients, target.identity))
    except ValueError as error:
        raise OffsiteError(Trouble.RECIPIENTS, "age", said=str(error)) from None

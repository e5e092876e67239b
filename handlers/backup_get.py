"""Sends a backup's files into a private chat: in parts, paced, each with its checksum."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter

from handlers.call import Call, blocking
from handlers.live import LONGEST_WAIT_S, Live, Show, wait_s
from handlers.views import backup_parts as view
from handlers.views import welcome
from handlers.views.backup_parts import Parcel, Part
from handlers.views.message import Message
from storage.archives.manifest import manifest_name
from storage.archives.results import Listed
from storage.records import Phrase

log = logging.getLogger(__name__)

PART_BYTES = 19_000_000  # what a bot may fetch back from Telegram is 20 MB
SMALL_BYTES = 4_000_000  # where something on the way takes less
ASK_BYTES = 50_000_000
PAUSES = (1, 2, 5, 10, 20)  # before a part is tried again, times the pace
WHAT = "get"
LASTS = timedelta(hours=1)  # longer than any parcel takes
HOW = "RESTORE.txt"
TOO_LARGE = Phrase("backup.sending.too_large")


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file to send; `sha256` is what it must hold, "" where nobody knows."""

    path: Path
    size_bytes: int
    sha256: str = ""

    def parts(self, part_bytes: int) -> int:
        """Return how many parts of that size it makes."""
        return max(1, -(-self.size_bytes // part_bytes))


async def begin(call: Call, *, confirmed: str = "") -> Message | Show:
    """Return the parcel on its way, or why it does not go; a large one is asked about first.

    `confirmed` is the id that was asked about: by now there may be a newer one.
    """
    if not call.private:
        return welcome.note("backup.get.private", language=call.language)
    if call.services.unfinished.has(call.chat_id, WHAT, after=call.at.wall - LASTS):
        return welcome.note("backup.get.again", language=call.language)
    found = await call.services.backups.listing()
    wanted = [each for each in found.good if not confirmed or each.id == confirmed]
    if not wanted:
        return welcome.note("backup.get.none", language=call.language)
    files = await blocking(_files, wanted[-1], call.services.backups.folder)
    if files is None:
        return welcome.note("backup.get.gone", language=call.language)
    size_bytes = sum(file.size_bytes for file in files)
    parts = sum(file.parts(PART_BYTES) for file in files)
    if size_bytes > ASK_BYTES and not confirmed:
        return view.ask(wanted[-1], parts=parts, size_bytes=size_bytes, language=call.language)
    parcel = Parcel(id=wanted[-1].id, parts=parts, size_bytes=size_bytes)

    async def play(live: Live) -> None:
        await Courier(call=call, live=live, parcel=parcel).deliver(files)

    return Show(first=view.sending(parcel, call.language), play=play, what=WHAT)


def _files(wanted: Listed, folder: Path) -> tuple[File, ...] | None:
    """Return what it takes to restore it, and how; nothing where a file is gone."""
    manifest = wanted.manifest
    if manifest is None:
        return None
    sums = {archive.name: archive.sha256 for archive in manifest.archives}
    names = [*sums, manifest_name(wanted.id), HOW]
    found = []
    for name in names:
        try:
            size_bytes = (folder / name).stat().st_size
        except FileNotFoundError:
            if name == HOW:  # a help, not a need
                continue
            return None
        except OSError:
            return None
        found.append(File(path=folder / name, size_bytes=size_bytes, sha256=sums.get(name, "")))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some bytes of a file and their SHA-256; `whole` is that of the file so far."""

    content: bytes
    sha256: str
    whole: str


@dataclass(slots=True)
class Reader:
    """Reads a file piece by piece, in a thread."""

    path: Path
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def piece(self, number: int, size_bytes: int) -> Piece:
        """Return the `number`th piece, from 0. Raises OSError."""
        with self.path.open("rb") as file:
            file.seek(number * size_bytes)
            content = file.read(size_bytes)
        self.digest.update(content)
        return Piece(content, hashlib.sha256(content).hexdigest(), self.digest.hexdigest())


@dataclass(slots=True, kw_only=True)
class Courier:
    """Brings one parcel into one chat, and says how far it is."""

    call: Call
    live: Live
    parcel: Parcel

    async def deliver(self, files: Sequence[File]) -> None:
        """Send everything, or say what is there and why the rest is not."""
        language = self.call.language
        for file in files:
            trouble = await self._file(file, PART_BYTES)
            if trouble == TOO_LARGE and file.size_bytes > SMALL_BYTES:
                more = file.parts(SMALL_BYTES) - file.parts(PART_BYTES)
                self.parcel = replace(self.parcel, parts=self.parcel.parts + more)
                trouble = await self._file(file, SMALL_BYTES)
            if trouble is not None:
                await self.live.finish(view.stopped(self.parcel, trouble, language))
                return
        names = [file.path.name for file in files]
        await self.live.finish(view.all_sent(self.parcel, names, language))

    async def _file(self, file: File, part_bytes: int) -> Phrase | None:
        """Send one file; return why it could not be."""
        reader, of = Reader(file.path), file.parts(part_bytes)
        for number in range(of):
            try:
                piece = await blocking(reader.piece, number, part_bytes)
            except OSError as error:
                values = {"file": file.path.name, "error": error.strerror or type(error).__name__}
                return Phrase("backup.sending.unreadable", values)
            if number + 1 == of and file.sha256 not in {"", piece.whole}:
                return Phrase("backup.sending.damaged", {"file": file.path.name})
            part = Part(
                file=file.path.name, number=number + 1, of=of, sha256=piece.sha256,
                size_bytes=len(piece.content),
            )  # fmt: skip
            trouble = await self._post(view.part(part, piece.content, self.call.language))
            if trouble is not None:
                return trouble
            self.parcel = replace(self.parcel, sent=(*self.parcel.sent, part))
            await self.live.show(view.sending(self.parcel, self.call.language))
        return None

    async def _post(self, message: Message) -> Phrase | None:
        """Send one part, trying for a while; one that came twice does no harm."""
        for pause in PAUSES:
            delay_s = pause * self.live.every_s
            try:
                await self.live.post(message)
            except RetryAfter as error:
                delay_s = wait_s(error)
                if delay_s > LONGEST_WAIT_S:
                    return Phrase("backup.sending.busy", {"wait_s": delay_s})
            except (BadRequest, Forbidden) as error:
                return _refused(error.message)
            except NetworkError as error:
                if _is_too_large(error.message):
                    return TOO_LARGE
                log.info("a part was not taken yet: %s", type(error).__name__)
            else:
                return None
            await asyncio.sleep(delay_s)
        return Phrase("backup.sending.away")


def _is_too_large(said: str) -> bool:
    return "too large" in said.lower() or "too big" in said.lower() or "(413)" in said


def _refused(said: str) -> Phrase:
    if _is_too_large(said):
        return TOO_LARGE
    return Phrase("backup.sending.refused", {"error": said[:120]})

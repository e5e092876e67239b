"""Every file that is to be in a snapshot: unchanged, read anew, copied, or carried over."""

from collections.abc import Callable

from storage.archives.create import soundness, sqlite_copy
from storage.archives.create.before import Before
from storage.archives.create.carrying import Carrying
from storage.archives.create.steady import (
    Content,
    DatabaseError,
    Reader,
    SpecialError,
    UnsteadyError,
)
from storage.archives.create.writing import Writing
from storage.archives.manifest import Flag, Member, Note
from storage.archives.tar import MODE_BITS, SECOND_NS, About
from storage.archives.tree import Facts, Found
from storage.archives.workshop import Workshop

YOUNG_NS = 2_000_000_000  # a file changed so lately may change again without its times telling


class Packing:
    """Fills an archive, and finds the members and notes of the snapshot.

    `base` names the archive whose members need no copy; `now_ns` is when the roots began to be
    listed, by the clock of the disk.
    """

    def __init__(
        self, shop: Workshop, writing: Writing, before: Before, *, base: str, now_ns: int
    ) -> None:
        self.members: dict[str, Member] = {}
        self.notes: list[Note] = []
        self.read = 0
        self.bytes_read = 0
        self._shop = shop
        self._reader = Reader(shop)
        self._writing = writing
        self._before = before
        self._base = base
        self._young_ns = now_ns - YOUNG_NS
        self._carrying = Carrying(shop, writing)
        self._later: list[Found] = []
        self._databases: list[Found] = []

    def keep(self, member: Member) -> None:
        """Take over a member of the base that has not changed, and what was odd about it."""
        self.members[member.path] = member
        note = self._before.invalid.get(member.path)
        if note is not None:
            self.notes.append(note)

    def take(self, found: Found) -> None:
        """Read a file; one that is being written, or a database, waits for `settle`."""
        if not self._reader.beside_database(found):
            self._take(found, self._later.append)

    def settle(self) -> None:
        """Take what was put off: files in motion once more, databases, then earlier versions.

        Databases come behind files: what moves from the state file to the history meanwhile is
        then in one of them, or in both.
        """
        for found in self._later:
            self._take(found, None)
        for found in self._databases:
            self._copy(found)
        for path, detail in self._carrying.out():
            self.notes.append(Note(path, Flag.MISSING, detail))
        self.members |= self._carrying.members

    def carry(self, path: str) -> bool:
        """Take the version of the previous snapshot; tell whether there is one."""
        old = self._before.members.get(path)
        if old is None or self._before.manifest is None:
            return False
        if old.archive == self._base:
            self.keep(old)
        else:
            self._carrying.want(old, self._before.manifest)
        return True

    def _take(self, found: Found, put_off: Callable[[Found], None] | None) -> None:
        try:
            content = self._reader.read(found)
        except DatabaseError:
            self._databases.append(found)
        except FileNotFoundError:
            return
        except SpecialError as error:
            self.notes.append(Note(found.path, Flag.SPECIAL, str(error)))
        except UnsteadyError:
            if put_off is None:
                self._instead(found, Flag.UNSTABLE, "changed while it was read")
            else:
                put_off(found)
        except OSError as error:
            self._instead(found, Flag.UNREADABLE, error.strerror or type(error).__name__)
        else:
            self._judge(found, content, put_off)

    def _judge(
        self, found: Found, content: Content, put_off: Callable[[Found], None] | None
    ) -> None:
        fault, checked = self._fault(found, content)
        if fault and put_off is not None and self._young(content.facts):
            self._reader.done(content)  # perhaps half written: at the end it may be whole
            put_off(found)
            return
        if fault:
            self.notes.append(Note(found.path, Flag.INVALID_JSON, fault))
        self._store(found, content, checked=checked, young=self._young(content.facts))

    def _fault(self, found: Found, content: Content) -> tuple[str, bool]:
        """Return what is wrong with it as JSON, and whether it was found to be sound."""
        if not found.path.endswith(soundness.SUFFIX):
            return "", False
        old = self._before.members.get(found.path)
        if old is not None and old.sha256 == content.sha256:
            known = self._before.invalid.get(found.path)
            if known is not None or old.checked:
                return known.detail if known else "", old.checked
        with self._reader.whole(content) as whole:
            fault = soundness.fault(whole)
        return fault, not fault

    def _copy(self, found: Found) -> None:
        try:
            content, said = self._reader.copy(found)
        except sqlite_copy.UnsoundError as error:
            self._raw(found, str(error))
            return
        except sqlite_copy.BusyError as error:
            if self._shop.disk.exists(found.file):
                self._instead(found, Flag.UNSTABLE, str(error))
            return
        if said:
            self.notes.append(Note(found.path, Flag.DAMAGED, said))
        self._store(found, content, checked=False, young=True)

    def _raw(self, found: Found, said: str) -> None:
        """Store what is no database as it is."""
        try:
            content = self._reader.read(found, database=True)
        except (OSError, SpecialError, UnsteadyError):
            self._instead(found, Flag.UNREADABLE, said)
            return
        self.notes.append(Note(found.path, Flag.DAMAGED, said))
        self._store(found, content, checked=False, young=True)

    def _instead(self, found: Found, flag: Flag, detail: str) -> None:
        there = self.carry(found.path)
        self.notes.append(Note(found.path, flag if there else Flag.MISSING, detail))

    def _young(self, facts: Facts) -> bool:
        return max(facts.mtime_ns, facts.ctime_ns) >= self._young_ns

    def _store(self, found: Found, content: Content, *, checked: bool, young: bool) -> None:
        self.read += 1
        self.bytes_read += content.size
        facts = content.facts
        old = self._before.members.get(found.path)
        based = old is not None and old.archive == self._base and old.sha256 == content.sha256
        member = Member(
            path=found.path,
            size=content.size,
            sha256=content.sha256,
            mtime_ns=facts.mtime_ns,
            ctime_ns=0 if young else facts.ctime_ns,  # 0: read it next time, whatever its times
            inode=facts.inode,
            mode=facts.mode & MODE_BITS,
            archive=self._base if based else self._writing.name,
            checked=checked,
        )
        if not based:
            about = About(
                content.size,
                facts.mode,
                facts.owner,
                facts.group,
                facts.mtime_ns // SECOND_NS,
            )
            self._writing.add(member, about, self._reader.pieces(content))
        self._reader.done(content)
        self.members[member.path] = member

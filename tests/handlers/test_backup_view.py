"""Every message about backups is one Telegram takes, in both languages, whatever the names are."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views import backup, backup_list, backup_parts, backup_sure, backup_work
from handlers.views.backup_parts import Parcel, Part
from handlers.views.i18n import LANGUAGES, Language, language
from handlers.views.message import Message
from handlers.views.text import visible
from jobs.backup_results import Listing, Made, Retrieved, UnderWay, Work
from jobs.copies import Copies, Failure
from storage.archives.findings import Bad, Fault, Placed, Restored
from storage.archives.keep.retention import Reason
from storage.archives.manifest import Flag, Manifest, Note
from storage.archives.results import Created, Listed, Step
from storage.records import Moment, Phrase
from tests.handlers.chat import START
from tests.handlers.strict import problems
from tests.handlers.vault import snapshot

AT = Moment(wall=START, logical_s=1000.0)
PARIS = ZoneInfo("Europe/Paris")
WORDS = st.text(max_size=120)
PHASES = ("list", "pack", "verify", "publish", "prune", "extract", "swap")
RAW = re.compile(r"\bbackup\.[a-z_]+\b")
COMMAND = "DATA_DIR=/srv/data STATE_DIR=/srv/var BACKUP_DIR=/srv/backups python -m bot"
notes = st.lists(st.builds(Note, path=WORDS, flag=st.sampled_from(Flag), detail=WORDS), max_size=40)
faults = st.lists(st.builds(Bad, path=WORDS, fault=st.sampled_from(Fault)), max_size=40)
languages = st.sampled_from(LANGUAGES)


def words(code: str) -> Language:
    """Return a language that knows the time."""
    return language(code, PARIS, START)


def accepted(*messages: Message) -> None:
    """Fail unless Telegram takes each, and no key shows raw."""
    for message in messages:
        assert problems(message) == [], message.html
        assert RAW.search(visible(message.html)) is None


@st.composite
def away(draw: st.DrawFn) -> Copies:
    """Return copies off this machine, as good or bad as may be."""
    times = st.sampled_from([None, START - timedelta(days=9), START])
    trouble = Failure(START, Phrase("offsite.unreachable", {"place": "<s3>", "said": "& no"}))
    return Copies(
        place=draw(WORDS),
        count=draw(st.none() | st.integers(0, 99)),
        newest_at=draw(times),
        pushed_at=draw(times),
        failed=draw(st.sampled_from([None, trouble])),
        checked_at=draw(times),
        check_failed=draw(st.sampled_from([None, trouble])),
        damaged=draw(st.integers(0, 9)),
        owed=draw(st.booleans()),
    )


AWAY = Copies(place="s3://bucket/vigie", count=3, newest_at=START - timedelta(hours=5),
              pushed_at=START - timedelta(hours=5))  # fmt: skip
NO_ANSWER = Failure(
    START - timedelta(hours=5), Phrase("offsite.unreachable", {"place": AWAY.place})
)


@pytest.mark.parametrize(
    ("known", "said", "unsaid"),
    [
        (None, ["no copy: BACKUP_OFFSITE is empty"], ["⚠️"]),
        (Copies(place=AWAY.place), ["no copy known yet · not read back yet"], ["⚠️", "0"]),
        (AWAY, [AWAY.place, "3 copies, the latest of", "(5 h ago)", "not read back yet"], ["⚠️"]),
        (replace(AWAY, count=None), ["number unknown"], ["⚠️", "None"]),
        (replace(AWAY, checked_at=START), ["read back", "intact"], ["⚠️"]),
        (replace(AWAY, checked_at=START, damaged=2), ["damaged", "⚠️", "/backup now"], ["intact"]),
        (replace(AWAY, failed=NO_ANSWER), ["⚠️", "does not answer", "AWS_ENDPOINT_URL"], []),
        (replace(AWAY, check_failed=NO_ANSWER), ["⚠️", "while reading it back:"], []),
        (replace(AWAY, owed=True, failed=NO_ANSWER), ["brought home"], ["does not answer"]),
    ],
)
def test_how_the_copies_stand(known: Copies | None, said: list[str], unsaid: list[str]) -> None:
    """Where to, how many, how old, when read back and what is wrong, in the state and the list."""
    found, reader = Listing(copies=known), words("en")
    for message in (
        backup.overview(backup.Seen(listing=found), at=AT, command=COMMAND, language=reader),
        backup_list.listed(found, 0, command=COMMAND, language=reader),
    ):
        told = visible(message.html).partition("Off-site")[2].partition("\n\n")[0]
        assert [word for word in said if word not in told] == []
        assert [word for word in unsaid if word in told] == []


def test_a_new_backup_says_that_it_went_there_too() -> None:
    """Where it did; the trouble says so where it did not, and nothing where none leaves."""
    made = snapshot(START)
    assert isinstance(made.manifest, Manifest)
    created = Created(
        manifest=made.manifest, base=True, read=1, bytes_read=1, packed_bytes=0, seconds=0.0
    )

    def told(known: Copies | None, pushed: Phrase | None = None) -> str:
        outcome = Made(created=created, listing=Listing(copies=known), pushed=pushed)
        return visible(backup_work.made(outcome, language=words("en")).html)

    assert "3 copies" in told(AWAY)
    failed = told(replace(AWAY, failed=NO_ANSWER), NO_ANSWER.fact)
    assert failed.count("does not answer") == 1
    assert "3 copies" not in failed
    assert "Off-site" not in told(None)


@st.composite
def kept(draw: st.DrawFn) -> Listing:
    """Return some backups: whole, broken, unreadable, in doubt."""
    found = []
    for n in range(draw(st.integers(0, 25))):
        each = snapshot(
            START - timedelta(days=30 - n), notes=tuple(draw(notes)) if n % 7 == 0 else (),
            broken=draw(st.sampled_from(["", "", "<b>gone & lost</b>"])),
        )  # fmt: skip
        lost = draw(st.integers(0, 9)) == 0
        found.append(_without_manifest(each) if lost else each)
    return Listing(
        snapshots=tuple(found),
        reasons={each.id: list(Reason)[n % 7] for n, each in enumerate(found)},
        most=draw(st.integers(0, 9)),
        copies=draw(st.none() | away()),
        next_at=draw(st.sampled_from([None, START + timedelta(hours=5)])),
        free_bytes=draw(st.sampled_from([None, 0, 10**15])),
        trouble=draw(st.sampled_from([None, Phrase("backups.run.failed", {"error": "<x>"})])),
    )


def _without_manifest(each: Listed) -> Listed:
    return Listed(
        id=each.id, manifest=None, broken="damaged <manifest>", checked_at=None, size_bytes=9,
        sizes={},
    )  # fmt: skip


@given(
    kept(), languages, st.sampled_from(["", "missing", "empty"]), st.booleans(), st.integers(0, 9)
)
def test_how_they_stand_and_the_list(
    found: Listing,
    code: str,
    lost: str,
    admin: bool,  # noqa: FBT001
    page: int,
) -> None:
    """With none and with many, with the data there, gone or empty."""
    busy = UnderWay(work=list(Work)[page % 3], since=START)
    seen = backup.Seen(listing=found, under_way=busy, lost=lost, may_restore=admin)
    accepted(
        backup.overview(seen, at=AT, command=COMMAND, language=words(code)),
        backup_list.listed(found, page, command=COMMAND, language=words(code)),
    )


@given(notes, kept(), languages, st.integers(0, 9))
def test_what_came_of_a_backup(odd: list[Note], found: Listing, code: str, gone: int) -> None:
    """Good, in doubt with up to forty hostile names, deleted ones, and not made at all."""
    made = snapshot(START, notes=tuple(odd))
    assert isinstance(made.manifest, Manifest)
    created = Created(
        manifest=made.manifest, base=gone % 2 == 0, read=gone, bytes_read=1, packed_bytes=0,
        seconds=0.0,
    )  # fmt: skip
    trouble = Phrase("backups.run.not_pruned", {"file": "<b>", "error": "no & no"})
    deleted = tuple(f"2026080{n}T000000Z" for n in range(gone))
    whole = Made(created=created, listing=found, deleted=deleted, pushed=trouble)
    failed = Made(trouble=trouble, listing=found)
    accepted(*(backup_work.made(each, language=words(code)) for each in (whole, failed)))


@given(faults, languages, st.sampled_from([Work.DRILL, Work.RESTORE]))
def test_what_came_back(bad: list[Bad], code: str, work: Work) -> None:
    """All of it, some of it, nothing."""
    placed = Placed(root="data", path=HOSTILE, kept=HOSTILE)
    back = Restored(
        id="20260814T000000Z", placed=(placed,), files=1, bytes=10**9, reused=0, seconds=61.0,
        complete=not bad, bad=tuple(bad),
    )  # fmt: skip
    trouble = Phrase("backups.run.locked")
    for outcome in (Retrieved(restored=back), Retrieved(trouble=trouble)):
        accepted(backup_work.retrieved(work, outcome, language=words(code)))


HOSTILE = Path("data.before <1> & more")


@given(
    languages, st.sampled_from(list(Work)), st.sampled_from(PHASES), st.integers(0, 10**7),
    st.integers(0, 10**7),
)  # fmt: skip
def test_every_step_of_the_way(code: str, work: Work, phase: str, done: int, total: int) -> None:
    """Any phase of any work, also where the totals were guessed too low."""
    steps = (
        None,
        Step(phase=phase, done=done, total=total),  # type: ignore[arg-type]
        Step(phase=phase, done=done, total=0, bytes_done=done, bytes_total=total),  # type: ignore[arg-type]
    )
    for step in steps:
        doing = UnderWay(work=work, since=START, step=step)
        accepted(backup_work.progress(doing, joined=done % 2 == 0, language=words(code)))


@given(languages, st.integers(1, 400), st.integers(0, 400))
def test_a_parcel_of_any_size(code: str, parts: int, sent: int) -> None:
    """Hundreds of parts: the message about them is cut, never refused."""
    name = "base-20260814T000000Z.tar.zst"
    pieces = tuple(
        Part(file=name, number=n + 1, of=parts, sha256="5f2c" * 16, size_bytes=19_000_000)
        for n in range(min(sent, parts))
    )
    parcel = Parcel(id="20260814T000000Z", parts=parts, size_bytes=10**9, sent=pieces)
    trouble = Phrase("backup.sending.refused", {"error": "<b>no</b>"})
    accepted(
        backup_parts.sending(parcel, words(code)),
        backup_parts.stopped(parcel, trouble, words(code)),
        backup_parts.all_sent(parcel, [name, "snap-x.json.zst", "RESTORE.txt"], words(code)),
        backup_parts.ask(snapshot(START), parts=parts, size_bytes=10**9, language=words(code)),
        *(backup_parts.part(piece, b"x", words(code)) for piece in pieces[-1:]),
    )


@pytest.mark.parametrize("code", LANGUAGES)
def test_questions_and_interruptions(code: str) -> None:
    """The seal fits its button; each interruption has its words."""
    accepted(
        backup_sure.confirm(snapshot(START), seal="99999999999-0123abcd", language=words(code)),
        backup_sure.confirm(snapshot(START), seal="", language=words(code)),
        *(
            backup_work.interrupted(what, language=words(code))
            for what in ("backup", "drill", "restore", "get")
        ),
    )


def test_a_bar_never_runs_over() -> None:
    """More done than was guessed is all of it; nothing known draws nothing."""
    doing = UnderWay(work=Work.BACKUP, since=START, step=Step(phase="pack", done=9, total=3))
    assert "▰▰▰▰▰▰▰▰▰▰ 100" in backup_work.progress(doing, language=words("en")).html
    unknown = UnderWay(work=Work.BACKUP, since=START, step=Step(phase="list", done=9, total=0))
    told = backup_work.progress(unknown, language=words("en")).html
    assert "▱" not in told
    assert "9 files" in told


def test_a_page_beyond_the_last_is_the_last() -> None:
    """What was deleted meanwhile leads nowhere else."""
    found = Listing(snapshots=tuple(snapshot(START - timedelta(days=n)) for n in range(12, 0, -1)))
    assert backup_list.pages(found) == 2
    last = backup_list.listed(found, 1, command=COMMAND, language=words("en"))
    assert backup_list.listed(found, 7, command=COMMAND, language=words("en")) == last

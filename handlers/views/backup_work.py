"""Work on the backups: how far it is, what came of it, and the question before it."""

from handlers.views import backup_copies
from handlers.views.backup import list_button
from handlers.views.backup_lines import (
    HEAVY,
    advice,
    button,
    doubts,
    faults,
    kept,
    size_bytes,
    upcoming,
)
from handlers.views.blocks import Builder
from handlers.views.columns import table
from handlers.views.i18n import Language
from handlers.views.message import Button, Message, Style
from handlers.views.text import Markup, code, escape
from jobs.backup_results import Listing, Made, Retrieved, UnderWay, Work
from storage.archives.findings import Restored
from storage.archives.manifest import Flag
from storage.archives.results import Created, Listed, Phase, Step

WIDTHS = (11, 4, 17)
BAR = 10
PHASES: dict[Work, tuple[Phase, ...]] = {
    Work.BACKUP: ("list", "pack", "verify", "publish", "prune"),
    Work.DRILL: ("verify", "extract"),
    Work.RESTORE: ("extract", "swap"),
}


def progress(under_way: UnderWay, *, joined: bool = False, language: Language) -> Message:
    """Return how far the work is; `joined` says that somebody else had it begun before."""
    work, step = under_way.work, under_way.step
    builder = Builder().add(f"💾 <b>{language.say(f'backup.doing.{work}')}</b>")
    builder.add(table(_phases(work, step, language), WIDTHS))
    builder.add(_bar(step, language))
    if joined:
        builder.add(language.say("backup.joined"))
    builder.add(language.say("backup.started", since_at=under_way.since))
    return Message(html=builder.build())


def _phases(work: Work, step: Step | None, language: Language) -> list[tuple[str, str, str]]:
    known = PHASES[work]
    current = step.phase if step is not None else known[0]
    names = known if current in known else (*known, current)
    done = names.index(current)
    rows = []
    for index, phase in enumerate(names):
        mark = language.plain("status.ok") if index < done else "…" if index == done else ""
        detail = _count(step, language) if index == done else ""
        rows.append((language.plain(f"backup.phase.{phase}"), mark, detail))
    return rows


def _count(step: Step | None, language: Language) -> str:
    if step is None or not step.done or step.total == 1:
        return ""
    if step.total <= 0:
        return language.plain("backup.count", n=step.done)
    return language.plain("backup.of", done=step.done, total=step.total)


def _bar(step: Step | None, language: Language) -> Markup:
    """Return how much of this phase is done, drawn; nothing where nobody knows."""
    if step is None:
        return Markup("")
    part, whole = (
        (step.bytes_done, step.bytes_total) if step.bytes_total else (step.done, step.total)
    )
    if whole <= 1:
        return Markup("")
    share = min(1.0, part / whole)
    full = int(share * BAR)
    said = language.value("share_pct", 100.0 * int(share * 100) / 100)
    return escape(f"{'▰' * full}{'▱' * (BAR - full)} {said}")


def made(outcome: Made, *, language: Language) -> Message:
    """Return what came of a backup: finished and checked, or not made, and why."""
    if outcome.created is None:
        return _failed(outcome, language)
    created, found = outcome.created, outcome.listing
    manifest = created.manifest
    title = "done" if manifest.clean else "done_doubt"
    mark = "💾" if manifest.clean else "🟡"
    builder = Builder().add(f"{mark} <b>{language.say(f'backup.{title}')}</b>")
    packed = sum(one.size for one in manifest.archives)
    builder.add(
        language.say(
            "backup.what", id=created.id, size_bytes=packed, n=manifest.files,
            took_s=outcome.seconds or created.seconds,
        )
    )  # fmt: skip
    key = "backup.kind.base" if created.base else "backup.kind.diff"
    builder.add(language.say(key, added_bytes=created.packed_bytes, n=created.read)).gap()
    builder.add(table(_checks(created, found, language), WIDTHS))
    for trouble in (outcome.trouble, outcome.pushed):
        builder.add("" if trouble is None else f"⚠️ {advice(trouble, language)}")
    builder.add(_kept(outcome, language))
    builder.add(backup_copies.copied(found.copies, language)).add(upcoming(found, language))
    builder.gap().add(doubts(manifest.notes, language), weight=HEAVY)
    digest = manifest.archives[-1].sha256
    builder.gap().add(f"<tg-spoiler>sha256 {escape(digest)}</tg-spoiler>", weight=HEAVY - 1)
    copy = Button(label=language.plain("button.bk.sha"), copy=digest)
    rows = (
        (button("get", language), button("test", language)),
        (list_button(found, language), copy),
    )
    return Message(html=builder.build(), buttons=rows)


def _checks(created: Created, found: Listing, language: Language) -> list[tuple[str, str, str]]:
    """Return what was checked, one line each."""
    manifest = created.manifest
    members = manifest.files
    flags = [note.flag for note in manifest.notes]
    missing, odd = flags.count(Flag.MISSING), flags.count(Flag.INVALID_JSON)
    sound = manifest.checked
    rows = [
        ("packed", missing, _files(members, missing, language)),
        ("read", 0, language.plain("backup.files", n=members)),
        ("json", odd, _json(sound, odd, language)),
        ("compared", 0, language.plain("backup.same")),
    ]
    if found.free_bytes is not None:
        free = language.plain("backup.left", free_bytes=found.free_bytes)
        rows.append(("free", 0, free))
    words = {False: language.plain("status.ok"), True: language.plain("status.warning")}
    return [
        (language.plain(f"backup.row.{name}"), words[bool(wrong)], said)
        for name, wrong, said in rows
    ]


def _files(members: int, missing: int, language: Language) -> str:
    if missing:
        return language.plain("backup.of", done=members, total=members + missing)
    return language.plain("backup.files", n=members)


def _json(sound: int, odd: int, language: Language) -> str:
    if odd:
        return language.plain("backup.json.bad", n=odd)
    return language.plain("backup.json", n=sound)


def _kept(outcome: Made, language: Language) -> Markup:
    said = kept(outcome.listing, language)
    if not outcome.deleted:
        return said
    if len(outcome.deleted) == 1:
        gone = language.say("backup.removed.one", id=code(outcome.deleted[0]))
    else:
        gone = language.say("backup.removed", n=len(outcome.deleted))
    return Markup(f"{said} · {gone}" if said else gone)


def _failed(outcome: Made, language: Language) -> Message:
    builder = Builder().add(f"🔴 <b>{language.say('backup.failed')}</b>")
    if outcome.trouble is not None:
        builder.add(advice(outcome.trouble, language))
    builder.gap().add(_last_good(outcome.listing.newest, language))
    return Message(html=builder.build(), buttons=(_again(outcome.listing, language),))


def _last_good(newest: Listed | None, language: Language) -> Markup:
    if newest is None or newest.manifest is None:
        return language.say("backup.last.none")
    return language.say("backup.last", at_at=newest.manifest.started, size_bytes=size_bytes(newest))


def _again(found: Listing, language: Language) -> tuple[Button, ...]:
    again = button("again", language, style=Style.PRIMARY)
    return (again, list_button(found, language)) if found.snapshots else (again,)


def retrieved(work: Work, outcome: Retrieved, *, language: Language) -> Message:
    """Return what came of a drill, or of a restore in place."""
    back, trouble = outcome.restored, outcome.trouble
    if outcome.whole and back is not None:
        return _whole(work, back, language)
    builder = Builder().add(f"🔴 <b>{language.say(f'backup.not_back.{work}')}</b>")
    if trouble is not None:
        builder.add(advice(trouble, language))
    if back is not None:
        some = "backup.back_some" if work is Work.DRILL else "backup.back_none"
        builder.add(language.say(some, n=back.files, got_bytes=back.bytes))
        builder.gap().add(faults(back.bad, language), weight=HEAVY)
        if trouble is None:  # else it has its own advice
            builder.add(language.say(f"backup.not_back.{work}.try"))
    return Message(html=builder.build(), buttons=((button("newlist", language),),))


def _whole(work: Work, back: Restored, language: Language) -> Message:
    mark = "🔁" if work is Work.DRILL else "✅"
    builder = Builder().add(f"{mark} <b>{language.say(f'backup.back.{work}')}</b>")
    builder.add(
        language.say(
            "backup.back_all", id=code(back.id), n=back.files, got_bytes=back.bytes,
            took_s=back.seconds,
        )
    )  # fmt: skip
    for placed in back.placed if work is Work.RESTORE else ():
        if placed.aside:
            builder.add(language.say("backup.aside", name=code(placed.aside)))
    builder.add(language.say(f"backup.back.{work}.then"))
    return Message(html=builder.build(), buttons=((button("newlist", language),),))


def interrupted(what: str, *, language: Language) -> Message:
    """Return what to say of a message whose work nobody saw the end of: Vigie was stopped."""
    html = Markup(f"⚪ {language.say(f'backup.interrupted.{what}')}")
    return Message(html=html, buttons=((button("overview", language),),))

"""The copies off this machine: where, how many, how old, read back when, and what is wrong."""

from handlers.views.backup_lines import advice
from handlers.views.i18n import Language
from handlers.views.text import Markup, code
from jobs.copies import Copies, Failure
from storage.records import Phrase

PLACE_UNITS = 120


def stand(copies: Copies | None, language: Language) -> Markup:
    """Return how they stand as far as is known here; that there are none is a word, too."""
    if copies is None:
        return language.say("backup.away.nowhere")
    lines = [
        language.say("backup.away.place", place=code(copies.place, PLACE_UNITS)),
        Markup(f"{_count(copies, language)} · {_read_back(copies, language)}"),
        *_troubles(copies, language),
    ]
    return Markup("\n".join(lines))


def copied(copies: Copies | None, language: Language) -> Markup:
    """Return that the newest went there, too; nothing where none leaves this machine."""
    if copies is None or copies.failed is not None or copies.owed:
        return Markup("")
    place = code(copies.place, PLACE_UNITS)
    return Markup(f"{language.say('backup.away.place', place=place)}\n{_count(copies, language)}")


def _count(copies: Copies, language: Language) -> Markup:
    if copies.newest_at is None:
        return language.say("backup.away.none")
    if copies.count is None:
        return language.say("backup.away.uncounted", newest_at=copies.newest_at)
    return language.say("backup.away.count", n=copies.count, newest_at=copies.newest_at)


def _read_back(copies: Copies, language: Language) -> Markup:
    if copies.checked_at is None:
        return language.say("backup.away.unread")
    key = "backup.away.bad" if copies.damaged else "backup.away.read"
    return language.say(key, checked_at=copies.checked_at)


def _troubles(copies: Copies, language: Language) -> list[Markup]:
    """Return what is owed, failed or damaged, each with what helps."""
    if copies.owed:
        return [_warned(advice(Phrase("offsite.owed", {"place": copies.place}), language))]
    found = []
    if copies.failed is not None:
        found.append(_failed("backup.away.failed", copies.failed, language))
    if copies.damaged:
        damaged = Phrase("backups.offsite.damaged", {"place": copies.place, "n": copies.damaged})
        found.append(_warned(advice(damaged, language)))
    if copies.check_failed is not None:
        found.append(_failed("backup.away.check_failed", copies.check_failed, language))
    return found


def _failed(key: str, failure: Failure, language: Language) -> Markup:
    when = language.say(key, failed_at=failure.at)
    return _warned(Markup(f"{when} {advice(failure.fact, language)}"))


def _warned(said: Markup) -> Markup:
    return Markup(f"⚠️ {said}")

"""What an incident looks like, from the first alert to the closing line."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.alert import card, digest, render
from handlers.views.card import Around
from handlers.views.i18n import LANGUAGES, Language, language
from handlers.views.lists import alerts, details
from handlers.views.message import Message
from handlers.views.text import Markup, visible
from storage.incidents import (
    Delivery,
    Incident,
    Kind,
    Mute,
    TimelineEntry,
    TimelineKind,
)
from storage.records import Moment, Phrase, Severity
from tests.handlers.strict import problems

SINCE = datetime(2026, 8, 14, 3, 50, tzinfo=UTC)
NOW = Moment(wall=SINCE + timedelta(hours=3, minutes=12), logical_s=20_000.0)
PARIS = ZoneInfo("Europe/Paris")
EN, FR = language("en", PARIS), language("fr", PARIS)
RAW = "scraper:sample-7vm/main.py:process"
STALE = Phrase("freshness.source.stale", {"source": "Galxe", "age_s": 11_520, "limit_s": 7200})
FRESH = Phrase("freshness.source.ok", {"source": "Galxe", "age_s": 120, "limit_s": 7200})
OPEN = Incident(
    number=214,
    key="fresh:Galxe",
    check="freshness",
    level=Severity.CRITICAL,
    peak=Severity.CRITICAL,
    since=SINCE,
    opened=SINCE + timedelta(hours=2),
    opened_s=10_000.0,
    fact=STALE,
    latest=STALE,
    evidence=(Phrase("tracker.empty_file"),),
    timeline=(TimelineEntry(at=SINCE, kind=TimelineKind.OPENED, level=Severity.CRITICAL),),
)
TAKEN = replace(OPEN, ack_by="Lina", ack_at=OPEN.opened + timedelta(minutes=4))
FIXED = replace(TAKEN, closed=NOW.wall, latest=FRESH)


def row(kind: Kind, *, late_s: float = 0.0, dup: bool = False) -> Delivery:
    """Return a delivery of that kind."""
    return Delivery(
        id=1,
        incident=214,
        key="fresh:Galxe",
        kind=kind,
        seq=1,
        channel="7",
        level=Severity.CRITICAL,
        created=NOW.wall,
        created_s=NOW.logical_s - late_s,
        maybe_dup=dup,
    )


def text(message: Message) -> str:
    """Return what is seen of a message."""
    return visible(message.html).replace("\u202f", " ")


def labels(message: Message) -> list[str]:
    """Return the buttons' labels."""
    return [button.label for each in message.buttons for button in each]


def rows(message: Message) -> list[list[str]]:
    """Return the buttons' labels, row by row."""
    return [[button.label for button in each] for each in message.buttons]


def mute(lasts: timedelta, *, fixed: bool = False) -> Mute:
    """Return a mute of everything that ends so long after now."""
    return Mute(
        id=1, glob="*", max_level=Severity.ERROR, until_s=1.0, until=NOW.wall + lasts, by="Lina",
        created=NOW.wall, until_fixed=fixed,
    )  # fmt: skip


def test_a_level_that_came_down_is_not_told_with_the_worse_figures() -> None:
    """The title has the figures and the limit of the level it names; the worst level is kept."""
    eased = replace(STALE, values={**STALE.values, "age_s": 9000, "limit_s": 3600})
    milder = replace(OPEN, level=Severity.WARNING, latest=eased)
    lines = text(card(milder, at=NOW, language=EN)).split("\n")
    assert lines[0] == "🟡 WARNING · Galxe has brought nothing for 2 h 30 min (limit 1 h)"
    assert lines[1] == "At worst  CRITICAL"
    recovering = replace(milder, latest=FRESH)
    assert text(card(recovering, at=NOW, language=EN)).startswith("🟡 WARNING · Galxe has brought")


def test_the_first_line_tells_it_all() -> None:
    """Glyph, word and plain fact: what the phone's banner shows; never colour alone."""
    message = render(row(Kind.FIRED), OPEN, at=NOW, language=EN)
    lines = text(message).split("\n")
    assert lines[0] == "🔴 CRITICAL · Galxe has brought nothing for 3 h 12 min (limit 2 h)"
    assert lines[2] == "Since  14 Aug 05:50 (3 h 12 min ago)"
    assert lines[3].startswith("Effect  ")
    assert lines[4].startswith("Try  ")
    assert lines[-1] == "#214 · fresh:Galxe · open, nobody on it"
    assert rows(message) == [
        ["👋 I’m on it"],
        ["🔕 1 h", "🔕 Until fixed"],
        ["🔎 Details", "📈 Chart", "📋 Copy ID"],
    ]
    assert not message.silent


def test_what_gets_worse_is_a_line_below_its_card() -> None:
    """The card alone says how it stands; where there is none yet, the line that rings is it."""
    told = replace(OPEN, messages={"7": 12})
    lines = text(render(row(Kind.WORSE), told, at=NOW, language=EN)).split("\n")
    assert lines[0].startswith("🔴 CRITICAL · worse: Galxe has brought nothing for 3 h 12 min")
    assert not any(line.startswith("Since") for line in lines)
    assert lines[-1] == "#214 · freshness"
    assert render(row(Kind.WORSE), OPEN, at=NOW, language=EN) == card(OPEN, at=NOW, language=EN)


@pytest.mark.parametrize("kind", [Kind.WORSE, Kind.REPEAT, Kind.ESCALATED])
@pytest.mark.parametrize(
    ("language", "family"), [(EN, "scrapers"), (FR, "scrapers"), (FR, "fraîcheur")]
)
def test_what_reminds_names_its_check_in_words(kind: Kind, language: Language, family: str) -> None:
    """A key with the path of a program in it is for the card, where it is copied from."""
    check, key = ("freshness", "fresh:Galxe") if family == "fraîcheur" else ("scrapers", RAW)
    told = replace(OPEN, key=key, check=check, messages={"7": 12})
    said = text(render(row(kind), told, at=NOW, language=language))
    assert said.split("\n")[-1] == f"#214 · {family}"
    assert key not in said


def test_a_french_reader_reads_french() -> None:
    """Same facts, same order, the other language's signs."""
    lines = text(render(row(Kind.FIRED), OPEN, at=NOW, language=FR)).split("\n")
    assert lines[0] == "🔴 CRITIQUE · Galxe n’a rien apporté depuis 3 h 12 (limite 2 h)"
    assert lines[2] == "Depuis  14 août 05:50 (il y a 3 h 12)"


def test_who_took_it_is_on_the_card() -> None:
    """Taken: the state line names the person, the button gives it back."""
    message = card(TAKEN, at=NOW, language=EN)
    assert text(message).endswith("taken by Lina")
    assert labels(message)[0] == "↩️ Release"


@pytest.mark.parametrize(
    ("muted", "english", "french"),
    [
        (mute(timedelta(hours=1)), "muted until 10:02", "en silence jusqu’à 10:02"),
        (mute(timedelta(days=2)), "muted until Sun 09:02", "en silence jusqu’à dim. 09:02"),
        (
            mute(timedelta(hours=4), fixed=True),
            "muted until fixed (13:02 at the latest)",
            "en silence jusqu’au retour (13:02 au plus tard)",
        ),
    ],
)
def test_a_muted_card_says_until_when(muted: Mute, english: str, french: str) -> None:
    """With the day where it is not clear; and it offers to end the mute, not a second one."""
    around = Around(mute=muted)
    message = card(OPEN, at=NOW, language=EN, around=around)
    assert text(message).endswith(english)
    assert text(card(OPEN, at=NOW, language=FR, around=around)).endswith(french)
    assert rows(message)[:2] == [["👋 I’m on it"], ["🔔 Unmute"]]
    taken = card(TAKEN, at=NOW, language=EN, around=around)
    assert text(taken).endswith(f"taken by Lina, {english}")
    assert rows(taken) == [["↩️ Release", "🔔 Unmute"], ["🔎 Details"]]


def test_a_consequence_names_its_cause() -> None:
    """On the card, in the details and in the list; with what else is so."""
    around = Around(cause=replace(OPEN, number=12), mute=mute(timedelta(hours=1)))
    for message in (
        card(OPEN, at=NOW, language=EN, around=around),
        details(OPEN, around, at=NOW, language=EN),
        alerts([OPEN], {214: around}, at=NOW, language=EN),
    ):
        assert "muted until 10:02, follows from #12" in text(message)
    alone = Around(cause=replace(OPEN, number=12))
    assert text(card(OPEN, at=NOW, language=EN, around=alone)).endswith(
        "open, nobody on it, follows from #12"
    )
    assert text(card(TAKEN, at=NOW, language=FR, around=alone)).endswith(
        "pris par Lina, découle de #12"
    )


def test_the_fixed_card_tells_the_story() -> None:
    """What it was, how long, who took it and when; no button that no longer fits."""
    message = card(FIXED, at=NOW, language=EN)
    lines = text(message).split("\n")
    assert lines[0] == "🟢 Fixed · Galxe: newest data 2 min old"
    assert lines[1] == "Galxe has brought nothing for 3 h 12 min (limit 2 h)"
    assert lines[3] == "Lasted  3 h 12 min, 14 Aug 05:50 → 09:02"
    assert lines[4] == "Acknowledged  Lina, after 4 min"
    assert "<s>" in message.html
    assert rows(message) == [["📈 Chart", "↩️ Reopen"]]
    assert rows(card(replace(FIXED, stripped=True), at=NOW, language=EN)) == []


def test_a_chart_is_offered_only_where_there_is_one() -> None:
    """A file that is broken has no curve."""
    broken = replace(OPEN, key="integrity:a.json")
    assert "📈 Chart" not in labels(card(broken, at=NOW, language=EN))
    fixed = replace(FIXED, key="integrity:a.json")
    assert rows(card(fixed, at=NOW, language=EN)) == [["↩️ Reopen"]]


def test_nobody_on_it_for_long_calls_somebody() -> None:
    """Calm and unmistakable: who is missing, for how long, what it is about, what to do."""
    call = (Markup('<a href="tg://user?id=7">Ada</a>'), Markup('<a href="tg://user?id=8">Bo</a>'))
    waiting = replace(OPEN, critical_s=NOW.logical_s - 1800)
    around = Around(call=call)
    message = render(row(Kind.ESCALATED), waiting, at=NOW, language=EN, around=around)
    lines = text(message).split("\n")
    assert lines[0] == "🔴 CRITICAL · Nobody has taken #214 for 30 min"
    assert lines[1] == "Galxe has brought nothing for 3 h 12 min (limit 2 h)"
    assert "Calling Ada, Bo." in lines
    assert '<a href="tg://user?id=7">Ada</a>' in message.html
    assert rows(message)[0] == ["👋 I’m on it"]
    assert not message.silent
    assert problems(message) == []
    french = render(row(Kind.ESCALATED), waiting, at=NOW, language=FR, around=around)
    said = text(french).split("\n")
    assert said[0] == "🔴 CRITIQUE · Personne n’a pris #214 depuis 30 min"
    assert "J’appelle Ada, Bo." in said
    assert "Calling" not in text(render(row(Kind.ESCALATED), waiting, at=NOW, language=EN))


@pytest.mark.parametrize(
    ("kind", "incident", "start"),
    [
        (Kind.REPEAT, OPEN, "🔴 CRITICAL · still: Galxe has brought nothing"),
        (Kind.RESOLVED, FIXED, "🟢 Fixed · Galxe: newest data 2 min old"),
        (Kind.BRIEF, FIXED, "🟢 Over, while I could not tell you · Galxe has brought nothing"),
        (Kind.UPDATE, TAKEN, "🔴 CRITICAL · Galxe has brought nothing"),
    ],
)
def test_each_kind_of_delivery_begins_with_its_fact(
    kind: Kind, incident: Incident, start: str
) -> None:
    """A reader of the banner alone knows whether it is new, still so, or over."""
    assert text(render(row(kind), incident, at=NOW, language=EN)).startswith(start)


def test_closing_lines_stand_alone() -> None:
    """Cause, level, from, to and duration, without the first message at hand; no sound."""
    message = render(row(Kind.RESOLVED), FIXED, at=NOW, language=EN)
    said = text(message)
    for part in ("CRITICAL", "nothing for 3 h 12 min", "05:50 → 09:02", "#214"):
        assert part in said
    assert message.silent


def test_late_and_doubtful_messages_say_so() -> None:
    """Older than a minute: how late; maybe sent before: said."""
    late = text(render(row(Kind.FIRED, late_s=18 * 60, dup=True), OPEN, at=NOW, language=EN))
    assert late.endswith("delayed 18 min\n(may be a repeat)")
    assert "delayed" not in text(render(row(Kind.FIRED, late_s=59), OPEN, at=NOW, language=EN))
    assert "delayed" not in text(render(row(Kind.UPDATE, late_s=999), OPEN, at=NOW, language=EN))


def test_a_note_is_one_fact() -> None:
    """What belongs to no incident is told by its own phrase."""
    note = Phrase("mute.ended", {"glob": "*", "n": 3, "held": 1})
    message = render(replace(row(Kind.NOTE), note=note), OPEN, at=NOW, language=EN)
    assert text(message).startswith("The mute of everything is over. ")
    assert message.silent
    gone = Phrase("channel.disabled", {"channel": "-100", "reason": "blocked"})
    lines = text(render(replace(row(Kind.NOTE), note=gone), OPEN, at=NOW, language=EN)).split("\n")
    assert [line.partition("  ")[0] for line in lines[1:]] == ["Effect", "Try"]


def many(n: int) -> Sequence[tuple[Delivery, Incident]]:
    """Return deliveries of n incidents of rising level."""
    levels = (Severity.WARNING, Severity.ERROR, Severity.CRITICAL)
    return [(row(Kind.FIRED), replace(OPEN, number=i, level=levels[i % 3])) for i in range(n)]


def test_a_digest_counts_everything_and_lists_the_worst() -> None:
    """1,000 alerts are one message: counts by level, ten named, the rest a number."""
    message = digest(many(1000), at=NOW, language=EN)
    lines = text(message).split("\n")
    assert lines[0] == "🔴 1000 alerts"
    assert lines[1] == "🔴 333 critical · 🟠 333 errors · 🟡 334 warnings"
    assert all(line.startswith("🔴 #") for line in lines[3:13])
    assert lines[13] == "… and 990 more: /alerts"
    assert len(labels(message)) == 10
    assert problems(message) == []


@given(
    st.text(max_size=300),
    st.lists(st.text(max_size=300), max_size=40),
    st.sampled_from(LANGUAGES),
    st.sampled_from([OPEN, TAKEN, FIXED]),
    st.sampled_from([kind for kind in Kind if kind is not Kind.NOTE]),
)
def test_any_words_make_messages_telegram_takes(
    word: str, proofs: list[str], code: str, incident: Incident, kind: Kind
) -> None:
    """Hostile sources, keys, names and evidence: valid, within limits, and still told."""
    words: Language = language(code, PARIS)
    hostile = replace(
        incident,
        key=f"fresh:{word}",
        fact=Phrase("freshness.source.stale", {**STALE.values, "source": word}),
        ack_by=word if incident.ack_by else "",
        evidence=tuple(Phrase("tracker.invalid", {"what": each, "byte": 1}) for each in proofs),
        timeline=tuple(
            TimelineEntry(at=SINCE, kind=TimelineKind.ACKED, who=each) for each in proofs
        ),
    )
    messages = [
        render(row(kind), hostile, at=NOW, language=words),
        digest([(row(kind), hostile)] * 30, at=NOW, language=words),
        details(hostile, at=NOW, language=words),
        alerts([hostile] * 60, at=NOW, language=words),
    ]
    for message in messages:
        assert problems(message) == []


def test_too_much_evidence_is_left_out_whole_and_kept_in_the_details() -> None:
    """Fields are dropped, never characters; the details bring all of it as a file."""
    proofs = tuple(
        Phrase("tracker.invalid", {"what": f"reason {i} " + "x" * 200, "byte": i})
        for i in range(60)
    )
    full = replace(OPEN, evidence=proofs)
    message = card(full, at=NOW, language=EN)
    assert problems(message) == []
    assert "… and " in text(message)
    document = details(full, at=NOW, language=EN).document
    assert document is not None
    content = document.content.decode()
    assert all(f"reason {i} " in content for i in range(60))

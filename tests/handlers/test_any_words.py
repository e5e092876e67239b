"""I17: whatever stands in the values, Telegram takes every message the alert side can make."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from handlers.views import lists, mutes, silence
from handlers.views.alert import digest, note, render
from handlers.views.card import Around, card
from handlers.views.i18n import LANGUAGES, Language, Spoken, catalogue, language
from handlers.views.message import Message
from handlers.views.silence import Asked
from handlers.views.text import TOAST_UNITS, Markup, clip, hostile, units, visible
from storage.incidents import Delivery, Incident, Kind, Mute, TimelineEntry, TimelineKind
from storage.records import Phrase, Severity
from tests.handlers.strict import problems
from tests.handlers.test_alert_view import FIXED, NOW, OPEN, SINCE, TAKEN, row

PARIS = ZoneInfo("Europe/Paris")
ADVISED = sorted(
    key for key in catalogue("en").templates if f"{key}.try" in catalogue("en").templates
)
NOTES = sorted(
    key
    for key in catalogue("en").templates
    if key.split(".")[0] in {"mute", "boot", "flap", "channel", "check", "metrics", "integrity"}
)
NASTY = st.sampled_from(
    [
        "<b>", "</b></blockquote>", "&lt;&amp;&#0;", "\u202egnp.exe", "@all #tag /stop",
        "a\x00\x1fb", "https://evil.example/<script>", "e" + "\u0301" * 400, "🙂" * 3000,
        "\U0010ffff\ufffe",
        "'\"`</code>", "x" * 9000, "{who} {n} %s", "\n\n\r\u2028", "", " ", "\ud800", "*", "all",
    ]
)  # fmt: skip
WORDS = st.text(st.characters(), max_size=300) | NASTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One incident in one state, told to one reader."""

    incident: Incident
    around: Around
    words: Language
    kind: Kind
    late_s: float
    dup: bool

    @property
    def delivery(self) -> Delivery:
        """The delivery that tells it."""
        level = self.incident.level
        return replace(row(self.kind, late_s=self.late_s, dup=self.dup), level=level)


@st.composite
def phrases(draw: st.DrawFn, word: str) -> Phrase:
    """Return a fact with this word wherever its sentence takes one."""
    key = draw(st.sampled_from(ADVISED))
    template = catalogue("en").templates[key][0]
    numbers = st.floats(allow_nan=True) | st.integers(-(10**18), 10**18) | st.none()
    values = {
        piece.name: draw(numbers | st.just(word)) if "_" in piece.name else word
        for piece in template.html
        if piece.name
    }
    return Phrase(key, {**values, "n": draw(st.integers(0, 10**6))})


@st.composite
def mutings(draw: st.DrawFn) -> Mute:
    """Return any mute."""
    return Mute(
        id=draw(st.integers(1, 10**9)),
        glob=draw(WORDS),
        max_level=draw(st.sampled_from(Severity)),
        until_s=1.0,
        until=NOW.wall + draw(st.timedeltas(timedelta(), timedelta(days=7))),
        by=draw(WORDS),
        reason=draw(WORDS),
        created=NOW.wall,
        until_fixed=draw(st.booleans()),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return any incident in any state, with any words in its values."""
    word, many = draw(WORDS), draw(st.lists(WORDS, max_size=30))
    base = draw(st.sampled_from([OPEN, TAKEN, FIXED, replace(FIXED, stripped=True)]))
    incident = replace(
        base,
        number=draw(st.integers(0, 10**12)),
        key=draw(WORDS | st.sampled_from(["cpu", "fresh:Galxe", "volume:" + "x" * 200])),
        level=draw(st.sampled_from(Severity)),
        peak=draw(st.sampled_from(Severity)),
        fact=draw(phrases(word)),
        latest=draw(phrases(word)),
        ack_by=word if base.ack_by else "",
        evidence=tuple(Phrase("tracker.invalid", {"what": one, "byte": 1}) for one in many),
        timeline=tuple(
            TimelineEntry(at=SINCE, kind=kind, who=one, level=Severity.ERROR)
            for one in many[:12]
            for kind in TimelineKind
        ),
        critical_s=draw(st.none() | st.floats(0, 10**9)),
    )
    around = Around(
        mute=draw(st.none() | mutings()),
        cause=draw(st.none() | st.just(replace(OPEN, key=word))),
        call=tuple(Markup(f'<a href="tg://user?id={n}">{hostile(word, 40)}</a>') for n in range(5)),
    )
    return Case(
        incident=incident,
        around=around,
        words=language(draw(st.sampled_from(LANGUAGES)), PARIS),
        kind=draw(st.sampled_from(Kind)),
        late_s=draw(st.floats(0, 10**9)),
        dup=draw(st.booleans()),
    )


def told(case: Case) -> Iterator[Message]:
    """Return every message that is made of this incident."""
    incident, around, words = case.incident, case.around, case.words
    yield render(case.delivery, incident, at=NOW, language=words, around=around)
    yield card(incident, at=NOW, language=words, around=around)
    yield digest([(case.delivery, incident)] * 40, at=NOW, language=words)
    yield lists.details(incident, around, at=NOW, language=words)
    yield lists.alerts(
        [replace(incident, number=n) for n in range(60)],
        dict.fromkeys(range(60), around),
        at=NOW,
        language=words,
    )
    yield silence.what([incident] * 9, [incident.key] * 12, language=words)


@given(cases())
def test_i17_every_message_about_an_incident_is_one_telegram_takes(case: Case) -> None:
    """≤ 4,096 units, ≤ 100 entities, valid markup, buttons within limits: every kind and state."""
    for message in told(case):
        assert problems(message) == [], message.html


@given(st.lists(mutings(), min_size=1, max_size=60), st.sampled_from(LANGUAGES), WORDS)
def test_i17_every_message_about_mutes_is_one_telegram_takes(
    muted: list[Mute], code: str, word: str
) -> None:
    """The list, the answer to /mute and the question how long."""
    words = language(code, PARIS, NOW.wall)
    asked = Asked(word=f'"{word}"', shown=word, level=muted[0].max_level, night=time(7), open=True)
    sorry = Phrase("mute.until", {"what": word})
    for message in (
        mutes.mutes(muted, missed=word, language=words),
        mutes.muted(muted[:3], 7, night=time(7), language=words),
        silence.how_long(asked, sorry=sorry, language=words),
    ):
        assert problems(message) == [], message.html


@given(st.sampled_from(NOTES), WORDS, st.sampled_from(LANGUAGES), st.integers(0, 10**9))
def test_i17_every_note_is_one_telegram_takes(key: str, word: str, code: str, n: int) -> None:
    """What belongs to no incident, with its advice."""
    fields = {p.name for form in catalogue(code).templates[key] for p in form.html if p.name}
    values = {name: n if name in {"n", "held"} or "_s" in name else word for name in fields}
    message = note(Phrase(key, values), language(code, PARIS, NOW.wall))
    assert problems(message) == [], message.html


TOASTS = sorted(
    key for key in catalogue("en").templates if key.split(".")[0] in {"toast", "ack", "button"}
)


@given(st.sampled_from(TOASTS), WORDS, st.sampled_from(LANGUAGES), st.integers(0, 10**12))
def test_i17_every_toast_fits(key: str, word: str, code: str, n: int) -> None:
    """≤ 200 units without cutting where nobody's words stand in it, and never empty."""
    words = language(code, PARIS, NOW.wall)
    until = words.clock(NOW.wall + timedelta(days=3))
    values: dict[str, Spoken] = {
        "who": clip(word, 40),
        "glob": clip(word, 60),
        "number": n,
        "until": until,
    }
    said = words.plain(key, **values)
    assert said.strip()
    assert units(clip(said, TOAST_UNITS)) <= TOAST_UNITS
    if not any(each in said for each in (word, "…")):
        assert units(said) <= TOAST_UNITS


def test_i17_long_lists_are_cut_by_whole_lines() -> None:
    """Sixty muted alerts, sixty mutes with reasons: what is left out is counted."""
    words = language("en", PARIS, NOW.wall)
    one = Mute(
        id=1, glob="fresh:Galxe", max_level=Severity.WARNING, until_s=1.0, by="Lina",
        until=NOW.wall + timedelta(days=1), reason="we move it", created=NOW.wall,
    )  # fmt: skip
    muted = [replace(one, id=n, created=NOW.wall + timedelta(seconds=n)) for n in range(60)]
    shown = mutes.mutes(muted, language=words)
    arounds = dict.fromkeys(range(60), Around(mute=one))
    listed = lists.alerts(
        [replace(TAKEN, number=n) for n in range(60)], arounds, at=NOW, language=words
    )
    for message in (shown, listed):
        assert problems(message) == []
        assert "… and " in message.html


def test_every_kind_of_news_can_be_told_in_both_languages() -> None:
    """No kind of delivery and no line of the story lacks its sentence."""
    at: datetime = NOW.wall
    for code in LANGUAGES:
        words = language(code, PARIS, at)
        story = [TimelineEntry(at=at, kind=kind, who="Lina") for kind in TimelineKind]
        shown = visible(
            lists.details(replace(OPEN, timeline=tuple(story)), at=NOW, language=words).html
        )
        assert "timeline." not in shown
        for kind in Kind:
            assert "alert." not in visible(render(row(kind), OPEN, at=NOW, language=words).html)

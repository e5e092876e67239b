"""The overview fits under its picture whatever is wrong, and tables line up."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views import family, health
from handlers.views.blocks import Builder, fits, listing
from handlers.views.columns import WIDTH, fit, table, width
from handlers.views.i18n import LANGUAGES, language
from handlers.views.text import units, visible
from jobs.facts import Facts, Unknown
from jobs.watch import Cycle
from storage.opportunities import Statistics
from storage.records import Observation, Outcome, Phrase, Severity
from storage.tracker import (
    FileReport,
    FileState,
    Finding,
    FolderState,
    Snapshot,
    SourceReport,
)
from tests.handlers.strict import problems
from tests.jobs.looks import HEALTHY, NOON

PARIS = ZoneInfo("Europe/Paris")
EN, FR = (language(code, PARIS, NOON) for code in ("en", "fr"))
NOTHING = Unknown(Phrase("unknown.timeout", {"limit_s": 2.0}))
BLIND = replace(
    HEALTHY, data=NOTHING, business=NOTHING, processes=NOTHING, host=NOTHING, own=NOTHING
)


def cycle(seen: list[Observation], facts: Facts = HEALTHY) -> Cycle:
    """Return a cycle that saw this."""
    level = max((each.level for each in seen), default=Severity.OK)
    return Cycle(at=facts.at, took_s=1.84, level=level, facts=facts, observations=tuple(seen))


def seen(
    key: str, level: Severity = Severity.OK, *, check: str = "freshness", source: str = "Galxe"
) -> Observation:
    """Return an observation of that level about a source."""
    fact = Phrase(
        "freshness.source.stale" if level else "freshness.source.ok",
        {"source": source, "age_s": 6420, "limit_s": 7200},
    )
    outcome = Outcome.FAIL if level else Outcome.OK
    return Observation(key=key, check=check, outcome=outcome, level=level, fact=fact, value=6420.0)


def unknown(key: str) -> Observation:
    """Return an observation that gave no answer."""
    return Observation(
        key=key, check="machine", outcome=Outcome.UNKNOWN, level=Severity.OK, fact=NOTHING.reason
    )


def waits(key: str) -> Observation:
    """Return an observation that waits for the scrapers after a sleep."""
    reason = Phrase("absence.slept", {"for_s": 7200.0, "until_at": NOON.timestamp()})
    return replace(seen(key, Severity.WARNING), outcome=Outcome.UNKNOWN, level=Severity.OK,
                   waits=True, evidence=(reason,))  # fmt: skip


def test_what_is_waited_for_says_what_is_seen_and_why_nobody_is_told() -> None:
    """The fact as it is, and the reason once, in both languages."""
    shown = cycle([waits("fresh:all"), waits("fresh:zealy")])
    for reader, words in ((EN, "slept"), (FR, "dormi")):
        text = visible(health.render(shown, language=reader, next_at=None).html)
        assert reader.value("age_s", 6420.0) in text
        assert text.count(words) == 1


@pytest.mark.parametrize(
    ("observations", "first"),
    [
        ([seen("a")], "🟢 Everything works"),
        ([seen("a"), seen("b", Severity.INFO)], "🟢 Everything works"),
        ([seen("a"), unknown("cpu")], "⚪ Working, but 1 check gave no answer"),
        ([seen("a"), waits("fresh:all")], "⚪ Working; 1 check waits for the scrapers’ next run"),
        ([waits("a"), unknown("cpu")], "⚪ Working, but 1 check gave no answer"),
        ([seen("a", Severity.WARNING)], "🟡 Working, with 1 warning"),
        ([seen("a", Severity.ERROR), seen("b", Severity.ERROR)], "🟠 Trouble: 2 errors"),
        ([seen("a", Severity.CRITICAL), unknown("cpu")], "🔴 Critical: 1 thing needs you now"),
    ],
)
def test_the_verdict_comes_first(observations: list[Observation], first: str) -> None:
    """One line that is true on its own."""
    message = health.render(cycle(observations), language=EN, next_at=None)
    assert visible(message.html).split("\n")[0] == first


def test_a_line_for_every_family_names_what_fails() -> None:
    """The worst of the family, short enough for a phone."""
    message = health.render(
        cycle([seen("fresh:zealy", Severity.WARNING), unknown("cpu")]), language=EN, next_at=NOON
    )
    lines = visible(message.html).split("\n")
    assert "freshness  warn   zealy 1 h 47 min" in lines
    assert "machine    ?      20/25/40 %" in lines
    assert "Look at  Galxe has brought nothing for 1 h 47 min (limit 2 h)." in lines
    assert "• No answer within 2 s." in lines


def test_what_could_not_be_measured_is_said() -> None:
    """Unknown facts read "no answer", never zero."""
    families = ("scrapers", "freshness", "integrity", "metrics", "machine", "bot")
    shown = cycle([seen(name, check=name) for name in families], BLIND)
    text = visible(health.render(shown, language=EN, next_at=None).html)
    assert text.count("no answer") == 6
    assert " 0" not in text.split("\n\n", 1)[1]


@given(
    st.lists(st.tuples(st.text(max_size=80), st.sampled_from(Severity)), max_size=30),
    st.sampled_from(LANGUAGES),
    st.sampled_from([None, b"picture"]),
)
def test_the_overview_always_fits(
    things: list[tuple[str, Severity]], code: str, photo: bytes | None
) -> None:
    """Caption or text, hostile names and any number of troubles: accepted, verdict kept."""
    words = language(code, PARIS, NOON)
    data = Snapshot(
        folder=FolderState.OK,
        files=(FileReport(name="x", size=1, at=NOON, at_from="mtime"),),
        sources={
            name: SourceReport(source=name, newest=NOON - timedelta(hours=i), last_count=i)
            for i, (name, _) in enumerate(things)
        },
    )
    facts = replace(HEALTHY, data=data, business=Statistics(by_source={n: 1 for n, _ in things}))
    shown = cycle(
        [seen(f"fresh:{n}", level, source=n) for n, level in things] or [seen("a")], facts
    )
    overview = health.render(shown, language=words, next_at=NOON, photo=photo)
    assert problems(overview) == []
    assert problems(family.render("freshness", shown, language=words)) == []


@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=60, unique=True))
def test_integrity_lists_any_file_once(names: list[str]) -> None:
    """In the message or in the file that comes with it."""
    reports = tuple(
        FileReport(
            name=name,
            size=1,
            at=NOON,
            at_from="mtime",
            state=FileState.INVALID,
            findings=(
                Finding(
                    file=name, reason=Phrase("tracker.empty_file"), level=Severity.ERROR, record=2
                ),
            ),
            more_findings=3,
        )
        for name in names
    )
    note = Finding(file=names[0], reason=Phrase("tracker.special_file"), level=Severity.INFO)
    data = Snapshot(folder=FolderState.OK, files=reports, findings=(note,))
    shown = cycle([seen("data:folder", check="integrity")], replace(HEALTHY, data=data))
    message = family.render("integrity", shown, language=EN)
    assert problems(message) == []
    text = message.document.content.decode() if message.document else visible(message.html)
    assert text.count("– invalid") == len(names)
    assert text.count("record 3") == len(names)


@given(st.text(max_size=60), st.integers(1, 34))
def test_a_cell_takes_exactly_its_columns(text: str, columns: int) -> None:
    """Also with wide, combining and invisible signs."""
    assert width(fit(text, columns)) == columns or columns == 1


def test_a_table_is_as_wide_as_a_phone() -> None:
    """34 columns, whatever is in it."""
    lines = visible(table([("比特币" * 9, "warning" * 4, "x" * 90)], (10, 6, 16))).split("\n")
    assert [width(line) for line in lines] == [WIDTH]


@given(st.lists(st.tuples(st.text("ab<&😀", max_size=40), st.integers(0, 3)), max_size=12))
def test_only_whole_blocks_are_left_out(blocks: list[tuple[str, int]]) -> None:
    """What must stay stays, the heaviest goes first, and nothing is cut inside."""
    builder = Builder(limit=60)
    for number, (_, weight) in enumerate(blocks):
        builder.add(f"<b>{number}:</b>", weight=weight)
    kept = visible(builder.build()).split("\n")
    everything = [f"{number}:" for number in range(len(blocks))]
    assert [line for line in everything if line in kept] == [line for line in kept if line]
    assert all(f"{i}:" in kept for i, (_, weight) in enumerate(blocks) if weight == 0)
    assert builder.fits() == (kept == (everything or [""]))


@given(st.lists(st.text("ab😀", max_size=30), max_size=40), st.integers(20, 400))
def test_a_listing_says_how_many_it_left_out(lines: list[str], limit: int) -> None:
    """Shown and counted lines make all of them."""
    numbered = [f"{number} {line}" for number, line in enumerate(lines)]
    body = listing(numbered, limit=limit, more=lambda n: f"+{n}")
    assert units(body) <= limit
    shown = [line for line in body.split("\n") if line and not line.startswith("+")]
    rest = body.rpartition("+")[2] if "+" in body else "0"
    assert len(shown) + int(rest) == len(lines)
    assert fits(body, limit)

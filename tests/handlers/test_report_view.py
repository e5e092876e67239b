"""The morning report on a phone: the verdict first, none and no data in words, within limits."""

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers.views import report as view
from handlers.views.deadlines import deadline
from handlers.views.i18n import LANGUAGES, Language, language
from handlers.views.report_keys import UNFOLDED
from handlers.views.report_lines import against, pct
from handlers.views.text import units, visible
from jobs.report import Count, Report, SourceDay, Uptime
from storage.records import Elsewhere, Phrase, Severity
from tests.handlers.reports import (
    BAD,
    BLIND,
    CROWDED,
    GOOD,
    MONDAY,
    PARIS,
    REPORTS,
    UNTIL,
    YOUNG,
    incident,
    opportunity,
    source,
)
from tests.handlers.strict import problems

PNG = b"png"


def words(code: str = "en") -> Language:
    """Return a reader's language."""
    return language(code, PARIS, UNTIL)


def caption(report: Report, code: str = "en") -> list[str]:
    """Return the lines under the picture, without markup."""
    return visible(view.render(report, language=words(code), picture=PNG).html).splitlines()


def first(report: Report, code: str = "en") -> str:
    """Return what the phone's banner shows."""
    return caption(report, code)[0]


def test_the_copies_off_this_machine_stand_beside_the_backup() -> None:
    """Where there are any; even where nothing is known of the backup here."""
    told = replace(BLIND, copies=Phrase("backups.copies.owed"))
    line = next(line for line in caption(told) if line.startswith("Backup"))
    assert line.startswith("Backup  no data · ⚠️ off-site: ")
    assert not any("off-site" in line for line in caption(BLIND))


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("report", REPORTS)
def test_every_report_is_one_telegram_takes(report: Report, code: str) -> None:
    """Under a picture, alone, in full and day by day."""
    for message in (
        view.render(report, language=words(code), picture=PNG),
        view.render(report, language=words(code)),
        view.full(report, language=words(code)),
        view.days(report, language=words(code)),
    ):
        assert problems(message) == [], message.html


def test_the_first_line_is_the_verdict() -> None:
    """Well; well after something; well as far as seen; something open; nothing known."""
    assert first(GOOD) == "🟢 All is well"
    assert first(GOOD, "fr") == "🟢 Tout va bien"
    calm = replace(GOOD, incidents=(incident(peak=Severity.WARNING),))
    assert first(calm) == "🟢 All is well; 1 alert, over"
    over = replace(GOOD, verdict=Severity.WARNING, incidents=(incident(), incident(1)))
    assert first(over) == "🟡 All is well again, after 2 alerts"
    assert first(BAD) == "🔴 1 alert still open: CRITICAL"
    assert first(BAD, "fr") == "🔴 1 alerte en cours\u202f: CRITIQUE"
    partly = replace(GOOD, verdict=Severity.INFO, covered=0.8)
    assert first(partly) == "⚪ All is well, as far as I saw"
    assert caption(partly)[2] == "I looked 80% of the time; the rest is unknown."
    assert first(BLIND) == "⚪ No data: I saw nothing of this day"


def test_the_second_line_names_the_local_date() -> None:
    """Its length, too, where clocks changed; a report asked for names no date."""
    assert caption(GOOD)[1] == "📰 Daily report · Fri 14 Aug"
    assert caption(GOOD, "fr")[1] == "📰 Rapport du jour · ven. 14 août"
    short = replace(GOOD, since=GOOD.until - timedelta(hours=23))
    assert caption(short)[1] == "📰 Daily report · Fri 14 Aug · 23 h, as the clocks changed"
    old = replace(GOOD, at=GOOD.at + timedelta(days=400))
    assert caption(old)[1] == "📰 Daily report · Fri 14 Aug 2026"
    assert caption(replace(GOOD, rolling=True))[1] == "📰 The last 24 h, until 09:00"


def test_nothing_unknown_is_called_none_and_nothing_is_zero() -> None:
    """A day without any data, and one on which nothing happened."""
    blind = "\n".join(caption(replace(BLIND, covered=0.0)))
    for line in ("New  no data", "Return  no data", "Sources  no data", "Alerts  no data"):
        assert line in blind
    assert "Worth doing  no data" in blind
    empty = replace(
        BLIND, covered=1.0, verdict=Severity.OK, new=Count(today=0, usual=0.0, days_known=7),
        by_source=(SourceDay(name="Galxe", runs=0, new=Count(today=0)),),
    )  # fmt: skip
    said = "\n".join(caption(empty))
    for line in ("New  none (as usual)", "Return  none known", "Sources  Galxe none"):
        assert line in said
    assert "Alerts  none" in said
    assert "Worth doing  none" in said
    full = visible(view.full(empty, language=words()).html)
    assert "no run · new: none · not looked at" in full
    for text in (blind, said, full):
        assert not {"0", "0%", "None", "nan"} & set(text.replace("(", " ").split())


@pytest.mark.parametrize("code", ["en", "fr"])
def test_a_day_nobody_saw_says_so_once(code: str) -> None:
    """Whatever sources there should have been; what is known all the same is told."""
    sources = tuple(source(name, None, None, 1.0) for name in ("Galxe", "Layer3"))
    told = replace(BLIND, by_source=sources, backup=Phrase("backups.none"))
    no_data = words(code).plain("word.no_data").casefold()
    for said in (
        caption(told, code),
        visible(view.full(told, language=words(code)).html).split("\n"),
    ):
        assert "\n".join(said).casefold().count(no_data) == 1
        assert words(code).plain("backups.none").rstrip(".") in said[-1]
    partly = caption(replace(told, covered=0.5), code)
    assert sum("Layer3" in line for line in partly) == 0
    assert view.blank(BLIND)
    assert not view.blank(GOOD)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (Count(today=205, usual=188.0, days_known=7), " (▲ 9%, usually 188)"),
        (Count(today=97, usual=188.4, days_known=7), " (▼ 49%, usually 188)"),
        (Count(today=4, usual=3.5, days_known=7), " (▲ 14%, usually 3.5)"),
        (Count(today=188, usual=188.4, days_known=7), " (as usual)"),
        (Count(today=3, usual=0.0, days_known=7), " (usually none)"),
        (Count(today=0, usual=35.0, days_known=7), " (usually 35)"),
        (Count(today=10**9, usual=1e-300, days_known=7), " (usually 0)"),
        (Count(today=50, usual=40.0, days_known=3), " (▲ 25%, usually 40, from 3 days)"),
        (Count(today=50), " (no comparison yet)"),
        (Count(usual=40.0), ""),
    ],
)
def test_a_count_is_compared_with_the_usual_one(count: Count, said: str) -> None:
    """Up or down by how much, of how few days; nothing is compared with nothing."""
    assert visible(against(count, words())) == said


def test_almost_all_is_not_all() -> None:
    """99.9 % up was down, 0.1 % unknown is not nothing."""
    assert [pct(share) for share in (0.0, 0.001, 0.5, 0.999, 1.0)] == [0, 1, 50, 99, 100]


def test_figures_nobody_looked_at_are_those_of_the_files() -> None:
    """Nothing is called well or without alerts that nobody watched; little is no whole percent."""
    report = replace(GOOD, verdict=Severity.INFO, covered=0.0)
    said = "\n".join(caption(report))
    assert first(report) == "⚪ Not watched: only the files tell of it"
    assert "I was not looking" in said
    assert "Alerts  no data" in said
    assert "less than 1%" in "\n".join(caption(replace(report, covered=0.004)))


def test_a_day_half_seen_is_half_unknown() -> None:
    """In the picture and in words."""
    day = replace(GOOD.week[-1], up={"Galxe": 0.8}, unknown={"Galxe": 0.5})
    report = replace(GOOD, week=(day,))
    (strip,) = view.chart(report, words()).strips
    (cell,) = strip.cells
    assert tuple(cell) == pytest.approx((0.4, 0.1))
    assert "up to date 80% of the time I looked" in visible(
        view.days(report, language=words()).html
    )


def test_one_minute_is_not_sixty_seconds() -> None:
    """A task takes minutes, as its source says."""
    report = replace(GOOD, top=(replace(opportunity(0), minutes=1),))
    assert " · 1 min · " in visible(view.full(report, language=words()).html)


def test_who_was_late_is_named_the_worst_first() -> None:
    """Galxe for a sixth of the time; none where all were up to date all the time."""
    assert "Late  Galxe 16% of the time" in "\n".join(caption(BAD))
    assert "Late  none" in caption(GOOD)
    unsure = replace(
        GOOD, by_source=(replace(GOOD.by_source[0], uptime=Uptime(up=1.0, unknown=0.5)),)
    )
    assert not any(line.startswith("Late") for line in caption(unsure))
    seen = visible(view.full(unsure, language=words()).html)
    assert "up to date 100% of the time I looked, unknown 50%" in seen
    crowd = next(line for line in caption(CROWDED) if line.startswith("Late"))
    assert crowd.startswith("Late  Source number 00 43% of the time")
    assert crowd.endswith("and 27 more")


def test_the_best_say_what_where_and_until_when() -> None:
    """Reward, minutes and a local date; scraped words where there is no date."""
    lines = caption(GOOD)
    assert (
        "1. StarkNet Odyssey: bridge and swap · $4.8/min ● · $\u206048 · 10 min · Galxe"
        " · until Sun 16 Aug"
    ) in lines
    html = view.render(GOOD, language=words(), picture=PNG).html
    assert '<a href="https://example.org/1">TwitterRSS</a>' in html


def test_who_else_lists_it_is_named() -> None:
    """Two by name at most, where there is room."""
    also = tuple(Elsewhere(name, "") for name in ("Zealy", "<b>", "Layer3"))
    html = view.full(replace(GOOD, top=(replace(opportunity(), also=also),)), language=words()).html
    assert "</a> · also on Zealy, &lt;b&gt;" in html
    assert "Layer3 ·" not in html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-08-16", "until Sun 16 Aug"),
        ("2026-08-14T22:30:00Z", "until Sat 15 Aug"),
        ("2026-08-14T22:30:00", "until Fri 14 Aug"),
        ("Fri, 14 Aug 2026 22:30:00 +0000", "until Sat 15 Aug"),
        ("1786746600", "until Sat 15 Aug"),
        ("1786746600000", "until Sat 15 Aug"),
        ("2027-08-16", "until Mon 16 Aug 2027"),
        ("soon", "deadline: soon"),
        ("7", "deadline: 7"),
        ("9" * 30, "deadline: " + "9" * 30),
        ("<b>now</b>", "deadline: <b>now<\u2060/b>"),
        ("\u200b", "deadline: ?"),
    ],
)
def test_a_deadline_is_a_local_date(text: str, said: str) -> None:
    """Whatever shape a scraper wrote; else its own words, made harmless."""
    shown = visible(deadline(text, words()))
    assert shown.replace("\u2060", "") == said.replace("\u2060", "")


def test_alerts_are_counted_by_level_with_their_times() -> None:
    """How many, the longest, how soon somebody came, what is open."""
    line = next(line for line in caption(BAD) if line.startswith("Alerts"))
    assert line == (
        "Alerts  1 critical, 2 warnings · longest 3 h 40 min · taken after 4 min · 1 still open"
    )
    full = visible(view.full(BAD, language=words()).html)
    assert "🔴 02:00 Galxe has brought nothing" in full
    assert "· still open #216" in full
    before = replace(BAD, since=BAD.until - timedelta(hours=1))
    assert "🔴 14 Aug 02:00" in visible(view.full(before, language=words()).html)


def test_what_quiet_hours_held_back_is_folded() -> None:
    """One line each, and how many more there are."""
    html = view.render(BAD, language=words(), picture=PNG).html
    assert "<blockquote expandable><b>Held back overnight (1)</b>\n🟡 " in html
    full = view.full(CROWDED, language=words()).html
    assert "<b>Held back overnight (40)</b>" in full
    assert "more</blockquote>" in full


def test_lost_messages_are_told_at_once_others_in_full_only() -> None:
    """The caption says nothing of messages that went out."""
    assert "⚠️ 1 message could not be delivered" in caption(BAD)
    assert "delivered" not in "\n".join(caption(GOOD))
    full = visible(view.full(GOOD, language=words()).html)
    assert "Messages  3 sent · 19 of 20 within 800 ms · none lost" in full
    assert "Messages  none" in visible(view.full(YOUNG, language=words()).html)


def test_the_week_is_told_where_the_report_has_one() -> None:
    """Against the week before; on other days it is not mentioned."""
    line = next(line for line in caption(MONDAY) if line.startswith("Last 7 days"))
    assert line.startswith(
        "Last 7 days  1240 new (the week before: 1312) · median $2.4/min (before: $2.2/min)"
        " · 4 alerts · best: StarkNet Odyssey"
    )
    assert not any(line.startswith("Last 7 days") for line in caption(GOOD))


def test_what_matters_stays_where_there_is_no_room() -> None:
    """Thirty sources, sixty alerts: verdict, figures, alerts and the best three are there."""
    wordy = tuple(replace(each, title="x" * 200, source="y" * 60) for each in GOOD.top)
    for code in LANGUAGES:
        shown = view.render(replace(CROWDED, top=wordy), language=words(code), picture=PNG)
        text = visible(shown.html)
        assert shown.cut
        assert units(text) <= 1024
        assert text.startswith("🔴")
        assert "\n1. xxx" in text
        assert "\n3. xxx" in text
        assert "60" in text


def test_buttons_lead_on() -> None:
    """The top, all of it, the week, the table; open alerts where there are any."""
    shown = view.render(BAD, language=words(), picture=PNG)
    assert [[each.data for each in row] for row in shown.buttons] == [
        ["v1:newtop", "v1:reppick:p:2026-08-14"],
        [f"v1:report:{what}:2026-08-14" for what in ("full", "days", "csv")],
        ["v1:newalerts"],
    ]
    now = view.render(replace(GOOD, rolling=True), language=words(), picture=PNG)
    assert now.buttons[1][2].data == "v1:report:csv:now"
    assert len(now.buttons) == 2
    alone = view.render(GOOD, language=words())
    assert [each.label for each in alone.buttons[1]] == ["📊 7 days", "📄 CSV"]
    nothing = view.render(BLIND, language=words(), picture=PNG, picking=UNFOLDED)
    assert [each.data for each in nothing.buttons[0]] == ["v1:newtop"]


def test_only_what_is_shown_can_be_put_away() -> None:
    """What a caption had no room for has no buttons; in full, everything has."""
    wordy = tuple(replace(each, title="x" * 200, source="y" * 60) for each in GOOD.top)
    report = replace(CROWDED, top=wordy)
    under = view.render(report, language=words(), picture=PNG, picking=UNFOLDED)
    labels = [each.label for row in under.buttons for each in row]
    shown = [rank for rank in range(1, 6) if f"\n{rank}. xxx" in visible(under.html)]
    assert 3 <= len(shown) < 5
    assert [label for label in labels if "Hide" in label] == [f"🙈 {n}. Hide" for n in shown]
    alone = view.render(GOOD, language=words(), picking=UNFOLDED)
    assert sum("Hide" in each.label for row in alone.buttons for each in row) == len(GOOD.top)
    assert all(len(each.data.encode()) <= 64 for row in alone.buttons for each in row)


def test_the_table_opens_in_a_spreadsheet_of_the_readers_country() -> None:
    """Commas or semicolons, local times, words for what is unknown; the same figures in both."""
    tables = {}
    for code, sign in (("en", ","), ("fr", ";")):
        made = view.csv(BAD, words(code))
        assert made.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig")), delimiter=sign))
        assert {len(row) for row in rows} == {4}
        tables[code] = {(row[1], row[2]): row[3] for row in rows}
    assert tables["en"]["the whole day", "from"] == "2026-08-13 09:00"
    assert tables["en"]["the whole day", "usual"] == "188.4"
    assert tables["fr"]["toute la journée", "habituel"] == "188,4"
    assert tables["en"]["Galxe", "new"] == "0"
    assert tables["en"]["Layer3", "new"] == "no data"
    assert tables["fr"]["Layer3", "nouveautés"] == "pas de données"
    scraper = next(name for name, figure in tables["en"] if figure == "ran, %")
    assert (scraper, "unknown, %") in tables["en"]
    figures: dict[str, list[str]] = {what: [] for what in (", s", ", %", "usual")}
    for (_, figure), value in tables["en"].items():
        for end in figures:
            figures[end] += [value] if figure.endswith(end) and value != "no data" else []
    assert all(float(value) == round(float(value)) for value in figures[", s"])
    assert all(len(value.partition(".")[2]) <= 1 for value in figures[", %"] + figures["usual"])
    assert all(figures.values())
    assert len(tables["en"]) == len(tables["fr"]) == len(rows)
    assert view.csv(GOOD, words("fr")).name == "vigie-rapport-2026-08-14.csv"


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1", "@x", "\t=1", "  =cmd|' /C calc'!A0"])
def test_no_title_is_a_formula(title: str) -> None:
    """What a spreadsheet would compute is only text."""
    bad = replace(GOOD, top=(replace(opportunity(), title="x", reward=title, source=title),))
    content = view.csv(bad, words()).content.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(content)) for cell in row]
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "@", "\t"}]
    assert cells.count("'" + title.strip()) == 2


def test_the_console_gets_one_line_or_all() -> None:
    """Without markup."""
    line = view.line(BAD, words())
    assert line.startswith("1 alert still open: CRITICAL · New 97")
    assert "\n" not in line
    assert view.text(BAD, words()).splitlines()[0] == first(BAD)
    assert "<" not in view.text(BAD, words())

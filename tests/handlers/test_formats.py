"""Numbers and times read as a person of that language writes them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views.i18n import LANGUAGES, language
from handlers.views.text import Markup, visible
from storage.records import Phrase

PARIS = ZoneInfo("Europe/Paris")
EN, FR = language("en", PARIS), language("fr", PARIS)
NB = "\u202f"


@pytest.mark.parametrize(
    ("name", "value", "english", "french"),
    [
        ("age_s", 0, "0 s", "0 s"),
        ("age_s", 1.84, "1 s", "1 s"),
        ("age_s", 0.4, "0 s", "0 s"),
        ("took_s", 1.84, "1.8 s", "1,8 s"),
        ("took_s", 0.0118, "12 ms", "12 ms"),
        ("took_s", 0.00002, "1 ms", "1 ms"),
        ("took_s", 0.9996, "1 s", "1 s"),
        ("took_s", 5.96, "6 s", "6 s"),
        ("age_s", 119, "119 s", "119 s"),
        ("age_s", 12 * 60 + 59, "12 min", "12 min"),
        ("age_s", 7200, "2 h", "2 h"),
        ("age_s", 3 * 3600 + 12 * 60, "3 h 12 min", "3 h 12"),
        ("age_s", 3 * 3600 + 5 * 60, "3 h 5 min", "3 h 05"),
        ("age_s", 52 * 3600, "2 d 4 h", "2 j 4 h"),
        ("age_s", -60, "−60 s", "−60 s"),
        ("x_bytes", 18.4e6, "18.4 MB", "18,4 Mo"),
        ("x_bytes", 999, "999 B", "999 o"),
        ("x_bytes", 123.4e9, "123 GB", "123 Go"),
        ("share_pct", 46, "46%", "46 %"),
        ("share_pct", 9.25, "9.2%", "9,2 %"),
        ("roi_usd_min", 165.0, "$165.0/min", "165,0 $/min"),
        ("roi_usd_min", 0.04, "$0.04/min", "0,04 $/min"),
        ("roi_usd_min", 0.0004, "<$0.01/min", "<0,01 $/min"),
        ("roi_usd_min", 0.0, "$0.0/min", "0,0 $/min"),
        ("roi_usd_min", None, "no data", "pas de données"),
        ("roi_usd_min", float("nan"), "no data", "pas de données"),
        ("roi_usd_min", float("inf"), "no data", "pas de données"),
        ("n", 1204, "1204", "1204"),
        ("n", 12040, "12,040", "12 040"),
        ("pid", 123456, "123456", "123456"),
        ("name", "", "no data", "pas de données"),
        ("at_at", 1786679400, "14 Aug 05:50", "14 août 05:50"),
        ("at_at", 1e300, "no data", "pas de données"),
    ],
)
def test_values_are_spelled_by_their_unit(
    name: str, value: float | str | None, english: str, french: str
) -> None:
    """The unit in a value's name decides, in both languages."""
    assert EN.value(name, value) == english
    assert FR.value(name, value).replace(NB, " ").replace("\u2060", "") == french


@given(
    st.floats() | st.integers() | st.just(10**400) | st.text() | st.none(),
    st.sampled_from(["", "_s", "_at", "_bytes", "_pct", "_usd_min", "_n"]),
)
def test_no_value_breaks_a_sentence(value: float | str | None, unit: str) -> None:
    """Whatever was stored is said somehow, as text and not as markup."""
    for words in (EN, FR):
        said = (
            words.say("mute.too_long", limit_s=value)
            if not unit
            else words.value("x" + unit, value)
        )
        assert said


def test_a_clock_time_is_told_in_the_readers_zone() -> None:
    """Clients that know the tag show their own zone, the others the owner's."""
    at = datetime(2026, 8, 14, 3, 50, tzinfo=UTC)
    said = EN.say("alert.since", since_at=at)
    assert '<tg-time unix="1786679400" format="dt">14 Aug 05:50</tg-time>' in said
    now = EN.at(datetime(2026, 8, 14, 7, 2, tzinfo=UTC))
    assert visible(now.say("alert.since", since_at=at)).endswith("(3 h 12 min ago)")
    later = FR.at(datetime(2026, 8, 14, 3, 20, tzinfo=UTC))
    assert (
        later.plain("health.next", next_at=at).replace(NB, " ") == "Prochain contrôle dans 30 min"
    )


@pytest.mark.parametrize(("n", "english", "french"), [
    (0, "0 mutes", "0 silence"), (1, "1 mute", "1 silence"), (2, "2 mutes", "2 silences"),
])  # fmt: skip
def test_plurals_follow_the_language(n: int, english: str, french: str) -> None:
    """French says zero in the singular, English does not."""
    assert EN.plain("mutes.title", n=n) == english
    assert FR.plain("mutes.title", n=n) == french


def test_what_another_version_stored_is_still_said() -> None:
    """An unknown key says itself and a missing value is a question mark: nothing raises."""
    assert EN.say(Phrase("gone.key<b>")) == "gone.key&lt;b&gt;"
    assert EN.plain("ack.done") == "Taken by ?: no more reminders."
    assert EN.plain("mutes.title", n="many") == "many mutes"


def test_values_are_escaped_but_markup_is_kept() -> None:
    """Escape by default; only what a view built itself passes."""
    assert EN.say("ack.done", who="<i>&") == "Taken by &lt;i&gt;&amp;: no more reminders."
    assert EN.say("ack.done", who=Markup("<i>x</i>")) == "Taken by <i>x</i>: no more reminders."
    assert EN.plain("ack.done", who=Markup("<i>x</i>")) == "Taken by x: no more reminders."


@pytest.mark.parametrize(
    ("code", "found"), [("fr-CA", "fr"), ("FR", "fr"), ("de", "en"), ("", "en"), ("fr_FR", "fr")]
)
def test_a_language_is_found_by_its_code(code: str, found: str) -> None:
    """Regions are ignored, and strangers' languages read English."""
    assert language(code, PARIS).code == found
    assert found in LANGUAGES

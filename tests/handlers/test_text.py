"""Hostile text comes out harmless, whole signs only, and measured as Telegram measures."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.texts import formatted
from handlers.views.text import (
    Markup,
    clean,
    clip,
    escape,
    hostile,
    link,
    safe_url,
    units,
    visible,
)

ANY_TEXT = st.text(st.characters(), max_size=400)


@given(ANY_TEXT)
def test_cleaned_text_hides_nothing(text: str) -> None:
    """No control, bidi, zero-width or lone surrogate survives, and it stays one line."""
    cleaned = clean(text)
    assert not any(unicodedata.category(ch) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for ch in cleaned)
    assert cleaned == clean(cleaned)
    cleaned.encode("utf-8")


@given(ANY_TEXT, st.integers(1, 120))
def test_clipped_text_fits_in_utf16(text: str, limit: int) -> None:
    """It is never longer than allowed, and unchanged where it was short enough."""
    clipped = clip(text, limit)
    assert units(clipped) <= limit
    assert units(clipped) == len(clipped.encode("utf-16-le", "surrogatepass")) // 2
    if units(text) <= limit:
        assert clipped == text


@given(ANY_TEXT)
def test_escaped_text_is_shown_as_it_was(text: str) -> None:
    """Whatever a title holds, it is text to Telegram and not markup."""
    shown = clean(text)
    body = formatted({"text": f"<b>x{escape(shown)}</b>", "parse_mode": "HTML"})
    assert body["text"] == f"x{shown}"
    assert body["entities"][0]["type"] == "bold"
    assert body["entities"][0]["length"] == units(body["text"])


@given(ANY_TEXT | st.from_regex(r"[./@#$:a-z ]{0,30}"))
def test_scraped_text_holds_no_entity_but_ours(text: str) -> None:
    """Neither commands nor addresses: what is bold is all there is."""
    body = formatted({"text": f"<b>x{hostile(text)}</b>", "parse_mode": "HTML"})
    assert [each["type"] for each in body["entities"]] == ["bold"]


@pytest.mark.parametrize(
    "text",
    ["claim at evil.com", "https://evil.com/x", "ask @admin", "/ack 214", "#1", "$BTC", "a.bc"],
)
def test_scraped_words_are_not_made_links(text: str) -> None:
    """Clients find nothing to link, mention or run, and the words still read the same."""
    shown = visible(hostile(text))
    assert shown.replace("\u2060", "") == text
    assert shown != text


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://galxe.com/q/1?a=b&c=d", True),
        ("http://zealy.io", True),
        ("javascript:alert(1)", False),
        ("tg://user?id=1", False),
        ("https://user:pass@evil.com/", False),
        ("https://galxe.com@evil.com/", False),
        ("https://ev\u202eil.com/", False),
        ('https://x.org/"onclick', False),
        ("https://localhost/", False),
        ("https://[::1", False),
        ("https://x.org:99999/", False),
        ("//x.org/", False),
        ("https://x.org/" + "a" * 600, False),
    ],
)
def test_links_lead_only_to_plain_web_addresses(url: str, good: bool) -> None:  # noqa: FBT001
    """Only http(s) with a host is linked; anything else leaves the label alone."""
    assert (safe_url(url) == url) is good
    assert link(url, Markup("x")).startswith("<a ") is good


def test_naughty_strings_are_text(shared_data: Path) -> None:
    """All 515 strings that break text handling come out as plain, accepted text."""
    naughty = json.loads((shared_data / "naughty_strings/blns.json").read_text("utf-8"))
    assert len(naughty) == 515
    for text in naughty:
        formatted({"text": f"<b>x{hostile(text)}</b>", "parse_mode": "HTML"})
        assert units(visible(hostile(text)).replace("\u2060", "")) <= 80

import html as standard
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.html import TIME_FORMAT, parse
from bot.sandbox.limits import Refusal, units
from bot.sandbox.texts import formatted


@pytest.mark.parametrize(
    ("html", "complaint"),
    [
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag, expected "</b>", found "</i>"'),
        ("<x>y</x>", 'Unsupported start tag "x" at byte offset 0'),
        ("é<x>y</x>", "at byte offset 2"),
        ("<br>", 'Unsupported start tag "br"'),
        ("<br/>", 'Unsupported start tag "br"'),
        ("<b", "Unclosed start tag"),
        ("<b>x</b", "Unclosed end tag"),
        ("a < b", "Unclosed start tag"),
        ("a > b", "&gt;"),
        ("a & b", "&amp;"),
        ("&nbsp;", "known names are lt gt amp quot"),
        ("&apos;", "known names are lt gt amp quot"),
        ("&lt", "known names"),
        ('<a href="javascript:x">y</a>', "would be dropped"),
        ("<a>y</a>", "would be dropped"),
        ('<a href="http://x/?a=1&b=2">y</a>', "in an attribute"),
        ('<b class="x">y</b>', 'attribute "class" is unknown'),
        ('<a href="http://a/" href="http://b/">y</a>', "repeated"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler"'),
        ('<span class="red">x</span>', 'Tag "span" must have class "tg-spoiler"'),
        ("<b><code>x</code></b>", "code can't be part of bold"),
        ("<code><b>x</b></code>", "bold inside code"),
        ("<pre><i>x</i></pre>", "italic inside pre"),
        ("<pre>x<code>y</code></pre>", "code inside pre"),
        ('<code class="language-py">x</code>', "belongs into <pre><code>"),
        ("<blockquote>a<blockquote>b</blockquote></blockquote>", "is lost"),
        ("<b><blockquote expandable>b</blockquote></b>", "outside other tags"),
        ('<a href="http://a/">x<a href="http://b/">y</a></a>', "is lost"),
        ('<tg-time unix="soon">x</tg-time>', "Invalid number"),
        ('<tg-time format="r">x</tg-time>', "Invalid number"),
        ('<tg-time unix="1" format="rt">x</tg-time>', "Invalid date format"),
        ('<tg-emoji emoji-id="a">x</tg-emoji>', "Invalid number"),
        ("<b =x>y</b>", "Empty attribute name"),
    ],
)
def test_broken_html_is_refused(html: str, complaint: str) -> None:
    """What Telegram refuses, or shows differently from what was meant, is a 400 that says where."""
    with pytest.raises(Refusal) as refused:
        parse(html)
    assert refused.value.code == 400
    assert refused.value.description.startswith("Bad Request: can't parse entities: ")
    assert complaint in refused.value.description


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<B>x</B>", "x", ["bold"]),
        ("<strong>x</strong><em>y</em><ins>z</ins>", "xyz", ["bold", "italic", "underline"]),
        ("<s>a</s><del>b</del><strike>c</strike>", "abc", ["strikethrough"] * 3),
        ('<tg-spoiler>a</tg-spoiler><span class="tg-spoiler">b</span>', "ab", ["spoiler"] * 2),
        ("<b>x<i>y</i></b>", "xy", ["bold", "italic"]),
        ("<blockquote>a <code>b</code></blockquote>", "a b", ["blockquote", "code"]),
        ("<blockquote expandable>a</blockquote>", "a", ["expandable_blockquote"]),
        ('<pre><code class="language-py">x</code></pre>', "x", ["pre"]),
        ('<a href="https://a.example/?x=1&amp;y=2">x</a>', "x", ["text_link"]),
        ('<tg-time unix="1786690920" format="wDt">x</tg-time>', "x", ["date_time"]),
        ('<tg-emoji emoji-id="53">👍</tg-emoji>', "👍", ["custom_emoji"]),
        ("&lt;b&gt; &amp;amp; &quot;&#65;&#x42;", '<b> &amp; "AB', []),
        ("<b></b>x", "x", []),
        ("<b> </b>x", "x", []),
    ],
)
def test_telegrams_tags_are_read(html: str, text: str, entities: list[str]) -> None:
    """Every documented tag gives its entity."""
    body = formatted({"text": html, "parse_mode": "HTML"})
    assert body["text"] == text
    assert [one["type"] for one in body.get("entities", [])] == entities


def test_details_of_entities_survive() -> None:
    """Languages, links, times and formats are in the entities."""
    html = (
        '<pre><code class="language-sh">ls</code></pre> <a href="https://a.example/&quot;">x</a> '
        '<tg-time unix="5" format="r">y</tg-time>'
    )
    entities = formatted({"text": html, "parse_mode": "HTML"})["entities"]
    assert entities[0] == {"type": "pre", "offset": 0, "length": 2, "language": "sh"}
    assert entities[1]["url"] == 'https://a.example/"'
    assert (entities[2]["unix_time"], entities[2]["date_time_format"]) == (5, "r")


def test_offsets_count_utf16_units() -> None:
    """An astral character is two units long, and trimming moves what follows."""
    body = formatted({"text": " \n🦊<b>🦊x</b> ", "parse_mode": "HTML"})
    assert body["text"] == "🦊🦊x"
    assert body["entities"] == [{"type": "bold", "offset": 2, "length": 3}]


def test_commands_and_links_are_found_outside_code() -> None:
    """Plain commands and links become entities, those in code or links do not."""
    html = 'try /top5 or https://a.example/x. <code>/no</code> <a href="https://b.example">/no</a>'
    entities = formatted({"text": html, "parse_mode": "HTML"})["entities"]
    assert [one["type"] for one in entities] == ["bot_command", "url", "code", "text_link"]
    assert (entities[1]["offset"], entities[1]["length"]) == (13, 19)


@pytest.mark.parametrize(
    ("shape", "good"),
    [("", True), ("r", True), ("wDT", True), ("t", True), ("dD", False), ("tw", False)],
)
def test_time_formats(shape: str, *, good: bool) -> None:
    """The documented date-time formats pass, other combinations do not."""
    assert (TIME_FORMAT.fullmatch(shape) is not None) is good


@given(st.text())
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """The parser never fails in another way than by refusing."""
    with suppress(Refusal):
        parse(text)


PIECES = (
    *"<>&'=/x 🦊",
    *("<b>", "</b>", "<i>", "</i>", "<code>", "</code>", "<pre>", "</pre>", "<blockquote "),
    *("<a href=", '"https://a/"', "&lt;", "</a>", "expandable", "</blockquote>"),
)
SOUP = st.lists(st.sampled_from(PIECES)).map("".join)


@given(SOUP)
def test_tag_soup_is_parsed_or_refused(text: str) -> None:
    """What looks like tags does not break the parser either, and accepted offsets stay inside."""
    try:
        body = formatted({"text": text, "parse_mode": "HTML"})
    except Refusal:
        return
    for one in body.get("entities", []):
        assert 0 <= one["offset"] < one["offset"] + one["length"] <= units(body["text"])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf"])))
def test_escaped_text_arrives_as_it_was(text: str) -> None:
    """Escaped by the standard library, any text is accepted, unchanged but trimmed."""
    html = standard.escape(text, quote=True).replace("&#x27;", "&#39;")
    assert parse(html).text == text
    body = formatted({"text": f"<b>{html}</b>.", "parse_mode": "HTML"})
    assert body["text"] == f"{text}.".lstrip()


def test_naughty_strings_are_accepted_escaped(shared_data: Path) -> None:
    """Each of the 515 naughty strings passes as a bold title."""
    strings = json.loads((shared_data / "naughty_strings" / "blns.json").read_text("utf-8"))
    assert len(strings) == 515
    for text in strings:
        html = f"<b>{standard.escape(text)}</b> x"
        assert formatted({"text": html, "parse_mode": "HTML"})["text"].endswith("x")

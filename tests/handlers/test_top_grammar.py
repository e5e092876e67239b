import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.top_grammar import Misread, away, parse
from handlers.views.callback import LIMIT_BYTES, unpack, verb
from handlers.views.query import LAST_OFFSET, PERIODS_S, Menu, Query, data_of, least, most, read

SOURCES = ["Galxe", "Layer3-LiFi", "Société Générale", "Zealy"]


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("", Query()),
        ("10 galxe 7d roi>5 min<10",
         Query(n=10, source="Galxe", period="7d", min_roi=5.0, max_minutes=10)),
        ("min<10 7j ROI>=2,5 zea", Query(source="Zealy", period="7d", min_roi=2.5, max_minutes=10)),
        ("rendement > 5 temps < 10 min", Query(min_roi=5.0, max_minutes=10)),
        ("rdt>5 durée≤15", Query(min_roi=5.0, max_minutes=15)),
        (">$5/min <10", Query(min_roi=5.0, max_minutes=10)),
        ("roi 5 10min", Query(min_roi=5.0, max_minutes=10)),
        ("roi>5$ 3 tout", Query(n=3, period="all", min_roi=5.0)),
        ("roi>0 min<0", Query(max_minutes=1)),
        ("roi>123456 min<123456", Query(min_roi=9999.0, max_minutes=1440)),
        ("rendement minimum 5", Query(min_roi=5.0)),
        ("galxe roi plus de 3 moins de 5 min 7 jours",
         Query(source="Galxe", period="7d", min_roi=3.0, max_minutes=5)),
        ("5 minutes max zealy une semaine", Query(source="Zealy", period="7d", max_minutes=5)),
        ("societe", Query(source="Société Générale")),
        ("99999999", Query(n=10)),
    ],
)  # fmt: skip
def test_words_in_any_order(words: str, query: Query) -> None:
    """How many, source, period, least return, most minutes; in both languages."""
    assert parse(words.split(), SOURCES) == query


@pytest.mark.parametrize(
    ("words", "read"),
    [
        ("nobody", Misread("nobody")),
        ("roi<5", Misread("roi<5", filters=True)),
        ("min>5 galxe", Misread("min>5 galxe", filters=True)),
        ("roi>many", Misread("roi>many", filters=True)),
        ("galxe roi", Misread("galxe roi")),
        ("min 3", Misread("min", filters=True)),
        ("plus de 5 minutes", Misread("plus de", filters=True)),
    ],
)
def test_what_is_not_understood_is_told(words: str, read: Misread) -> None:
    """A limit the wrong way round is not taken for the right one."""
    assert parse(words.split(), SOURCES) == read


@given(st.lists(st.text(max_size=12), max_size=8))
def test_no_words_break_it(words: list[str]) -> None:
    """Whatever somebody types."""
    assert isinstance(parse(words, SOURCES), Query | Misread)


@pytest.mark.parametrize("word", ["hidden", "done", "Masquées", "cachées", "faites"])
def test_what_was_put_away_has_its_words(word: str) -> None:
    """One word alone, with accents and without."""
    assert away([word])
    assert not away([word, "10"])
    assert not away([])


_queries = st.builds(
    Query,
    n=st.integers(1, 10),
    source=st.text(max_size=60),
    period=st.sampled_from(list(PERIODS_S)),
    offset=st.integers(0, LAST_OFFSET),
    min_roi=st.none() | st.floats(0.01, 1e6).map(least),
    max_minutes=st.none() | st.floats(0, 1e6).map(most),
    menu=st.sampled_from(Menu),
)


@given(_queries)
def test_a_button_says_the_whole_query_in_64_bytes(query: Query) -> None:
    """With an opportunity's key before it, and whatever the source is called."""
    data = data_of(query, "hide", "f" * 16)
    assert len(data.encode()) <= LIMIT_BYTES
    assert verb(data) == "hide"
    key, period, n, offset, state, _ = unpack(data, 6)
    assert key == "f" * 16
    found = read(period, int(n), int(offset), state)
    assert found is not None
    assert (found.min_roi, found.max_minutes) == (query.min_roi, query.max_minutes)
    assert (found.n, found.period, found.offset, found.menu) == (
        query.n, query.period, query.offset, query.menu,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("period", "n", "offset", "state"),
    [
        ("1y", 5, 0, "-"), ("24h", 0, 0, "-"), ("24h", None, 0, "-"), ("24h", 11, 0, "-"),
        ("24h", 5, None, "-"), ("24h", 5, LAST_OFFSET + 1, "-"), ("24h", 5, 0, ""),
        ("24h", 5, 0, "x"), ("24h", 5, 0, "-r"), ("24h", 5, 0, "-r1e9"), ("24h", 5, 0, "-m1.5"),
    ],
)  # fmt: skip
def test_forged_words_make_no_query(
    period: str, n: int | None, offset: int | None, state: str
) -> None:
    """Nothing in a button's data is trusted."""
    assert read(period, n, offset, state) is None

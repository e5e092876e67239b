"""Button data fits 64 bytes, comes back as it went, and is nobody's to forge."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.views.callback import digest, named, pack, unpack, verb

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=90)


@given(NAMES, st.integers(0, 10**6))
def test_a_name_comes_back_from_a_button(name: str, number: int) -> None:
    """Any name fits, and is found again among those that are known."""
    data = pack("top", "24h", 5, number, name)
    assert len(data.encode()) <= 64
    assert verb(data) == "top"
    *rest, word = unpack(data, 4)
    assert rest == ["24h", "5", str(number)]
    assert named(word, ["other", name]) == name


def test_a_digest_of_something_unknown_is_nothing() -> None:
    """What is gone since the button was made is not guessed."""
    assert named(digest("gone"), ["a", "b"]) is None


@given(st.text(max_size=80))
def test_foreign_data_has_no_verb_of_ours(data: str) -> None:
    """Only data of this version has a verb, and taking it apart never raises."""
    assert verb(data) == "" or data.startswith("v1:")
    assert len(unpack(data, 3)) <= 3

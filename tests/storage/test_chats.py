from pathlib import Path

import pytest

from storage.chats import Chats, parts
from storage.database import Database


@pytest.fixture
def chats(tmp_path: Path) -> Chats:
    return Chats(Database(tmp_path / "state.json"), default="en")


@pytest.mark.parametrize(
    ("tag", "expected"),
    [("fr", "fr"), ("fr-CA", "fr"), ("FR_be", "fr"), ("de", "en"), ("", "en"), ("en-GB", "en")],
)
def test_a_language_is_guessed_from_the_user(chats: Chats, tag: str, expected: str) -> None:
    """A tag that fits a catalogue, else the default."""
    assert chats.language(7, tag) == expected


def test_a_chosen_language_goes_first_and_is_kept(chats: Chats, tmp_path: Path) -> None:
    """Also over a restart, and for that chat only."""
    chats.remember(7, "fr")
    again = Chats(Database(tmp_path / "state.json"))
    assert again.language(7, "en") == "fr"
    assert again.language(8) == "en"


def test_a_migration_keeps_what_was_known(chats: Chats, tmp_path: Path) -> None:
    """Language and pause follow the group, twice over; unknown chats lead to themselves."""
    chats.remember(-5, "fr")
    chats.pause(-5, until_s=9.0)
    chats.migrate(-5, -105)
    chats.migrate(-105, -106)
    again = Chats(Database(tmp_path / "state.json"))
    assert again.current(-5) == again.current(-105) == -106
    assert again.language(-5) == "fr"
    assert again.get(-5).paused_s == 9.0
    assert again.current(42) == 42


def test_a_circle_of_migrations_ends(chats: Chats) -> None:
    """A damaged or odd history hangs nothing."""
    chats.migrate(1, 1)
    chats.migrate(1, 2)
    chats.migrate(2, 1)
    assert chats.current(1) in {1, 2}
    assert chats.language(1) == "en"


def test_a_chat_is_shut_and_opened(chats: Chats) -> None:
    """With the reason and the time of the next probe; opening forgets both and the pause."""
    chats.pause(7, until_s=5.0)
    chats.disable(7, reason="blocked", probe_s=3600.0)
    row = chats.get(7)
    assert (row.disabled, row.probe_s) == ("blocked", 3600.0)
    assert [chat.id for chat in chats.all()] == [7]
    chats.enable(7)
    row = chats.get(7)
    assert (row.disabled, row.probe_s, row.paused_s) == ("", 0.0, 0.0)


def test_a_lost_chat_that_writes_is_probed_at_once(chats: Chats) -> None:
    """It may be back; a chat that was never lost has nothing to be probed for."""
    chats.heard_from(7)
    assert chats.all() == []
    chats.disable(7, reason="blocked", probe_s=3600.0)
    chats.heard_from(7)
    assert (chats.get(7).disabled, chats.get(7).probe_s) == ("blocked", 0.0)


@pytest.mark.parametrize(
    ("channel", "expected"), [("7", (7, None)), ("-1001:5", (-1001, 5)), ("-1001:0", (-1001, 0))]
)
def test_a_channel_names_chat_and_topic(channel: str, expected: tuple[int, int | None]) -> None:
    """`chat` or `chat:topic`."""
    assert parts(channel) == expected

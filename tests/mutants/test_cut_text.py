"""I17 for single values: text is cut first and marked up then."""

import pytest

from handlers.views.message import Message
from handlers.views.text import hostile, units, visible
from tests.handlers.strict import problems


@pytest.mark.parametrize("limit", range(2, 30))
def test_a_cut_never_goes_through_an_entity(limit: int) -> None:
    """Wherever it falls, Telegram can parse what is left, and it is no longer than asked for."""
    text = hostile("<&>\"'" * 20 + "<b>", limit)
    assert problems(Message(html=text)) == []
    assert units(visible(text)) <= limit
    assert visible(text).rstrip("…") in "<&>\"'" * 20

"""A label stands where a line is not, if there is such a place."""

from hypothesis import given
from hypothesis import strategies as st

from handlers.views.placing import Box, around, freest

PLATE = Box(100, 900, 50, 450)


def test_a_label_stands_at_the_left_where_nothing_is() -> None:
    """On the first row it was given that is on the plate."""
    assert freest(PLATE, (120, 26), (200, 150), []) == Box(110, 230, 200, 226)
    assert freest(PLATE, (120, 26), (440, 150), []) == Box(110, 230, 150, 176)


def test_a_label_gives_way_to_a_line() -> None:
    """To the other row first, then along it; a steep line fills all it passes."""
    flat = around([(100, 210), (900, 210)])
    assert freest(PLATE, (120, 26), (200, 150), flat).bottom == 150
    steep = around([(100, 50), (150, 450), (200, 50), (900, 60)])
    place = freest(PLATE, (120, 26), (200, 150), steep)
    assert (place.bottom, place.left > 200) == (200, True)


def test_one_point_is_in_the_way_too() -> None:
    """A lone dot is no line, yet seen."""
    assert freest(PLATE, (120, 26), (200,), around([(150, 210)])).left > 150


@given(
    st.lists(st.tuples(st.floats(100, 900), st.floats(50, 450)), max_size=30),
    st.floats(1, 700),
    st.floats(60, 420),
)
def test_a_label_never_leaves_the_plate(
    line: list[tuple[float, float]], wide: float, row: float
) -> None:
    """However full it is."""
    place = freest(PLATE, (wide, 26), (row, 60), around(sorted(line)))
    assert PLATE.left <= place.left < place.right <= PLATE.right
    assert PLATE.bottom <= place.bottom < place.top <= PLATE.top

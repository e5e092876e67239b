"""One line of the benchmark table."""

from typing import NamedTuple


class Row(NamedTuple):
    """What we need against what a reference needs for the same work, in one unit.

    `limit` is what could not be beaten, if known. `goal` says in words what `met` judges.
    """

    name: str
    reference: str
    ours: float
    reference_value: float
    limit: float | None
    goal: str
    met: bool
    unit: str = "ms CPU"

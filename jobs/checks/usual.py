"""What a day usually brings, and how far below or above that is no chance any more. Pure.

The specification compares with the median and the MAD of the same weekday's last four values.
Simulated, that makes 28 false alarms a week of four Poisson sources: four values tell neither a
middle nor a scatter (their MAD is below half of the true one in every third case).
So three things differ, each for a reason (`docs/why.md` has the figures):

- Square roots are compared. Those of Poisson counts scatter by 1/2 whatever their rate: that is
  the least scatter there can be, and no estimate from few days goes below it.
- The middle lies between that of the weekday and that of all days: the closer to the weekday,
  the more weekdays differ among themselves beyond chance.
- The scatter is how much days differ from the same weekday a week earlier, over four weeks.

What is left of chance is the uncertainty of the middle itself, which widens the limits while
history is young. A source is low only below half of its usual, too: chance alone may take a tenth
from a rate of a hundred, but who would get up for that?
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, median, variance

WEEK = 7
LEAST_DAYS = 7  # the specification: silent below
SURE_PAIRS = 14  # below, days are compared with all others too, in case weekdays are not known
POISSON = 0.5  # the scatter of a root
TO_SIGMA = 1.4826  # a MAD of a normal scatter
SURE = 0.7  # a scatter from here on is believed; below it may be chance, and counts less
MEDIANS = 1.3  # a median is that much less certain than a mean, in variance
LOW_SIGMA = 2.75  # the specification has 3, of a scatter it finds a quarter too small on average
LOW_SHARE = 0.5
SPIKE_SIGMA = 6 / TO_SIGMA  # the specification: 6 MAD
SPIKE_LEAST = 20.0  # fewer are no flood


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What `days` days lead to expect; fewer than `low` or more than `high` is no chance."""

    count: float
    low: float
    high: float
    days: int


def known(days: Sequence[int | None]) -> int:
    """Return how many days are known."""
    return sum(count is not None for count in days)


def usual(days: Sequence[int | None]) -> Usual | None:
    """Return what to expect of the 24 h after these days (newest first); None of too few."""
    roots = [None if count is None else sqrt(count + 3 / 8) for count in days]
    plain = [root for root in roots if root is not None]
    if len(plain) < LEAST_DAYS:
        return None
    middle = median(plain)
    scatter = _scatter(roots, plain, middle)
    phases = [[r for r in roots[one::WEEK] if r is not None] for one in range(WEEK)]
    same = phases[WEEK - 1]  # those that ended 7, 14 … days ago
    weight = _weight(phases, scatter) if same else 0.0
    expected = middle + weight * (median(same) - middle) if same else middle
    doubt = MEDIANS * ((1 - weight) / len(plain) + (weight * weight / len(same) if same else 0.0))
    sigma = scatter * sqrt(1 + doubt)
    count = _count(expected)
    return Usual(
        count=count,
        low=min(_count(expected - LOW_SIGMA * sigma), LOW_SHARE * count),
        high=max(_count(expected + SPIKE_SIGMA * sigma), SPIKE_LEAST),
        days=len(plain),
    )


def _scatter(roots: Sequence[float | None], plain: Sequence[float], middle: float) -> float:
    """Return how much a day differs by chance from what is expected of it."""
    pairs = [
        abs(later - early)
        for later, early in zip(roots, roots[WEEK:], strict=False)
        if later is not None and early is not None
    ]
    found = [POISSON]
    if len(pairs) >= WEEK:
        scatter = TO_SIGMA * median(pairs) / sqrt(2)
        found.append(min(scatter, 2 * scatter - SURE))
    if len(pairs) < SURE_PAIRS:
        found.append(TO_SIGMA * median(abs(root - middle) for root in plain))
    return max(found)


def _weight(phases: Sequence[Sequence[float]], scatter: float) -> float:
    """Return how much weekdays differ beyond chance: 0 not at all, 1 by far."""
    if not all(phases):
        return 0.0
    between = variance([median(one) for one in phases])
    alone = all(len(one) == 1 for one in phases)  # then the scatter holds the weekdays' too
    chance = MEDIANS * (POISSON if alone else scatter) ** 2 * fmean(1 / len(o) for o in phases)
    return max(0.0, 1 - chance / between) if between else 0.0


def _count(root: float) -> float:
    return max(0.0, max(0.0, root) ** 2 - 3 / 8)

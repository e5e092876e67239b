"""Weeks of a source that brings items by chance, and what a rule makes of them.

Items come by a Poisson process whose rate follows the day of the week, in files: twelve a day,
each with all that came since the last. A look every five minutes sees nothing else between two
files, so one look a file is the same as all of them; that two looks in a row must fail is then
always true. `clump` above 1 makes items come several at a time: no longer Poisson, for stress.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate
from statistics import median
from typing import NamedTuple

import numpy as np

from jobs.checks.volume import SPIKE, Volume
from storage.habits import Habit, Habits
from storage.records import Severity
from tests.jobs.looks import HEALTHY, NOON

A_DAY = 12
WEEK = (1.08, 1.12, 1.12, 1.10, 1.05, 0.80, 0.73)
NAME = "Galxe"
RATES = (20.0, 100.0)
GAP = timedelta(hours=6)


class Seen(NamedTuple):
    """What a rule says of one look: `low` fires, `clear` closes, `spike` is a flood."""

    low: bool
    clear: bool
    spike: bool = False


Rule = Callable[[Sequence[int | None], int], Seen | None]


@dataclass(frozen=True, slots=True)
class Source:
    """A source with a rate of items a day; from file `drops` on it brings a share `left`."""

    rate: float
    clump: float = 1.0
    drops: int | None = None
    left: float = 0.2

    def files(self, rng: np.random.Generator, *, weeks: int) -> list[int]:
        """Return what each file brings that is new."""
        rates = np.repeat(np.tile(WEEK, weeks), A_DAY) * (self.rate / A_DAY)
        if self.clump == 1:
            new = rng.poisson(rates)
        else:
            groups = rng.poisson(rates / self.clump)
            new = np.array([int(rng.geometric(1 / self.clump, n).sum()) for n in groups])
        if self.drops is not None:
            new[self.drops :] = rng.binomial(new[self.drops :], self.left)
        return [int(n) for n in new]


@dataclass(frozen=True, slots=True)
class Told:
    """How often a rule fired over some weeks."""

    low: int
    spikes: int


def ours() -> Rule:
    """Return the check as the bot runs it, without a limit on silence."""
    check = Volume(check="metrics")

    def rule(days: Sequence[int | None], n: int) -> Seen | None:
        habit = Habit(days=tuple(days), gap=GAP, latest=NOON)
        facts = replace(HEALTHY, habits=Habits(by_source={NAME: habit}))
        first, *others = check.judge(NAME, n, facts, now=NOON + GAP)
        if first.fact.key == "metrics.volume.learning":
            return None
        spike = any(o.key.endswith(SPIKE) and o.level is Severity.INFO for o in others)
        return Seen(low=first.level >= Severity.WARNING, clear=first.clears, spike=spike)

    return rule


def specified() -> Rule:
    """Return the specification's rule to the letter: median and MAD of four same weekdays."""

    def rule(days: Sequence[int | None], n: int) -> Seen | None:
        same = [count for count in days[6::7] if count is not None]
        if not same:
            return None
        middle = median(same)
        mad = median(abs(count - middle) for count in same)
        low = max(5.0, middle - 3 * 1.4826 * mad)
        return Seen(low=n < low, clear=n >= low, spike=n > middle + 6 * mad)

    return rule


def days_before(total: Sequence[int], now: int) -> list[int | None]:
    """Return what came on each of the days before the last, newest first; None before the start."""
    ends = [now - k * A_DAY for k in range(1, 29)]
    return [total[e] - total[e - A_DAY] if e >= A_DAY else None for e in ends]


def told(rule: Rule, files: Sequence[int]) -> Told:
    """Return how often the rule fires from the second week on: the first it is silent."""
    total = [0, *accumulate(files)]
    low = spikes = 0
    firing = flooded = False
    for now in range(7 * A_DAY, len(total)):
        seen = rule(days_before(total, now), total[now] - total[now - A_DAY])
        if seen is None:
            continue
        low += seen.low and not firing
        spikes += seen.spike and not flooded
        firing = seen.low or (firing and not seen.clear)
        flooded = seen.spike
    return Told(low, spikes)


def found(rule: Rule, files: Sequence[int], drops: int) -> bool:
    """Return whether the rule fires within 24 h of the first file that is short."""
    total = [0, *accumulate(files)]
    looks = range(drops + 1, drops + A_DAY + 1)
    seen = [rule(days_before(total, t), total[t] - total[t - A_DAY]) for t in looks]
    return any(one is not None and one.low for one in seen)


def rates(rng: np.random.Generator, n: int) -> list[float]:
    """Return rates of sources, from 20 to 100 a day."""
    return [float(rate) for rate in rng.uniform(*RATES, n)]


@dataclass(frozen=True, slots=True)
class Figures:
    """False alarms a week of four sources in all, floods among them, and the share found."""

    alarms: float
    spikes: float
    found: float


def figures(
    rule: Rule, *, runs: int, rate: float | None = None, clump: float = 1.0, tries: int = 4
) -> Figures:
    """Return the figures of `runs` times eight weeks of four sources; any rate where None."""
    rng = np.random.default_rng(1)
    weeks, low, spikes, hits = 8, 0, 0, 0
    for _ in range(runs):
        for each in rates(rng, 4) if rate is None else [rate] * 4:
            one = told(rule, Source(each, clump).files(rng, weeks=weeks))
            low, spikes = low + one.low, spikes + one.spikes
            for _ in range(tries):
                drops = int(rng.integers(29 * A_DAY, 55 * A_DAY))
                files = Source(each, clump, drops=drops).files(rng, weeks=weeks)
                hits += found(rule, files, drops)
    return Figures((low + spikes) / runs / weeks, spikes / runs / weeks, hits / (runs * 4 * tries))

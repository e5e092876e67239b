"""The checks that learn, on sources that are simulated: false alarms, and what is found.

The reference is the specification's rule to the letter: median and MAD of the same weekday's
last four values. Figures are of four sources together, over eight weeks from the first day on.
"""

import sys

import numpy as np

from tests.bench.row import Row
from tests.jobs import disks, weeks

RUNS = 60


def rows() -> list[Row]:
    """Return the rows of sources and of disks; about two minutes."""
    return [*sources(), *disk()]


def disk() -> list[Row]:
    """Return how often a disk is foretold full in a week that never is."""
    rng = np.random.default_rng(1)
    hours = np.arange(7 * disks.DAY) / disks.AN_HOUR
    teeth = {
        f"log of 20 points rotated every {period} h": 65 + 20 * (hours % period) / period
        for period in (1, 6, 12, 24)
    }
    copies = 62 + 10 * np.clip((hours - 24) * 2, 0, 1)
    rows = []
    for name, level in {**teeth, "10 points copied in half an hour": copies}.items():
        used = list(level + rng.normal(0, 0.2, len(level)))
        ours, letter = len(disks.alarms(used)), len(disks.alarms(used, letter=True))
        rows.append(
            Row(f"disk foretold full in a first week, {name}", "the rule to the letter",
                ours, letter, None, "≤ 2", ours <= 2, "times")
        )  # fmt: skip
    return rows


def sources() -> list[Row]:
    """Return the rows of false alarms and of detection."""
    found: list[Row] = []
    cases = [("20-100 a day", None, 1.0), ("all 20 a day", 20.0, 1.0), ("all 50 a day", 50.0, 1.0),
             ("all 100 a day", 100.0, 1.0), ("20-100 a day, two at a time", None, 2.0)]  # fmt: skip
    for name, rate, clump in cases:
        ours = weeks.figures(weeks.ours(), runs=RUNS, rate=rate, clump=clump)
        letter = weeks.figures(weeks.specified(), runs=RUNS // 6, rate=rate, clump=clump)
        promised = clump == 1.0
        found += [
            Row(f"false alarms of four sources, {name}", "the rule to the letter", ours.alarms,
                letter.alarms, None, "< 1 a week" if promised else "stress, no goal",
                ours.alarms < 1 or not promised, "a week"),
            Row(f"a drop to a fifth is found in 24 h, {name}", "the rule to the letter",
                100 * ours.found, 100 * letter.found, None,
                "≥ 95 %" if promised else "stress, no goal", ours.found >= 0.95 or not promised,
                "%"),
        ]  # fmt: skip
        print(f"({name}: {ours.spikes:.3f} floods a week)", file=sys.stderr)
    return found

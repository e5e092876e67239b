"""Is the median ROI what it usually is? Pure."""

from jobs.checks.saying import Subject
from jobs.facts import Unknown
from storage.habits import Habits
from storage.opportunities import Statistics
from storage.records import Observation, Phrase, Severity, Value

# The specification's: a 24 h median outside of these times the one of the 14 days before.
LOW, HIGH = 0.4, 2.5
MARGIN = 1.1  # of either: from there on an alert may close
LEAST_TODAY, LEAST_BEFORE = 20, 100  # known ROI; the median of a handful goes anywhere


def judge(subject: Subject, figures: Statistics, habits: Habits | Unknown) -> Observation:
    """Call a median far off the usual one WARNING; of too few it is told, not judged."""
    if figures.median_roi is None:
        return subject.ok(Phrase("metrics.roi.none"))
    values: dict[str, Value] = {
        "median_usd_min": figures.median_roi, "mean_usd_min": figures.mean_roi,
        "high": figures.high, "medium": figures.medium, "low": figures.low,
    }  # fmt: skip
    if isinstance(habits, Unknown):
        return subject.unknown(habits.reason)
    paid = figures.high + figures.medium + figures.low
    if paid < LEAST_TODAY or habits.paid < LEAST_BEFORE or not habits.median_roi:
        return subject.ok(Phrase("metrics.roi.ok", values), value=figures.median_roi)
    values["usual_usd_min"] = habits.median_roi
    times = figures.median_roi / habits.median_roi
    if LOW <= times <= HIGH:
        clears = LOW * MARGIN <= times <= HIGH / MARGIN
        fact = Phrase("metrics.roi.usual", values)
        return subject.ok(fact, value=figures.median_roi, clears=clears)
    fell = times < LOW
    return subject.fail(
        Severity.WARNING,
        Phrase("metrics.roi.fell" if fell else "metrics.roi.rose", values),
        value=figures.median_roi,
        threshold=habits.median_roi * (LOW if fell else HIGH),
    )

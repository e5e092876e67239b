"""What an opportunity pays per minute, and how far the figure can be trusted."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from storage.records import Provenance
from storage.tracker import reward as rewards
from storage.tracker.records import Figure, Record

# The tracker takes 10 USD and 5 minutes for whatever it does not find: exactly 2.0.
DEFAULT_REWARD = 10.0
DEFAULT_MINUTES = 5.0
DEFAULT_ROI = 2.0
_MINUTES = re.compile(
    r"\s*(\d+(?:\.\d+)?)\s*(h|hours?)?\s*(?:m|min|mins|minutes?)?\s*", re.IGNORECASE
)
_RELATIVE = 0.01
_MEMO_SIZE = 20_000


class Roi(NamedTuple):
    """USD per minute, where it comes from, and the minutes the record states."""

    usd_min: float | None
    provenance: Provenance
    minutes: float | None


NOTHING = Roi(None, Provenance.UNKNOWN, None)


class Judge:
    """Tells ROI by one set of rates (USD per unit by upper-case currency)."""

    def __init__(self, rates: Mapping[str, float]) -> None:
        self._rates = {name.upper(): rate for name, rate in rates.items()}
        self._memo: dict[tuple[Figure | str, ...], Roi] = {}

    def __call__(self, record: Record) -> Roi:
        """Return the record's ROI; never raises, never a default."""
        if (
            record.reward is None
            and record.roi is None
            and record.roi_usd_per_min is None
            and record.time_est_min is None
            and record.estimated_time is None
        ):
            return NOTHING
        told = (
            record.roi_usd_per_min, record.roi, record.reward, record.reward_currency,
            record.time_est_min, record.estimated_time, record.time_estimated,
            record.reward_amount_extracted,
        )  # fmt: skip
        roi = self._memo.get(told)
        if roi is None:
            if len(self._memo) >= _MEMO_SIZE:
                self._memo.clear()
            roi = self._memo[told] = judge(record, self._rates)
        return roi


def judge(record: Record, rates: Mapping[str, float]) -> Roi:
    """Return the ROI: the given one where it holds, else one computed from a plain reward."""
    minutes = _first(record.time_est_min, record.estimated_time)
    own = figure(record.roi_usd_per_min)
    given = figure(record.roi) if own is None else own
    nothing = record.reward is None or record.reward == ""
    if nothing:
        invented = given == DEFAULT_ROI or record.reward_amount_extracted is not None
        if given is None or (own is None and invented):
            return Roi(None, Provenance.UNKNOWN, minutes)
        return Roi(given, Provenance.GIVEN, minutes)
    reward = rewards.parse(record.reward, record.reward_currency)
    usd = None if reward is None else reward.usd(rates)
    worked_out = _worked_out(reward, usd, minutes)
    if given is None:
        return worked_out
    if reward is not None and reward.estimated:
        return worked_out
    taken = minutes if minutes is not None else _first(record.time_estimated)
    if _holds(record, reward, given, usd, taken):
        return Roi(given, Provenance.GIVEN, minutes)
    return worked_out


def figure(value: Figure) -> float | None:
    """Return a figure that an ROI can be: finite and not negative; else None."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return value if value is not None and 0 <= value < math.inf else None


def impossible(value: Figure) -> bool:
    """Tell whether there is a figure that no ROI can be; "" and None are no figure."""
    blank = value is None or (isinstance(value, str) and not value.strip())
    return not blank and figure(value) is None


def _holds(
    record: Record, reward: rewards.Reward | None, given: float, usd: float | None,
    minutes: float | None,
) -> bool:  # fmt: skip
    """Tell whether a given ROI fits the reward it was made from, as far as can be seen."""
    span = max(DEFAULT_MINUTES if minutes is None else minutes, 1.0)
    if usd is not None and (minutes is None or _close(given, usd / span)):
        return True
    if reward is not None and reward.currency in rewards.STABLE:
        return False
    raw = rewards.first_figure(record.reward)
    bare = {DEFAULT_REWARD} if raw is None else {raw, raw // 1}  # scrapers cut at the point
    if reward is not None:
        bare.add(reward.amount)
    return not any(_close(given, amount / span) for amount in bare)


def _worked_out(reward: rewards.Reward | None, usd: float | None, minutes: float | None) -> Roi:
    if reward is None or usd is None or minutes is None:
        return Roi(None, Provenance.UNKNOWN, minutes)
    provenance = Provenance.ESTIMATED if reward.estimated else Provenance.COMPUTED
    roi = usd / max(minutes, 1.0)
    return Roi(roi, provenance, minutes) if math.isfinite(roi) else Roi(
        None, Provenance.UNKNOWN, minutes
    )  # fmt: skip


def _close(given: float, expected: float) -> bool:
    return math.isclose(given, expected, rel_tol=_RELATIVE, abs_tol=1e-4)


def _first(*values: Figure) -> float | None:
    """Return the first of the values that tells minutes."""
    for value in values:
        if isinstance(value, str):
            found = _MINUTES.fullmatch(value)
            if found:
                return float(found[1]) * (60.0 if found[2] else 1.0)
        elif value is not None and 0 <= value < math.inf:
            return value
    return None

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.records import Provenance
from storage.tracker.records import Record
from storage.tracker.reward import Reward, parse
from storage.tracker.roi import Judge, figure, impossible

RATES = {"XP": 0.01, "POINTS": 0.005, "GAL": 0.5}
judge = Judge(RATES)


@pytest.mark.parametrize(
    ("text", "amount", "currency", "estimated"),
    [
        ("$673", 673, "USD", False),
        ("US$673K", 673_000, "USD", False),
        ("1.5M USDT", 1_500_000, "USDT", False),
        ("50 BTC", 50, "BTC", False),
        ("2,000 USDC", 2000, "USDC", False),
        ("2,000,000.50 USDC", 2_000_000.5, "USDC", False),
        ("10 000 XP", 10_000, "XP", False),
        ("1'500 pts", 1500, "POINTS", False),
        ("12,5 USDC", 12.5, "USDC", False),
        ("150SUI", 150, "SUI", False),
        ("5 dollars", 5, "USD", False),
        ("20 €", 20, "EUR", False),
        ("$20 USDC", 20, "USD", False),
        ("100", 100, "", False),
        ("$10-30 estimated", 10, "USD", True),
        ("$10 – $30", 10, "USD", True),
        ("10 to 30 XP", 10, "XP", True),
        ("1-2K XP", 1000, "XP", True),
        ("~$5", 5, "USD", True),
        ("$50+", 50, "USD", True),
        ("estimated $20", 20, "USD", True),
        ("100 USDC (est.)", 100, "USDC", True),
    ],
)
def test_a_plain_reward_is_read(
    text: str, amount: float, currency: str, *, estimated: bool
) -> None:
    """Signs, separators, K and M, and both ends of a range: the lower one counts."""
    assert parse(text) == Reward(amount, currency, estimated)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "Custom Reward", "100 USDC + 50 XP", "US$1.6 million", "$5 XP", "$-5", "-5 USD",
        "30-10 XP", "1e5", "1,2,3", "NaN", "inf", "2,0000 XP", "up to $50", "$1$2", "5 m 3",
        "½ BTC", "1" * 500, "$" + "9" * 400,
    ],
)  # fmt: skip
def test_what_is_not_one_plain_amount_is_not_guessed(text: str) -> None:
    """A headline, a sum of two, a negative: no amount at all."""
    assert parse(text) is None


@given(st.integers(0, 10**12), st.sampled_from(["USD", "USDC", "XP", "GAL", "BTC"]))
def test_thousands_separators_change_nothing(amount: int, currency: str) -> None:
    """`1,234,567 XP` is `1234567 XP`."""
    plain = parse(f"{amount} {currency}")
    assert parse(f"{amount:,} {currency}") == plain == Reward(float(amount), currency)
    assert parse(f"{amount:,}".replace(",", " ") + f" {currency}") == plain


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_range_is_estimated_from_its_lower_end(one: int, other: int) -> None:
    """A range the wrong way round is none."""
    found = parse(f"${one}-{other}")
    assert found == (Reward(float(one), "USD", estimated=True) if one <= other else None)


@given(
    st.text(max_size=90) | st.from_regex(r"[$€~0-9KM,. +-]{1,20}[A-Za-z ]{0,12}", fullmatch=True)
)
def test_any_text_gives_a_finite_amount_or_none(text: str) -> None:
    """No text crashes the parser, none makes a negative or endless amount."""
    found = parse(text)
    assert found is None or (
        0 <= found.amount < math.inf and found.currency.upper() == found.currency
    )


@given(st.floats() | st.none(), st.text(max_size=5) | st.none())
def test_any_number_gives_a_finite_amount_or_none(
    value: float | None, currency: str | None
) -> None:
    """Numbers are taken with the second field's currency."""
    found = parse(value, currency)
    usable = value is not None and math.isfinite(value) and value >= 0
    assert (found is not None) == usable


@pytest.mark.parametrize(
    ("record", "roi", "provenance"),
    [
        # Nothing to go by, and the tracker's default of it.
        (Record(), None, Provenance.UNKNOWN),
        (Record(roi=2.0), None, Provenance.UNKNOWN),
        (Record(roi=2.0, reward=""), None, Provenance.UNKNOWN),
        (Record(roi=1.0, time_estimated=10.0, reward_amount_extracted=10.0), None,
         Provenance.UNKNOWN),
        (Record(roi=2.0, reward="Custom", estimated_time=5.0), None, Provenance.UNKNOWN),
        # Given, and nothing speaks against it.
        (Record(roi=3.5), 3.5, Provenance.GIVEN),
        (Record(roi=165.0, reward="$825", estimated_time=5.0), 165.0, Provenance.GIVEN),
        (Record(roi="165.0", reward="$825", estimated_time="5"), 165.0, Provenance.GIVEN),
        (Record(roi=2.0, reward="$10", estimated_time=5.0), 2.0, Provenance.GIVEN),
        (Record(roi_usd_per_min=0.1, reward=10.0, reward_currency="POINTS", time_est_min=5.0), 0.1,
         Provenance.GIVEN),
        (Record(roi_usd_per_min=0.25, reward=50.0, reward_currency="L3T", time_est_min=10.0), 0.25,
         Provenance.GIVEN),
        (Record(roi_usd_per_min=2.0), 2.0, Provenance.GIVEN),
        # The scraper's own figure goes before the processing's, which ignores the currency.
        (Record(roi=83.3333, roi_usd_per_min=0.8333, reward=250.0, reward_currency="XP",
                time_est_min=3.0), 0.8333, Provenance.GIVEN),
        # Artefacts, worked out anew where the reward is plain.
        (Record(roi=83.3333, reward=250.0, reward_currency="XP", time_est_min=3.0), 2.5 / 3,
         Provenance.COMPUTED),
        (Record(roi=0.4, reward="2,000 USDC", estimated_time=5.0), 400.0, Provenance.COMPUTED),
        (Record(roi=10.0, reward="50 BTC", estimated_time=5.0), None, Provenance.UNKNOWN),
        (Record(roi=30.0, reward="150 SUI", estimated_time=5.0), None, Provenance.UNKNOWN),
        (Record(roi=30.0, reward="150 SUI"), None, Provenance.UNKNOWN),
        (Record(roi=0.2, reward="US$1.6 million", estimated_time=5.0), None, Provenance.UNKNOWN),
        (Record(roi=-1.0, reward="$50", estimated_time=5.0), 10.0, Provenance.COMPUTED),
        # Not given.
        (Record(reward="$50", estimated_time=5.0), 10.0, Provenance.COMPUTED),
        (Record(reward="$50", estimated_time=0.0), 50.0, Provenance.COMPUTED),
        (Record(reward="$50", estimated_time=0.5), 50.0, Provenance.COMPUTED),
        (Record(reward="$60", estimated_time="1 h"), 1.0, Provenance.COMPUTED),
        (Record(reward="100 GAL", time_est_min=10.0), 5.0, Provenance.COMPUTED),
        (Record(reward=100.0, reward_currency="gal", time_est_min=10.0), 5.0, Provenance.COMPUTED),
        (Record(reward="$50"), None, Provenance.UNKNOWN),
        (Record(reward="$50", time_estimated=5.0), None, Provenance.UNKNOWN),
        (Record(reward="$50", estimated_time=-5.0), None, Provenance.UNKNOWN),
        (Record(reward="$50", estimated_time="soon"), None, Provenance.UNKNOWN),
        (Record(reward=50.0, estimated_time=5.0), None, Provenance.UNKNOWN),
        (Record(reward="50 BTC", estimated_time=5.0), None, Provenance.UNKNOWN),
        # Estimated, given or not.
        (Record(reward="$10-30 estimated", estimated_time=5.0), 2.0, Provenance.ESTIMATED),
        (Record(roi=2.0, reward="$10-30 estimated", estimated_time=5.0), 2.0, Provenance.ESTIMATED),
        (Record(roi=2.0, reward="$10-30 estimated"), None, Provenance.UNKNOWN),
    ],
)  # fmt: skip
def test_an_roi_tells_where_it_comes_from(
    record: Record, roi: float | None, provenance: Provenance
) -> None:
    """Given is believed until the reward shows it to be an artefact; nothing is made up."""
    found = judge(record)
    assert found.provenance is provenance
    assert found.usd_min == (None if roi is None else pytest.approx(roi, rel=1e-4))


_figures = st.none() | st.floats() | st.sampled_from(["", "5", "nan", "-1", "2.0", "5 min", "x"])
_records = st.builds(
    Record,
    reward=_figures
    | st.text(max_size=12)
    | st.sampled_from(["$50", "50 BTC", "$1-2", "1e308 USD"]),
    reward_currency=st.none() | st.sampled_from(["XP", "USD", "L3T", ""]),
    roi=_figures,
    roi_usd_per_min=_figures,
    time_est_min=_figures,
    estimated_time=_figures,
    time_estimated=_figures,
    reward_amount_extracted=_figures,
)


@given(_records)
def test_an_roi_is_finite_or_unknown(record: Record) -> None:
    """Whatever the fields hold, a figure is a figure, and there is one unless it is unknown."""
    found = judge(record)
    assert (found.usd_min is None) == (found.provenance is Provenance.UNKNOWN)
    assert found.usd_min is None or 0 <= found.usd_min < math.inf
    assert found.minutes is None or 0 <= found.minutes < math.inf


@given(_figures)
def test_a_figure_is_usable_impossible_or_absent(value: float | str | None) -> None:
    """Never two of these at once."""
    usable = figure(value) is not None
    assert not (usable and impossible(value))
    assert usable or impossible(value) or value in {None, ""}

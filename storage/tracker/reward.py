"""What a reward's text says, when it says it plainly; guesses are not made."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

STABLE = frozenset({"USD", "USDT", "USDC", "DAI", "BUSD", "TUSD", "FDUSD", "USDP", "USDE", "PYUSD"})
_SYMBOLS = {"$": "USD", "US$": "USD", "USD$": "USD", "€": "EUR", "£": "GBP"}
_SPELLINGS = {"DOLLAR": "USD", "DOLLARS": "USD", "POINT": "POINTS", "PTS": "POINTS", "EURO": "EUR"}
_SCALES = {"": 1.0, "K": 1e3, "M": 1e6, "B": 1e9}
_NUMBER = r"\d{1,3}(?:[,'\u2019 \u00a0\u202f]\d{3})+(?:\.\d+)?|\d+\.\d+|\d+,\d{1,2}|\d+"
_SYMBOL = r"US\$|USD\$|[$€£]"
_TEXT = re.compile(
    rf"""(?P<about>(?:about|approx\.?|approximately|est\.?|estimated|~|≈|from)\s*)?
    (?P<symbol>{_SYMBOL})?\s*(?P<low>{_NUMBER})(?P<low_scale>(?-i:[KkMB])(?![A-Za-z]))?
    (?:\s*(?:-|–|—|to)\s*(?:{_SYMBOL})?\s*(?P<high>{_NUMBER})(?P<high_scale>(?-i:[KkMB])(?![A-Za-z]))?)?
    (?P<more>\+)?\s*(?P<after>[$€£])?
    (?P<currency>(?!est|approx)[A-Za-z]{{2}}[A-Za-z0-9]{{0,10}})?
    (?P<estimated>\s*\(?(?:estimated|est\.?|approx\.?|approximately)\)?)?""",
    re.VERBOSE | re.IGNORECASE,
)
_GROUPS = re.compile(r"[,'\u2019 \u00a0\u202f](?=\d{3}(?:\D|$))")
_FIRST_FIGURE = re.compile(r"\d+(?:\.\d+)?")
MAX_TEXT = 80


@dataclass(frozen=True, slots=True)
class Reward:
    """An amount that was understood; of a range it is the lower end, `estimated` then is true."""

    amount: float
    currency: str
    estimated: bool = False

    def usd(self, rates: Mapping[str, float]) -> float | None:
        """Return its worth, or None without a rate for its currency."""
        rate = 1.0 if self.currency in STABLE else rates.get(self.currency)
        return None if rate is None else self.amount * rate


def parse(value: float | str | None, currency: str | None = None) -> Reward | None:
    """Return what the reward is, or None where it is not one plain amount or range.

    `currency` is that of a second field; a symbol or word beside the number goes before it.
    """
    beside = _currency(currency or "")
    if isinstance(value, str):
        return _of_text(value.strip(), beside)
    if value is None or not 0 <= value < float("inf"):
        return None
    return Reward(float(value), beside)


def first_figure(value: float | str | None) -> float | None:
    """Return the first digits as the tracker reads them: `2,000 USDC` is 2."""
    if isinstance(value, str):
        found = _FIRST_FIGURE.search(value[:MAX_TEXT])
        return float(found[0]) if found else None
    return value


def _of_text(text: str, beside: str) -> Reward | None:
    found = _TEXT.fullmatch(text) if 0 < len(text) <= MAX_TEXT else None
    if found is None:
        return None
    symbol = (found["symbol"] or found["after"] or "").upper()
    word = _currency(found["currency"] or "")
    named = _SYMBOLS.get(symbol, "")
    if named and word and word != named and not (named == "USD" and word in STABLE):
        return None  # "$5 XP" is not one amount
    low = _number(found["low"], found["low_scale"] or found["high_scale"])
    high = None if found["high"] is None else _number(found["high"], found["high_scale"])
    if high is not None and high < low:
        return None
    guessed = high is not None or any(found[name] for name in ("about", "more", "estimated"))
    return Reward(low, named or word or beside, estimated=guessed)


def _number(digits: str, scale: str | None) -> float:
    plain = _GROUPS.sub("", digits).replace(",", ".")
    return float(plain) * _SCALES[(scale or "").upper()]


def _currency(name: str) -> str:
    upper = name.strip().upper()
    return _SPELLINGS.get(upper, upper)

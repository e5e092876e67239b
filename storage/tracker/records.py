"""One record of the tracker, in all its spellings, as the decoder sees it."""

import re

import msgspec

Text = str | None
Figure = float | str | None

# Field order follows the tracker's files: the decoder finds an expected key at once.


class Record(msgspec.Struct, frozen=True, gc=False):
    """What the scrapers and the processing write; only the fields that are used."""

    id: str | int | float | None = None
    title: Text = None
    link: Text = None
    reward: Figure = None
    reward_currency: Text = None
    time_est_min: Figure = None
    roi_usd_per_min: Figure = None
    estimated_time: Figure = None
    deadline: Figure = None
    end_time: Figure = None
    source: Text = None
    url: Text = None
    roi: Figure = None
    reward_amount_extracted: Figure = None
    time_estimated: Figure = None


class Quest(msgspec.Struct):
    """A quest as Zealy's interface answers it; the scraper's own code reads it this way."""

    id: str | int | float | None = None
    name: Text = None
    reward: object = None
    xp: Figure = None
    difficulty: Text = None
    endDate: Figure = None  # noqa: N815 (the interface's spelling)
    source: Text = None

    def record(self) -> Record:
        """Return the record the scraper would make of it, without its defaults."""
        reward, currency = self._prize()
        minutes = {"easy": 1.0, "medium": 3.0, "hard": 10.0}.get((self.difficulty or "").lower())
        return Record(
            id=self.id,
            title=self.name,
            reward=reward,
            reward_currency=currency,
            time_est_min=minutes,
            deadline=self.endDate,
            source=self.source,
        )

    def _prize(self) -> tuple[Figure, Text]:
        prize = self.reward[0] if isinstance(self.reward, list) and self.reward else self.reward
        if isinstance(prize, dict):
            amount = prize.get("value", prize.get("amount"))
            currency = prize.get("type", prize.get("currency", "XP"))
            return _figure(amount), currency.upper() if isinstance(currency, str) else None
        if prize is None or isinstance(prize, list):
            return self.xp, None if self.xp is None else "XP"
        return _figure(prize), None


def _figure(value: object) -> Figure:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return value if isinstance(value, str) else float(value)


_SOURCES = (("zealy", "Zealy"), ("layer3", "Layer3"), ("galxe", "Galxe"), ("rss", "TwitterRSS"))
UNKNOWN_SOURCE = "Unknown"
MAX_SOURCE = 60


def source_of_name(name: str) -> str:
    """Return the source that a file's name tells, for records that name none."""
    tail = name.rsplit("/", 1)[-1].lower()
    return next((source for part, source in _SOURCES if part in tail), UNKNOWN_SOURCE)


def identity(record: Record) -> str:
    """Return what tells the record from its source's others, or "": link, else id, else title."""
    for value in (record.url, record.link, record.id, record.title):
        if value is not None and (text := str(value).strip()):
            return text
    return ""


_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]+")
MAX_LINK = 2048


def clean(text: str | float | None, limit: int) -> str:
    """Return the text on one line, without control characters, cut to `limit` characters."""
    if text is None:
        return ""
    plain = str(text)[: 4 * limit]
    if not plain.isprintable():
        plain = _CONTROL.sub(" ", plain)
    plain = plain.strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def web_link(record: Record) -> str:
    """Return the record's link if it leads to the web; anything else is not to be clicked on."""
    for value in (record.url, record.link):
        if not value:
            continue
        link = value.strip()
        web = link[:8].lower().startswith(("http://", "https://"))
        if web and len(link) <= MAX_LINK:
            return link if link.isprintable() and " " not in link else ""
    return ""

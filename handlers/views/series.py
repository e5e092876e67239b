"""What there is to draw: the series kept, what people call them, and which alert each tells of."""

from dataclasses import dataclass
from types import MappingProxyType

SOURCE, DISK, COMMAND = "source", "disk", "command"
DELIVERY = "delivery_s"  # no samples are kept of it: deliveries are


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One kind of series; `words` are what people call it, the button's own name first.

    `part`: what it is kept of one by one, as `series:<part>`. Where several series are one thing
    to the owner (`Layer3-LiFi` is a part of Layer3), ages are the least and counts the sum.
    `floor`: its limit is what it must not fall below. `single`: its values come when they come;
    nothing is missing between two of them.
    """

    series: str
    words: tuple[str, ...]
    part: str = ""
    summed: bool = False
    floor: bool = False
    single: bool = False


METRICS = (
    Metric(series="cpu_pct", words=("cpu", "processeur", "charge", "load")),
    Metric(series="memory_pct", words=("memory", "mem", "ram", "memoire")),
    Metric(series="disk_pct", words=("disk", "disks", "disque", "disques", "space")),
    Metric(
        series="data_age_s",
        words=(
            "age",
            "data",
            "freshness",
            "fresh",
            "donnees",
            "fraicheur",
            "newest",
            "data age",
            "age donnees",
            "newest data age",
        ),
    ),
    Metric(
        series="new_24h",
        words=("new", "volume", "items", "nouveautes", "nouvelles", "nouveaux"),
        floor=True,
    ),
    Metric(
        series="roi_median_usd_min",
        words=("roi", "return", "rendement", "mediane", "median", "median roi", "rendement median"),
    ),
    Metric(series="roi_unknown_pct", words=("unknown", "inconnu", "inconnus")),
    Metric(
        series="cycle_s",
        words=(
            "cycle",
            "look",
            "tour",
            "passage",
            "cycle time",
            "duree cycle",
            "controle",
            "check",
        ),
    ),
    Metric(series="rss_bytes", words=("rss", "bot", "vigie")),
    Metric(series="loop_lag_s", words=("lag", "loop", "retard", "boucle")),
    Metric(
        series=DELIVERY,
        words=(
            "delivery",
            "latency",
            "notification",
            "notifications",
            "envoi",
            "livraison",
            "latence",
            "delai",
            "delai envoi",
            "delivery latency",
        ),
        single=True,
    ),
    Metric(series="clock_drift_s", words=("clock", "drift", "horloge", "derive")),
    Metric(
        series="source_age_s",
        words=("age", "fresh", "source", "fraicheur", "freshness"),
        part=SOURCE,
    ),
    Metric(
        series="new_24h",
        words=("new", "volume", "nouveautes", "nouvelles", "nouveaux"),
        part=SOURCE,
        summed=True,
        floor=True,
    ),
    Metric(series="disk_pct", words=("disk", "disque"), part=DISK),
    Metric(series="scraper_trees", words=("scraper", "process", "processus"), part=COMMAND),
)
_WHOLE = MappingProxyType({each.series: each for each in METRICS if not each.part})
_PARTS = MappingProxyType({each.series: each for each in METRICS if each.part})

# Which series shows what an alert is about; a key that ends in ":" stands for all its parts.
_OF_ALERTS = MappingProxyType(
    {
        "cpu": "cpu_pct",
        "mem": "memory_pct",
        "clock": "clock_drift_s",
        "fresh:all": "data_age_s",
        "volume:all": "new_24h",
        "roi:median": "roi_median_usd_min",
        "roi:unknown": "roi_unknown_pct",
        "sources:active": "new_24h",
        "bot:rss": "rss_bytes",
        "bot:loop": "loop_lag_s",
        "bot:outbox": DELIVERY,
    }
)
_OF_PARTS = MappingProxyType(
    {"fresh": "source_age_s", "volume": "new_24h", "disk": "disk_pct", "scraper": "scraper_trees"}
)
_ASIDE = (":spike", ":forecast")


def metric(series: str) -> Metric | None:
    """Return what kind a series is of, None where it is none to draw."""
    kind, colon, part = series.partition(":")
    return (_PARTS if colon else _WHOLE).get(kind) if part or not colon else None


def of_alert(key: str) -> str | None:
    """Return the series that shows what an alert is about, None where there is none."""
    for end in _ASIDE:
        key = key.removesuffix(end)
    if key in _OF_ALERTS:
        return _OF_ALERTS[key]
    family, _, part = key.partition(":")
    if family == "scraper":
        part, _, what = part.rpartition(":")
        part = part if what == "process" else ""
    return f"{_OF_PARTS[family]}:{part}" if part and family in _OF_PARTS else None


def charted(key: str) -> bool:
    """Return whether there is a series to draw for this alert."""
    return of_alert(key) is not None

"""Which alert is only the consequence of another one: one cause, one message. Pure.

Static and one level deep: what a cause explains is listed in full, nothing follows from what is
itself explained, and no key explains itself. A cause is an open incident; one that is only
pending explains nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from storage.incidents import Delivery, Incident, Kind
from storage.records import Severity

HELD = frozenset({Kind.FIRED, Kind.WORSE, Kind.REPEAT, Kind.ESCALATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An incident whose key matches the glob, at this level or above, explains those keys.

    `{}` in a target stands for what the cause's key has in place of the star.
    """

    source: str
    targets: tuple[str, ...]
    from_level: Severity = Severity.INFO

    def explains(self, key: str, *, source: str) -> bool:
        """Return whether the alert `key` follows from the incident of the key `source`."""
        before, _, behind = self.source.partition("*")
        name = source.removeprefix(before).removesuffix(behind)
        return key != source and any(_fits(key, target, name) for target in self.targets)


DATA = ("fresh:*", "volume:*", "roi:*", "sources:*")
TABLE: tuple[Cause, ...] = (
    Cause(source="data:folder", targets=(*DATA, "integrity:*", "scraper:*:data", "clock:data")),
    # The check calls it CRITICAL when no runner is left: the sources live inside the runners.
    Cause(source="scraper:*:process", targets=DATA, from_level=Severity.CRITICAL),
    Cause(source="fresh:all", targets=DATA),
    Cause(source="fresh:*", targets=("volume:{}", "roi:*")),
    Cause(
        source="backup:verify",
        targets=("backup:age", "backup:count"),
        from_level=Severity.CRITICAL,
    ),
    Cause(source="backup:run", targets=("job:backup",)),
    Cause(source="backup:drill", targets=("job:drill",)),
    # What only repeats itself brings nothing new: it is one thing, and said once.
    Cause(source="scraper:*:data", targets=("volume:{}",)),
    Cause(source="network", targets=("api:*", "rpc:*")),
)


@dataclass(frozen=True, slots=True)
class Causes:
    """The incidents that explain others just now, each with its rows of the table."""

    found: tuple[tuple[Incident, Cause], ...] = ()

    def of(self, key: str) -> Incident | None:
        """Return the worst incident that explains the alert, the oldest of equals."""
        explaining = [one for one, cause in self.found if cause.explains(key, source=one.key)]
        return min(explaining, key=lambda one: (-one.level, one.number), default=None)


def causes(incidents: Iterable[Incident], table: Sequence[Cause] = TABLE) -> Causes:
    """Return what explains something among the incidents; closed ones explain nothing."""
    return Causes(
        tuple(
            (incident, cause)
            for incident in incidents
            if incident.closed is None
            for cause in table
            if incident.level >= cause.from_level and fnmatchcase(incident.key, cause.source)
        )
    )


def holds(row: Delivery, incident: Incident, cause: Incident | None) -> bool:
    """Return whether the row is not worth sending while the cause fires.

    A rise above the cause is told where the incident was told: it is more than a consequence.
    After the cause closed, the incident stays `held` until it failed in one further cycle.
    """
    if cause is None and not incident.held:
        return False
    if row.kind is Kind.WORSE and row.channel in incident.told:
        return cause is not None and row.level <= cause.level
    return row.kind in HELD


def _fits(key: str, target: str, name: str) -> bool:
    if "{}" in target:
        return key == target.replace("{}", name)
    return fnmatchcase(key, target)

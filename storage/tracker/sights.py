"""The different records met so far, each examined once however often it is listed."""

import msgspec

from storage.tracker.records import MAX_SOURCE, Figure, Record, clean, identity
from storage.tracker.roi import impossible

NEVER = 2**63


class Trait(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What counts when a file is summed up; records alike in it share one.

    `figure` is the ROI the scraper gave, `odd` tells that it, or another one, cannot be an ROI.
    A `nameless` record has nothing that tells it from others.
    """

    source: str
    figure: Figure
    odd: bool
    nameless: bool


class Sight(msgspec.Struct, gc=False, eq=False):
    """When one record was listed, in microseconds since 1970: NEVER < `first` if it was not."""

    trait: Trait
    first: int = NEVER
    last: int = NEVER


class Sights(dict[Record, Sight]):
    """A sight by record; asking for a new record makes one. `default` names a missing source."""

    def __init__(self, default: str) -> None:
        super().__init__()
        self._default = default
        self._names: dict[str | None, str] = {}
        self._traits: dict[tuple[str | None, Figure, bool, bool], Trait] = {}

    def __missing__(self, record: Record) -> Sight:
        """Examine a record met for the first time."""
        figure = record.roi_usd_per_min
        odd = (figure is not None and impossible(figure)) or (
            record.roi is not None and impossible(record.roi)
        )
        nameless = not (record.title or "").strip() and not identity(record)
        told = (record.source, figure, odd, nameless)
        trait = self._traits.get(told)
        if trait is None:
            trait = self._traits[told] = Trait(self._source(record.source), *told[1:])
        sight = self[record] = Sight(trait)
        return sight

    def _source(self, told: str | None) -> str:
        source = self._names.get(told)
        if source is None:
            source = self._names[told] = clean(told, MAX_SOURCE) or self._default
        return source

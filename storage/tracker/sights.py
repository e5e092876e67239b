"""The different records met so far, each examined once however often it is listed."""

import msgspec

from storage.tracker.records import MAX_SOURCE, Figure, Record, clean, identity
from storage.tracker.roi import impossible

NEVER = 2**63


class Trait(msgspec.Struct, frozen=True, gc=False, eq=False):
    """What counts when a file is summed up; records alike in it share one.

    `figure` is the ROI the scraper gave. A record is `wrong` if this or another figure cannot be an
    ROI, or if it is `nameless`: nothing tells it from others.
    """

    source: str
    figure: Figure = None
    wrong: bool = False
    nameless: bool = False


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
        self._plain: dict[str | None, Trait] = {}
        self._traits: dict[tuple[str | None, Figure, bool, bool], Trait] = {}

    def __missing__(self, record: Record) -> Sight:
        """Examine a record met for the first time."""
        figure, title = record.roi_usd_per_min, record.title
        if figure is None and record.roi is None and title and not title.isspace():
            trait = self._plain.get(record.source)  # most by far
            if trait is None:
                source = clean(record.source, MAX_SOURCE) or self._default
                trait = self._plain[record.source] = Trait(source)
        else:
            trait = self._special(record)
        sight = self[record] = Sight(trait)
        return sight

    def _special(self, record: Record) -> Trait:
        figure = record.roi_usd_per_min
        nameless = not identity(record)
        wrong = nameless or impossible(figure) or impossible(record.roi)
        told = (record.source, figure, wrong, nameless)
        trait = self._traits.get(told)
        if trait is None:
            source = clean(record.source, MAX_SOURCE) or self._default
            trait = self._traits[told] = Trait(source, figure, wrong, nameless)
        return trait
